export { readAttestorsExport, readPolicyExport } from "./gcloud-export";
export { join } from "./join";
export { LOCK_FILE, lockedIn, readLockFile } from "./lock-file";
export * from "./model";
export {
  type Drift,
  type Plan,
  type PlanDoubt,
  type PlannedChange,
  readPlan,
} from "./plan";
export { isFullName } from "./private/names";
export { ReadError } from "./read-error";
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
export { type Lifecycle, lifecyclesIn, readSynthesis, synthesizedFiles } from "./synthesis";
export { type ReadOptions, readTerraformJson } from "./terraform-json";
