import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trustChainFrom } from "../../lib/testing";

const folder = mkdtempSync(join(tmpdir(), "binauthz-findings-"));
afterAll(() => rmSync(folder, { recursive: true }));

function chainOf(mode: string) {
  const file = join(folder, `${mode}.yaml`);
  const rule = `{ evaluationMode: ${mode}, enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG }`;
  writeFileSync(
    file,
    `name: projects/my-project/policy\ndefaultAdmissionRule: ${rule}\nglobalPolicyEvaluationMode: ENABLE\n`,
  );
  return trustChainFrom(file);
}

function failureOf(action: () => void): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it did not fail");
}

describe("toHaveNoFindings", () => {
  test("of a sound chain", () => {
    expect(chainOf("ALWAYS_DENY")).toHaveNoFindings();
    expect(failureOf(() => expect(chainOf("ALWAYS_DENY")).not.toHaveNoFindings())).toBe(
      "Expected the chain of trust to have findings, but there is none.",
    );
  });

  test("of a chain that admits everything, says which there are", () => {
    expect(chainOf("ALWAYS_ALLOW")).not.toHaveNoFindings();
    const message = failureOf(() => expect(chainOf("ALWAYS_ALLOW")).toHaveNoFindings());
    expect(message).toMatch(
      /^Expected the chain of trust to have no findings, but it has \d+:\n {2}P007 \(critical\) of default:my-project: /,
    );
  });

  test("what is known is left out, and nothing else", () => {
    expect(chainOf("ALWAYS_ALLOW")).toHaveNoFindings({ except: { P007: "a test project" } });
    expect(chainOf("ALWAYS_ALLOW")).not.toHaveNoFindings({ except: { P009: "a test project" } });
  });

  test("is about a chain of trust", () => {
    expect(failureOf(() => expect({}).toHaveNoFindings())).toBe(
      "toHaveNoFindings is about a chain of trust, such as expect(trustChainOf(stack))",
    );
  });
});
