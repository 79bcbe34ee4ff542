import type { Value } from "../model";
import { ReadError } from "../read-error";
import { concernsTrust } from "./assemble";
import { type Attribute, type AttributeMap, Block, DEEPEST, isRecord, type Json, NotKnown, own } from "./attribute";
import { computed } from "./computed";
import { evaluateText, follow, unresolved } from "./expression";
import type { ProviderDefaults, Resource } from "./resource";

interface Entry {
  readonly mode: "managed" | "data";
  readonly type: string;
  readonly name: string;
  readonly address: string;
  readonly body: Json;
}

/** What a configuration leaves to its environment. */
export interface ConfigurationOptions {
  /** The project of a google provider that names none. */
  readonly project?: string;
  /** The other stacks of the same application, by name: their outputs are what remote states hold. */
  readonly stacks?: ReadonlyMap<string, Configuration>;
}

// https://developer.hashicorp.com/terraform/language/syntax/json#root-object
export const TOP_LEVEL: ReadonlySet<string> = new Set([
  "//",
  "check",
  "data",
  "ephemeral",
  "import",
  "locals",
  "module",
  "moved",
  "output",
  "provider",
  "removed",
  "resource",
  "terraform",
  "variable",
]);

/** One configuration in Terraform JSON, with the references between its blocks. */
export class Configuration {
  private readonly entries = new Map<string, Entry>();
  private readonly locals = new Map<string, unknown>();
  private readonly outputs = new Map<string, unknown>();
  private readonly providers: { readonly key: string; readonly body: Json }[] = [];
  private readonly evaluated = new Map<string, Attribute>();

  public constructor(
    private readonly source: string,
    json: unknown,
    private readonly options: ConfigurationOptions = {},
  ) {
    const root = this.record(json, "a configuration", "an object with blocks of Terraform");
    checkDepth(source, root);
    for (const [name, value] of Object.entries(root)) {
      if (!TOP_LEVEL.has(name)) {
        throw new ReadError({
          source,
          problem: `has a block ${JSON.stringify(name)} that Terraform does not know`,
          found: value,
          allowed: [...TOP_LEVEL].join(", "),
        });
      }
    }
    this.readProviders(own(root, "provider"));
    for (const [names, body] of this.labelled("resource", own(root, "resource"), 2)) {
      this.add("managed", names, body);
    }
    this.addData(own(root, "data"));
    for (const [, check] of this.labelled("check", own(root, "check"), 1)) {
      this.addData(own(check, "data"));
    }
    for (const locals of asList(own(root, "locals"))) {
      for (const [name, value] of Object.entries(this.record(locals, "locals", "an object"))) {
        this.locals.set(name, value);
      }
    }
    for (const [[name], body] of this.labelled("output", own(root, "output"), 1)) {
      this.outputs.set(name, own(body, "value"));
    }
  }

  /** The resources and data sources that concern trust, with every reference resolved that can be. */
  public resources(): Resource[] {
    return [...this.entries.values()].filter(({ type }) => concernsTrust(type)).map((entry) => this.resourceOf(entry));
  }

  /** The value of an output; undefined where there is none of that name. */
  public output(name: string, depth: number): Attribute | undefined {
    return this.outputs.has(name)
      ? this.once(`output ${name}`, () => this.evaluate(this.outputs.get(name), depth))
      : undefined;
  }

  private resourceOf(entry: Entry): Resource {
    const { address, body, mode, type } = entry;
    const attributes: [string, Attribute][] = Object.keys(body)
      .filter((name) => name !== "//" && name !== "lifecycle" && name !== "dynamic")
      .map((name) => [name, this.attribute(entry, name, 0) ?? null]);
    for (const name of dynamicBlocks(body)) {
      attributes.push([name, unresolved(`\${${address}.${name}}`)]);
    }
    for (const name of this.ignored(body, attributes)) {
      attributes.push([name, unresolved(`\${${address}.${name}}`)]);
    }
    for (const name of ["id", "name", "policy_data"]) {
      const value = Object.hasOwn(body, name) ? undefined : this.attribute(entry, name, 0);
      if (value !== undefined) {
        attributes.push([name, value]);
      }
    }
    const path = constructPath(body);
    return {
      type,
      mode,
      address,
      block: new Block(this.source, address, Object.fromEntries(attributes)),
      origin: { source: this.source, address, ...(path !== undefined && { constructPath: path }) },
      defaults: this.defaultsOf(entry),
    };
  }

