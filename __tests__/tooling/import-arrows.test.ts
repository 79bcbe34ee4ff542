import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(__dirname, "../..");

/** Who may import whom. The linter's configuration is held against this table. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  vocabulary: [],
  constructs: ["vocabulary"],
  trust: ["vocabulary"],
  admission: ["trust", "vocabulary"],
  workloads: ["trust", "admission", "vocabulary"],
  audit: ["trust", "workloads", "vocabulary"],
  review: ["trust", "admission", "workloads", "vocabulary"],
  map: ["trust", "admission", "workloads", "review", "vocabulary"],
  kubernetes: ["constructs", "vocabulary"],
  sandbox: ["trust", "admission", "workloads", "vocabulary"],
  testing: ["trust", "admission", "workloads", "review", "vocabulary"],
  cli: [
    "vocabulary",
    "constructs",
    "trust",
    "admission",
    "workloads",
    "audit",
    "review",
    "map",
    "kubernetes",
    "sandbox",
    "testing",
  ],
};
const ROOMS = Object.keys(MAY_IMPORT);

interface Case {
  readonly file: string;
  /** One line. `NAME` becomes a name of its own, since many cases share a file. */
  readonly code: string;
  readonly allowed: boolean;
}

const cases: Case[] = [];
const add = (allowed: boolean, file: string, ...imports: string[]) => {
  for (const text of imports) {
    // A bare specifier stands for the plain import of a name.
    cases.push({ allowed, file, code: /[\s(]/.test(text) ? text : `import { NAME } from "${text}";` });
  }
};
const allowed = add.bind(undefined, true);
const refused = add.bind(undefined, false);

for (const room of ROOMS) {
  for (const other of ROOMS.filter((name) => name !== room)) {
    const mayImport = MAY_IMPORT[room].includes(other);
    add(mayImport, `lib/${room}/file.ts`, `../${other}/thing`, `../${other}`);
    add(mayImport, `lib/${room}/private/file.ts`, `../../${other}/thing`);
  }
  // What a room does inside is its own business, also where a file is called like a room.
  allowed(`lib/${room}/file.ts`, "./thing", "./trust-root", "./private/thing", "node:fs");
  allowed(`lib/${room}/private/file.ts`, "../thing");
  refused(`lib/${room}/file.ts`, "..", "../", "../index", "../../lib", "../../main", "../../scripts/thing");
  refused(`lib/${room}/file.ts`, "../../__tests__/support/thing", "cdktf-binauthz", "cdktf-binauthz/testing");
  refused(`lib/${room}/private/file.ts`, "../..", "../../index");
  add(["constructs", "vocabulary"].includes(room), "lib/index.ts", `export * from "./${room}/thing";`);
}

// Every way to write an import, along one forbidden arrow.
refused(
  "lib/trust/spellings.ts",
  'import NAME from "../constructs/thing.js";',
  'import * as NAME from "./../constructs/thing";',
  'import "../constructs/thing";',
  'import type { NAME } from "../constructs/thing";',
  'import { type NAME } from "../constructs/thing";',
  'export { NAME } from "../constructs/thing";',
  'export type { NAME } from "../constructs/thing";',
  'export * from "../constructs/thing";',
  'export * as NAME from "../constructs/thing";',
  'import NAME = require("../constructs/thing");',
  'export const NAME = require("../constructs/thing");',
  'export const NAME = import("../constructs/thing");',
  'export type NAME = import("../constructs/thing").X;',
  'export type NAME = typeof import("../constructs/thing");',
  'export const NAME = require("./../constructs/thing");',
  "export const NAME = require(`../constructs/thing`);",
  'export const NAME = require("./" + name);',
  'import { NAME } from "../../lib/constructs/thing";',
);

// Loading something of the room itself when it is first used.
allowed("lib/trust/lazy.ts", 'export const NAME = require("./private/thing") as typeof import("./private/thing");');

// The framework and the providers.
const GOOGLE = "@cdktf/provider-google";
const KUBERNETES = "@cdktf/provider-kubernetes";
for (const room of ["vocabulary", "trust", "admission", "workloads", "audit", "review", "map"]) {
  refused(`lib/${room}/framework.ts`, "cdktf", "cdktf/lib/testing", "constructs", `${GOOGLE}/lib/kms-key-ring`);
}
for (const room of ["constructs", "kubernetes"]) {
  allowed(`lib/${room}/framework.ts`, "cdktf", "constructs", `${GOOGLE}/lib/kms-key-ring`);
}
refused("lib/constructs/framework.ts", `${KUBERNETES}/lib/deployment`);
allowed("lib/kubernetes/framework.ts", `${KUBERNETES}/lib/deployment`);
const files = ["main.ts", "lib/index.ts", "__tests__/thing.test.ts", ...ROOMS.map((room) => `lib/${room}/index-of.ts`)];
for (const provider of [GOOGLE, KUBERNETES]) {
  for (const index of ["", "/lib", "/lib/index", "/lib/index.js", "/lib/lazy-index"]) {
    for (const file of files) refused(file, provider + index);
    // What the index costs cannot be measured without it.
    allowed("bench/file.ts", provider + index);
  }
}

/** Lints all cases at once, in a folder laid out like the project, and returns `file:line` of each thing reported. */
function lint(): Set<string> {
  const folder = mkdtempSync(join(tmpdir(), "import-arrows-"));
  try {
    // The globs of a configuration hold relative to where it lies, so it goes along.
    mkdirSync(join(folder, "scripts"));
    for (const file of ["biome.json", "scripts/lazy-imports.grit"]) copyFileSync(join(root, file), join(folder, file));
    for (const [file, lines] of linesOfFiles()) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), `${lines.join("\n")}\n`);
    }
    const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
    // All rules run: asking for some by name would also switch them on where the configuration switches them off.
    const flags = ["lint", "--reporter=json", "--max-diagnostics=none", "."];
    const options = { cwd: folder, encoding: "utf8", maxBuffer: 64 << 20 } as const;
    const { stdout, stderr } = spawnSync(process.execPath, [biome, ...flags], options);
    if (!stdout.startsWith("{")) throw new Error(`the linter did not answer: ${stderr}`);
    const diagnostics: Diagnostic[] = JSON.parse(stdout).diagnostics;
    const broken = diagnostics.find(({ category }) => !/^(lint\/|plugin$)/.test(category));
    if (broken) throw new Error(`the linter could not read ${broken.location.path}: ${broken.category}`);
    return new Set(
      diagnostics
        .filter(({ category }) => /^(lint\/style\/noRestrictedImports|plugin)$/.test(category))
        .map(({ location }) => `${location.path}:${location.start.line}`),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string; readonly start: { readonly line: number } };
}

