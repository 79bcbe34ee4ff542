import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/build";
import { attempt, makeTemporaryFolder, pack, run } from "../support/package";

const MINUTES = 60_000;
const folder = makeTemporaryFolder();

const digest = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

/** What the build and `npm pack` read; the history, the tests and what was built before stay behind. */
const READ = [
  "API.md",
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "SECURITY.md",
  "kubernetes",
  "lib",
  "main.ts",
  "package-lock.json",
  "package.json",
  "review",
  "rosetta",
  "schemas",
  "scripts",
  "starter",
  "testing",
  "tsconfig.json",
];

test(
  "the package is the same, byte for byte, built in another folder",
  () => {
    const here = pack(folder).path;
    const copy = join(folder, "another", "checkout");
    mkdirSync(copy, { recursive: true });
    for (const name of READ) {
      cpSync(join(root, name), join(copy, name), { recursive: true });
    }
    // No link to the folder: the bundler would find its way back into this checkout, and name it. Hard links cost no space.
    const modules = [join(root, "node_modules"), join(copy, "node_modules")];
    if (attempt("cp", ["-al", ...modules], folder).status !== 0) {
      rmSync(modules[1], { recursive: true, force: true });
      run("cp", ["-a", ...modules], folder);
    }
    run(process.execPath, ["scripts/build.mjs"], copy);
    const there = join(folder, "there");
    mkdirSync(there);
    const [{ filename }] = JSON.parse(
      run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", there], copy),
    );
    expect(digest(join(there, filename))).toBe(digest(here));
  },
  10 * MINUTES,
);
