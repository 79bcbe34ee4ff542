export { readCdktfOut } from "./cdktf-out";
export { readAttestorsExport, readPolicyExport } from "./gcloud-export";
export { join } from "./join";
export { LOCK_FILE, lockedIn, readLockFile } from "./lock-file";
export * from "./model";
export {
  type ContestedPolicy,
  type Drift,
  type FailedCheck,
  type Plan,
  type PlanDoubt,
  type PlannedChange,
  type ProviderUse,
  readPlan,
} from "./plan";
export { policyYaml } from "./policy-yaml";
export { isFullName } from "./private/names";
export { ConflictError, ReadError, type ReadProblem, showOrigin } from "./read-error";
export { powersOfRole, type RoleScope } from "./role-powers";
export {
  openSource,
  openSourceBytes,
  openSourceText,
  readSource,
  readSources,
  type Source,
  type SourceKind,
} from "./source";
export { readState } from "./state";
export { type Acknowledgement, type Lifecycle, lifecyclesIn, readSynthesis, synthesizedFiles } from "./synthesis";
export { type ReadOptions, readTerraformJson } from "./terraform-json";
