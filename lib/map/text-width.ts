/** The width of characters in a usual sans-serif font, in parts of its size: a little more than most fonts need. */
const NARROW = /[iljtfrI.,:;'|!()[\] ]/;
const WIDE = /[mwMWQO@%&]/;
const UPPER = /[A-Z0-9_<>=+~#$?-]/;

function widthOf(character: string): number {
  if (NARROW.test(character)) {
    return 0.36;
  }
  if (WIDE.test(character)) {
    return 0.92;
  }
  if (UPPER.test(character)) {
    return 0.68;
  }
  return (character.codePointAt(0) as number) > 0x2e7f ? 1.05 : 0.59;
}

export type Weight = "normal" | "bold";

const STRETCH: Readonly<Record<Weight, number>> = { normal: 1.04, bold: 1.16 };

/** About how wide a text is, in pixels. */
export function textWidth(text: string, size: number, weight: Weight = "normal"): number {
  return [...text].reduce((sum, character) => sum + widthOf(character), 0) * size * STRETCH[weight];
}

/** A text that fits: where it is too long, its middle gives way, since names differ at both ends. */
export function fitted(text: string, size: number, width: number, weight: Weight = "normal"): string {
  if (textWidth(text, size, weight) <= width) {
    return text;
  }
  const characters = [...text];
  let [head, tail] = [0, 0];
  let used = textWidth("…", size, weight);
  for (;;) {
    // Two of the beginning for one of the end.
    const takeHead = head <= 2 * tail;
    const next = takeHead ? characters[head] : characters[characters.length - 1 - tail];
    used += textWidth(next, size, weight);
    if (used > width || head + tail >= characters.length - 1) {
      return `${characters.slice(0, head).join("")}…${tail === 0 ? "" : characters.slice(-tail).join("")}`;
    }
    if (takeHead) {
      head += 1;
    } else {
      tail += 1;
    }
  }
}
