// Whether a tag may be released: `vX.Y.Z` is the version of package.json, and CHANGELOG.md has a heading of it.
//
//   node scripts/check-release.mjs v1.2.3
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const [tag = ""] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const headings = readFileSync(join(root, "CHANGELOG.md"), "utf8").match(/^## .*/gm) ?? [];

const problems = [
  ...(tag === `v${version}`
    ? []
    : [`the tag is ${tag || "not given"}, and package.json has ${version}; allowed: v${version}`]),
  ...(headings.some((heading) => new RegExp(`^## \\[?${version.replaceAll(".", "\\.")}\\]?(?![\\w.-])`).test(heading))
    ? []
    : [`CHANGELOG.md has no heading for ${version}; allowed: ## ${version} with what changed`]),
];
for (const problem of problems) {
  console.error(`error: ${problem}`);
}
process.exitCode = problems.length > 0 ? 1 : 0;
