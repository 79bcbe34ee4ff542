import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ProblemCode } from "../../lib/vocabulary/problem";
import { binauthz } from "../cli/support";
import { root } from "../support/build";

// What the guides leave out, found by comparing them with what there is.

const read = (...path: string[]) => readFileSync(join(root, ...path), "utf8");
const GUIDES = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
const everyGuide = GUIDES.map((name) => read("docs", name)).join("\n");

/** The file of each construct, by its class. */
const CONSTRUCTS = new Map(
  ["constructs", "kubernetes"].flatMap((room) =>
    readdirSync(join(root, "lib", room))
      .filter((name) => name.endsWith(".ts"))
      .flatMap((name) => {
        const text = read("lib", room, name);
        return [...text.matchAll(/^export (?:class|interface) (\w+?)(?:Resource)?Props\b/gm)]
          .map(([, construct]) => construct)
          .filter((construct) => new RegExp(`^export class ${construct} extends`, "m").test(text))
          .map((construct): [string, string] => [construct, text]);
      }),
  ),
);

test("the constructs are found", () => {
  expect([...CONSTRUCTS.keys()].sort()).toEqual([
    "AdmissionPolicy",
    "Attestor",
    "AuditAlerts",
    "BreakGlassGuard",
    "BuildPipeline",
    "EnforcedCluster",
    "EnforcedJob",
    "EnforcedService",
    "ExistingSigner",
    "FederatedSigner",
    "OrganizationPolicies",
    "RepositoryConnection",
    "ResigningTrigger",
    "SignatureLog",
    "SignerPipeline",
    "SigningTrigger",
    "TrustRoot",
    "VettedImages",
  ]);
});

test.each([...CONSTRUCTS.keys()])("%s is in the list of pages and in the changelog", (construct) => {
  expect(read("docs/README.md")).toMatch(new RegExp(`\\b${construct}\\b`));
  expect(read("CHANGELOG.md")).toContain(`\`${construct}\``);
});

test("the page on leaving says what is forgotten of each construct that can be released", () => {
  const rows = [...read("docs/teardown.md").matchAll(/^\| ([^|]+) \| [^|]+ \| [^|]* ?\|$/gm)].map(([, cell]) => cell);
  const released = [...CONSTRUCTS].filter(([, text]) => /^ {2}public release\(\)/m.test(text)).map(([name]) => name);
  expect(released.length).toBeGreaterThan(10);
  expect(released.filter((name) => !rows.some((cell) => cell.includes(`\`${name}\``)))).toEqual([]);
});

test("every property of the constructs and their options is on a page", () => {
  const properties = readdirSync(join(root, "lib/constructs"))
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => [...read("lib/constructs", name).matchAll(/^export interface (\w+)[^{]*\{\n([\s\S]*?)^\}/gm)])
    // What begins with I and another capital is what a construct offers, not what is given to it.
    .filter(([, name]) => !/^I[A-Z]/.test(name))
    .flatMap(([, name, body]) =>
      [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, property]) => ({ name, property })),
    );
  expect(properties.length).toBeGreaterThan(150);
  const missing = properties.filter(({ property }) => !new RegExp(`\\b${property}\\b`).test(everyGuide));
  expect(missing).toEqual([]);
});

describe("docs/troubleshooting.md", () => {
  const rows = [...read("docs/troubleshooting.md").matchAll(/^\| `([A-Z_]+)` \| ([^|]+) \| ([^|]+) \|$/gm)];

  test("has a row for every code of a refusal or warning, in their order, and no other", () => {
    expect(rows.map(([, code]) => code)).toEqual(Object.keys(ProblemCode));
  });

  test.each(rows.map(([, code, , mend]) => ({ code, mend })))("leads from $code to a page", ({ mend }) => {
    expect(mend).toMatch(/\]\([\w-]*(\.md)?(#[\w-]+)?\)/);
  });
});

test.each([
  ["review", "review.md"],
  ["check", "review.md"],
  ["map", "map.md"],
  ["explain", "explain.md"],
  ["demo", "commands.md"],
  ["init", "commands.md"],
])("every option of %s is on %s", async (command, page) => {
  const { out } = await binauthz([command, "--help"]);
  const options = [...out.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option);
  expect(options).toContain("--help");
  const text = read("docs", page);
  expect(options.filter((option) => option !== "--help" && !new RegExp(`${option}(?![\\w-])`).test(text))).toEqual([]);
});

test("scripts of guides, recipes and README use options that there are", async () => {
  const recipes = readdirSync(join(root, "docs/recipes")).map((name) => read("docs/recipes", name));
  const scripts = [
    ...[everyGuide, read("README.md"), read("starter/README.md")].flatMap((text) =>
      [...text.matchAll(/^( *)```(?:sh|bash|console)\n([\s\S]*?)^\1```$/gm)].map(([, , script]) => script),
    ),
    ...recipes,
  ].map((script) => script.replace(/^\s*#.*$/gm, "").replace(/\\\n\s*/g, " "));
  const used = scripts.flatMap((script) =>
    [...script.matchAll(/\bbinauthz (admit|review|check|audit|explain|map|sandbox|demo|init)\b([^\n|]*)/g)].map(
      ([, command, rest]) => ({ command, options: rest.split(/ -- /)[0].match(/(?<=\s)--[a-z][\w-]*/g) ?? [] }),
    ),
  );
  expect(used.length).toBeGreaterThan(60);
  const unknown: string[] = [];
  for (const { command, options } of used) {
    const { out } = await binauthz([command, "--help"]);
    const known = new Set(out.match(/--[a-z][\w-]*/g));
    unknown.push(...options.filter((option) => !known.has(option)).map((option) => `${command} ${option}`));
  }
  expect(unknown).toEqual([]);
});

test("testing.md sets jest up as the starter does", () => {
  const block = /```json\n([\s\S]*?)```/.exec(read("docs/testing.md"))?.[1] ?? "";
  const starter = JSON.parse(read("starter/package.json"));
  expect(starter).toMatchObject(JSON.parse(block));
  const [, names = ""] = /^npm i -D (.+)$/m.exec(read("docs/testing.md")) ?? [];
  expect(Object.keys(starter.devDependencies)).toEqual(expect.arrayContaining(names.split(" ")));
});

test("commands.md names every command", async () => {
  const { out } = await binauthz(["--help"]);
  const commands = [...out.slice(out.indexOf("Commands:")).matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
  expect(commands).toContain("review");
  for (const command of commands) {
    if (command !== "help") expect(read("docs/commands.md")).toContain(`\`binauthz ${command}\``);
  }
});

describe.each(GUIDES)("docs/%s", (name) => {
  const text = read("docs", name);

  test("begins with what it is for", () => {
    expect(text).toMatch(/^# .+\n\n[^#|\s-]/);
  });

  test("ends with the way to another page", () => {
    if (name === "README.md") return;
    expect(text.trimEnd().split("\n").at(-1)).toMatch(/^Next: \[[^\]]+\]\((?!#)[^)]+\.md(#[\w-]+)?\), [^.]+\.$/);
  });
});
