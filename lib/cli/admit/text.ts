import Table from "cli-table3";
import { createColors } from "picocolors";
import type { Target } from "../../admission/types";
import type { SurveyReport } from "../../workloads/survey";
import { printable } from "../escape";
import type { Medium } from "../formats";
import { NARROWEST, wrap } from "../wrap";
import { type Answer, answersOf, type Item, itemsOf, placeNames, URGENCY, type Urgency } from "./items";
import { countsOf, headline, passedOverParts, plural, summaryOf } from "./summary";

type Colors = ReturnType<typeof createColors>;

const TITLES: Readonly<Record<Urgency, string>> = {
  denied: "Denied",
  undecided: "Undecided",
  overridden: "Let through, though the policy does not admit it",
  admitted: "Admitted",
};

/** On a terminal no more than these that run are listed: the others are what the reader came for. */
const MOST_ADMITTED = 20;
const MOST_PLACES = 8;

/** A report for people, line by line. Images are never broken, so that they can be copied. */
export function* textOf(report: SurveyReport, medium: Medium): Generator<string> {
  const colors = createColors(medium.color);
  const names = placeNames(report);
  for (const urgency of URGENCY) {
    yield* lines(section(urgency, report, names, medium, colors));
  }
  yield* lines(closing(report, medium, colors));
}

function* lines(texts: Iterable<string>): Generator<string> {
  for (const text of texts) {
    yield `${text}\n`;
  }
}

function* section(
  urgency: Urgency,
  report: SurveyReport,
  names: (target: Target) => string,
  medium: Medium,
  colors: Colors,
): Generator<string> {
  const limit = urgency === "admitted" && medium.columns !== undefined ? MOST_ADMITTED : Number.POSITIVE_INFINITY;
  let count = 0;
  let workload: string | undefined;
  for (const item of itemsOf(report, urgency)) {
    count += 1;
    if (count > limit) {
      continue;
    }
    if (count === 1) {
      yield colors.bold(paint(urgency, TITLES[urgency], colors));
    }
    if (item.workload !== workload) {
      yield* heading(item, medium, colors);
    }
    workload = item.workload;
    yield* itemLines(item, answersOf(item, report, names), medium, colors);
  }
  if (count > limit) {
    yield `  and ${count - limit} more; all of them are in --format json`;
  }
  if (count > 0) {
    yield "";
  }
}

/** The workload, where there is one: a namespace, a kind and a name. */
function heading({ first }: Item, { columns }: Medium, colors: Colors): string[] {
  const { workload, namespace, mirror } = first.pod;
  if (workload === undefined) {
    return [];
  }
  const how = mirror ? ["static"] : workload.inferred ? ["name inferred"] : [];
  const parts = [`${namespace ?? "(no namespace)"}  ${workload.kind} ${workload.name}`, ...how];
  return wrap(printable(parts.join(", ")), columns && columns - 4).map(
    (line, index) => `${index === 0 ? "  " : "    "}${colors.bold(line)}`,
  );
}

function itemLines({ first }: Item, answers: readonly Answer[], medium: Medium, colors: Colors): string[] {
  const { asked, pod } = first;
  const kind = asked.kind === "container" ? "" : ` (${asked.kind})`;
  const counted = pod.running || first.count > 1 ? `, ${plural(first.count, pod.running ? "pod" : "object")}` : "";
  const container = pod.workload === undefined ? "" : `${printable(asked.container)}${kind}${counted}  `;
  const indent = pod.workload === undefined ? "  " : "    ";
  return [
    `${indent}${container}${colors.cyan(printable(asked.image))}`,
    ...answerLines(answers, `${indent}  `, medium, colors),
  ];
}

/** Verdict, places and reason side by side; what to do below, over the whole width. */
function answerLines(answers: readonly Answer[], indent: string, { columns }: Medium, colors: Colors): string[] {
  const wide = Math.max(...answers.map(({ verdict }) => verdict.length));
  const places = answers.map((answer) => placesOf(answer));
  const widest = Math.max(...places.flat().map((place) => place.length));
  const left = columns === undefined ? undefined : columns - indent.length - wide - widest - 4;
  return answers.flatMap((answer, index) => {
    // Where there is no room beside it, the reason has lines of its own.
    const beside = left === undefined || left >= NARROWEST;
    const table = plainTable();
    const verdict = paint(answer.decision.category, answer.verdict.padEnd(wide), colors);
    const names = places[index].map((place) => place.padEnd(widest)).join("\n");
    table.push(beside ? [verdict, names, wrap(printable(answer.why), left).join("\n")] : [verdict, names]);
    const own = beside
      ? []
      : wrap(printable(answer.why), columns && columns - indent.length - 2).map((line) => `  ${line}`);
    // What mends several answers is said once, below the last of them.
    const next = answers[index + 1];
    const said = next !== undefined && next.remedies.join("\n") === answer.remedies.join("\n");
    const remedies = (said ? [] : answer.remedies).flatMap((remedy) =>
      wrap(printable(remedy), columns && columns - indent.length - 4).map(
        (line, part) => `${part === 0 ? "  → " : "    "}${line}`,
      ),
    );
    return [...table.toString().split("\n"), ...own, ...remedies].map((line) => `${indent}${line}`.trimEnd());
  });
}

function placesOf({ places }: Answer): string[] {
  const names = places.map(printable);
  return names.length > MOST_PLACES
    ? [...names.slice(0, MOST_PLACES), `and ${names.length - MOST_PLACES} more`]
    : names;
}

function plainTable(): Table.Table {
  const borders = ["top", "bottom", "left", "right", "mid"].flatMap((border) =>
    ["", "-mid", "-left", "-right"].map((end): [string, string] => [`${border}${end}`, ""]),
  );
  return new Table({
    chars: { ...Object.fromEntries(borders), middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
}

function closing(report: SurveyReport, { columns }: Medium, colors: Colors): string[] {
  const of = (list: readonly string[], word: string) =>
    list.flatMap((text) =>
      wrap(printable(`${word}: ${text}`), columns && columns - 2).map(
        (line, index) => `${index === 0 ? "" : "  "}${line}`,
      ),
    );
  const passed = passedOverParts(report);
  const { admittedIfPinned } = summaryOf(report);
  const urgency = { pass: "admitted", fail: "denied", undecided: "undecided" }[report.result];
  return [
    ...wrap(`${report.result.toUpperCase()}  ${headline(report)}`, columns).map((line) =>
      colors.bold(paint(urgency, line, colors)),
    ),
    ...wrap(countsOf(report), columns),
    ...(admittedIfPinned > 0
      ? wrap(`${admittedIfPinned} of them would be admitted if pinned to the digest that runs`, columns)
      : []),
    ...of(passed.length > 0 ? [passed.join(", ")] : [], "passed over, since they make no pods"),
    ...of(report.notes, "note"),
    ...of(report.assumptions, "assumed"),
  ];
}

function paint(what: string, text: string, colors: Colors): string {
  switch (what) {
    case "denied":
    case "denied-by-tag":
    case "unsigned":
      return colors.red(text);
    case "undecided":
    case "overridden":
    case "dry-run":
    case "break-glass":
      return colors.yellow(text);
    default:
      return colors.green(text);
  }
}
