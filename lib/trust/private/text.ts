import { constants } from "node:buffer";
import { readFileSync } from "node:fs";
import { parseYaml } from "../../vocabulary/private/yaml";
import { ReadError } from "../read-error";

/** The text of a file in UTF-8 or, as some shells write it, in UTF-16. */
export function readText(path: string): string {
  return decode(path, readBytes(path));
}

/** The bytes of a file, without the mark that text in UTF-8 may begin with. */
export function readBytes(path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ERR_FS_FILE_TOO_LARGE") {
      throw tooLarge(path);
    }
    const problem =
      code === "ENOENT" ? "does not exist" : code === "EISDIR" ? "is a folder" : `cannot be read (${code})`;
    throw new ReadError({ source: path, problem, allowed: "a file that can be read" });
  }
  return withoutMark(bytes);
}

/** What follows the mark that text in UTF-8 may begin with. */
export function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** The text of these bytes, in UTF-8 or, with its mark, in UTF-16. */
export function decode(source: string, input: Buffer): string {
  const bytes = withoutMark(input);
  const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
  const isBig = bytes[0] === 0xfe && bytes[1] === 0xff;
  if ((isLittle || isBig ? bytes.length / 2 : bytes.length) > constants.MAX_STRING_LENGTH) {
    throw tooLarge(source);
  }
  if (isLittle) {
    return bytes.subarray(2).toString("utf16le");
  }
  if (isBig) {
    return Buffer.from(bytes.subarray(2, bytes.length - (bytes.length % 2)))
      .swap16()
      .toString("utf16le");
  }
  return bytes.toString("utf8");
}

function tooLarge(source: string): ReadError {
  return new ReadError({
    source,
    problem: "is too large",
    allowed: `at most ${Math.floor(constants.MAX_STRING_LENGTH / 1e6)} MB in one file; several smaller ones are read as well`,
  });
}

/** The value of JSON text; a {@link ReadError} with the line where it is none. */
export function parseJson(source: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw text.trim() === ""
      ? new ReadError({ source, at: "line 1", problem: "is empty", allowed: "one JSON document" })
      : jsonError(source, lineOf(error, text));
  }
}

/** The line of what `JSON.parse` refused. Not every message of it has the position. */
function lineOf(error: unknown, text: string): number {
  const lines = text.trimEnd().split("\n");
  const position = positionIn(error, text);
  if (position !== undefined) {
    return Math.min(text.slice(0, position).split("\n").length, lines.length);
  }
  // Up to the line before it, the text is whole or merely cut off.
  let [good, bad] = [0, lines.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isWholeOrCutOff(lines.slice(0, middle).join("\n"))) {
      good = middle;
    } else {
      bad = middle;
    }
  }
  return bad;
}

function positionIn(error: unknown, text: string): number | undefined {
  const { message } = error as Error;
  const position = /position (\d+)/.exec(message)?.[1];
  return position !== undefined ? Number(position) : /end of JSON input/.test(message) ? text.length : undefined;
}

function isWholeOrCutOff(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    return positionIn(error, text) === text.length;
  }
}

export function jsonError(source: string, line: number): ReadError {
  return new ReadError({ source, at: `line ${line}`, problem: "is no JSON", allowed: "one JSON document" });
}

/** The value of YAML text, JSON included. */
export function parseYamlText(source: string, text: string): unknown {
  let parsed: ReturnType<typeof parseYaml>;
  try {
    parsed = parseYaml(text);
  } catch (error) {
    // The reader gives up on aliases that multiply, and on nesting that exhausts the stack.
    parsed = { error: error instanceof RangeError ? "it is nested too deeply" : (error as Error).message };
  }
  if ("error" in parsed) {
    const line = /at line (\d+)/.exec(parsed.error)?.[1];
    throw new ReadError({
      source,
      at: line === undefined ? undefined : `line ${line}`,
      problem: `is no YAML (${parsed.error.replace(/ at line .*$/s, "")})`,
      allowed: "one YAML document",
    });
  }
  return parsed.value;
}
