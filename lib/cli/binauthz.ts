#!/usr/bin/env node
import { readFileSync } from "node:fs";
import type { Io } from "./io";
import { run } from "./program";

// What `binauthz` starts: the process, and nothing that could be tested without one.

const { stdout, stderr, env } = process;

const io: Io = {
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

// Until the command says otherwise it has not passed.
process.exitCode = 1;

// `binauthz … | head` has read enough: what was found out holds all the same.
for (const stream of [stdout, stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") {
      process.exitCode = 1;
    }
  });
}

run(process.argv.slice(2), io).then((code) => {
  process.exitCode = code;
});
