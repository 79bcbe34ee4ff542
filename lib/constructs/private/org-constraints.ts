/** What a constraint is told: to hold, or which values it allows. */
export type Rule = { readonly enforce: true } | { readonly allowedValues: readonly string[] };

/** One organization policy. */
export interface ConstraintRule {
  readonly constraint: string;
  readonly rule: Rule;
  /** Whether the API takes a dry-run spec for it: for managed and custom constraints it does, for legacy ones not. */
  readonly dryRun: boolean;
}

/** One constraint of the organization's own. */
export interface CustomConstraint {
  readonly name: string;
  readonly resourceType: string;
  readonly condition: string;
  /** What happens where the condition is true: ALLOW refuses all others, DENY refuses these. */
  readonly actionType: "ALLOW" | "DENY";
  readonly displayName: string;
  readonly description: string;
}

const managed = (constraint: string): ConstraintRule => ({ constraint, rule: { enforce: true }, dryRun: true });
const legacy = (constraint: string, ...allowedValues: string[]): ConstraintRule => ({
  constraint,
  rule: allowedValues.length > 0 ? { allowedValues } : { enforce: true },
  dryRun: false,
});

/** New clusters have to enforce. Source: https://docs.cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints */
export const CLUSTERS = managed("container.managed.enableBinaryAuthorization");

/** Cloud Run may use these policies only. Source: https://docs.cloud.google.com/binary-authorization/docs/run/requiring-binauthz-cloud-run */
export const cloudRunPolicies = (policies: readonly string[]): ConstraintRule =>
  legacy("run.allowedBinaryAuthorizationPolicies", ...policies);

/** Source: https://docs.cloud.google.com/kms/docs/cmek-best-practices */
export const HSM_ONLY = legacy("cloudkms.allowedProtectionLevels", "is:HSM");

/** Source: https://docs.cloud.google.com/kms/docs/control-key-destruction */
export const minimumDestroyDelay = (days: number): ConstraintRule =>
  legacy("cloudkms.minimumDestroyScheduledDuration", `in:${days}d`);
export const DESTROY_DELAYS: readonly number[] = [1, 7, 15, 30, 60, 90, 120];

/** A version has to be disabled first. Source: as above. */
export const DISABLE_BEFORE_DESTROY = legacy("cloudkms.disableBeforeDestroy");

/** A key of a service account is a signer that nobody sees. Source: the list of constraints, as for clusters. */
export const NO_SERVICE_ACCOUNT_KEYS: readonly ConstraintRule[] = [
  managed("iam.managed.disableServiceAccountKeyCreation"),
  managed("iam.managed.disableServiceAccountKeyUpload"),
];

/** Source: https://docs.cloud.google.com/iam/docs/manage-workload-identity-pools-providers */
export const identityProviders = (issuers: readonly string[]): ConstraintRule =>
  legacy("iam.workloadIdentityPoolProviders", ...issuers);

const ENFORCING = "['PROJECT_SINGLETON_POLICY_ENFORCE', 'POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE']";

/** The managed constraint does not say which mode it takes for "enabled"; platform policies alone only log. */
export const CLUSTER_MODE: CustomConstraint = {
  name: "custom.binauthzClusterEnforces",
  resourceType: "container.googleapis.com/Cluster",
  condition: `resource.binaryAuthorization.evaluationMode in ${ENFORCING}`,
  actionType: "ALLOW",
  displayName: "Clusters enforce the project's Binary Authorization policy",
  description: "A cluster whose evaluation mode does not enforce the policy of its project is refused.",
};

const kinds: readonly (readonly [suffix: string, kind: string])[] = [
  ["Service", "Service"],
  ["Job", "Job"],
];

/** Whoever leaves the setting out is not always caught by the list of allowed policies. */
export const CLOUD_RUN_SET: readonly CustomConstraint[] = kinds.map(([suffix, kind]) => ({
  name: `custom.binauthzRun${suffix}`,
  resourceType: `run.googleapis.com/${kind}`,
  condition: "!('run.googleapis.com/binary-authorization' in resource.metadata.annotations)",
  actionType: "DENY",
  displayName: `Cloud Run ${kind.toLowerCase()}s use Binary Authorization`,
  description: `A ${kind.toLowerCase()} without Binary Authorization is refused.`,
}));

/** A justification that is written into a configuration bypasses the policy for good. */
export const NO_CLOUD_RUN_BREAK_GLASS: readonly CustomConstraint[] = kinds.map(([suffix, kind]) => ({
  name: `custom.binauthzRun${suffix}NoBreakglass`,
  resourceType: `run.googleapis.com/${kind}`,
  condition: "'run.googleapis.com/binary-authorization-breakglass' in resource.metadata.annotations",
  actionType: "DENY",
  displayName: `Cloud Run ${kind.toLowerCase()}s are deployed without break-glass`,
  description: `A ${kind.toLowerCase()} with a break-glass justification is refused.`,
}));
