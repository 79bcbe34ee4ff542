import { type JsonObject, str } from "./json";

/** Whether an occurrence is wanted. */
export type OccurrenceFilter = (occurrence: JsonObject) => boolean;

const TOKEN = /\s*(?:([()])|(AND|OR)\b|(has_(?:prefix|suffix)\(\s*\w+\s*,\s*"[^"]*"\s*\))|(\w+)\s*=\s*"([^"]*)")/giy;

/** Fields by the names that clients write, as a function of the occurrence. */
const FIELDS: Readonly<Record<string, OccurrenceField>> = {
  kind: (one) => str(one.kind),
  resourceUrl: (one) => str(one.resourceUri),
  resourceUri: (one) => str(one.resourceUri),
  resource_url: (one) => str(one.resourceUri),
  noteName: (one) => str(one.noteName),
  noteId: (one) => str(one.noteName).split("/").pop() ?? "",
  noteProjectId: (one) => str(one.noteName).split("/")[1] ?? "",
};

type OccurrenceField = (occurrence: JsonObject) => string;

/**
 * The part of the filter language that clients of attestations, scans and provenance use: comparisons, prefixes and
 * suffixes of the image's address, AND, OR and brackets. OR binds closer than AND. Undefined for everything else.
 *
 * Source: https://google.aip.dev/160
 */
export function readOccurrenceFilter(text: string): OccurrenceFilter | undefined {
  const tokens = tokensOf(text);
  if (tokens === undefined) {
    return undefined;
  }
  if (tokens.length === 0) {
    return () => true;
  }
  const reader = new Reader(tokens);
  const filter = reader.conjunction();
  return reader.done ? filter : undefined;
}

type Token = "(" | ")" | "AND" | "OR" | OccurrenceFilter;

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const rest = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < rest.length) {
    const [, bracket, word, call, field, value] = TOKEN.exec(rest) ?? [];
    const token = (bracket ?? word?.toUpperCase() ?? callOf(call) ?? comparison(field, value)) as Token | undefined;
    if (token === undefined) {
      return undefined;
    }
    tokens.push(token);
  }
  return tokens;
}

function callOf(text: string | undefined): OccurrenceFilter | undefined {
  const [, where = "", field = "", part = ""] = /^has_(\w+)\(\s*(\w+)\s*,\s*"([^"]*)"\s*\)$/i.exec(text ?? "") ?? [];
  if (!Object.hasOwn(FIELDS, field)) {
    return undefined;
  }
  const read = FIELDS[field];
  return (one) => (where.toLowerCase() === "suffix" ? read(one).endsWith(part) : read(one).startsWith(part));
}

function comparison(field: string | undefined, value: string | undefined): OccurrenceFilter | undefined {
  if (field === undefined || !Object.hasOwn(FIELDS, field)) {
    return undefined;
  }
  return (one) => FIELDS[field](one) === value;
}

/** How deep brackets may be nested; clients of the chain nest them three deep. */
const DEEPEST = 50;

class Reader {
  private at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  get done(): boolean {
    return this.at === this.tokens.length;
  }

  conjunction(depth = 0): OccurrenceFilter | undefined {
    return this.joined("AND", () => this.joined("OR", () => this.unit(depth)));
  }

  private joined(word: "AND" | "OR", next: () => OccurrenceFilter | undefined): OccurrenceFilter | undefined {
    const parts: OccurrenceFilter[] = [];
    do {
      const part = next();
      if (part === undefined) {
        return undefined;
      }
      parts.push(part);
    } while (this.take(word));
    return word === "AND" ? (one) => parts.every((part) => part(one)) : (one) => parts.some((part) => part(one));
  }

  private unit(depth: number): OccurrenceFilter | undefined {
    if (this.take("(")) {
      const inner = depth < DEEPEST ? this.conjunction(depth + 1) : undefined;
      return this.take(")") ? inner : undefined;
    }
    const token = this.tokens[this.at];
    if (typeof token !== "function") {
      return undefined;
    }
    this.at += 1;
    return token;
  }

  private take(word: Token): boolean {
    const found = this.tokens[this.at] === word;
    this.at += found ? 1 : 0;
    return found;
  }
}
