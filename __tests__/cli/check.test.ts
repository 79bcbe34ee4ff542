import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020";
import schema from "../../schemas/check.json";
import { binauthz, type Ran, scratch } from "./support";

const { path: root, write } = scratch();
const policy = (mode: string) =>
  `name: projects/my-project/policy\ndefaultAdmissionRule:\n  evaluationMode: ${mode}\n  enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG\nglobalPolicyEvaluationMode: ENABLE\n`;
const OPEN = write("open.yaml", policy("ALWAYS_ALLOW"));
const SOUND = write("sound.yaml", policy("ALWAYS_DENY"));

const check = (...argv: readonly string[]): Promise<Ran> => binauthz(["check", ...argv, "--no-config"]);
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);

async function answer(...argv: readonly string[]) {
  const { code, err, out } = await check(...argv, "--format", "json");
  expect(err).toBe("");
  const json = JSON.parse(out);
  validate(json);
  expect(validate.errors).toBeNull();
  return { ...json, code };
}
const ids = (findings: readonly { readonly id: string }[]) => findings.map(({ id }) => id);

test("a policy that admits everything by default is found", async () => {
  const { code, findings, result, targets } = await answer(OPEN);
  expect(code).toBe(2);
  expect(result).toBe("fail");
  expect(ids(findings)).toContain("P007");
  expect(targets).toContainEqual({ target: "default:my-project", after: "allow all" });
});

test("a sound policy passes, and the report says what it does", async () => {
  const { code, out } = await check(SOUND);
  expect(code).toBe(0);
  expect(out).toContain("default:my-project\n      deny\n");
  expect(out).not.toMatch(/fail/i);
});

test.each(["text", "markdown"])("in %s a check speaks of what is, and not of what was before", async (format) => {
  const { out } = await check(OPEN, "--format", format);
  expect(out).toContain("allow all");
  expect(out).not.toContain("→ allow all");
  expect(out).not.toMatch(/nothing(<\/code>)? →/);
});

describe("a baseline", () => {
  test("is an earlier report: what was there does not gate, and is in the report", async () => {
    const file = join(root, "known.json");
    await check(OPEN, "--format", `json=${file}`);
    const { code, findings, suppressed } = await answer(OPEN, "--baseline", file);
    expect(code).toBe(0);
    expect(ids(findings)).not.toContain("P007");
    expect(suppressed).toContainEqual(expect.objectContaining({ id: "P007", by: "baseline" }));
    // What was in the baseline of the baseline still is.
    const next = join(root, "next.json");
    await check(OPEN, "--baseline", file, "--format", `json=${next}`);
    expect((await answer(OPEN, "--baseline", next)).code).toBe(0);
  });

  test("has nothing about what is new", async () => {
    const file = join(root, "sound.json");
    await check(SOUND, "--format", `json=${file}`);
    expect((await answer(OPEN, "--baseline", file)).code).toBe(2);
  });

  test("does not make a suppression last for ever", async () => {
    const finding = (await answer(OPEN)).findings.find(({ id }: { id: string }) => id === "P007");
    const config = write(
      "s.yaml",
      `suppress:\n  - { id: P007, target: "default:my-project", match: { fingerprint: ${finding.fingerprint} }, reason: x, owner: y, expires: 2999-01-01 }\n`,
    );
    const file = join(root, "suppressed.json");
    const ran = await binauthz(["check", OPEN, "--config", config, "--format", `json=${file}`]);
    expect(ids(JSON.parse(readFileSync(file, "utf8")).suppressed)).toContain("P007");
    expect(ran.err).toBe("");
    expect(ids((await answer(OPEN, "--baseline", file)).findings)).toContain("P007");
  });

  test.each([
    ["something else", { schemaVersion: 1, findings: 3 }],
    ["another version", { schemaVersion: 9, findings: [], suppressed: [] }],
    ["a finding without fingerprint", { schemaVersion: 1, findings: [{ id: "P007" }], suppressed: [] }],
  ])("%s is an error", async (_, content) => {
    const { code, err, out } = await check(OPEN, "--baseline", write("bad.json", content));
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/^error: .*bad\.json.*; allowed: what binauthz check --format json prints/);
  });
});

describe("what is checked", () => {
  test("without a source, the folder cdktf.out", async () => {
    const before = process.cwd();
    mkdirSync(join(root, "empty"));
    process.chdir(join(root, "empty"));
    try {
      const none = await check();
      expect(none.code).toBe(1);
      expect(none.err).toMatch(/^error: nothing to check: there is no cdktf\.out here; allowed: /);
      write("empty/cdktf.out/manifest.json", {
        stacks: { a: { synthesizedStackPath: "stacks/a/cdk.tf.json" } },
      });
      write("empty/cdktf.out/stacks/a/cdk.tf.json", {
        resource: {
          google_binary_authorization_policy: {
            p: {
              "//": { metadata: { path: "a/Policy", uniqueId: "p" } },
              project: "my-project",
              default_admission_rule: {
                evaluation_mode: "ALWAYS_ALLOW",
                enforcement_mode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
              },
            },
          },
        },
      });
      const { code, findings } = await answer();
      expect(code).toBe(2);
      expect(findings).toContainEqual(expect.objectContaining({ id: "P007", constructPath: "a/Policy" }));
    } finally {
      process.chdir(before);
    }
  });

  test("two policies of one project are a finding, and nobody guesses which of them holds", async () => {
    const { code, findings, targets } = await answer(OPEN, SOUND);
    expect(code).toBe(2);
    expect(ids(findings)).toContain("P006");
    expect(targets).toEqual([{ target: "default:my-project", after: expect.stringMatching(/^not decided: /) }]);
  });

  test("what is no source is one sentence, and nothing is printed", async () => {
    for (const [text, message] of [
      ["{", /is no JSON/],
      ["just text", /is nothing that is understood/],
      ["", /; allowed: /],
    ] as const) {
      const { code, err, out } = await check(write("bad.txt", text));
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toMatch(message);
    }
  });

  test("a format for each reader", async () => {
    const file = join(root, "c.md");
    await check(OPEN, "--format", `markdown=${file}`, "--name", "prod");
    const shown = readFileSync(file, "utf8");
    expect(shown).toMatch(/^<!-- binauthz-check:prod -->\n## Binary Authorization check of prod: 🔴 /);
    expect(shown).toContain("| Target | Images that are not exempt |");
  });
});
