import { Construct } from "constructs";
import fc from "fast-check";
import {
  AdmissionPolicy,
  type AdmissionPolicyProps,
  Attestor,
  type ClusterRuleData,
  DefaultRule,
  EnforcedCluster,
  ExistingPolicy,
  GlobalPolicyEvaluationMode,
  type IAttestor,
} from "../../lib";
import { check } from "../support/property";
import { ATTESTOR, attestorIn, IMAGE, PROJECT, pipelineIn, policyIn, testStack } from "../support/synth";
import { type Json, type Template, template, warnings } from "../support/template";

const TYPE = "google_binary_authorization_policy";
const BLOCK = "ENFORCED_BLOCK_AND_AUDIT_LOG";
const DRY_RUN = "DRYRUN_AUDIT_LOG_ONLY";

const foreign = (scope: Construct, name = "build-attestor"): IAttestor =>
  Attestor.fromAttestorName(scope, `Attestor-${name}`, name);

function synth(props: Partial<AdmissionPolicyProps> = {}, build?: (policy: AdmissionPolicy) => void): Template {
  const stack = testStack();
  const policy = policyIn(stack, props);
  build?.(policy);
  return template(stack);
}

const policyOf = (props?: Partial<AdmissionPolicyProps>, build?: (policy: AdmissionPolicy) => void): Json =>
  synth(props, build).resource(TYPE);

const RULE: ClusterRuleData = {
  cluster: "us-central1.theirs",
  evaluationMode: "REQUIRE_ATTESTATION",
  enforcementMode: BLOCK,
  requireAttestationsBy: [ATTESTOR],
};

describe("a policy with all defaults", () => {
  test("denies everything but Google's system images, and names its project", () => {
    expect(policyOf()).toMatchObject({
      project: PROJECT,
      global_policy_evaluation_mode: "ENABLE",
      default_admission_rule: {
        evaluation_mode: "ALWAYS_DENY",
        enforcement_mode: BLOCK,
      },
    });
  });

  test("has no rules of clusters, no exemptions and no attestors", () => {
    const policy = policyOf();
    expect(policy).not.toHaveProperty("cluster_admission_rules");
    expect(policy.admission_whitelist_patterns ?? []).toEqual([]);
    expect(policy.default_admission_rule).not.toHaveProperty("require_attestations_by");
  });

  test("snapshot", () => {
    expect(policyOf()).toMatchSnapshot();
  });
});

test("snapshot of a policy with everything set", () => {
  const stack = testStack();
  const attestor = attestorIn(stack);
  const policy = policyIn(stack, {
    existing: ExistingPolicy.ADOPT,
    exemptImages: ["quay.io/example-monitor/*", "k8s.gcr.io/**"],
    acknowledgedExemptions: [{ pattern: "quay.io/example-monitor/*", reason: "scanned by its vendor" }],
    defaultRule: DefaultRule.requireAttestation(attestor, { dryRun: true }),
    clusterRules: [
      RULE,
      {
        cluster: "us-east1-b.closed",
        evaluationMode: "ALWAYS_DENY",
        enforcementMode: DRY_RUN,
      },
    ],
    globalPolicyEvaluationMode: GlobalPolicyEvaluationMode.DISABLE,
    description: "Only what CI built",
  });
  policy.addClusterRule({
    location: "global",
    clusterName: "member",
    requiredAttestors: [attestor],
  });
  expect(template(stack).resource(TYPE)).toMatchSnapshot();
});

