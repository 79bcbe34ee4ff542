/**
 * Names, messages and paths come from files that others wrote; in a finding, from the author of the change. They are
 * escaped here for the place they go to, so that they move no cursor, hide nothing, open no tag, format nothing and name
 * nobody. The commands print through the same functions.
 */

/** Control characters, those that turn the direction of text or take no space, line separators, halves of pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** A text for a terminal, on one line: what cannot be seen is written as `\u{…}`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

/** A value as JSON whose text is safe on a terminal; it reads back as the same value. */
export function safeJson(value: unknown, indent = 2): string {
  const units = (character: string) =>
    Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
      .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
      .join("");
  return JSON.stringify(value, undefined, indent)
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

/** A label of a Mermaid diagram: it stands in double quotes, and everything but plain letters is a numbered entity. */
export function mermaidLabel(text: string): string {
  // Mermaid reads `#35;` as the character of that number, and so needs no HTML.
  return printable(text).replace(/[^\p{L}\p{N} .,/+=-]/gu, (character) => `#${character.codePointAt(0)};`);
}

/** Text for XML, in attributes as well: what XML cannot hold is written as `\u{…}`. */
export function xml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** At most so many characters; what is cut ends with an ellipsis. No character is cut in two. */
export function cut(text: string, most: number): string {
  if (text.length <= most) {
    return text;
  }
  return `${text.slice(0, Math.max(0, most - 1)).replace(/[\ud800-\udbff]$/, "")}…`;
}
