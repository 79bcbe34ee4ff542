import { CONTEXTS } from "./explanations/denials";
import { KNOWN_MESSAGES, SIGNALS } from "./explanations/table";
import type { Certainty, KnownContext, KnownMessage, Look } from "./explanations/types";
import { IN_BRACES, KEY, VALUES, type ValueName, type Values } from "./explanations/values";

/** What one message in a text means. Prose has code, and everything that came from the text, in backticks. */
export interface Explanation {
  /** The entry of the table; it never changes its meaning. */
  readonly id: string;
  /** A few words, without full stop. */
  readonly title: string;
  /** The words of the text that were recognized, on one line. */
  readonly message: string;
  /** What stands in the message, by name, and what follows from it: `image`, `attestor`, `keyVersion`, … */
  readonly values: Values;
  /** What the words before the message add: which rule decided, which service asked. */
  readonly context: readonly string[];
  readonly meaning: string;
  /** What to do, in the order to try it. */
  readonly mend: readonly string[];
  /** Commands to look further. Values are quoted for a POSIX shell; what the message does not have is in upper case. */
  readonly look: readonly Look[];
  /** Pages of the documentation. */
  readonly see: readonly string[];
  /** How well the wording is known; `inferred` is seen nowhere. */
  readonly certainty: Certainty;
  /** Where the wording is from. */
  readonly source: string;
}

/** A message that looks like one of the table, and is not. */
export interface NearMiss {
  readonly id: string;
  readonly title: string;
}

/** Everything that is known about a text. */
export interface ExplainedText {
  readonly explanations: readonly Explanation[];
  /** How many more different messages were recognized, and left out because there are too many. */
  readonly more: number;
  /** Denials and errors in the text that no entry of the table explains, as they stand there. */
  readonly unexplained: readonly string[];
  /** Entries that share words with what is not explained; empty where everything is. */
  readonly near: readonly NearMiss[];
}

/** Longer texts are refused: a message and what surrounds it is never as long. */
export const MAX_EXPLAINED_CHARACTERS = 4_000_000;

/** More help nobody, and would cost more than the text is long. */
const MAX_EXPLANATIONS = 200;
const MAX_NEAR = 5;
/** Shorter words between two names are in many sentences. */
const SHORTEST_SHARED = 16;

/** What is known about a text, and what in it is not. Never guesses: what is not in the table is not explained. */
export function explainText(text: string): ExplainedText {
  const plain = onOneLine(text);
  const kept = outermost([
    ...COMPILED.flatMap((wording) => matchesOf(wording.pattern, plain).map((match) => ({ ...match, wording }))),
    ...COMPILED_CONTEXTS.flatMap(({ pattern, context }) =>
      matchesOf(pattern, plain).map((match) => ({ ...match, context })),
    ),
  ]);
  const found = kept.filter((match): match is Found => "wording" in match);
  const leads = leadsOf(kept, plain);
  const { explanations, more } = distinct(
    found.map((match) => explanationOf(match, leads.get(match) as FoundContext[])),
  );
  const led = new Set<Found | FoundContext>([...leads.values()].flat());
  const unexplained = uncovered(
    plain,
    kept.filter((match) => "wording" in match || led.has(match)),
  );
  const complete = explanations.length > 0 && unexplained.length === 0;
  return { explanations, more, unexplained, near: complete ? [] : nearMisses(plain, explanations) };
}

