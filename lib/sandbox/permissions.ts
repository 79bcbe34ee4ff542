/** The permission that a method needs on the resource of its request, and how that is known. */
export interface Need {
  /** Undefined where a method needs none, or checks by itself what its body asks for. */
  readonly permission: string | undefined;
  /** `documented` where Google's page says it; `inferred` from the name of the permission where no page was found. */
  readonly certainty: "documented" | "inferred";
  readonly source: string;
}

const DOCS = "https://docs.cloud.google.com";
const KMS = `${DOCS}/kms/docs/reference/permissions-and-roles`;
const BINAUTHZ = `${DOCS}/binary-authorization/docs/reference/rest/v1/projects.attestors`;
const ANALYSIS = `${DOCS}/artifact-analysis/docs/ca-access-control`;
const GKE = `${DOCS}/kubernetes-engine/docs/reference/api-permissions`;
const USAGE = `${DOCS}/service-usage/docs/access-control`;
const PROJECTS = `${DOCS}/resource-manager/docs/access-control-proj`;
const FOLDERS = `${DOCS}/resource-manager/docs/access-control-folders`;
const ORGANIZATIONS = `${DOCS}/resource-manager/docs/access-control-org`;
const ACCOUNTS = `${DOCS}/iam/docs/service-account-permissions`;
const REGISTRY = `${DOCS}/artifact-registry/docs/access-control`;
const BUILDS = `${DOCS}/build/docs/iam-roles-permissions`;
const PUBSUB = `${DOCS}/pubsub/docs/access-control`;
const POOLS = `${DOCS}/iam/docs/roles-permissions/iam`;
const SCANNING = `${DOCS}/artifact-analysis/docs/ods-cloudbuild`;
const LOGGING = `${DOCS}/logging/docs/access-control`;
const MONITORING = `${DOCS}/monitoring/access-control`;
const ORG_POLICY = `${DOCS}/resource-manager/docs/organization-policy/org-policy-roles`;
const RUN = `${DOCS}/run/docs/reference/iam/permissions`;

/** A method that always needs a permission. */
type Needed = Need & { readonly permission: string };

const documented = (permission: string, source: string): Needed => ({ permission, certainty: "documented", source });
const inferred = (permission: string, source: string): Needed => ({ permission, certainty: "inferred", source });
/** The handler checks: what is needed depends on the body. */
const byItself = (source: string): Need => ({ permission: undefined, certainty: "documented", source });

/**
 * The methods that the sandbox speaks, by the ids of Google's discovery documents without `projects.` and `locations.`, and
 * the permission each needs on the resource it names. A collection stands for what holds it.
 */
