import type { KnownMessage, Look, Wording } from "./types";

const GCLOUD = "gcloud 528, run against a stand-in for the API";
const STEP = "the sign step of this library";
const SIGN_DOC = "docs/signer-pipeline.md";
const CONFLICT_DOC = "docs/troubleshooting.md#the-sign-step-speaks-of-a-conflict";
const LIST: Look = {
  shows: "the attestations of the digest, with the id of the key that made each",
  command:
    "gcloud container binauthz attestations list --attestor={attestor} --artifact-url={image} --flatten='attestation.signatures[]' --format='csv[no-heading](name,attestation.signatures.publicKeyId,resourceUri)'",
};
const DESCRIBE: Look = {
  shows: "the keys that the attestor trusts, with their ids",
  command: "gcloud container binauthz attestors describe {attestor}",
};
const VERSION: Look = {
  shows: "the state of the key version",
  command: "gcloud kms keys versions describe {keyVersion}",
};

const tool = (text: string): Wording => ({ text, certainty: "tool", source: GCLOUD });
const own = (text: string): Wording => ({ text, certainty: "own", source: STEP });

/** A key version that cannot be used, by state. */
function state(name: string, wording: Pick<Wording, "certainty" | "source">): Wording[] {
  return [
    { text: `{keyVersion} is not enabled, current state is: ${name}`, ...wording },
    {
      text: `is not enabled, current state is: ${name}`,
      certainty: "inferred",
      source: "the same text with the name cut off or changed",
    },
  ];
}

