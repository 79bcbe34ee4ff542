// Compares the public API with that of the last release on npm: what a program could use, and now cannot, stops the release.
// jsii-diff sees types only; addresses of resources have a gate of their own (__tests__/constructs/addresses.test.ts).
//
//   npm run diff:api
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Not a development dependency: only a release needs it. */
const TOOL = "jsii-diff@1.134.0";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const released = spawnSync("npm", ["view", name, "version", "--json"], { cwd: root, encoding: "utf8" });
if (released.status !== 0 && /"?E404"?/.test(released.stdout + released.stderr)) {
  console.error(`skipped: the API is compared with the last release, and ${name} has none on npm`);
} else if (released.status !== 0) {
  console.error(`error: npm does not say which release of ${name} is the last\n${released.stderr}`);
  process.exitCode = 1;
} else {
  const last = JSON.parse(released.stdout);
  const breaking = isBreaking(last, version);
  const { status } = spawnSync("npx", ["--yes", TOOL, "--error-on", "all", `npm:${name}@${last}`, root], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) {
    console.error(
      breaking
        ? `${version} may break what ${last} had: the changelog has to say what to do about it`
        : `error: the API of ${last} is broken, and ${version} is no new ${last.startsWith("0.") ? "minor" : "major"} version`,
    );
  }
  process.exitCode = status === 0 || breaking ? 0 : 1;
}

/** Before 1.0.0 a new minor version may break, from then on a new major one. */
function isBreaking(before, after) {
  const [[oldMajor, oldMinor], [major, minor]] = [before, after].map((text) => text.split(".").map(Number));
  return major > oldMajor || (major === 0 && oldMajor === 0 && minor > oldMinor);
}
