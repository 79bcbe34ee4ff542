import { createHash } from "node:crypto";
import type { JsonObject } from "./json";

/** Things by their names: mostly full ones, which begin with `projects/`. */
export type Table<T> = Record<string, T>;

/** The version of the state's shape. */
export const STATE_VERSION = 1;

/**
 * Everything that the sandbox remembers. Plain data, so that it can be written to a file and read again; resources are in
 * the shape of the API that made them, in its version 1.
 */
export interface State {
  readonly stateVersion: typeof STATE_VERSION;
  /** The principal that may do everything that `roles/owner` may, in every project. */
  owner: string;
  /** The number of each project, by its id. */
  readonly projects: Table<string>;
  /** What holds a project or a folder: `folders/F` or `organizations/O`, by `projects/P` or `folders/F`. */
  readonly parents: Table<string>;
  /** The members of each group in IAM's form, by its address in lower case. */
  readonly groups: Table<string[]>;
  /** The APIs that are enabled, by the id of the project. */
  readonly enabledServices: Table<string[]>;
  /** By the name of the resource. */
  readonly iamPolicies: Table<JsonObject>;
  /** The principal of each access token that was handed out. */
  readonly accessTokens: Table<string>;
  /** The principal sets of each access token that was exchanged for the token of another issuer. */
  readonly federatedSets: Table<string[]>;
  /** The public keys of issuers outside of Google, as JSON web key sets, by the issuer's address. */
  readonly issuers: Table<JsonObject>;
  readonly workloadIdentityPools: Table<JsonObject>;
  readonly workloadIdentityProviders: Table<JsonObject>;
  readonly serviceAccounts: Table<JsonObject>;
  readonly customRoles: Table<JsonObject>;
  readonly keyRings: Table<JsonObject>;
  readonly cryptoKeys: Table<JsonObject>;
  readonly cryptoKeyVersions: Table<JsonObject>;
  /** The private key of each version in PEM, once it was used. Made by this sandbox, good for nothing else. */
  readonly privateKeys: Table<string>;
  readonly notes: Table<JsonObject>;
  readonly occurrences: Table<JsonObject>;
  readonly attestors: Table<JsonObject>;
  /** By `projects/P/policy`; a project that is not here has the default policy. */
  readonly policies: Table<JsonObject>;
  readonly clusters: Table<JsonObject>;
  readonly nodePools: Table<JsonObject>;
  readonly clusterOperations: Table<JsonObject>;
  readonly repositories: Table<JsonObject>;
  /** The manifest of each image, by `HOST/P/REPOSITORY/IMAGE@sha256:…`. */
  readonly manifests: Table<string>;
  readonly triggers: Table<JsonObject>;
  /** Builds that were started, or stored by hand. */
  readonly builds: Table<JsonObject>;
  readonly topics: Table<JsonObject>;
  readonly subscriptions: Table<JsonObject>;
  /** What waits in each subscription, oldest first. */
  readonly messages: Table<JsonObject[]>;
  /** What On-Demand Scanning knows of packages, by their names. */
  readonly packageVulnerabilities: Table<JsonObject[]>;
  /** What each scan of On-Demand Scanning found. */
  readonly scans: Table<JsonObject[]>;
  /** Connections of Cloud Build and the repositories that they link. */
  readonly connections: Table<JsonObject>;
  readonly alertPolicies: Table<JsonObject>;
  readonly notificationChannels: Table<JsonObject>;
  readonly logBuckets: Table<JsonObject>;
  readonly logSinks: Table<JsonObject>;
  readonly logMetrics: Table<JsonObject>;
  /** By `projects/P/policies/C`; of folders and organizations as well. */
  readonly orgPolicies: Table<JsonObject>;
  /** By `organizations/O/customConstraints/C`. */
  readonly customConstraints: Table<JsonObject>;
  readonly runServices: Table<JsonObject>;
  readonly runJobs: Table<JsonObject>;
  /** The audit log, oldest first. */
  readonly logEntries: JsonObject[];
  /** Counts what needs a number of its own, etags for instance. */
  counter: number;
}

const DEFAULT_OWNER = "user:owner@example.com";

export function emptyState(owner = DEFAULT_OWNER): State {
  return {
    stateVersion: STATE_VERSION,
    owner,
    projects: {},
    parents: {},
    groups: {},
    enabledServices: {},
    iamPolicies: {},
    accessTokens: {},
    federatedSets: {},
    issuers: {},
    workloadIdentityPools: {},
    workloadIdentityProviders: {},
    serviceAccounts: {},
    customRoles: {},
    keyRings: {},
    cryptoKeys: {},
    cryptoKeyVersions: {},
    privateKeys: {},
    notes: {},
    occurrences: {},
    attestors: {},
    policies: {},
    clusters: {},
    nodePools: {},
    clusterOperations: {},
    repositories: {},
    manifests: {},
    triggers: {},
    builds: {},
    topics: {},
    subscriptions: {},
    messages: {},
    packageVulnerabilities: {},
    scans: {},
    connections: {},
    alertPolicies: {},
    notificationChannels: {},
    logBuckets: {},
    logSinks: {},
    logMetrics: {},
    orgPolicies: {},
    customConstraints: {},
    runServices: {},
    runJobs: {},
    logEntries: [],
    counter: 0,
  };
}

/** What a table holds under a name; never what every object inherits. */
export function lookup<T>(table: Table<T>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The entries whose names begin with a prefix, in the order in which they were made. */
export function inside<T>(table: Table<T>, prefix: string): [name: string, value: T][] {
  return Object.entries(table).filter(([name]) => name.startsWith(prefix));
}

/** An etag that no other resource has had. */
export function nextEtag(state: State): string {
  state.counter += 1;
  return Buffer.from(`etag-${state.counter}`).toString("base64");
}

/** The number of a project: the one it was given, else one that follows from its id. */
export function projectNumber(state: State, project: string): string {
  const digest = createHash("sha256").update(project).digest();
  return lookup(state.projects, project) ?? String(100_000_000_000 + (digest.readUIntBE(0, 6) % 900_000_000_000));
}
