import fc from "fast-check";
import { lineInYaml, parseYaml, parseYamlDocuments, stringifyYaml } from "../../lib/vocabulary/private/yaml";
import { check } from "../support/property";

/** Twelve levels of ten aliases each: a thousand billion elements. */
const LAUGHS = Array.from({ length: 12 }, (_, level) => {
  const below = level === 0 ? '"x"' : `*a${level - 1}`;
  return `a${level}: &a${level} [${Array(10).fill(below).join(", ")}]`;
}).join("\n");

/** Ways to go down one level per step. */
const DEEP: [name: string, text: (levels: number) => string][] = [
  ["open lists", (levels) => "[".repeat(levels)],
  ["lists", (levels) => "[".repeat(levels) + "]".repeat(levels)],
  ["maps on one line", (levels) => "{a: ".repeat(levels) + "}".repeat(levels)],
  ["lists over lines", (levels) => `a:\n${" [\n".repeat(levels)}`],
  ["items on one line", (levels) => `${"- ".repeat(levels)}x`],
  ["items after a key", (levels) => `a:\n  ${"- ".repeat(levels)}x`],
  ["keys on one line", (levels) => `${"? ".repeat(levels)}x`],
  ["indented maps", (levels) => lines(levels, (indent) => `${indent}a:`)],
  ["indented maps with comments between", (levels) => lines(levels, (indent) => `${indent}a:\n# c\n`)],
  ["indented keys over two lines", (levels) => lines(levels, (indent) => `${indent}"x\n":`)],
  ["indented keys that are lists", (levels) => lines(levels, (indent) => `${indent}[\n]:`)],
  ["indented items", (levels) => lines(levels, (indent) => `${indent}-`)],
  ["one more bracket closed than opened", (levels) => `[]]${"]".repeat(50)}\n--- \n${"[".repeat(levels)}`],
  ["keys in an open list", (levels) => `[!t ${lines(levels, (indent) => `${indent}a:`)}`],
  ["keys after a comma in open lists", (levels) => `${"[b, ".repeat(99)}${"a: ".repeat(levels)}`],
  ["anchors", (levels) => `a: ${"&a ".repeat(levels)}x`],
];

function lines(levels: number, line: (indent: string) => string): string {
  return Array.from({ length: levels }, (_, level) => line(" ".repeat(level))).join("\n");
}

describe("one document", () => {
  test("is read", () => {
    expect(parseYaml("a: 1\nb: [x, null]\n")).toEqual({ value: { a: 1, b: ["x", null] } });
    expect(parseYaml("")).toEqual({ value: null });
  });

  test.each([
    ["a: 1\na: 2\n", "Map keys must be unique at line 2, column 1"],
    ["a: [1\n", "Flow sequence in block collection must be sufficiently indented and end with a ] at line 2, column 1"],
    ["a: !other 1\n", "Unresolved tag: !other at line 1, column 4"],
  ])("%j is refused with its place", (text, error) => {
    expect(parseYaml(text)).toEqual({ error });
  });

  test("two documents are no document", () => {
    expect(parseYaml("a: 1\n---\nb: 2\n")).toEqual({ error: expect.stringContaining("multiple documents") });
  });

  test("aliases that multiply are given up", () => {
    expect(() => parseYaml(LAUGHS)).toThrow("Excessive alias count");
  });
});

describe("a file of documents", () => {
  test("each with the line its content begins in, without the empty ones", () => {
    expect(parseYamlDocuments("# first\na: 1\n---\n---\n# nothing\n---\n\nb: 2\n...\n---\n- 3\n")).toEqual({
      documents: [
        { value: { a: 1 }, line: 2 },
        { value: { b: 2 }, line: 8 },
        { value: [3], line: 11 },
      ],
    });
    expect(parseYamlDocuments("")).toEqual({ documents: [] });
  });

  test("keys are texts, and merge keys are merged", () => {
    expect(parseYamlDocuments("base: &b {x: 1, y: 2}\nmore: {<<: *b, y: 3}\n1: one\ntrue: two\n")).toEqual({
      documents: [{ value: { base: { x: 1, y: 2 }, more: { x: 1, y: 3 }, "1": "one", true: "two" }, line: 1 }],
    });
  });

  test.each([
    ["a: 1\n---\nb: 1\nb: 2\n", "Map keys must be unique", 4],
    ["a: 1\n---\nb: !other 1\n", "Unresolved tag: !other", 3],
    ["a: *nobody\n", "Unresolved alias (the anchor must be set before the alias): nobody", 1],
  ])("%j is refused with its line", (text, error, line) => {
    expect(parseYamlDocuments(text)).toEqual({ error, line });
  });

  test("what multiplies or nests without end is given up, without a stack trace", () => {
    expect(parseYamlDocuments(`ok: 1\n---\n${LAUGHS}`)).toEqual({
      error: "Excessive alias count indicates a resource exhaustion attack",
      line: 3,
    });
  });
});