describe("addresses", () => {
  const addressesOf = (build: (stack: Construct) => void): string[] => {
    const stack = testStack();
    build(stack);
    return template(stack).addresses();
  };
  const original = addressesOf((stack) => policyIn(stack));

  test("snapshot", () => {
    expect(original).toMatchInlineSnapshot(`
      [
        "google_binary_authorization_policy.my-secure-project",
        "google_project_service.my-secure-project_binaryauthorization",
      ]
    `);
  });

  test("stay when the construct is renamed", () => {
    expect(addressesOf((stack) => policyIn(stack, {}, "Renamed"))).toEqual(original);
  });

  test("stay when the construct is moved under another one", () => {
    expect(addressesOf((stack) => policyIn(new Construct(stack, "Security")))).toEqual(original);
  });

  test("stay when something else comes first", () => {
    const both = (policyFirst: boolean) =>
      addressesOf((stack) => {
        const steps = [() => policyIn(stack), () => attestorIn(stack)];
        for (const step of policyFirst ? steps : steps.reverse()) {
          step();
        }
      });
    expect(both(false)).toEqual(both(true));
  });
});

describe("what protects the policy", () => {
  test("prevent_destroy, since destroying it opens the project", () => {
    expect(policyOf().lifecycle.prevent_destroy).toBe(true);
  });

  test("deletionProtection: false takes it off", () => {
    expect(policyOf({ deletionProtection: false }).lifecycle).not.toHaveProperty("prevent_destroy");
  });

  test("it is never created before its predecessor is destroyed, which would leave the project open", () => {
    expect(policyOf().lifecycle).not.toHaveProperty("create_before_destroy");
  });

  test("the apply fails where the provider would go on trusting an attestor that the program does not know", () => {
    const policy = policyOf({ clusterRules: [RULE] });
    expect(policy.lifecycle.postcondition).toHaveLength(1);
    expect(policy.lifecycle.postcondition[0].condition).toContain(`toset(["${ATTESTOR}"])`);
  });
});

describe("the effect of each prop", () => {
  test("existing", () => {
    const imports = [{ to: `${TYPE}.${PROJECT}`, id: `projects/${PROJECT}` }];
    expect(synth({ existing: ExistingPolicy.ADOPT }).imports).toEqual(imports);
    expect(synth({ existing: ExistingPolicy.REPLACE }).imports).toEqual([]);
  });

  test("exemptImages, in the order they are given", () => {
    expect(policyOf({ exemptImages: ["z.example.com/*", "a.example.com/*"] }).admission_whitelist_patterns).toEqual([
      { name_pattern: "z.example.com/*" },
      { name_pattern: "a.example.com/*" },
    ]);
  });

  test("defaultRule", () => {
    expect(policyOf({ defaultRule: DefaultRule.alwaysDeny({ dryRun: true }) }).default_admission_rule).toEqual({
      evaluation_mode: "ALWAYS_DENY",
      enforcement_mode: DRY_RUN,
    });
    const stack = testStack();
    policyIn(stack, {
      defaultRule: DefaultRule.requireAttestation(foreign(stack)),
    });
    expect(template(stack).resource(TYPE).default_admission_rule).toEqual({
      evaluation_mode: "REQUIRE_ATTESTATION",
      enforcement_mode: BLOCK,
      require_attestations_by: [ATTESTOR],
    });
  });

  test("clusterRules", () => {
    expect(policyOf({ clusterRules: [RULE] }).cluster_admission_rules).toEqual([
      {
        cluster: "us-central1.theirs",
        evaluation_mode: "REQUIRE_ATTESTATION",
        enforcement_mode: BLOCK,
        require_attestations_by: [ATTESTOR],
      },
    ]);
  });

  test("globalPolicyEvaluationMode is written in either case: left out, the service assumes DISABLE", () => {
    const mode = (globalPolicyEvaluationMode?: GlobalPolicyEvaluationMode) =>
      policyOf({ globalPolicyEvaluationMode }).global_policy_evaluation_mode;
    expect(mode()).toBe("ENABLE");
    expect(mode(GlobalPolicyEvaluationMode.ENABLE)).toBe("ENABLE");
    expect(mode(GlobalPolicyEvaluationMode.DISABLE)).toBe("DISABLE");
  });

  test("description", () => {
    expect(policyOf({ description: "Only what CI built" }).description).toBe("Only what CI built");
    expect(policyOf()).not.toHaveProperty("description");
  });

  test("acknowledgedExemptions are written where the reviewer of a plan sees them", () => {
    expect(
      policyOf({
        description: "Only what CI built",
        exemptImages: ["quay.io/vendor/*"],
        acknowledgedExemptions: [{ pattern: "quay.io/vendor/*", reason: "scanned by its vendor" }],
      }).description,
    ).toBe("Only what CI built. Exempt although its images are signed: quay.io/vendor/* (scanned by its vendor)");
  });

  test("acknowledgedExemptions let a pipeline build what is exempt, whichever comes first", () => {
    for (const policyFirst of [true, false]) {
      const stack = testStack();
      const pattern = `${IMAGE}:debug-*`;
      const acknowledgedExemptions = [{ pattern, reason: "debug builds run unsigned" }];
      const steps = [
        () => policyIn(stack, { exemptImages: [pattern], acknowledgedExemptions }),
        () => pipelineIn(stack),
      ];
      for (const step of policyFirst ? steps : steps.reverse()) {
        step();
      }
      expect(template(stack).resource(TYPE).description).toContain("(debug builds run unsigned)");
    }
  });

  test("project", () => {
    const t = synth({
      project: "cluster-project",
      existing: ExistingPolicy.ADOPT,
    });
    expect(t.resource(TYPE, "cluster-project").project).toBe("cluster-project");
    expect(t.imports[0].id).toBe("projects/cluster-project");
    expect(t.resource("google_project_service").project).toBe("cluster-project");
  });

  test("enableApis", () => {
    expect(synth().resource("google_project_service").service).toBe("binaryauthorization.googleapis.com");
    const without = synth({ enableApis: false });
    expect(without.resources("google_project_service")).toEqual({});
    expect(without.resource(TYPE)).not.toHaveProperty("depends_on");
  });
});

