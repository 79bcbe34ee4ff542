// The entry `cdktf-binauthz/review`: what `binauthz review` and `binauthz check` do, for programs. Plain data and functions;
// nothing of CDKTF is loaded with it.
export { type Lifecycle, type Plan, readPlan, readSource, readSources, readSynthesis, type TrustModel } from "../trust";
export { type Acceptance, acceptanceHash, parseAcceptance } from "./acceptance";
export { type AcknowledgeableConstruct, type AcknowledgeOptions, acknowledge } from "./acknowledge";
export { CHECKS } from "./checks";
export { type CheckInput, checkState, type ReviewedPlan, type ReviewInput, review, type Surroundings } from "./engine";
export { DEFAULT_GATE, type Gate, type Verdict } from "./gate";
export { joinInventories, readInventory } from "./inventory";
export { type Judgement, judge, type OpenFinding, type Outcome, type SetAside } from "./outcome";
export { codeQualityOf, jsonOf, junitOf, markdownOf, sarifOf, type TextMedium, textOf } from "./report";
export { EMPTY_SETTINGS, readSettings, type Settings, type Suppression } from "./settings";
export {
  type Certainty,
  type Check,
  type Effect,
  type Finding,
  type Inventory,
  NO_SETTINGS,
  type Report,
  type ReviewSettings,
  type Severity,
  type SignerChange,
  type TargetChange,
} from "./types";
export {
  gatingFindings,
  outcomeOfConfiguration,
  TrustValidation,
  type TrustValidationOptions,
  type ValidatedStack,
} from "./validation";
