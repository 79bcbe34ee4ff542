// The documentation's claims, checked as strictly as code.
//   node scripts/docs.mjs                  writes API.md from the assembly
//   node scripts/docs.mjs --check          README compiled, API.md up to date, every code block and link of the guides sound
//   node scripts/docs.mjs --check FILE…    code blocks and links of these Markdown files only
// All of it looks at the built package: run `npm run build` first.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import GithubSlugger from "github-slugger";
import ts from "typescript";
import { parseAllDocuments } from "yaml";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const [mode, ...files] = process.argv.slice(2);
const env = {
  ...process.env,
  JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: process.versions.node.split(".")[0],
};

/** `file:line: message` of everything that is wrong. */
const findings = [];

if (mode === undefined) {
  generateApi(join(root, "API.md"));
} else if (mode === "--check") {
  if (files.length === 0) {
    checkReadme();
    checkApi();
  }
  checkMarkdown(files.length > 0 ? files : markdownFiles());
  for (const finding of findings) console.log(finding);
  if (findings.length > 0) process.exitCode = 1;
} else {
  console.error("usage: node scripts/docs.mjs [--check [FILE…]]");
  process.exitCode = 1;
}

function generateApi(output) {
  const docgen = join(root, "node_modules/jsii-docgen/bin/jsii-docgen");
  execFileSync(process.execPath, [docgen, "-o", output], { cwd: root, env, stdio: ["ignore", "ignore", "inherit"] });
}

function checkApi() {
  inTemporaryFolder((folder) => {
    generateApi(join(folder, "API.md"));
    const wanted = readFileSync(join(folder, "API.md"), "utf8").split("\n");
    const present = existsSync(join(root, "API.md")) ? readFileSync(join(root, "API.md"), "utf8").split("\n") : [];
    const line = wanted.findIndex((text, index) => text !== present[index]);
    if (line >= 0 || present.length !== wanted.length) {
      findings.push(`API.md:${(line >= 0 ? line : wanted.length) + 1}: differs from the sources; run \`npm run docs\``);
    }
  });
}

/** The README is part of the assembly: rosetta compiles its examples as other languages will see them. */
function checkReadme() {
  inTemporaryFolder((folder) => {
    // What a user's project would have installed; given to rosetta, it installs nothing by itself.
    const modules = join(folder, "node_modules");
    for (const name of ["cdktf", "constructs", "@cdktf/provider-google", "@types/node", "@types/jest"]) {
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      symlinkSync(join(root, "node_modules", name), join(modules, name));
    }
    symlinkSync(root, join(modules, "cdktf-binauthz"));
    const rosetta = join(root, "node_modules/jsii-rosetta/bin/jsii-rosetta");
    const args = [rosetta, "extract", "--strict", "--directory", folder, root];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: "utf8" });
    rmSync(join(root, ".jsii.tabl.json"), { force: true });
    // It says this of every folder it is given.
    const output = `${stdout}${stderr}`.replace(/^.*packages necessary to compile examples missing.*\n/m, "");
    if (status !== 0) findings.push(`README.md: its examples, or an @example in lib/, do not compile\n${output}`);
  });
}

/** The guides and the other texts. API.md is generated. */
function markdownFiles() {
  const here = readdirSync(root).filter((name) => name.endsWith(".md") && name !== "API.md");
  const docs = existsSync(join(root, "docs")) ? readdirSync(join(root, "docs"), { recursive: true }) : [];
  return [...here, ...docs.filter((name) => name.endsWith(".md")).map((name) => join("docs", name))].map((name) =>
    join(root, name),
  );
}

function checkMarkdown(paths) {
  const snippets = [];
  for (const path of paths.map((name) => resolve(name))) {
    const { blocks, prose } = splitMarkdown(path);
    for (const block of blocks) {
      // Rosetta has compiled the README's.
      if (block.language === "ts" && path !== join(root, "README.md")) snippets.push(block);
      else checkBlock(block);
    }
    checkLinks(path, prose);
  }
  checkTypes(snippets);
}

