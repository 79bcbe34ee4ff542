import { ReadError } from "../trust";
import { parseJson } from "../trust/private/text";
import { CLUSTER_NAME, PROJECT_ID, PROJECT_NUMBER } from "../vocabulary/resource-name";
import { putBuild } from "./builds";
import { putCluster } from "./gke";
import { createAccount } from "./iam";
import { grant, MEMBER, ROLE } from "./iam-policies";
import { isObject, type Json, type JsonObject, obj, str } from "./json";
import { type ImageManifest, isManifest, MANIFEST_FORM, putManifest } from "./manifests";
import { lookup, type State } from "./state";
import { type ImageScan, type PackageVulnerability, putScan } from "./vulnerabilities";

/** A cluster that is there from the start. */
export interface SeedCluster {
  readonly project: string;
  /** A zone or region. */
  readonly location: string;
  readonly name: string;
  /** @default "PROJECT_SINGLETON_POLICY_ENFORCE" */
  readonly evaluationMode?: string;
}

/** What is there from the start. */
export interface Seed {
  /** The number of each project, by its id. */
  readonly projects?: Readonly<Record<string, string>>;
  /** The folder or organization that holds a project or folder: `folders/F` by `projects/P`, both by their full names. */
  readonly parents?: Readonly<Record<string, string>>;
  /** The members of each group in IAM's form, by the group's address. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  readonly clusters?: readonly SeedCluster[];
  readonly serviceAccounts?: readonly { readonly project: string; readonly accountId: string }[];
  /** Roles, on resources by their full names: `projects/P`, `folders/F`. */
  readonly grants?: readonly { readonly resource: string; readonly role: string; readonly member: string }[];
  /** JSON web key sets of issuers outside of Google, by their addresses: what each answers for its public keys. */
  readonly issuers?: Readonly<Record<string, JsonObject>>;
  /** Builds that have run, each with its full name: `projects/P/locations/L/builds/B`. */
  readonly builds?: readonly JsonObject[];
  /** The images of the registry. */
  readonly manifests?: readonly ImageManifest[];
  /** What Artifact Analysis found in images. */
  readonly scans?: readonly ImageScan[];
  /** What On-Demand Scanning knows of packages. */
  readonly packageVulnerabilities?: readonly PackageVulnerability[];
}

/** Puts a seed into a state. */
export function applySeed(state: State, seed: Seed): void {
  Object.assign(state.projects, seed.projects);
  Object.assign(state.parents, seed.parents);
  for (const [address, group] of Object.entries(seed.groups ?? {})) {
    state.groups[address.toLowerCase()] = [...group];
  }
  for (const { project, location, name, evaluationMode } of seed.clusters ?? []) {
    putCluster(state, project, location, name, {
      evaluationMode: evaluationMode ?? "PROJECT_SINGLETON_POLICY_ENFORCE",
    });
  }
  for (const { project, accountId } of seed.serviceAccounts ?? []) {
    createAccount(state, project, accountId);
  }
  for (const { resource, role, member } of seed.grants ?? []) {
    grant(state, resource, role, member);
  }
  Object.assign(state.issuers, structuredClone(seed.issuers));
  for (const build of seed.builds ?? []) {
    putBuild(state, str(build.name), build);
  }
  for (const manifest of seed.manifests ?? []) {
    putManifest(state, manifest);
  }
  for (const scan of seed.scans ?? []) {
    putScan(state, scan);
  }
  for (const vulnerability of seed.packageVulnerabilities ?? []) {
    const known = lookup(state.packageVulnerabilities, vulnerability.packageName) ?? [];
    state.packageVulnerabilities[vulnerability.packageName] = [...known, { ...vulnerability }];
  }
}

const FIELDS = [
  "projects",
  "parents",
  "groups",
  "clusters",
  "serviceAccounts",
  "grants",
  "issuers",
  "builds",
  "manifests",
  "scans",
  "packageVulnerabilities",
];

/**
 * Reads a seed from JSON.
 * @param source how the user named it, for messages
 */
