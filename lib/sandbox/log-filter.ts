import { isObject, type Json, type JsonObject } from "./json";

/** Whether an entry is wanted. */
export type LogFilter = (entry: JsonObject) => boolean;

const TOKEN = /\s*(?:(\(|\))|("(?:[^"\\]|\\.)*")|(!=|=~|!~|>=|<=|[=:<>])|((?:[^\s()"=:<>!]|"(?:[^"\\]|\\.)*")+))/y;

/**
 * Reads the part of Cloud Logging's query language that filters of alerts use: comparisons, text anywhere, NOT, OR and AND,
 * where OR binds closer than AND and lines are joined by AND. Undefined for everything else.
 *
 * Source: https://docs.cloud.google.com/logging/docs/view/logging-query-language
 */
export function readLogFilter(text: string): LogFilter | undefined {
  const tokens = tokenize(text);
  if (tokens === undefined) {
    return undefined;
  }
  try {
    const parser = new Parser(tokens);
    return tokens.length === 0 ? () => true : parser.all();
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

function tokenize(text: string): string[] | undefined {
  const tokens: string[] = [];
  const withoutComments = text.replace(/^\s*--.*$/gm, "");
  const end = withoutComments.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const match = TOKEN.exec(withoutComments);
    if (match === null) {
      return undefined;
    }
    tokens.push(match[0].trim());
  }
  return tokens;
}

const OPERATORS = ["=", "!=", ":", "=~", "!~", ">=", "<=", ">", "<"];

/** No filter of a person nests deeper. */
const DEEPEST = 50;

class Parser {
  private at = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly string[]) {}

  all(): LogFilter {
    const filter = this.and();
    if (this.at < this.tokens.length) {
      throw new SyntaxError(`unexpected ${this.tokens[this.at]}`);
    }
    return filter;
  }

  private and(): LogFilter {
    const filters = [this.or()];
    while (this.at < this.tokens.length && this.tokens[this.at] !== ")") {
      if (this.tokens[this.at] === "AND") {
        this.at += 1;
      }
      filters.push(this.or());
    }
    return (entry) => filters.every((filter) => filter(entry));
  }

  private or(): LogFilter {
    const filters = [this.not()];
    while (this.tokens[this.at] === "OR") {
      this.at += 1;
      filters.push(this.not());
    }
    return (entry) => filters.some((filter) => filter(entry));
  }

  private not(): LogFilter {
    const token = this.next();
    if (token === "NOT" || token === "-") {
      const filter = this.not();
      return (entry) => !filter(entry);
    }
    return token === "(" ? this.group() : this.comparison(token);
  }

  private group(): LogFilter {
    this.depth += 1;
    if (this.depth > DEEPEST) {
      throw new SyntaxError("nested too deep");
    }
    const filter = this.and();
    if (this.next() !== ")") {
      throw new SyntaxError("a parenthesis is not closed");
    }
    this.depth -= 1;
    return filter;
  }

  private comparison(token: string): LogFilter {
    if (OPERATORS.includes(token) || ["AND", "OR", ")"].includes(token)) {
      throw new SyntaxError(`unexpected ${token}`);
    }
    const operator = this.tokens[this.at];
    if (operator === undefined || !OPERATORS.includes(operator)) {
      const wanted = unquoted(token).toLowerCase();
      return (entry) => holds(entry, wanted);
    }
    this.at += 1;
    return compare(pathOf(token), operator, unquoted(this.next()));
  }

  private next(): string {
    const token = this.tokens[this.at];
    if (token === undefined) {
      throw new SyntaxError("the filter ends too early");
    }
    this.at += 1;
    return token;
  }
}

function unquoted(token: string): string {
  return token.startsWith('"') ? token.slice(1, -1).replace(/\\(.)/g, "$1") : token;
}

/** `labels."a.b/c".d` in parts. */
function pathOf(token: string): string[] {
  return (token.match(/"(?:[^"\\]|\\.)*"|[^."]+/g) ?? []).map(unquoted);
}

function compare(path: readonly string[], operator: string, wanted: string): LogFilter {
  const test = testOf(operator, wanted);
  const negated = operator.startsWith("!");
  return (entry) => {
    const found = valuesAt(entry, path);
    return negated ? !found.some(test) : found.some(test);
  };
}

function testOf(operator: string, wanted: string): (value: Json) => boolean {
  const lower = wanted.toLowerCase();
  switch (operator) {
    case "=":
    case "!=":
      return (value) => String(value).toLowerCase() === lower;
    case ":":
      return (value) => lower === "*" || holds(value, lower);
    case "=~":
    case "!~": {
      const pattern = new RegExp(wanted);
      return (value) => pattern.test(String(value));
    }
    default:
      return (value) => ordered(operator, String(value), wanted);
  }
}

function ordered(operator: string, value: string, wanted: string): boolean {
  const order = value < wanted ? -1 : value > wanted ? 1 : 0;
  return operator === ">=" ? order >= 0 : operator === "<=" ? order <= 0 : operator === ">" ? order > 0 : order < 0;
}

/** What is at a path; a list stands for its elements. */
function valuesAt(value: Json | undefined, path: readonly string[]): Json[] {
  if (Array.isArray(value)) {
    return value.flatMap((element) => valuesAt(element, path));
  }
  const [head, ...rest] = path;
  if (head === undefined) {
    return value === undefined ? [] : [value];
  }
  return isObject(value) && Object.hasOwn(value, head) ? valuesAt(value[head], rest) : [];
}

/** Whether a text occurs anywhere: in a value, or in the name of a label. */
function holds(value: Json | undefined, wanted: string): boolean {
  if (Array.isArray(value)) {
    return value.some((element) => holds(element, wanted));
  }
  if (isObject(value)) {
    return Object.entries(value).some(([name, inner]) => name.toLowerCase().includes(wanted) || holds(inner, wanted));
  }
  return value !== undefined && value !== null && String(value).toLowerCase().includes(wanted);
}
