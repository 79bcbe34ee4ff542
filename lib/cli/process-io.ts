import { readFileSync } from "node:fs";
import type { Io } from "./io";

/** What the process itself reads from and prints to. */
export function processIo(): Io {
  const { stdout, stderr, env } = process;
  // `binauthz … | head` has read enough: what was found out holds all the same.
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") {
        process.exitCode = 1;
      }
    });
  }
  return {
    stdin: () => readFileSync(0),
    out: (text) => {
      stdout.write(text);
    },
    err: (text) => {
      stderr.write(text);
    },
    color: !env.NO_COLOR && (Boolean(env.FORCE_COLOR) || (stdout.isTTY === true && env.TERM !== "dumb")),
    columns: (stdout.isTTY && stdout.columns) || undefined,
  };
}
