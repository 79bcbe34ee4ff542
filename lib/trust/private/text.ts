import { readFileSync } from "node:fs";
import { parseYaml } from "../../vocabulary/private/yaml";
import { ReadError } from "../read-error";

/** The text of a file in UTF-8 or, as some shells write it, in UTF-16. */
export function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const problem =
      code === "ENOENT" ? "does not exist" : code === "EISDIR" ? "is a folder" : `cannot be read (${code})`;
    throw new ReadError({ source: path, problem, allowed: "a file that can be read" });
  }
  if (bytes[0] === 0xff && bytes[1] === 0xfe) {
    return bytes.subarray(2).toString("utf16le");
  }
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    return Buffer.from(bytes.subarray(2, bytes.length - (bytes.length % 2)))
      .swap16()
      .toString("utf16le");
  }
  const text = bytes.toString("utf8");
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

/** The value of JSON text; a {@link ReadError} with the line where it is none. */
export function parseJson(source: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const position = /position (\d+)/.exec((error as Error).message)?.[1];
    const line = text.slice(0, position === undefined ? undefined : Number(position)).split("\n").length;
    throw new ReadError({
      source,
      at: `line ${line}`,
      problem: text.trim() === "" ? "is empty" : "is no JSON",
      allowed: "one JSON document",
    });
  }
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
