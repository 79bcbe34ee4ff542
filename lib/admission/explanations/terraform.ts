import type { KnownMessage, Look, Wording } from "./types";

const TERRAFORM = "Terraform 1.11";
const PROVIDER = "the google provider 6.50";
const LIBRARY = "a check that this library writes";
const CHECK_DOC = "docs/troubleshooting.md#a-postcondition-failed";

const own = (text: string): Wording => ({ text, certainty: "own", source: LIBRARY });
const terraform = (text: string): Wording => ({ text, certainty: "tool", source: TERRAFORM });
const provider = (text: string): Wording => ({ text, certainty: "tool", source: PROVIDER });

const SHOW: Look = { shows: "what the state has under this address", command: "terraform state show {address}" };
const VERSIONS: Look = {
  shows: "the versions of the key with number and algorithm",
  command: "gcloud kms keys versions list --key={key} --format='table(name,state,algorithm)'",
};

const PREVENT = "has lifecycle.prevent_destroy set, but the plan calls for this resource to be destroyed";
const MEANT = [
  "Look why the plan destroys it: a renamed or moved construct, a changed name or project, or a removed line. Put that back if it was not meant.",
  "If it only moves to another stack or program: let the first one release it, and the second one adopt it.",
];

/** One guarded resource. */
function guarded(id: string, type: string, title: string, happens: string, certain: string): KnownMessage {
  return {
    id: `prevent-destroy-${id}`,
    title,
    wordings: [terraform(`Resource ${type}.{label} ${PREVENT}`)],
    meaning: `The plan destroys \`${type}\` {label}, and the guard stopped it. Nothing was changed. ${happens}`,
    mend: [...MEANT, certain],
    look: [],
    see: ["docs/teardown.md"],
  };
}

const OFF =
  "If it is to go all the same: set `deletionProtection: false` first, apply, and read what the page on teardown says about it.";

/** A write that the API refused; what the provider says about it is sure, what follows is the API's own. */
function refusedWrite(texts: readonly string[], status: string): Wording[] {
  return texts.map((text) => provider(`${text} googleapi: Error ${status}:`));
}

const POLICY_WRITES = ["Error creating Policy:", 'Error updating Policy "{name}":'];
const ATTESTOR_WRITES = ["Error creating Attestor:", 'Error updating Attestor "{name}":'];
const POLICY: Look = {
  shows: "the policy as it is live",
  command: "gcloud container binauthz policy export --project={project}",
};

