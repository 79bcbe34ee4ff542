import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { binauthz, scratch } from "./support";

const { path: root, write } = scratch();
const text = readFileSync(resolve("docs/admit.md"), "utf8");
const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, content]) => ({ language, content }));

/** A command whose output the page shows: the next block is text. */
const shown = blocks.flatMap(({ language, content }, index) =>
  language === "sh" && blocks[index + 1]?.language === "text"
    ? [{ command: content.trim(), output: blocks[index + 1].content }]
    : [],
);

test("the page shows what the command prints", async () => {
  for (const { language, content } of blocks) {
    const [, name] = /^# (\S+\.yaml)\n/.exec(content) ?? [];
    if (language === "yaml" && name !== undefined) {
      expect(parseAllDocuments(content)).toHaveLength(1);
      write(name, content);
    }
  }
  expect(shown).toHaveLength(2);
  const here = process.cwd();
  process.chdir(root);
  try {
    for (const { command, output } of shown) {
      const [name, ...argv] = command.split(/\s+/);
      expect(name).toBe("binauthz");
      expect(await binauthz(argv)).toEqual({ code: 2, out: output, err: "" });
    }
  } finally {
    process.chdir(here);
  }
});

test("every option of the page is there, and every option is on the page", async () => {
  const { out } = await binauthz(["admit", "--help"]);
  const options = new Set([...out.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option));
  for (const option of options) {
    if (option !== "--help" && option !== "--filename") expect(text).toContain(option);
  }
  const commands = blocks.filter(({ content }) => content.includes("binauthz admit")).map(({ content }) => content);
  const used = commands.flatMap((content) =>
    [...content.replace(/\\\n/g, " ").matchAll(/binauthz admit ([^|>\n]*)/g)].flatMap(
      ([, rest]) => rest.match(/--[\w-]+/g) ?? [],
    ),
  );
  expect(used.length).toBeGreaterThan(10);
  for (const option of used) expect(options).toContain(option);
});
