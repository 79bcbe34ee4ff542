import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKS } from "../../lib/review/checks";
import { EFFECTS, SEVERITIES } from "../../lib/review/types";

const range = (letter: string, last: number) =>
  Array.from({ length: last }, (_, index) => `${letter}${String(index + 1).padStart(3, "0")}`);

const CATALOGUE = [
  ...range("P", 24),
  ...range("A", 12),
  ...range("K", 6),
  ...range("I", 13),
  ...range("C", 12),
  ...range("W", 3),
  ...range("L", 1),
  ...range("M", 8),
];

/** What came later, in the words of this library: dry runs with a date, and the guard of break-glass. */
const BEYOND = [...range("D", 2), ...range("G", 1)];

const LIB = join(__dirname, "..", "..", "lib", "review", "checks");
const TESTS = join(__dirname, "checks");

test("every check of the catalogue is there, once, in a file of its own", () => {
  expect(CATALOGUE).toHaveLength(79);
  expect(CHECKS.map(({ id }) => id)).toEqual([...CATALOGUE, ...BEYOND]);
  const files = readdirSync(LIB).filter((name) => /^[a-z]\d{3}\.ts$/.test(name));
  expect(files.sort()).toEqual([...CATALOGUE, ...BEYOND].map((id) => `${id.toLowerCase()}.ts`).sort());
});

test("every check has a plan that triggers it and a near twin", () => {
  const cases = readdirSync(TESTS)
    .map((name) => readFileSync(join(TESTS, name), "utf8"))
    .join("\n");
  expect([...CATALOGUE, ...BEYOND].filter((id) => !cases.includes(`id: "${id}",\n    name: `))).toEqual([]);
});

test.each(CHECKS)("$id says what it looks at and how to mend it", (check) => {
  expect(SEVERITIES).toContain(check.severity);
  expect(check.effects.length).toBeGreaterThan(0);
  expect(EFFECTS).toEqual(expect.arrayContaining([...check.effects]));
  for (const text of [check.title, check.looksAt, check.mend]) {
    expect(text.length).toBeGreaterThan(8);
  }
  expect(check.change ?? check.state).toBeDefined();
  expect(check.mend).toMatch(/[.)]$/);
});

describe("docs/review-rules.md", () => {
  const page = readFileSync(join(__dirname, "..", "..", "docs", "review-rules.md"), "utf8");

  test.each(CHECKS)("has $id as it is", ({ effects, id, looksAt, mend, severity, title }) => {
    expect(page).toContain(`| ${[id, title, severity, effects.join(", "), looksAt, mend].join(" | ")} |`);
  });

  test("names the rules that a state alone can break", () => {
    const listed = /one state alone:\s+([A-Z0-9, ]+)\./.exec(page)?.[1].split(", ");
    expect(listed).toEqual(CHECKS.filter(({ state }) => state !== undefined).map(({ id }) => id));
  });
});