export const METHODS = {
  "cloudkms.keyRings.create": documented("cloudkms.keyRings.create", KMS),
  "cloudkms.keyRings.get": documented("cloudkms.keyRings.get", KMS),
  "cloudkms.keyRings.list": documented("cloudkms.keyRings.list", KMS),
  "cloudkms.keyRings.getIamPolicy": documented("cloudkms.keyRings.getIamPolicy", KMS),
  "cloudkms.keyRings.setIamPolicy": documented("cloudkms.keyRings.setIamPolicy", KMS),
  "cloudkms.keyRings.testIamPermissions": byItself(KMS),
  "cloudkms.cryptoKeys.create": documented("cloudkms.cryptoKeys.create", KMS),
  "cloudkms.cryptoKeys.get": documented("cloudkms.cryptoKeys.get", KMS),
  "cloudkms.cryptoKeys.list": documented("cloudkms.cryptoKeys.list", KMS),
  "cloudkms.cryptoKeys.patch": documented("cloudkms.cryptoKeys.update", KMS),
  "cloudkms.cryptoKeys.getIamPolicy": documented("cloudkms.cryptoKeys.getIamPolicy", KMS),
  "cloudkms.cryptoKeys.setIamPolicy": documented("cloudkms.cryptoKeys.setIamPolicy", KMS),
  "cloudkms.cryptoKeys.testIamPermissions": byItself(KMS),
  "cloudkms.cryptoKeyVersions.create": documented("cloudkms.cryptoKeyVersions.create", KMS),
  "cloudkms.cryptoKeyVersions.get": documented("cloudkms.cryptoKeyVersions.get", KMS),
  "cloudkms.cryptoKeyVersions.list": documented("cloudkms.cryptoKeyVersions.list", KMS),
  "cloudkms.cryptoKeyVersions.patch": documented("cloudkms.cryptoKeyVersions.update", KMS),
  "cloudkms.cryptoKeyVersions.destroy": documented("cloudkms.cryptoKeyVersions.destroy", KMS),
  "cloudkms.cryptoKeyVersions.restore": documented("cloudkms.cryptoKeyVersions.restore", KMS),
  "cloudkms.cryptoKeyVersions.getPublicKey": documented("cloudkms.cryptoKeyVersions.viewPublicKey", KMS),
  "cloudkms.cryptoKeyVersions.asymmetricSign": documented("cloudkms.cryptoKeyVersions.useToSign", KMS),

  "containeranalysis.notes.create": documented("containeranalysis.notes.create", ANALYSIS),
  "containeranalysis.notes.get": documented("containeranalysis.notes.get", ANALYSIS),
  "containeranalysis.notes.list": documented("containeranalysis.notes.list", ANALYSIS),
  "containeranalysis.notes.patch": documented("containeranalysis.notes.update", ANALYSIS),
  "containeranalysis.notes.delete": documented("containeranalysis.notes.delete", ANALYSIS),
  "containeranalysis.notes.getIamPolicy": documented("containeranalysis.notes.getIamPolicy", ANALYSIS),
  "containeranalysis.notes.setIamPolicy": documented("containeranalysis.notes.setIamPolicy", ANALYSIS),
  "containeranalysis.notes.testIamPermissions": byItself(ANALYSIS),
  "containeranalysis.notes.occurrences.list": documented("containeranalysis.notes.listOccurrences", ANALYSIS),
  /** And `containeranalysis.notes.attachOccurrence` on the note, which the handler checks. */
  "containeranalysis.occurrences.create": documented("containeranalysis.occurrences.create", ANALYSIS),
  "containeranalysis.occurrences.get": documented("containeranalysis.occurrences.get", ANALYSIS),
  "containeranalysis.occurrences.list": documented("containeranalysis.occurrences.list", ANALYSIS),
  "containeranalysis.occurrences.patch": documented("containeranalysis.occurrences.update", ANALYSIS),
  "containeranalysis.occurrences.delete": documented("containeranalysis.occurrences.delete", ANALYSIS),
  "containeranalysis.occurrences.getNotes": inferred("containeranalysis.occurrences.get", ANALYSIS),

  "binaryauthorization.projects.getPolicy": documented("binaryauthorization.policy.get", BINAUTHZ),
  /** And `binaryauthorization.attestors.get` on each attestor that it requires, which the handler checks. */
  "binaryauthorization.projects.updatePolicy": documented("binaryauthorization.policy.update", BINAUTHZ),
  "binaryauthorization.policy.getIamPolicy": documented("binaryauthorization.policy.getIamPolicy", BINAUTHZ),
  "binaryauthorization.policy.setIamPolicy": documented("binaryauthorization.policy.setIamPolicy", BINAUTHZ),
  "binaryauthorization.policy.testIamPermissions": byItself(BINAUTHZ),
  "binaryauthorization.systempolicy.getPolicy": byItself(BINAUTHZ),
  "binaryauthorization.attestors.create": documented("binaryauthorization.attestors.create", BINAUTHZ),
  "binaryauthorization.attestors.get": documented("binaryauthorization.attestors.get", BINAUTHZ),
  "binaryauthorization.attestors.list": documented("binaryauthorization.attestors.list", BINAUTHZ),
  "binaryauthorization.attestors.update": documented("binaryauthorization.attestors.update", BINAUTHZ),
  "binaryauthorization.attestors.delete": documented("binaryauthorization.attestors.delete", BINAUTHZ),
  "binaryauthorization.attestors.getIamPolicy": documented("binaryauthorization.attestors.getIamPolicy", BINAUTHZ),
  "binaryauthorization.attestors.setIamPolicy": documented("binaryauthorization.attestors.setIamPolicy", BINAUTHZ),
  "binaryauthorization.attestors.testIamPermissions": byItself(BINAUTHZ),
  "binaryauthorization.attestors.validateAttestationOccurrence": inferred(
    "binaryauthorization.attestors.verifyImageAttested",
    BINAUTHZ,
  ),

  "container.clusters.create": documented("container.clusters.create", GKE),
  "container.clusters.get": documented("container.clusters.get", GKE),
  "container.clusters.list": documented("container.clusters.list", GKE),
  "container.clusters.update": documented("container.clusters.update", GKE),
  "container.clusters.delete": documented("container.clusters.delete", GKE),
  "container.clusters.set": documented("container.clusters.update", GKE),
  "container.nodePools.create": documented("container.clusters.update", GKE),
  "container.nodePools.get": documented("container.clusters.get", GKE),
  "container.nodePools.list": documented("container.clusters.get", GKE),
  "container.nodePools.update": documented("container.clusters.update", GKE),
  "container.nodePools.set": documented("container.clusters.update", GKE),
  "container.nodePools.delete": documented("container.clusters.update", GKE),
  "container.operations.get": documented("container.operations.get", GKE),
  "compute.instanceGroupManagers.list": inferred(
    "compute.instanceGroupManagers.list",
    `${DOCS}/compute/docs/access/iam-permissions`,
  ),
  "compute.instanceGroupManagers.get": inferred(
    "compute.instanceGroupManagers.get",
    `${DOCS}/compute/docs/access/iam-permissions`,
  ),

  "serviceusage.services.list": documented("serviceusage.services.list", USAGE),
  "serviceusage.services.get": documented("serviceusage.services.get", USAGE),
  "serviceusage.services.batchEnable": documented("serviceusage.services.enable", USAGE),
  "serviceusage.services.enable": documented("serviceusage.services.enable", USAGE),
  "serviceusage.services.disable": documented("serviceusage.services.disable", USAGE),
  "serviceusage.services.generateServiceIdentity": inferred("serviceusage.services.enable", USAGE),
  "serviceusage.operations.get": byItself(USAGE),

  "cloudresourcemanager.projects.get": documented("resourcemanager.projects.get", PROJECTS),
  "cloudresourcemanager.projects.getIamPolicy": documented("resourcemanager.projects.getIamPolicy", PROJECTS),
  "cloudresourcemanager.projects.setIamPolicy": documented("resourcemanager.projects.setIamPolicy", PROJECTS),
  "cloudresourcemanager.projects.testIamPermissions": byItself(PROJECTS),
  "cloudresourcemanager.folders.get": documented("resourcemanager.folders.get", FOLDERS),
  "cloudresourcemanager.folders.getIamPolicy": documented("resourcemanager.folders.getIamPolicy", FOLDERS),
  "cloudresourcemanager.folders.setIamPolicy": documented("resourcemanager.folders.setIamPolicy", FOLDERS),
  "cloudresourcemanager.folders.testIamPermissions": byItself(FOLDERS),
  "cloudresourcemanager.organizations.get": documented("resourcemanager.organizations.get", ORGANIZATIONS),
  "cloudresourcemanager.organizations.getIamPolicy": documented(
    "resourcemanager.organizations.getIamPolicy",
    ORGANIZATIONS,
  ),
  "cloudresourcemanager.organizations.setIamPolicy": documented(
    "resourcemanager.organizations.setIamPolicy",
    ORGANIZATIONS,
  ),
  "cloudresourcemanager.organizations.testIamPermissions": byItself(ORGANIZATIONS),
  "cloudbilling.projects.getBillingInfo": documented(
    "resourcemanager.projects.get",
    `${DOCS}/billing/docs/how-to/billing-access`,
  ),

  "iam.serviceAccounts.create": documented("iam.serviceAccounts.create", ACCOUNTS),
  "iam.serviceAccounts.get": documented("iam.serviceAccounts.get", ACCOUNTS),
  "iam.serviceAccounts.list": documented("iam.serviceAccounts.list", ACCOUNTS),
  "iam.serviceAccounts.patch": documented("iam.serviceAccounts.update", ACCOUNTS),
  "iam.serviceAccounts.delete": documented("iam.serviceAccounts.delete", ACCOUNTS),
  "iam.serviceAccounts.enable": documented("iam.serviceAccounts.enable", ACCOUNTS),
  "iam.serviceAccounts.disable": documented("iam.serviceAccounts.disable", ACCOUNTS),
  "iam.serviceAccounts.getIamPolicy": documented("iam.serviceAccounts.getIamPolicy", ACCOUNTS),
  "iam.serviceAccounts.setIamPolicy": documented("iam.serviceAccounts.setIamPolicy", ACCOUNTS),
  "iam.serviceAccounts.testIamPermissions": byItself(ACCOUNTS),
  "iam.roles.create": documented("iam.roles.create", `${DOCS}/iam/docs/creating-custom-roles`),
  "iam.roles.get": documented("iam.roles.get", `${DOCS}/iam/docs/creating-custom-roles`),
  "iam.roles.patch": documented("iam.roles.update", `${DOCS}/iam/docs/creating-custom-roles`),
  "iam.roles.delete": documented("iam.roles.delete", `${DOCS}/iam/docs/creating-custom-roles`),
  "iam.roles.undelete": documented("iam.roles.undelete", `${DOCS}/iam/docs/creating-custom-roles`),
  "iam.workloadIdentityPools.create": documented("iam.workloadIdentityPools.create", POOLS),
  "iam.workloadIdentityPools.get": documented("iam.workloadIdentityPools.get", POOLS),
  "iam.workloadIdentityPools.list": documented("iam.workloadIdentityPools.list", POOLS),
  "iam.workloadIdentityPools.patch": documented("iam.workloadIdentityPools.update", POOLS),
  "iam.workloadIdentityPools.delete": documented("iam.workloadIdentityPools.delete", POOLS),
  "iam.workloadIdentityPools.undelete": documented("iam.workloadIdentityPools.undelete", POOLS),
  "iam.workloadIdentityPools.operations.get": byItself(POOLS),
  "iam.workloadIdentityPools.providers.create": documented("iam.workloadIdentityPoolProviders.create", POOLS),
  "iam.workloadIdentityPools.providers.get": documented("iam.workloadIdentityPoolProviders.get", POOLS),
  "iam.workloadIdentityPools.providers.list": documented("iam.workloadIdentityPoolProviders.list", POOLS),
  "iam.workloadIdentityPools.providers.patch": documented("iam.workloadIdentityPoolProviders.update", POOLS),
  "iam.workloadIdentityPools.providers.delete": documented("iam.workloadIdentityPoolProviders.delete", POOLS),
  "iam.workloadIdentityPools.providers.undelete": documented("iam.workloadIdentityPoolProviders.undelete", POOLS),
  "iamcredentials.serviceAccounts.generateAccessToken": documented("iam.serviceAccounts.getAccessToken", ACCOUNTS),

  "artifactregistry.repositories.create": documented("artifactregistry.repositories.create", REGISTRY),
  "artifactregistry.repositories.get": documented("artifactregistry.repositories.get", REGISTRY),
  "artifactregistry.repositories.list": documented("artifactregistry.repositories.list", REGISTRY),
  "artifactregistry.repositories.patch": documented("artifactregistry.repositories.update", REGISTRY),
  "artifactregistry.repositories.delete": documented("artifactregistry.repositories.delete", REGISTRY),
  "artifactregistry.repositories.getIamPolicy": documented("artifactregistry.repositories.getIamPolicy", REGISTRY),
  "artifactregistry.repositories.setIamPolicy": documented("artifactregistry.repositories.setIamPolicy", REGISTRY),
  "artifactregistry.repositories.testIamPermissions": byItself(REGISTRY),
  "artifactregistry.operations.get": byItself(REGISTRY),
  /** Of the Docker API, which has no discovery document; the handler checks the repository, which the address does not name. */
  "artifactregistry.manifests.get": byItself(`${DOCS}/artifact-registry/docs/reference/docker-api`),

  "cloudbuild.builds.get": documented("cloudbuild.builds.get", BUILDS),
  "cloudbuild.builds.list": documented("cloudbuild.builds.list", BUILDS),
  /** And `iam.serviceAccounts.actAs` on the service account of the build, which the handlers check. */
  "cloudbuild.builds.create": documented("cloudbuild.builds.create", BUILDS),
  "cloudbuild.builds.approve": documented("cloudbuild.builds.approve", BUILDS),
  "cloudbuild.triggers.run": documented("cloudbuild.builds.create", BUILDS),
  "cloudbuild.triggers.create": documented("cloudbuild.builds.create", BUILDS),
  "cloudbuild.triggers.get": documented("cloudbuild.builds.get", BUILDS),
  "cloudbuild.triggers.list": documented("cloudbuild.builds.list", BUILDS),
  "cloudbuild.triggers.patch": documented("cloudbuild.builds.update", BUILDS),
  "cloudbuild.triggers.delete": documented("cloudbuild.builds.update", BUILDS),
  "cloudbuild.connections.create": documented("cloudbuild.connections.create", BUILDS),
  "cloudbuild.connections.get": documented("cloudbuild.connections.get", BUILDS),
  "cloudbuild.connections.delete": documented("cloudbuild.connections.delete", BUILDS),
  "cloudbuild.repositories.create": documented("cloudbuild.repositories.create", BUILDS),
  "cloudbuild.repositories.get": documented("cloudbuild.repositories.get", BUILDS),
  "cloudbuild.repositories.delete": documented("cloudbuild.repositories.delete", BUILDS),
  "cloudbuild.operations.get": documented("cloudbuild.operations.get", BUILDS),

  "pubsub.topics.create": documented("pubsub.topics.create", PUBSUB),
  "pubsub.topics.get": documented("pubsub.topics.get", PUBSUB),
  "pubsub.topics.list": documented("pubsub.topics.list", PUBSUB),
  "pubsub.topics.patch": documented("pubsub.topics.update", PUBSUB),
  "pubsub.topics.delete": documented("pubsub.topics.delete", PUBSUB),
  "pubsub.topics.publish": documented("pubsub.topics.publish", PUBSUB),
  "pubsub.topics.subscriptions.list": documented("pubsub.topics.get", PUBSUB),
  "pubsub.topics.getIamPolicy": documented("pubsub.topics.getIamPolicy", PUBSUB),
  "pubsub.topics.setIamPolicy": documented("pubsub.topics.setIamPolicy", PUBSUB),
  "pubsub.topics.testIamPermissions": byItself(PUBSUB),
  /** And `pubsub.topics.attachSubscription` on the topic, which the handler checks. */
  "pubsub.subscriptions.create": documented("pubsub.subscriptions.create", PUBSUB),
  "pubsub.subscriptions.get": documented("pubsub.subscriptions.get", PUBSUB),
  "pubsub.subscriptions.list": documented("pubsub.subscriptions.list", PUBSUB),
  "pubsub.subscriptions.patch": documented("pubsub.subscriptions.update", PUBSUB),
  "pubsub.subscriptions.delete": documented("pubsub.subscriptions.delete", PUBSUB),
  "pubsub.subscriptions.pull": documented("pubsub.subscriptions.consume", PUBSUB),
  "pubsub.subscriptions.acknowledge": documented("pubsub.subscriptions.consume", PUBSUB),
  "pubsub.subscriptions.getIamPolicy": documented("pubsub.subscriptions.getIamPolicy", PUBSUB),
  "pubsub.subscriptions.setIamPolicy": documented("pubsub.subscriptions.setIamPolicy", PUBSUB),
  "pubsub.subscriptions.testIamPermissions": byItself(PUBSUB),

  "ondemandscanning.scans.analyzePackages": documented("ondemandscanning.scans.analyzePackages", SCANNING),
  "ondemandscanning.scans.vulnerabilities.list": documented("ondemandscanning.scans.listVulnerabilities", SCANNING),
  "ondemandscanning.operations.get": documented("ondemandscanning.operations.get", SCANNING),

  /** On every project that the body names, which the handler checks. */
  "logging.entries.list": byItself(LOGGING),

  "logging.buckets.create": documented("logging.buckets.create", LOGGING),
  "logging.buckets.get": documented("logging.buckets.get", LOGGING),
  "logging.buckets.list": documented("logging.buckets.list", LOGGING),
  "logging.buckets.patch": documented("logging.buckets.update", LOGGING),
  "logging.buckets.delete": documented("logging.buckets.delete", LOGGING),
  "logging.sinks.create": documented("logging.sinks.create", LOGGING),
  "logging.sinks.get": documented("logging.sinks.get", LOGGING),
  "logging.sinks.list": documented("logging.sinks.list", LOGGING),
  "logging.sinks.update": documented("logging.sinks.update", LOGGING),
  "logging.sinks.delete": documented("logging.sinks.delete", LOGGING),
  "logging.metrics.create": documented("logging.logMetrics.create", LOGGING),
  "logging.metrics.get": documented("logging.logMetrics.get", LOGGING),
  "logging.metrics.list": documented("logging.logMetrics.list", LOGGING),
  "logging.metrics.update": documented("logging.logMetrics.update", LOGGING),
  "logging.metrics.delete": documented("logging.logMetrics.delete", LOGGING),

  "monitoring.alertPolicies.create": documented("monitoring.alertPolicies.create", MONITORING),
  "monitoring.alertPolicies.get": documented("monitoring.alertPolicies.get", MONITORING),
  "monitoring.alertPolicies.list": documented("monitoring.alertPolicies.list", MONITORING),
  "monitoring.alertPolicies.patch": documented("monitoring.alertPolicies.update", MONITORING),
  "monitoring.alertPolicies.delete": documented("monitoring.alertPolicies.delete", MONITORING),
  "monitoring.notificationChannels.create": documented("monitoring.notificationChannels.create", MONITORING),
  "monitoring.notificationChannels.get": documented("monitoring.notificationChannels.get", MONITORING),
  "monitoring.notificationChannels.list": documented("monitoring.notificationChannels.list", MONITORING),
  "monitoring.notificationChannels.patch": documented("monitoring.notificationChannels.update", MONITORING),
  "monitoring.notificationChannels.delete": documented("monitoring.notificationChannels.delete", MONITORING),

  "orgpolicy.policies.create": documented("orgpolicy.policies.create", ORG_POLICY),
  "orgpolicy.policies.get": documented("orgpolicy.policy.get", ORG_POLICY),
  "orgpolicy.policies.list": documented("orgpolicy.policies.list", ORG_POLICY),
  "orgpolicy.policies.patch": documented("orgpolicy.policies.update", ORG_POLICY),
  "orgpolicy.policies.delete": documented("orgpolicy.policies.delete", ORG_POLICY),
  "orgpolicy.customConstraints.create": documented("orgpolicy.customConstraints.create", ORG_POLICY),
  "orgpolicy.customConstraints.get": documented("orgpolicy.customConstraints.get", ORG_POLICY),
  "orgpolicy.customConstraints.list": documented("orgpolicy.customConstraints.list", ORG_POLICY),
  "orgpolicy.customConstraints.patch": documented("orgpolicy.customConstraints.update", ORG_POLICY),
  "orgpolicy.customConstraints.delete": documented("orgpolicy.customConstraints.delete", ORG_POLICY),

  "run.services.create": documented("run.services.create", RUN),
  "run.services.get": documented("run.services.get", RUN),
  "run.services.list": documented("run.services.list", RUN),
  "run.services.patch": documented("run.services.update", RUN),
  "run.services.delete": documented("run.services.delete", RUN),
  "run.jobs.create": documented("run.jobs.create", RUN),
  "run.jobs.get": documented("run.jobs.get", RUN),
  "run.jobs.list": documented("run.jobs.list", RUN),
  "run.jobs.patch": documented("run.jobs.update", RUN),
  "run.jobs.delete": documented("run.jobs.delete", RUN),
  "run.operations.get": documented("run.operations.get", RUN),
} as const satisfies Record<string, Need>;

export type MethodId = keyof typeof METHODS;

/** What a method needs on top of {@link METHODS}, on another resource than the one it names. */
export const ALSO_NEEDED = {
  attachOccurrence: documented("containeranalysis.notes.attachOccurrence", ANALYSIS),
  attachSubscription: documented("pubsub.topics.attachSubscription", PUBSUB),
  readAttestor: documented(
    "binaryauthorization.attestors.get",
    "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/binary_authorization_policy",
  ),
  actAs: documented("iam.serviceAccounts.actAs", ACCOUNTS),
  downloadArtifacts: documented("artifactregistry.repositories.downloadArtifacts", REGISTRY),
  listLogEntries: documented("logging.logEntries.list", LOGGING),
  /** What Binary Authorization itself needs when it decides. */
  verifyImageAttested: documented(
    "binaryauthorization.attestors.verifyImageAttested",
    `${DOCS}/binary-authorization/docs/multi-project-setup-cli`,
  ),
  listNoteOccurrences: documented(
    "containeranalysis.notes.listOccurrences",
    `${DOCS}/binary-authorization/docs/multi-project-setup-cli`,
  ),
} as const;
