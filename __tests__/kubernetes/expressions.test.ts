import { evaluate } from "@marcbachmann/cel-js";
import fc from "fast-check";
import { celString } from "../../lib/kubernetes/private/expressions";
import { check } from "../support/property";

test("a literal means its text, whatever that holds", () => {
  check(fc.string({ unit: "grapheme" }), (text) => {
    expect(evaluate(celString(text))).toBe(text);
  });
});

test.each(["it's", 'a "b"', "\\S", "^[0-9]+\\.$", "line\nbreak", "\\'", "'", "\\\\", "\t"])("so does %j", (text) => {
  expect(evaluate(celString(text))).toBe(text);
});
