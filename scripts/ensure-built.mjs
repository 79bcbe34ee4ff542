// Builds the package unless a complete build of the present sources is there already. Tests and checks that look at the
// built package call this; several may do so at once, so one builds and the others wait for it.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const lock = join(root, "node_modules", ".cache", "cdktf-binauthz-build");
/** What the build reads: the README is part of the assembly, a lock file change can change what is bundled. */
const SOURCES = [
  "lib",
  "main.ts",
  "starter",
  "README.md",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "scripts/build.mjs",
];
/** The last file that a build writes, and the first ones that a failed build removes. */
const RESULTS = ["THIRD-PARTY-LICENSES.txt", ".jsii", "dist/index.js"];

while (!isFresh()) {
  if (!takeLock()) {
    sleep(200);
    continue;
  }
  try {
    if (!isFresh()) execFileSync(process.execPath, [join(root, "scripts/build.mjs")], { cwd: root, stdio: "inherit" });
    if (!isFresh()) throw new Error("the sources changed during the build");
  } catch (error) {
    // The compiler has printed its own errors; a stack trace of this script would bury them.
    console.error(`the package could not be built: ${error.message}`);
    process.exitCode = 1;
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
  break;
}

function isFresh() {
  const built = modified(join(root, RESULTS[0]));
  return (
    RESULTS.every((file) => modified(join(root, file)) > 0) && SOURCES.every((file) => newest(join(root, file)) < built)
  );
}

/** The latest change at or under a path. Folders count: deleting a file changes nothing else. */
function newest(path) {
  const own = modified(path);
  const isFolder = own > 0 && statSync(path).isDirectory();
  return isFolder ? Math.max(own, ...readdirSync(path).map((entry) => newest(join(path, entry)))) : own;
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** True for the one process that may build. A lock whose owner is gone is broken. */
function takeLock() {
  mkdirSync(join(lock, ".."), { recursive: true });
  try {
    mkdirSync(lock);
    writeFileSync(join(lock, "pid"), String(process.pid));
    return true;
  } catch {
    if (!ownerIsAlive()) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

function ownerIsAlive() {
  try {
    process.kill(Number(readFileSync(join(lock, "pid"), "utf8")), 0);
    return true;
  } catch {
    // Between making the folder and naming its owner there is no pid yet: such a lock is only broken once it is old.
    return Date.now() - modified(lock) < 5_000;
  }
}

function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
