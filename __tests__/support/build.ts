import { execFileSync } from "node:child_process";
import { resolve } from "node:path";

export const root = resolve(__dirname, "../..");

/** Builds the package unless that is done already. Any number of test files may call it at once. */
export function ensureBuilt(): void {
  execFileSync(process.execPath, ["scripts/ensure-built.mjs"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
}
