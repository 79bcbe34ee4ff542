import {
  breakGlassOnCloudRun,
  breakGlassOnPods,
  breakGlassOnWorkloads,
  deniedOnCloudRun,
  deniedOnPods,
  dryRunOnCloudRun,
  dryRunViolation,
  enforcementOff,
  failOpen,
  foreignSignature,
  keyChanged,
  noteChanged,
  policyChanged,
} from "./alert-filters";

/** One alert: what it looks for, and what is said to whom it wakes. */
export interface AlertDefinition {
  /** The part of the address that tells it from the other alerts of a project. */
  readonly id: string;
  readonly displayName: string;
  readonly severity: "CRITICAL" | "ERROR" | "WARNING";
  readonly filter: string;
  /** The labels that a notification shows, each with the field it is taken from. */
  readonly labels: { readonly [name: string]: string };
  readonly happened: string;
  readonly steps: readonly string[];
}

const WHO = "protoPayload.authenticationInfo.principalEmail";
const CLUSTER = "resource.labels.cluster_name";
const SERVICE = "resource.labels.service_name";
const JOB = "resource.labels.job_name";
const RESOURCE = "protoPayload.resourceName";

const CLEAN_UP = [
  "Sign the image, or roll back to one that is signed.",
  "Deploy again without the label: every pod that still carries it skips Binary Authorization again when it is rescheduled.",
];

/** A group of alerts that is switched on and off as one. */
export type AlertGroup = "breakGlass" | "failOpen" | "denied" | "dryRunViolations" | "policyChanges" | "enforcementOff";

/** The alerts of every watched project. */
export const PROJECT_ALERTS: { readonly [group in AlertGroup]: readonly AlertDefinition[] } = {
  breakGlass: [
    {
      id: "break-glass-pods",
      displayName: "Binary Authorization: break-glass used on a pod",
      severity: "CRITICAL",
      filter: breakGlassOnPods(),
      labels: { cluster: CLUSTER, who: WHO },
      happened: "A pod carries the break-glass label and was admitted without a check.",
      steps: [
        "Find the person: for a pod of a controller it is in the alert on the workload, not here.",
        "Confirm with them and with the ticket that this was meant. If nobody knows of it, delete the workload.",
        ...CLEAN_UP,
        "List what still carries the label: kubectl get pods -A -l image-policy.k8s.io/break-glass",
      ],
    },
    {
      id: "break-glass-workloads",
      displayName: "Binary Authorization: break-glass label deployed",
      severity: "CRITICAL",
      filter: breakGlassOnWorkloads(),
      labels: { cluster: CLUSTER, who: WHO },
      happened: "Somebody deployed a workload whose pods carry the break-glass label.",
      steps: [
        "Ask the person named here for the ticket. For the account of a GitOps controller, look up who merged the change.",
        ...CLEAN_UP,
      ],
    },
    {
      id: "break-glass-cloud-run",
      displayName: "Binary Authorization: break-glass used on Cloud Run",
      severity: "CRITICAL",
      filter: breakGlassOnCloudRun(),
      labels: { service: SERVICE, job: JOB },
      happened: "A revision of Cloud Run was deployed, or a job executed, with a break-glass justification.",
      steps: [
        "Read the justification in the log entry and confirm it with whoever deployed the revision or changed the job.",
        "Sign the image and deploy again without a justification: the next ordinary deployment clears it.",
      ],
    },
  ],
  failOpen: [
    {
      id: "fail-open",
      displayName: "Binary Authorization: image admitted without an answer",
      severity: "CRITICAL",
      filter: failOpen(),
      labels: { cluster: CLUSTER },
      happened: "Binary Authorization did not answer in time, and GKE admitted the pod unchecked.",
      steps: [
        "Look at https://status.cloud.google.com and at the quota of the Binary Authorization API.",
        "Check the images that ran in since then, for example with binauthz admit, and delete what would have been refused.",
      ],
    },
  ],
  denied: [
    {
      id: "denied-pods",
      displayName: "Binary Authorization: pod refused",
      severity: "WARNING",
      filter: deniedOnPods(),
      labels: { cluster: CLUSTER },
      happened: "A pod was refused: its image has no valid attestation, or no rule allows it.",
      steps: [
        "Read the message in the log entry: it names the image and the attestor. binauthz explain says what mends it.",
        "If nobody knows the image, treat it as an attempt to run something foreign.",
      ],
    },
    {
      id: "denied-cloud-run",
      displayName: "Binary Authorization: Cloud Run revision refused",
      severity: "WARNING",
      filter: deniedOnCloudRun(),
      labels: { service: SERVICE, job: JOB },
      happened: "A revision of Cloud Run, or the execution of a job, was refused: its image has no valid attestation.",
      steps: [
        "For an image of several platforms Cloud Run asks for the attestation of the platform's own digest, not the index's.",
        "Sign that digest, or deploy an image that is signed.",
      ],
    },
  ],
  dryRunViolations: [
    {
      id: "dry-run",
      displayName: "Binary Authorization: dry run would have refused a pod",
      severity: "WARNING",
      filter: dryRunViolation(),
      labels: { cluster: CLUSTER },
      happened: "A pod was admitted only because its rule is in dry run. With enforcement it would have been refused.",
      steps: ["Sign the image, or exempt it with a reason, before the rule is enforced."],
    },
    {
      id: "dry-run-cloud-run",
      displayName: "Binary Authorization: dry run would have refused a Cloud Run revision",
      severity: "WARNING",
      filter: dryRunOnCloudRun(),
      labels: { service: SERVICE, job: JOB },
      happened:
        "A revision of Cloud Run was deployed, or a job executed, only because the default rule is in dry run. With enforcement it would have been refused.",
      steps: [
        "Sign the image, or exempt it with a reason, before the rule is enforced.",
        "For an image of several platforms Cloud Run asks for the attestation of the platform's own digest, not the index's.",
      ],
    },
  ],
  policyChanges: [
    {
      id: "policy-changed",
      displayName: "Binary Authorization: policy or attestor changed",
      severity: "ERROR",
      filter: policyChanged(),
      labels: { who: WHO, resource: RESOURCE },
      happened: "The policy, an attestor, or who may use an attestor, was changed, or somebody tried to.",
      steps: [
        "Compare the change with the plan that was reviewed. Terraform's own account is expected, anybody else is not.",
        "Bring the declared policy back with terraform apply, and find out how the person came to the role.",
      ],
    },
    {
      id: "note-changed",
      displayName: "Binary Authorization: note changed or opened",
      severity: "ERROR",
      filter: noteChanged(),
      labels: { who: WHO, resource: RESOURCE },
      happened: "A note that attestations are attached to, or who may attach to it, was changed, or somebody tried to.",
      steps: [
        "Compare the change with the plan that was reviewed. Terraform's own account is expected, anybody else is not.",
        "Whoever may attach to a note and holds a key of its attestor can make any image pass: take the right away.",
        "Where the note is gone, every attestation on it is gone: create it again, and sign again what runs.",
      ],
    },
  ],
  enforcementOff: [
    {
      id: "enforcement-off",
      displayName: "Binary Authorization: enforcement of a cluster switched off",
      severity: "CRITICAL",
      filter: enforcementOff(),
      labels: { who: WHO, resource: RESOURCE },
      happened:
        "A cluster no longer enforces the policy of its project, and runs any image; or somebody tried to switch that off: the status of the entry says which.",
      steps: [
        "Switch it on again: gcloud container clusters update NAME --location=LOCATION --binauthz-evaluation-mode=PROJECT_SINGLETON_POLICY_ENFORCE",
        "Check what was started in between: running pods are not checked again.",
      ],
    },
  ],
};

