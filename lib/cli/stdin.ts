import { decode } from "../trust/private/text";
import type { Io } from "./io";

/** How messages name it. */
export const STDIN = "standard input";

/** The text of the standard input; in UTF-16 with its mark it is read as files are. */
export function stdinText(io: Io): string {
  const input = io.stdin();
  return typeof input === "string" ? input : decode(STDIN, Buffer.from(input));
}
