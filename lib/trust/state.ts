import type { TrustModel } from "./model";
import { assemble, concernsTrust } from "./private/assemble";
import { isRecord, type Json, own } from "./private/attribute";
import { attributesOf, identity, listIn, type Recorded, recordedIn, resourceOf } from "./private/recorded";
import { ReadError } from "./read-error";
import type { ReadOptions } from "./terraform-json";

/**
 * Reads a state: what `terraform show -json` prints, or a state file of version 4 as backends keep it.
 *
 * @param source how the user named it, for messages and origins
 * @param json the parsed file
 */
export function readState(source: string, json: unknown, options: ReadOptions = {}): TrustModel {
  if (!isRecord(json)) {
    throw notAState(source, json);
  }
  const recorded = own(json, "version") === undefined ? shown(source, json) : stored(source, json);
  const defaults =
    options.project === undefined ? {} : { project: { state: "known", value: options.project } as const };
  return assemble(
    recorded.filter(({ type }) => concernsTrust(type)).map((resource) => resourceOf(source, resource, defaults)),
  );
}

function notAState(source: string, found: unknown): ReadError {
  return new ReadError({
    source,
    problem: "is no state",
    found,
    allowed: "what terraform show -json prints of a state, or a state file of version 4",
  });
}

function shown(source: string, json: Json): Recorded[] {
  checkFormat(source, json);
  const values = own(json, "values");
  const rootModule = isRecord(values) ? own(values, "root_module") : undefined;
  if (rootModule === undefined) {
    throw notAState(source, values);
  }
  return recordedIn(source, rootModule);
}

/** Refuses a major version of Terraform's JSON output that was not there when this was written. */
export function checkFormat(source: string, json: Json): void {
  const version = own(json, "format_version");
  if (typeof version !== "string" || !/^1\.[0-9]+$/.test(version)) {
    throw new ReadError({
      source,
      problem: '"format_version" is not valid',
      found: version,
      allowed: "1.x, which Terraform writes since 1.1",
    });
  }
}

function stored(source: string, json: Json): Recorded[] {
  if (own(json, "version") !== 4) {
    throw new ReadError({
      source,
      problem: '"version" of the state is not valid',
      found: own(json, "version"),
      allowed: "4, which Terraform writes since 0.12",
    });
  }
  if (!Array.isArray(own(json, "resources"))) {
    throw notAState(source, own(json, "resources"));
  }
  return listIn(source, json, "resources").flatMap((entry) => {
    if (!isRecord(entry)) {
      throw new ReadError({ source, problem: "a resource is not valid", found: entry, allowed: "an object" });
    }
    const [module, name, type, mode] = ["module", "name", "type", "mode"].map((field) => own(entry, field));
    const address = [module, mode === "data" ? "data" : undefined, type, name].filter((part) => part !== undefined);
    const named = identity(source, { address: address.join("."), type, mode });
    if (!concernsTrust(named.type)) {
      return [];
    }
    return listIn(source, entry, "instances").flatMap((instance) => {
      const deposed = isRecord(instance) ? own(instance, "deposed") : undefined;
      if (deposed !== undefined) {
        return [];
      }
      const key = isRecord(instance) ? own(instance, "index_key") : undefined;
      const full = key === undefined || key === null ? named.address : `${named.address}[${JSON.stringify(key)}]`;
      const attributes = isRecord(instance) ? own(instance, "attributes") : undefined;
      return [{ ...named, address: full, values: attributesOf(source, full, named.type, attributes) }];
    });
  });
}