/** What Terraform, the provider and the API say about the chain. */
export const TERRAFORM_MESSAGES: readonly KnownMessage[] = [
  {
    id: "check-version-number",
    title: "The key version got another number",
    wordings: [
      own('key version "{version}" of {name} is declared as number {number}, but Cloud KMS gave it another one'),
    ],
    meaning:
      "The program says that {version} of {name} is number {number}. Cloud KMS numbers versions itself, and a version that the program does not have came in between. Nothing else is built on the wrong number.",
    mend: [
      "Look the number up and correct it in the program: the address stays, nothing is replaced.",
      "Name the version in between too, as `trusted` or `retired`: somebody made it.",
    ],
    look: [{ ...VERSIONS, command: VERSIONS.command.replace("{key}", "{name}") }],
    see: ["docs/rotation.md#a-version-that-was-made-by-hand"],
  },
  {
    id: "check-version-algorithm",
    title: "The key version has another algorithm",
    wordings: [
      own('key version "{version}" of {name} is declared with algorithm {algorithm}, but was made with another one'),
    ],
    meaning:
      "The program declares {version} of {name} with {algorithm}. A version keeps the algorithm that the key's template had when it was made.",
    mend: ["Declare the algorithm that the version has.", "If another algorithm is wanted: add a version, and rotate."],
    look: [{ ...VERSIONS, command: VERSIONS.command.replace("{key}", "{name}") }],
    see: [CHECK_DOC, "docs/rotation.md"],
  },
  {
    id: "check-key-algorithm",
    title: "A key that is managed elsewhere has another algorithm",
    wordings: [own("{keyVersion} is declared with algorithm {algorithm}, but has another one")],
    meaning:
      "The program declares {keyVersion} with {algorithm}, and Cloud KMS says another. An attestor with the wrong algorithm would verify nothing.",
    mend: ["Declare the algorithm that the version has."],
    look: [VERSIONS],
    see: [CHECK_DOC],
  },
  {
    id: "check-stray-attestor",
    title: "The policy would go on trusting another attestor",
    wordings: [own("The policy of {project} would go on trusting {attestors}, which the program does not require")],
    meaning:
      "After this plan the policy of {project} would still require {attestors}, which the program does not name. An attestor moved to another project and kept its short name: the provider compares short names only and sends no change (hashicorp/terraform-provider-google, issue 14929).",
    mend: [
      "Apply once without the attestor, then with the new one; or give the new one another name.",
      "Or correct the live policy with `gcloud container binauthz policy import`, then apply.",
    ],
    look: [POLICY],
    see: [CHECK_DOC],
  },
  {
    id: "check-cluster-not-enforcing",
    title: "The cluster does not ask for the policy",
    wordings: [own("Cluster {clusterName} in {location} does not enforce the admission policy of {project}")],
    meaning:
      "{clusterName} in {location} runs any image, whatever the policy says about it: Binary Authorization is not switched on there. As a warning it does not stop the apply.",
    mend: [
      "Switch it on, with the command below or where the cluster is managed. Pods that run are not touched; new ones are held against the policy.",
      "Before that, let the rule run dry for some days, so that nothing is blocked by surprise.",
    ],
    look: [
      {
        shows: "the mode that the cluster is in",
        command:
          "gcloud container clusters describe {clusterName} --location={location} --project={project} --format='value(binaryAuthorization.evaluationMode)'",
      },
      {
        shows: "(switches it on)",
        command:
          "gcloud container clusters update {clusterName} --location={location} --project={project} --binauthz-evaluation-mode=PROJECT_SINGLETON_POLICY_ENFORCE",
      },
    ],
    see: ["docs/enforced-cluster.md#a-cluster-that-is-managed-elsewhere"],
  },
  guarded(
    "policy",
    "google_binary_authorization_policy",
    "The policy was to be destroyed",
    "Destroying the policy writes one that admits every image, in the whole project.",
    OFF,
  ),
  guarded(
    "attestor",
    "google_binary_authorization_attestor",
    "The attestor was to be destroyed",
    "Without it every image that needs its attestation is denied.",
    OFF,
  ),
  guarded(
    "note",
    "google_container_analysis_note",
    "The note was to be destroyed",
    "Every attestation is attached to the note: without it none counts, and nothing that needs one starts.",
    OFF,
  ),
  guarded(
    "key",
    "google_kms_crypto_key",
    "The key was to be destroyed",
    "Destroying a key schedules all of its versions for destruction; the name cannot be used again.",
    OFF,
  ),
  guarded(
    "key-version",
    "google_kms_crypto_key_version",
    "A key version was to be destroyed",
    "A destroyed version signs nothing any more, and after some days it is gone for good.",
    "To retire a version, declare it retired or destroyed in the program, in the steps of a rotation.",
  ),
  {
    id: "prevent-destroy",
    title: "A guarded resource was to be destroyed",
    wordings: [terraform(`Resource {address} ${PREVENT}`)],
    meaning: "The plan destroys {address}, and its guard stopped that. Nothing was changed.",
    mend: [...MEANT, OFF],
    look: [SHOW],
    see: ["docs/teardown.md"],
  },
  {
    id: "cluster-deletion-protection",
    title: "The cluster is protected against deletion",
    wordings: [provider("Cannot destroy cluster because deletion_protection is set to true")],
    meaning:
      "The plan deletes or replaces a cluster, and the provider refuses while its `deletion_protection` is set. The cluster is as it was.",
    mend: [
      "Look why it is to be replaced: a changed name, location or network does that.",
      "If it is to go: set `deletion_protection` to false, apply, then delete it.",
    ],
    look: [],
    see: ["docs/teardown.md"],
  },
  {
    id: "import-not-found",
    title: "What was to be adopted is not there",
    wordings: [
      terraform(
        'While attempting to import an existing object to "{address}", the provider detected that no object exists with the given id',
      ),
      terraform("Cannot import non-existent remote object"),
    ],
    meaning:
      "The program says that {address} exists and is to be adopted, and Google has nothing of that name. Nothing was changed.",
    mend: [
      "For a version that was added later to an adopted key: `adopt: false` on that version.",
      "For a ring or a note in another project or of another name: `createKeyRing: false`, `noteName`, `noteId`.",
      "For the policy: enable the API first, or take `ExistingPolicy.REPLACE` for a new project.",
    ],
    look: [],
    see: ["docs/troubleshooting.md#cannot-import-non-existent-remote-object"],
  },
  {
    id: "policy-write-refused",
    title: "The API does not take the policy",
    wordings: [...refusedWrite(POLICY_WRITES, "400"), ...refusedWrite(POLICY_WRITES, "404")],
    meaning:
      "The policy was not changed. The API refuses one that requires an attestor which does not exist or cannot be read by whoever applies, requires attestations without naming an attestor, has rules of two kinds, or has an exempt image with a wildcard that is not at the end. Its own words are behind the error number.",
    mend: [
      "Look whether every attestor of the policy exists under its full name, `projects/P/attestors/N`; apply its program first. `built-by-cloud-build` exists after the first build of an image.",
      "Grant whoever applies `roles/binaryauthorization.attestorsViewer` in the projects of the attestors.",
    ],
    look: [
      { shows: "whether an attestor is there", command: "gcloud container binauthz attestors describe {attestor}" },
    ],
    see: ["docs/troubleshooting.md#the-attestor-is-not-found", "docs/admission-policy.md"],
  },
  {
    id: "policy-write-forbidden",
    title: "The policy may not be changed by whoever applies",
    wordings: POLICY_WRITES.map((text) => ({
      text: `${text} googleapi: Error 403: The caller does not have permission`,
      certainty: "inferred" as const,
      source: "the provider's own words, with Google's usual sentence",
    })),
    meaning:
      "The policy was not changed: whoever applies may not write it, or may not read one of the attestors in it. The message does not say which.",
    mend: [
      "Grant `roles/binaryauthorization.policyEditor` on the project of the policy.",
      "Grant `roles/binaryauthorization.attestorsViewer` on every attestor of the policy, in its own project.",
    ],
    look: [],
    see: ["docs/troubleshooting.md#the-attestor-is-not-found"],
  },
  {
    id: "attestor-write-refused",
    title: "The API does not take the attestor",
    wordings: [...refusedWrite(ATTESTOR_WRITES, "400"), ...refusedWrite(ATTESTOR_WRITES, "404")],
    meaning:
      "The attestor was not changed. The API refuses one whose note does not exist, whose key and algorithm do not fit together, or whose key id is no URI. Its own words are behind the error number.",
    mend: [
      "Look whether the note exists under the name that is given, with its project: a short name is looked for in the attestor's project.",
      "Look whether the PEM is a public key of the declared algorithm.",
    ],
    look: [],
    see: ["docs/attestor.md"],
  },
  {
    id: "exists-already",
    title: "It exists already",
    wordings: [
      ...["Attestor", "Note"].map((what) => provider(`Error creating ${what}: googleapi: Error 409:`)),
      ...["KeyRing", "CryptoKey"].map((what) => ({
        text: `Error creating ${what}: googleapi: Error 409:`,
        certainty: "logged" as const,
        source: "hashicorp/terraform-provider-google#1214",
      })),
    ],
    meaning:
      "Terraform was about to make what Google has already. Key rings and keys are never deleted: those of an earlier attempt stay under their names.",
    mend: [
      "If it is the one that is meant: adopt it, with `adopt: true`.",
      "If it is not: take another name. For a key that was destroyed this is the only way.",
    ],
    look: [],
    see: ["docs/adoption.md"],
  },
  {
    id: "quota-project",
    title: "The API wants to know which project pays",
    wordings: [
      {
        text: "The {service} API requires a quota project, which is not set by default",
        certainty: "logged",
        source: "GoogleCloudPlatform/cloud-foundation-fabric#1702",
      },
    ],
    meaning:
      "{service} does not take the credentials of a person without a project whose quota is used. It is no missing role.",
    mend: [
      "In a program: `billingProject` and `userProjectOverride: true` on the google provider.",
      "Or impersonate a service account.",
      "On a laptop: set a quota project for the default credentials.",
    ],
    look: [
      { shows: "(sets the quota project)", command: "gcloud auth application-default set-quota-project {project}" },
    ],
    see: ["docs/troubleshooting.md#the-api-asks-for-a-quota-project"],
  },
  {
    id: "api-disabled",
    title: "The API is not enabled",
    wordings: [
      {
        text: "API has not been used in project {project} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/{service}/overview",
        certainty: "logged",
        source: "GoogleCloudPlatform/kms-integrations#53",
      },
      {
        text: "API has not been used in project {project} before or it is disabled",
        certainty: "logged",
        source: "GoogleCloudPlatform/kms-integrations#53",
      },
    ],
    meaning:
      "{service} is not enabled in {project}. That is the project that the call is counted in, which may be the one of the credentials and not the one of the resource.",
    mend: [
      "Enable it there. The chain needs Binary Authorization, Container Analysis and Cloud KMS, and for a pipeline Cloud Build and Artifact Registry.",
      "If it is the wrong project: set a quota project, or `billingProject` on the provider.",
      "If it was enabled a moment ago: wait some minutes.",
    ],
    look: [{ shows: "(enables it)", command: "gcloud services enable {service} --project={project}" }],
    see: ["docs/getting-started.md"],
  },
  {
    id: "quota-exceeded",
    title: "Too many calls",
    wordings: [
      {
        text: "Quota exceeded for quota metric '{found}' and limit '{name}' of service 'binaryauthorization.googleapis.com'",
        certainty: "inferred",
        source: "Google's usual sentence",
      },
    ],
    meaning:
      "Binary Authorization counts calls: 10 creations and 20 updates of attestors and policies a minute, 500 admissions a minute, by Google's page on quotas. The quota is {found}.",
    mend: ["Wait a minute and apply again: what was made stays. For many attestors lower Terraform's `-parallelism`."],
    look: [],
    see: ["docs/troubleshooting.md"],
  },
];
