import {
  ALLOW,
  ATTEST,
  ATTESTOR_ADDRESS,
  alarming,
  attestor,
  type Case,
  CLUSTER,
  casesOf,
  changed,
  cluster,
  created,
  DENY,
  deleted,
  findingsOf,
  type Json,
  keyOf,
  note,
  POLICY,
  PROJECT,
  planOf,
  policy,
  same,
} from "./support";

const whole = planOf([same(POLICY, policy())]);
const drifting = (before: Json, after: Json): Json => ({
  ...whole,
  resource_drift: planOf([changed(POLICY, before, after, { actions: ["update"] })]).resource_changes,
});
const referring = (attribute: string): Json => {
  const plan = planOf([
    created(ATTESTOR_ADDRESS, attestor(), {
      change: attribute === "id" ? { after_unknown: { id: true } } : {},
    }),
    same(POLICY, policy({ byDefault: ATTEST })),
    same("google_container_analysis_note.n", note()),
  ]);
  plan.configuration.root_module.resources = [
    {
      address: POLICY,
      mode: "managed",
      type: "google_binary_authorization_policy",
      name: "p",
      expressions: {
        default_admission_rule: [
          { require_attestations_by: { references: [`${ATTESTOR_ADDRESS}.${attribute}`, ATTESTOR_ADDRESS] } },
        ],
      },
    },
  ];
  return plan;
};
const version = (version_constraint?: string): Json => ({
  ...whole,
  configuration: {
    ...whole.configuration,
    provider_config: {
      google: { name: "google", full_name: "registry.terraform.io/hashicorp/google", version_constraint },
    },
  },
});
const check = (status: string, problems: readonly string[]): Json => ({
  ...whole,
  checks: [
    {
      address: { kind: "check", name: "policy", to_display: "check.policy" },
      status,
      instances: [{ address: {}, status, problems: problems.map((message) => ({ message })) }],
    },
  ],
});

