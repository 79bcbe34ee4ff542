import type { SurveyReport } from "../../workloads/survey";
import { markdown, markdownCode } from "../escape";
import { type Answer, answersOf, type Item, itemsOf, placeNames, URGENCY, type Urgency } from "./items";
import { countsOf, headline, passedOverParts, plural, summaryOf } from "./summary";

/** A comment on GitHub has at most 65,536 characters. */
const MOST_ROWS = 100;

/** A report for a pull request: the counts, a table of what needs somebody, and the rest folded away. */
export function markdownOf(report: SurveyReport): string {
  const open = tableOf(
    report,
    URGENCY.filter((urgency) => urgency !== "admitted"),
  );
  const admitted = tableOf(report, ["admitted"]);
  const passed = passedOverParts(report);
  const { admittedIfPinned } = summaryOf(report);
  return [
    `### binauthz admit: ${headline(report)}`,
    "",
    `**${report.result}** · ${countsOf(report)}.`,
    ...(admittedIfPinned > 0
      ? ["", `${admittedIfPinned} of them would be admitted if pinned to the digest that runs.`]
      : []),
    ...(open.items > 0 ? ["", ...table(open)] : []),
    ...details(`${plural(admitted.items, "image")} admitted`, admitted.items > 0 ? table(admitted) : []),
    ...details("What Google's message would be", [...open.messages]),
    ...details("Notes and assumptions", [
      ...(passed.length > 0 ? [`- passed over, since they make no pods: ${passed.map(markdown).join(", ")}`] : []),
      ...[...report.notes, ...report.assumptions.map((text) => `assumed: ${text}`)].map(
        (text) => `- ${markdown(text)}`,
      ),
    ]),
    "",
  ].join("\n");
}

/** As much of a table as is shown. */
interface Shown {
  readonly items: number;
  readonly rows: readonly string[];
  /** How many rows are left out. */
  readonly more: number;
  /** Each of Google's messages once. */
  readonly messages: ReadonlySet<string>;
}

function tableOf(report: SurveyReport, urgencies: readonly Urgency[]): Shown {
  const names = placeNames(report);
  const rows: string[] = [];
  const messages = new Set<string>();
  let [items, more] = [0, 0];
  for (const urgency of urgencies) {
    for (const item of itemsOf(report, urgency)) {
      items += 1;
      for (const answer of answersOf(item, report, names)) {
        if (rows.length < MOST_ROWS) {
          rows.push(row(item, answer));
        } else {
          more += 1;
        }
        const { message } = answer.decision.policy;
        if (message !== undefined && messages.size < MOST_ROWS) {
          messages.add(`- ${markdownCode(message)}`);
        }
      }
    }
  }
  return { items, rows, more, messages };
}

function table({ rows, more }: Shown): string[] {
  return [
    "| Workload | Container and image | Where | Verdict | Why | What to do |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
    ...(more > 0 ? ["", `and ${more} more rows; all of them are in \`--format json\``] : []),
  ];
}

function row({ first }: Item, { places, verdict, why, remedies }: Answer): string {
  const { workload, namespace } = first.pod;
  const cells = [
    workload
      ? `${markdownCode(`${workload.kind} ${workload.name}`)}${namespace === undefined ? "" : ` in ${markdownCode(namespace)}`}${first.count > 1 ? `, ${first.count}` : ""}`
      : "",
    `${workload ? `${markdownCode(first.asked.container)} ` : ""}${markdownCode(first.asked.image)}`,
    places.map(markdownCode).join("<br>"),
    verdict,
    markdown(why),
    remedies.map(markdown).join("<br>"),
  ];
  return `| ${cells.join(" | ")} |`;
}

function details(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `<details><summary>${title}</summary>`, "", ...lines, "", "</details>"];
}
