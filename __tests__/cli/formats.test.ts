import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeVerifier } from "../../lib/admission";
import { targetsOf } from "../../lib/admission/targets";
import { jsonOf } from "../../lib/cli/admit/json";
import { textOf } from "../../lib/cli/admit/text";
import { emit } from "../../lib/cli/formats";
import { openSourceText } from "../../lib/trust";
import { podOfImage, Survey, type SurveyReport } from "../../lib/workloads/survey";
import { POLICY, scratch } from "./support";

const { path } = scratch();
const PIECES = 1000;
const piece = (index: number) => `${index} `.padEnd(1000, ".");
const ALL = Array.from({ length: PIECES }, (_, index) => piece(index)).join("");

function* pieces(made: number[] = []): Generator<string> {
  for (let index = 0; index < PIECES; index += 1) {
    made.push(index);
    yield piece(index);
  }
}

function io(out: (text: string) => void) {
  return { stdin: () => "", out, err: () => {}, color: false, columns: undefined };
}

test("a report that comes in pieces is printed while it is made, and never held as a whole", () => {
  const made: number[] = [];
  const printed: { readonly text: string; readonly made: number }[] = [];
  emit(
    io((text) => printed.push({ text, made: made.length })),
    [{ format: "text" }],
    () => pieces(made),
  );
  expect(printed.map(({ text }) => text).join("")).toBe(ALL);
  expect(Math.max(...printed.map(({ text }) => text.length))).toBeLessThan(70_000);
  expect(printed[0].made).toBeLessThan(70);
  expect(printed.length).toBeLessThan(20);
});

test("it is written to a file in the same way", () => {
  const file = join(path, "report.txt");
  emit(
    io(() => {}),
    [{ format: "text", path: file }],
    () => pieces(),
  );
  expect(readFileSync(file, "utf8")).toBe(ALL);
});

test("what goes wrong in the making of a report is not blamed on the file", () => {
  const broken = function* () {
    yield "a";
    throw new Error("no such thing");
  };
  const report = () =>
    emit(
      io(() => {}),
      [{ format: "text", path: join(path, "broken.txt") }],
      broken,
    );
  expect(report).toThrow(/^no such thing$/);
});

describe("of a survey", () => {
  const { model } = openSourceText("policy.yaml", POLICY);
  const survey = new Survey({ model, targets: targetsOf(model), evidence: undefined, verifier: nodeVerifier() });
  for (let index = 0; index < 100; index += 1) {
    survey.add(podOfImage(`nginx:${index}`));
  }
  const report = survey.report();

  test.each([
    ["text", (counted: SurveyReport) => textOf(counted, { color: false, columns: undefined })],
    ["JSON", jsonOf],
  ])("a decision is explained when it is written: %s", (_, write) => {
    let explained = 0;
    const written = write({
      ...report,
      explained: (decision) => {
        explained += 1;
        return report.explained(decision);
      },
    });
    let lines = 0;
    for (const text of written) {
      lines += text.split("\n").length;
      // Each has a line of its own at least; two places of an item are read at once.
      expect(explained).toBeLessThanOrEqual(lines + 2);
    }
    expect(explained).toBe(report.decisions.length);
  });

  test("no decision at all is an empty list", () => {
    const none = [
      ...jsonOf(new Survey({ model, targets: [], evidence: undefined, verifier: nodeVerifier() }).report()),
    ];
    expect(JSON.parse(none.join(""))).toMatchObject({ schemaVersion: 1, result: "undecided", decisions: [] });
  });
});