const cases: readonly Case[] = [
  {
    id: "M001",
    name: "a rule that is known only after the apply, and a description that is",
    bad: planOf([
      changed(POLICY, policy(), policy(), {
        actions: ["update"],
        change: { after_unknown: { default_admission_rule: [{ evaluation_mode: true }] } },
      }),
    ]),
    twin: planOf([
      changed(POLICY, policy(), policy(), {
        actions: ["update"],
        change: {
          after_unknown: { description: true, default_admission_rule: [{ require_attestations_by: [false] }] },
        },
      }),
    ]),
    undecided: true,
    expected: { severity: "critical", effects: ["blind"], target: `default:${PROJECT}` },
  },
  {
    id: "M001",
    name: "an exempt image that is not known, and one that is",
    bad: planOf([
      changed(POLICY, policy(), policy({ exempt: [null] }), {
        change: { after_unknown: { admission_whitelist_patterns: [{ name_pattern: true }] } },
      }),
    ]),
    twin: planOf([changed(POLICY, policy(), policy({ exempt: ["gcr.io/a/b"] }))]),
    undecided: true,
  },
  {
    id: "M001",
    name: "a key of an attestor that is not known, and one that is",
    bad: planOf([
      changed(ATTESTOR_ADDRESS, attestor(), attestor([keyOf("A"), keyOf("")]), {
        change: {
          after_unknown: {
            attestation_authority_note: [{ public_keys: [{}, { pkix_public_key: [{ public_key_pem: true }] }] }],
          },
        },
      }),
    ]),
    twin: planOf([changed(ATTESTOR_ADDRESS, attestor(), attestor([keyOf("B")]))]),
    undecided: true,
    expected: { severity: "high" },
  },
  {
    id: "M001",
    name: "the switch of a cluster that is not known, and one that is",
    bad: planOf([
      changed(CLUSTER, cluster(), cluster(), {
        actions: ["update"],
        change: { after_unknown: { binary_authorization: [{ evaluation_mode: true }] } },
      }),
    ]),
    twin: planOf([
      changed(CLUSTER, cluster(), cluster(), { actions: ["update"], change: { after_unknown: { node_config: true } } }),
    ]),
    undecided: true,
    expected: { severity: "critical" },
  },
  ...[
    ["helm_release.app", "helm_release.app"],
    ["kubectl_manifest.app", "module.m.kubectl_manifest.app"],
  ].map(([name, address]) => ({
    id: "M001",
    name: `a ${name} that changes, and one that stays or goes`,
    bad: planOf([changed(name, { a: 1 }, { a: 2 }, { more: { address } })]),
    twin: planOf([same(name, { a: 1 }), deleted(`${name}2`, { a: 1 })]),
    expected: { severity: "medium" as const, effects: ["blind"] as const, address },
  })),
  {
    id: "M002",
    name: "a reference to an id that the plan makes, and to a name that is known",
    bad: referring("id"),
    twin: referring("name"),
    expected: { severity: "high", effects: ["blind"], target: `default:${PROJECT}` },
  },
  {
    id: "M003",
    name: "a plan with -target, and a whole one",
    bad: { ...whole, complete: false },
    twin: whole,
    expected: { severity: "high", effects: ["blind"] },
  },
  {
    id: "M003",
    name: "a plan that stopped with an error, and one that was not told to be applied",
    bad: { ...whole, errored: true, complete: false },
    twin: { ...whole, applyable: false },
  },
  {
    id: "M003",
    name: "changes that are put off, and an empty list of them",
    bad: {
      ...whole,
      deferred_changes: [{ reason: "provider_config_unknown", resource_change: whole.resource_changes[0] }],
    },
    twin: { ...whole, deferred_changes: [] },
  },
  {
    id: "M004",
    name: "a rule that somebody opened by hand, and noise",
    bad: drifting(policy(), policy({ byDefault: ALLOW })),
    twin: drifting(
      policy({ byDefault: { ...DENY, require_attestations_by: null } }),
      policy({ byDefault: { ...DENY, require_attestations_by: [] }, description: "" }),
    ),
    expected: { severity: "high", effects: ["blind"], address: POLICY, target: `projects/${PROJECT}/policy` },
  },
  {
    id: "M005",
    name: "a check that fails, and one that passes",
    bad: check("fail", ["the policy is not enforced"]),
    twin: check("pass", []),
    expected: { severity: "medium", effects: ["blind"], address: "check.policy" },
  },
  {
    id: "M005",
    name: "a check that the apply decides, which did not fail, and one that passes",
    bad: check("unknown", []),
    twin: check("pass", []),
    expected: { severity: "low", title: expect.stringContaining("is not decided before the apply") },
  },
  {
    id: "M006",
    name: "the next major version of the provider, and the one that was tested",
    bad: version(">= 6.50, ~> 7.0"),
    twin: version("~> 6.50, < 7"),
    expected: { severity: "low", effects: ["blind"] },
  },
  {
    id: "M006",
    name: "a constraint that admits another version: the lock file says which one it is",
    bad: version(">= 5.0"),
    around: { locked: new Map([["registry.terraform.io/hashicorp/google", ["6.50.0", "7.0.1"]]]) },
    twin: version(">= 5.0"),
    twinAround: { locked: new Map([["registry.terraform.io/hashicorp/google", ["6.50.0"]]]) },
    expected: { after: "7.0.1" },
  },
  {
    id: "M006",
    name: "no constraint at all, and another version in the lock file",
    bad: version(),
    around: { locked: new Map([["registry.terraform.io/hashicorp/google", ["5.45.2"]]]) },
    twin: version(),
    twinAround: { locked: new Map([["registry.terraform.io/hashicorp/random", ["3.0.0"]]]) },
  },
  {
    id: "M007",
    name: "a note that moves, and one that stays",
    bad: planOf([
      same("google_container_analysis_note.m", note(), {
        more: { previous_address: "google_container_analysis_note.n" },
      }),
    ]),
    twin: planOf([same("google_container_analysis_note.n", note())]),
    expected: { severity: "info", effects: ["narrows"] },
  },
  {
    id: "M008",
    name: "a list of exempt images that is sensitive, and a description that is",
    bad: planOf([
      changed(POLICY, policy(), policy({ exempt: ["gcr.io/a/b"] }), {
        change: { after_sensitive: { admission_whitelist_patterns: true } },
      }),
    ]),
    twin: planOf([
      changed(POLICY, policy(), policy({ exempt: ["gcr.io/a/b"] }), {
        change: { after_sensitive: { description: true } },
      }),
    ]),
    expected: { severity: "info", effects: ["blind"] },
  },
];

casesOf(cases);

test("04: the list that a plan shows while it hides a reference is no finding of its own", () => {
  expect(alarming(findingsOf(referring("id"))).map(({ id }) => id)).toEqual(["M002"]);
});
