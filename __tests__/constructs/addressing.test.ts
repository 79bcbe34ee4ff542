import fc from "fast-check";
import { logicalId } from "../../lib/constructs/private/addressing";
import { check } from "../support/property";

// https://developer.hashicorp.com/terraform/language/syntax/configuration#identifiers
const IDENTIFIER = /^[\p{ID_Start}_][\p{ID_Continue}-]*$/u;

// What cloud names are made of, separators of ids included: those are what could make two names look alike.
const part = fc.string({
  unit: fc.constantFrom(..."abzAZ019", "-", "_", ".", ":", "/"),
  minLength: 1,
  maxLength: 8,
});
const identity = fc.array(part, { minLength: 1, maxLength: 5 });

describe("logical ids", () => {
  test("keep different identities apart", () => {
    check(fc.tuple(identity, identity), ([a, b]) => {
      expect(logicalId(...a) === logicalId(...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    });
  });

  test("keep the same characters apart where they are divided differently", () => {
    check(fc.tuple(part, part, part), ([a, b, c]) => {
      const divided = [[a, b, c], [`${a}_${b}`, c], [a, `${b}_${c}`], [`${a}_${b}_${c}`], [`${a}-${b}`, c]];
      expect(new Set(divided.map((parts) => logicalId(...parts))).size).toBe(divided.length);
    });
  });

  test("are identifiers of Terraform", () => {
    check(identity, (parts) => {
      expect(logicalId(...parts)).toMatch(IDENTIFIER);
    });
  });

  test("depend on the identity alone", () => {
    check(identity, (parts) => {
      expect(logicalId(...parts)).toBe(logicalId(...parts));
    });
  });

  test.each([
    [["my-secure-project", "us-central1", "prod"], "my-secure-project_us-central1_prod"],
    [["my-secure-project", "a_b"], /^my-secure-project_a-b_[0-9a-f]{8}$/],
    [["example.com:app-project", "x"], /^example-com-app-project_x_[0-9a-f]{8}$/],
    [["9-lives"], /^p-9-lives_[0-9a-f]{8}$/],
  ])("stay readable: %j", (parts, expected) => {
    expect(logicalId(...parts)).toEqual(typeof expected === "string" ? expected : expect.stringMatching(expected));
  });
});
