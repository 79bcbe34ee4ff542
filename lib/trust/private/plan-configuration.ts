import { isRecord, type Json, own } from "./attribute";

/** The configuration that a plan carries, by addresses without indexes. */
export class PlanConfiguration {
  private readonly resources = new Map<string, Json>();
  private readonly providers: unknown;

  public constructor(configuration: unknown) {
    const root = isRecord(configuration) ? configuration : {};
    this.providers = own(root, "provider_config");
    const modules: [string, unknown][] = [["", own(root, "root_module")]];
    for (let next = modules.pop(); next !== undefined; next = modules.pop()) {
      const [prefix, module] = next;
      if (!isRecord(module)) {
        continue;
      }
      const resources = own(module, "resources");
      for (const resource of Array.isArray(resources) ? resources : []) {
        if (isRecord(resource) && typeof own(resource, "address") === "string") {
          this.resources.set(`${prefix}${own(resource, "address")}`, resource);
        }
      }
      const calls = own(module, "module_calls");
      for (const [name, call] of Object.entries(isRecord(calls) ? calls : {})) {
        modules.push([`${prefix}module.${name}.`, isRecord(call) ? own(call, "module") : undefined]);
      }
    }
  }

  /** What is written for an attribute; undefined where nothing is, or a `dynamic` block is. */
  public expression(address: string, attribute: string): unknown {
    const expressions = own(this.resources.get(address) ?? {}, "expressions");
    return isRecord(expressions) ? own(expressions, attribute) : undefined;
  }

  /** Whether there is anything of the resource: a deleted one has no configuration any more. */
  public has(address: string): boolean {
    return this.resources.has(address);
  }

  /** The providers, each with what the configuration says of its version. */
  public providerUses(): { readonly name: string; readonly versionConstraint?: string }[] {
    return Object.values(isRecord(this.providers) ? this.providers : {}).flatMap((provider) => {
      const [name, version] = isRecord(provider)
        ? [own(provider, "full_name") ?? own(provider, "name"), own(provider, "version_constraint")]
        : [];
      return typeof name === "string"
        ? [{ name, ...(typeof version === "string" && version !== "" && { versionConstraint: version }) }]
        : [];
    });
  }

  /** A literal setting of the provider of a resource. */
  public providerSetting(address: string, setting: string): string | undefined {
    const key = own(this.resources.get(address) ?? {}, "provider_config_key");
    const provider = isRecord(this.providers)
      ? own(this.providers, typeof key === "string" ? key : "google")
      : undefined;
    const expressions = isRecord(provider) ? own(provider, "expressions") : undefined;
    const value = isRecord(expressions) ? own(expressions, setting) : undefined;
    const constant = isRecord(value) ? own(value, "constant_value") : undefined;
    return typeof constant === "string" && constant !== "" ? constant : undefined;
  }
}

/** What an expression refers to, the most exact form of each reference only; none for a literal. */
export function referencesOf(expression: unknown): string[] {
  const references = isRecord(expression) ? own(expression, "references") : undefined;
  const texts = Array.isArray(references) ? references.filter((entry) => typeof entry === "string") : [];
  return texts.filter(
    (text) => !texts.some((other) => other !== text && (other.startsWith(`${text}.`) || other.startsWith(`${text}[`))),
  );
}

/** The module of an address, ending with a dot; empty for the root. */
export function modulePrefix(address: string): string {
  return /^(?:module\.[^.]+\.)*/.exec(address)?.[0] ?? "";
}
