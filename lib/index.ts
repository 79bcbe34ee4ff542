// The jsii entry: the constructs and the vocabulary they speak. The build turns every export into a getter, so that each
// construct, and with it the provider's bindings, is loaded when it is first used.
export {
  type AcknowledgedExemption,
  AdmissionPolicy,
  type AdmissionPolicyOptions,
  type AdmissionPolicyProps,
  ExistingPolicy,
  type IAdmissionPolicy,
} from "./constructs/admission-policy";
export {
  type ClusterRule,
  type ClusterRuleData,
  DefaultRule,
  EnforcementMode,
  EvaluationMode,
  GlobalPolicyEvaluationMode,
  type RuleOptions,
} from "./constructs/admission-rule";
export { AlertChannel, type WebhookOptions } from "./constructs/alert-channel";
export {
  Attestor,
  type AttestorAttributes,
  type AttestorProps,
  type BuiltByCloudBuildOptions,
  type IAttestor,
  type ISigningAttestor,
} from "./constructs/attestor";
export { type AttestOptions, AttestorGrants, type DeployerProject } from "./constructs/attestor-grants";
export {
  AttestorKey,
  type AttestorKeyOptions,
  type AttestorPublicKey,
  type IAttestorKeySource,
} from "./constructs/attestor-key";
export { AuditAlerts, type AuditAlertsProps, type IAuditAlerts, type WatchedKey } from "./constructs/audit-alerts";
export {
  BuildPipeline,
  type BuildPipelineProps,
  type BuildSecret,
  type IBuildPipeline,
} from "./constructs/build-pipeline";
export {
  CleanupPolicy,
  type DeleteOlderOptions,
  type KeepMatchingOptions,
  type KeepMostRecentOptions,
  TagState,
} from "./constructs/cleanup-policy";
export {
  EnforcedCluster,
  type EnforcedClusterProps,
  type EnforcementOptions,
  type ExistingClusterAttributes,
  type IEnforcedCluster,
} from "./constructs/enforced-cluster";
export { EnforcedJob, type EnforcedJobProps, type IEnforcedJob } from "./constructs/enforced-job";
export { EnforcedService, type EnforcedServiceProps, type IEnforcedService } from "./constructs/enforced-service";
export {
  ExistingSigner,
  type ExistingSignerProps,
  type IExistingSigner,
  type SignScriptOptions,
} from "./constructs/existing-signer";
export {
  FederatedIdentity,
  type GithubIdentityOptions,
  type GitlabIdentityOptions,
} from "./constructs/federated-identity";
export {
  FederatedAccess,
  FederatedSigner,
  type FederatedSignerProps,
  type IFederatedSigner,
} from "./constructs/federated-signer";
export { Grant, type GrantOptions } from "./constructs/grant";
export { ImagePlatform } from "./constructs/image-platform";
export {
  KeyVersion,
  type KeyVersionNumber,
  type KeyVersionOptions,
  KeyVersionState,
  ProtectionLevel,
} from "./constructs/key-version";
export { type OnDemandScanOptions, ScanLocation } from "./constructs/on-demand-scan";
export {
  type IOrganizationPolicies,
  OrganizationPolicies,
  type OrganizationPoliciesProps,
} from "./constructs/organization-policies";
export {
  type GithubAppSourceOptions,
  type ManualSourceOptions,
  PipelineSource,
  type PubsubSourceOptions,
  type PushSourceOptions,
  RepositoryType,
  type WebhookSourceOptions,
} from "./constructs/pipeline-source";
export { ReleaseChannel } from "./constructs/release-channel";
export {
  ConnectionHost,
  type GithubConnectionOptions,
  type GitlabConnectionOptions,
  type IRepositoryConnection,
  RepositoryConnection,
  type RepositoryConnectionProps,
} from "./constructs/repository-connection";
export type { RepositoryOptions } from "./constructs/repository-options";
export { type IResigningTrigger, ResigningTrigger, type ResigningTriggerProps } from "./constructs/resigning-trigger";
export { type ISignatureLog, SignatureLog, type SignatureLogProps } from "./constructs/signature-log";
export { SignedBuild, type SignedPipelineOptions, type SignedTriggerOptions } from "./constructs/signed-build";
export { type ISignerPipeline, SignerPipeline, type SignerPipelineProps } from "./constructs/signer-pipeline";
export {
  SigningGate,
  type VulnerabilityException,
  type VulnerabilityGateOptions,
  VulnerabilitySeverity,
} from "./constructs/signing-gate";
export { type ManualSigningOptions, SigningStart } from "./constructs/signing-start";
export { type ISigningTrigger, SigningTrigger, type SigningTriggerProps } from "./constructs/signing-trigger";
export {
  type ITrustRoot,
  type KeyVersionReference,
  type KeyVersionsAttributes,
  TrustRoot,
  type TrustRootProps,
} from "./constructs/trust-root";
export { TrustRootGrants } from "./constructs/trust-root-grants";
export { type IVettedImages, VettedImages, type VettedImagesProps } from "./constructs/vetted-images";
export { type Problem, ProblemCode, Problems } from "./vocabulary/problem";
export { SigningAlgorithm } from "./vocabulary/signing-algorithm";
export { SystemImages } from "./vocabulary/system-images";
