/** No column of text gets narrower than this many characters. */
export const NARROWEST = 30;

/** Breaks text at its spaces; a word that is longer than a line stays whole. */
export function wrap(text: string, width: number | undefined): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && (width === undefined || last.length + 1 + word.length <= Math.max(width, NARROWEST))) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}
