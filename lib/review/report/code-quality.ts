import type { Outcome } from "../outcome";
import type { Severity } from "../types";
import { cut, printable, safeJson } from "./escape";
import { showCertainty } from "./summary";

const SEVERITY: Readonly<Record<Severity, string>> = {
  critical: "blocker",
  high: "critical",
  medium: "major",
  low: "minor",
  info: "info",
};

/**
 * GitLab's code quality report. Findings that were set aside are left out: the format has no word for them.
 * Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
 */
export function codeQualityOf({ findings, report }: Outcome): string {
  return `${safeJson(
    findings.map((finding) => ({
      description: cut(
        printable(
          [`${finding.title}: ${finding.message}`, showCertainty(finding), finding.address ?? finding.target]
            .filter((part) => part !== undefined)
            .join(" · "),
        ),
        2_000,
      ),
      check_name: finding.id,
      fingerprint: finding.fingerprint,
      severity: SEVERITY[finding.certainty.state === "decided" ? finding.severity : finding.certainty.worst],
      location: { path: pathOf(finding.source ?? report.plans[0]?.source), lines: { begin: 1 } },
    })),
  )}\n`;
}

/** A path as it is in the repository. */
function pathOf(source: string | undefined): string {
  return printable((source ?? "terraform.plan.json").replace(/^(?:\.\/)+/, ""));
}
