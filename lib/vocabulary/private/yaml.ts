import { parseDocument, stringify } from "yaml";

/** What reading YAML came to: the value, or why there is none. */
export type ParsedYaml = { readonly value: unknown } | { readonly error: string };

/** Reads one YAML document; duplicate keys, several documents and unknown tags are errors. */
export function parseYaml(text: string): ParsedYaml {
  const document = parseDocument(text, { strict: true, uniqueKeys: true, prettyErrors: true });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) {
    return { error: problem.message.split("\n")[0].replace(/:$/, "") };
  }
  return { value: document.toJS({ maxAliasCount: 100 }) };
}

/** Writes a value as YAML, scripts as literal blocks. */
export function stringifyYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, blockQuote: "literal" });
}

/**
 * The line of a key, or of an entry of a list, in YAML that was read without an error: for messages about what it says.
 *
 * @param path keys, and positions in lists from 0
 */
export function lineInYaml(text: string, path: readonly (string | number)[]): number | undefined {
  let node: unknown = parseDocument(text, { strict: true, uniqueKeys: true, prettyErrors: false }).contents;
  let offset: number | undefined;
  for (const step of path) {
    const items: readonly unknown[] = (node as { items?: unknown[] } | null)?.items ?? [];
    const item =
      typeof step === "number"
        ? items[step]
        : items.find((pair) => (pair as { key?: { value?: unknown } | null }).key?.value === step);
    if (item === undefined) {
      break;
    }
    const named = (typeof step === "number" ? item : (item as { key: unknown }).key) as { range?: number[] | null };
    offset = named.range?.[0] ?? offset;
    node = typeof step === "number" ? item : (item as { value: unknown }).value;
  }
  return offset === undefined ? undefined : text.slice(0, offset).split("\n").length;
}
