import type { OpenFinding, Outcome, SetAside } from "../outcome";
import type { Finding } from "../types";
import { safeJson } from "./escape";
import { summaryOf } from "./summary";

/** The version of the shape that schemas/review.json and schemas/check.json describe. */
export const REVIEW_SCHEMA_VERSION = 1;

/** What `--format json` prints; without `before` and `after` of the facts, which are no published shape. */
export function reviewJson(outcome: Outcome) {
  const { findings, gate, report, setAside, subject, verdict } = outcome;
  return {
    schemaVersion: REVIEW_SCHEMA_VERSION,
    result: verdict,
    findings: findings.map(openFindingJson),
    suppressed: setAside.map(setAsideJson),
    ...(subject === "review" && { targets: report.targets, plans: report.plans }),
    ...(subject === "check" && { targets: report.targets.map(({ after, target }) => ({ target, after })) }),
    signers:
      subject === "review"
        ? report.signers
        : report.signers.map(({ after, attestor, principal }) => ({ principal, attestor, after })),
    allGrants: report.allGrants,
    gate: { severity: gate.failOn, effects: gate.failOnEffects },
    summary: summaryOf(outcome),
  };
}

function openFindingJson(finding: OpenFinding) {
  return {
    ...findingJson(finding),
    gates: finding.gates,
    ...(finding.acceptHash && { acceptHash: finding.acceptHash }),
  };
}

function setAsideJson({ by, expires, finding, owner, reason }: SetAside) {
  return {
    ...findingJson(finding),
    by,
    reason,
    ...(owner !== undefined && { owner }),
    ...(expires !== undefined && { expires }),
  };
}

/** A finding, with its fields in the order that every report has. */
export function findingJson(finding: Finding) {
  const { address, after, before, certainty, constructPath, effects, fingerprint, id, mend, message, severity } =
    finding;
  const { source, target, title } = finding;
  return {
    id,
    severity,
    effects,
    ...(address !== undefined && { address }),
    ...(constructPath !== undefined && { constructPath }),
    ...(target !== undefined && { target }),
    title,
    message,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    mend,
    fingerprint,
    certainty,
    ...(source !== undefined && { source }),
  };
}

/** An outcome as JSON, as schemas/review.json and schemas/check.json describe it. */
export function jsonOf(outcome: Outcome): string {
  return `${safeJson(reviewJson(outcome))}\n`;
}
