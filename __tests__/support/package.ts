import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ensureBuilt, root } from "./build";

/** Why tests that install from the npm registry do not run here, or undefined where they do. */
export const registryMissing =
  process.env.BINAUTHZ_REGISTRY_TESTS === "1"
    ? undefined
    : "installs from the npm registry only with BINAUTHZ_REGISTRY_TESTS=1";

/** Runs a program and returns what it prints; its complaint becomes the test's. */
export function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): string {
  try {
    return execFileSync(command, args, {
      cwd,
      encoding: "utf8",
      env: { ...process.env, ...env },
      maxBuffer: 64 << 20,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`);
  }
}

/** A folder that is gone when the tests of the file are over. */
export function makeTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cdktf-binauthz-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Tarball {
  readonly path: string;
  /** The packed files, sorted. */
  readonly files: string[];
}

/** The package as it would be published. */
export function pack(folder: string): Tarball {
  ensureBuilt();
  // The scripts would build again.
  const [{ filename, files }] = JSON.parse(
    run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], root),
  );
  const paths: string[] = files.map(({ path }: { path: string }) => path);
  return { path: join(folder, filename), files: paths.sort() };
}

/** A project with the packed package, and links to this repository's copies of what it asks its users to install. */
export function makeProject(folder: string, tarball: Tarball): string {
  const modules = join(folder, "node_modules");
  const own = join(modules, "cdktf-binauthz");
  mkdirSync(own, { recursive: true });
  run("tar", ["-xzf", tarball.path, "--strip-components=1", "-C", own], folder);
  const { peerDependencies } = JSON.parse(readFileSync(join(own, "package.json"), "utf8"));
  for (const name of [...Object.keys(peerDependencies), "typescript", "@types/node"]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true }));
  return folder;
}

/** A project into which npm installs the packed package and the given others. */
export function installProject(folder: string, tarball: Tarball, manifest: Record<string, unknown>): string {
  mkdirSync(folder, { recursive: true });
  cpSync(tarball.path, join(folder, "package.tgz"));
  const { dependencies, ...rest } = manifest as { dependencies: Record<string, string> };
  const all = { ...dependencies, "cdktf-binauthz": "file:package.tgz" };
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "user", private: true, ...rest, dependencies: all }),
  );
  run("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock"], folder);
  return folder;
}

export type Resolution = "node10" | "node16" | "bundler";

/** Type-checks files of a project as its user would, and writes the JavaScript where asked. */
export function compile(project: string, files: string[], resolution: Resolution, outDir?: string): void {
  const module = { node10: "CommonJS", node16: "Node16", bundler: "ESNext" }[resolution];
  const flags = ["--strict", "--skipLibCheck", "--target", "ES2022", "--types", "node", "--esModuleInterop"];
  const typeRoots = ["--typeRoots", join(root, "node_modules/@types")];
  const output = outDir ? ["--outDir", outDir] : ["--noEmit"];
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  run(
    process.execPath,
    [tsc, ...flags, ...typeRoots, "--module", module, "--moduleResolution", resolution, ...output, ...files],
    project,
  );
}

/**
 * The Terraform JSON of each stack under an output folder, without what differs between two runs of one program: the
 * version of the framework, and the absolute path of the local state.
 */
export function readStacks(outdir: string): Record<string, TerraformJson> {
  const { stacks } = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8"));
  return Object.fromEntries(
    Object.entries<{ synthesizedStackPath: string }>(stacks).map(([name, { synthesizedStackPath }]) => {
      const stack = JSON.parse(readFileSync(join(outdir, synthesizedStackPath), "utf8"));
      delete stack["//"]?.metadata?.version;
      delete stack.terraform?.backend?.local?.path;
      return [name, stack];
    }),
  );
}

export interface TerraformJson {
  readonly resource?: Record<string, Record<string, unknown>>;
  readonly [block: string]: unknown;
}