/** The fenced blocks of a file, and its other lines with the fences blanked. */
function splitMarkdown(path) {
  const blocks = [];
  const prose = [];
  let open;
  readFileSync(path, "utf8")
    .split("\n")
    .forEach((text, index) => {
      const [, indent, fence, info] = /^([ \t]*)(`{3,}|~{3,})([^`]*)$/.exec(text) ?? [];
      const closes = open && fence?.startsWith(open.fence) && info.trim() === "";
      if (open && !closes) {
        open.lines.push(text.slice(Math.min(open.indent.length, text.length - text.trimStart().length)));
      } else if (open) {
        blocks.push(open);
        open = undefined;
      } else if (fence) {
        const [language = "", ...options] = info.trim().split(/\s+/);
        open = { path, line: index + 1, indent, fence, language, options, lines: [] };
      } else if (/^\s*>[\s>]*(```|~~~)/.test(text)) {
        report(path, index + 1, "a code block inside a quotation is not checked; take it out");
      }
      prose.push(open || closes ? "" : text);
    });
  if (open) report(path, open.line, "the code block is never closed");
  return { blocks, prose };
}

function checkBlock(block) {
  const text = block.lines.join("\n");
  const fail = (message) => report(block.path, block.line, message);
  switch (block.language) {
    case "ts":
    case "text":
    case "mermaid":
    case "diff":
    case "hcl":
    case "console":
      return;
    case "json":
      try {
        JSON.parse(text);
      } catch (error) {
        fail(`not JSON: ${error.message}`);
      }
      return;
    case "yaml":
      for (const { errors } of [parseAllDocuments(text)].flat()) {
        for (const error of errors) fail(`not YAML: ${error.message.split("\n")[0]}`);
      }
      return;
    case "sh":
    case "bash": {
      const { status, stderr } = spawnSync("bash", ["-n"], { input: `${text}\n`, encoding: "utf8" });
      if (status !== 0) fail(`not a shell script: ${stderr.trim().split("\n")[0]}`);
      return;
    }
    case "":
      fail("the code block names no language");
      return;
    default:
      fail(`nothing checks code blocks in "${block.language}"`);
  }
}

/** Compiles all blocks together, each as a module of its own at the root of the project, where imports resolve. */
function checkTypes(blocks) {
  const sources = new Map();
  blocks.forEach((block, index) => {
    const fixture = fixtureOf(block);
    if (!fixture) return;
    const [before, after] = fixture;
    sources.set(join(root, `snippet-${index}.ts`), {
      block,
      offset: before.split("\n").length - 1,
      text: `${before}${block.lines.join("\n")}${after}`,
    });
  });
  if (sources.size === 0) return;
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    moduleDetection: ts.ModuleDetectionKind.Force,
    esModuleInterop: true,
    types: ["node", "jest"],
    baseUrl: root,
    paths: { "cdktf-binauthz": ["dist/index.d.ts"], "cdktf-binauthz/*": ["./*"] },
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getCurrentDirectory = () => root;
  host.fileExists = (name) => sources.has(name) || fileExists(name);
  host.readFile = (name) => sources.get(name)?.text ?? readFile(name);
  host.getSourceFile = (name, ...rest) =>
    sources.has(name)
      ? ts.createSourceFile(name, sources.get(name).text, options.target, true)
      : getSourceFile(name, ...rest);
  const program = ts.createProgram([...sources.keys()], options, host);
  for (const { file, start, messageText } of ts.getPreEmitDiagnostics(program)) {
    const message = ts.flattenDiagnosticMessageText(messageText, " ");
    const source = sources.get(file?.fileName);
    if (!source) findings.push(`${file?.fileName ?? "the compiler"}: ${message}`);
    // A mistake in a fixture shows in the block that uses it.
    else {
      const line = file.getLineAndCharacterOfPosition(start).line - source.offset;
      const inside = line >= 0 && line < source.block.lines.length;
      report(source.block.path, source.block.line + (inside ? line + 1 : 0), message);
    }
  }
}

/** What stands before and after a block: nothing, or the two halves of docs/fixtures/NAME.ts-fixture. */
function fixtureOf({ path, line, options }) {
  const fail = (message) => report(path, line, message);
  const name = /^fixture=([\w-]+)$/.exec(options[0] ?? "")?.[1];
  if (options.length > (name ? 1 : 0)) return fail(`unknown options of a code block: ${options.join(" ")}`);
  if (!name) return ["", ""];
  const file = join(root, "docs/fixtures", `${name}.ts-fixture`);
  if (!existsSync(file)) return fail(`there is no ${relative(root, file)}`);
  const halves = readFileSync(file, "utf8").split("/// here");
  return halves.length === 2 ? halves : fail(`${relative(root, file)} must contain "/// here" once`);
}

/** Relative links must lead to a file, and to a heading where they name one. */
function checkLinks(path, prose) {
  prose.forEach((text, index) => {
    const visible = text.replace(/(`+)[^`].*?\1/g, "");
    const targets = [
      ...visible.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g),
      ...visible.matchAll(/^\s*\[[^\]]+\]:\s*(\S+)/g),
      ...visible.matchAll(/\b(?:href|src)="([^"]+)"/g),
    ].map(([, target]) => target);
    for (const target of targets.filter((name) => !/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(name))) {
      const [file, anchor] = target.split("#");
      const found = file ? resolve(dirname(path), decodeURI(file)) : path;
      if (!existsSync(found)) report(path, index + 1, `the link leads nowhere: ${target}`);
      else if (anchor && !(statSync(found).isFile() && anchorsOf(found).has(decodeURIComponent(anchor)))) {
        report(path, index + 1, `${basename(found)} has no heading for #${anchor}`);
      }
    }
  });
}

/** The anchors that GitHub gives to the headings of a file, and those it sets itself. */
function anchorsOf(path) {
  const { prose } = splitQuietly(path);
  const anchors = new Set();
  const slugger = new GithubSlugger();
  for (const text of prose) {
    for (const [, id] of text.matchAll(/<a\s[^>]*\b(?:id|name)="([^"]+)"/g)) anchors.add(id);
    const heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*$/.exec(text)?.[1];
    if (heading === undefined) continue;
    anchors.add(slugger.slug(heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/<[^>]+>/g, "")));
  }
  return anchors;
}

/** For a file that is only linked to: what is wrong inside it is reported where it is checked itself. */
function splitQuietly(path) {
  const known = findings.length;
  const result = splitMarkdown(path);
  findings.length = known;
  return result;
}

function report(path, line, message) {
  findings.push(`${relative(root, path)}:${line}: ${message}`);
}

function inTemporaryFolder(action) {
  const folder = mkdtempSync(join(tmpdir(), "docs-"));
  try {
    action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