export function readSeed(source: string, text: string): Seed {
  const value = parsed(source, text);
  const unknown = Object.keys(value).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) {
    throw wrong(source, unknown, "is no part of a seed", undefined, FIELDS.join(", "));
  }
  const projects = readProjects(source, value.projects);
  const parents = readParents(source, value.parents);
  const groups = readGroups(source, value.groups);
  const clusters = entries(source, value, "clusters", ["project", "location", "name"], ["evaluationMode"]);
  const accounts = entries(source, value, "serviceAccounts", ["project", "accountId"]);
  const grants = entries(source, value, "grants", ["resource", "role", "member"]);
  for (const [index, { project, name }] of clusters.entries()) {
    checkName(source, `clusters[${index}].project`, project, PROJECT_ID);
    checkName(source, `clusters[${index}].name`, name, CLUSTER_NAME);
  }
  grants.forEach(({ resource, role, member }, index) => {
    const at = `grants[${index}]`;
    checkForm(source, `${at}.resource`, resource, RESOURCE, "projects/P and what is below, folders/F, organizations/O");
    checkForm(source, `${at}.role`, role, ROLE, "roles/NAME, projects/P/roles/NAME, organizations/O/roles/NAME");
    checkForm(source, `${at}.member`, member, MEMBER, "user:EMAIL, serviceAccount:EMAIL, group:EMAIL, …");
  });
  return {
    projects,
    parents,
    groups,
    clusters,
    serviceAccounts: accounts,
    grants,
    issuers: readIssuers(source, value.issuers),
    builds: objects(source, value, "builds", (one) => BUILD_NAME.test(str(one.name)), BUILD_FORM),
    manifests: objects(source, value, "manifests", isImageManifest, MANIFEST_FORM),
    scans: objects(source, value, "scans", isScan, SCAN_FORM),
    packageVulnerabilities: objects(source, value, "packageVulnerabilities", isPackage, PACKAGE_FORM),
  } as unknown as Seed;
}

const BUILD_NAME = /^projects\/[^/]+\/locations\/[^/]+\/builds\/[^/]+$/;
const BUILD_FORM = "a build with its name: projects/PROJECT/locations/LOCATION/builds/BUILD";
const SCAN_FORM =
  "an image (HOST/PROJECT/REPOSITORY/IMAGE@sha256:…), with or without a status, and findings, each with an id, with or without severity (text) and fixable (true or false)";
const PACKAGE_FORM = "a packageName and an id, with or without version, severity (text) and fixable (true or false)";

/** Only what is known: a word that is misspelt would be a scan that found nothing. */
function only(one: JsonObject, fields: readonly string[]): boolean {
  return Object.keys(one).every((field) => fields.includes(field));
}

const optionalText = (value: Json | undefined) => value === undefined || typeof value === "string";

function isFinding(value: Json): boolean {
  return (
    isObject(value) &&
    typeof value.id === "string" &&
    optionalText(value.severity) &&
    (value.fixable === undefined || typeof value.fixable === "boolean")
  );
}

function isScan(one: JsonObject): boolean {
  const { image, status, findings = [] } = one;
  return (
    /^[^/@\s]+\/[^/@\s]+\/[^@\s]+@sha256:[0-9a-f]{64}$/.test(str(image)) &&
    optionalText(status) &&
    Array.isArray(findings) &&
    findings.every((finding) => isFinding(finding) && only(obj(finding), ["id", "severity", "fixable"])) &&
    only(one, ["image", "status", "findings"])
  );
}

function isImageManifest(one: JsonObject): boolean {
  return isManifest(one.image, one.manifest) && only(one, ["image", "manifest"]);
}

function isPackage(one: JsonObject): boolean {
  return (
    typeof one.packageName === "string" &&
    optionalText(one.version) &&
    isFinding(one) &&
    only(one, ["packageName", "version", "id", "severity", "fixable"])
  );
}

function readIssuers(source: string, value: Json | undefined): Record<string, JsonObject> {
  const allowed = "the JSON web key set of each issuer, by its address: https://…";
  if (value !== undefined && !isObject(value)) {
    throw wrong(source, "issuers", "is not valid", value, allowed);
  }
  for (const [issuer, keys] of Object.entries(value ?? {})) {
    if (!issuer.startsWith("https://") || !isObject(keys) || !Array.isArray(keys.keys)) {
      throw wrong(source, `issuers.${issuer}`, "is not valid", keys, allowed);
    }
  }
  return (value ?? {}) as Record<string, JsonObject>;
}

function objects(
  source: string,
  seed: Record<string, Json | undefined>,
  field: string,
  sound: (one: JsonObject) => boolean,
  form: string,
): JsonObject[] {
  const value = seed[field] ?? [];
  if (!Array.isArray(value)) {
    throw wrong(source, field, "is no list", value, "a list");
  }
  value.forEach((one, index) => {
    if (!isObject(one) || !sound(one)) {
      throw wrong(source, `${field}[${index}]`, "is not valid", one, form);
    }
  });
  return value as JsonObject[];
}

function parsed(source: string, text: string): Record<string, Json | undefined> {
  const value = parseJson(source, text);
  if (!isObject(value)) {
    throw new ReadError({ source, problem: "is no seed", found: value, allowed: "a JSON object" });
  }
  return value;
}

