import { policyExport } from "./context";
import {
  ALLOW,
  ATTEST,
  ATTESTOR,
  ATTESTOR_ADDRESS,
  attestor,
  type Case,
  CLUSTER,
  casesOf,
  changed,
  cluster,
  created,
  DENY,
  deleted,
  type Json,
  keyOf,
  POLICY,
  PROJECT,
  planOf,
  policy,
  policyPlan,
  replaced,
  rule,
  same,
} from "./support";

const DRY = rule("REQUIRE_ATTESTATION", [ATTESTOR], true);
const SECOND = `projects/${PROJECT}/attestors/qa`;
const BOTH = rule("REQUIRE_ATTESTATION", [ATTESTOR, SECOND]);
const ONLY_SECOND = rule("REQUIRE_ATTESTATION", [SECOND]);
const PROD = "us-central1.prod";
const seen = same(ATTESTOR_ADDRESS, attestor());
const seconds = same("google_binary_authorization_attestor.qa", attestor([keyOf("Q")], { name: "qa" }));

/** A configuration that says something of the default rule. */
const configured = (plan: Json, written: Json, attribute = "default_admission_rule"): Json => {
  plan.configuration.root_module.resources = [
    {
      address: POLICY,
      mode: "managed",
      type: "google_binary_authorization_policy",
      name: "p",
      provider_config_key: "google",
      expressions: { [attribute]: written },
    },
  ];
  return plan;
};

const exempting = (before: readonly string[], after: readonly string[]) =>
  policyPlan({ exempt: before }, { exempt: after });

/** What a synthesized configuration says of the policy. */
const guarded = (preventDestroy: boolean) =>
  new Map([
    [
      POLICY,
      {
        address: POLICY,
        preventDestroy,
        createBeforeDestroy: false,
        ignoreChanges: [],
        dryRunUntil: new Map(),
        acknowledged: [],
        source: "cdk.tf.json",
      },
    ],
  ]);

