import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BinaryAuthorizationPolicy } from "@cdktf/provider-google/lib/binary-authorization-policy";
import { DataGoogleProject } from "@cdktf/provider-google/lib/data-google-project";
import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { App, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { acknowledge, gatingFindings, outcomeOfConfiguration, TrustValidation } from "../../lib/review";

const outdir = mkdtempSync(join(tmpdir(), "binauthz-stack-"));
afterAll(() => rmSync(outdir, { recursive: true }));

function stackWith(mode: string): { readonly stack: TerraformStack; readonly policy: BinaryAuthorizationPolicy } {
  const stack = new TerraformStack(new App({ outdir }), "trust");
  new GoogleProvider(stack, "Google", { project: "my-project" });
  const policy = new BinaryAuthorizationPolicy(new Construct(stack, "Part"), "Policy", {
    defaultAdmissionRule: { evaluationMode: mode, enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
    globalPolicyEvaluationMode: "ENABLE",
    lifecycle: { preventDestroy: true },
  });
  stack.node.addValidation(new TrustValidation(stack));
  return { stack, policy };
}
const synth = ({ node }: TerraformStack) => (node.root as App).synth();

describe("a validation of a stack", () => {
  test("stops the synthesis where a finding gates, and says where and what mends it", () => {
    const { stack } = stackWith("ALWAYS_ALLOW");
    expect(() => synth(stack)).toThrow(/trust\/Part\/Policy: P007 \(critical\): .+\. .+/);
  });

  test("says nothing of a sound stack", () => {
    const { stack } = stackWith("ALWAYS_DENY");
    expect(() => synth(stack)).not.toThrow();
  });

  test("counts what it is told to count", () => {
    const { stack } = stackWith("ALWAYS_ALLOW");
    expect(new TrustValidation(stack, { gate: { failOnEffects: ["blocks"] } }).validate()).toEqual([]);
  });
});

describe("acknowledge", () => {
  const acknowledgedOf = (stack: TerraformStack) => {
    const json = JSON.parse(JSON.stringify(stack.toTerraform()));
    const [policy] = Object.values<Record<string, { readonly binauthz?: unknown; readonly metadata?: unknown }>>(
      json.resource.google_binary_authorization_policy,
    );
    return { json, comment: policy["//"] };
  };

  test("is written beside the resource, and keeps what CDKTF writes there", () => {
    const { policy, stack } = stackWith("ALWAYS_ALLOW");
    acknowledge(policy, { id: "P007", reason: "a test project" });
    acknowledge(policy, { id: "P020", reason: "another one" });
    const { comment } = acknowledgedOf(stack);
    expect(comment).toEqual({
      metadata: expect.objectContaining({ path: "trust/Part/Policy" }),
      binauthz: {
        acknowledged: [
          { id: "P007", reason: "a test project" },
          { id: "P020", reason: "another one" },
        ],
      },
    });
  });

  test("of a construct is about its resources, and the synthesis then passes", () => {
    const { policy, stack } = stackWith("ALWAYS_ALLOW");
    acknowledge(policy.node.scope as Construct, { id: "P007", reason: "a test project" });
    expect(() => synth(stack)).not.toThrow();
    const outcome = outcomeOfConfiguration("trust", acknowledgedOf(stack).json);
    expect(gatingFindings(outcome)).toEqual([]);
    expect(outcome.setAside).toEqual([
      { finding: expect.objectContaining({ id: "P007" }), by: "acknowledgement", reason: "a test project" },
    ]);
  });

  test("of another finding changes nothing", () => {
    const { policy, stack } = stackWith("ALWAYS_ALLOW");
    acknowledge(policy, { id: "P009", reason: "x" });
    expect(() => synth(stack)).toThrow(/P007/);
  });

  test.each([
    ["an id that is none", "everything", "x", /^trust\/Part\/Policy: the id "everything" is not valid; allowed: /],
    ["an empty reason", "P007", " ", /^trust\/Part\/Policy: the reason to acknowledge P007 is empty; allowed: /],
  ])("refuses %s", (_, id, reason, message) => {
    const { policy } = stackWith("ALWAYS_DENY");
    expect(() => acknowledge(policy, { id, reason })).toThrow(message);
  });

  test("refuses a construct without resources", () => {
    const { stack } = stackWith("ALWAYS_DENY");
    const empty = new Construct(stack, "Empty");
    new DataGoogleProject(empty, "Project", {});
    expect(() => acknowledge(empty, { id: "P007", reason: "x" })).toThrow(/^trust\/Empty: there is no resource/);
  });
});
