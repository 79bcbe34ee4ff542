import { CHECKS } from "../review/checks";
import { checkState } from "../review/engine";
import { DEFAULT_GATE } from "../review/gate";
import { judge, type OpenFinding } from "../review/outcome";
import { EMPTY_SETTINGS } from "../review/settings";
import { NO_SETTINGS, type Severity } from "../review/types";
import type { TrustModel } from "../trust/model";

/** Options of `toHaveNoFindings`. */
export interface FindingsExpectation {
  /**
   * How severe a finding has to be to count.
   * @default - high
   */
  readonly failOn?: Severity;
  /**
   * The ids of checks whose findings are known, each with the reason: `{ C003: "the block comes with the next release" }`.
   * @default - none
   */
  readonly except?: Readonly<Record<string, string>>;
}

/** The findings of `binauthz check` that count, one sentence each; what is undecided and could count is among them. */
export function countingFindings(model: TrustModel, { except = {}, failOn }: FindingsExpectation): readonly string[] {
  const outcome = judge(checkState({ models: [model], settings: NO_SETTINGS }), {
    subject: "check",
    gate: { ...DEFAULT_GATE, ...(failOn !== undefined && { failOn }) },
    settings: EMPTY_SETTINGS,
    // There are no suppressions that could expire.
    today: "",
    checks: CHECKS,
  });
  return outcome.findings.filter(({ gates, id }) => gates !== "no" && !Object.hasOwn(except, id)).map(sentence);
}

function sentence({ address, certainty, id, mend, message, severity, target }: OpenFinding): string {
  const place = address ?? target;
  const open = certainty.state === "undecided" ? `, not decided: ${certainty.because}` : "";
  return `${id} (${severity}${open})${place === undefined ? "" : ` of ${place}`}: ${message} ${mend}`;
}
