import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudRunV2Service } from "@cdktf/provider-google/lib/cloud-run-v2-service";
import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import { Annotations, Aspects, TerraformStack } from "cdktf";
import { AdmissionPolicy, Attestor, EnforcedCluster, ExistingPolicy, KeyVersion } from "../../lib";
import { TrustChain, trustChainFrom, trustChainOf, trustChainOfApp } from "../../lib/testing";
import {
  ATTESTOR,
  attestorIn,
  IMAGE,
  P256_PEM,
  PROJECT,
  pinnedVersion,
  policyIn,
  REGION,
  testApp,
  testStack,
  trustRootIn,
} from "../support/synth";
import { DIGEST, EC, failureOf, NO_ATTESTATION, SIGNED, smallStack } from "./support";

const THEIRS = "other-project";

/** Keys and attestor in a project and stack of their own, policy and clusters in others, one of each project. */
function spread() {
  const app = testApp();
  const security = testStack({ app, id: "Security", project: "security-project" });
  const attestor = attestorIn(security, {
    keys: [trustRootIn(security, { versions: [KeyVersion.signing("first", { number: 1, algorithm: EC })] })],
  });
  for (const project of [PROJECT, THEIRS]) {
    const stack = testStack({ app, id: project, project });
    const policy = policyIn(stack);
    new EnforcedCluster(stack, "Prod", {
      clusterName: "prod",
      location: REGION,
      policy,
      requiredAttestors: [attestor],
    });
    if (project === THEIRS) {
      EnforcedCluster.fromClusterName(stack, "Legacy", {
        clusterName: "legacy",
        location: "europe-west1",
        policy,
        requiredAttestors: [attestor],
      });
    }
  }
  return app;
}

describe("trustChainOfApp", () => {
  const chain = trustChainOfApp(spread());

  test("an attestor of another project in another stack", () => {
    const attestations = [chain.testSigner("build-attestor").attest(SIGNED)];
    for (const name of [`gke:${PROJECT}/us-central1.prod`, `${THEIRS}/us-central1.prod`, "europe-west1.legacy"]) {
      expect(chain.cluster(name)).toAdmit(SIGNED, { attestations });
      expect(chain.cluster(name)).toDeny(SIGNED, { attestations: [], reason: NO_ATTESTATION });
    }
    expect(chain.testSigner("build-attestor").attestor).toBe("projects/security-project/attestors/build-attestor");
  });

  test("one stack alone does not know the attestor of another", () => {
    const app = spread();
    const stack = app.node.findChild(PROJECT) as TerraformStack;
    const alone = trustChainOf(stack);
    expect(alone.cluster("us-central1.prod")).toBeUndecided(SIGNED, { attestations: [] });
    expect(failureOf(() => alone.testSigner("build-attestor"))).toEqual([
      'the chain of trust has no attestor "build-attestor", and no other',
    ]);
  });

  test("says where things were read: in the folder that would be synthesized", () => {
    expect(chain.model.attestors[0].origin).toEqual({
      source: "stacks/Security/cdk.tf.json",
      address: "google_binary_authorization_attestor.security-project_build-attestor",
      constructPath: "Security/Attestor/Attestor",
    });
  });

  test("refuses an app without stacks", () => {
    expect(failureOf(() => trustChainOfApp(testApp()))).toEqual(["the app has no stack"]);
  });

  test("resolves what one stack takes from another", () => {
    const app = testApp();
    const accounts = testStack({ app, id: "Accounts" });
    const account = new ServiceAccount(accounts, "Robot", { accountId: "robot-account", project: PROJECT });
    const stack = testStack({ app, id: "Services" });
    new CloudRunV2Service(stack, "Service", {
      name: "web",
      location: REGION,
      project: account.project,
      template: {},
      binaryAuthorization: { useDefault: true },
    });
    policyIn(stack);
    expect(trustChainOfApp(app).cloudRun(`${PROJECT}/us-central1/web`)).toDeny("nginx");
  });
});

