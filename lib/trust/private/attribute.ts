import { known, type Value } from "../model";
import { ReadError } from "../read-error";

/** What is not known, in place of a value. */
export class NotKnown {
  public constructor(public readonly value: Exclude<Value<never>, { state: "known" }>) {}
}

/** An attribute of a resource: JSON, with {@link NotKnown} wherever something is not known. */
export type Attribute = null | boolean | number | string | NotKnown | readonly Attribute[] | AttributeMap;

export interface AttributeMap {
  readonly [name: string]: Attribute;
}

export type Json = Record<string, unknown>;

export function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NotKnown);
}

/** A field of an object's own: what every object inherits is not in the file. */
export function own(value: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** No configuration nests deeper; what does was made to exhaust the stack. */
export const DEEPEST = 100;

/** A block of attributes, read by type. Everything of the wrong type is a {@link ReadError}. */
export class Block {
  public constructor(
    private readonly source: string,
    /** The Terraform address, and the path below it. */
    public readonly at: string,
    private readonly attributes: AttributeMap,
  ) {}

  /** The attribute as it is; undefined where it is absent or null. */
  public raw(name: string): Attribute | undefined {
    const value = own(this.attributes, name) as Attribute | undefined;
    return value === null ? undefined : value;
  }

  /** Text; undefined where it is absent, null or empty, which Terraform does not tell apart reliably. */
  public text(name: string): Value<string> | undefined {
    const value = this.raw(name);
    return value === undefined || value === "" ? undefined : this.toText(value, name);
  }

  /** True or false; undefined where it is absent, null or empty. */
  public flag(name: string): Value<boolean> | undefined {
    const value = this.raw(name);
    if (value === undefined || value === "") {
      return undefined;
    }
    if (value instanceof NotKnown) {
      return value.value;
    }
    // Policies of the organization write them in capitals.
    const text = String(value).toLowerCase();
    if (typeof value === "boolean" || (typeof value === "string" && (text === "true" || text === "false"))) {
      return known(text === "true");
    }
    throw this.wrong(name, value, "true or false");
  }

  /** A list of texts, without the empty ones; undefined where it is absent. */
  public texts(name: string): Value<readonly Value<string>[]> | undefined {
    const value = this.raw(name);
    if (value === undefined) {
      return undefined;
    }
    if (value instanceof NotKnown) {
      return value.value;
    }
    if (!Array.isArray(value)) {
      throw this.wrong(name, value, "a list of texts");
    }
    const entries = value.filter((entry) => entry !== null && entry !== "");
    return known(entries.map((entry) => this.toText(entry, name)));
  }

  /** Nested blocks: a list of objects, or one object alone; none where there is nothing. */
  public blocks(name: string): Value<readonly Block[]> {
    const value = this.raw(name);
    if (value === undefined) {
      return known([]);
    }
    const entries: readonly Attribute[] = Array.isArray(value) ? value : [value as Attribute];
    const blocks: Block[] = [];
    for (const [index, entry] of entries.entries()) {
      if (entry instanceof NotKnown) {
        return entry.value;
      }
      if (entry === null) {
        continue;
      }
      if (!isRecord(entry)) {
        throw this.wrong(name, entry, "a block");
      }
      blocks.push(new Block(this.source, `${this.at}.${name}[${index}]`, entry as AttributeMap));
    }
    return known(blocks);
  }

  /** The nested block of which there is at most one. */
  public block(name: string): Value<Block | undefined> {
    const blocks = this.blocks(name);
    if (blocks.state !== "known") {
      return blocks;
    }
    if (blocks.value.length > 1) {
      throw this.wrong(name, blocks.value, "one block at most");
    }
    return known(blocks.value[0]);
  }

  /** Attributes that belong to this block, though they were read elsewhere. */
  public within(name: string, attributes: AttributeMap): Block {
    return new Block(this.source, `${this.at}.${name}`, attributes);
  }

  /** Other attributes of the same resource. */
  public replaced(attributes: AttributeMap): Block {
    return new Block(this.source, this.at, attributes);
  }

  public wrong(name: string, found: unknown, allowed: string): ReadError {
    return new ReadError({
      source: this.source,
      at: this.at,
      problem: `"${name}" is not valid`,
      found,
      allowed,
    });
  }

  private toText(value: Attribute, name: string): Value<string> {
    if (value instanceof NotKnown) {
      return value.value;
    }
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return known(String(value));
    }
    throw this.wrong(name, value, "text");
  }
}
