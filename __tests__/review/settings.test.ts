import { createHash } from "node:crypto";
import { acceptanceHash, parseAcceptance } from "../../lib/review/acceptance";
import { DEFAULT_GATE } from "../../lib/review/gate";
import { applySuppressions, readSettings } from "../../lib/review/settings";
import { finding, outcome, PLAN_HASH, report, UNDECIDED } from "./report/support";

const FILE = ".binauthz.yaml";
const FULL = `failOn: medium
failOnEffect: [opens, blind]
undecided: warn
targets: { prod: ["us-central1.prod"] }
principals: { signers: ["serviceAccount:ci@p.iam.gserviceaccount.com"] }
suppress:
  - id: P017
    address: google_binary_authorization_policy.p
    match: { pattern: "gcr.io/gke-release/**" }
    reason: GKE add-ons, INC-123
    owner: security@example.com
    expires: 2026-12-31
acknowledge:
  - { id: C001, constructPath: App/Cluster }
`;

describe("the file", () => {
  test("says what fails, what is production, who signs, what is suppressed", () => {
    expect(readSettings(FILE, FULL)).toEqual({
      gate: { failOn: "medium", failOnEffects: ["opens", "blind"], undecided: "warn" },
      review: {
        prodTargets: ["us-central1.prod"],
        expectedSigners: ["serviceAccount:ci@p.iam.gserviceaccount.com"],
      },
      suppressions: [
        {
          id: "P017",
          address: "google_binary_authorization_policy.p",
          match: { pattern: "gcr.io/gke-release/**" },
          reason: "GKE add-ons, INC-123",
          owner: "security@example.com",
          expires: "2026-12-31",
          place: ".binauthz.yaml, line 7",
        },
      ],
      acknowledgements: [{ id: "C001", constructPath: "App/Cluster" }],
    });
  });

  test("may be empty", () => {
    expect(readSettings(FILE, "# nothing yet\n")).toMatchObject({ gate: {}, suppressions: [] });
  });

  const without = (key: string) => FULL.replace(new RegExp(`^    ${key}:.*\n`, "m"), "");
  test.each([
    ["an unknown key", `${FULL}failon: low\n`, /line 15: the key "failon" is not known; allowed: failOn, /],
    [
      "an unknown key of a suppression",
      FULL.replace("    reason:", "    until: 2026\n    reason:"),
      /line 10: the key "until" is not known/,
    ],
    [
      "an unknown key of targets",
      FULL.replace("{ prod:", "{ production:"),
      /line 4: the key "production" is not known/,
    ],
    [
      "a value to match that there is not",
      FULL.replace("pattern:", "value:"),
      /line 9: the key "value" is not known; allowed: after, before/,
    ],
    ["nothing to match", FULL.replace(/\{ pattern.*\}/, "{}"), /line 9: "suppress\[0\]\.match" is not valid/],
    ["no reason", without("reason"), /line 7: "reason" is missing/],
    ["an empty reason", FULL.replace("GKE add-ons, INC-123", '" "'), /line 10: "suppress\[0\]\.reason" is not valid/],
    ["no owner", without("owner"), /line 7: "owner" is missing/],
    ["no expiry", without("expires"), /line 7: "expires" is missing/],
    ["no place", without("address"), /line 7: has neither "address" nor "target"/],
    ["no id", FULL.replace("- id: P017\n    address", "- address"), /line 7: "id" is missing/],
    [
      "an id that is none",
      FULL.replace("P017", "everything"),
      /line 7: "suppress\[0\]\.id" is not valid, got "everything"/,
    ],
    [
      "a day that there is not",
      FULL.replace("12-31", "02-30"),
      /line 12: "suppress\[0\]\.expires" is not valid, got "2026-02-30"; allowed: a day as YYYY-MM-DD/,
    ],
    ["a day that is none", FULL.replace("2026-12-31", "never"), /line 12: .*expires/],
    [
      "a severity that there is not",
      FULL.replace("medium", "severe"),
      /line 1: "failOn" is not valid, got "severe"; allowed: critical, high/,
    ],
    [
      "an effect that never gates",
      FULL.replace("opens, blind", "narrows"),
      /line 2: "failOnEffect\[0\]" is not valid, got "narrows"/,
    ],
    ["no effect at all", FULL.replace("[opens, blind]", "[]"), /line 2: "failOnEffect" is not valid/],
    [
      "text where a list is meant",
      FULL.replace('["us-central1.prod"]', "us-central1.prod"),
      /line 4: "targets.prod" is not valid.*a list/,
    ],
    ["a list as a whole", "- 1\n", /line 1: the file is not valid/],
    ["a key twice", "failOn: low\nfailOn: high\n", /^\.binauthz\.yaml.*is no YAML/],
    ["no YAML", "failOn: [", /^\.binauthz\.yaml.*is no YAML/],
  ])("%s is an error with its line", (_, text, message) => {
    expect(() => readSettings(FILE, text)).toThrow(message);
    expect(() => readSettings(FILE, text)).toThrow(/; allowed: /);
  });
});

