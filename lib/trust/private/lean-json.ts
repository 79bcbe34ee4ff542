import { isRecord, type Json, own } from "./attribute";
import { jsonError } from "./text";

/**
 * Reads a large plan in parts, so that no more of it is in memory than is looked at: what it says of a resource is read,
 * reduced to what matters, and forgotten before the next one is read.
 *
 * Every part is read by `JSON.parse`; what lies between the parts is checked here. What is no JSON is an error.
 *
 * @param source how the user named it, for messages
 * @param isKept whether the values of resources of a type are looked at
 */
export function parseLargePlan(source: string, bytes: Buffer, isKept: (type: string) => boolean): unknown {
  return new LeanReader(source, bytes, isKept).read();
}

/** Whether it begins as `terraform show -json` does, and is so large that it is worth the trouble. */
export function isLargePlan(bytes: Buffer): boolean {
  return bytes.length >= LARGE && /^\s*\{\s*"format_version"/.test(bytes.toString("latin1", 0, 200));
}

/** In bytes. Below it, reading everything takes less memory than Node itself. */
const LARGE = 16_000_000;

/** Lists of resources, each read by itself. */
const RESOURCES: ReadonlySet<string> = new Set(["resource_changes", "resource_drift", "resources"]);
/** Objects that hold such lists, at some depth. */
const HOLDERS: ReadonlySet<string> = new Set(["planned_values", "prior_state", "values", "root_module"]);
const MODULES = "child_modules";
/** Nobody nests modules as deep; what lies deeper is read as a whole. */
const DEEPEST = 50;

const [QUOTE, COMMA, COLON, OPEN, CLOSE, LIST, END, BACKSLASH] = [...'",:{}[]\\'].map((text) => text.charCodeAt(0));

class LeanReader {
  private at = 0;

  public constructor(
    private readonly source: string,
    private readonly bytes: Buffer,
    private readonly isKept: (type: string) => boolean,
  ) {}

  public read(): unknown {
    const value = this.object(0, true);
    this.space();
    if (this.at < this.bytes.length) {
      throw this.error();
    }
    return value;
  }

  /** An object whose members may hold resources. What is planned is said a second time in the changes: it is not kept. */
  private object(depth: number, kept: boolean): unknown {
    if (depth > DEEPEST) {
      return this.whole();
    }
    const members: [string, unknown][] = [];
    this.sequence(OPEN, CLOSE, () => {
      if (this.peek() !== QUOTE) {
        throw this.error();
      }
      const name = this.whole() as string;
      this.expect(COLON);
      const value = this.member(name, depth, kept && name !== "planned_values");
      if (kept) {
        members.push([name, value]);
      }
    });
    return Object.fromEntries(members);
  }

  private member(name: string, depth: number, kept: boolean): unknown {
    const next = this.peek();
    if (next === LIST && (name === MODULES || RESOURCES.has(name))) {
      const entries: unknown[] = [];
      this.sequence(LIST, END, () => {
        const isModule = name === MODULES && this.peek() === OPEN;
        const entry = isModule ? this.object(depth + 1, kept) : reduced(this.whole(), this.isKept);
        if (kept) {
          entries.push(entry);
        }
      });
      return entries;
    }
    return next === OPEN && HOLDERS.has(name) ? this.object(depth + 1, kept) : this.whole();
  }

  private sequence(open: number, close: number, entry: () => void): void {
    this.expect(open);
    if (this.peek() === close) {
      this.at += 1;
      return;
    }
    for (;;) {
      this.space();
      entry();
      if (this.peek() === close) {
        this.at += 1;
        return;
      }
      this.expect(COMMA);
      this.space();
    }
  }

  private peek(): number | undefined {
    this.space();
    return this.bytes[this.at];
  }

  private expect(character: number): void {
    if (this.peek() !== character) {
      throw this.error();
    }
    this.at += 1;
  }

  /** The four that JSON calls white space. */
  private space(): void {
    const { bytes } = this;
    for (let byte = bytes[this.at]; byte === 32 || byte === 10 || byte === 13 || byte === 9; byte = bytes[this.at]) {
      this.at += 1;
    }
  }

  /** A value that is read at once. */
  private whole(): unknown {
    this.space();
    const start = this.at;
    this.skip();
    try {
      return JSON.parse(this.bytes.toString("utf8", start, this.at));
    } catch {
      throw this.error(start);
    }
  }

  /** Goes behind a value, by its brackets and quotation marks alone. */
  private skip(): void {
    const { bytes } = this;
    const { length } = bytes;
    let depth = 0;
    for (; this.at < length; this.at += 1) {
      const byte = bytes[this.at];
      if (byte === QUOTE) {
        this.skipText();
        if (depth === 0) {
          return;
        }
        // The loop steps over one more.
        this.at -= 1;
      } else if (byte === OPEN || byte === LIST) {
        depth += 1;
      } else if (byte === CLOSE || byte === END) {
        if (depth <= 1) {
          // The end of a list or object that holds a plain value belongs to it.
          this.at += depth;
          return;
        }
        depth -= 1;
      } else if (depth === 0 && byte === COMMA) {
        return;
      }
    }
    if (depth > 0) {
      throw this.error();
    }
  }

  private skipText(): void {
    const { bytes } = this;
    this.at += 1;
    for (let byte = bytes[this.at]; byte !== QUOTE; byte = bytes[this.at]) {
      if (byte === undefined) {
        throw this.error();
      }
      this.at += byte === BACKSLASH ? 2 : 1;
    }
    this.at += 1;
  }

  private error(position = this.at): Error {
    let line = 1;
    for (
      let found = this.bytes.indexOf(10);
      found >= 0 && found < position;
      found = this.bytes.indexOf(10, found + 1)
    ) {
      line += 1;
    }
    return jsonError(this.source, line);
  }
}

/** What is looked at of a resource: of most types that it is there, and what happens to it. */
function reduced(entry: unknown, isKept: (type: string) => boolean): unknown {
  const type = isRecord(entry) ? own(entry, "type") : undefined;
  if (!isRecord(entry) || typeof type !== "string" || isKept(type)) {
    return entry;
  }
  const without = (fields: Json, ...names: string[]) =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
  const change = own(entry, "change");
  const values = own(entry, "values");
  return {
    ...without(entry, "sensitive_values"),
    ...(isRecord(values) && { values: {} }),
    ...(isRecord(change) && {
      change: without(change, "before", "after", "after_unknown", "before_sensitive", "after_sensitive"),
    }),
  };
}