  /** What `ignore_changes` names is what it was when it was made, whatever is written; the identity cannot change. */
  private ignored(body: Json, attributes: readonly [string, Attribute][]): string[] {
    const lifecycle = asList(own(body, "lifecycle"))[0];
    const entries = isRecord(lifecycle) ? own(lifecycle, "ignore_changes") : undefined;
    const names =
      entries === "all"
        ? attributes.map(([name]) => name)
        : asList(entries).flatMap((entry) =>
            typeof entry === "string" ? [entry.replace(/^\$\{(.*)\}$/s, "$1").split(/[.[]/)[0]] : [],
          );
    return names.filter((name) => !IDENTITY.has(name));
  }

  private attribute(entry: Entry, name: string, depth: number): Attribute | undefined {
    const declared = own(entry.body, name);
    if (declared !== undefined && declared !== null) {
      return this.once(`${entry.address} ${name}`, () => this.evaluate(declared, depth));
    }
    if (name === "policy_data" && entry.type === "google_iam_policy") {
      return { bindings: this.evaluate(own(entry.body, "binding") ?? [], depth) };
    }
    const fallback = this.fallback(entry, name);
    if (fallback !== undefined) {
      return fallback;
    }
    const type = entry.mode === "data" ? `data.${entry.type}` : entry.type;
    return this.once(`${entry.address} ${name}`, () =>
      computed(type, name, (attribute) => {
        const value = this.attribute(entry, attribute, depth + 1);
        return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
      }),
    );
  }

  /** What holds for an attribute that is not written. */
  private fallback(entry: Entry, name: string): Attribute | undefined {
    const defaults = this.defaultsOf(entry);
    const value = name === "project" ? defaults.project : name === "location" ? defaults.region : undefined;
    if (value?.state === "known") {
      return value.value;
    }
    if (name === "version" && entry.type === "google_kms_crypto_key_version") {
      return entry.mode === "data" ? "1" : declaredNumber(entry.body);
    }
    return undefined;
  }

  private evaluate(value: unknown, depth: number): Attribute {
    if (depth > 2 * DEEPEST) {
      return NOWHERE;
    }
    if (typeof value === "string") {
      return evaluateText(value, (path, deeper) => this.lookUp(path, deeper), depth);
    }
    if (Array.isArray(value)) {
      return value.map((entry) => this.evaluate(entry, depth + 1));
    }
    if (isRecord(value)) {
      const dynamic = dynamicBlocks(value).map((name): [string, Attribute] => [
        name,
        unresolved(`\${dynamic.${name}}`),
      ]);
      const fields = Object.entries(value)
        .filter(([name]) => name !== "//" && (name !== "dynamic" || dynamic.length === 0))
        .map(([name, field]): [string, Attribute] => [name, this.evaluate(field, depth + 1)]);
      return Object.fromEntries([...fields, ...dynamic]) as AttributeMap;
    }
    return value === undefined ? null : (value as Attribute);
  }

  private lookUp(path: readonly (string | number)[], depth: number): Attribute | undefined {
    if (depth > 2 * DEEPEST) {
      return undefined;
    }
    const [first, second, third, fourth] = path;
    if (first === "local" && this.locals.has(String(second))) {
      const value = this.once(`local ${second}`, () => this.evaluate(this.locals.get(String(second)), depth + 1));
      return follow(value ?? null, path.slice(2));
    }
    if (first === "data" && second === "terraform_remote_state" && fourth === "outputs") {
      const stack = this.options.stacks?.get(String(third).replace(/^cross-stack-reference-input-/, ""));
      const value = stack?.output(String(path[4]), depth + 1);
      return value === undefined ? undefined : follow(value, path.slice(5));
    }
    const length = first === "data" ? 3 : 2;
    const entry = this.entries.get(path.slice(0, length).join("."));
    const [attribute, ...rest] = path.slice(length);
    if (entry === undefined || typeof attribute !== "string") {
      return undefined;
    }
    const value = this.attribute(entry, attribute, depth + 1);
    return value === undefined ? undefined : follow(value, rest);
  }

  /** Evaluates once what may be referred to from many places; a circle of references leads nowhere. */
  private once<T extends Attribute | undefined>(key: string, evaluate: () => T): T {
    if (!this.evaluated.has(key)) {
      this.evaluated.set(key, NOWHERE);
      const value = evaluate();
      if (value === undefined) {
        this.evaluated.delete(key);
        return value;
      }
      this.evaluated.set(key, tooLong(value) ? NOWHERE : value);
    }
    return this.evaluated.get(key) as T;
  }

  private defaultsOf({ body }: Entry): ProviderDefaults {
    const written = own(body, "provider");
    const key = typeof written === "string" ? written.replace(/^\$\{(.*)\}$/s, "$1") : "google";
    const provider = this.providers.find((entry) => entry.key === key)?.body;
    const setting = (name: string): Value<string> | undefined => {
      const value = provider && own(provider, name);
      if (value === undefined || value === null || value === "") {
        return undefined;
      }
      const result = this.once(`provider ${key} ${name}`, () => this.evaluate(value, 0));
      if (result instanceof NotKnown) {
        return result.value;
      }
      if (typeof result !== "string") {
        throw new ReadError({
          source: this.source,
          at: `provider.${key}`,
          problem: `"${name}" is not valid`,
          found: result,
          allowed: "text",
        });
      }
      return { state: "known", value: result };
    };
    const project = setting("project");
    const given = this.options.project;
    // A project of the caller's stands in for the environment of the provider.
    return {
      project: project ?? (given === undefined ? undefined : { state: "known", value: given }),
      region: setting("region"),
      zone: setting("zone"),
    };
  }

  private readProviders(value: unknown): void {
    for (const level of asList(value)) {
      for (const [name, bodies] of Object.entries(this.record(level, "provider", "an object"))) {
        for (const entry of asList(bodies)) {
          const body = this.record(entry, `provider.${name}`, "an object");
          const alias = own(body, "alias");
          this.providers.push({ key: typeof alias === "string" ? `${name}.${alias}` : name, body });
        }
      }
    }
  }

  private addData(value: unknown): void {
    for (const [names, body] of this.labelled("data", value, 2)) {
      this.add("data", names, body);
    }
  }

  private add(mode: Entry["mode"], [type, name]: readonly string[], body: Json): void {
    const address = mode === "data" ? `data.${type}.${name}` : `${type}.${name}`;
    if (own(body, "count") === 0) {
      return;
    }
    if (this.entries.has(address)) {
      throw new ReadError({
        source: this.source,
        at: address,
        problem: "is declared twice",
        allowed: "one declaration",
      });
    }
    this.entries.set(address, { mode, type, name, address, body });
  }

  /** The bodies below one or two levels of labels, each of which may be an object or a list of objects. */
  private labelled(block: string, value: unknown, levels: number): [string[], Json][] {
    let found: [string[], unknown][] = asList(value).map((entry) => [[], entry]);
    for (let level = 0; level < levels; level += 1) {
      found = found.flatMap(([names, entry]) =>
        Object.entries(this.record(entry, [block, ...names].join("."), "an object")).flatMap(([name, inner]) =>
          name === "//" ? [] : asList(inner).map((body): [string[], unknown] => [[...names, name], body]),
        ),
      );
    }
    return found.map(([names, body]) => [names, this.record(body, [block, ...names].join("."), "an object")]);
  }

  private record(value: unknown, at: string, allowed: string): Json {
    if (!isRecord(value)) {
      throw new ReadError({ source: this.source, at, problem: "is no block", found: value, allowed });
    }
    return value;
  }
}

const IDENTITY: ReadonlySet<string> = new Set(["project", "location", "name", "id", "crypto_key", "provider"]);

/** Where a circle of references leads. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: as Terraform writes references
const NOWHERE = unresolved("${…}");

const LONGEST_TEXT = 1 << 20;

function tooLong(value: Attribute): boolean {
  return typeof value === "string" && value.length > LONGEST_TEXT;
}

/** Refuses what nests so deep that reading it would exhaust the stack. */
export function checkDepth(source: string, value: unknown, at?: string): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) {
      throw new ReadError({
        source,
        at,
        problem: `is nested deeper than ${DEEPEST} levels`,
        allowed: "a file that Terraform or gcloud wrote",
      });
    }
    const next: unknown[] = [];
    for (const entry of level) {
      for (const inner of Object.values(entry as object)) {
        if (typeof inner === "object" && inner !== null) {
          next.push(inner);
        }
      }
    }
    level = next;
  }
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}

function dynamicBlocks(body: Json): string[] {
  return asList(own(body, "dynamic")).flatMap((entry) => (isRecord(entry) ? Object.keys(entry) : []));
}

/** The path of the construct, which CDK programs leave beside each resource. */
function constructPath(body: Json): string | undefined {
  const comment = own(body, "//");
  const metadata = isRecord(comment) ? own(comment, "metadata") : undefined;
  const path = isRecord(metadata) ? own(metadata, "path") : undefined;
  return typeof path === "string" ? path : undefined;
}

/** The number of a version where a postcondition makes sure of it: without one, Cloud KMS alone gives it. */
function declaredNumber(body: Json): string | undefined {
  const lifecycle = asList(own(body, "lifecycle"))[0];
  const conditions = isRecord(lifecycle) ? asList(own(lifecycle, "postcondition")) : [];
  for (const entry of conditions) {
    const condition = isRecord(entry) ? own(entry, "condition") : undefined;
    const match =
      typeof condition === "string" &&
      /^\$\{endswith\(self\.name, "\/cryptoKeyVersions\/([1-9][0-9]*)"\)\}$/.exec(condition);
    if (match) {
      return match[1];
    }
  }
  return undefined;
}
