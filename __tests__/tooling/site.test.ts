import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../support/build";

// The site itself is built by a step of the gate; here is what would make its checks worthless.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "site-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function check(pages: Record<string, string>) {
  for (const [path, html] of Object.entries(pages)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), html);
  }
  const args = ["scripts/site/build.mjs", "--check", folder];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  return { lines: stdout.split("\n").filter(Boolean), stderr, status };
}

test("sound links pass: to pages with and without ending, to anchors, to folders, to other sites", () => {
  const result = check({
    "index.html":
      '<a href="/guide.html#a">1</a><a href="guide">2</a><a href="api/">3</a><a href="https://example.com/x">4</a>',
    "guide.html": '<h2 id="a">A</h2><a href="#a">5</a><a href="./index.html?x=1">6</a>',
    "api/index.html": '<a name="old"></a><a href="#old">7</a><a href="../guide.html#a">8</a>',
  });
  expect(result).toEqual({ lines: ["3 pages, 7 links inside the site, 0 broken"], stderr: "", status: 0 });
});

test("a link to a missing page or anchor is named, and fails", () => {
  const result = check({
    "index.html": '<a href="/gone.html">1</a><a href="api/a.html#b">2</a><img src="images/none.svg">',
    "api/a.html": '<a href="#nowhere">3</a>',
  });
  expect(result).toEqual({
    lines: [
      "api/a.html: api/a.html has no anchor #nowhere",
      "index.html: the link leads nowhere: /gone.html",
      "index.html: api/a.html has no anchor #b",
      "index.html: the link leads nowhere: images/none.svg",
      "2 pages, 4 links inside the site, 4 broken",
    ],
    stderr: "",
    status: 1,
  });
});

test("a folder without pages is not sound, and one that is not there is an error of one line", () => {
  expect(check({})).toEqual({ lines: ["0 pages, 0 links inside the site, 0 broken"], stderr: "", status: 1 });
  rmSync(folder, { recursive: true });
  expect(check({})).toEqual({ lines: [], stderr: `${folder}: there is no such folder\n`, status: 1 });
});

/** What the site would be made of: the generator is a module of its own kind, which jest does not load. */
function staged() {
  const code = [
    `import { stagedPages } from ${JSON.stringify(join(root, "scripts/site/pages.mjs"))};`,
    "try { console.log(JSON.stringify(stagedPages(process.argv[1]))); } catch (error) { console.error(error.message); }",
  ].join("\n");
  const args = ["--input-type=module", "--eval", code, folder];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (stderr !== "") return { error: stderr.trim() };
  const { files, sidebar } = JSON.parse(stdout) as { files: [string, string][]; sidebar: unknown[] };
  return { files: new Map(files), sidebar };
}

test("each guide is in the table of contents, and each link of a page has a place on the site", () => {
  mkdirSync(join(folder, "docs"));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write("docs/README.md", "# D\n\n## Start\n\n- [One](one.md)\n");
  write(
    "docs/one.md",
    "# One\n\n[code](../main.ts), [list](#x), [home](README.md)\n\n```text\n[not](a-link.md)\n```\n",
  );
  write("main.ts", "const a = 1;\n");
  const { files, sidebar } = staged();
  expect(files?.get("one.md")).toContain("[code](./source/main.ts.md), [list](#x), [home](./index.md)");
  expect(files?.get("one.md")).toContain("[not](a-link.md)");
  expect(files?.get("source/main.ts.md")).toContain("const a = 1;");
  expect(sidebar?.[0]).toEqual({ text: "Start", items: [{ text: "One", link: "/one" }] });

  write("docs/two.md", "# Two\n");
  expect(staged()).toEqual({ error: "docs/README.md does not name docs/two.md" });
  rmSync(join(folder, "docs/two.md"));
  write("docs/one.md", "[gone](../gone.ts)\n");
  expect(staged()).toEqual({ error: "docs/one.md: nothing on the site shows gone.ts" });
});