describe("text that nests deeper than anything that is meant", () => {
  // A regular expression that is compiled where the stack ends takes the process with it: nothing is left to be caught.
  test.each(DEEP)("%s", (_, text) => {
    for (const levels of [450, 3_000]) {
      for (const parsed of [parseYaml(text(levels)), parseYamlDocuments(text(levels))]) {
        expect(parsed).toMatchObject({ error: expect.any(String) });
        expect(parsed).not.toMatchObject({ error: expect.stringContaining("call stack") });
      }
    }
  });

  test.each(["[", "{a: ", "- ", "? "])("a hundred thousand times %j", (opening) => {
    expect(parseYamlDocuments(opening.repeat(100_000))).toEqual({ error: "it is nested too deeply" });
    expect(parseYaml(opening.repeat(100_000))).toEqual({ error: "it is nested too deeply" });
  });

  test.each(["&a ", "!a ", ": ", "a: ", "- a: ", "x [", "%a\n", "---\n", "*a ", "'", '"\n', "a\n", "|\n", "]", "\t"])(
    "five thousand times %j is read or refused",
    (part) => {
      const parsed = parseYamlDocuments(part.repeat(5_000));
      expect(parsed).not.toMatchObject({ error: expect.stringContaining("call stack") });
      expect(parseYaml(`a:\n  ${part.repeat(5_000)}`)).not.toMatchObject({
        error: expect.stringContaining("call stack"),
      });
    },
  );

  test("a hundred levels are read, whatever is written at their ends", () => {
    const map = lines(100, (indent) => `${indent}a: # c`);
    for (const text of [
      `${"[".repeat(100)}${"]".repeat(100)}`,
      `${"- ".repeat(100)}x`,
      map,
      `${map}\n---\n${map}`,
      `${lines(100, (indent) => `${indent}a:`)} |\n${" ".repeat(500)}${"[".repeat(500)}\n`,
      `a: "${"[".repeat(500)}"\nb: '${"- ".repeat(500)}'\nc: |\n  ${"- ".repeat(500)}\n# ${"[".repeat(500)}\n`,
      Array.from({ length: 500 }, (_, index) => `k${index}: {a: [x]}`).join("\n"),
      `{${Array.from({ length: 500 }, (_, index) => `k${index}: {a: [x, y], b: "z"}`).join(", ")}}`,
    ]) {
      expect(parseYamlDocuments(text)).toEqual({ documents: expect.any(Array) });
    }
  });
});

describe("text that is written", () => {
  test("has scripts as they are", () => {
    expect(stringifyYaml({ script: "set -e\necho a\n" })).toBe("script: |\n  set -e\n  echo a\n");
    expect(
      stringifyYaml({ text: "x ".repeat(200).trim() })
        .trim()
        .split("\n"),
    ).toHaveLength(1);
  });

  test("is read again as what it was", () => {
    const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    check(json, (value) => {
      expect(parseYaml(stringifyYaml(value))).toEqual({ value });
    });
  });
});

describe("the line of what a message is about", () => {
  const text = "# settings\nfailOn: high\n? [a, b]\n: c\nsuppress:\n  - id: P017\n  -\n    id: P018\n    reason: x\n";

  test.each<[path: (string | number)[], line: number | undefined]>([
    [["failOn"], 2],
    [["suppress"], 5],
    [["suppress", 0], 6],
    [["suppress", 1, "id"], 8],
    [["suppress", 1, "reason"], 9],
    // What is not there: the last step that is.
    [["suppress", 1, "owner"], 8],
    [["suppress", 7], 5],
    [["failOn", "deeper"], 2],
    [["nothing"], undefined],
    [[], undefined],
  ])("of %j is %s", (path, line) => {
    expect(lineInYaml(text, path)).toBe(line);
  });

  test("a list is no map, and text is neither", () => {
    expect(lineInYaml("- a\n- b\n", ["a"])).toBeUndefined();
    expect(lineInYaml("- a\n- b\n", [1])).toBe(2);
    expect(lineInYaml("text", ["text"])).toBeUndefined();
  });
});
