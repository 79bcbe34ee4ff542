import {
  cloudRunNamed,
  clusterNamed,
  clustersOf,
  defaultRuleOf,
  notOne,
  showTarget,
  TargetError,
  targetNamed,
  targetsOf,
  unnamedPlaces,
} from "../../lib/admission/targets";
import {
  join,
  known,
  openSourceText,
  readTerraformJson,
  type TrustModel,
  UNKNOWN,
  valueOf as valueIfKnown,
} from "../../lib/trust";

const policyOf = (project: string, ...clusters: readonly string[]): TrustModel =>
  openSourceText(
    `${project}.json`,
    JSON.stringify({
      name: `projects/${project}/policy`,
      defaultAdmissionRule: { evaluationMode: "ALWAYS_DENY", enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
      clusterAdmissionRules: Object.fromEntries(
        clusters.map((key) => [
          key,
          { evaluationMode: "ALWAYS_ALLOW", enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
        ]),
      ),
    }),
  ).model;

const configured = readTerraformJson("main.tf.json", {
  provider: { google: [{ project: "project-a" }] },
  resource: {
    google_container_cluster: {
      prod: { name: "prod", location: "us-central1-a" },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of Terraform
      hidden: { name: "${var.name}", location: "us-central1-a" },
    },
    google_cloud_run_v2_service: { shop: { name: "shop", location: "europe-west1", template: {} } },
  },
});

const model = join([
  configured,
  policyOf("project-a", "us-central1-a.prod", "eu.x"),
  policyOf("project-b", "eu.x"),
  policyOf("project-c"),
]);

test("every place once: declared or with a rule, services, and policies of projects without a cluster", () => {
  expect(targetsOf(model).map(showTarget).sort()).toEqual([
    "default:project-c",
    "gke:project-a/eu.x",
    "gke:project-a/us-central1-a.prod",
    "gke:project-b/eu.x",
    "run:project-a/europe-west1/shop",
  ]);
  expect(clustersOf(model)).toHaveLength(3);
  expect(unnamedPlaces(model)).toBe(1);
});

test("rules that are for no cluster, or not known, make no place", () => {
  const [policy] = policyOf("project-a", "no-dot", "eu.x").policies;
  const withRules = (specificRules: typeof policy.specificRules): TrustModel => ({
    ...policyOf("project-a"),
    policies: [{ ...policy, specificRules }],
  });
  const shown = (value: TrustModel) => targetsOf(value).map(showTarget);
  expect(shown(withRules(policy.specificRules))).toEqual(["gke:project-a/eu.x"]);
  expect(shown(withRules({ state: "unknown" }))).toEqual(["default:project-a"]);
  const { rules } = valueIfKnown(policy.specificRules) ?? { rules: [] };
  expect(shown(withRules(known({ kind: "namespace", rules })))).toEqual(["default:project-a"]);
  const hidden = rules.map((rule) => ({ ...rule, key: UNKNOWN }));
  expect(shown(withRules(known({ kind: "cluster", rules: hidden })))).toEqual(["default:project-a"]);
});

test("every place is found by the text it is shown as", () => {
  for (const target of targetsOf(model)) {
    expect(targetNamed(model, showTarget(target))).toEqual(target);
  }
});

test("short names where they are unambiguous", () => {
  expect(showTarget(clusterNamed(model, "us-central1-a.prod"))).toBe("gke:project-a/us-central1-a.prod");
  expect(showTarget(cloudRunNamed(model, "project-a/europe-west1/shop"))).toBe("run:project-a/europe-west1/shop");
  expect(showTarget(defaultRuleOf(policyOf("project-b")))).toBe("default:project-b");
});

test("a chain without policies has no default rule", () => {
  const none = "the chain of trust has no policy";
  expect(() => targetNamed(configured, "default")).toThrow(new TargetError(`${none}, and no other`));
  expect(() => targetNamed(configured, "default:other")).toThrow(new TargetError(`${none} "other", and no other`));
  expect(() => clusterNamed(policyOf("project-a"), "eu.x")).toThrow(TargetError);
});

test("other things are refused in the same words", () => {
  expect(notOne("attestor", "a", ["p/a", "o/a"], ["p/a", "o/a", "o/b"])).toBe(
    '"a" names several attestors of the chain of trust; choose one of: o/a, p/a',
  );
});

test.each([
  [
    "eu.x",
    '"eu.x" names several clusters of the chain of trust; choose one of: gke:project-a/eu.x, gke:project-b/eu.x',
  ],
  [
    "prod",
    'the chain of trust has no cluster "prod"; its clusters: gke:project-a/eu.x, gke:project-a/us-central1-a.prod, gke:project-b/eu.x',
  ],
  [
    "gke:project-b/us-central1-a.prod",
    'the chain of trust has no cluster "gke:project-b/us-central1-a.prod"; its clusters: gke:project-a/eu.x, gke:project-a/us-central1-a.prod, gke:project-b/eu.x',
  ],
  [
    "run:project-a/europe-west1/x",
    'the chain of trust has no Cloud Run service "run:project-a/europe-west1/x"; its Cloud Run services: run:project-a/europe-west1/shop',
  ],
  [
    "default",
    "the chain of trust has several policies; choose one of: default:project-a, default:project-b, default:project-c",
  ],
  [
    "default:other",
    'the chain of trust has no policy "other"; its policies: default:project-a, default:project-b, default:project-c',
  ],
])("%s is refused", (text, message) => {
  expect(() => targetNamed(model, text)).toThrow(new TargetError(message));
});
