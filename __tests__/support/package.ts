import { execFileSync, spawnSync } from "node:child_process";
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

/** Runs a program that may fail, and returns how it ended and what it printed. */
export function attempt(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}) {
  const options = { cwd, encoding: "utf8", env: { ...process.env, ...env }, maxBuffer: 64 << 20 } as const;
  const { status, stdout, stderr, error } = spawnSync(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  if (error) throw error;
  return { status, stdout, stderr };
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
  const { peerDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return makeBareProject(folder, tarball, [...Object.keys(peerDependencies), "typescript", "@types/node"]);
}

/** A project with the packed package, and links to this repository's copies of the given packages only. */
export function makeBareProject(folder: string, tarball: Tarball, links: readonly string[]): string {
  const modules = join(folder, "node_modules");
  const own = join(modules, "cdktf-binauthz");
  mkdirSync(own, { recursive: true });
  run("tar", ["-xzf", tarball.path, "--strip-components=1", "-C", own], folder);
  for (const name of links) {
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

/** An empty project into which npm installs the packed package and nothing else, without a network. */
export function installAlone(folder: string, tarball: Tarball): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true }));
  // The peers are left out, as they are where only the command is wanted.
  const flags = ["--offline", "--legacy-peer-deps", "--no-audit", "--no-fund", "--no-package-lock"];
  run("npm", ["install", ...flags, tarball.path], folder);
  return folder;
}

export type Resolution = "node10" | "node16" | "bundler";

/** Type-checks files of a project as its user would, and writes the JavaScript where asked. */
export function compile(
  project: string,
  files: string[],
  resolution: Resolution,
  outDir?: string,
  types: readonly string[] = ["node"],
): void {
  // The framework's declarations are not ours to check.
  const flags = ["--skipLibCheck", "--typeRoots", join(root, "node_modules/@types"), "--types", types.join(",")];
  runCompiler(project, files, resolution, [...flags, ...(outDir ? ["--outDir", outDir] : ["--noEmit"])]);
}

/** Type-checks files of a project with every declaration they reach, and with the global types that it has installed. */
export function checkTypes(project: string, files: string[], resolution: Resolution): void {
  runCompiler(project, files, resolution, ["--lib", "ES2022", "--noEmit"]);
}

function runCompiler(project: string, files: string[], resolution: Resolution, flags: string[]): void {
  const module = { node10: "CommonJS", node16: "Node16", bundler: "ESNext" }[resolution];
  const common = ["--strict", "--target", "ES2022", "--esModuleInterop", "--module", module];
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  run(process.execPath, [tsc, ...common, "--moduleResolution", resolution, ...flags, ...files], project);
}

export interface JestReport {
  readonly tests: Readonly<Record<string, "passed" | "failed">>;
  /** What is printed of the failures. */
  readonly failures: string;
}

/** Runs compiled test files of a project with this repository's jest. */
export function runJest(project: string, files: string[], node = process.execPath): JestReport {
  const jest = join(root, "node_modules/jest/bin/jest.js");
  const config = { rootDir: project, testEnvironment: "node", testMatch: ["**/*.test.js"], transform: {} };
  const flags = ["--ci", "--json", "--watchman=false", "--config", JSON.stringify(config), "--runTestsByPath"];
  const { stdout, stderr } = attempt(node, [jest, ...flags, ...files], project);
  if (!stdout.startsWith("{")) throw new Error(`jest did not answer: ${stderr}`);
  const { testResults } = JSON.parse(stdout) as {
    testResults: { message: string; assertionResults: { title: string; status: "passed" | "failed" }[] }[];
  };
  return {
    tests: Object.fromEntries(
      testResults.flatMap(({ assertionResults }) => assertionResults.map(({ title, status }) => [title, status])),
    ),
    failures: testResults.map(({ message }) => message).join("\n"),
  };
}

/** A user's test file, and how its tests end. One of them is wrong, so that what it says can be read. */
export const kitTest = {
  program: `
import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { App, TerraformStack } from "cdktf";
import { AdmissionPolicy, Attestor, EnforcedCluster, ExistingPolicy, TrustRoot } from "cdktf-binauthz";
import { trustChainOf } from "cdktf-binauthz/testing";

const stack = new TerraformStack(new App(), "binauthz");
new GoogleProvider(stack, "Google", { project: "my-secure-project", region: "us-central1" });
const trustRoot = new TrustRoot(stack, "TrustRoot", { keyRingName: "binauthz", keyName: "signer", location: "global" });
const attestor = new Attestor(stack, "Attestor", { attestorName: "built-by-ci", keys: [trustRoot] });
const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT });
const requiredAttestors = [attestor];
new EnforcedCluster(stack, "Prod", { clusterName: "prod", location: "us-central1", policy, requiredAttestors });

const chain = trustChainOf(stack);
const prod = chain.cluster("us-central1.prod");
const image = \`us-central1-docker.pkg.dev/my-secure-project/apps/web@sha256:\${"1f".repeat(32)}\`;
const attestations = [chain.testSigner("built-by-ci").attest(image)];

test("an image that nobody signed is denied", () => expect(prod).toDeny("nginx:latest", { attestations }));
test("the signed digest is admitted", () => expect(prod).toAdmit(image, { attestations }));
test("another digest is denied", () => expect(prod).toDeny(image.replace(/.$/, "e"), { attestations }));
test("this one is wrong", () => expect(prod).toAdmit("nginx:latest", { attestations }));
`,
  results: {
    "an image that nobody signed is denied": "passed",
    "the signed digest is admitted": "passed",
    "another digest is denied": "passed",
    "this one is wrong": "failed",
  },
} as const;

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