describe("targets", () => {
  const chain = trustChainOfApp(spread());

  test("a cluster that is not there", () => {
    expect(failureOf(() => chain.cluster("us-central1.prd"))).toEqual([
      `the chain of trust has no cluster "us-central1.prd"; its clusters: gke:${PROJECT}/us-central1.prod, gke:${THEIRS}/europe-west1.legacy, gke:${THEIRS}/us-central1.prod`,
    ]);
    expect(failureOf(() => chain.cluster(`gke:${PROJECT}/europe-west1.legacy`))).toHaveLength(1);
  });

  test("a cluster that several projects have", () => {
    expect(failureOf(() => chain.cluster("us-central1.prod"))).toEqual([
      `"us-central1.prod" names several clusters of the chain of trust; choose one of: gke:${PROJECT}/us-central1.prod, gke:${THEIRS}/us-central1.prod`,
    ]);
  });

  test("the default rule of several policies", () => {
    expect(chain.defaultRule(PROJECT)).toDeny("nginx", { reason: /default admission rule/ });
    expect(failureOf(() => chain.defaultRule())).toEqual([
      `the chain of trust has several policies; choose one of: default:${PROJECT}, default:${THEIRS}`,
    ]);
    expect(failureOf(() => chain.defaultRule("third-project"))).toEqual([
      `the chain of trust has no policy "third-project"; its policies: default:${PROJECT}, default:${THEIRS}`,
    ]);
    expect(failureOf(() => trustChainOf(testStack()).defaultRule())).toEqual([
      "the chain of trust has no policy, and no other",
    ]);
  });

  test("a Cloud Run service", () => {
    const stack = testStack();
    policyIn(stack);
    new CloudRunV2Service(stack, "Service", {
      name: "web",
      location: REGION,
      template: {},
      binaryAuthorization: { useDefault: true },
    });
    const run = trustChainOf(stack);
    expect(run.cloudRun(`run:${PROJECT}/us-central1/web`)).toDeny(SIGNED, {
      attestations: [],
      reason: `Container image '${SIGNED}' is not authorized by policy. Denied by an ALWAYS_DENY admission rule`,
    });
    expect(failureOf(() => run.cloudRun("web"))).toEqual([
      `the chain of trust has no Cloud Run service "web"; its Cloud Run services: run:${PROJECT}/us-central1/web`,
    ]);
  });

  test.each([
    [`gke:${PROJECT}/us-central1.prod`, `gke:${PROJECT}/us-central1.prod`],
    ["europe-west1.legacy", `gke:${THEIRS}/europe-west1.legacy`],
    [`default:${THEIRS}`, `default:${THEIRS}`],
  ])("%s by its text", (text, shown) => {
    expect(`${chain.target(text)}`).toBe(shown);
  });

  test("the other texts", () => {
    expect(failureOf(() => chain.target("default"))[0]).toMatch(/several policies/);
    expect(failureOf(() => chain.target("run:a/b/c"))).toEqual([
      'the chain of trust has no Cloud Run service "run:a/b/c", and no other',
    ]);
    expect(`${chain}`).toBe("the chain of trust");
  });

  test("a pod of a namespace, under a policy with rules for namespaces", () => {
    const [first] = chain.model.policies;
    const known = <T>(value: T) => ({ state: "known", value }) as const;
    const rule = {
      evaluationMode: known("ALWAYS_ALLOW"),
      enforcementMode: known("ENFORCED_BLOCK_AND_AUDIT_LOG"),
      requireAttestationsBy: known([]),
    };
    const withRules = (kind: "namespace" | "service-account", key: string) =>
      new TrustChain({
        ...chain.model,
        policies: [{ ...first, specificRules: known({ kind, rules: [{ key: known(key), rule }] }) }],
      }).cluster(`${first.project}/us-central1.prod`);
    expect(withRules("namespace", "dev")).toAdmit("nginx", { namespace: "dev" });
    expect(withRules("namespace", "dev")).toDeny("nginx", { namespace: "live" });
    expect(withRules("namespace", "dev")).toBeUndecided("nginx");
    expect(withRules("service-account", "dev:robot")).toAdmit("nginx", { namespace: "dev", serviceAccount: "robot" });
    expect(withRules("service-account", "dev:robot")).toDeny("nginx", { namespace: "dev", serviceAccount: "other" });
  });

  test("Google's system policy can be given", () => {
    const small = trustChainOf(smallStack());
    const systemImagePatterns = ["gcr.io/only-this/*"];
    expect(small.cluster("us-central1.prod")).toAdmit("gcr.io/only-this/agent", { systemImagePatterns });
    expect(small.cluster("us-central1.prod")).toDeny("gke.gcr.io/pause", { systemImagePatterns });
  });
});

