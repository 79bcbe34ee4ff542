/** What stands in messages in the place of a name. */
interface ValueForm {
  /**
   * A regular expression without groups. Every repetition has an upper bound and ends before the characters that can follow
   * it, so that a hostile text costs no more than its length: a test holds this.
   */
  readonly pattern?: string;
  /** What a sentence says where the message does not have it. */
  readonly word: string;
  /** What a command says where the message does not have it. */
  readonly placeholder: string;
}

const SEGMENT = "[^\\s/'\"`]{1,100}";
/** The full name of a key, as a regular expression. */
export const KEY = `projects/${SEGMENT}/locations/${SEGMENT}/keyRings/${SEGMENT}/cryptoKeys/${SEGMENT}`;

/** The names that messages have in braces; those without a pattern are taken from others. */
export const VALUES = {
  image: { pattern: "[^\\s'\"`]{1,1024}", word: "the image", placeholder: "IMAGE" },
  attestor: {
    pattern: `projects/${SEGMENT}/attestors/[^\\s/:'"\`\\]]{1,100}`,
    word: "the attestor",
    placeholder: "ATTESTOR",
  },
  attestorProject: { word: "the attestor's project", placeholder: "ATTESTOR_PROJECT" },
  cluster: {
    pattern: "[^\\s.'\"`]{1,100}\\.[^\\s.'\"`]{1,100}",
    word: "this cluster",
    placeholder: "LOCATION.NAME",
  },
  revision: { pattern: "[^\\s'\"`]{1,100}", word: "the revision", placeholder: "REVISION" },
  key: { word: "the key", placeholder: "KEY" },
  keyVersion: {
    pattern: `${KEY}/cryptoKeyVersions/[0-9]{1,10}`,
    word: "the key version",
    placeholder: "KEY_VERSION",
  },
  keyId: { pattern: "[^\\s'\"`\\]]{1,500}", word: "the key's id", placeholder: "KEY_ID" },
  resource: { pattern: "[^\\s'\"`]{1,500}", word: "the resource", placeholder: "RESOURCE" },
  project: { pattern: "[^\\s'\"`\\]]{1,100}", word: "the project", placeholder: "PROJECT" },
  entity: { pattern: "[^\\s'\"`]{0,200}", word: "the resource", placeholder: "ENTITY" },
  permission: { pattern: "[A-Za-z.]{1,100}", word: "a permission", placeholder: "PERMISSION" },
  service: { pattern: "[a-z0-9.-]{1,100}\\.googleapis\\.com", word: "the API", placeholder: "SERVICE" },
  occurrence: { pattern: "[^\\s'\"`]{1,100}", word: "an attestation", placeholder: "OCCURRENCE" },
  denialReason: { pattern: "[^()`]{1,300}", word: "no reason", placeholder: "REASON" },
  algorithm: { pattern: "[A-Za-z0-9_]{1,60}", word: "the algorithm", placeholder: "ALGORITHM" },
  found: { pattern: "[^'\"`]{0,200}", word: "something else", placeholder: "FOUND" },
  address: { pattern: "[^\\s`]{1,500}", word: "the resource", placeholder: "ADDRESS" },
  label: { pattern: "[^\\s'\"`.]{1,200}", word: "the resource", placeholder: "LABEL" },
  name: { pattern: "[^\\s'\"`,]{1,500}", word: "the name", placeholder: "NAME" },
  number: { pattern: "[0-9]{1,10}", word: "the number", placeholder: "NUMBER" },
  version: { pattern: '[^\\s"`]{1,100}', word: "the version", placeholder: "VERSION" },
  location: { pattern: "[^\\s'\"`]{1,60}", word: "the location", placeholder: "LOCATION" },
  clusterName: { pattern: "[^\\s'\"`]{1,100}", word: "the cluster", placeholder: "CLUSTER" },
  attestors: { pattern: "[^`'\"]{1,2000}", word: "the attestors", placeholder: "ATTESTORS" },
} as const satisfies Readonly<Record<string, ValueForm>>;

/** The name of a value: `image`, `attestor`, … */
export type ValueName = keyof typeof VALUES;

/** What was found in a message, or follows from it. */
export type Values = Readonly<Partial<Record<ValueName, string>>>;

/** The name inside braces, in wordings, prose and commands. */
export const IN_BRACES = /\{([a-zA-Z]{1,40})\}/;
