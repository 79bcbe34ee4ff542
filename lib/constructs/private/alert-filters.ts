import {
  BREAK_GLASS,
  CLOUD_RUN_DENIED,
  CONTROLLERS,
  ENFORCING_MODES,
  FAILED_OPEN_LABELS,
  KEY_CHANGES,
  NOTE_CHANGES,
  OLD_BREAK_GLASS,
  OLD_WEBHOOK,
  POD_KINDS,
  POD_METADATA,
  POLICY_CHANGES,
  SIGNATURE,
  VIOLATES_POLICY,
  WEBHOOK,
  WEBHOOK_FAILED_OPEN,
} from "../../vocabulary/audit-log";

/**
 * The filters of the alerts, in the Logging query language.
 *
 * Source, unless another is named: https://docs.cloud.google.com/binary-authorization/docs/viewing-audit-logs. That page
 * looks for some labels by their name as a plain text. Whether such a text is looked for in the names of fields is not
 * documented, so the field itself stands beside it. No pattern has a backslash, which the language would read as well.
 */

// A webhook that fails open is noted by its place among those that were called: policy engines and meshes bring their own.
const WEBHOOK_PLACES = Array.from({ length: 32 }, (_, place) => place);

const quote = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
const anyOf = (parts: readonly string[]): string => `(${parts.join(" OR ")})`;
const lines = (...parts: readonly string[]): string => parts.join("\n");

const CLUSTER_ACTIVITY = lines('resource.type="k8s_cluster"', 'logName:"cloudaudit.googleapis.com%2Factivity"');

/** The head that the documented filters have in common. */
const PODS = lines(
  CLUSTER_ACTIVITY,
  '(protoPayload.methodName="io.k8s.core.v1.pods.create" OR protoPayload.methodName="io.k8s.core.v1.pods.update")',
);

/**
 * The documented filters name revisions alone. Jobs are checked at each execution, and have break-glass as well:
 * https://docs.cloud.google.com/binary-authorization/docs/run/overview
 */
const CLOUD_RUN = lines(
  'resource.type=("cloud_run_revision" OR "cloud_run_job")',
  'logName:"cloudaudit.googleapis.com%2Fsystem_event"',
);

/** A pod that was admitted because it carried the label, needed or not. */
export function breakGlassOnPods(): string {
  return lines(PODS, `labels.${quote(`${WEBHOOK}/break-glass`)}="true"`);
}

/**
 * What somebody deployed that carries the label: the pods are made by a controller, and its entries name no person.
 * Not documented by Google: built from the method names and bodies that Kubernetes logs.
 */
export function breakGlassOnWorkloads(): string {
  const carried = ["request", "response"].flatMap((body) =>
    POD_METADATA.flatMap((path) => [
      `protoPayload.${body}.${path}.labels.${quote(BREAK_GLASS)}:*`,
      `protoPayload.${body}.${path}.annotations.${quote(OLD_BREAK_GLASS)}:*`,
    ]),
  );
  return lines(
    CLUSTER_ACTIVITY,
    `protoPayload.methodName=~"^io[.]k8s[.](core|apps|batch)[.]v1[.](${Object.keys(POD_KINDS).join("|")})[.](create|update|patch)$"`,
    // The controllers of Kubernetes pass on what they were told.
    `NOT protoPayload.authenticationInfo.principalEmail=~"^${CONTROLLERS}"`,
    'NOT protoPayload.response.status="Failure"',
    anyOf([quote(BREAK_GLASS), ...carried]),
  );
}

/** A revision or a job of Cloud Run that ran with a justification. */
export function breakGlassOnCloudRun(): string {
  return lines(CLOUD_RUN, '"breakglass"');
}

/** A pod that was admitted because Binary Authorization did not answer. */
export function failOpen(): string {
  return lines(
    PODS,
    anyOf([
      ...FAILED_OPEN_LABELS.map(quote),
      ...FAILED_OPEN_LABELS.map((label) => `labels.${quote(label)}:*`),
      // Other webhooks fail open as well; this one is named by the value.
      `("${WEBHOOK_FAILED_OPEN}" AND "${WEBHOOK}")`,
      ...WEBHOOK_PLACES.map((place) => `labels."${WEBHOOK_FAILED_OPEN}/round_0_index_${place}"="${WEBHOOK}"`),
    ]),
  );
}

/** A pod that was refused. `Forbidden` is the reason of old versions, and of quotas too: the webhook has to be named. */
export function deniedOnPods(): string {
  return lines(
    PODS,
    'protoPayload.response.status="Failure"',
    `(protoPayload.response.reason="${VIOLATES_POLICY}" OR (protoPayload.response.reason="Forbidden" AND protoPayload.response.message:"${OLD_WEBHOOK}"))`,
  );
}

