import {
  type AccountKey,
  type Api,
  type Attestor,
  type BuildTrigger,
  type CloudRunService,
  type Cluster,
  type CryptoKey,
  type Enrolment,
  type Evidence,
  type Guard,
  type IdentityProvider,
  type KeyVersion,
  type Note,
  type OrgPolicy,
  type Origin,
  type Pipeline,
  type Policy,
  type Power,
  SCHEMA_VERSION,
  type TrustModel,
  type Workload,
} from "./model";
import { isFullName } from "./private/names";
import { ConflictError, showOrigin } from "./read-error";

/**
 * One model of several, since a chain of trust often spans states and exports.
 *
 * What two of them know of the same thing has to agree: where it does not, nobody can say which holds, and the
 * {@link ConflictError} names both. Where only one of them knows a value, that one is taken.
 */
export function join(models: readonly TrustModel[]): TrustModel {
  return {
    schemaVersion: SCHEMA_VERSION,
    keyVersions: unite("key version", all(models, "keyVersions"), (item: KeyVersion) => item.name),
    notes: unite("note", all(models, "notes"), (item: Note) => item.name),
    attestors: unite("attestor", all(models, "attestors"), (item: Attestor) => item.name),
    policies: unite("policy", all(models, "policies"), (item: Policy) => `projects/${item.project}`),
    clusters: unite(
      "cluster",
      all(models, "clusters"),
      (item: Cluster) => `projects/${item.project}/locations/${item.location}/clusters/${item.name}`,
    ),
    services: unite(
      "Cloud Run service",
      all(models, "services"),
      (item: CloudRunService) => `projects/${item.project}/locations/${item.location}/${item.kind}s/${item.name}`,
    ),
    pipelines: unite("pipeline", all(models, "pipelines"), (item: Pipeline) => item.name),
    powers: distinctPowers(all(models, "powers")),
    cryptoKeys: unite("key", all(models, "cryptoKeys"), (item: CryptoKey) => item.name),
    enrolments: unite("cluster or fleet", all(models, "enrolments"), (item: Enrolment) => item.name),
    apis: unite("API", all(models, "apis"), (item: Api) => item.name),
    orgPolicies: unite("policy of the organization", all(models, "orgPolicies"), (item: OrgPolicy) => item.name),
    identityProviders: unite(
      "identity provider",
      all(models, "identityProviders"),
      (item: IdentityProvider) => item.name,
    ),
    accountKeys: distinct(all(models, "accountKeys") as AccountKey[]),
    evidence: distinct(all(models, "evidence") as Evidence[]),
    workloads: distinct(all(models, "workloads") as Workload[]),
    guards: distinct(all(models, "guards") as Guard[]),
    triggers: unite("trigger", all(models, "triggers"), (item: BuildTrigger) => item.name),
  };
}

type Collection = Exclude<keyof TrustModel, "schemaVersion">;

function all<K extends Collection>(models: readonly TrustModel[], collection: K): TrustModel[K][number][] {
  return models.flatMap((model) => [...(model[collection] as readonly TrustModel[K][number][])]);
}

function unite<T extends { readonly origin: Origin }>(
  kind: string,
  items: readonly T[],
  nameOf: (item: T) => string,
): T[] {
  const result = new Map<string, T>();
  for (const item of items) {
    const name = nameOf(item);
    // Two things with a name that is not known may be one or two: only what was read at the same place is one.
    const key = isFullName(name) ? name : JSON.stringify([name, item.origin]);
    const present = result.get(key);
    result.set(key, present === undefined ? item : agree(`${kind} ${name}`, present, item));
  }
  return [...result.values()];
}

/** Of what has no name of its own, that which was read at one place is one. */
function distinct<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

/** A power is its content: the same one from two places is held once. */
function distinctPowers(powers: readonly Power[]): Power[] {
  const result = new Map<string, Power>();
  for (const power of powers) {
    const { origin, ...content } = power;
    const known = [power.principal, power.role, power.on].every(({ state }) => state === "known");
    const key = JSON.stringify(known ? content : power);
    if (!result.has(key)) {
      result.set(key, power);
    }
  }
  return [...result.values()];
}

function agree<T extends { readonly origin: Origin }>(subject: string, first: T, second: T): T {
  const { origin: one, ...left } = first;
  const { origin: other, ...right } = second;
  const clash = (path: string): never => {
    throw new ConflictError(
      subject,
      `${subject} is there twice, and ${showOrigin(one)} and ${showOrigin(other)} contradict each other in its ${path || "contents"}`,
      [one, other],
      "one description of each thing, or several that agree",
    );
  };
  return { ...(merge(left, right, "", clash) as Omit<T, "origin">), origin: one } as T;
}

/** Lists whose order means nothing, and what tells their entries apart. */
const SETS: ReadonlyMap<string, string | undefined> = new Map([
  ["exemptImages", undefined],
  ["requireAttestationsBy", undefined],
  ["images", undefined],
  ["publicKeys", "id"],
  ["rules", "key"],
]);

function merge(left: unknown, right: unknown, path: string, clash: (path: string) => never): unknown {
  if (isObject(left) && isObject(right)) {
    if (isUnknown(right)) {
      return left;
    }
    if (isUnknown(left)) {
      return right;
    }
    const names = new Set([...Object.keys(left), ...Object.keys(right)]);
    // A known value is named by what holds it.
    const wrapped = left.state === "known";
    return Object.fromEntries(
      [...names].map((name) => [name, merge(left[name], right[name], wrapped ? path : at(path, name), clash)]),
    );
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    if (left.length !== right.length) {
      return clash(path);
    }
    const name = path.slice(path.lastIndexOf(".") + 1);
    const others = SETS.has(name) ? aligned(left, right, SETS.get(name)) : right;
    return left.map((entry, index) => merge(entry, others[index], path, clash));
  }
  return Object.is(left, right) ? left : clash(path);
}

function at(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** The entries of the second list in the order of the first; unchanged where they cannot be told apart. */
function aligned(first: readonly unknown[], second: readonly unknown[], field: string | undefined): readonly unknown[] {
  const keyOf = (entry: unknown) =>
    JSON.stringify(field === undefined ? entry : (entry as Record<string, unknown>)[field]);
  const byKey = new Map(second.map((entry) => [keyOf(entry), entry]));
  const found = first.map((entry) => byKey.get(keyOf(entry)));
  return byKey.size === second.length && found.every((entry) => entry !== undefined) ? found : second;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isUnknown(value: Record<string, unknown>): boolean {
  return value.state === "unknown" || value.state === "hidden";
}
