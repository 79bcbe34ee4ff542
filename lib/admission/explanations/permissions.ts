import type { Certainty, KnownMessage, Look, Wording } from "./types";

/** One permission of the chain, and the role that carries it where it is needed. */
export interface NeededPermission {
  readonly permission: string;
  readonly role: string;
  /** The resource that the role is granted on. */
  readonly on: string;
  /** What fails without it. */
  readonly why: string;
  /** How well Google's usual sentence is known for this permission. */
  readonly certainty: Certainty;
  readonly source: string;
  /** Which role that sounds like it is not enough. */
  readonly beware?: string;
  /** Further steps. */
  readonly more?: readonly string[];
  readonly look: readonly Look[];
  readonly see: readonly string[];
}

const KEY_IAM: Look = {
  shows: "who holds which role on the key",
  command: "gcloud kms keys get-iam-policy {key}",
};
const ATTESTOR_IAM: Look = {
  shows: "who holds which role on the attestor",
  command: "gcloud container binauthz attestors get-iam-policy {attestor}",
};
const PROJECT_IAM: Look = {
  shows: "who holds which role on the project",
  command:
    "gcloud projects get-iam-policy {project} --flatten='bindings[]' --format='table(bindings.role,bindings.members)'",
};
const SIGN_DOC = "docs/troubleshooting.md#permission-denied-on-cloud-kms";
const INFERRED = "Google's usual sentence, seen for other permissions";
const BUILD_RUNS_AS =
  "In a build: let it run as the account that has the grant. A trigger names it in full: `projects/P/serviceAccounts/EMAIL`.";

/** Every permission whose absence is explained. */
export const PERMISSIONS: readonly NeededPermission[] = [
  {
    permission: "cloudkms.cryptoKeyVersions.useToSign",
    role: "roles/cloudkms.signer",
    on: "the key",
    why: "Signing is refused: the account may not use the key.",
    certainty: "logged",
    source: "sigstore/root-signing-staging#22",
    beware: "`roles/cloudkms.admin` does not carry it.",
    more: [BUILD_RUNS_AS],
    look: [KEY_IAM],
    see: [SIGN_DOC],
  },
  {
    permission: "cloudkms.cryptoKeyVersions.viewPublicKey",
    role: "roles/cloudkms.publicKeyViewer",
    on: "the key",
    why: "The public key cannot be read. gcloud reads it before it signs, and a Terraform plan of an attestor reads it too.",
    certainty: "logged",
    source: "google/exposure-notifications-verification-server#1703",
    beware: "`roles/cloudkms.signer` and `roles/cloudkms.admin` do not carry it.",
    more: ["In a plan the PEM can be pinned in the program instead; then nothing is read.", BUILD_RUNS_AS],
    look: [KEY_IAM],
    see: [SIGN_DOC],
  },
  {
    permission: "containeranalysis.notes.attachOccurrence",
    role: "roles/containeranalysis.notes.attacher",
    on: "the attestor's note",
    why: "The attestation may not be attached to the note. A role on the project of the attestations does not help: this one is asked of the note.",
    certainty: "inferred",
    source: INFERRED,
    more: [BUILD_RUNS_AS],
    look: [],
    see: ["docs/signer-pipeline.md"],
  },
  {
    permission: "containeranalysis.occurrences.create",
    role: "roles/containeranalysis.occurrences.editor",
    on: "the project that attestations are stored in, the one of `--project`",
    why: "The attestation may not be stored.",
    certainty: "inferred",
    source: INFERRED,
    more: ["A custom role with this one permission is enough for an account that only signs.", BUILD_RUNS_AS],
    look: [PROJECT_IAM],
    see: ["docs/signer-pipeline.md"],
  },
  {
    permission: "containeranalysis.notes.listOccurrences",
    role: "roles/containeranalysis.notes.occurrences.viewer",
    on: "the attestor's note",
    why: "The attestations of the note may not be listed. The sign step lists before it signs; the cluster project's service agent lists when a pod is admitted.",
    certainty: "inferred",
    source: INFERRED,
    look: [],
    see: ["docs/stacks.md#verifying-across-projects"],
  },
  {
    permission: "containeranalysis.notes.create",
    role: "roles/containeranalysis.notes.editor",
    on: "the attestor's project",
    why: "The note of an attestor may not be made by whoever applies.",
    certainty: "inferred",
    source: INFERRED,
    look: [PROJECT_IAM],
    see: ["docs/attestor.md"],
  },
  {
    permission: "binaryauthorization.attestors.get",
    role: "roles/binaryauthorization.attestorsViewer",
    on: "the attestor",
    why: "The attestor may not be read. gcloud reads it before it signs; whoever changes a policy has to be able to read every attestor in it.",
    certainty: "inferred",
    source: INFERRED,
    look: [ATTESTOR_IAM],
    see: ["docs/troubleshooting.md#the-attestor-is-not-found"],
  },
  {
    permission: "binaryauthorization.attestors.verifyImageAttested",
    role: "roles/binaryauthorization.attestorsVerifier",
    on: "the attestor",
    why: "The attestor may not be asked whether an attestation verifies. `--validate` does, and the cluster project's service agent does.",
    certainty: "inferred",
    source: INFERRED,
    beware: "`roles/binaryauthorization.attestorsViewer` does not carry it.",
    look: [ATTESTOR_IAM],
    see: ["docs/stacks.md#verifying-across-projects"],
  },
  {
    permission: "binaryauthorization.attestors.create",
    role: "roles/binaryauthorization.attestorsEditor",
    on: "the attestor's project",
    why: "An attestor may not be made by whoever applies.",
    certainty: "inferred",
    source: INFERRED,
    look: [PROJECT_IAM],
    see: ["docs/attestor.md"],
  },
  {
    permission: "binaryauthorization.attestors.update",
    role: "roles/binaryauthorization.attestorsEditor",
    on: "the attestor, or its project",
    why: "The attestor's keys may not be changed by whoever applies.",
    certainty: "inferred",
    source: INFERRED,
    look: [ATTESTOR_IAM],
    see: ["docs/rotation.md"],
  },
  {
    permission: "binaryauthorization.policy.get",
    role: "roles/binaryauthorization.policyViewer",
    on: "the project of the policy",
    why: "The policy may not be read.",
    certainty: "inferred",
    source: INFERRED,
    look: [PROJECT_IAM],
    see: ["docs/admission-policy.md"],
  },
  {
    permission: "binaryauthorization.policy.update",
    role: "roles/binaryauthorization.policyEditor",
    on: "the project of the policy",
    why: "The policy may not be changed.",
    certainty: "inferred",
    source: INFERRED,
    more: ["Whoever changes it also needs `roles/binaryauthorization.attestorsViewer` for every attestor in it."],
    look: [PROJECT_IAM],
    see: ["docs/admission-policy.md"],
  },
  {
    permission: "iam.serviceAccounts.actAs",
    role: "roles/iam.serviceAccountUser",
    on: "the service account of the build",
    why: "A trigger or build names a service account, and whoever makes or runs it may not act as that account.",
    certainty: "inferred",
    source: INFERRED,
    look: [],
    see: ["docs/signer-pipeline.md"],
  },
];

