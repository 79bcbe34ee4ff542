import { createColors } from "picocolors";
import { EVENT_KINDS, type EventKind } from "../../audit/kinds";
import { type AuditReport, type Finding, TOLD_SINGLY } from "../../audit/report";
import { printable } from "../escape";
import type { Medium } from "../formats";
import { wrap } from "../wrap";
import { coverageOf, headline, hintsOf, personOf, remarksOf, timesOf, WORDS } from "./words";

type Colors = ReturnType<typeof createColors>;

/** All of them are in JSON. */
const MOST = 5;

/** A report for people: what fails first, then who did what, and what the logs cover. */
export function textOf(report: AuditReport, medium: Medium): string {
  const colors = createColors(medium.color);
  const sections = EVENT_KINDS.flatMap((kind) => {
    const found = report.findings.filter((finding) => finding.kind === kind);
    return found.length === 0 ? [] : section(kind, found, medium, colors);
  });
  return `${[...sections, ...people(report, medium, colors), ...logs(report, medium, colors), ...closing(report, medium, colors)].join("\n")}\n`;
}

function section(kind: EventKind, findings: readonly Finding[], { columns }: Medium, colors: Colors): string[] {
  const { title, todo } = WORDS[kind];
  return [
    colors.bold(findings[0].gates ? colors.red(title) : title),
    ...findings.flatMap((finding) => lines(finding, columns, colors)),
    ...(todo === undefined ? [] : hanging(todo, "  → ", columns)),
    "",
  ];
}

function lines(finding: Finding, columns: number | undefined, colors: Colors): string[] {
  return TOLD_SINGLY.includes(finding.kind) ? single(finding, columns, colors) : grouped(finding, columns, colors);
}

/** What happened once: the time, what it was about, and who. */
function single(
  { namespace, subject, place, by, details, first, images }: Finding,
  columns: number | undefined,
  colors: Colors,
): string[] {
  const where = [namespace, subject].filter((part) => part !== undefined).join("  ");
  const within = subject.startsWith("projects/") ? "" : `  ${place}`;
  return [
    `  ${first}  ${colors.bold(printable(where))}${printable(within)}`,
    ...by.map((doer) => `    by ${printable(personOf(doer))}`),
    ...images.map((image) => `    ${colors.cyan(printable(image))}`),
    ...details.flatMap((detail) => hanging(printable(detail), "    ", columns)),
  ];
}

function grouped(finding: Finding, columns: number | undefined, colors: Colors): string[] {
  const { namespace, subject, place, by, images, details, count } = finding;
  const where = [namespace, subject].filter((part) => part !== undefined).join("  ");
  const times = `${timesOf(finding)}${count === 1 ? "" : `, ${count} entries`}`;
  const who = by.map((doer) => `${personOf(doer)}${count === doer.count ? "" : ` (${doer.count})`}`);
  return [
    `  ${colors.bold(printable(where))}${subject.startsWith("projects/") ? "" : printable(`  ${place}`)}`,
    `    ${times}`,
    ...few(who).map((text) => `    by ${printable(text)}`),
    ...few(images).map((image) => `    ${colors.cyan(printable(image))}`),
    ...few([...details, ...hintsOf(finding)]).flatMap((detail) => hanging(printable(detail), "    ", columns)),
  ];
}

function few(texts: readonly string[]): string[] {
  return texts.length > MOST
    ? [...texts.slice(0, MOST), `and ${texts.length - MOST} more, in --format json`]
    : [...texts];
}

function people({ people: all }: AuditReport, { columns }: Medium, colors: Colors): string[] {
  return all.length === 0
    ? []
    : [
        colors.bold("By person and account"),
        ...all.flatMap((person) => [
          `  ${printable(personOf(person))}`,
          ...hanging(
            `${person.counts.map(({ kind, count }) => `${kind} ${count}`).join(", ")}; ${timesOf(person)}`,
            "    ",
            columns,
          ),
        ]),
        "",
      ];
}

function logs({ coverage }: AuditReport, { columns }: Medium, colors: Colors): string[] {
  const widest = Math.max(...coverage.map(({ log }) => log.length));
  return [
    colors.bold("Logs"),
    ...coverage.flatMap((row) =>
      hanging(printable(coverageOf(row)), `  ${row.log.padEnd(widest)}  `, columns).map((line) =>
        row.known ? line : colors.yellow(line),
      ),
    ),
    "",
  ];
}

function closing(report: AuditReport, { columns }: Medium, colors: Colors): string[] {
  const paint = { pass: colors.green, fail: colors.red, undecided: colors.yellow }[report.result];
  return [
    ...wrap(`${report.result.toUpperCase()}  ${headline(report)}`, columns).map((line) => colors.bold(paint(line))),
    ...remarksOf(report).flatMap((text) => wrap(text, columns)),
  ];
}

/** Text after something that only its first line has; the others are set in below it. */
function hanging(text: string, start: string, columns: number | undefined): string[] {
  return wrap(text, columns && columns - start.length).map(
    (line, index) => `${index === 0 ? start : " ".repeat(start.length)}${line}`,
  );
}