describe("rules of clusters", () => {
  test("come from addClusterRule, for clusters and fleet memberships", () => {
    const stack = testStack();
    const policy = policyIn(stack);
    policy.addClusterRule({
      location: "us-central1-a",
      clusterName: "prod",
      requiredAttestors: [foreign(stack)],
    });
    policy.addClusterRule({
      location: "global",
      clusterName: "member",
      requiredAttestors: [foreign(stack, "other")],
      dryRun: true,
    });
    expect(template(stack).resource(TYPE).cluster_admission_rules).toEqual([
      {
        cluster: "global.member",
        evaluation_mode: "REQUIRE_ATTESTATION",
        enforcement_mode: DRY_RUN,
        require_attestations_by: [`projects/${PROJECT}/attestors/other`],
      },
      {
        cluster: "us-central1-a.prod",
        evaluation_mode: "REQUIRE_ATTESTATION",
        enforcement_mode: BLOCK,
        require_attestations_by: [ATTESTOR],
      },
    ]);
  });

  test("name each attestor once, in order, whatever the order they were given in", () => {
    const names = ["zeta", "alpha", "zeta"].map((name) => `projects/${PROJECT}/attestors/${name}`);
    const [rule] = policyOf({
      clusterRules: [{ ...RULE, requireAttestationsBy: names }],
    }).cluster_admission_rules;
    expect(rule.require_attestations_by).toEqual([
      `projects/${PROJECT}/attestors/alpha`,
      `projects/${PROJECT}/attestors/zeta`,
    ]);
  });

  test("name attestors literally: the provider hides those it does not know yet", () => {
    const stack = testStack();
    const attestor = attestorIn(stack);
    const policy = policyIn(stack, {
      defaultRule: DefaultRule.requireAttestation(attestor),
    });
    new EnforcedCluster(stack, "Prod", {
      clusterName: "prod",
      location: "us-central1",
      policy,
      requiredAttestors: [attestor],
    });
    const resource = template(stack).resource(TYPE);
    const named = [resource.default_admission_rule, ...resource.cluster_admission_rules].flatMap(
      (rule) => rule.require_attestations_by,
    );
    expect(named).toEqual([ATTESTOR, ATTESTOR]);
    expect(named.join()).not.toContain("${");
    expect(resource.depends_on).toContain(`google_binary_authorization_attestor.${PROJECT}_build-attestor`);
  });

  test("are in the order of their keys, byte for byte, however the clusters are declared", () => {
    const clusters = [
      "us-central1.a",
      "us-central1-a.a",
      "us-central1.b",
      "europe-west1-b.z",
      "asia-east1.m",
      "us-central1.a-b",
    ];
    const render = (order: readonly string[]): string => {
      const stack = testStack();
      const attestors = [foreign(stack, "one"), foreign(stack, "two")];
      const policy = policyIn(stack);
      for (const cluster of order) {
        const [location, clusterName] = cluster.split(".");
        // The attestors' order is turned around as well, so that it cannot matter either.
        const requiredAttestors = order[0] === cluster ? [...attestors].reverse() : attestors;
        EnforcedCluster.fromClusterName(stack, cluster, {
          clusterName,
          location,
          policy,
          requiredAttestors,
        });
      }
      return JSON.stringify(template(stack).resource(TYPE));
    };
    const expected = render(clusters);
    check(fc.shuffledSubarray(clusters, { minLength: clusters.length }), (order) => {
      expect(render(order)).toBe(expected);
    });
  });

  test("can be read back as data, without aliasing the policy", () => {
    const stack = testStack();
    const policy = policyIn(stack, { clusterRules: [RULE] });
    policy.clusterRules[0].requireAttestationsBy?.push("projects/evil-project/attestors/theirs");
    expect(policy.clusterRules).toEqual([RULE]);
    expect(policy.defaultRuleData).toEqual({
      cluster: "default",
      evaluationMode: "ALWAYS_DENY",
      enforcementMode: BLOCK,
      requireAttestationsBy: undefined,
    });
  });
});