function linesOfFiles(): Map<string, string[]> {
  const result = new Map<string, string[]>();
  for (const { file, code } of cases) {
    const lines = result.get(file) ?? [];
    result.set(file, [...lines, code.replace("NAME", `name${lines.length}`)]);
  }
  return result;
}

describe("the linter", () => {
  const linesSeen = new Map<string, number>();
  const located = cases.map((entry) => {
    const line = (linesSeen.get(entry.file) ?? 0) + 1;
    linesSeen.set(entry.file, line);
    return { ...entry, place: `${entry.file}:${line}` };
  });
  let reported: Set<string>;
  beforeAll(() => {
    reported = lint();
  }, 60_000);

  const describeCase = ({ file, code }: Case) => `${file}: ${code}`;

  test("reports each forbidden import", () => {
    const missed = located.filter((entry) => !entry.allowed && !reported.has(entry.place));
    expect(missed.map(describeCase)).toEqual([]);
  });

  test("reports no allowed import", () => {
    const wrong = located.filter((entry) => entry.allowed && reported.has(entry.place));
    expect(wrong.map(describeCase)).toEqual([]);
  });

  test("knows every room there is", () => {
    const folders = readdirSync(join(root, "lib"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(ROOMS).toEqual(expect.arrayContaining(folders.map(({ name }) => name)));
  });
});
