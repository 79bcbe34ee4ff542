import type { OpenFinding, Outcome, SetAside } from "../outcome";
import type { Severity } from "../types";
import { cut, markdown, markdownCode } from "./escape";
import { mermaidOf } from "./mermaid";
import {
  changedSigners,
  changesAnything,
  groupsOf,
  isDecided,
  plural,
  powersNote,
  showPower,
  signersTitle,
  summaryOf,
  targetsOf,
  verdictSentence,
  warningOf,
} from "./summary";

/** A comment on GitHub. */
const MOST_CHARACTERS = 65_536;

const ICON: Readonly<Record<Severity | "undecided", string>> = {
  critical: "🔴",
  high: "🟠",
  medium: "🟡",
  low: "🔵",
  info: "⚪",
  undecided: "❔",
};

const RESULT = { pass: "✅ pass", fail: "⛔ fail", undecided: "❔ undecided" } as const;

/** How much of each part there is room for. */
interface Room {
  readonly rows: number;
  readonly characters: number;
  readonly picture: boolean;
}

const ROOMS: readonly Room[] = [
  { rows: 500, characters: 2_000, picture: true },
  { rows: 200, characters: 1_000, picture: true },
  { rows: 100, characters: 500, picture: true },
  { rows: 50, characters: 400, picture: true },
  { rows: 25, characters: 300, picture: false },
  { rows: 10, characters: 200, picture: false },
  { rows: 4, characters: 100, picture: false },
];

/**
 * A comment for a pull request: the result and the counts, the findings by severity, what each target will do, and the rest
 * folded away. Where it would be longer than a comment may be, the last rows are left out, and it says so.
 */
export function markdownOf(outcome: Outcome): string {
  let shown = "";
  for (const room of ROOMS) {
    shown = new Page(outcome, room).text();
    if (shown.length <= MOST_CHARACTERS) {
      break;
    }
  }
  return shown;
}

/** By this first line a comment is found again, to be updated in place; the result changes nothing of it. */
export function markerOf({ name, subject }: Pick<Outcome, "name" | "subject">): string {
  return `<!-- binauthz-${subject}:${name.replace(/f(?=ail)/gi, "$&-")} -->`;
}

class Page {
  /** Where the review passes, the word that some tools take for the other result is nowhere, also in no name. */
  private readonly quiet: boolean;

  public constructor(
    private readonly outcome: Outcome,
    private readonly room: Room,
  ) {
    this.quiet = outcome.verdict === "pass";
  }

  public text(): string {
    const { name, subject } = this.outcome;
    return [
      markerOf(this.outcome),
      `## Binary Authorization ${subject}${name === "default" ? "" : ` of ${this.plain(name)}`}: ${this.headline()}`,
      "",
      `**${RESULT[this.outcome.verdict]}**: ${this.plain(verdictSentence(this.outcome))}.`,
      ...[warningOf(this.outcome) ?? []].flat().map((warning) => `\n⚠️ ${this.plain(warning)}.`),
      ...this.findings(),
      ...this.undecided(),
      ...this.targets(),
      ...this.mending(),
      ...this.signers(),
      ...this.picture(),
      ...this.setAside(),
      ...this.plans(),
      ...(this.room === ROOMS[0]
        ? []
        : ["", "**Shortened to what a comment may hold;** the other formats have everything."]),
      "",
    ].join("\n");
  }

  private headline(): string {
    const { bySeverity, undecided } = summaryOf(this.outcome);
    const parts = [
      ...(Object.entries(bySeverity) as [Severity, number][]).flatMap(([severity, count]) =>
        count > 0 ? [`${ICON[severity]} ${count} ${severity}`] : [],
      ),
      ...(undecided > 0 ? [`${ICON.undecided} ${undecided} not decided`] : []),
    ];
    if (parts.length > 0) {
      return parts.join(" · ");
    }
    return changesAnything(this.outcome) || this.outcome.subject === "check" ? "no findings" : "nothing changes";
  }

