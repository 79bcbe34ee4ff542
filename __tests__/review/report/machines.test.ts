import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import Ajv2020 from "ajv/dist/2020";
import addFormats from "ajv-formats";
import type { Outcome } from "../../../lib/review/outcome";
import { codeQualityOf, jsonOf, junitOf, sarifOf } from "../../../lib/review/report";
import checkSchema from "../../../schemas/check.json";
import reviewSchema from "../../../schemas/review.json";
import { describeUnless } from "../../support/terraform";
import { finding, HOSTILE, outcome, RULES, report, UNDECIDED } from "./support";

const hostile = {
  title: HOSTILE,
  message: HOSTILE,
  mend: HOSTILE,
  address: HOSTILE,
  target: HOSTILE,
  before: HOSTILE,
  after: HOSTILE,
  constructPath: HOSTILE,
  source: HOSTILE,
};
const settings = {
  gate: {},
  review: { prodTargets: [], expectedSigners: [] },
  acknowledgements: [],
  suppressions: [
    {
      id: "A002",
      target: "projects/p/attestors/a",
      match: {},
      reason: "INC-1",
      owner: "security@example.com",
      expires: "2026-12-31",
      place: ".binauthz.yaml, line 2",
    },
  ],
};
const SUPPRESSED = finding({
  id: "A002",
  severity: "high",
  effects: ["blocks", "narrows"],
  target: "projects/p/attestors/a",
  title: "Key removed",
});
const MIXED = outcome(
  report(
    [
      finding({ constructPath: "App/Policy" }),
      UNDECIDED,
      SUPPRESSED,
      finding({ id: "K005", severity: "low", target: "k", fingerprint: "c".repeat(64) }),
    ],
    "02-trust-chain-opened",
  ),
  { settings, name: "prod" },
);
const OUTCOMES: readonly (readonly [string, Outcome])[] = [
  ["mixed", MIXED],
  ["nothing", outcome(report([], "01-no-trust-change"))],
  ["hostile", outcome(report([finding(hostile), { ...UNDECIDED, ...hostile, fingerprint: "d".repeat(64) }]))],
  ["check", outcome(report([finding()], "02-trust-chain-opened", { plans: [] }), { subject: "check" })],
];

