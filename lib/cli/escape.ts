import { printable } from "../review/report/escape";

// One place decides what is safe on a terminal and a page, for reports and commands alike.
export { markdown, markdownCode, printable, safeJson } from "../review/report/escape";

/** `printable` for text of several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