describe("warnings", () => {
  const warningsOf = (props: Partial<AdmissionPolicyProps>, build?: (policy: AdmissionPolicy) => void): string[] => {
    const stack = testStack();
    const policy = policyIn(stack, props);
    build?.(policy);
    return warnings(stack);
  };

  test.each([
    [
      "quay.io/vendor/app",
      'matches only an image written without tag and digest; add ":*", "@*" or "*" to cover those',
    ],
    [
      "gcr.io/my-project**",
      'also exempts paths that only begin alike, such as "gcr.io/my-project-other/image"; end it with "/**"',
    ],
  ])("an exemption that says something else than it seems to: %s", (pattern, doubt) => {
    expect(warningsOf({ exemptImages: [pattern] })).toEqual([
      `Stack/Policy: [DOUBTFUL_EXEMPT_IMAGE] the exempt image "${pattern}" ${doubt}`,
    ]);
  });

  test.each(["quay.io/vendor/*", "quay.io/vendor/**", "quay.io/vendor/app:v1", "quay.io/vendor/app@*", "nginx:1.*"])(
    "none for %s",
    (pattern) => {
      expect(warningsOf({ exemptImages: [pattern] })).toEqual([]);
    },
  );

  test("more than 200 references to attestors, once", () => {
    const rules = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        ...RULE,
        cluster: `us-central1.c${index}`,
      }));
    expect(warningsOf({ clusterRules: rules(200) })).toEqual([]);
    expect(warningsOf({ clusterRules: rules(230) })).toEqual([
      'Stack/Policy: [LIMIT_UNCLEAR] the rules of the policy name attestors 201 times or more; Google documents a limit of 200 "attestor references per policy" and does not say whether an attestor of several rules counts once',
    ]);
  });
});

