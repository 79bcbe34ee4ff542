import type { SurveyReport } from "../../workloads/survey";
import { markdown, markdownCode } from "../escape";
import { type Answer, type Item, itemsOf, URGENCY, urgencyOf } from "./items";
import { countsOf, headline, passedOverParts, plural, summaryOf } from "./summary";

/** A comment on GitHub has at most 65,536 characters. */
const MOST_ROWS = 100;

/** A report for a pull request: the counts, a table of what needs somebody, and the rest folded away. */
export function markdownOf(report: SurveyReport): string {
  const items = itemsOf(report.decisions);
  const open = URGENCY.filter((urgency) => urgency !== "admitted").flatMap((urgency) =>
    items.filter((item) => urgencyOf(item) === urgency),
  );
  const admitted = items.filter((item) => urgencyOf(item) === "admitted");
  const passed = passedOverParts(report);
  const { admittedIfPinned } = summaryOf(report);
  return [
    `### binauthz admit: ${headline(report)}`,
    "",
    `**${report.result}** · ${countsOf(report)}.`,
    ...(admittedIfPinned > 0
      ? ["", `${admittedIfPinned} of them would be admitted if pinned to the digest that runs.`]
      : []),
    ...(open.length > 0 ? ["", ...table(open)] : []),
    ...details(`${plural(admitted.length, "image")} admitted`, admitted.length > 0 ? table(admitted) : []),
    ...details("What Google's message would be", messages(open)),
    ...details("Notes and assumptions", [
      ...(passed.length > 0 ? [`- passed over, since they make no pods: ${passed.map(markdown).join(", ")}`] : []),
      ...[...report.notes, ...report.assumptions.map((text) => `assumed: ${text}`)].map(
        (text) => `- ${markdown(text)}`,
      ),
    ]),
    "",
  ].join("\n");
}

function table(items: readonly Item[]): string[] {
  const rows = items.flatMap((item) => item.answers.map((answer) => row(item, answer)));
  return [
    "| Workload | Container and image | Where | Verdict | Why | What to do |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.slice(0, MOST_ROWS),
    ...(rows.length > MOST_ROWS
      ? ["", `and ${rows.length - MOST_ROWS} more rows; all of them are in \`--format json\``]
      : []),
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

function messages(items: readonly Item[]): string[] {
  const texts = items.flatMap(({ answers }) => answers.flatMap(({ decision }) => decision.policy.message ?? []));
  return [...new Set(texts)].slice(0, MOST_ROWS).map((text) => `- ${markdownCode(text)}`);
}

function details(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `<details><summary>${title}</summary>`, "", ...lines, "", "</details>"];
}
