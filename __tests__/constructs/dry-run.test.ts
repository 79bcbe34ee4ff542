import { ContainerCluster } from "@cdktf/provider-google/lib/container-cluster";
import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { TerraformStack, TerraformVariable } from "cdktf";
import {
  AdmissionPolicy,
  type AdmissionPolicyProps,
  Attestor,
  DefaultRule,
  EnforcedCluster,
  ExistingPolicy,
  type RuleOptions,
} from "../../lib";
import { outcomeOfConfiguration } from "../../lib/review/validation";
import { PROJECT, problemsOf, testApp } from "../support/synth";
import { type Json, template } from "../support/template";

interface Chain {
  readonly stack: TerraformStack;
  readonly attestor: ReturnType<typeof Attestor.fromAttestorName>;
  readonly policy: AdmissionPolicy;
}

function chain(props: Partial<AdmissionPolicyProps> = {}): Chain {
  const stack = new TerraformStack(testApp(), "Stack");
  new GoogleProvider(stack, "Google", { project: PROJECT });
  const attestor = Attestor.fromAttestorName(stack, "Attestor", `projects/${PROJECT}/attestors/built`);
  const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT, ...props });
  return { stack, attestor, policy };
}

const policyOf = ({ stack }: Chain) => template(stack).resource("google_binary_authorization_policy");
/** What stands beside the policy; the template leaves out comments. */
const datesOf = ({ stack }: Chain) => {
  const policies = stack.toTerraform().resource.google_binary_authorization_policy as Record<string, Json>;
  return Object.values(policies)[0]["//"].binauthz;
};
const modesOf = (made: Chain) => {
  const { cluster_admission_rules: rules = [], default_admission_rule: byDefault } = policyOf(made);
  return [byDefault, ...rules].map((rule: { enforcement_mode: string }) => rule.enforcement_mode);
};
const prod = (made: Chain, options: RuleOptions) =>
  EnforcedCluster.fromClusterName(made.stack, "Prod", {
    clusterName: "prod",
    location: "us-central1",
    policy: made.policy,
    requiredAttestors: [made.attestor],
    ...options,
  });

test("the day of a cluster makes its rule a dry run, and stands beside the policy", () => {
  const made = chain();
  prod(made, { dryRunUntil: "2026-12-31" });
  made.policy.addClusterRule({ location: "us-east1", clusterName: "a", requiredAttestors: [made.attestor] });
  expect(datesOf(made)).toEqual({ dryRunUntil: { "us-central1.prod": "2026-12-31" } });
  expect(modesOf(made)).toEqual([
    "ENFORCED_BLOCK_AND_AUDIT_LOG",
    "DRYRUN_AUDIT_LOG_ONLY",
    "ENFORCED_BLOCK_AND_AUDIT_LOG",
  ]);
  expect(made.policy.clusterRules.map(({ cluster, dryRunUntil }) => [cluster, dryRunUntil])).toEqual([
    ["us-central1.prod", "2026-12-31"],
    ["us-east1.a", undefined],
  ]);
});

test("every way to a rule takes a day: the default rule, rules as data, addClusterRule, clusters of the program", () => {
  const made = chain({
    defaultRule: DefaultRule.alwaysDeny({ dryRunUntil: "2026-01-31" }),
    clusterRules: [
      {
        cluster: "global.member",
        evaluationMode: "ALWAYS_DENY",
        enforcementMode: "DRYRUN_AUDIT_LOG_ONLY",
        dryRunUntil: "2026-02-28",
      },
    ],
  });
  const { attestor, policy, stack } = made;
  policy.addClusterRule({
    location: "us-east1",
    clusterName: "a",
    requiredAttestors: [attestor],
    dryRun: true,
    dryRunUntil: "2028-02-29",
  });
  const cluster = new ContainerCluster(stack, "Own", { name: "own", location: "us-east4", initialNodeCount: 1 });
  EnforcedCluster.enforce(cluster, { policy, requiredAttestors: [attestor], dryRunUntil: "2026-04-30" });
  new EnforcedCluster(stack, "New", {
    clusterName: "new",
    location: "us-east5",
    policy,
    requiredAttestors: [attestor],
    dryRunUntil: "2026-05-31",
  });
  expect(datesOf(made)).toEqual({
    dryRunUntil: {
      default: "2026-01-31",
      "global.member": "2026-02-28",
      "us-east1.a": "2028-02-29",
      "us-east4.own": "2026-04-30",
      "us-east5.new": "2026-05-31",
    },
  });
  expect(new Set(modesOf(made))).toEqual(new Set(["DRYRUN_AUDIT_LOG_ONLY"]));
  expect(policy.defaultRuleData.dryRunUntil).toBe("2026-01-31");
  expect(DefaultRule.requireAttestation(attestor, { dryRunUntil: "2026-01-31" })).toMatchObject({
    enforcementMode: "DRYRUN_AUDIT_LOG_ONLY",
    dryRunUntil: "2026-01-31",
  });
});

