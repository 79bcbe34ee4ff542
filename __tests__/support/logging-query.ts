import type { Json } from "./template";

// The parts of the Logging query language that the filters use, read from its documentation and from nothing of the
// library: https://docs.cloud.google.com/logging/docs/view/logging-query-language

/** What a filter says, as a tree. */
type Node =
  | { readonly kind: "and" | "or"; readonly parts: readonly Node[] }
  | { readonly kind: "not"; readonly part: Node }
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "compare";
      readonly path: readonly string[];
      readonly operator: string;
      readonly values: readonly string[];
    }
  | { readonly kind: "present"; readonly path: readonly string[] };

type Token =
  | { readonly type: "string" | "word"; readonly text: string; readonly at: number }
  | { readonly type: "symbol"; readonly text: string; readonly at: number };

const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|(!=|=~|!~|>=|<=|[=:()<>.-])|([A-Za-z_][A-Za-z0-9_]*|\*|[0-9]+))/y;

function tokens(filter: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  const end = filter.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(filter);
    if (match === null) {
      throw new Error(`the filter cannot be read at ${JSON.stringify(filter.slice(at, at + 30))}`);
    }
    const [, quoted, symbol, word] = match;
    if (quoted !== undefined) {
      found.push({ type: "string", text: quoted.replace(/\\(.)/g, "$1"), at });
    } else if (symbol !== undefined) {
      found.push({ type: "symbol", text: symbol, at });
    } else {
      found.push({ type: "word", text: word, at });
    }
  }
  return found;
}

/** Reads a filter. NOT binds closest, then OR, then AND; parts side by side are joined by AND. */
class Parser {
  private position = 0;
  private readonly tokens: readonly Token[];

  public constructor(filter: string) {
    this.tokens = tokens(filter);
  }

  public parse(): Node {
    const node = this.and();
    if (this.position < this.tokens.length) {
      throw new Error(`the filter goes on after its end, with ${JSON.stringify(this.tokens[this.position].text)}`);
    }
    return node;
  }

  private peek(text: string, type: Token["type"] = "symbol"): boolean {
    const token = this.tokens[this.position];
    return token !== undefined && token.type === type && token.text === text;
  }

  private take(text: string, type: Token["type"] = "symbol"): boolean {
    const found = this.peek(text, type);
    this.position += found ? 1 : 0;
    return found;
  }

  private next(): Token {
    const token = this.tokens[this.position++];
    if (token === undefined) {
      throw new Error("the filter ends too early");
    }
    return token;
  }

  private and(): Node {
    const parts = [this.or()];
    while (this.position < this.tokens.length && !this.peek(")")) {
      this.take("AND", "word");
      parts.push(this.or());
    }
    return parts.length === 1 ? parts[0] : { kind: "and", parts };
  }

  private or(): Node {
    const parts = [this.not()];
    while (this.take("OR", "word")) {
      parts.push(this.not());
    }
    return parts.length === 1 ? parts[0] : { kind: "or", parts };
  }

  private not(): Node {
    if (this.take("NOT", "word") || this.take("-")) {
      return { kind: "not", part: this.not() };
    }
    if (this.take("(")) {
      const inner = this.and();
      if (!this.take(")")) {
        throw new Error("a parenthesis of the filter is never closed");
      }
      return inner;
    }
    return this.restriction();
  }

  private restriction(): Node {
    const first = this.next();
    if (first.type === "string") {
      return { kind: "text", text: first.text };
    }
    if (first.type !== "word" || ["AND", "OR", "NOT"].includes(first.text)) {
      throw new Error(`the filter has ${JSON.stringify(first.text)} where a field is expected`);
    }
    const path = [first.text];
    while (this.take(".")) {
      path.push(this.next().text);
    }
    const operator = this.next().text;
    if (!["=", "!=", ":", "=~", "!~"].includes(operator)) {
      throw new Error(`the filter has ${JSON.stringify(operator)} where an operator is expected`);
    }
    if (operator === ":" && this.take("*", "word")) {
      return { kind: "present", path };
    }
    return { kind: "compare", path, operator, values: this.values() };
  }

  /** One value, or several in parentheses of which one has to fit. */
  private values(): string[] {
    if (!this.take("(")) {
      return [this.next().text];
    }
    const values = [this.next().text];
    while (this.take("OR", "word")) {
      values.push(this.next().text);
    }
    if (!this.take(")")) {
      throw new Error("a list of values is never closed");
    }
    return values;
  }
}

/** What the documentation leaves open. */
export interface Readings {
  /** Whether a text on its own is looked for in the names of fields too, labels above all, or in values only. */
  readonly textInNames: boolean;
}

/** Whether an entry is one that the filter asks for. */
export function logMatches(filter: string, entry: Json, readings: Readings): boolean {
  return holds(new Parser(filter).parse(), entry, readings);
}

function holds(node: Node, entry: Json, readings: Readings): boolean {
  switch (node.kind) {
    case "and":
      return node.parts.every((part) => holds(part, entry, readings));
    case "or":
      return node.parts.some((part) => holds(part, entry, readings));
    case "not":
      return !holds(node.part, entry, readings);
    case "text":
      return texts(entry, readings).some((text) => contains(text, node.text));
    case "present":
      return valuesAt(entry, node.path).length > 0;
    case "compare":
      return compares(valuesAt(entry, node.path), node.operator, node.values);
  }
}

/** A field that is missing fits no comparison, a negated one neither; only NOT turns that round. */
function compares(found: readonly unknown[], operator: string, values: readonly string[]): boolean {
  return found
    .filter((value) => typeof value !== "object")
    .map(String)
    .some((text) => {
      switch (operator) {
        case "=":
          return values.some((value) => text.toLowerCase() === value.toLowerCase());
        case "!=":
          return values.every((value) => text.toLowerCase() !== value.toLowerCase());
        case ":":
          return values.some((value) => contains(text, value));
        case "=~":
          return values.some((value) => new RegExp(value).test(text));
        default:
          return values.every((value) => !new RegExp(value).test(text));
      }
    });
}

// Case makes no difference, except to regular expressions.
const contains = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());

/** The values of a field; one in a list is a value of the list's field. */
function valuesAt(value: Json, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => valuesAt(item, path));
  }
  if (path.length === 0) {
    return value === undefined || value === null ? [] : [value];
  }
  if (typeof value !== "object" || value === null) {
    return [];
  }
  const [first, ...rest] = path;
  return valuesAt(value[first], rest);
}

function texts(value: Json, readings: Readings): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => texts(item, readings));
  }
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([name, inner]) => [
      ...(readings.textInNames ? [name] : []),
      ...texts(inner, readings),
    ]);
  }
  return value === null ? [] : [String(value)];
}