function readProjects(source: string, value: Json | undefined): Record<string, string> {
  if (value === undefined) {
    return {};
  }
  if (!isObject(value)) {
    throw wrong(source, "projects", "is not valid", value, "the number of each project, by its id");
  }
  const seen = new Set<unknown>();
  for (const [id, number] of Object.entries(value)) {
    checkName(source, "projects", id, PROJECT_ID);
    checkName(source, `projects.${id}`, number, PROJECT_NUMBER);
    if (seen.has(number)) {
      throw wrong(source, `projects.${id}`, "has the number of another project", number, "a number of its own");
    }
    seen.add(number);
  }
  return value as Record<string, string>;
}

const PARENT = /^(?:folders|organizations)\/\d+$/;

function readParents(source: string, value: Json | undefined): Record<string, string> {
  if (value === undefined) {
    return {};
  }
  if (!isObject(value)) {
    throw wrong(source, "parents", "is not valid", value, "folders/NUMBER or organizations/NUMBER, by what they hold");
  }
  for (const [child, parent] of Object.entries(value)) {
    const at = `parents.${child}`;
    if (!/^folders\/\d+$/.test(child) && !(child.startsWith("projects/") && PROJECT_ID.pattern.test(child.slice(9)))) {
      throw wrong(source, at, "cannot have a parent", child, "projects/ID, folders/NUMBER");
    }
    if (typeof parent !== "string" || !PARENT.test(parent)) {
      throw wrong(source, at, "is not valid", parent, "folders/NUMBER, organizations/NUMBER");
    }
  }
  const parents = value as Record<string, string>;
  for (const child of Object.keys(parents)) {
    const above = new Set<string>();
    for (let name: string | undefined = child; name !== undefined; name = parents[name]) {
      if (above.has(name)) {
        throw wrong(source, `parents.${child}`, "is inside of itself", parents[child], "another parent");
      }
      above.add(name);
    }
  }
  return parents;
}

const GROUP = /^[^\s@:,"'`]+@[^\s@:,"'`]+$/;
const GROUP_MEMBER = /^(?:user|serviceAccount|group):[^\s@:,"'`]+@[^\s@:,"'`]+$/;

function readGroups(source: string, value: Json | undefined): Record<string, string[]> {
  if (value === undefined) {
    return {};
  }
  const allowed = "user:EMAIL, serviceAccount:EMAIL, group:EMAIL";
  if (!isObject(value)) {
    throw wrong(source, "groups", "is not valid", value, `a list of ${allowed}, by the group's address`);
  }
  for (const [address, members] of Object.entries(value)) {
    if (!GROUP.test(address)) {
      throw wrong(source, "groups", "has a group that is no address", address, "group@example.com");
    }
    const at = `groups.${address}`;
    if (!Array.isArray(members)) {
      throw wrong(source, at, "is no list", members, `a list of ${allowed}`);
    }
    members.forEach((member, index) => {
      if (typeof member !== "string" || !GROUP_MEMBER.test(member)) {
        throw wrong(source, `${at}[${index}]`, "is no member", member, allowed);
      }
    });
  }
  return value as Record<string, string[]>;
}

function entries(
  source: string,
  seed: Record<string, Json | undefined>,
  field: string,
  needed: readonly string[],
  optional: readonly string[] = [],
): Record<string, string>[] {
  const value = seed[field] ?? [];
  if (!Array.isArray(value)) {
    throw wrong(source, field, "is no list", value, "a list");
  }
  return value.map((entry, index) => {
    const at = `${field}[${index}]`;
    const form = `an object with ${[...needed, ...optional].join(", ")}, all of them text`;
    if (!isObject(entry)) {
      throw wrong(source, at, "is not valid", entry, form);
    }
    const names = Object.keys(entry);
    const sound =
      needed.every((name) => names.includes(name)) &&
      names.every((name) => [...needed, ...optional].includes(name) && typeof entry[name] === "string");
    if (!sound) {
      throw wrong(source, at, "is not valid", entry, form);
    }
    return entry as Record<string, string>;
  });
}

const RESOURCE = /^(?:projects\/[^/]+(?:\/[^/]+)*|(?:folders|organizations)\/\d+)$/;

function checkForm(source: string, at: string, value: string, form: RegExp, allowed: string): void {
  if (!form.test(value)) {
    throw wrong(source, at, "is not valid", value, allowed);
  }
}

function checkName(source: string, at: string, value: unknown, grammar: typeof PROJECT_ID): void {
  if (typeof value !== "string" || !grammar.pattern.test(value)) {
    throw wrong(source, at, "is not valid", value, grammar.allowed);
  }
}

function wrong(source: string, at: string, problem: string, found: unknown, allowed: string): ReadError {
  return new ReadError({ source, at, problem, found, allowed });
}
