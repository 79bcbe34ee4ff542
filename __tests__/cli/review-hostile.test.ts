import fc from "fast-check";
import { samples } from "../support/property";
import { REAL_PLAN_NAMES, recordedPlan } from "../support/real-plans";
import { MUTATIONS, mutate } from "../support/tampering";
import { PLAN_NAMES, planJson } from "../trust/support";
import { binauthz, type Ran, scratch } from "./support";

const { path: root } = scratch();
const plans = [...PLAN_NAMES.map(planJson), ...REAL_PLAN_NAMES.map(recordedPlan)];
const plan = fc.constantFrom(...plans);
const FORMATS = ["markdown", "json", "sarif", "junit", "code-quality"].flatMap((format) => [
  "--format",
  `${format}=${root}/${format}`,
]);

const review = (stdin: string): Promise<Ran> =>
  binauthz(["review", "-", "--no-config", "--format", "text", ...FORMATS], { stdin });

const ONE_SENTENCE = /^error: [^\n]+; allowed: [^\n]+\n$/;

test("a plan that is cut off anywhere ends with 1 and one sentence, and prints no report", async () => {
  const cut = fc.tuple(plan, fc.double({ min: 0, max: 0.9999, noNaN: true }));
  for (const [json, share] of samples(cut, 100)) {
    const text = JSON.stringify(json);
    const { code, err, out } = await review(text.slice(0, Math.floor(text.length * share)));
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(ONE_SENTENCE);
  }
}, 60_000);

/** What nests so deeply that JSON.stringify gives up is in no file that it wrote. */
function written(json: unknown): string | undefined {
  try {
    return JSON.stringify(json);
  } catch {
    return undefined;
  }
}

test("a plan that was tampered with is reviewed in every format, or ends with 1 and one sentence", async () => {
  const codes = new Set<number>();
  for (const [json, mutations] of samples(fc.tuple(plan, MUTATIONS), 200)) {
    const text = written(mutate(json, mutations));
    if (text === undefined) {
      continue;
    }
    const { code, err, out } = await review(text);
    codes.add(code);
    if (code === 1) {
      expect(out).toBe("");
      expect(err).toMatch(ONE_SENTENCE);
    } else {
      expect({ code, err }).toEqual({ code: expect.any(Number), err: "" });
      expect(out).toMatch(/^(?:PASS|FAIL|UNDECIDED) {2}/m);
    }
  }
  // Both happen, or the test would say nothing.
  expect(codes).toContain(1);
  expect(codes).toContain(2);
}, 120_000);
