import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readEntries } from "../../lib/audit/entries";
import { eventsOf } from "../../lib/audit/events";
import { EVENT_KINDS, LOG_KINDS } from "../../lib/audit/kinds";
import ENTRIES from "../fixtures/audit-log-entries.json";
import { logMatches } from "../support/logging-query";
import { binauthz, scratch } from "./support";

interface Block {
  readonly language: string;
  readonly content: string;
  /** The file that the page calls it. */
  readonly file?: string;
}

function page(name: string): { readonly text: string; readonly blocks: readonly Block[] } {
  const text = readFileSync(resolve("docs", name), "utf8");
  const blocks = [...text.matchAll(/^( *)```(\w+)[^\n]*\n(.*?)^\1```$/gms)].map(
    ({ index, 2: language, 3: content }) => {
      const before = text.slice(0, index).trimEnd();
      const line = before.slice(before.lastIndexOf("\n") + 1);
      const file = language === "json" ? /`(\S+\.json)`:$/.exec(line)?.[1] : /^# (\S+\.yaml)\n/.exec(content)?.[1];
      return { language, content, ...(file !== undefined && { file }) };
    },
  );
  return { text, blocks };
}

describe.each([
  ["audit.md", 1],
  ["rollout.md", 2],
])("%s", (name, count) => {
  const { text, blocks } = page(name);
  const { path: root, write } = scratch();

  test("shows what the command prints", async () => {
    for (const { file, content } of blocks) {
      if (file !== undefined) write(file, content);
    }
    const shown = blocks.flatMap(({ language, content }, index) =>
      language === "sh" && blocks[index + 1]?.language === "text"
        ? [{ command: content.trim(), output: blocks[index + 1].content }]
        : [],
    );
    expect(shown).toHaveLength(count);
    const here = process.cwd();
    process.chdir(root);
    try {
      for (const { command, output } of shown) {
        const [program, ...argv] = command.split(/\s+/);
        expect(program).toBe("binauthz");
        expect(await binauthz(argv)).toEqual({ code: 2, out: output, err: "" });
      }
    } finally {
      process.chdir(here);
    }
  });

  test("uses options that there are, with words that there are", async () => {
    const { out } = await binauthz(["audit", "--help"]);
    const options = new Set([...out.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option));
    const used = [...text.replace(/\\\n/g, " ").matchAll(/binauthz audit ([^|>\n`]*)/g)].map(([, rest]) => rest);
    expect(used.length).toBeGreaterThan(1);
    for (const rest of used) {
      for (const [, option, word] of rest.matchAll(/(--[\w-]+)(?: ([\w,-]+))?/g)) {
        expect(options).toContain(option);
        const words: readonly string[] =
          option === "--fail-on" ? [...EVENT_KINDS, "none"] : option === "--covers" ? [...LOG_KINDS, "all"] : [word];
        for (const part of word?.split(",") ?? []) expect(words).toContain(part);
      }
    }
  });
});

test("the page names every option, kind and log", async () => {
  const { text } = page("audit.md");
  const { out } = await binauthz(["audit", "--help"]);
  for (const [, option] of out.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)) {
    if (option !== "--help") expect(text).toContain(option);
  }
  for (const word of [...EVENT_KINDS, ...LOG_KINDS]) expect(text).toContain(`\`${word}\``);
});

/** The filter of a command of the page, without its window of time, which the evaluator does not know. */
function filterOf(text: string, pattern: RegExp): string {
  const [, filter] = pattern.exec(text) ?? [];
  return filter.replace(/timestamp[<>]=?"[^"]*"\s*(AND)?/g, "");
}

const matching = (filter: string) =>
  Object.entries(ENTRIES).filter(([, entry]) => logMatches(filter, entry, { textInNames: false }));

test("the query of the page finds every sample that says something", () => {
  const found = matching(filterOf(page("audit.md").text, /LOGS='(.*?)'/s)).map(([name]) => name);
  const silent = Object.entries(ENTRIES).filter(([name, entry]) => {
    const { entries } = readEntries([{ source: name, text: JSON.stringify(entry) }]);
    return eventsOf(entries[0]).length === 0;
  });
  const saying = Object.keys(ENTRIES).filter((name) => !silent.some(([other]) => other === name));
  expect(saying.filter((name) => !found.includes(name))).toEqual([]);
  // It can leave something out: what is read, and what is deleted.
  expect(Object.keys(ENTRIES).filter((name) => !found.includes(name))).toEqual([
    "pod deleted",
    "labelled deployment deleted",
    "policy read",
    "attestors listed",
    // Notes have an alert, and no place in this report.
    "note opened to others",
    "note deleted",
    "note changed, older method name",
    "note read",
    "attestations of a note listed",
    "attestation created",
    "occurrence opened to others",
    "public key read",
  ]);
});

test.each([
  ["audit.md", /read '([^']*serviceName="binaryauthorization[^']*)'/, ["change", "policy-opened"]],
  ["audit.md", /read '([^']*UpdateCluster[^']*)'/, ["enforcement-off", "enforcement-on"]],
  ["rollout.md", /read '([^']*dry-run[^']*)'/, ["dry-run"]],
])("%s: a query of one kind finds %s", (name, pattern, kinds) => {
  const found = matching(filterOf(page(name).text, pattern)).map(([, entry]) => entry);
  const { entries } = readEntries([{ source: join("docs", name), text: JSON.stringify(found) }]);
  expect([...new Set(entries.flatMap(eventsOf).map(({ kind }) => kind))].sort()).toEqual(kinds);
});
