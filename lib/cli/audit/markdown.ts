import { EVENT_KINDS } from "../../audit/kinds";
import type { AuditReport, Finding } from "../../audit/report";
import { markdown, markdownCode } from "../escape";
import { coverageOf, headline, hintsOf, personOf, remarksOf, timesOf, WORDS } from "./words";

/** A comment on GitHub has at most 65,536 characters. */
const MOST_ROWS = 100;
const MOST = 5;

/** A report for an issue or a page: a table for each kind, and what the logs cover. */
export function markdownOf(report: AuditReport): string {
  let left = MOST_ROWS;
  const sections = EVENT_KINDS.flatMap((kind) => {
    const all = report.findings.filter((finding) => finding.kind === kind);
    const shown = all.slice(0, left);
    left -= shown.length;
    const { title, todo } = WORDS[kind];
    return all.length === 0
      ? []
      : [
          "",
          `#### ${title}`,
          "",
          ...(shown.length === 0 ? [] : table(shown)),
          ...(shown.length < all.length
            ? ["", `${all.length - shown.length} more rows; all of them are in \`--format json\``]
            : []),
          ...(todo === undefined ? [] : ["", `→ ${markdown(todo)}`]),
        ];
  });
  return [
    `### binauthz audit: ${markdown(headline(report))}`,
    "",
    `**${report.result}** · ${remarksOf(report).map(markdown).join(" · ")}`,
    ...sections,
    ...people(report),
    "",
    "#### Logs",
    "",
    "| Log | What there is |",
    "| --- | --- |",
    ...report.coverage.map((row) => `| ${row.log} | ${markdown(coverageOf(row))} |`),
    "",
  ].join("\n");
}

function table(findings: readonly Finding[]): string[] {
  return [
    "| What | Where | By | When (UTC) | Entries | Images | Why |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...findings.map((finding) => {
      const { namespace, subject, place, by, images, details, count } = finding;
      const cells = [
        `${markdownCode(subject)}${namespace === undefined ? "" : ` in ${markdownCode(namespace)}`}`,
        markdownCode(place),
        few(by.map((doer) => markdownCode(personOf(doer)))),
        timesOf(finding),
        String(count),
        few(images.map(markdownCode)),
        few([...details, ...hintsOf(finding)].map(markdown)),
      ];
      return `| ${cells.join(" | ")} |`;
    }),
  ];
}

function few(cells: readonly string[]): string {
  const rest = cells.length - MOST;
  return [...cells.slice(0, MOST), ...(rest > 0 ? [`and ${rest} more`] : [])].join("<br>");
}

function people({ people: all }: AuditReport): string[] {
  const rest = all.length - MOST_ROWS;
  return all.length === 0
    ? []
    : [
        "",
        "#### By person and account",
        "",
        "| Who | What | When (UTC) |",
        "| --- | --- | --- |",
        ...all
          .slice(0, MOST_ROWS)
          .map(
            (person) =>
              `| ${markdownCode(personOf(person))} | ${person.counts.map(({ kind, count }) => `${kind} ${count}`).join(", ")} | ${timesOf(person)} |`,
          ),
        ...(rest > 0 ? ["", `${rest} more; all of them are in \`--format json\``] : []),
      ];
}