  private findings(): string[] {
    const findings = groupsOf(this.outcome.findings.filter(isDecided)).flatMap((group) => group.findings);
    return this.table("", ["", "Effect", "Finding", "Where"], findings, (finding) => this.row(finding));
  }

  private row(finding: OpenFinding): string[] {
    const { effects, severity } = finding;
    return [
      `${ICON[severity]} ${severity}`,
      effects.join(", "),
      `**${this.plain(finding.title)}** (${finding.id}). ${this.plain(finding.message)}${this.change(finding)}`,
      this.where(finding),
    ];
  }

  private change({ after, before }: { readonly before?: string; readonly after?: string }): string {
    if (before === undefined && after === undefined) {
      return "";
    }
    // Where nothing changes, as in a check, there is no before to speak of.
    const isState = this.outcome.subject === "check" && before === undefined;
    return isState ? `<br>${this.value(after)}` : `<br>${this.value(before)} → ${this.value(after)}`;
  }

  private where({ address, constructPath, target }: OpenFinding): string {
    return [address, constructPath, target === address ? undefined : target]
      .filter((part) => part !== undefined)
      .map((part) => this.code(part))
      .join("<br>");
  }

  private targets(): string[] {
    const { shown, rest } = targetsOf(this.outcome);
    if (shown.length === 0) {
      return [];
    }
    const isCheck = this.outcome.subject === "check";
    return [
      ...this.table(
        isCheck ? "### What each target does" : "### What each target will do",
        isCheck ? ["Target", "Images that are not exempt"] : ["Target", "Before", "After"],
        shown,
        ({ after, before, target }) =>
          isCheck
            ? [this.code(target), this.value(after)]
            : [this.code(target), this.value(before), `**${this.value(after)}**`],
      ),
      ...(rest > 0
        ? ["", `${plural(rest, "other target")} ${rest === 1 ? "does" : "do"} what it did before.`]
        : []
      ).map((line) => (rest > 1 ? line.replace("what it did", "what they did") : line)),
    ];
  }

  /** What mends a finding, and what accepts it. */
  private mending(): string[] {
    const { findings } = this.outcome;
    const mends = new Map(findings.map(({ id, mend }) => [`${id} ${mend}`, { id, mend }]));
    const accepts = findings.filter(({ acceptHash }) => acceptHash !== undefined);
    return [
      ...this.details(
        "How to mend it",
        this.list([...mends.values()], ({ id, mend }) => `- ${id}: ${this.plain(mend)}`),
      ),
      ...this.details(
        "To accept a finding of this plan, and of no other",
        this.list(
          accepts,
          ({ acceptHash, address, id, target }) =>
            `- ${id} ${this.code(address ?? target ?? "")}: <code>--accept ${acceptHash}=REASON</code>`,
        ),
      ),
    ];
  }

  private signers(): string[] {
    const { report, subject } = this.outcome;
    const changed = changedSigners(report.signers);
    const isCheck = subject === "check";
    if (report.signers.length === 0 || (!isCheck && changed.length === 0)) {
      return [];
    }
    const shown = isCheck ? report.signers : changed;
    const head = isCheck ? ["Principal", "Attestor", ""] : ["Principal", "Attestor", "Before", "After"];
    const note = powersNote(shown);
    return this.details(
      isCheck ? signersTitle(this.outcome) : `${signersTitle(this.outcome)} (${changed.length} changed)`,
      [
        ...this.table("", head, shown, ({ after, attestor, before, principal }) => [
          this.code(principal),
          this.code(attestor),
          ...(isCheck ? [] : [showPower(before)]),
          isCheck ? showPower(after) : `**${showPower(after)}**`,
        ]),
        ...(note === undefined ? [] : ["", note]),
      ],
    );
  }

  private picture(): string[] {
    const picture = this.room.picture ? mermaidOf(this.outcome) : undefined;
    return picture === undefined ? [] : this.details("Picture of what changes", ["", "```mermaid", picture, "```"]);
  }

