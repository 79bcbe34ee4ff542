#!/usr/bin/env node
import { processIo } from "./process-io";
import { run } from "./program";

// What `binauthz` starts: the process, and nothing that could be tested without one.

// Until the command says otherwise it has not passed.
process.exitCode = 1;

run(process.argv.slice(2), processIo()).then((code) => {
  process.exitCode = code;
});
