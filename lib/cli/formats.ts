import { closeSync, openSync, writeFileSync } from "node:fs";
import { printable } from "./escape";
import type { Io } from "./io";
import { UsageError } from "./usage-error";

/** A format and where it goes: the file at the path, or the standard output. */
export interface Destination<F extends string> {
  readonly format: F;
  readonly path?: string;
}

/**
 * Reads the values of `--format`: `F` for the standard output, `F=PATH` for a file.
 * @throws UsageError for a format that there is not, and for two that go to the same place
 */
export function parseFormats<F extends string>(texts: readonly string[], allowed: readonly F[]): Destination<F>[] {
  const taken = new Set<string>();
  return texts.map((text) => {
    const separator = text.indexOf("=");
    const name = separator < 0 ? text : text.slice(0, separator);
    const path = separator < 0 ? undefined : text.slice(separator + 1);
    const format = allowed.find((candidate) => candidate === name);
    if (format === undefined || path === "") {
      throw new UsageError(
        `--format ${text} is not understood; allowed: ${allowed.join(", ")}, or one of them and =PATH`,
      );
    }
    const place = path ?? "the standard output";
    if (taken.has(place)) {
      throw new UsageError(`--format writes twice to ${place}; allowed: one format for each place, others as F=PATH`);
    }
    taken.add(place);
    return path === undefined ? { format } : { format, path };
  });
}

/** What a text may look like where it goes. */
export interface Medium {
  readonly color: boolean;
  /** The width in characters; undefined where nothing is to be cut. */
  readonly columns: number | undefined;
}

/**
 * Writes a report in every format that was asked for; files have no colours and no width. Files come first, so that nothing
 * is printed where one cannot be written. A report that comes in pieces is never held as a whole.
 * @throws UsageError where a file cannot be written
 */
export function emit<F extends string>(
  io: Io,
  destinations: readonly Destination<F>[],
  render: (format: F, medium: Medium) => string | Iterable<string>,
): void {
  for (const { format, path } of destinations) {
    if (path !== undefined) {
      write(path, render(format, { color: false, columns: undefined }));
    }
  }
  for (const { format, path } of destinations) {
    if (path === undefined) {
      for (const text of joined(render(format, io))) {
        io.out(text);
      }
    }
  }
}

/** In characters. Many small pieces would be as many calls of the system. */
const PIECE = 64 * 1024;

function* joined(report: string | Iterable<string>): Generator<string> {
  let text = "";
  for (const piece of typeof report === "string" ? [report] : report) {
    text += piece;
    if (text.length >= PIECE) {
      yield text;
      text = "";
    }
  }
  if (text !== "") {
    yield text;
  }
}

function write(path: string, report: string | Iterable<string>): void {
  const file = writing(path, () => openSync(path, "w"));
  try {
    for (const text of joined(report)) {
      writing(path, () => writeFileSync(file, text));
    }
  } finally {
    closeSync(file);
  }
}

function writing<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${printable(path)} cannot be written (${code}); allowed: a file in a folder that is there`);
  }
}
