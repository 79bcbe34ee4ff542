import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "../support/build";

// `npm run coverage` measures lib/admission and lib/vocabulary. Here: that nothing of them is kept from the measurement.

const { collectCoverageFrom, coverageThreshold } = jest.requireActual<{
  collectCoverageFrom: string[];
  coverageThreshold: unknown;
}>("../../jest.config.js");

test("every line and every branch is asked for, of both rooms", () => {
  expect(coverageThreshold).toEqual({ global: { branches: 100, lines: 100 } });
  expect(collectCoverageFrom).toContain("lib/{admission,vocabulary}/**/*.ts");
});

test("no code is marked as not to be measured", () => {
  const marked = readdirSync(join(root, "lib"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .filter((file) => /\b(istanbul|c8|v8|node:coverage)\b.*\b(ignore|disable)\b/.test(textOf(file)));
  expect(marked).toEqual([]);
});

test("a file that is left out only hands on what others declare", () => {
  const leftOut = collectCoverageFrom.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
  for (const path of leftOut) {
    const { statements } = ts.createSourceFile(path, textOf(path.replace(/^lib\//, "")), ts.ScriptTarget.Latest);
    expect(statements.length).toBeGreaterThan(0);
    const others = statements.filter((one) => !ts.isExportDeclaration(one) || one.moduleSpecifier === undefined);
    expect(others).toEqual([]);
  }
});

function textOf(file: string): string {
  return readFileSync(join(root, "lib", file), "utf8");
}
