/**
 * The roles this library grants, each on the narrowest resource that carries it.
 * Source of what they hold: https://docs.cloud.google.com/iam/docs/roles-permissions
 */
export const ROLES = {
  /** `cryptoKeyVersions.useToSign` on one key. */
  KMS_SIGNER: "roles/cloudkms.signer",
  /** `cryptoKeyVersions.viewPublicKey` on one key: gcloud reads the key's algorithm before it signs. */
  KMS_PUBLIC_KEY_VIEWER: "roles/cloudkms.publicKeyViewer",
  /** `notes.attachOccurrence` on one note. */
  NOTES_ATTACHER: "roles/containeranalysis.notes.attacher",
  /** `notes.listOccurrences` on one note. */
  NOTE_OCCURRENCES_VIEWER: "roles/containeranalysis.notes.occurrences.viewer",
  /** `occurrences.create` on a project, and with it delete and update. */
  OCCURRENCES_EDITOR: "roles/containeranalysis.occurrences.editor",
  /** `attestors.get` and `attestors.verifyImageAttested` on one attestor. */
  ATTESTORS_VERIFIER: "roles/binaryauthorization.attestorsVerifier",
  /** Push to one repository. */
  REPOSITORY_WRITER: "roles/artifactregistry.writer",
  /** Pull from one repository. */
  REPOSITORY_READER: "roles/artifactregistry.reader",
  /** `logEntries.create` on a project: builds with an identity of their own log to Cloud Logging. */
  LOG_WRITER: "roles/logging.logWriter",
  /** `occurrences.get` and `occurrences.list` on a project: provenance and scan results of its images. */
  OCCURRENCES_VIEWER: "roles/containeranalysis.occurrences.viewer",
  /** `scans.analyzePackages` and `scans.listVulnerabilities` on a project; there is no narrower role. */
  ON_DEMAND_SCANNING: "roles/ondemandscanning.admin",
  /** `builds.get` on a project, of builds and triggers. */
  BUILDS_VIEWER: "roles/cloudbuild.builds.viewer",
  /** `builds.approve` on a project: lets builds start that wait for an approval. */
  BUILDS_APPROVER: "roles/cloudbuild.builds.approver",
  /** `versions.access` on one secret. */
  SECRET_ACCESSOR: "roles/secretmanager.secretAccessor",
  /** `topics.attachSubscription` on one topic. */
  TOPIC_SUBSCRIBER: "roles/pubsub.subscriber",
  /** `serviceAccounts.getAccessToken` on one service account, for federated identities. */
  WORKLOAD_IDENTITY_USER: "roles/iam.workloadIdentityUser",
  /** What a GKE node needs, and no more. */
  GKE_NODE: "roles/container.defaultNodeServiceAccount",
} as const;

/** The permissions of the custom role that replaces {@link ROLES.OCCURRENCES_EDITOR} where attestations may only be created. */
export const CREATE_ONLY_OCCURRENCE_PERMISSIONS = ["containeranalysis.occurrences.create"] as const;
