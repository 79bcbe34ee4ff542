import { known, lifecyclesIn, openSourceText, readState } from "../../lib/trust";
import { follow, traversal } from "../../lib/trust/private/expression";
import { readError } from "./support";

/** A policy of an organization as a state has it. */
function orgPolicy(spec: object) {
  const model = readState("state.json", {
    format_version: "1.0",
    values: {
      root_module: {
        resources: [
          {
            address: "google_org_policy_policy.p",
            mode: "managed",
            type: "google_org_policy_policy",
            name: "p",
            values: { parent: "projects/p", name: "projects/p/policies/custom.binauthz", spec: [spec] },
          },
        ],
      },
    },
  });
  return model.orgPolicies[0];
}

test.each<[string, object, boolean | undefined]>([
  ["one rule that enforces", { rules: [{ enforce: "TRUE" }] }, true],
  ["one rule that does not", { rules: [{ enforce: "FALSE" }] }, false],
  ["rules of which one does not", { rules: [{ enforce: "TRUE" }, { enforce: "FALSE" }] }, false],
  ["rules that all enforce", { rules: [{ enforce: "TRUE" }, { enforce: "TRUE" }] }, true],
  ["a rule that says nothing of it", { rules: [{ allow_all: "TRUE" }] }, undefined],
  ["a reset, whatever its rules say", { reset: true, rules: [{ enforce: "TRUE" }] }, false],
])("an organization policy with %s", (_, spec, enforced) => {
  expect(orgPolicy(spec).enforced).toEqual(known(enforced));
});

test("the comment of CDKTF is no resource, and has no life of its own", () => {
  const json = {
    resource: {
      "//": { metadata: {} },
      google_binary_authorization_policy: {
        "//": { metadata: {} },
        p: { lifecycle: [{ prevent_destroy: true, ignore_changes: [`\${default_admission_rule}`] }] },
      },
    },
  };
  expect(lifecyclesIn("cdk.tf.json", json)).toMatchObject([
    {
      address: "google_binary_authorization_policy.p",
      preventDestroy: true,
      createBeforeDestroy: false,
      ignoreChanges: ["default_admission_rule"],
    },
  ]);
});

test("a version of a format without what it is the format of is nothing that is understood", () => {
  const empty = JSON.stringify({ format_version: "1.0", terraform_version: "1.11.4" });
  expect(readError(() => openSourceText("state.json", empty))).toContain("state.json: is nothing that is understood");
});

describe("a reference into a value", () => {
  const value = { block: { inner: "alone" }, list: ["first", "second"], text: "plain" };

  test.each<[string, unknown]>([
    ["list[1]", "second"],
    ["list[2]", undefined],
    // A block that stands alone is written without its list: it has one element.
    ["block[0].inner", "alone"],
    ["block[1].inner", undefined],
    ["block[1]", undefined],
    ["text[0]", undefined],
    ["text.inner", undefined],
    ["none[0]", undefined],
  ])("%s is %p", (reference, expected) => {
    expect(follow(value, traversal(reference) ?? [])).toBe(expected);
  });
});