describe("json", () => {
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  const [review, check] = [ajv.compile(reviewSchema), ajv.compile(checkSchema)];

  test.each(OUTCOMES)("%s is valid by the published schema", (_, of) => {
    const json = JSON.parse(jsonOf(of));
    const validate = of.subject === "check" ? check : review;
    validate(json);
    expect(validate.errors).toBeNull();
    expect(json.result).toBe(of.verdict);
    expect(json.findings).toHaveLength(of.findings.length);
  });

  test("the schema refuses what is none", () => {
    const json = JSON.parse(jsonOf(MIXED));
    expect(review({ ...json, result: "clean" })).toBe(false);
    expect(review({ ...json, findings: [{ ...json.findings[0], severity: "bad" }] })).toBe(false);
    expect(review({ ...json, findings: [{ ...json.findings[0], fingerprint: undefined }] })).toBe(false);
  });

  test("has what a program needs of a finding", () => {
    const [first] = JSON.parse(jsonOf(MIXED)).findings;
    expect(first).toMatchObject({
      id: "P007",
      severity: "critical",
      effects: ["opens"],
      address: "google_binary_authorization_policy.p",
      constructPath: "App/Policy",
      target: "default:sec-proj",
      before: "deny",
      after: "allow all",
      gates: "yes",
      acceptHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("text of others reads back as it was, and is safe on a terminal", () => {
    const text = jsonOf(outcome(report([finding(hostile)])));
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
    expect(JSON.parse(text).findings[0].message).toBe(HOSTILE);
  });
});

describe("sarif", () => {
  const run = (of: Outcome) => JSON.parse(sarifOf(of)).runs[0];

  test("a result says where, what and how bad, and keeps its own fingerprint", () => {
    const [result] = run(MIXED).results;
    expect(result).toMatchObject({
      ruleId: "P007",
      level: "error",
      partialFingerprints: { "binauthz/v1": MIXED.findings[0].fingerprint },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: "plan.json" }, region: { startLine: 1 } },
          logicalLocations: [
            { fullyQualifiedName: "google_binary_authorization_policy.p.default_admission_rule", kind: "member" },
            { fullyQualifiedName: "google_binary_authorization_policy.p", kind: "resource" },
            { fullyQualifiedName: "App/Policy", kind: "construct" },
            { fullyQualifiedName: "default:sec-proj", kind: "target" },
          ],
        },
      ],
      properties: { before: "deny", after: "allow all", decided: true, effects: ["opens"] },
    });
    expect(run(MIXED).tool.driver.rules[result.ruleIndex].id).toBe("P007");
    expect(run(MIXED).automationDetails.id).toBe("binauthz-review/prod/");
  });

  test("what is suppressed stays, with its reason, and nothing else is", () => {
    const { results } = run(MIXED);
    const suppressed = results.filter((result: { suppressions?: unknown }) => result.suppressions);
    expect(suppressed).toHaveLength(1);
    expect(suppressed[0]).toMatchObject({
      ruleId: "A002",
      suppressions: [
        {
          kind: "external",
          status: "accepted",
          justification: "suppression: INC-1 (security@example.com, until 2026-12-31)",
        },
      ],
    });
  });

  test("GitHub's numbers: critical from 9, high from 7", () => {
    const severity = Object.fromEntries(
      run(MIXED).tool.driver.rules.map((rule: { id: string; properties: Record<string, string> }) => [
        rule.id,
        Number(rule.properties["security-severity"]),
      ]),
    );
    expect(severity.P007).toBeGreaterThanOrEqual(9);
    expect(severity.A002).toBeGreaterThanOrEqual(7);
    expect(severity.A002).toBeLessThan(9);
    expect(severity.K005).toBeLessThan(4);
    // Not of the catalogue: taken from the finding, by the worst it could be.
    expect(severity.I001).toBeGreaterThanOrEqual(7);
  });

  test("at most 25,000 results, and it says so", () => {
    const many = Array.from({ length: 25_001 }, (_, index) => finding({ fingerprint: String(index) }));
    const { invocations, results } = run(outcome(report(many)));
    expect(results).toHaveLength(25_000);
    expect(invocations[0].toolExecutionNotifications[0].message.text).toBe("1 results are left out.");
  });

  const uri = (source: string) =>
    run(outcome(report([finding({ source })]))).results[0].locations[0].physicalLocation.artifactLocation.uri;
  test.each([
    ["./plans/prod.json", "plans/prod.json"],
    ["a b#c?.json", "a%20b%23c%3F.json"],
    ["C:\\plans\\p.json", "C%3A/plans/p.json"],
    ["/tmp/p.json", "file:///tmp/p.json"],
    ["\ud800.json", "%3F.json"],
  ])("%j as a location", (source, wanted) => {
    expect(uri(source)).toBe(wanted);
  });

  const folder = process.env.BINAUTHZ_REFERENCE;
  const file = folder === undefined ? undefined : join(folder, "schemas", "sarif-schema-2.1.0.json");
  const missing =
    file === undefined
      ? "BINAUTHZ_REFERENCE names no folder with the schema"
      : existsSync(file)
        ? undefined
        : `there is no ${file}`;
  describeUnless(missing, "by the schema of OASIS", () => {
    const validate = () => {
      const schema = JSON.parse(readFileSync(file as string, "utf8"));
      const ajv = new Ajv({ strict: false, allErrors: true });
      addFormats(ajv);
      // A schema of draft 4: its own name stands in a key that later drafts do not know.
      const { $schema: _, id: __, ...rest } = schema;
      return ajv.compile(rest);
    };

    test.each(OUTCOMES)("%s", (_, of) => {
      const valid = validate();
      valid(JSON.parse(sarifOf(of)));
      expect(valid.errors).toBeNull();
      expect(valid({ version: "2.1.0", runs: [{ results: [] }] })).toBe(false);
    });
  });
});

describe("junit", () => {
  const count = (text: string, tag: string) => text.match(new RegExp(`<${tag}[ />]`, "g"))?.length ?? 0;

  test("a test for each finding and for each check that found nothing", () => {
    const text = junitOf(MIXED);
    expect(count(text, "testcase")).toBe(4);
    expect(count(text, "failure")).toBe(1);
    expect(count(text, "error")).toBe(1);
    expect(count(text, "skipped")).toBe(1);
    expect(count(text, "system-out")).toBe(1);
    expect(text).toContain('<testsuite name="binauthz-review.prod" tests="4" failures="1" errors="1" skipped="1">');
  });

  test("where nothing was found every check is a test that passes", () => {
    const text = junitOf(outcome(report([])));
    expect(count(text, "testcase")).toBe(RULES.length);
    expect(text).toContain('failures="0" errors="0" skipped="0"');
  });

  test("text of others opens no tag, and holds no character that XML cannot", () => {
    const text = junitOf(outcome(report([finding(hostile)])));
    expect(count(text, "failure")).toBe(1);
    expect(count(text, "img")).toBe(0);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cs}]/u);
    expect(text).not.toMatch(/&(?!#\d+;)/);
  });
});

describe("code quality", () => {
  test("GitLab's fields, each finding with a fingerprint of its own", () => {
    const list = JSON.parse(codeQualityOf(MIXED));
    expect(list).toHaveLength(3);
    expect(list[0]).toEqual({
      description: expect.stringContaining("Default rule opened: Images for which"),
      check_name: "P007",
      fingerprint: MIXED.findings[0].fingerprint,
      severity: "blocker",
      location: { path: "plan.json", lines: { begin: 1 } },
    });
    expect(new Set(list.map(({ fingerprint }: { fingerprint: string }) => fingerprint)).size).toBe(3);
    for (const { severity } of list) {
      expect(["info", "minor", "major", "critical", "blocker"]).toContain(severity);
    }
  });
});
