import {
  CST,
  isCollection,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  type ParsedNode,
  parseAllDocuments,
  parseDocument,
  stringify,
} from "yaml";

/** What reading YAML came to: the value, or why there is none. */
export type ParsedYaml = { readonly value: unknown } | { readonly error: string };

// The excerpts of pretty errors are made for every error: time that grows with the square of a broken text.
const STRICT = { strict: true, uniqueKeys: true, prettyErrors: false } as const;

/** Reads one YAML document; duplicate keys, several documents and unknown tags are errors. */
export function parseYaml(text: string): ParsedYaml {
  if (nestsTooDeeply(text)) {
    return { error: TOO_DEEP };
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { ...STRICT, lineCounter });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) {
    const { line, col } = lineCounter.linePos(problem.pos[0]);
    return { error: `${problem.message} at line ${line}, column ${col}` };
  }
  return { value: document.toJS({ maxAliasCount: 100 }) };
}

/** A document of a YAML file, with the line that its content begins in. */
export interface YamlDocument {
  readonly value: unknown;
  readonly line: number;
}

/** What reading a file of YAML documents came to; the line of an error, where it is known. */
export type ParsedYamlDocuments =
  | { readonly documents: readonly YamlDocument[] }
  | { readonly error: string; readonly line?: number };

/**
 * Reads YAML as Kubernetes does: several documents, merge keys, every key a text. Empty documents are left out; duplicate
 * keys, unknown tags and aliases that multiply are errors.
 */
export function parseYamlDocuments(text: string): ParsedYamlDocuments {
  if (nestsTooDeeply(text)) {
    return { error: TOO_DEEP };
  }
  const lineCounter = new LineCounter();
  const documents: YamlDocument[] = [];
  let line = 1;
  try {
    for (const document of parseAllDocuments(text, { ...STRICT, merge: true, stringKeys: true, lineCounter })) {
      const problem = document.errors[0] ?? document.warnings[0];
      if (problem) {
        return { error: problem.message, line: lineCounter.linePos(problem.pos[0]).line };
      }
      line = lineCounter.linePos((document.contents as ParsedNode).range[0]).line;
      const value: unknown = document.toJS({ maxAliasCount: 100 });
      if (value !== null && value !== undefined) {
        documents.push({ value, line });
      }
    }
    return { documents };
  } catch (error) {
    // The reader gives up on aliases that multiply.
    return { error: (error as Error).message.split("\n")[0], line };
  }
}

const TOO_DEEP = "it is nested too deeply";

/** In levels; the schemas of Kubernetes' own resources have about 60. */
const DEEPEST = 200;

const OPENING: ReadonlySet<string | null> = new Set(["flow-seq-start", "flow-map-start"]);
const CLOSING: ReadonlySet<string | null> = new Set(["flow-seq-end", "flow-map-end"]);
const INDICATORS: ReadonlySet<string | null> = new Set(["seq-item-ind", "explicit-key-ind", "map-value-ind"]);
const BLANK: ReadonlySet<string | null> = new Set(["space", "newline", "comment"]);
const MARKS: ReadonlySet<string | null> = new Set(["byte-order-mark", "doc-mode", "flow-error-end", "scalar"]);

/**
 * Whether text nests deeper than anything that is meant. The reader goes down one call per level, and a regular expression
 * that is compiled where the stack ends takes the whole process with it: that is no error that could be caught.
 */
function nestsTooDeeply(text: string): boolean {
  const columns: number[] = [];
  // Of each open bracket: how many indicators have followed since it or its last comma, each of which may open a map.
  const brackets: number[] = [];
  let pairs = 0;
  let column = 0;
  // Whether a collection could begin here: nothing but indicators is before it on the line.
  let opens = true;
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme);
    if (MARKS.has(type)) {
      continue;
    }
    if (opens && brackets.length === 0 && !BLANK.has(type)) {
      while (columns.length > 0 && columns[columns.length - 1] >= column) {
        columns.pop();
      }
      columns.push(column);
    }
    if (OPENING.has(type)) {
      brackets.push(0);
    } else if (CLOSING.has(type)) {
      pairs -= brackets.pop() ?? 0;
    } else if (brackets.length > 0 && type === "comma") {
      pairs -= brackets[brackets.length - 1];
      brackets[brackets.length - 1] = 0;
    } else if (brackets.length > 0 && INDICATORS.has(type)) {
      pairs += 1;
      brackets[brackets.length - 1] += 1;
    }
    if (columns.length + brackets.length + pairs > DEEPEST) {
      return true;
    }
    const end = lexeme.lastIndexOf("\n");
    column = end < 0 ? column + lexeme.length : lexeme.length - end - 1;
    // Quoted text may go over several lines, and nothing begins after it.
    opens = lexeme.endsWith("\n") || INDICATORS.has(type) || (opens && type === "space");
  }
  return false;
}

/** Writes a value as YAML, scripts as literal blocks. */
export function stringifyYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, blockQuote: "literal" });
}

/**
 * The line of a key, or of an entry of a list, in YAML that was read without an error: for messages about what it says.
 * Where the path leads nowhere, the line of the last step that is there; undefined where none is.
 *
 * @param path keys, and positions in lists from 0
 */
export function lineInYaml(text: string, path: readonly (string | number)[]): number | undefined {
  let node: unknown = parseDocument(text, STRICT).contents;
  let offset: number | undefined;
  for (const step of path) {
    const items: readonly unknown[] = isCollection(node) ? node.items : [];
    const item =
      typeof step === "number"
        ? items[step]
        : items.find((pair) => isPair(pair) && isScalar(pair.key) && pair.key.value === step);
    if (item === undefined) {
      break;
    }
    const [named, value] = isPair(item) ? [item.key, item.value] : [item, item];
    [offset] = (named as ParsedNode).range;
    node = value;
  }
  return offset === undefined ? undefined : text.slice(0, offset).split("\n").length;
}
