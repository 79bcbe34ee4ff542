// Builds the package. jsii compiles the constructs and the vocabulary into dist/ and .jsii, tsc the other entries; then the
// index is made lazy, and what comes from npm is bundled.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import ts from "typescript";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const dist = join(root, "dist");
const licencesFile = join(root, "THIRD-PARTY-LICENSES.txt");
const require = createRequire(import.meta.url);

/**
 * The compiled files that contain what they import from npm, so that the package has no runtime dependency.
 * Each is the only file that imports those libraries, and none of their types appears in its declarations.
 */
const BUNDLED = ["vocabulary/private/yaml"];

/** The command, in one file: no other file of the package and no peer is loaded with it. */
const COMMAND = "cli/binauthz";

/** What makes the page of the map of its sources; in the command stands what it made. */
const PAGE = "map/page-bundle.ts";

clean();
try {
  compile();
  compileEntries();
  makeIndexLazy();
  const inputs = [...(await bundleInPlace()), ...(await bundleCommand())];
  shipReferenceDeployment();
  // Written last: its date says when the build was complete (scripts/ensure-built.mjs).
  writeFileSync(licencesFile, licencesOf(inputs));
} catch (error) {
  // What was made until now must not stay behind and look like a build.
  clean();
  console.error(`the build failed: ${error.message}`);
  process.exitCode = 1;
}

/** Nothing of an earlier build may survive: a file whose source is gone would still be packed. */
function clean() {
  for (const path of [dist, ".jsii", "tsconfig.jsii.json", "tsconfig.tsbuildinfo", licencesFile]) {
    rmSync(resolve(root, path), { recursive: true, force: true });
  }
}

function compile() {
  const jsii = join(root, "node_modules", "jsii", "bin", "jsii");
  const flags = ["--generate-tsconfig", "tsconfig.jsii.json", "--silence-warnings=reserved-word"];
  try {
    execFileSync(process.execPath, [jsii, ...flags], { cwd: root, stdio: "inherit", env: quietNodeCheck() });
  } catch {
    throw new Error("jsii found what it lists above");
  }
  // jsii compiles incrementally into the output folder; every build here starts from nothing.
  rmSync(join(dist, "tsconfig.tsbuildinfo"), { force: true });
}

/**
 * The entries beside the index, as package.json's exports name them, with every file that they reach. A file that jsii has
 * compiled already stays as it is.
 */
function compileEntries() {
  const host = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
    },
  };
  const overrides = { noEmit: false, declaration: true, rootDir: join(root, "lib"), outDir: dist };
  const { options } = ts.getParsedCommandLineOfConfigFile(join(root, "tsconfig.json"), overrides, host);
  const program = ts.createProgram(entrySources(), options);
  const diagnostics = ts.getPreEmitDiagnostics(program);
  if (diagnostics.length > 0) {
    const format = { getCurrentDirectory: () => root, getCanonicalFileName: (name) => name, getNewLine: () => "\n" };
    throw new Error(`tsc found\n${ts.formatDiagnostics(diagnostics, format)}`);
  }
  program.emit(undefined, (path, text) => {
    if (existsSync(path)) return;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  });
}

function entrySources() {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return Object.entries(exports)
    .filter(([name, target]) => name !== "." && typeof target === "object")
    .map(([, target]) => join(root, target.default.replace(/^\.\/dist\/(.*)\.js$/, "lib/$1.ts")));
}

/** jsii prints a banner on Node versions past their end of life; this one is supported by the package all the same. */
function quietNodeCheck() {
  return { ...process.env, JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: process.versions.node.split(".")[0] };
}

/**
 * `export *` compiles to an eager `require` of every file, and so of every provider file behind it. The index is written
 * anew from lib/index.ts, with a getter per exported value. The declarations and the assembly stay as jsii made them.
 */
