import type { OpenFinding, Outcome } from "../outcome";
import {
  type Finding,
  SEVERITIES,
  type Severity,
  type SignerChange,
  type SigningPower,
  type TargetChange,
} from "../types";

/** What the headline of every format says. */
export interface Summary {
  readonly findings: number;
  readonly bySeverity: Readonly<Record<Severity, number>>;
  readonly undecided: number;
  readonly gating: number;
  readonly maybeGating: number;
  readonly suppressed: number;
}

export function summaryOf({ findings, setAside }: Outcome): Summary {
  const of = (severity: Severity) =>
    findings.filter((finding) => isDecided(finding) && finding.severity === severity).length;
  return {
    findings: findings.length,
    bySeverity: Object.fromEntries(SEVERITIES.map((severity) => [severity, of(severity)])) as Record<Severity, number>,
    undecided: findings.filter((finding) => !isDecided(finding)).length,
    gating: findings.filter(({ gates }) => gates === "yes").length,
    maybeGating: findings.filter(({ gates }) => gates === "maybe").length,
    suppressed: setAside.length,
  };
}

export function isDecided({ certainty }: Finding): boolean {
  return certainty.state === "decided";
}

/** `2 critical, 1 high, 1 not decided`; empty where there is nothing. */
export function countsOf(outcome: Outcome): string[] {
  const { bySeverity, undecided } = summaryOf(outcome);
  return [
    ...SEVERITIES.flatMap((severity) => (bySeverity[severity] > 0 ? [`${bySeverity[severity]} ${severity}`] : [])),
    ...(undecided > 0 ? [`${undecided} not decided`] : []),
  ];
}

/** The result in one sentence. Where it passes, the word for the other result is nowhere: some tools look for it. */
export function verdictSentence(outcome: Outcome): string {
  const { gate, subject, verdict } = outcome;
  const { gating, maybeGating } = summaryOf(outcome);
  const bar = `${gate.failOn === "critical" ? "critical" : `${gate.failOn} or worse`} (${gate.failOnEffects.join(", ")})`;
  switch (verdict) {
    case "fail":
      return `${plural(gating, "finding")} ${gating === 1 ? "is" : "are"} ${bar}${maybeGating > 0 ? `, and ${maybeGating} more may be` : ""}`;
    case "undecided":
      return `${plural(maybeGating, "finding")} may be ${bar}, and cannot be decided from what was given`;
    case "pass":
      if (outcome.findings.length > 0 || outcome.setAside.length > 0) {
        return `no finding that counts is ${bar}`;
      }
      return subject === "check"
        ? "nothing is wrong with the chain of trust"
        : changesAnything(outcome)
          ? "the chain of trust changes, and no check has anything to say about it"
          : "nothing changes in the chain of trust";
  }
}

/** Whether anybody can do or run something else than before. */
export function changesAnything({ report }: Outcome): boolean {
  return report.targets.some(({ changed }) => changed) || changedSigners(report.signers).length > 0;
}

/** A warning where what is undecided does not stop the change, and is not to be passed over either. */
export function warningOf(outcome: Outcome): string | undefined {
  const { maybeGating } = summaryOf(outcome);
  return outcome.verdict === "pass" && outcome.gate.undecided === "warn" && maybeGating > 0
    ? `${plural(maybeGating, "finding")} could not be decided, and may be ${outcome.gate.failOn} or worse`
    : undefined;
}

/** Most severe first; those that are not decided apart, each by the worst it could be. */
export function groupsOf(
  findings: readonly OpenFinding[],
): { readonly severity: Severity | "undecided"; readonly findings: readonly OpenFinding[] }[] {
  const decided = SEVERITIES.map((severity) => ({
    severity,
    findings: findings.filter((finding) => isDecided(finding) && finding.severity === severity),
  }));
  const undecided = { severity: "undecided" as const, findings: findings.filter((finding) => !isDecided(finding)) };
  return [...decided, undecided].filter((group) => group.findings.length > 0);
}

/** Who can sign is said with what it rests on. */
export function signersTitle({ report }: Outcome): string {
  return report.allGrants ? "Who can sign" : "Who can sign, by the grants in these files";
}

export function changedSigners(signers: readonly SignerChange[]): SignerChange[] {
  return signers.filter(({ after, before }) => before !== after);
}

/** Targets that change, and how many do not. */
export function targetsOf({ report, subject }: Outcome): {
  readonly shown: readonly TargetChange[];
  readonly rest: number;
} {
  const shown = subject === "check" ? report.targets : report.targets.filter(({ changed }) => changed);
  return { shown, rest: report.targets.length - shown.length };
}

const POWERS: Readonly<Record<SigningPower, string>> = {
  full: "can sign",
  maybe: "may sign",
  half: "has one of the two powers",
  none: "cannot sign",
};

export function showPower(power: SigningPower): string {
  return POWERS[power];
}

/** What the words of the table mean, where they need it. */
export function powersNote(signers: readonly SignerChange[]): string | undefined {
  return signers.some(({ after, before }) => after === "maybe" || before === "maybe")
    ? "Signing takes two powers: to use a key, and to attach to the note. Who may sign has one of them, and these files do not say who has the other."
    : undefined;
}

/** What an undecided finding could be, and why nobody knows. */
export function showCertainty({ certainty }: Finding): string | undefined {
  if (certainty.state === "decided") {
    return undefined;
  }
  const best = certainty.best === "none" ? "nothing" : certainty.best;
  return `not decided: at best ${best}, at worst ${certainty.worst}; ${certainty.because}`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