const BASE = {
  id: "P007",
  address: "google_binary_authorization_policy.p",
  match: {},
  reason: "INC-1",
  owner: "security@example.com",
  expires: "2026-12-31",
  place: ".binauthz.yaml, line 2",
};
const settings = (...suppressions: readonly Partial<typeof BASE & { target: string; match: object }>[]) => ({
  ...readSettings(FILE, ""),
  suppressions: suppressions.map((entry) => ({ ...BASE, ...entry })),
});
const MEDIUM = finding({ severity: "medium" });

describe("a suppression", () => {
  test("takes out the finding it is about, and is no finding itself", () => {
    const { notes, open, setAside } = applySuppressions([MEDIUM], settings({}), "2026-12-31");
    expect(open).toEqual([]);
    expect(notes).toEqual([]);
    expect(setAside).toEqual([
      { finding: MEDIUM, by: "suppression", reason: "INC-1", owner: "security@example.com", expires: "2026-12-31" },
    ]);
  });

  test.each([
    ["another check", { id: "P009" }],
    ["another address", { address: "google_binary_authorization_policy.q" }],
    ["another target", { target: "default:other" }],
    ["another value", { match: { after: "deny" } }],
    ["another value before", { match: { before: "attested" } }],
    ["another fingerprint", { match: { fingerprint: "0" } }],
    ["another pattern", { match: { pattern: "gcr.io/**" } }],
  ])("of %s suppresses nothing, and is a finding: unused", (_, fields) => {
    const { notes, open } = applySuppressions([MEDIUM], settings(fields), "2026-01-01");
    expect(open).toEqual([MEDIUM]);
    expect(notes.map(({ id }) => id)).toEqual(["S002"]);
  });

  test("that expired suppresses nothing, and is a finding", () => {
    const { notes, open } = applySuppressions([MEDIUM], settings({}), "2027-01-01");
    expect(open).toEqual([MEDIUM]);
    expect(notes).toMatchObject([{ id: "S001", message: expect.stringContaining("held until 2026-12-31") }]);
  });

  test.each([
    ["by its address", {}],
    ["by its target", { target: "default:sec-proj" }],
    ["by what it was", { match: { before: "deny" } }],
  ])("of a critical finding that opens, %s alone, suppresses nothing, and says so", (_, fields) => {
    const { notes, open } = applySuppressions([finding()], settings(fields), "2026-01-01");
    expect(open).toHaveLength(1);
    expect(notes.map(({ id }) => id)).toEqual(["S003"]);
  });

  test.each([
    ["what it will be", { match: { after: "allow all" } }],
    ["its pattern", { match: { pattern: "allow all" } }],
    ["its fingerprint", { match: { fingerprint: finding().fingerprint } }],
  ])("of a critical finding that opens is bound to %s", (_, fields) => {
    expect(applySuppressions([finding()], settings(fields), "2026-01-01").open).toEqual([]);
  });

  test("of an undecided finding counts by the worst it could be", () => {
    const undecided = finding({
      severity: "medium",
      certainty: { state: "undecided", best: "none", worst: "critical", because: "unknown" },
    });
    expect(applySuppressions([undecided], settings({}), "2026-01-01").open).toHaveLength(1);
  });

  test("of a critical finding that only blocks needs no value", () => {
    const blocks = finding({ effects: ["blocks"] });
    expect(applySuppressions([blocks], settings({}), "2026-01-01").open).toEqual([]);
  });
});