const cases: readonly Case[] = [
  {
    id: "P001",
    name: "a policy that is deleted, and one that the provider abandons",
    bad: planOf([deleted(POLICY, policy())]),
    twin: planOf([deleted(POLICY, policy({ deletion_policy: "ABANDON" }))]),
    expected: { severity: "critical", effects: ["opens"], address: POLICY, target: `projects/${PROJECT}/policy` },
  },
  {
    id: "P002",
    name: "a policy that is created before it is destroyed, and one that is updated",
    bad: planOf([changed(POLICY, policy(), policy({ byDefault: ATTEST }), { actions: ["create", "delete"] })]),
    twin: policyPlan({}, { byDefault: ATTEST }),
    expected: { severity: "critical", after: "allow all, for good" },
  },
  {
    id: "P002",
    name: "a policy that is destroyed before it is created",
    bad: planOf([changed(POLICY, policy(), policy(), { actions: ["delete", "create"] })]),
    twin: planOf([same(POLICY, policy())]),
    expected: { severity: "high" },
  },
  {
    id: "P002",
    name: "a policy that gets another address without moved, and with it",
    bad: planOf([deleted(POLICY, policy()), created("google_binary_authorization_policy.q", policy())]),
    twin: planOf([same("google_binary_authorization_policy.q", policy(), { more: { previous_address: POLICY } })]),
    expected: { severity: "high", address: "google_binary_authorization_policy.q" },
  },
  {
    id: "P003",
    name: "a policy that is forgotten, and one that stays",
    bad: planOf([deleted(POLICY, policy(), { actions: ["forget"] })]),
    twin: planOf([same(POLICY, policy())]),
    expected: { severity: "medium", effects: ["blind"] },
  },
  {
    id: "P004",
    name: "a policy that moves to another project, and one that is written for another project beside it",
    bad: planOf([replaced(POLICY, policy(), policy({ project: "other-proj", id: "projects/other-proj" }), "project")]),
    twin: planOf([
      same(POLICY, policy()),
      created("google_binary_authorization_policy.q", policy({ project: "other-proj", id: "projects/other-proj" })),
    ]),
    expected: { severity: "critical", target: `projects/${PROJECT}/policy`, after: "other-proj" },
  },
  {
    id: "P005",
    name: "a policy that is created, and one that is imported",
    bad: planOf([created(POLICY, policy())]),
    twin: planOf([same(POLICY, policy(), { change: { importing: { id: `projects/${PROJECT}` } } })]),
    expected: { severity: "medium", effects: ["blind"] },
  },
  {
    id: "P005",
    name: "a policy over one whose rules for namespaces vanish, and over one that the context shows",
    bad: planOf([created(POLICY, policy())]),
    around: { context: [policyExport({ kubernetesNamespaceAdmissionRules: true })] },
    twin: planOf([created(POLICY, policy())]),
    twinAround: { context: [policyExport({})] },
    expected: { before: "namespace rules" },
  },
  {
    id: "P006",
    name: "two policies for one project, and for two",
    bad: planOf([
      same(POLICY, policy()),
      created("google_binary_authorization_policy.q", policy({ byDefault: ALLOW })),
    ]),
    twin: planOf([
      same(POLICY, policy()),
      created("google_binary_authorization_policy.q", policy({ byDefault: ALLOW, project: "other-proj" })),
    ]),
    expected: { severity: "high", effects: ["blind"], address: "google_binary_authorization_policy.q" },
  },
  {
    id: "P006",
    name: "a policy in each of two plans, and the same one in both",
    bad: [planOf([same(POLICY, policy())]), planOf([created(POLICY, policy({ byDefault: ALLOW }))])],
    twin: [planOf([same(POLICY, policy())]), planOf([same(POLICY, policy())])],
    expected: { severity: "high", target: `projects/${PROJECT}/policy` },
  },
  {
    id: "P007",
    name: "a default rule that admits everything, and one that requires attestations",
    bad: policyPlan({}, { byDefault: ALLOW }),
    twin: policyPlan({}, { byDefault: ATTEST }),
    expected: {
      severity: "critical",
      effects: ["opens"],
      target: `default:${PROJECT}`,
      before: "deny",
      after: "allow all",
    },
  },
  {
    id: "P007",
    name: "a new policy that admits everything, over one that nobody saw",
    bad: planOf([created(POLICY, policy({ byDefault: ALLOW }))]),
    twin: planOf([created(POLICY, policy())]),
    undecided: true,
    expected: { severity: "critical" },
  },
  {
    id: "P007",
    name: "a default rule that is closed: what may stop, and nothing about opening",
    bad: policyPlan({ byDefault: ALLOW }, {}),
    twin: policyPlan({}, { description: "words" }),
    expected: {
      severity: "medium",
      effects: ["blocks", "narrows"],
      mend: expect.stringContaining("has a rule of its own"),
    },
  },
  {
    id: "P008",
    name: "a default rule that asks for attestations instead of denying, and one that did so",
    bad: policyPlan({}, { byDefault: ATTEST }),
    twin: policyPlan({ byDefault: ATTEST }, { byDefault: ATTEST, description: "words" }),
    expected: { severity: "medium", effects: ["opens"] },
  },
  {
    id: "P009",
    name: "a default rule in a dry run, and one that was open anyhow",
    bad: policyPlan({ byDefault: ATTEST }, { byDefault: DRY }),
    twin: policyPlan({ byDefault: ALLOW }, { byDefault: DRY }),
    expected: { severity: "critical", target: `default:${PROJECT}` },
  },
  {
    id: "P009",
    name: "the rule of a cluster in a dry run",
    bad: policyPlan({ clusters: { [PROD]: ATTEST } }, { clusters: { [PROD]: DRY } }),
    twin: policyPlan({ clusters: { [PROD]: DRY } }, { clusters: { [PROD]: DRY } }),
    expected: { target: `gke:${PROJECT}/${PROD}` },
  },
  {
    id: "P010",
    name: "a cluster that falls to a weaker default, and to a stricter one",
    bad: policyPlan({ byDefault: ALLOW, clusters: { [PROD]: ATTEST } }, { byDefault: ALLOW }),
    twin: policyPlan({ clusters: { [PROD]: DENY } }, {}),
    expected: { severity: "critical", effects: ["opens"], target: `gke:${PROJECT}/${PROD}` },
  },
  {
    id: "P011",
    name: "the rule of a cluster that admits everything, and of another order",
    bad: policyPlan({ clusters: { [PROD]: ATTEST } }, { clusters: { [PROD]: ALLOW } }),
    twin: policyPlan(
      { clusters: { [PROD]: ATTEST, "us-central1.x": DENY } },
      { clusters: { "us-central1.x": DENY, [PROD]: ATTEST } },
    ),
    expected: { severity: "critical", target: `gke:${PROJECT}/${PROD}` },
  },
  {
    id: "P012",
    name: "a new rule that admits everything, and one that is as strict as the default",
    bad: policyPlan({}, { clusters: { [PROD]: ALLOW } }),
    twin: policyPlan({}, { clusters: { [PROD]: DENY } }),
    expected: { severity: "high", effects: ["opens"] },
  },
  {
    id: "P012",
    name: "a new rule that is stricter than the default: advised is what keeps it, and not what weakens it",
    bad: policyPlan({ byDefault: ALLOW }, { byDefault: ALLOW, clusters: { [PROD]: ATTEST } }),
    twin: policyPlan({ byDefault: ALLOW }, { byDefault: ALLOW, clusters: { [PROD]: ALLOW } }),
    expected: {
      severity: "medium",
      effects: ["blocks", "narrows"],
      mend: expect.stringMatching(/attested before .* dry run/),
    },
  },
  {
    id: "P013",
    name: "a rule with a mistyped cluster, and with the right one",
    bad: policyPlan({}, { clusters: { "us-central1-a.prod": ATTEST } }, [same(CLUSTER, cluster())]),
    twin: policyPlan({}, { clusters: { [PROD]: ATTEST } }, [same(CLUSTER, cluster())]),
    expected: { severity: "medium", effects: ["blind"], target: `gke:${PROJECT}/us-central1-a.prod` },
  },
  {
    id: "P014",
    name: "one attestor less for a cluster, and the same ones in another order",
    bad: policyPlan({ clusters: { [PROD]: BOTH } }, { clusters: { [PROD]: ATTEST } }, [seen, seconds]),
    twin: policyPlan(
      { clusters: { [PROD]: BOTH } },
      { clusters: { [PROD]: rule("REQUIRE_ATTESTATION", [SECOND, ATTESTOR]) } },
      [seen, seconds],
    ),
    expected: { severity: "high", effects: ["opens"], before: SECOND, target: `gke:${PROJECT}/${PROD}` },
  },
  {
    id: "P014",
    name: "one attestor exchanged, and its short name written in full",
    bad: policyPlan({ byDefault: ATTEST }, { byDefault: ONLY_SECOND }, [seen, seconds]),
    twin: policyPlan({ byDefault: rule("REQUIRE_ATTESTATION", ["build"]) }, { byDefault: ATTEST }, [seen]),
    expected: { severity: "high" },
  },
  {
    id: "P015",
    name: "one attestor more for a cluster, and an attestor that appears twice",
    bad: policyPlan({ clusters: { [PROD]: ATTEST } }, { clusters: { [PROD]: BOTH } }, [seen, seconds]),
    twin: policyPlan(
      { clusters: { [PROD]: ATTEST } },
      { clusters: { [PROD]: rule("REQUIRE_ATTESTATION", [ATTESTOR, ATTESTOR]) } },
      [seen],
    ),
    expected: { severity: "high", effects: ["blocks", "narrows"], after: SECOND },
  },
  {
    id: "P016",
    name: "a required attestor that no file describes, and one that the plan does",
    bad: policyPlan({}, { clusters: { [PROD]: rule("REQUIRE_ATTESTATION", ["projects/elsewhere/attestors/build"]) } }, [
      seen,
    ]),
    twin: policyPlan({}, { clusters: { [PROD]: ATTEST } }, [seen]),
    expected: { severity: "medium", effects: ["blind"] },
  },
  {
    id: "P017",
    name: "a pattern more, and one that an older pattern covers",
    bad: exempting(["gcr.io/mine/*"], ["gcr.io/mine/*", "gcr.io/yours/app@*"]),
    twin: exempting(["gcr.io/mine/*"], ["gcr.io/mine/*", "gcr.io/mine/app@*"]),
    expected: { severity: "high", effects: ["opens"], after: "gcr.io/yours/app@*" },
  },
  {
    id: "P017",
    name: "the root of a registry, and nothing new",
    bad: exempting([], ["us-docker.pkg.dev/**"]),
    twin: exempting(["us-docker.pkg.dev/**", "gcr.io/mine/*"], ["gcr.io/mine/*", "us-docker.pkg.dev/**"]),
    expected: { severity: "critical" },
  },
  {
    id: "P017",
    name: "a repository that everybody may push to, and one that an account may",
    bad: policyPlan({}, { exempt: ["us-docker.pkg.dev/sec-proj/open/*"] }, [
      same("google_artifact_registry_repository_iam_member.w", {
        project: PROJECT,
        location: "us",
        repository: "open",
        role: "roles/artifactregistry.writer",
        member: "allAuthenticatedUsers",
      }),
    ]),
    twin: exempting(
      ["us-docker.pkg.dev/sec-proj/**"],
      ["us-docker.pkg.dev/sec-proj/**", "us-docker.pkg.dev/sec-proj/open/*"],
    ),
    expected: { severity: "critical" },
  },
  {
    id: "P018",
    name: "* that becomes **, and ** that becomes *",
    bad: exempting(["gcr.io/mine/*"], ["gcr.io/mine/**"]),
    twin: exempting(["gcr.io/mine/**"], ["gcr.io/mine/*"]),
    expected: { severity: "high", before: "gcr.io/mine/*", after: "gcr.io/mine/**" },
  },
  {
    id: "P019",
    name: "a pattern less, and one that another still covers",
    bad: exempting(["gcr.io/mine/*"], []),
    twin: exempting(["gcr.io/mine/*", "gcr.io/mine/app*"], ["gcr.io/mine/*"]),
    expected: { severity: "medium", effects: ["blocks", "narrows"], before: "gcr.io/mine/*" },
  },
  {
    id: "P020",
    name: "the system policy switched off, and left as it is",
    bad: policyPlan({}, { global_policy_evaluation_mode: "DISABLE" }),
    twin: policyPlan({ global_policy_evaluation_mode: "DISABLE" }, { global_policy_evaluation_mode: "DISABLE" }),
    expected: { severity: "high", effects: ["blocks", "narrows"] },
  },
  {
    id: "P021",
    name: "attestations of nobody, and of somebody",
    bad: policyPlan({}, { byDefault: rule("REQUIRE_ATTESTATION") }),
    twin: policyPlan({}, { byDefault: ATTEST }),
    expected: { severity: "high", effects: ["blocks"] },
  },
  {
    id: "P022",
    name: "an attestor of another project that the provider takes for the old one, and the same project",
    bad: configured(planOf([same(POLICY, policy({ byDefault: ATTEST }))]), [
      { require_attestations_by: { constant_value: ["projects/hardened/attestors/build"] } },
    ]),
    twin: configured(planOf([same(POLICY, policy({ byDefault: ATTEST }))]), [
      { require_attestations_by: { constant_value: ["build"] } },
    ]),
    expected: { severity: "high", effects: ["blind"], target: `default:${PROJECT}` },
  },
  {
    id: "P022",
    name: "a change that ignore_changes hides, and none",
    bad: configured(planOf([same(POLICY, policy())]), [{ evaluation_mode: { constant_value: "ALWAYS_ALLOW" } }]),
    twin: configured(planOf([same(POLICY, policy())]), [{ evaluation_mode: { constant_value: "ALWAYS_DENY" } }]),
    expected: { before: "ALWAYS_DENY", after: "ALWAYS_ALLOW" },
  },
  {
    id: "P022",
    name: "two attestors of one short name, and one",
    bad: configured(planOf([same(POLICY, policy({ byDefault: ATTEST }))]), [
      { require_attestations_by: { constant_value: [ATTESTOR, "projects/other-proj/attestors/build"] } },
    ]),
    twin: configured(planOf([same(POLICY, policy({ byDefault: ATTEST }))]), [
      { require_attestations_by: { constant_value: [ATTESTOR] } },
    ]),
  },
  {
    id: "P023",
    name: "a deletion policy that lets go, and one that stays",
    bad: policyPlan({ deletion_policy: "PREVENT" }, { deletion_policy: "DELETE" }),
    twin: policyPlan({ deletion_policy: "PREVENT" }, { deletion_policy: "PREVENT" }),
    expected: { severity: "medium", effects: ["opens"] },
  },
  {
    id: "P023",
    name: "prevent_destroy that goes, as both configurations say, and one that stays",
    bad: policyPlan({}, {}),
    around: { lifecyclesBefore: guarded(true), lifecycles: guarded(false) },
    twin: policyPlan({}, {}),
    twinAround: { lifecyclesBefore: guarded(true), lifecycles: guarded(true) },
    expected: { severity: "medium", effects: ["opens"], address: POLICY, before: "prevent_destroy" },
  },
  {
    id: "P023",
    name: "prevent_destroy that goes, and one that was never there",
    bad: policyPlan({}, {}),
    around: { lifecyclesBefore: guarded(true), lifecycles: guarded(false) },
    twin: policyPlan({}, {}),
    twinAround: { lifecyclesBefore: guarded(false), lifecycles: guarded(false) },
  },
  {
    id: "P024",
    name: "a default rule whose list changes while one stays, and one whose list is exchanged",
    bad: policyPlan({ byDefault: ATTEST }, { byDefault: BOTH }, [seen, seconds]),
    twin: policyPlan({ byDefault: ATTEST }, { byDefault: ONLY_SECOND }, [seen, seconds]),
    expected: { severity: "critical", effects: ["opens", "blocks"], target: `default:${PROJECT}` },
  },
  {
    id: "P024",
    name: "the same list of a cluster's rule is written as it is shown",
    bad: policyPlan({ byDefault: BOTH }, { byDefault: ATTEST }, [seen, seconds]),
    twin: policyPlan({ clusters: { [PROD]: BOTH } }, { clusters: { [PROD]: ATTEST } }, [seen, seconds]),
  },
];

casesOf(cases);
