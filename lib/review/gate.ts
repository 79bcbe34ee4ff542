import { atLeast } from "./finding";
import type { Effect, Finding, Severity } from "./types";

/** What stops a change. */
export interface Gate {
  readonly failOn: Severity;
  readonly failOnEffects: readonly Effect[];
  /** What a finding that is undecided and could be one that gates comes to. */
  readonly undecided: "fail" | "warn" | "ignore";
}

/** Stops what is high or worse and opens, blocks or blinds, and what could be so. */
export const DEFAULT_GATE: Gate = { failOn: "high", failOnEffects: ["opens", "blocks", "blind"], undecided: "fail" };

/** What a gate says of a change, see {@link verdictOf}. */
export type Verdict = "pass" | "fail" | "undecided";

/**
 * `fail` where a decided finding gates: its severity and one of its effects match. `undecided` where none does and one
 * that is not decided could. Findings that were suppressed or accepted are not handed in.
 */
export function verdictOf(findings: readonly Finding[], gate: Gate): Verdict {
  if (findings.some((finding) => gates(finding, gate))) {
    return "fail";
  }
  return gate.undecided === "fail" && findings.some((finding) => mayGate(finding, gate)) ? "undecided" : "pass";
}

/** Whether a finding gates for certain: undecided, it does so where its best case would. */
export function gates({ certainty, effects, severity }: Finding, gate: Gate): boolean {
  const sure = certainty.state === "decided" ? severity : certainty.best;
  return sure !== "none" && atLeast(sure, gate.failOn) && effects.some((effect) => gate.failOnEffects.includes(effect));
}

/** Whether an undecided finding gates at its worst. */
export function mayGate({ certainty, effects }: Finding, gate: Gate): boolean {
  return (
    certainty.state === "undecided" &&
    atLeast(certainty.worst, gate.failOn) &&
    effects.some((effect) => gate.failOnEffects.includes(effect))
  );
}