  private undecided(): string[] {
    const findings = this.outcome.findings.flatMap((finding) => {
      const { certainty } = finding;
      return certainty.state === "decided" ? [] : [{ finding, certainty }];
    });
    return this.table(
      "### Not decided",
      ["Best to worst", "Effect", "Finding", "Where"],
      findings,
      ({ certainty: { because, best, worst }, finding }) => [
        `${best === "none" ? "nothing" : best} to ${worst}`,
        finding.effects.join(", "),
        `**${this.plain(finding.title)}** (${finding.id}). ${this.plain(finding.message)}${this.change(finding)}<br>Not decided: ${this.plain(because)}`,
        this.where(finding),
      ],
    );
  }

  private setAside(): string[] {
    const { setAside } = this.outcome;
    return this.details(
      `Suppressed or accepted (${setAside.length})`,
      this.list(setAside, (entry) => this.setAsideLine(entry)),
    );
  }

  private setAsideLine({ by, expires, finding, owner, reason }: SetAside): string {
    const { address, id, severity, target, title } = finding;
    const until = [
      owner === undefined ? [] : this.plain(owner),
      expires === undefined ? [] : `until ${expires}`,
    ].flat();
    const who = until.length === 0 ? "" : ` (${until.join(", ")})`;
    return `- ${ICON[severity]} ${id} ${this.plain(title)} ${this.code(address ?? target ?? "")}${this.change(finding).replace("<br>", ": ")} · ${by}: ${this.plain(reason)}${who}`;
  }

  private plans(): string[] {
    const { plans } = this.outcome.report;
    return plans.length === 0
      ? []
      : [
          "",
          `<sub>${plans
            .slice(0, 10)
            .map(({ hash, source, timestamp }) =>
              [
                this.code(source),
                timestamp === undefined ? [] : `planned ${this.plain(timestamp)}`,
                hash === undefined ? [] : `SHA-256 ${hash.slice(0, 12)}…`,
              ]
                .flat()
                .join(", "),
            )
            .join("; ")}${plans.length > 10 ? `; and ${plans.length - 10} more` : ""}</sub>`,
        ];
  }

  /** Only the rows that there is room for are made. */
  private table<T>(
    title: string,
    head: readonly string[],
    items: readonly T[],
    cells: (item: T) => readonly string[],
  ): string[] {
    return items.length === 0
      ? []
      : [
          ...(title === "" ? [] : ["", title]),
          "",
          `| ${head.join(" | ")} |`,
          `|${" --- |".repeat(head.length)}`,
          ...this.some(items, (item) => `| ${cells(item).join(" | ")} |`),
        ];
  }

  private list<T>(items: readonly T[], line: (item: T) => string): string[] {
    return items.length === 0 ? [] : ["", ...this.some(items, line)];
  }

  private some<T>(items: readonly T[], line: (item: T) => string): string[] {
    const left = items.length - this.room.rows;
    return [...items.slice(0, this.room.rows).map(line), ...(left > 0 ? ["", truncated(left)] : [])];
  }

  private details(title: string, lines: readonly string[]): string[] {
    return lines.length === 0 ? [] : ["", `<details><summary>${title}</summary>`, ...lines, "", "</details>"];
  }

  private plain(text: string): string {
    return this.hushed(markdown(cut(text, this.room.characters)));
  }

  private code(text: string): string {
    return this.hushed(markdownCode(cut(text, this.room.characters)));
  }

  /** A number in place of a letter reads the same. */
  private hushed(text: string): string {
    return this.quiet ? text.replace(/f(?=ail)/gi, (letter) => `&#${letter.charCodeAt(0)};`) : text;
  }

  private value(text: string | undefined): string {
    return text === undefined ? "nothing" : this.code(text);
  }
}

function truncated(left: number): string {
  return `**Truncated:** ${plural(left, "row")} more. All of them are in the other formats.`;
}
