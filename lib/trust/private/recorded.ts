import { ReadError } from "../read-error";
import { type AttributeMap, Block, isRecord, type Json, own } from "./attribute";
import { checkDepth } from "./configuration";
import type { ProviderDefaults, Resource } from "./resource";

/** A resource as a plan or a state records it: without references, since every value is there or is not. */
export interface Recorded {
  readonly address: string;
  readonly mode: "managed" | "data";
  readonly type: string;
  readonly values: AttributeMap;
}

/** A recorded resource for the readers. */
export function resourceOf(source: string, recorded: Recorded, defaults: ProviderDefaults): Resource {
  const { address, mode, type, values } = recorded;
  return { address, mode, type, block: new Block(source, address, values), origin: { source, address }, defaults };
}

/** The resources of `terraform show -json`, of all modules; those that are only there to be deleted left out. */
export function recordedIn(source: string, rootModule: unknown): Recorded[] {
  const found: Recorded[] = [];
  const modules: unknown[] = [rootModule];
  for (let module = modules.pop(); module !== undefined; module = modules.pop()) {
    if (!isRecord(module)) {
      throw new ReadError({ source, problem: "a module is not valid", found: module, allowed: "an object" });
    }
    modules.push(...listIn(source, module, "child_modules"));
    for (const entry of listIn(source, module, "resources")) {
      const { address, mode, type } = identity(source, entry);
      const values = isRecord(entry) ? own(entry, "values") : undefined;
      if (values === undefined || own(entry as Json, "deposed_key") !== undefined) {
        continue;
      }
      found.push({ address, mode, type, values: attributesOf(source, address, type, values) });
    }
  }
  return found;
}

/** The list of a field; empty where it is absent or null. */
export function listIn(source: string, parent: Json, field: string): readonly unknown[] {
  const value = own(parent, field) ?? [];
  if (!Array.isArray(value)) {
    throw new ReadError({ source, problem: `"${field}" is not valid`, found: value, allowed: "a list" });
  }
  return value;
}

/** Address, mode and type, which everything recorded has. */
export function identity(source: string, entry: unknown): Pick<Recorded, "address" | "mode" | "type"> {
  const [address, mode, type] = isRecord(entry) ? ["address", "mode", "type"].map((field) => own(entry, field)) : [];
  if (
    typeof address !== "string" ||
    address === "" ||
    typeof type !== "string" ||
    (mode !== "managed" && mode !== "data")
  ) {
    throw new ReadError({
      source,
      at: typeof address === "string" && address !== "" ? address : undefined,
      problem: "a resource is not valid",
      found: entry,
      allowed: 'an object with "address", "type" and "mode" (managed or data)',
    });
  }
  return { address, mode, type };
}

/** Of the types with hundreds of attributes, those that are read: the others are not worth a look at each of them. */
const READ: ReadonlyMap<string, readonly string[]> = new Map(
  [
    "google_container_cluster",
    "google_cloud_run_v2_service",
    "google_cloud_run_v2_job",
    "google_cloud_run_v2_worker_pool",
  ].map((type) => [
    type,
    ["project", "location", "region", "zone", "name", "id", "binary_authorization", "template", "deletion_policy"],
  ]),
);

/** The attributes of a resource that are read, or what a plan says of them. */
export function attributesOf(source: string, address: string, type: string, values: unknown): AttributeMap {
  if (!isRecord(values)) {
    throw new ReadError({ source, at: address, problem: "has no attributes", found: values, allowed: "an object" });
  }
  const names = READ.get(type)?.filter((name) => Object.hasOwn(values, name));
  const read = names ? Object.fromEntries(names.map((name) => [name, values[name]])) : values;
  checkDepth(source, read, address);
  return read as AttributeMap;
}

/** An address without the keys of `count` and `for_each`: as configurations name it. */
export function withoutIndexes(address: string): string {
  return address.replace(/\[(?:[0-9]+|"(?:[^"\\]|\\.)*")\]/g, "");
}