describe("trustChainOf", () => {
  test("leaves the folder of the app as it is", () => {
    const app = testApp();
    const stack = smallStack({ app });
    const before = readdirSync(app.outdir, { recursive: true });
    trustChainOf(stack);
    trustChainOf(stack);
    trustChainOfApp(app);
    expect(readdirSync(app.outdir, { recursive: true })).toEqual(before);
  });

  test("runs the stack's validations, and refuses where an annotation says error", () => {
    const stack = smallStack();
    stack.node.addValidation({ validate: () => ["not like this"] });
    expect(() => trustChainOf(stack)).toThrow("not like this");
    const annotated = smallStack();
    Annotations.of(annotated).addError("nor like this");
    expect(() => trustChainOf(annotated)).toThrow("nor like this");
  });

  test("sees what aspects change, and what the constructs say to it", () => {
    const stack = testStack();
    policyIn(stack);
    const service = new CloudRunV2Service(stack, "Service", { name: "web", location: REGION, template: {} });
    const name = `${PROJECT}/us-central1/web`;
    expect(trustChainOf(stack).cloudRun(name)).toAdmit("nginx");
    Aspects.of(stack).add({
      visit: (construct) => {
        if (construct === service) {
          service.putBinaryAuthorization({ useDefault: true });
        }
      },
    });
    expect(trustChainOf(stack).cloudRun(name)).toDeny("nginx");
    const enforced = smallStack();
    Aspects.of(enforced).add({
      visit: (construct) => {
        if (construct instanceof EnforcedCluster) {
          construct.cluster.putBinaryAuthorization({ evaluationMode: "DISABLED" });
        }
      },
    });
    expect(() => trustChainOf(enforced)).toThrow("ENFORCEMENT_NOT_HELD");
  });

  test("reads an app that synthesizes HCL all the same", () => {
    const app = testApp();
    Object.defineProperty(app, "hclOutput", { value: true });
    expect(trustChainOf(smallStack({ app })).cluster("us-central1.prod")).toDeny("nginx");
  });

  test("refuses what is no stack", () => {
    expect(failureOf(() => trustChainOf(testApp() as unknown as TerraformStack))).toEqual([
      "this is no TerraformStack, which has prepareStack, synthesizer and toTerraform",
    ]);
  });

  test("a cluster that is only looked up is taken to enforce, and the verdict says so", () => {
    const stack = testStack();
    EnforcedCluster.fromClusterName(stack, "Theirs", {
      clusterName: "theirs",
      location: REGION,
      policy: policyIn(stack),
      requiredAttestors: [attestorIn(stack)],
    });
    const target = trustChainOf(stack).cluster("us-central1.theirs");
    expect(target).toDeny("nginx");
    expect(target.decide("nginx").assumptions).toContain(
      "the cluster us-central1.theirs was not read; it is taken to enforce the project's policy",
    );
  });
});