/** What goes wrong between a pushed image and a stored attestation. */
export const SIGNING: readonly KnownMessage[] = [
  {
    id: "key-version-disabled",
    title: "The key version is disabled",
    wordings: state("DISABLED", { certainty: "logged", source: "a guide to Cloud KMS that shows gcloud's output" }),
    meaning:
      "{keyVersion} exists and is switched off: it neither signs nor gives its public key away. Attestations that it made are verified all the same, as long as the attestor has its public key.",
    mend: [
      "If it was disabled on purpose, by a rotation or in an emergency: sign with the version that signs now, and leave this one alone.",
      "If it was a mistake: enable it.",
      "In a Terraform plan: pin the version's PEM in the program, or declare the version retired. A disabled version has no public key to read.",
    ],
    look: [VERSION, { shows: "(enables it)", command: "gcloud kms keys versions enable {keyVersion}" }],
    see: ["docs/troubleshooting.md#permission-denied-on-cloud-kms", "docs/rotation.md"],
  },
  {
    id: "key-version-destroyed",
    title: "The key version is destroyed",
    wordings: state("DESTROYED", {
      certainty: "official",
      source: "Google's page on application-layer secrets encryption of GKE",
    }),
    meaning:
      "{keyVersion} is gone for good and signs nothing any more. Attestations that it made are verified all the same, as long as the attestor has its public key.",
    mend: [
      "Add a new version, add its public key to the attestor, and sign with it.",
      "Do not remove the old public key from the attestor before every running image is signed by the new version.",
      "In a Terraform plan: declare the version destroyed, with its number. A data source cannot read it.",
    ],
    look: [VERSION],
    see: ["docs/rotation.md"],
  },
  {
    id: "key-version-destroy-scheduled",
    title: "The key version is about to be destroyed",
    wordings: state("DESTROY_SCHEDULED", { certainty: "inferred", source: "the same text about other states" }),
    meaning:
      "{keyVersion} is scheduled for destruction: it signs nothing any more, and until the date that Cloud KMS names it can be restored. Somebody destroyed it, or destroyed its key with Terraform, which schedules every version.",
    mend: [
      "If it was a mistake: restore it before that date, then enable it. A restored version is disabled.",
      "If it was meant: sign with another version, and keep the old public key on the attestor until no running image needs it.",
      "Find out who did it: a key that is scheduled for destruction without a plan is an incident.",
    ],
    look: [VERSION, { shows: "(restores it)", command: "gcloud kms keys versions restore {keyVersion}" }],
    see: ["docs/compromise.md", "docs/teardown.md"],
  },
  {
    id: "key-version-pending",
    title: "The key version is still being made",
    wordings: state("PENDING_GENERATION", {
      certainty: "inferred",
      source: "the same text about other states, and a test of another project",
    }),
    meaning: "{keyVersion} is not ready yet: keys in an HSM take some seconds to be made.",
    mend: ["Wait a minute and try again."],
    look: [VERSION],
    see: ["docs/trust-root.md"],
  },
  {
    id: "key-version-not-found",
    title: "The key version does not exist",
    wordings: [
      { text: "CryptoKeyVersion {keyVersion} not found", certainty: "inferred", source: "Google's usual sentence" },
      { text: "{keyVersion} not found", certainty: "inferred", source: "Google's usual sentence" },
    ],
    meaning: "Cloud KMS has no {keyVersion}: project, location, ring, key or number is another one.",
    mend: ["Compare the name with the list, location included: a ring of `global` is not one of a region."],
    look: [{ shows: "the versions of the key", command: "gcloud kms keys versions list --key={key}" }],
    see: ["docs/trust-root.md"],
  },
  {
    id: "attestation-not-verifiable",
    title: "The attestor does not accept the attestation",
    wordings: [
      tool("Attestation could not be validated! ({denialReason})"),
      {
        text: "ATTESTATION_NOT_VERIFIABLE",
        certainty: "official",
        source: "the API reference, as a result of validateAttestationOccurrence",
      },
    ],
    meaning:
      "The attestation was held against the attestor before it was stored, and no key of the attestor verifies it. The service gave this reason: {denialReason}. Unattended, gcloud answers its own question with yes, uploads the attestation all the same, and ends with 0.",
    mend: [
      "Compare the key that signs with the attestor's keys: id, letter for letter, and algorithm.",
      "Give gcloud the id that the attestor has: `--public-key-id-override=//cloudkms.googleapis.com/v1/KEY_VERSION`.",
      "Look whether the bad attestation was stored. If so, delete it.",
      "Let gcloud ask, and answer no, as the sign step of the pipeline does; without that a build that signs nothing of use is green.",
    ],
    look: [DESCRIBE, LIST],
    see: [SIGN_DOC],
  },
  {
    id: "key-id-not-on-attestor",
    title: "The attestor does not have the signing key",
    wordings: [tool("No public key with ID [{keyId}] found on attestor [{attestor}]")],
    meaning:
      "gcloud was about to sign with the key {keyId}, and {attestor} has no key of exactly that id: nothing that is signed like this is ever accepted. It is a warning only: unattended, gcloud goes on, uploads the attestation and ends with 0.",
    mend: [
      "Compare the id with those of the attestor. A key that was added with another id, or with an overridden endpoint, needs `--public-key-id-override` with the id that the attestor has.",
      "If the version is new: add its public key to the attestor first, then sign with it.",
      "Use `--validate`, and let gcloud ask, as the sign step of the pipeline does.",
    ],
    look: [DESCRIBE],
    see: [SIGN_DOC, "docs/rotation.md"],
  },
  {
    id: "occurrence-exists",
    title: "There is an attestation already",
    wordings: [
      {
        text: 'Resource in project [{project}] is the subject of a conflict: occurrence ID "{occurrence}" already exists',
        certainty: "logged",
        source: "GoogleCloudPlatform/gke-binary-auth-tools#4",
      },
      tool(
        'Resource in projects [{project}] is the subject of a conflict: occurrence ID "{occurrence}" already exists',
      ),
      {
        text: 'occurrence ID "{occurrence}" already exists',
        certainty: "logged",
        source: "GoogleCloudPlatform/gke-binary-auth-tools#4, without gcloud's words",
      },
    ],
    meaning:
      "Container Analysis has {occurrence} for this image on this note, and takes no second one. It is an attestation of an earlier run, by another key, or one that does not verify.",
    mend: [
      "Look at it before anything else. If it is by the version that signs now and verifies, the image is signed: a repeated build does this, and nothing is wrong.",
      "If it is by an older version, or does not verify: delete it and sign at once. gcloud has no command for that, the API has `projects.occurrences.delete`. Between the two, pods of that image cannot start.",
      "Never end such a step with `|| true`: it hides attestations that do not verify.",
    ],
    look: [
      LIST,
      {
        shows: "the attestation itself",
        command:
          'curl --fail --header "Authorization: Bearer $(gcloud auth print-access-token)" https://containeranalysis.googleapis.com/v1/projects/{project}/occurrences/{occurrence}',
      },
    ],
    see: [CONFLICT_DOC],
  },
  {
    id: "sign-tag-instead-of-digest",
    title: "A tag cannot be signed",
    wordings: [tool("Docker image name must be fully qualified (e.g.registry/repository@digest) saw: {image}")],
    meaning: "{image} has no digest. What is signed is a digest: a tag may mean another image tomorrow.",
    mend: [
      "Give `--artifact-url` the digest that the push of this build got back: `REPOSITORY@sha256:…`.",
      "Do not ask the registry afterwards what the tag means: by then it may mean another image.",
    ],
    look: [],
    see: [SIGN_DOC],
  },
  {
    id: "sign-digest-malformed",
    title: "The digest is no digest",
    wordings: [
      tool("Invalid digest: {name}, must be at least 71 characters"),
      tool("Invalid digest: {name}, must be at most 71 characters"),
    ],
    meaning: "{name} is not `sha256:` and 64 hexadecimal digits: it was cut, or something else was put in its place.",
    mend: [
      "Take the digest from the push. `docker images --no-trunc` prints the id of the image, which is another thing.",
    ],
    look: [],
    see: [SIGN_DOC],
  },
  {
    id: "sign-image-without-registry",
    title: "The image is named without a registry",
    wordings: [
      tool("A Docker registry domain must be specified"),
      tool("Image URL '{image}' is invalid because it does not have a host component"),
    ],
    meaning:
      "gcloud signs full names only: {image} has to begin with the host of its registry. `localhost` with a port is taken for a scheme, and does not work either.",
    mend: ["Write the whole name, with the digest: `docker.io/library/nginx@sha256:…` for `nginx`."],
    look: [],
    see: [SIGN_DOC],
  },
  {
    id: "sign-repository-malformed",
    title: "The repository's name has a character that it cannot have",
    wordings: [
      tool("Invalid repository: {name}, acceptable characters include: abcdefghijklmnopqrstuvwxyz0123456789_-./"),
    ],
    meaning: "{name} has a letter in upper case, or another character that no repository has.",
    mend: [
      "Write the name as the registry has it, in lower case. A variable that was not replaced looks like this too.",
    ],
    look: [],
    see: [SIGN_DOC],
  },
  {
    id: "sign-and-create-not-ga",
    title: "The command is in beta only",
    wordings: [tool("Invalid choice: 'sign-and-create'")],
    meaning: "`sign-and-create` is part of `gcloud beta` (and `gcloud alpha`) only, whatever some pages show.",
    mend: [
      "Write `gcloud beta container binauthz attestations sign-and-create`.",
      "In a build, take an image whose gcloud has the beta commands: the Debian ones of `google-cloud-cli` do, the alpine one does not.",
    ],
    look: [],
    see: [SIGN_DOC],
  },
  {
    id: "algorithm-unsupported",
    title: "Binary Authorization does not verify this algorithm",
    wordings: [tool('Unsupported PkixPublicKey signature algorithm: "{algorithm}"')],
    meaning:
      "{algorithm} is an algorithm of Cloud KMS that Binary Authorization, or this gcloud, does not take: it verifies ECDSA on P-256, P-384 and P-521, and RSA with `PKCS#1` v1.5 or PSS. Ed25519, secp256k1 and the post-quantum ones are not among them.",
    mend: ["Make a key with `EC_SIGN_P256_SHA256`. The algorithm of a version cannot be changed."],
    look: [],
    see: ["docs/trust-root.md"],
  },
  {
    id: "attestor-key-exists",
    title: "The attestor has this key already",
    wordings: [
      tool("Public key with ID [{keyId}] already present on attestor [{attestor}]"),
      tool("Provided public key already present on attestor [{attestor}]"),
    ],
    meaning: "{attestor} has a key of this id, or this key. Nothing was changed.",
    mend: ["If the key under that id is another one: remove it first, but only when no running image needs it."],
    look: [DESCRIBE],
    see: ["docs/attestor.md"],
  },
  {
    id: "attestor-key-missing",
    title: "The attestor does not have this key",
    wordings: [tool("No matching public key found on attestor [{attestor}]")],
    meaning: "{attestor} has no key of the id that was to be removed or changed. Nothing was changed.",
    mend: ["Copy the id from the list of the attestor's keys, letter for letter."],
    look: [DESCRIBE],
    see: ["docs/attestor.md"],
  },
  {
    id: "gcloud-not-found",
    title: "Something that the command names does not exist",
    wordings: [
      "alpha.container.binauthz.attestations.sign-and-create",
      "beta.container.binauthz.attestations.sign-and-create",
      "container.binauthz.attestations.create",
      "container.binauthz.attestations.list",
      "container.binauthz.attestors.describe",
      "container.binauthz.attestors.public-keys.add",
      "container.binauthz.policy.import",
    ].map((command) => ({
      text: `(gcloud.${command}) NOT_FOUND: Requested entity was not found`,
      certainty: "inferred" as const,
      source: "gcloud's words are from a run, Google's own from other services",
    })),
    meaning:
      "The command names something that does not exist: mostly the attestor, because it is in another project or not made yet. The message does not say which.",
    mend: [
      "Give the attestor with its project: `projects/P/attestors/N`. A short name is looked for in the project of the command.",
      "If it is to be made by Terraform: apply that first. `built-by-cloud-build` exists after the first build of an image in its project.",
      "Then look at the key version and, for a note, at the note's project.",
    ],
    look: [
      {
        shows: "the attestors of the project",
        command: "gcloud container binauthz attestors list --project={attestorProject}",
      },
    ],
    see: ["docs/troubleshooting.md#the-attestor-is-not-found"],
  },
  {
    id: "build-service-account-logs",
    title: "A build with an account of its own has to say where it logs",
    wordings: [
      {
        text: "if 'build.service_account' is specified, the build must either (a) specify 'build.logs_bucket'",
        certainty: "logged",
        source: "cert-manager/cert-manager#8851",
      },
    ],
    meaning:
      "The build runs as a service account of yours, and Cloud Build's own bucket for logs is closed to it. The build did not start.",
    mend: ["Set `options.logging` to `CLOUD_LOGGING_ONLY`, and grant the account `roles/logging.logWriter`."],
    look: [],
    see: [SIGN_DOC],
  },
  {
    id: "build-empty-tag",
    title: "The build has no tag for its image",
    wordings: [own("build: the tag is empty; a trigger without a commit has no COMMIT_SHA")],
    meaning:
      "The tag comes from a substitution that this build does not have: a build that is started by hand has no commit.",
    mend: ["Start the build from a commit, or give the trigger a tag that it always has."],
    look: [],
    see: [SIGN_DOC],
  },
  {
    id: "push-digest-unclear",
    title: "It is not clear which digest was pushed",
    wordings: [
      own("push: expected one digest of {image}, got: {name}"),
      own("push: expected one digest of {image}, got:"),
    ],
    meaning:
      "After the push, docker does not name exactly one digest of {image}, so nothing was signed: the step would have to guess.",
    mend: [
      "If it says none: the push went to another repository than the one that is named, or did not happen.",
      "If it names several: an earlier step pushed the same tag of this build too. Push it once.",
    ],
    look: [],
    see: [SIGN_DOC],
  },
  {
    id: "sign-no-digest",
    title: "The sign step got no digest",
    wordings: [own("sign: no digest of a pushed image, got '{found}'")],
    meaning: "The push step hands a digest over in a file, and what is in it is {found}. Nothing was signed.",
    mend: [
      "Look at the log of the push step before: it names the digest in its last line. A step between the two may have written to the file.",
    ],
    look: [],
    see: [SIGN_DOC],
  },
  {
    id: "sign-no-gcloud",
    title: "gcloud does not work in the sign step",
    wordings: [own("sign: gcloud has no configuration")],
    meaning: "`gcloud config get-value` failed in the image of the sign step. Nothing was signed.",
    mend: ["Use an image of `google-cloud-cli` as `signerImage`, and do not mount another home folder into it."],
    look: [],
    see: [SIGN_DOC],
  },
  {
    id: "sign-list-failed",
    title: "The attestations cannot be listed",
    wordings: [own("sign: the attestations of {image} cannot be listed")],
    meaning:
      "The sign step looks first whether {image} is signed already, and that failed: gcloud's own error is in the lines before. Nothing was signed, because an error is not the same as no attestation.",
    mend: [
      "Read the error before this line, and explain that one too.",
      "Often it is a missing `roles/containeranalysis.notes.occurrences.viewer` on the note, or `roles/binaryauthorization.attestorsVerifier` on the attestor.",
    ],
    look: [],
    see: [SIGN_DOC],
  },
  {
    id: "sign-validate-failed",
    title: "A stored attestation cannot be validated",
    wordings: [own("sign: an attestation of {image} cannot be validated:")],
    meaning:
      "There is an attestation of {image} by the signing version, and Binary Authorization could not be asked about it: what it answered is in the lines before or behind. It was not said that the attestation is bad.",
    mend: [
      "Grant the build's account `roles/binaryauthorization.attestorsVerifier` on the attestor if the answer is a 403.",
      "If it was a fault of the network or a 503: start the build again.",
    ],
    look: [],
    see: [SIGN_DOC],
  },
  {
    id: "sign-no-valid-attestation",
    title: "The image was not signed",
    wordings: [own("sign: {image} has no valid attestation by {keyVersion}")],
    meaning:
      "The sign step ended without an attestation of {image} by {keyVersion} that Binary Authorization calls valid, so it failed: the image must not be deployed where signatures are required.",
    mend: [
      "Read gcloud's own error in the lines before, and explain that one too.",
      "If it speaks of a conflict, an attestation by another key is in the way: look at it, delete it if it is not needed, and build again.",
      "If there is no error before: the attestor does not have this version, or has it under another id.",
    ],
    look: [LIST],
    see: [CONFLICT_DOC, "docs/rotation.md"],
  },
];
