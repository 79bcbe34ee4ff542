import { ProblemCode, Problems, SigningAlgorithm } from "../../lib";
import { ProblemError, renderProblem, show } from "../../lib/vocabulary/problem";

const ONE = { code: ProblemCode.INVALID_NAME, constructPath: "Stack/Key", message: "is wrong" };
const TWO = { code: ProblemCode.INVALID_LOCATION, constructPath: "Stack/Key", message: "is nowhere" };

test("a code is its own text, so that it survives logs and JSON", () => {
  for (const [name, code] of Object.entries(ProblemCode)) {
    expect(code).toBe(name);
  }
});

test("an error carries its problems, and reads like them", () => {
  expect(Problems.of(new ProblemError([ONE]))).toEqual([ONE]);
  expect(new ProblemError([ONE]).message).toBe("[INVALID_NAME] Stack/Key: is wrong");
  expect(new ProblemError([ONE, TWO]).message).toBe(
    "2 problems:\n  [INVALID_NAME] Stack/Key: is wrong\n  [INVALID_LOCATION] Stack/Key: is nowhere",
  );
  expect(renderProblem(TWO)).toBe("[INVALID_LOCATION] Stack/Key: is nowhere");
});

test("the first line of the stack is the caller's, not the library's", () => {
  let stack = "";
  try {
    SigningAlgorithm.of("EC_SIGN_ED25519");
  } catch (error) {
    stack = (error as Error).stack ?? "";
  }
  expect(stack).toMatch(/^ProblemError: \[UNSUPPORTED_ALGORITHM\]/);
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  expect(frames[0]).toContain(__filename);
});

test("the problems of a second copy of the package are read all the same", () => {
  const error = new Error("from elsewhere");
  Object.defineProperty(error, Symbol.for("cdktf-binauthz/Problems"), { value: [ONE] });
  expect(Problems.of(error)).toEqual([ONE]);
});

test.each([[new Error("other")], [undefined], [null], ["text"], [42], [{}]])("%p has none", (error) => {
  expect(Problems.of(error)).toEqual([]);
});

test.each([
  [undefined, "nothing"],
  ["", '""'],
  ["a", '"a"'],
  [["a", "b"], '["a","b"]'],
  [7, "7"],
  [Number.NaN, "null"],
  // What JSON has no form for.
  [Symbol("x"), "Symbol(x)"],
  [Math.max, "function max() { [native code] }"],
])("%p is shown as %s", (value, shown) => {
  expect(show(value)).toBe(shown);
});

test("a value is never longer than a line", () => {
  expect(show("x".repeat(500))).toHaveLength(120);
});