/** The permissions as entries of the table. */
export const PERMISSION_MESSAGES: readonly KnownMessage[] = PERMISSIONS.map((needed) => ({
  id: `permission-${needed.permission.replace(/[.]/g, "-")}`,
  title: `${needed.permission} is missing`,
  wordings: wordings(needed),
  meaning: `${needed.why} What is missing is \`${needed.permission}\`, asked of {resource}. Google says the same where the resource does not exist.`,
  mend: [
    `Grant \`${needed.role}\` on ${needed.on} to the account that made the call.${needed.beware === undefined ? "" : ` ${needed.beware}`}`,
    ...(needed.more ?? []),
    "Look whether the name in the message is the right one, and exists.",
    "If the grant was made a moment ago: IAM needs some minutes.",
  ],
  look: needed.look,
  see: needed.see,
}));

function wordings({ permission, certainty, source }: NeededPermission): Wording[] {
  const grafeas: Pick<Wording, "certainty" | "source"> =
    permission === "containeranalysis.notes.create"
      ? { certainty: "logged", source: "hashicorp/terraform-provider-google#14929" }
      : {
          certainty: "inferred",
          source: "the sentence about containeranalysis.notes.create in hashicorp/terraform-provider-google#14929",
        };
  return [
    { text: `Permission '${permission}' denied on resource '{resource}'`, certainty, source },
    { text: `permission "${permission}" denied for project "{project}", entity ID "{entity}"`, ...grafeas },
    { text: `Permission '${permission}' denied`, certainty: "inferred", source: INFERRED },
    { text: `Permission "${permission}" denied`, certainty: "inferred", source: INFERRED },
    { text: `Required "${permission}" permission`, certainty: "inferred", source: INFERRED },
    { text: `Required '${permission}' permission`, certainty: "inferred", source: INFERRED },
  ];
}