test("without a day nothing is written beside the policy, and taking the property away enforces", () => {
  const dated = chain();
  prod(dated, { dryRunUntil: "2026-12-31" });
  const undated = chain();
  prod(undated, { dryRun: true });
  const enforced = chain();
  prod(enforced, {});
  expect(datesOf(undated)).toBeUndefined();
  expect(datesOf(enforced)).toBeUndefined();
  const rules = (made: Chain) => JSON.stringify(policyOf(made));
  expect(rules(dated)).toBe(rules(undated));
  expect(rules(enforced)).toBe(rules(dated).replace("DRYRUN_AUDIT_LOG_ONLY", "ENFORCED_BLOCK_AND_AUDIT_LOG"));
});

test("what it says is what check reads; the date that it is makes no difference to the synthesis", () => {
  const made = chain();
  prod(made, { dryRunUntil: "2001-01-01" });
  const ids = outcomeOfConfiguration("stack", made.stack.toTerraform()).findings.map(
    ({ id, severity }) => `${id} ${severity}`,
  );
  expect(ids).toContain("P009 low");
  expect(ids).not.toContain("D002 info");
});

describe("refused in one sentence", () => {
  test.each<[string, unknown]>([
    ["another form", "31.12.2026"],
    ["a day that there is not", "2026-06-31"],
    ["29 February of a common year", "2027-02-29"],
    ["with a time", "2026-12-31T00:00:00Z"],
    ["one digit", "2026-6-1"],
    ["empty", ""],
    ["a number", 20261231],
    ["a Date", new Date(0)],
  ])("%s", (_, dryRunUntil) => {
    const { attestor, policy, stack } = chain();
    const [problem, ...more] = problemsOf(() =>
      EnforcedCluster.fromClusterName(stack, "Prod", {
        clusterName: "prod",
        location: "us-central1",
        policy,
        requiredAttestors: [attestor],
        dryRunUntil: dryRunUntil as string,
      }),
    );
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ code: "INVALID_ADMISSION_RULE", constructPath: "Stack/Prod" });
    expect(problem.message).toMatch(
      /^"dryRunUntil" is no day, got .+; allowed: the last day of the dry run as YYYY-MM-DD, such as "2026-12-31"$/,
    );
  });

  test("a token, whose day nobody knows", () => {
    const made = chain();
    const variable = new TerraformVariable(made.stack, "until", { type: "string" });
    expect(problemsOf(() => prod(made, { dryRunUntil: variable.stringValue }))[0]).toMatchObject({
      code: "UNRESOLVED_VALUE",
    });
  });

  test.each<[string, string, () => unknown]>([
    [
      "a cluster that is told to enforce",
      '"dryRunUntil" is the last day of a dry run, got "2026-12-31" for a rule that is enforced',
      () => prod(chain(), { dryRun: false, dryRunUntil: "2026-12-31" }),
    ],
    [
      "a default rule that is told to enforce",
      '"defaultRule.dryRunUntil" is the last day of a dry run',
      () => chain({ defaultRule: DefaultRule.alwaysDeny({ dryRun: false, dryRunUntil: "2026-12-31" }) }),
    ],
    [
      "a default rule with another form",
      '"defaultRule.dryRunUntil" is no day, got "soon"',
      () => chain({ defaultRule: DefaultRule.alwaysDeny({ dryRunUntil: "soon" }) }),
    ],
    [
      "a rule as data that is enforced",
      '"clusterRules[0].dryRunUntil" is the last day of a dry run',
      () =>
        chain({
          clusterRules: [
            {
              cluster: "us-central1.a",
              evaluationMode: "ALWAYS_DENY",
              enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
              dryRunUntil: "2026-12-31",
            },
          ],
        }),
    ],
  ])("%s", (_, message, make) => {
    const problems = problemsOf(make);
    expect(problems).toHaveLength(1);
    expect(problems[0].code).toBe("INVALID_ADMISSION_RULE");
    expect(problems[0].message).toContain(message);
  });
});
