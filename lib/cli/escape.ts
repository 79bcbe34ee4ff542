/**
 * Names, messages and paths come from files that others wrote. What reaches a terminal, a page or another program is
 * escaped here: nothing of it may move a cursor, hide text, name a person or open a tag.
 */

/** Control characters, those that turn the direction of text or take no space, line separators, halves of pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** A text for a terminal, on one line: what cannot be seen is written as `\u{…}`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

/** The same for text of several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** A value as JSON whose text is safe on a terminal; it reads back as the same value. */
export function safeJson(value: unknown): string {
  const units = (character: string) =>
    Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
      .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
      .join("");
  return JSON.stringify(value, undefined, 2)
    .split("\n")
    .map((line) => line.replace(UNPRINTABLE, units))
    .join("\n");
}

/** Everything that means something to Markdown or HTML, also in the cell of a table. */
const MARKDOWN = /[&<>"'|`*_~#[\](){}!\\$:@]/g;

/** A sentence for Markdown: it reads as it is, and links, mentions and formats nothing. */
export function markdown(text: string): string {
  return entities(printable(text))
    .replace(/&#64;/g, "@<!-- -->")
    .replace(/\b(www)\./gi, "$1<!-- -->.")
    .replace(/^([-+]|\d+\.)/, "<!-- -->$1");
}

/** A name for Markdown, set as code. */
export function markdownCode(text: string): string {
  return `<code>${entities(printable(text))}</code>`;
}

function entities(text: string): string {
  return text.replace(MARKDOWN, (character) => `&#${character.charCodeAt(0)};`);
}
