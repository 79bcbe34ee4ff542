/** The grammar of one kind of name: what it has to match, and how to say so. */
export interface NameGrammar {
  readonly pattern: RegExp;
  readonly allowed: string;
}

/**
 * Project ids, domain-scoped ones included.
 * Source: https://docs.cloud.google.com/resource-manager/docs/creating-managing-projects
 */
export const PROJECT_ID: NameGrammar = {
  pattern: /^(?:[a-z0-9][a-z0-9.-]*\.[a-z]{2,}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
  allowed: "6 to 30 lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen",
};

/** Source: https://docs.cloud.google.com/resource-manager/docs/creating-managing-projects (assigned by Google, digits only). */
export const PROJECT_NUMBER: NameGrammar = {
  pattern: /^[1-9][0-9]{0,18}$/,
  allowed: "digits only, for example 123456789012",
};

/** Key rings and keys. Source: https://docs.cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings/create */
export const KMS_NAME: NameGrammar = {
  pattern: /^[a-zA-Z0-9_-]{1,63}$/,
  allowed: "1 to 63 letters, digits, underscores and hyphens",
};

/** Ids of notes and attestors: no page states the grammar, this is what gcloud's resource parser and the console take (inferred). */
export const ATTESTOR_NAME: NameGrammar = {
  pattern: /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,127}$/,
  allowed: "1 to 128 letters, digits, underscores and hyphens, starting with a letter or digit",
};

/** Source: https://docs.cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters (field `name`). */
export const CLUSTER_NAME: NameGrammar = {
  pattern: /^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/,
  allowed: "1 to 40 lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen",
};

/** Source: https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/create (field `accountId`). */
export const SERVICE_ACCOUNT_ID: NameGrammar = {
  pattern: /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
  allowed: "6 to 30 lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen",
};

/** Source: https://docs.cloud.google.com/build/docs/api/reference/rest/v1/projects.locations.triggers (field `name`). */
export const TRIGGER_NAME: NameGrammar = {
  pattern: /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62}[a-zA-Z0-9])?$/,
  allowed: "1 to 64 letters, digits and hyphens, starting and ending with a letter or digit",
};

/**
 * Workload identity pools and their providers. Source:
 * https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools/create
 */
export const POOL_ID: NameGrammar = {
  pattern: /^(?!gcp-)[a-z][a-z0-9-]{2,30}[a-z0-9]$/,
  allowed: "4 to 32 lower-case letters, digits and hyphens, starting with a letter, not with gcp-",
};

/** The parts of the full name of a key version. */
export interface KeyVersionName {
  readonly project: string;
  readonly location: string;
  readonly keyRing: string;
  readonly key: string;
  readonly version: number;
}

const KEY_VERSION =
  /^projects\/([^/]+)\/locations\/([^/]+)\/keyRings\/([^/]+)\/cryptoKeys\/([^/]+)\/cryptoKeyVersions\/([1-9][0-9]*)$/;

/** How the full name of a key version has to look. */
export const KEY_VERSION_FORM =
  "projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY/cryptoKeyVersions/NUMBER";

/** Reads `projects/…/cryptoKeyVersions/N`; undefined for anything else, names with illegal parts included. */
export function parseKeyVersionName(name: string): KeyVersionName | undefined {
  const match = KEY_VERSION.exec(name);
  if (!match) {
    return undefined;
  }
  const [, project, location, keyRing, key, version] = match;
  const legal =
    PROJECT_ID.pattern.test(project) &&
    /^[a-z][a-z0-9-]*$/.test(location) &&
    KMS_NAME.pattern.test(keyRing) &&
    KMS_NAME.pattern.test(key);
  return legal ? { project, location, keyRing, key, version: Number(version) } : undefined;
}

export function keyRingName(project: string, location: string, keyRing: string): string {
  return `projects/${project}/locations/${location}/keyRings/${keyRing}`;
}

export function keyName(project: string, location: string, keyRing: string, key: string): string {
  return `${keyRingName(project, location, keyRing)}/cryptoKeys/${key}`;
}

export function noteName(project: string, note: string): string {
  return `projects/${project}/notes/${note}`;
}

export function attestorName(project: string, attestor: string): string {
  return `projects/${project}/attestors/${attestor}`;
}

/** A name of the form `projects/PROJECT/<collection>/NAME`. */
export interface ProjectScopedName {
  readonly project: string;
  readonly name: string;
}

/** Reads `projects/PROJECT/attestors/NAME`; undefined for anything else, a short name included. */
export function parseAttestorName(text: string): ProjectScopedName | undefined {
  return parseProjectScoped(text, "attestors");
}

/** Reads `projects/PROJECT/notes/NAME`; undefined for anything else, a short name included. */
export function parseNoteName(text: string): ProjectScopedName | undefined {
  return parseProjectScoped(text, "notes");
}

function parseProjectScoped(text: string, collection: string): ProjectScopedName | undefined {
  const [projects, project, kind, name, ...rest] = text.split("/");
  const matches =
    projects === "projects" &&
    kind === collection &&
    rest.length === 0 &&
    PROJECT_ID.pattern.test(project) &&
    ATTESTOR_NAME.pattern.test(name ?? "");
  return matches ? { project, name } : undefined;
}

/**
 * The id by which an attestor and its attestations name a key of Cloud KMS: the resource's full URL without scheme,
 * as gcloud derives it. The bare `projects/…` form would name a key that no attestation refers to.
 */
export function kmsKeyId(keyVersion: string): string {
  return `//cloudkms.googleapis.com/v1/${keyVersion}`;
}

/**
 * The key of a cluster's admission rule.
 * Source: https://docs.cloud.google.com/binary-authorization/docs/reference/rest/v1/Policy (`location.clusterId`).
 */
export function clusterKey(location: string, clusterName: string): string {
  return `${location}.${clusterName}`;
}

/** The service agent of Binary Authorization in a project. Source: https://docs.cloud.google.com/iam/docs/service-agents */
export function binaryAuthorizationAgent(projectNumber: string): string {
  return `serviceAccount:service-${projectNumber}@gcp-sa-binaryauthorization.iam.gserviceaccount.com`;
}

export function serviceAccountEmail(accountId: string, project: string): string {
  // A domain-scoped project turns around in the host: `example.com:app` is `app.example.com`.
  const [name, domain] = project.split(":").reverse();
  return `${accountId}@${domain ? `${name}.${domain}` : name}.iam.gserviceaccount.com`;
}