/** A revision of Cloud Run, or the execution of a job, that was refused. */
export function deniedOnCloudRun(): string {
  return lines(CLOUD_RUN, `protoPayload.response.status.conditions.reason="${CLOUD_RUN_DENIED}"`);
}

/** A pod that was admitted only because its rule is in dry run. */
export function dryRunViolation(): string {
  return lines(PODS, `labels.${quote(`${WEBHOOK}/dry-run`)}="true"`);
}

/**
 * A revision of Cloud Run, or the execution of a job, that only a dry run admitted.
 * Source: https://docs.cloud.google.com/binary-authorization/docs/run/viewing-audit-logs-cloud-run
 */
export function dryRunOnCloudRun(): string {
  return lines(CLOUD_RUN, '"dry run"');
}

/** A note was changed or deleted, or opened to others. Attestations are attached to notes: without its note none counts. */
export function noteChanged(): string {
  return lines(
    'logName:"cloudaudit.googleapis.com"',
    'protoPayload.serviceName="containeranalysis.googleapis.com"',
    `protoPayload.methodName=~"[.](${NOTE_CHANGES.join("|")})$"`,
    'protoPayload.resourceName:"/notes/"',
  );
}

/** The policy or an attestor was changed, or opened to others. */
export function policyChanged(): string {
  return lines(
    'logName:"cloudaudit.googleapis.com%2Factivity"',
    'protoPayload.serviceName="binaryauthorization.googleapis.com"',
    `protoPayload.methodName=~"(${POLICY_CHANGES.join("|")})$"`,
  );
}

/**
 * Whatever a cluster is switched to that does not enforce the project's policy: disabled, or platform policies alone.
 * Source: https://docs.cloud.google.com/kubernetes-engine/docs/reference/rest/v1/ClusterUpdate
 */
export function enforcementOff(): string {
  const request = "protoPayload.request.update.desiredBinaryAuthorization";
  return lines(
    'resource.type="gke_cluster"',
    'logName:"cloudaudit.googleapis.com%2Factivity"',
    'protoPayload.methodName=~"[.]ClusterManager[.]UpdateCluster$"',
    `${request}:*`,
    `NOT ${request}.evaluationMode=(${ENFORCING_MODES.map(quote).join(" OR ")})`,
    `NOT ${request}.enabled="true"`,
  );
}

/** Cloud KMS writes method names in a short and in a full form. Source: https://docs.cloud.google.com/kms/docs/audit-logging */
const kmsMethod = (names: string): string => `protoPayload.methodName=~"(^|[.])${names}$"`;

/** The key and its versions, by what an entry is about. */
const aboutKey = (cryptoKeyId: string): string[] => [
  `protoPayload.resourceName=${quote(cryptoKeyId)}`,
  `protoPayload.resourceName:${quote(`${cryptoKeyId}/cryptoKeyVersions/`)}`,
];

/** Whoever may use the keys of a ring may use this one. */
const ringOpened = (cryptoKeyId: string): string =>
  `(protoPayload.resourceName=${quote(cryptoKeyId.replace(/\/cryptoKeys\/.*$/, ""))} AND ${kmsMethod("SetIamPolicy")})`;

/** The key, a version of it, or who may use it or its ring, was changed. */
export function keyChanged(cryptoKeyId: string): string {
  return lines(
    'logName:"cloudaudit.googleapis.com%2Factivity"',
    'protoPayload.serviceName="cloudkms.googleapis.com"',
    kmsMethod(`(${KEY_CHANGES.join("|")})`),
    anyOf([...aboutKey(cryptoKeyId), ringOpened(cryptoKeyId)]),
  );
}

/** How an entry names who did it: people and service accounts by e-mail address, federated identities by a subject. */
function doneBy(member: string): string {
  const principal = "protoPayload.authenticationInfo";
  return member.startsWith("principal://")
    ? `${principal}.principalSubject=${quote(member)}`
    : `${principal}.principalEmail=${quote(member.slice(member.indexOf(":") + 1))}`;
}

/** A signature with the key by anyone but the signers. Needs the Data Access audit log of Cloud KMS. */
export function foreignSignature(cryptoKeyId: string, signers: readonly string[]): string {
  return lines(
    'logName:"cloudaudit.googleapis.com%2Fdata_access"',
    'protoPayload.serviceName="cloudkms.googleapis.com"',
    kmsMethod(SIGNATURE),
    `protoPayload.resourceName:${quote(`${cryptoKeyId}/cryptoKeyVersions/`)}`,
    ...signers.map((member) => `NOT ${doneBy(member)}`),
  );
}

/** What a log of the key keeps: every signature, and every change. */
export function keyLog(cryptoKeyId: string): string {
  return lines(
    'logName:"cloudaudit.googleapis.com"',
    'protoPayload.serviceName="cloudkms.googleapis.com"',
    anyOf([...aboutKey(cryptoKeyId), ringOpened(cryptoKeyId)]),
  );
}
