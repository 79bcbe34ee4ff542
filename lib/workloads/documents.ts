import { isRecord } from "../trust/private/attribute";
import { ReadError } from "../trust/read-error";
import { parseYamlDocuments } from "../vocabulary/private/yaml";
import type { ManifestFile } from "./files";

/** An object of Kubernetes, and where it was read. */
export interface ManifestObject {
  readonly source: string;
  /** The place in the source: `line 12`, `item 3`. */
  readonly at: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Lists in lists are not a thing of kubectl. */
const DEEPEST_LIST = 8;

/** The objects of a file: documents of YAML, one of JSON, and the items of lists. */
export function* objectsOf(file: ManifestFile): Generator<ManifestObject> {
  for (const { value, at } of documents(file)) {
    yield* objects(file, value, at, {}, 0);
  }
}

interface Located {
  readonly value: unknown;
  readonly at: string;
}

function documents(file: ManifestFile): Located[] {
  const { text } = file;
  // What kubectl prints is large, and JSON is read many times faster than YAML; of a key that is there twice, the last one
  // counts for Kubernetes too.
  if (/^\s*\{(?!\{)/.test(text)) {
    try {
      return [{ value: JSON.parse(text), at: "line 1" }];
    } catch {
      // Several documents, or YAML in the style of JSON: if it is none of them, the reader of YAML says where.
    }
  }
  const parsed = parseYamlDocuments(text);
  if ("error" in parsed) {
    throw templateError(file) ?? unreadable(file, parsed.error, parsed.line);
  }
  return parsed.documents.map(({ value, line }) => ({ value, at: `line ${line}` }));
}

function unreadable({ source, text }: ManifestFile, error: string, line: number | undefined): ReadError {
  const tab = line !== undefined && /^ *\t/.test(text.split("\n")[line - 1] ?? "");
  const json = /\.json$/i.test(source);
  return new ReadError({
    source,
    ...(line !== undefined && { at: `line ${line}` }),
    problem: json ? "is no JSON" : `is no YAML (${tab ? "a tab indents the line" : error})`,
    allowed: json ? "one JSON document" : "manifests in YAML or JSON, indented with spaces",
  });
}

/** The line of a template that was not rendered: a placeholder where YAML would have a value or a document. */
function templateError({ source, text }: ManifestFile): ReadError | undefined {
  const line = text.split("\n").findIndex((content) => /^\s*(?:- *)*(?:[\w./-]+: *)?\{\{/.test(content));
  return line < 0 ? undefined : unrendered(source, `line ${line + 1}`);
}

/** A template that was not rendered. */
export function unrendered(source: string, at: string, found?: string): ReadError {
  return new ReadError({
    source,
    at,
    problem: "is a template that was not rendered",
    ...(found !== undefined && { found }),
    allowed: "manifests as they are applied: of a Helm chart, what helm template prints",
  });
}

interface Inherited {
  readonly apiVersion?: string;
  readonly kind?: string;
}

function* objects(
  file: ManifestFile,
  value: unknown,
  at: string,
  inherited: Inherited,
  depth: number,
): Generator<ManifestObject> {
  const { source } = file;
  const allowed = "objects of Kubernetes, which have apiVersion and kind";
  if (!isRecord(value)) {
    throw new ReadError({ source, at, problem: "is no object of Kubernetes", found: value, allowed });
  }
  const field = (name: "apiVersion" | "kind"): string => {
    const text = value[name] ?? inherited[name];
    if (typeof text === "string" && text !== "") {
      return text;
    }
    throw templateError(file) ?? new ReadError({ source, at, problem: `has no ${name}`, found: value, allowed });
  };
  const kind = field("kind");
  const apiVersion = field("apiVersion");
  // A custom resource may be called a list of something, and be none.
  if (kind !== "List" && !(kind.endsWith("List") && Object.hasOwn(value, "items"))) {
    yield { source, at, apiVersion, kind, fields: value };
    return;
  }
  // An empty list is null where Go wrote it.
  const list = value.items === null ? [] : value.items;
  if (!Array.isArray(list)) {
    throw new ReadError({ source, at, problem: `${kind} has no "items"`, found: list, allowed: "a list of objects" });
  }
  if (depth >= DEEPEST_LIST) {
    throw new ReadError({ source, at, problem: "has lists in lists, nested too deeply", allowed: "one list" });
  }
  // Items of a PodList do not say what they are, those of kubectl's List do.
  const items = kind === "List" ? {} : { apiVersion, kind: kind.slice(0, -"List".length) };
  const prefix = depth === 0 ? "" : `${at}, `;
  for (const [index, item] of list.entries()) {
    yield* objects(file, item, `${prefix}item ${index + 1}`, items, depth + 1);
  }
}