describe("an acceptance", () => {
  const of = report([finding(), finding({ id: "P009", target: "gke:p/l.c" })]);
  const [first] = of.findings;

  test("is SHA-256 of the plan's hash and the finding's fingerprint", () => {
    const expected = createHash("sha256")
      .update(PLAN_HASH + first.fingerprint)
      .digest("hex");
    expect(acceptanceHash(of, first)).toBe(expected);
    expect(outcome(of).findings[0].acceptHash).toBe(expected);
  });

  test("accepts one finding of one plan", () => {
    const acceptances = [{ hash: acceptanceHash(of, first) as string, reason: "INC-7: the key leaked" }];
    const accepted = outcome(of, { acceptances });
    expect(accepted.setAside).toEqual([{ finding: first, by: "acceptance", reason: "INC-7: the key leaked" }]);
    expect(accepted.findings.map(({ id }) => id)).toEqual(["P009"]);
    const only = outcome({ ...of, findings: [first] }, { acceptances });
    expect(only.verdict).toBe("pass");
  });

  test("of another plan accepts nothing, and is a finding", () => {
    const acceptances = [{ hash: acceptanceHash(of, first) as string, reason: "INC-7" }];
    const again = outcome({ ...of, plans: [{ source: "plan.json", hash: "cd".repeat(32) }] }, { acceptances });
    expect(again.verdict).toBe("fail");
    expect(again.findings.map(({ id }) => id)).toEqual(["P007", "P009", "S004"]);
  });

  test("there is none of a plan whose hash is not known", () => {
    expect(acceptanceHash({ plans: [{ source: "a", hash: "ab" }, { source: "b" }] }, first)).toBeUndefined();
    expect(acceptanceHash({ plans: [] }, first)).toBeUndefined();
  });

  test("does not depend on the order of plans", () => {
    const plans = [
      { source: "a", hash: "ab" },
      { source: "b", hash: "cd" },
    ];
    expect(acceptanceHash({ plans }, first)).toBe(acceptanceHash({ plans: [...plans].reverse() }, first));
  });

  test.each(["", "abc=reason", `${"a".repeat(64)}`, `${"a".repeat(64)}=`, `${"A".repeat(64)}=x`])(
    "%j is none",
    (text) => {
      expect(parseAcceptance(text)).toEqual({ error: expect.stringMatching(/; allowed: /) });
    },
  );

  test("a reason may contain an equals sign", () => {
    expect(parseAcceptance(`${"a".repeat(64)}=a=b`)).toEqual({ hash: "a".repeat(64), reason: "a=b" });
  });
});

describe("the gate", () => {
  const verdict = (
    severity: "critical" | "high" | "medium",
    effects: ("opens" | "blocks" | "blind" | "narrows")[],
    gate = {},
  ) => outcome(report([finding({ severity, effects })]), { gate: { ...DEFAULT_GATE, ...gate } }).verdict;

  test.each([
    ["high", ["opens"], {}, "fail"],
    ["critical", ["blind"], {}, "fail"],
    ["medium", ["opens"], {}, "pass"],
    ["medium", ["opens"], { failOn: "medium" }, "fail"],
    ["critical", ["narrows"], {}, "pass"],
    ["critical", ["blocks", "narrows"], {}, "fail"],
    ["critical", ["blocks"], { failOnEffects: ["opens"] }, "pass"],
  ] as const)("%s that %j with %j: %s", (severity, effects, gate, expected) => {
    expect(verdict(severity, [...effects], gate)).toBe(expected);
  });

  test("an undecided finding that gates at its best fails; that only may, is undecided, unless that is let through", () => {
    const sure = finding({ certainty: { state: "undecided", best: "high", worst: "critical", because: "x" } });
    expect(outcome(report([sure])).verdict).toBe("fail");
    expect(outcome(report([UNDECIDED])).verdict).toBe("undecided");
    for (const undecided of ["warn", "ignore"] as const) {
      expect(outcome(report([UNDECIDED]), { gate: { ...DEFAULT_GATE, undecided } }).verdict).toBe("pass");
    }
    const blocks = { ...UNDECIDED, effects: ["blocks"] as const };
    expect(outcome(report([blocks]), { gate: { ...DEFAULT_GATE, failOnEffects: ["opens"] } }).verdict).toBe("pass");
  });

  test("what was there before does not gate, and is in the report", () => {
    const known = outcome(report([finding()]), { baseline: new Set([finding().fingerprint]) });
    expect(known.verdict).toBe("pass");
    expect(known.setAside).toMatchObject([{ by: "baseline" }]);
  });
});
