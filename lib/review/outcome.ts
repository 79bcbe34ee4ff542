import type { Lifecycle } from "../trust";
import { type Acceptance, acceptanceHash } from "./acceptance";
import { applyAcknowledgements } from "./acknowledgements";
import { inOrder } from "./finding";
import { type Gate, gates, mayGate, type Verdict, verdictOf } from "./gate";
import { applySuppressions, type Settings, settingsFinding } from "./settings";
import type { Check, Effect, Finding, Report, Severity } from "./types";

/** What a report is of: a change, or one state. */
export type Subject = "review" | "check";

/** A finding that counts, with what the gate makes of it. */
export interface OpenFinding extends Finding {
  /** Whether it stops the change: `maybe` where it is undecided, and could. */
  readonly gates: "yes" | "maybe" | "no";
  /** What `--accept` takes for it. */
  readonly acceptHash?: string;
}

/** A finding that somebody took responsibility for. It does not gate, and is in every report. */
export interface SetAside {
  readonly finding: Finding;
  readonly by: "suppression" | "acceptance" | "acknowledgement" | "baseline";
  readonly reason: string;
  readonly owner?: string;
  /** The last day it holds, `YYYY-MM-DD`. */
  readonly expires?: string;
}

/** What every format prints. */
export interface Outcome {
  readonly subject: Subject;
  /** Tells several reports of one pull request apart: in the hidden marker of a comment, in SARIF's category. */
  readonly name: string;
  /** Of the package, for formats that name the tool's. */
  readonly version?: string;
  readonly verdict: Verdict;
  readonly gate: Gate;
  readonly findings: readonly OpenFinding[];
  readonly setAside: readonly SetAside[];
  readonly report: Report;
  /** What was looked for, for formats that list rules. */
  readonly rules: readonly RuleInfo[];
}

export interface RuleInfo {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly effects: readonly Effect[];
  readonly looksAt: string;
  readonly mend: string;
}

/** By what a report is judged: what stops a change, and what was set aside before. */
export interface Judgement {
  readonly subject: Subject;
  readonly name?: string;
  readonly version?: string;
  readonly gate: Gate;
  readonly settings: Settings;
  /** What the configuration says of each resource, by address: its authors may have acknowledged findings there. */
  readonly lifecycles?: ReadonlyMap<string, Lifecycle>;
  readonly acceptances?: readonly Acceptance[];
  /** Fingerprints of an earlier report: what was there already is set aside. */
  readonly baseline?: ReadonlySet<string>;
  /** The day it is, as `YYYY-MM-DD`: suppressions expire. */
  readonly today: string;
  readonly checks: readonly Pick<Check, keyof RuleInfo>[];
}

/** What a report comes to: findings that count, those that were set aside, and whether the gate lets it pass. */
export function judge(report: Report, judgement: Judgement): Outcome {
  const { acceptances = [], baseline, checks, gate, lifecycles, name, settings, subject, today, version } = judgement;
  const acknowledged = applyAcknowledgements(report.findings, lifecycles ?? new Map(), settings, subject);
  const suppressed = applySuppressions(acknowledged.open, settings, today);
  const used = new Set<string>();
  const open: OpenFinding[] = [];
  const setAside: SetAside[] = [...acknowledged.setAside, ...suppressed.setAside];
  for (const finding of suppressed.open) {
    const hash = acceptanceHash(report, finding);
    const accepted = acceptances.find((acceptance) => acceptance.hash === hash);
    if (accepted) {
      used.add(accepted.hash);
      setAside.push({ finding, by: "acceptance", reason: accepted.reason });
    } else if (baseline?.has(finding.fingerprint)) {
      setAside.push({ finding, by: "baseline", reason: "it was there before" });
    } else {
      open.push(opened(finding, gate, hash));
    }
  }
  const stale = acceptances
    .filter(({ hash }) => !used.has(hash))
    .map(({ hash, reason }) =>
      settingsFinding("S004", {
        target: hash,
        message: `--accept ${hash} (${reason}) is the hash of no finding of this plan. The plan or the finding is another one than was looked at.`,
      }),
    );
  const notes = [...acknowledged.notes, ...suppressed.notes, ...stale].map((finding) =>
    opened(finding, gate, undefined),
  );
  const findings = inOrder([...open, ...notes]) as OpenFinding[];
  return {
    subject,
    name: name ?? "default",
    ...(version !== undefined && { version }),
    verdict: verdictOf(findings, gate),
    gate,
    findings,
    setAside,
    report,
    rules: checks.map(({ effects, id, looksAt, mend, severity, title }) => ({
      id,
      title,
      severity,
      effects,
      looksAt,
      mend,
    })),
  };
}

function opened(finding: Finding, gate: Gate, hash: string | undefined): OpenFinding {
  const sure = gates(finding, gate);
  const stops = sure ? "yes" : mayGate(finding, gate) ? "maybe" : "no";
  return { ...finding, gates: stops, ...(hash !== undefined && stops !== "no" && { acceptHash: hash }) };
}
