/**
 * The words by which Cloud Audit Logs speak of Binary Authorization: what alerts look for, and what a reader of logs finds.
 *
 * Source, unless another is named: https://docs.cloud.google.com/binary-authorization/docs/viewing-audit-logs
 */

/** The label on a pod that asks for break-glass. */
export const BREAK_GLASS = "image-policy.k8s.io/break-glass";

/** The older annotation, which clusters still act on. */
export const OLD_BREAK_GLASS = `alpha.${BREAK_GLASS}`;

/** The webhook of Binary Authorization; labels of log entries begin with its name. */
export const WEBHOOK = "imagepolicywebhook.image-policy.k8s.io";

/** What entries of a webhook that failed open begin with; the value names the webhook. */
export const WEBHOOK_FAILED_OPEN = "failed-open.validating.webhook.admission.k8s.io";

/** The labels of an entry about a pod that was admitted because Binary Authorization did not answer, newer and older. */
export const FAILED_OPEN_LABELS: readonly string[] = ["image-policy.k8s.io/failed-open", `${WEBHOOK}/failed-open`];

/** Where the kinds that make pods keep what the pods will carry. */
export const POD_METADATA: readonly string[] = [
  "metadata",
  "spec.template.metadata",
  "spec.jobTemplate.spec.template.metadata",
  "template.metadata",
  "data.spec.template.metadata",
];

/** The resources of Kubernetes that are pods or make them, and what an object of each is called. */
export const POD_KINDS: { readonly [resource: string]: string } = {
  pods: "Pod",
  podtemplates: "PodTemplate",
  replicationcontrollers: "ReplicationController",
  deployments: "Deployment",
  statefulsets: "StatefulSet",
  daemonsets: "DaemonSet",
  replicasets: "ReplicaSet",
  jobs: "Job",
  cronjobs: "CronJob",
  // The StatefulSet controller makes pods of a revision, whoever wrote it.
  controllerrevisions: "ControllerRevision",
};

/** How the accounts of Kubernetes' own controllers begin. They pass on what they were told. */
export const CONTROLLERS = "system:serviceaccount:kube-system:";

/** The reason of a refusal, since GKE 1.18.15. */
export const VIOLATES_POLICY = "VIOLATES_POLICY";

/** What the message of a refusal names where its reason is the older `Forbidden`, which quotas have too. */
export const OLD_WEBHOOK = "image policy webhook";

/** Why a revision of Cloud Run was refused. Source: https://docs.cloud.google.com/binary-authorization/docs/run/viewing-audit-logs-cloud-run */
export const CLOUD_RUN_DENIED = "ContainerImageUnauthorized";

/** What changes the policy, an attestor, or who may use them: the last part of the method names. */
export const POLICY_CHANGES: readonly string[] = [
  "UpdatePolicy",
  "CreateAttestor",
  "UpdateAttestor",
  "DeleteAttestor",
  "SetIamPolicy",
];

/**
 * What changes a note, or who may attach to it: the last part of the method names. Who may is in the Admin Activity log;
 * changes of the note itself are Data Access entries, which are written only where they were switched on.
 * Source: https://docs.cloud.google.com/artifact-analysis/docs/artifact-analysis-audit-logging
 */
export const NOTE_CHANGES: readonly string[] = ["UpdateNote", "DeleteNote", "SetIamPolicy"];

/** What changes a key, a version of it, or who may use it. Source: https://docs.cloud.google.com/kms/docs/audit-logging */
export const KEY_CHANGES: readonly string[] = [
  "UpdateCryptoKey",
  "CreateCryptoKeyVersion",
  "ImportCryptoKeyVersion",
  "UpdateCryptoKeyVersion",
  "DestroyCryptoKeyVersion",
  "RestoreCryptoKeyVersion",
  "SetIamPolicy",
];

/** What makes a signature. Source: https://docs.cloud.google.com/kms/docs/audit-logging */
export const SIGNATURE = "AsymmetricSign";

/**
 * The modes of a cluster that enforce the policy of its project.
 * Source: https://docs.cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters#binaryauthorization
 */
export const ENFORCING_MODES: readonly string[] = [
  "PROJECT_SINGLETON_POLICY_ENFORCE",
  "POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE",
];