describe("trustChainFrom", () => {
  const folder = mkdtempSync(join(tmpdir(), "binauthz-from-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const policy = join(folder, "policy.yaml");
  writeFileSync(
    policy,
    [
      `name: projects/${PROJECT}/policy`,
      "globalPolicyEvaluationMode: ENABLE",
      "defaultAdmissionRule:",
      "  evaluationMode: REQUIRE_ATTESTATION",
      "  enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG",
      "  requireAttestationsBy:",
      `  - ${ATTESTOR}`,
      "",
    ].join("\n"),
  );
  const attestors = join(folder, "attestors.json");
  writeFileSync(
    attestors,
    JSON.stringify([
      {
        name: ATTESTOR,
        userOwnedGrafeasNote: {
          noteReference: `projects/${PROJECT}/notes/n`,
          publicKeys: [
            {
              id: "ni:///sha-256;x",
              pkixPublicKey: { publicKeyPem: P256_PEM, signatureAlgorithm: "ECDSA_P256_SHA256" },
            },
          ],
        },
      },
    ]),
  );

  test("what gcloud exports, before a team has the library", () => {
    const chain = trustChainFrom([policy, attestors]);
    const attestations = [chain.testSigner("build-attestor").attest(SIGNED)];
    expect(chain.defaultRule()).toAdmit(SIGNED, { attestations });
    expect(chain.defaultRule()).toDeny("nginx");
    expect(trustChainFrom(policy).defaultRule()).toBeUndecided(SIGNED, { attestations });
  });

  test("what cannot be read is refused", () => {
    mkdirSync(join(folder, "empty"));
    expect(() => trustChainFrom(join(folder, "empty"))).toThrow("is a folder without manifest.json");
  });
});

test("the chain of a program of another provider alias and project is its own", () => {
  const stack = new TerraformStack(testApp(), "Aliased");
  new GoogleProvider(stack, "Google", { project: PROJECT, region: REGION });
  const provider = new GoogleProvider(stack, "Theirs", { project: THEIRS, region: REGION, alias: "theirs" });
  const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.REPLACE, provider });
  const attestor = new Attestor(stack, "Attestor", {
    attestorName: "build-attestor",
    keys: [trustRootIn(stack, { versions: [pinnedVersion()] })],
    provider,
  });
  new EnforcedCluster(stack, "Prod", {
    clusterName: "prod",
    location: REGION,
    policy,
    requiredAttestors: [attestor],
    provider,
  });
  const chain = trustChainOf(stack);
  const signer = chain.testSigner(`projects/${THEIRS}/attestors/build-attestor`);
  const image = `${IMAGE}@${DIGEST}`;
  expect(chain.cluster(`gke:${THEIRS}/us-central1.prod`)).toAdmit(image, { attestations: [signer.attest(image)] });
});

describe("a policy as gcloud imports it", () => {
  test("says what the stack declares, and is read back as the same rules", () => {
    const chain = trustChainOf(smallStack());
    const text = chain.policyYaml();
    const folder = mkdtempSync(join(tmpdir(), "binauthz-policy-"));
    try {
      writeFileSync(join(folder, "policy.yaml"), text);
      const { policies } = trustChainFrom(join(folder, "policy.yaml")).model;
      const rulesOf = ({ defaultRule, specificRules, exemptImages }: (typeof policies)[number]) =>
        JSON.parse(JSON.stringify({ defaultRule, specificRules, exemptImages }));
      expect(policies).toHaveLength(1);
      expect(rulesOf(policies[0])).toEqual(rulesOf(chain.model.policies[0]));
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(text).toContain("evaluationMode: REQUIRE_ATTESTATION");
    expect(text).toContain(`name: projects/${PROJECT}/policy`);
  });

  test("of several policies, the one of a project", () => {
    const chain = trustChainOfApp(spread());
    expect(chain.policyYaml(THEIRS)).toContain(`name: projects/${THEIRS}/policy`);
    expect(() => chain.policyYaml()).toThrow(/several policies; choose one of: default:/);
    expect(() => chain.policyYaml("nobody")).toThrow(/nobody/);
  });
});
