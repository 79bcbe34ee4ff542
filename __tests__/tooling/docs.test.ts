import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { ensureBuilt, root } from "../support/build";

let folder: string;
beforeAll(() => {
  ensureBuilt();
  folder = mkdtempSync(join(tmpdir(), "docs-test-"));
  writeFileSync(
    join(folder, "other.md"),
    '# A `Heading` of [two](x.md) words!\n\n<a id="by-hand"></a>\n\n## Twice\n\n## Twice\n',
  );
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the checker says about these files: `file:line: message`. */
function run(files: string[]): { readonly findings: string[]; readonly status: number | null } {
  const args = ["scripts/docs.mjs", "--check", ...files];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  expect(stderr).toBe("");
  const prefix = `${relative(root, folder)}/`;
  return {
    findings: stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => line.replace(prefix, "")),
    status,
  };
}

function check(...lines: string[]) {
  const file = join(folder, "guide.md");
  writeFileSync(file, lines.join("\n"));
  return run([file]);
}

const fence = "```";

test("sound text gives no findings and exit code 0", () => {
  const result = check(
    "# A guide",
    `${fence}ts`,
    'import { App, TerraformStack } from "cdktf";',
    'import { TrustRoot } from "cdktf-binauthz";',
    'const stack = new TerraformStack(new App(), "x");',
    "const root: TrustRoot | undefined = undefined;",
    "console.log(stack, root, process.env.HOME);",
    fence,
    "1. In a list:",
    `   ${fence}json`,
    '   { "a": 1 }',
    `   ${fence}`,
    "~~~yaml",
    "a: 1",
    "---",
    "b: 2",
    "~~~",
    `${fence}sh`,
    "for i in 1 2; do echo $i; done",
    fence,
    `${fence}text`,
    "[anything](goes-here.md)",
    fence,
    "[a](other.md) [b](other.md#a-heading-of-two-words) [c](#a-guide) [d](https://example.com/x) `[e](nowhere.md)`",
    "[f](other.md#twice-1) [g](other.md#by-hand)",
  );
  expect(result).toEqual({ findings: [], status: 0 });
}, 60_000);

test("TypeScript that does not compile is reported at its line", () => {
  const result = check(
    "# A guide",
    `${fence}ts`,
    'import { TrustRoot } from "cdktf-binauthz";',
    'export const root = new TrustRoot("no scope");',
    fence,
    `${fence}ts`,
    'import { NoSuchThing } from "cdktf-binauthz";',
    "export function f(x) { return NoSuchThing(x); }",
    fence,
  );
  expect(result.status).toBe(1);
  expect(result.findings).toEqual([
    expect.stringMatching(/^guide.md:4: Expected [\d-]+ arguments/),
    expect.stringMatching(/^guide.md:7: .*has no exported member 'NoSuchThing'/),
    expect.stringMatching(/^guide.md:8: Parameter 'x' implicitly has an 'any' type/),
  ]);
}, 60_000);

const faults: [what: string, lines: string[], finding: RegExp][] = [
  [
    "an unknown fixture",
    [`${fence}ts fixture=missing`, "x;", fence],
    /^1: there is no docs\/fixtures\/missing\.ts-fixture$/,
  ],
  [
    "an option that means nothing",
    [`${fence}ts nocheck`, "x;", fence],
    /^1: unknown options of a code block: nocheck$/,
  ],
  ["JSON that is none", ["", `${fence}json`, "{ a: 1 }", fence], /^2: not JSON: /],
  ["YAML that is none", [`${fence}yaml`, "a: [1", fence], /^1: not YAML: /],
  ["a script with a syntax error", [`${fence}bash`, "if true; then", fence], /^1: not a shell script: /],
  ["a language that nothing checks", [`${fence}python`, "x", fence], /^1: nothing checks code blocks in "python"$/],
  ["a block without a language", [fence, "x", fence], /^1: the code block names no language$/],
  ["a block that is never closed", [`${fence}json`, "{}"], /^1: the code block is never closed$/],
  [
    "a block in a quotation",
    [`> ${fence}ts`, "> x", `> ${fence}`],
    /^[13]: a code block inside a quotation is not checked/,
  ],
  ["a link to no file", ["", "[a](nowhere.md)"], /^2: the link leads nowhere: nowhere\.md$/],
  ["a link by reference to no file", ["[a]: nowhere.md"], /^1: the link leads nowhere: nowhere\.md$/],
  ["an image that is not there", ['<img src="nowhere.svg">'], /^1: the link leads nowhere: nowhere\.svg$/],
  ["a link to no heading", ["[a](other.md#missing)"], /^1: other\.md has no heading for #missing$/],
  ["a link to no heading of its own", ["# A", "[a](#b)"], /^2: fault-\d+\.md has no heading for #b$/],
];

describe("reported are", () => {
  let findings: string[];
  beforeAll(() => {
    const files = faults.map(([, lines], index) => {
      const file = join(folder, `fault-${index}.md`);
      writeFileSync(file, lines.join("\n"));
      return file;
    });
    findings = run(files).findings;
  }, 60_000);

  test.each(faults.map(([what, , finding], index) => ({ what, finding, index })))("$what", ({ finding, index }) => {
    const own = findings.filter((text) => text.startsWith(`fault-${index}.md:`));
    expect(own.length).toBeGreaterThan(0);
    for (const text of own) expect(text.replace(/^fault-\d+\.md:/, "")).toMatch(finding);
  });
});