/** The alert on changes of a key. */
export function keyChangedAlert(cryptoKeyId: string): AlertDefinition {
  return {
    id: "key-changed",
    displayName: `Binary Authorization: signing key ${keyNameOf(cryptoKeyId)} changed`,
    severity: "ERROR",
    filter: keyChanged(cryptoKeyId),
    labels: { who: WHO, resource: RESOURCE },
    happened: `The key ${cryptoKeyId}, a version of it, or who may use it or its ring, was changed, or somebody tried to.`,
    steps: [
      "Compare the change with the plan that was reviewed.",
      "A version that is scheduled for destruction can be restored until its day: gcloud kms keys versions restore",
      "Where somebody was let in who should not sign, follow the runbook for a compromised signer.",
    ],
  };
}

/** The alert on signatures that none of the signers made. */
export function foreignSignatureAlert(cryptoKeyId: string, signers: readonly string[]): AlertDefinition {
  return {
    id: "foreign-signature",
    displayName: `Binary Authorization: foreign signature with ${keyNameOf(cryptoKeyId)}`,
    severity: "CRITICAL",
    filter: foreignSignature(cryptoKeyId, signers),
    labels: { who: WHO, resource: RESOURCE },
    happened: `Somebody else than ${signers.join(", ")} signed with ${cryptoKeyId}, or tried to.`,
    steps: [
      "Whatever was signed can run wherever the attestor is required. Find the attestations made since then.",
      "Take the right to sign away, and follow the runbook for a compromised signer.",
    ],
  };
}

function keyNameOf(cryptoKeyId: string): string {
  return cryptoKeyId.split("/").pop() ?? cryptoKeyId;
}
