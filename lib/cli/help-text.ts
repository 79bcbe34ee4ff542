import type { Io } from "./io";
import { wrap } from "./wrap";

const WIDEST = 100;

/** The end of a command's help on a terminal of any width: prose is broken anew, what is indented is a command and stays. */
export function helpText(text: string, { columns }: Io): string {
  return text
    .split("\n\n")
    .map((paragraph) => {
      const lines = paragraph.split("\n");
      return lines.some((line) => line.startsWith(" "))
        ? paragraph
        : wrap(lines.join(" "), columns ?? WIDEST).join("\n");
    })
    .join("\n\n");
}
