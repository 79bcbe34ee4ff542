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