/** The words of a message on one line, as its service wrote them. */
function onOneLine(text: string): string {
  const unescaped = text
    .slice(0, MAX_EXPLAINED_CHARACTERS)
    // JSON in JSON has several of them.
    .replace(/\\{1,8}u([0-9a-fA-F]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\{1,8}[nrt]/g, "\n")
    .replace(/\\{1,8}(["'/])/g, "$1")
    .replace(/&(quot|#34|#39|#x27|apos|lt|gt|amp);/g, (_, name: string) => ENTITIES[name])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/\u001b\][^\u0007\u001b\n]{0,2000}(?:\u0007|\u001b\\)|[\u001b\u009b]\[?[0-?]{0,32}[ -/]{0,8}[@-~]/g, "");
  const lines: string[] = [];
  let source = false;
  for (const line of unescaped.split("\n")) {
    // What a terminal, a build or a quotation puts before every line.
    const words = line
      .replace(/^[\s>│╷╵├─]{0,40}/, "")
      .replace(/^(?:Step #\d{1,6}(?: - "[^"]{0,200}")?: |\d{4}-\d{2}-\d{2}T[0-9:.]{5,20}Z )/, "");
    // Terraform shows the line of the program, which may hold every message of a stack.
    if (source && /^\d{1,9}: /.test(words)) {
      continue;
    }
    source = /^on .{1,500} line \d{1,9}/.test(words);
    lines.push(words);
  }
  return (
    lines
      .join(" ")
      // Nothing invisible: neither control characters nor what turns the direction of writing.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
      .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, " ")
      .replace(/\s{2,}|[^\S ]/g, " ")
      .trim()
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  quot: '"',
  "#34": '"',
  "#39": "'",
  "#x27": "'",
  apos: "'",
  lt: "<",
  gt: ">",
  amp: "&",
};

/** Where a wording stands in a text. */
interface Match {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly values: Values;
}

interface CompiledWording {
  readonly pattern: RegExp;
  readonly known: KnownMessage;
  readonly certainty: Certainty;
  readonly source: string;
}

interface Found extends Match {
  readonly wording: CompiledWording;
}

interface FoundContext extends Match {
  readonly context: KnownContext;
}

/**
 * The regular expression of a wording: its words as they are, and each name in braces as a group. Repetitions have upper
 * bounds, so that each place in a text costs a bounded number of steps.
 */
export function wordingPattern(text: string): RegExp {
  const parts = text.split(new RegExp(IN_BRACES, "g"));
  const source = parts
    .map((part, index) => {
      if (index % 2 === 0) {
        return part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
      }
      return `(?<${part}>${PATTERNS[part]})`;
    })
    .join("");
  // No part of a longer word: `project` is not in `subproject`.
  return new RegExp(
    `${/^[\w{]/.test(text) ? "(?<![\\w-])" : ""}${source}${/[\w}]$/.test(text) ? "(?![\\w-])" : ""}`,
    "g",
  );
}

const PATTERNS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(VALUES).flatMap(([name, form]) => ("pattern" in form ? [[name, form.pattern]] : [])),
);
const COMPILED: readonly CompiledWording[] = KNOWN_MESSAGES.flatMap((known) =>
  known.wordings.map(({ text, certainty, source }) => ({ pattern: wordingPattern(text), known, certainty, source })),
);
const COMPILED_CONTEXTS = CONTEXTS.flatMap((context) =>
  context.wordings.map(({ text }) => ({ pattern: wordingPattern(text), context })),
);
const COMPILED_SIGNALS = SIGNALS.map(({ text, reach }) => ({ pattern: wordingPattern(text), reach }));

function matchesOf(pattern: RegExp, text: string): Match[] {
  return Array.from(text.matchAll(pattern), (match) => ({
    start: match.index,
    end: match.index + match[0].length,
    text: match[0],
    // A full stop behind a name is none of the name's.
    values: Object.fromEntries(
      Object.entries({ ...match.groups }).map(([name, value]) => [name, value.replace(/[.,;:]{1,4}$/, "")]),
    ),
  }));
}

/** Without matches that are part of a longer one; of two equal ones the first of the table. */
function outermost(matches: readonly (Found | FoundContext)[]): (Found | FoundContext)[] {
  const kept: (Found | FoundContext)[] = [];
  let end = 0;
  // The sort is stable: the order of the table decides between equals.
  for (const match of [...matches].sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (match.end > end) {
      kept.push(match);
      end = match.end;
    }
  }
  return kept;
}

/** The contexts that lead up to each message without other words between. */
function leadsOf(kept: readonly (Found | FoundContext)[], text: string): ReadonlyMap<Found, readonly FoundContext[]> {
  const leads = new Map<Found, readonly FoundContext[]>();
  let run: FoundContext[] = [];
  let end = 0;
  for (const item of kept) {
    if (!/^[. ]{0,3}$/.test(text.slice(end, Math.min(item.start, end + 4)))) {
      run = [];
    }
    end = item.end;
    if ("context" in item) {
      run = [...run.filter(({ context }) => context.id !== item.context.id), item];
      continue;
    }
    leads.set(
      item,
      run.filter(({ values }) => values.image === undefined || values.image === item.values.image),
    );
  }
  return leads;
}

function explanationOf({ text, values, wording }: Found, leads: readonly FoundContext[]): Explanation {
  const { known, certainty, source } = wording;
  const all = withDerived(values);
  return {
    id: known.id,
    title: known.title,
    message: text.replace(/[.]$/, ""),
    values: all,
    context: leads.map(({ context, values: own }) => prose(context.says, own)),
    meaning: prose(known.meaning, all),
    mend: known.mend.map((step) => prose(step, all)),
    look: known.look.map(({ shows, command }) => ({ shows, command: shell(command, all) })),
    see: known.see,
    certainty,
    source,
  };
}

const ATTESTOR_IN = wordingPattern("{attestor}");
const KEY_VERSION_IN = wordingPattern("{keyVersion}");
const KEY_IN = new RegExp(KEY);

/** Names that are part of others, so that commands can use them. */
function withDerived(values: Values): Values {
  const given = Object.values(values).join(" ");
  const attestor = given.match(ATTESTOR_IN)?.[0];
  return withoutUndefined({
    attestor,
    attestorProject: attestor?.split("/")[1],
    keyVersion: given.match(KEY_VERSION_IN)?.[0],
    key: given.match(KEY_IN)?.[0],
    resource: values.project && `projects/${values.project}`,
    ...values,
  });
}

function withoutUndefined(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== ""));
}

/** A sentence with the names of the message in it, as code: nothing that a text brings along is markup. */
function prose(template: string, values: Values): string {
  return filled(template, values, (value, word) => (value === undefined ? word : `\`${value}\``)).replace(
    /^[a-z]/,
    (letter) => letter.toUpperCase(),
  );
}

/** A command with the names of the message in it, each one word of a POSIX shell. */
function shell(template: string, values: Values): string {
  return filled(template, values, (value, _word, placeholder) => {
    // A name that begins like an option would be taken for one.
    if (value === undefined || value.startsWith("-")) {
      return placeholder;
    }
    return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replace(/'/g, "'\\''")}'`;
  });
}

function filled(
  template: string,
  values: Values,
  fill: (value: string | undefined, word: string, placeholder: string) => string,
): string {
  return template.replace(new RegExp(IN_BRACES, "g"), (_, name: ValueName) =>
    fill(values[name], VALUES[name].word, VALUES[name].placeholder),
  );
}

/** Each message once, and none that says less than another about the same. */
function distinct(explanations: readonly Explanation[]): { explanations: Explanation[]; more: number } {
  const once = new Map<string, Explanation>();
  for (const explanation of explanations) {
    const key = JSON.stringify([explanation.id, explanation.values]);
    if (!once.has(key)) {
      once.set(key, explanation);
    }
  }
  const all = [...once.values()];
  const shown = all.slice(0, MAX_EXPLANATIONS);
  return {
    explanations: shown.filter((one) => !shown.some((other) => other !== one && saysMore(other, one))),
    more: all.length - shown.length,
  };
}

const BY_ID: ReadonlyMap<string, KnownMessage> = new Map(KNOWN_MESSAGES.map((known) => [known.id, known]));

/** Whether one is about the same as the other, and leaves nothing of it out. */
function saysMore(one: Explanation, other: Explanation): boolean {
  const { vaguerThan = [] } = BY_ID.get(other.id) as KnownMessage;
  return (
    (one.id === other.id || vaguerThan.includes(one.id)) &&
    Object.entries(other.values).every(([name, value]) => one.values[name as keyof Values] === value)
  );
}

/** What is a denial or an error for sure, and no explanation is about it. */
function uncovered(text: string, covering: readonly Match[]): string[] {
  const ordered = [...covering].sort((a, b) => a.start - b.start);
  const left = COMPILED_SIGNALS.flatMap(({ pattern, reach }) =>
    matchesOf(pattern, text).filter(({ start, end }) => !overlaps(ordered, start, end + reach)),
  );
  return [...new Set(left.sort((a, b) => a.start - b.start).map((match) => match.text))];
}

/** Whether one of the ranges, which do not contain each other, has a place between start and end. */
function overlaps(ordered: readonly Match[], start: number, end: number): boolean {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ordered[middle].end <= start) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < ordered.length && ordered[low].start < end;
}

/** Entries with some words of their own in the text, although no wording of theirs is. */
function nearMisses(text: string, explanations: readonly Explanation[]): NearMiss[] {
  const explained = new Set(explanations.map(({ id }) => id));
  return KNOWN_MESSAGES.filter(
    ({ id, wordings }) => !explained.has(id) && wordings.some((wording) => sharesWords(wording.text, text)),
  )
    .slice(0, MAX_NEAR)
    .map(({ id, title }) => ({ id, title }));
}

function sharesWords(wording: string, text: string): boolean {
  return wording
    .split(new RegExp(IN_BRACES, "g"))
    .some((part, index) => index % 2 === 0 && part.trim().length >= SHORTEST_SHARED && text.includes(part.trim()));
}