function makeIndexLazy() {
  const source = ts.createSourceFile(
    "index.ts",
    readFileSync(join(root, "lib/index.ts"), "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const entries = source.statements.flatMap((statement) => exportedValues(statement));
  const names = entries.map(([name]) => name);
  const text = [
    '"use strict";',
    "// Written by scripts/build.mjs from lib/index.ts: each export is loaded when first used.",
    'Object.defineProperty(exports, "__esModule", { value: true });',
    "function lazy(name, load) {",
    "    Object.defineProperty(exports, name, {",
    "        enumerable: true,",
    "        configurable: true,",
    "        get: () => {",
    "            const value = load();",
    "            Object.defineProperty(exports, name, { enumerable: true, configurable: true, value });",
    "            return value;",
    "        },",
    "    });",
    "}",
    ...entries.map(([name, expression]) => `lazy(${JSON.stringify(name)}, () => ${expression});`),
    "// Never runs: Node reads the names for `import { … }` from this line.",
    `0 && (module.exports = { ${names.join(", ")} });`,
    "",
  ].join("\n");
  writeFileSync(join(dist, "index.js"), text);
}

/** The values that one statement of lib/index.ts exports, each with the expression that loads it. */
function exportedValues(statement) {
  const refuse = () => {
    throw new Error(`lib/index.ts may only contain \`export … from "./…"\`, not: ${statement.getText()}`);
  };
  if (!ts.isExportDeclaration(statement) || !statement.moduleSpecifier?.text.startsWith("./")) refuse();
  if (statement.isTypeOnly) return [];
  const specifier = statement.moduleSpecifier.text;
  const load = `require(${JSON.stringify(specifier)})`;
  const clause = statement.exportClause;
  if (clause && ts.isNamespaceExport(clause)) return [[clause.name.text, load]];
  // Types leave no trace at run time; what the compiled module exports is what there is to load.
  const values = Object.keys(require(join(dist, specifier))).filter((name) => name !== "__esModule");
  const wanted = clause
    ? clause.elements.map((element) => [element.name.text, (element.propertyName ?? element.name).text])
    : values.map((name) => [name, name]);
  return wanted.filter(([, name]) => values.includes(name)).map(([as, name]) => [as, `${load}.${name}`]);
}

async function bundleInPlace() {
  const inputs = [];
  for (const file of BUNDLED) {
    const path = join(dist, `${file}.js`);
    if (!existsSync(path)) throw new Error(`lib/${file}.ts is to be bundled but was not compiled`);
    const declarations = readFileSync(join(dist, `${file}.d.ts`), "utf8");
    const foreign = ts
      .preProcessFile(declarations)
      .importedFiles.find(({ fileName }) => !fileName.startsWith(".") && !fileName.startsWith("node:"));
    if (foreign) throw new Error(`dist/${file}.d.ts mentions ${foreign.fileName}, which users do not have`);
    inputs.push(...(await bundle(path, path)));
  }
  return inputs;
}

async function bundleCommand() {
  const outfile = join(dist, `${COMMAND}.js`);
  const page = await bundlePage();
  const inputs = await bundle(join(root, "lib", `${COMMAND}.ts`), outfile, [madePage(page.made)]);
  chmodSync(outfile, 0o755);
  return [...inputs, ...page.inputs];
}

/** The program and the style of the page of the map, for browsers. */
async function bundlePage() {
  const options = JSON.parse(readFileSync(join(root, "lib/map/page/bundle.json"), "utf8"));
  const { metafile, outputFiles } = await build({ absWorkingDir: root, ...options });
  const named = (end) => outputFiles.find(({ path }) => path.endsWith(end)).text;
  return { made: { script: named(".js"), style: named(".css") }, inputs: Object.keys(metafile.inputs) };
}

function madePage(made) {
  return {
    name: "made-page",
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]map[\\/]page-bundle\.ts$/ }, ({ path }) =>
        path === join(root, "lib", PAGE)
          ? { contents: `export const pageBundle = () => (${JSON.stringify(made)});`, loader: "js" }
          : undefined,
      );
    },
  };
}

/**
 * What main.ts synthesizes, for `binauthz demo` where the peers are not installed: without the backend, whose path is of this
 * computer, and without the version of the framework.
 */
function shipReferenceDeployment() {
  const outdir = mkdtempSync(join(tmpdir(), "cdktf-binauthz-build-"));
  try {
    const { GOOGLE_PROJECT: _, ...env } = process.env;
    execFileSync(process.execPath, [join(root, "node_modules/tsx/dist/cli.mjs"), join(root, "main.ts")], {
      cwd: root,
      env: { ...env, CDKTF_OUTDIR: outdir },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const json = JSON.parse(readFileSync(join(outdir, "stacks/binauthz/cdk.tf.json"), "utf8"));
    delete json.terraform.backend;
    delete json["//"];
    writeFileSync(join(dist, "cli/reference-deployment.json"), `${JSON.stringify(json)}\n`);
  } catch {
    throw new Error("main.ts could not be synthesized");
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** Returns the files that went into the bundle. */
async function bundle(entryPoint, outfile, plugins = []) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entryPoint],
    outfile,
    allowOverwrite: true,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    sourcemap: false,
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
    plugins,
  });
  return Object.keys(metafile.inputs);
}

/** The licence, and the notice where there is one, of each package that has a file in a bundle. */
function licencesOf(inputs) {
  const packages = new Set(
    inputs.flatMap((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
  );
  const parts = [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const entries = readdirSync(join(root, folder)).sort();
    const licences = entries.filter((entry) => /^(licen[cs]e|copying)([-.]|$)/i.test(entry));
    if (!license || licences.length === 0) {
      throw new Error(
        `${name} ${version} is bundled, but its package has no licence file: its terms cannot be passed on`,
      );
    }
    const texts = [...licences, ...entries.filter((entry) => /^notice([-.]|$)/i.test(entry))].map((entry) =>
      readFileSync(join(root, folder, entry), "utf8").trim(),
    );
    return `${[`${name} ${version} (${license})`, ...texts].join("\n\n")}\n`;
  });
  return ["This package contains code of the following packages.\n", ...parts].join(`\n${"-".repeat(80)}\n\n`);
}
