import { checkState, type Surroundings } from "../../../lib/review/engine";
import { outcomeOfConfiguration } from "../../../lib/review/validation";
import { lifecyclesIn, readTerraformJson } from "../../../lib/trust";
import { ATTESTOR, type Case, casesOf, type Json, POLICY, PROJECT, policy, policyPlan, rule, stateOf } from "./support";

const DRY = rule("REQUIRE_ATTESTATION", [ATTESTOR], true);
const ATTEST = rule("REQUIRE_ATTESTATION", [ATTESTOR]);
const PROD = "us-central1.prod";
const TARGET = `gke:${PROJECT}/${PROD}`;

/** The configuration of the policy, with what stands beside it, on a day. */
const on = (today: string, dryRunUntil?: Json): Surroundings => {
  const comment = dryRunUntil === undefined ? {} : { binauthz: { dryRunUntil } };
  const json = { resource: { google_binary_authorization_policy: { p: { "//": comment } } } };
  return { today, lifecycles: new Map(lifecyclesIn("cdk.tf.json", json).map((entry) => [entry.address, entry])) };
};
const unchanged = policyPlan({ clusters: { [PROD]: DRY } }, { clusters: { [PROD]: DRY } });
const begun = policyPlan({ clusters: { [PROD]: ATTEST } }, { clusters: { [PROD]: DRY } });
const enforced = policyPlan({ clusters: { [PROD]: DRY } }, { clusters: { [PROD]: ATTEST } });

const cases: readonly Case[] = [
  {
    id: "D001",
    name: "a dry run the day after its last day, and on that day",
    bad: unchanged,
    twin: unchanged,
    around: on("2027-01-01", { [PROD]: "2026-12-31" }),
    twinAround: on("2026-12-31", { [PROD]: "2026-12-31" }),
    expected: { severity: "high", effects: ["opens"], target: TARGET, after: "dry run until 2026-12-31" },
  },
  {
    id: "D001",
    name: "a dry run past its day, and the change that ends it",
    bad: unchanged,
    twin: enforced,
    around: on("2027-01-01", { [PROD]: "2026-12-31" }),
  },
  {
    id: "D001",
    name: "the day of the default rule, and of a cluster that is enforced",
    bad: policyPlan({ byDefault: DRY }, { byDefault: DRY }),
    twin: policyPlan({ clusters: { [PROD]: ATTEST } }, { clusters: { [PROD]: ATTEST } }),
    around: on("2027-01-01", { default: "2026-12-31", [PROD]: "2026-12-31" }),
    expected: { target: `default:${PROJECT}` },
  },
  {
    id: "D001",
    name: "a day that nobody can read, and one that is far ahead",
    bad: unchanged,
    twin: unchanged,
    around: on("2026-06-01", { [PROD]: "2026-06-31" }),
    twinAround: on("2026-06-01", { [PROD]: "9999-12-31" }),
    expected: { severity: "high", after: "dry run until 2026-06-31" },
  },
  {
    id: "D002",
    name: "a dry run that begins without a day, and one with a day",
    bad: begun,
    twin: begun,
    around: on("2026-06-01"),
    twinAround: on("2026-06-01", { [PROD]: "2026-12-31" }),
    expected: { severity: "info", effects: ["blind"], target: TARGET },
  },
  {
    id: "D002",
    name: "the day of another rule, and a plan without its configuration",
    bad: begun,
    twin: begun,
    around: on("2026-06-01", { default: "2026-12-31" }),
    twinAround: { today: "2026-06-01" },
  },
  {
    id: "D002",
    name: "a dry run that loses its day, and one that had none",
    bad: unchanged,
    twin: unchanged,
    around: { ...on("2026-06-01"), lifecyclesBefore: on("2026-06-01", { [PROD]: "2026-12-31" }).lifecycles },
    twinAround: { ...on("2026-06-01"), lifecyclesBefore: on("2026-06-01").lifecycles },
    expected: { severity: "info", target: TARGET, after: "dry run" },
  },
];

casesOf(cases);

describe("check, of one configuration", () => {
  const configuration = (until?: unknown): Json => ({
    provider: { google: [{ project: PROJECT }] },
    resource: {
      google_binary_authorization_policy: {
        p: {
          ...(until !== undefined && { "//": { binauthz: { dryRunUntil: { [PROD]: until } } } }),
          project: PROJECT,
          default_admission_rule: { evaluation_mode: "ALWAYS_DENY", enforcement_mode: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
          cluster_admission_rules: [
            { cluster: PROD, evaluation_mode: "ALWAYS_DENY", enforcement_mode: "DRYRUN_AUDIT_LOG_ONLY" },
          ],
          lifecycle: { prevent_destroy: true },
        },
      },
    },
  });
  const found = (json: Json, today?: string) =>
    checkState({
      models: [readTerraformJson("cdk.tf.json", json)],
      lifecycles: new Map(lifecyclesIn("cdk.tf.json", json).map((entry) => [entry.address, entry])),
      ...(today !== undefined && { today }),
    }).findings.map(({ id, severity }) => `${id} ${severity}`);

  test.each<[string, unknown, string | undefined, string[]]>([
    ["a day ahead", "2026-12-31", "2026-12-30", ["P009 low"]],
    ["the last day", "2026-12-31", "2026-12-31", ["P009 low"]],
    ["the day after", "2026-12-31", "2027-01-01", ["P009 critical", "D001 high"]],
    ["no clock, as in a synthesis", "2026-12-31", undefined, ["P009 low"]],
    ["no day", undefined, "2027-01-01", ["P009 critical", "D002 info"]],
    ["a day in another form", "31.12.2026", "2026-06-01", ["P009 critical", "D001 high"]],
    ["a day in another form, and no clock", "31.12.2026", undefined, ["P009 critical", "D001 high"]],
    ["a day that is a number", 20261231, "2026-06-01", ["P009 critical", "D001 high"]],
    ["nothing as a day", null, "2026-06-01", ["P009 critical", "D001 high"]],
  ])("%s", (_, until, today, expected) => {
    expect(found(configuration(until), today).sort()).toEqual([...expected].sort());
  });

  test("a synthesis does not depend on the clock: a day that has passed stops it as little as one that is ahead", () => {
    const validated = (until: string) =>
      outcomeOfConfiguration("stack", configuration(until)).findings.map(({ gates, id }) => `${id} ${gates}`);
    expect(validated("2001-01-01")).toEqual(["P009 no"]);
    expect(validated("2001-01-01")).toEqual(validated("2999-01-01"));
  });

  test("of a state, nobody knows a day", () => {
    const model = stateOf({ [POLICY]: policy({ clusters: { [PROD]: DRY } }) });
    const { findings } = checkState({ models: [model], today: "2026-06-01" });
    const undated = findings.find(({ id }) => id === "D002");
    expect(undated?.message).toMatch(/Nothing in these files says until when/);
    expect(findings.map(({ id }) => id)).not.toContain("D001");
  });
});