describe("a policy from an export", () => {
  const EXPORT = `
name: projects/${PROJECT}/policy
description: The live policy
globalPolicyEvaluationMode: ENABLE
admissionWhitelistPatterns:
- namePattern: gcr.io/google_containers/*
clusterAdmissionRules:
  us-central1-a.prod:
    evaluationMode: REQUIRE_ATTESTATION
    enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG
    requireAttestationsBy:
    - ${ATTESTOR}
  us-central1-a.open:
    evaluationMode: ALWAYS_ALLOW
    enforcementMode: DRYRUN_AUDIT_LOG_ONLY
defaultAdmissionRule:
  evaluationMode: ALWAYS_DENY
  enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG
kubernetesNamespaceAdmissionRules: {}
updateTime: '2026-01-01T00:00:00Z'
etag: '"abc"'
`;

  test("keeps everything as it is, and adopts it", () => {
    const stack = testStack({ project: null });
    AdmissionPolicy.fromExport(stack, "Policy", EXPORT);
    const t = template(stack);
    const { lifecycle: _, depends_on: __, ...resource } = t.resource(TYPE);
    expect(resource).toEqual({
      project: PROJECT,
      description: "The live policy",
      global_policy_evaluation_mode: "ENABLE",
      admission_whitelist_patterns: [{ name_pattern: "gcr.io/google_containers/*" }],
      cluster_admission_rules: [
        {
          cluster: "us-central1-a.open",
          evaluation_mode: "ALWAYS_ALLOW",
          enforcement_mode: DRY_RUN,
        },
        {
          cluster: "us-central1-a.prod",
          evaluation_mode: "REQUIRE_ATTESTATION",
          enforcement_mode: BLOCK,
          require_attestations_by: [ATTESTOR],
        },
      ],
      default_admission_rule: {
        evaluation_mode: "ALWAYS_DENY",
        enforcement_mode: BLOCK,
      },
    });
    expect(t.imports).toEqual([{ to: `${TYPE}.${PROJECT}`, id: `projects/${PROJECT}` }]);
  });

  test("says DISABLE where the export leaves the mode out, as the service means it", () => {
    const stack = testStack();
    AdmissionPolicy.fromExport(stack, "Policy", EXPORT.replace(/globalPolicyEvaluationMode.*\n/, ""));
    expect(template(stack).resource(TYPE).global_policy_evaluation_mode).toBe("DISABLE");
  });

  test("reads JSON as well", () => {
    const stack = testStack();
    const exported = {
      name: `projects/${PROJECT}/policy`,
      defaultAdmissionRule: {
        evaluationMode: "ALWAYS_ALLOW",
        enforcementMode: BLOCK,
      },
    };
    AdmissionPolicy.fromExport(stack, "Policy", JSON.stringify(exported));
    expect(template(stack).resource(TYPE).default_admission_rule.evaluation_mode).toBe("ALWAYS_ALLOW");
  });

  test("warns of the rules that admit everything", () => {
    const stack = testStack();
    AdmissionPolicy.fromExport(
      stack,
      "Policy",
      EXPORT.replace("evaluationMode: ALWAYS_DENY", "evaluationMode: ALWAYS_ALLOW"),
    );
    expect(warnings(stack)).toEqual([
      "Stack/Policy: [INVALID_ADMISSION_RULE] the exported policy admits everything: the default rule, which counts for every misspelled cluster too,, the rule of us-central1-a.open says ALWAYS_ALLOW",
    ]);
  });

  test("takes further rules of clusters, and the other options", () => {
    const stack = testStack();
    const policy = AdmissionPolicy.fromExport(stack, "Policy", EXPORT, {
      deletionProtection: false,
      enableApis: false,
      acknowledgedExemptions: [{ pattern: "gcr.io/google_containers/*", reason: "frozen" }],
    });
    policy.addClusterRule({
      location: "us-east1",
      clusterName: "new",
      requiredAttestors: [foreign(stack)],
    });
    const t = template(stack);
    expect(t.resource(TYPE).cluster_admission_rules.map(({ cluster }: { cluster: string }) => cluster)).toEqual([
      "us-central1-a.open",
      "us-central1-a.prod",
      "us-east1.new",
    ]);
    expect(t.resource(TYPE).lifecycle).not.toHaveProperty("prevent_destroy");
    expect(t.resources("google_project_service")).toEqual({});
  });
});
