import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { starterFiles } from "../../lib/cli/init";
import { readSettings } from "../../lib/review/settings";
import { binauthz, scratch } from "./support";

// That what it writes installs, passes its tests and synthesizes: __tests__/package/init.test.ts.

const ROOT = resolve(__dirname, "../..");
const folder = scratch();
const read = (...path: string[]) => readFileSync(join(...path), "utf8");

const FILES = [
  ".binauthz.yaml",
  ".github/workflows/review.yaml",
  ".github/workflows/synthesize.yaml",
  ".gitignore",
  "README.md",
  "__tests__/chain.test.ts",
  "cdktf.json",
  "chain.ts",
  "ci/refuse-unexpected.sh",
  "ci/review-plan.sh",
  "ci/sticky-comment.sh",
  "main.ts",
  "package.json",
  "settings.ts",
  "tsconfig.json",
];

const filesIn = (path: string) =>
  readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(path, name)).isFile())
    .sort();

test("writes the project, for the project id that is given, and says what comes next", async () => {
  const target = join(folder.path, "new", "chain");
  const { code, out, err } = await binauthz(["init", target, "--project", "shop-prod-1"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(filesIn(target)).toEqual(FILES);
  expect(out).toContain(`Wrote ${FILES.length} files to ${target}, for the project shop-prod-1. Next:`);
  expect(out).toContain(`  cd ${target}\n  npm install\n  npm test`);
  expect(read(target, "settings.ts")).toContain('const project = "shop-prod-1";');
  for (const file of FILES) {
    expect(read(target, file)).not.toContain("my-secure-project");
  }
  expect(statSync(join(target, "ci/review-plan.sh")).mode & 0o111).toBe(0o111);
  const { version } = JSON.parse(read(ROOT, "package.json"));
  expect(JSON.parse(read(target, "package.json")).dependencies["cdktf-binauthz"]).toBe(`^${version}`);
});

test("a folder whose name a shell would take apart is quoted", async () => {
  const { out } = await binauthz(["init", join(folder.path, "it's mine")]);
  expect(out).toContain(`  cd '${folder.path}/it'\\''s mine'\n`);
});

describe("what is there already", () => {
  test("is named, and nothing is written", async () => {
    const target = join(folder.path, "taken");
    mkdirSync(target);
    writeFileSync(join(target, "main.ts"), "mine");
    symlinkSync(join(folder.path, "nowhere"), join(target, "chain.ts"));
    const { code, out, err } = await binauthz(["init", target]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toBe(
      `error: ${target}/chain.ts, ${target}/main.ts are there already, and nothing was written; allowed: a folder without files of that name\n`,
    );
    expect(readdirSync(target).sort()).toEqual(["chain.ts", "main.ts"]);
    expect(read(target, "main.ts")).toBe("mine");
  });

  test("other files are not in the way", async () => {
    const target = join(folder.path, "other");
    mkdirSync(target);
    writeFileSync(join(target, "notes.txt"), "mine");
    expect((await binauthz(["init", target])).code).toBe(0);
    expect(filesIn(target)).toEqual([...FILES, "notes.txt"].sort());
  });

  test("a second time: refused", async () => {
    const target = join(folder.path, "twice");
    expect((await binauthz(["init", target])).code).toBe(0);
    const { code, err } = await binauthz(["init", target]);
    expect(code).toBe(1);
    expect(err).toContain(`${target}/.github/workflows/synthesize.yaml and ${FILES.length - 3} more are there already`);
  });

  test.each([
    ["file", "is no folder; allowed: a folder of yours, or a new one"],
    ["file/below", "cannot be written (ENOTDIR), and nothing was; allowed: a folder of yours, or a new one"],
  ])("%s: one sentence", async (name, sentence) => {
    folder.write("file", "mine");
    const { code, err } = await binauthz(["init", join(folder.path, name)]);
    expect({ code, err }).toEqual({ code: 1, err: `error: ${join(folder.path, name)} ${sentence}\n` });
  });
});

test.each(["X", "a", "my project", "../x", "123456", "my-project-"])("the project %j is refused", async (project) => {
  const { code, err } = await binauthz(["init", join(folder.path, "refused"), "--project", project]);
  expect(code).toBe(1);
  expect(err).toContain("It has to be the id of a project");
});

describe("the files", () => {
  const files = new Map(starterFiles("my-secure-project").map(({ path, content }) => [path, content]));

  test("of the review are those of the recipes, at their places in the project", () => {
    const recipe = (name: string) => read(ROOT, "docs/recipes", name);
    for (const name of ["refuse-unexpected.sh", "review-plan.sh", "sticky-comment.sh"]) {
      expect(files.get(`ci/${name}`)).toBe(recipe(name));
    }
    expect(files.get(".github/workflows/synthesize.yaml")).toBe(recipe("github-synthesize.yaml"));
    expect(files.get(".github/workflows/review.yaml")).toBe(
      recipe("github-review.yaml")
        .replaceAll("docs/recipes/", "ci/")
        .replace("stacks/prod .binauthz.yaml prod", "stacks/binauthz .binauthz.yaml binauthz"),
    );
  });

  test("in YAML and JSON parse, and the settings are valid", () => {
    for (const [path, content] of files) {
      if (path.endsWith(".yaml")) {
        expect(parseAllDocuments(content).flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
      } else if (path.endsWith(".json")) {
        expect(() => JSON.parse(content)).not.toThrow();
      }
    }
    expect(readSettings(".binauthz.yaml", files.get(".binauthz.yaml") ?? "")).toMatchObject({
      gate: { failOn: "high" },
    });
  });

  test("ask for the versions that the package is tested with", () => {
    const own = JSON.parse(read(ROOT, "package.json"));
    const { dependencies, devDependencies } = JSON.parse(files.get("package.json") ?? "");
    for (const [name, range] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect({ name, range }).toEqual({
        name,
        range: name === "cdktf-binauthz" ? `^${own.version}` : own.devDependencies[name],
      });
    }
  });

  test("name each script and each file of the project that is there", () => {
    const text = [...files.values()].join("\n");
    for (const [, script] of text.matchAll(/\b(ci\/[\w-]+\.sh)/g)) {
      expect(FILES).toContain(script);
    }
    for (const [, name] of (files.get("README.md") ?? "").matchAll(/`([\w/.]+\.(?:ts|yaml))`/g)) {
      expect(FILES.some((file) => file.endsWith(name))).toBe(true);
    }
  });
});
