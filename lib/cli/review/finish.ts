import { createColors } from "picocolors";
import { version } from "../../../package.json";
import type { Acceptance } from "../../review/acceptance";
import { CHECKS } from "../../review/checks";
import { judge, type Outcome, type Subject } from "../../review/outcome";
import { codeQualityOf, jsonOf, junitOf, markdownOf, sarifOf, textOf } from "../../review/report";
import type { Settings } from "../../review/settings";
import type { Report } from "../../review/types";
import type { Lifecycle } from "../../trust";
import { type Destination, emit, type Medium } from "../formats";
import type { ExitCode, Io } from "../io";
import { type CommonOptions, type FORMATS, gateOf } from "./options";

type Format = (typeof FORMATS)[number];

export interface Finish {
  readonly subject: Subject;
  readonly options: CommonOptions;
  readonly settings: Settings;
  readonly destinations: readonly Destination<Format>[];
  readonly lifecycles: ReadonlyMap<string, Lifecycle>;
  readonly acceptances?: readonly Acceptance[];
  readonly baseline?: ReadonlySet<string>;
  /** The day it is, as `YYYY-MM-DD`: suppressions expire. */
  readonly today: string;
}

/** The day of a moment in UTC. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}

/** Judges a report, prints it, and says how the process is to end. */
export function finish(io: Io, report: Report, how: Finish): ExitCode {
  const { acceptances, baseline, destinations, lifecycles, options, settings, subject, today } = how;
  const outcome = judge(report, {
    subject,
    version,
    ...(options.name !== undefined && { name: options.name }),
    gate: gateOf(options, settings),
    settings,
    lifecycles,
    ...(acceptances && { acceptances }),
    ...(baseline && { baseline }),
    today,
    checks: CHECKS.filter((check) => (subject === "check" ? check.state : check.change)),
  });
  emit(io, destinations, (format, medium) => render(outcome, format, medium));
  return options.exitZero ? 0 : ({ pass: 0, fail: 2, undecided: 3 }[outcome.verdict] as ExitCode);
}

function render(outcome: Outcome, format: Format, { color, columns }: Medium): string {
  switch (format) {
    case "text":
      return textOf(outcome, { colors: createColors(color), ...(columns !== undefined && { columns }) });
    case "markdown":
      return markdownOf(outcome);
    case "json":
      return jsonOf(outcome);
    case "sarif":
      return sarifOf(outcome);
    case "junit":
      return junitOf(outcome);
    case "code-quality":
      return codeQualityOf(outcome);
  }
}
