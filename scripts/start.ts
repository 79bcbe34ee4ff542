import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Synthesized } from "../lib/cli/demo/configuration";
import { demonstrate } from "../lib/cli/demo/demonstration";
import { processIo } from "../lib/cli/process-io";

// `binauthz demo` over what main.ts says now, instead of what it said when the package was built.

const NEXT = [
  ["Again, after a change of main.ts", "npm start"],
  ["The sandbox for your own terraform and gcloud", "npm run build && npx binauthz sandbox"],
] as const;

/** Loads main.ts, which synthesizes; a refusal of it is the message of the step. */
async function synthesize(): Promise<Synthesized> {
  const { app, stack } = await import("../main");
  const { synthesizedStackPath } = app.manifest.forStack(stack);
  const json = JSON.parse(readFileSync(join(resolve(app.outdir), synthesizedStackPath), "utf8"));
  return { from: "main.ts", json };
}

const io = processIo();
process.exitCode = 1;
demonstrate({
  io,
  without: [],
  synthesize,
  map: join(process.env.CDKTF_OUTDIR ?? "cdktf.out", "map.html"),
  next: NEXT,
}).then((code) => {
  process.exitCode = code;
});
