import type { OpenFinding, Outcome } from "../outcome";
import type { Severity } from "../types";
import { printable } from "./escape";
import {
  changedSigners,
  countsOf,
  groupsOf,
  plural,
  powersNote,
  showCertainty,
  showPower,
  signersTitle,
  targetsOf,
  verdictSentence,
  warningOf,
} from "./summary";

type Paint = (text: string) => string;

/** The colours of a terminal, as picocolors makes them; handed in, since this room brings no library. */
export type Colors = Readonly<Record<"bold" | "cyan" | "dim" | "green" | "red" | "yellow", Paint>>;

/** What a text may look like where it goes. */
export interface TextMedium {
  /** @default - no colours */
  readonly colors?: Colors;
  /** The width in characters, at which lines are broken. @default - nowhere */
  readonly columns?: number;
}

const plain: Paint = (text) => text;
const NO_COLORS: Colors = { bold: plain, cyan: plain, dim: plain, green: plain, red: plain, yellow: plain };

const NARROWEST = 40;

/** A report for people in a terminal or a log. The result is the last line, where a log ends. */
export function textOf(outcome: Outcome, medium: TextMedium = {}): string {
  const lines = new Sheet(outcome, medium).lines();
  const text = `${lines.join("\n")}\n`;
  // Atlantis takes a check for passed where its output has this word nowhere, and names come from others.
  return outcome.verdict === "pass"
    ? text.replace(/f(?=ail)/gi, (letter) => `\\u{${letter.charCodeAt(0).toString(16)}}`)
    : text;
}

class Sheet {
  private readonly colors: Colors;

  public constructor(
    private readonly outcome: Outcome,
    private readonly medium: TextMedium,
  ) {
    this.colors = medium.colors ?? NO_COLORS;
  }

  public lines(): string[] {
    const groups = groupsOf(this.outcome.findings);
    const sections = [
      ...groups.map(({ findings, severity }) => [
        this.title(severity === "undecided" ? "Not decided" : capital(severity), severity),
        ...findings.flatMap((finding) => this.finding(finding)),
      ]),
      this.targets(),
      this.signers(),
      this.setAside(),
    ].filter((section) => section.length > 0);
    return [...sections.flatMap((section) => [...section, ""]), ...this.closing()];
  }

  private finding(finding: OpenFinding): string[] {
    const { acceptHash, address, after, before, constructPath, effects, id, mend, message, target, title } = finding;
    const certainty = showCertainty(finding);
    const places = [address, constructPath, target === address ? undefined : target].filter(
      (part) => part !== undefined,
    );
    return [
      ...this.wrapped(`${id}  ${title}  [${effects.join(", ")}]`, "  ", "        ").map(this.colors.bold),
      ...this.wrapped(places.join("  "), "      ").map(this.colors.cyan),
      ...(before === undefined && after === undefined
        ? []
        : this.wrapped(this.fromTo(before, after), "      ", "        ")),
      ...this.wrapped(message, "      "),
      ...(certainty === undefined ? [] : this.wrapped(certainty, "      ").map(this.colors.yellow)),
      ...this.wrapped(`→ ${mend}`, "      ", "        ").map(this.colors.dim),
      ...(acceptHash === undefined ? [] : [this.colors.dim(`      accept: ${acceptHash}`)]),
    ];
  }

  /** Where nothing changes, as in a check, there is no before to speak of. */
  private fromTo(before: string | undefined, after: string | undefined): string {
    const isState = this.outcome.subject === "check" && before === undefined;
    return isState ? `${after}` : `${before ?? "nothing"} → ${after ?? "nothing"}`;
  }

  private targets(): string[] {
    const { shown, rest } = targetsOf(this.outcome);
    const isCheck = this.outcome.subject === "check";
    if (shown.length === 0) {
      return [];
    }
    return [
      this.title(isCheck ? "What each target does" : "What each target will do"),
      ...shown.flatMap(({ after, before, target }) => [
        ...this.wrapped(target, "  ").map(this.colors.cyan),
        ...this.wrapped(
          isCheck ? (after ?? "nothing") : `${before ?? "was not there"} → ${after ?? "is not there any more"}`,
          "      ",
          "        ",
        ),
      ]),
      ...(rest > 0 ? [`  and ${plural(rest, "target")} as before`] : []),
    ];
  }

  private signers(): string[] {
    const { report, subject } = this.outcome;
    const isCheck = subject === "check";
    const shown = isCheck ? report.signers : changedSigners(report.signers);
    const note = powersNote(shown);
    if (shown.length === 0) {
      return [];
    }
    return [
      this.title(signersTitle(this.outcome)),
      ...shown.flatMap(({ after, attestor, before, principal }) => [
        ...this.wrapped(`${principal}  for ${attestor}`, "  ", "    ").map(this.colors.cyan),
        ...this.wrapped(
          isCheck ? showPower(after) : `${showPower(before)} → ${showPower(after)}`,
          "      ",
          "        ",
        ),
      ]),
      ...(note === undefined ? [] : this.wrapped(note, "  ")),
    ];
  }

  private setAside(): string[] {
    const { setAside } = this.outcome;
    return setAside.length === 0
      ? []
      : [
          this.title("Suppressed or accepted"),
          ...setAside.flatMap(({ by, expires, finding, owner, reason }) => {
            const { address, id, severity, target, title } = finding;
            const until = [owner, expires === undefined ? undefined : `until ${expires}`].filter(
              (part) => part !== undefined,
            );
            return [
              ...this.wrapped(`${id}  ${title}  [${severity}]  ${address ?? target ?? ""}`, "  ", "        "),
              ...this.wrapped(
                `${by}: ${reason}${until.length === 0 ? "" : ` (${until.join(", ")})`}`,
                "      ",
                "        ",
              ),
            ];
          }),
        ];
  }

  private closing(): string[] {
    const { verdict } = this.outcome;
    const counts = countsOf(this.outcome);
    const warning = warningOf(this.outcome);
    const paint = { pass: this.colors.green, fail: this.colors.red, undecided: this.colors.yellow }[verdict];
    return [
      ...(warning === undefined ? [] : this.wrapped(`warning: ${warning}`, "").map(this.colors.yellow)),
      ...(counts.length === 0 ? [] : this.wrapped(counts.join(", "), "")),
      ...this.wrapped(`${verdict.toUpperCase()}  ${verdictSentence(this.outcome)}`, "").map((line) =>
        this.colors.bold(paint(line)),
      ),
    ];
  }

  private title(text: string, severity?: Severity | "undecided"): string {
    const { bold, red, yellow } = this.colors;
    switch (severity) {
      case "critical":
      case "high":
        return bold(red(text));
      case "medium":
      case "undecided":
        return bold(yellow(text));
      default:
        return bold(text);
    }
  }

  /** Breaks text at its spaces; a word that is longer than a line stays whole, so that it can be copied. */
  private wrapped(text: string, first: string, rest = first): string[] {
    const { columns } = this.medium;
    const width = columns === undefined ? undefined : Math.max(columns, NARROWEST);
    const lines: string[] = [];
    for (const word of printable(text).split(" ")) {
      const last = lines.at(-1);
      if (last === undefined) {
        lines.push(first + word);
      } else if (width === undefined || last.length + 1 + word.length <= width) {
        lines[lines.length - 1] = `${last} ${word}`;
      } else {
        lines.push(rest + word);
      }
    }
    return lines;
  }
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
