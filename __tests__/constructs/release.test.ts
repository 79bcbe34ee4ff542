import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { KubernetesProvider } from "@cdktf/provider-kubernetes/lib/provider";
import { TerraformStack } from "cdktf";
import {
  AdmissionPolicy,
  AlertChannel,
  Attestor,
  AuditAlerts,
  DefaultRule,
  EnforcedCluster,
  EnforcedJob,
  EnforcedService,
  ExistingPolicy,
  KeyVersion,
  OrganizationPolicies,
  SignatureLog,
} from "../../lib";
import { BreakGlassGuard } from "../../lib/kubernetes";
import {
  attestorIn,
  KEY,
  MEMBER,
  PROJECT,
  pipelineIn,
  policyIn,
  testApp,
  testStack,
  trustRootIn,
} from "../support/synth";
import { type Template, template, templates } from "../support/template";

const forgotten = (t: Template): string[] => {
  for (const block of t.removed) {
    expect(block.lifecycle).toEqual({ destroy: false });
  }
  return t.removed.map((block) => block.from).sort();
};

function chain() {
  const stack = testStack();
  const trustRoot = trustRootIn(stack);
  const attestor = attestorIn(stack, { keys: [trustRoot] });
  const policy = policyIn(stack);
  const cluster = new EnforcedCluster(stack, "Prod", {
    clusterName: "prod",
    location: "us-central1-a",
    policy,
    requiredAttestors: [attestor],
  });
  return { stack, trustRoot, attestor, policy, cluster };
}

describe("releasing a trust root", () => {
  test("forgets ring, key and versions, and destroys nothing", () => {
    const stack = testStack();
    trustRootIn(stack, {
      versions: [KeyVersion.trusted("old", { number: 1 }), KeyVersion.signing("now", { number: 2 })],
    }).release();
    const t = template(stack);
    expect(forgotten(t)).toEqual([
      `google_kms_crypto_key.${PROJECT}_global_binauthz-ring_build-signer-key`,
      `google_kms_crypto_key_version.${PROJECT}_global_binauthz-ring_build-signer-key_now`,
      `google_kms_crypto_key_version.${PROJECT}_global_binauthz-ring_build-signer-key_old`,
      `google_kms_key_ring.${PROJECT}_global_binauthz-ring`,
    ]);
    expect(t.allResources.filter(([address]) => address.startsWith("google_kms_"))).toEqual([]);
  });

  test("leaves its attestor able to read the public key, by literal names", () => {
    const { stack, trustRoot } = chain();
    trustRoot.release();
    const t = template(stack);
    expect(t.data("google_kms_crypto_key_version").crypto_key).toBe(KEY);
    expect(t.danglingDependencies()).toEqual([]);
  });

  test("keeps the ring until its last trust root is released", () => {
    const stack = testStack();
    const one = trustRootIn(stack, { keyName: "one" }, "One");
    const two = trustRootIn(stack, { keyName: "two" }, "Two");
    one.release();
    expect(template(stack).resources("google_kms_key_ring")).not.toEqual({});
    two.release();
    expect(forgotten(template(stack))).toContain(`google_kms_key_ring.${PROJECT}_global_binauthz-ring`);
  });

  test("leaves the ring usable for a trust root that is declared afterwards", () => {
    const stack = testStack();
    trustRootIn(stack, { keyName: "one" }, "One").release();
    try {
      trustRootIn(stack, { keyName: "two" }, "Two");
    } catch (error) {
      // A refusal says so at once; that is as good.
      expect(String(error)).toContain("INVALID_STATE");
      return;
    }
    expect(template(stack).danglingDependencies()).toEqual([]);
  });

  test("does not forget a ring that it never made", () => {
    const stack = testStack();
    trustRootIn(stack, { createKeyRing: false }).release();
    expect(forgotten(template(stack)).join()).not.toContain("key_ring");
  });
});

describe("releasing an attestor", () => {
  test("forgets note and attestor; the policy still requires it, and waits for nothing", () => {
    const { stack, attestor } = chain();
    attestor.release();
    const t = template(stack);
    expect(forgotten(t)).toEqual([
      `google_binary_authorization_attestor.${PROJECT}_build-attestor`,
      `google_container_analysis_note.${PROJECT}_build-attestor`,
    ]);
    const policy = t.resource("google_binary_authorization_policy");
    expect(policy.cluster_admission_rules[0].require_attestations_by).toEqual([attestor.attestorId]);
    expect(policy.depends_on).toEqual([`google_project_service.${PROJECT}_binaryauthorization`]);
    expect(attestor.resources).toEqual([]);
  });

  test("does not forget a note that is managed elsewhere", () => {
    const stack = testStack();
    attestorIn(stack, { noteId: "projects/note-project/notes/theirs" }).release();
    expect(forgotten(template(stack))).toEqual([`google_binary_authorization_attestor.${PROJECT}_build-attestor`]);
  });
});

describe("releasing a policy", () => {
  test("forgets it, so that it stays in force as it is", () => {
    const { stack, policy } = chain();
    policy.release();
    const t = template(stack);
    expect(forgotten(t)).toEqual([`google_binary_authorization_policy.${PROJECT}`]);
    expect(t.resources("google_binary_authorization_policy")).toEqual({});
    expect(t.danglingDependencies()).toEqual([]);
  });

  test("drops the block that would have adopted it", () => {
    const stack = testStack();
    const policy = policyIn(stack, { existing: "ADOPT" as never });
    policy.release();
    expect(template(stack).imports).toEqual([]);
  });
});

describe("releasing a cluster", () => {
  test("forgets cluster, nodes and their identity; its rule stays in the policy", () => {
    const { stack, cluster } = chain();
    cluster.release();
    const t = template(stack);
    expect(forgotten(t)).toEqual([
      `google_container_cluster.${PROJECT}_us-central1-a_prod`,
      `google_container_node_pool.${PROJECT}_us-central1-a_prod_nodes`,
      expect.stringMatching(/^google_project_iam_member\..*defaultNodeServiceAccount_gke-prod/),
      expect.stringMatching(/^google_service_account\..*gke-prod/),
    ]);
    expect(t.resource("google_binary_authorization_policy").cluster_admission_rules).toHaveLength(1);
  });
});

describe("releasing a pipeline", () => {
  const types = (t: Template) => forgotten(t).map((address) => address.split(".")[0]);

  test("forgets trigger, identity, repository and its own grants; those on key, note and attestor stay", () => {
    const { stack, attestor } = chain();
    const pipeline = pipelineIn(stack, { attestors: [attestor] });
    pipeline.release();
    const t = template(stack);
    expect(types(t)).toEqual([
      "google_artifact_registry_repository",
      "google_artifact_registry_repository_iam_member",
      "google_cloudbuild_trigger",
      "google_project_iam_member",
      "google_service_account",
    ]);
    expect(Object.keys(t.resources("google_kms_crypto_key_iam_member"))).toHaveLength(2);
    expect(t.danglingDependencies()).toEqual([]);
  });

  test("keeps the repository until its last pipeline is released", () => {
    const { stack, attestor } = chain();
    const one = pipelineIn(stack, { attestors: [attestor], pipelineName: "pipeline-one" }, "One");
    const two = pipelineIn(stack, { attestors: [attestor], pipelineName: "pipeline-two" }, "Two");
    one.release();
    expect(types(template(stack))).not.toContain("google_artifact_registry_repository");
    two.release();
    expect(types(template(stack))).toContain("google_artifact_registry_repository");
    expect(() => pipelineIn(stack, { attestors: [attestor], pipelineName: "pipeline-three" }, "Three")).toThrow(
      "INVALID_STATE",
    );
  });
});

describe("the grants of what is released", () => {
  test("are forgotten with it: taking them away would stop who signs", () => {
    const { stack, trustRoot, attestor } = chain();
    trustRoot.grants.sign(MEMBER);
    attestor.grants.attest(MEMBER, { createOnly: true });
    trustRoot.release();
    attestor.release();
    const t = template(stack);
    expect(t.allResources.filter(([, resource]) => resource.member === MEMBER)).toEqual([]);
    expect(forgotten(t).filter((address) => address.includes("_iam_member."))).toHaveLength(6);
    expect(forgotten(t).filter((address) => address.startsWith("google_project_iam_custom_role."))).toHaveLength(1);
  });

  test("stay where another construct asked for the same binding", () => {
    const { stack, attestor } = chain();
    const other = attestorIn(stack, { attestorName: "other" }, "Other");
    attestor.grants.attest(MEMBER);
    other.grants.attest(MEMBER);
    attestor.release();
    expect(forgotten(template(stack)).join()).not.toContain("occurrences-editor");
    other.release();
    expect(forgotten(template(stack)).join()).toContain("occurrences-editor");
  });

  test("cannot be asked for any more", () => {
    const { trustRoot, attestor } = chain();
    trustRoot.release();
    attestor.release();
    const refusal =
      "a grant was asked for after release(); allowed: grants before it, or in the program that adopts the resource";
    expect(() => trustRoot.grants.sign(MEMBER)).toThrow(`[INVALID_STATE] Stack/TrustRoot: ${refusal}`);
    expect(() => attestor.grants.attest(MEMBER)).toThrow(`[INVALID_STATE] Stack/Attestor: ${refusal}`);
    expect(() => attestor.grants.verify({ project: "prod-project", projectNumber: "1" })).toThrow(refusal);
  });
});

describe("whatever is released", () => {
  const releases = ["trustRoot", "attestor", "policy", "cluster"] as const;

  test.each(releases)("nothing waits for what is gone: %s", (name) => {
    const made = chain();
    made.attestor.grants.attest(MEMBER);
    pipelineIn(made.stack, { attestors: [made.attestor] });
    made[name].release();
    expect(template(made.stack).danglingDependencies()).toEqual([]);
  });

  test.each(releases)("what is declared afterwards does not wait for it either: %s", (name) => {
    const made = chain();
    made[name].release();
    let t: Template;
    try {
      made.attestor.grants.attest(MEMBER);
      made.trustRoot.grants.sign(MEMBER);
      pipelineIn(made.stack, { attestors: [made.attestor] });
      new EnforcedCluster(made.stack, "Second", {
        clusterName: "second",
        location: "us-central1",
        policy: made.policy,
        requiredAttestors: [made.attestor],
      });
      t = template(made.stack);
    } catch (error) {
      // A refusal says so at once; that is as good.
      expect(String(error)).toContain("INVALID_STATE");
      return;
    }
    expect(t.danglingDependencies()).toEqual([]);
  });

  test.each(releases)("releasing twice is releasing once: %s", (name) => {
    const made = chain();
    made[name].release();
    const once = template(made.stack).removed;
    made[name].release();
    expect(template(made.stack).removed).toEqual(once);
  });

  test("it can be adopted by another stack of the app: one forgets what the other imports", () => {
    const app = testApp();
    const old = testStack({ app, id: "Old" });
    const next = testStack({ app, id: "New" });
    const trustRoot = trustRootIn(old);
    const attestor = attestorIn(old, { keys: [trustRoot] });
    const policy = policyIn(old);
    for (const moved of [policy, attestor, trustRoot]) {
      moved.release();
    }
    const adopted = trustRootIn(next, { adopt: true });
    attestorIn(next, { keys: [adopted], adopt: true });
    policyIn(next, { existing: ExistingPolicy.ADOPT });
    const made = templates(app);
    expect(forgotten(made.Old)).toHaveLength(6);
    expect(made.New.imports.map((block) => block.to).sort()).toEqual(forgotten(made.Old));
  });

  test("it cannot be declared again in the stack that forgets it", () => {
    const { stack, trustRoot } = chain();
    trustRoot.release();
    expect(() => trustRootIn(stack, { createKeyRing: false }, "Again")).toThrow(
      `[INVALID_STATE] Stack/Again: the key "${KEY}" was released from this stack, which cannot forget and declare it at once; allowed: another stack, or no release()`,
    );
  });
});

describe("releasing what guards a chain", () => {
  const types = (t: Template) => new Set(t.allResources.map(([address]) => address.split(".")[0]));
  const APIS = new Set(["google_project_service"]);

  test("alerts and their channels go on telling", () => {
    const stack = testStack();
    const alerts = new AuditAlerts(stack, "Alerts", {
      channels: [AlertChannel.email("security@example.com")],
      projects: [PROJECT, "other-project"],
    });
    const all = template(stack).allResources.filter(([address]) => address.startsWith("google_monitoring_"));
    alerts.release();
    alerts.release();
    const t = template(stack);
    expect(forgotten(t)).toEqual(all.map(([address]) => address).sort());
    expect(forgotten(t).length).toBeGreaterThan(20);
    expect(types(t)).toEqual(APIS);
    expect(t.danglingDependencies()).toEqual([]);
  });

  test("signatures go on being recorded", () => {
    const stack = testStack();
    const trustRoots = [trustRootIn(stack)];
    new SignatureLog(stack, "Log", { trustRoots }).release();
    const t = template(stack);
    expect(forgotten(t)).toEqual([
      `google_logging_project_bucket_config.${PROJECT}_global_binauthz-signatures`,
      `google_logging_project_sink.${PROJECT}_binauthz-signatures`,
      `google_project_iam_audit_config.${PROJECT}_cloudkms`,
    ]);
    expect(t.danglingDependencies()).toEqual([]);
  });

  test("organization policies and their constraints stay in force", () => {
    const stack = testStack();
    const policies = new OrganizationPolicies(stack, "Policies", { organization: "organizations/123456789012" });
    const declared = policies.policies.length + policies.customConstraints.length;
    policies.release();
    const t = template(stack);
    expect(forgotten(t)).toHaveLength(declared);
    expect(t.allResources).toEqual([]);
  });

  test("a service and a job stay as they are, and can be declared in another stack", () => {
    const app = testApp();
    const [one, two] = ["One", "Two"].map((id) => {
      const stack = new TerraformStack(app, id);
      new GoogleProvider(stack, "Google", { project: PROJECT });
      return stack;
    });
    const attestor = Attestor.fromAttestorName(one, "Attestor", `projects/${PROJECT}/attestors/built`);
    const policy = new AdmissionPolicy(one, "Policy", {
      existing: ExistingPolicy.ADOPT,
      defaultRule: DefaultRule.requireAttestation(attestor),
    });
    const image = `us-central1-docker.pkg.dev/${PROJECT}/apps/web@sha256:${"ab".repeat(32)}`;
    const run = { location: "us-central1", image, policy };
    new EnforcedService(one, "Web", { ...run, serviceName: "web" }).release();
    new EnforcedJob(one, "Nightly", { ...run, jobName: "nightly" }).release();
    new EnforcedService(two, "Web", { ...run, serviceName: "web" });
    const { One: t, Two: next } = templates(app);
    expect(forgotten(t)).toEqual([
      `google_cloud_run_v2_job.${PROJECT}_us-central1_nightly`,
      `google_cloud_run_v2_service.${PROJECT}_us-central1_web`,
    ]);
    expect(t.danglingDependencies()).toEqual([]);
    expect(next.resources("google_cloud_run_v2_service")).not.toEqual({});
  });

  test("a service that was released from a stack cannot be declared there again", () => {
    const { stack, attestor } = chain();
    const policy = new AdmissionPolicy(stack, "Run", {
      existing: ExistingPolicy.ADOPT,
      project: "run-project",
      defaultRule: DefaultRule.requireAttestation(attestor),
    });
    const image = `us-central1-docker.pkg.dev/${PROJECT}/apps/web@sha256:${"ab".repeat(32)}`;
    const run = { location: "us-central1", image, policy, serviceName: "web" };
    new EnforcedService(stack, "Web", run).release();
    expect(() => new EnforcedService(stack, "Again", run)).toThrow(/was released from this stack/);
  });

  test("the guard of break-glass stays in force in its cluster", () => {
    const stack = new TerraformStack(testApp(), "Guard");
    new KubernetesProvider(stack, "Kubernetes", { configPath: "~/.kube/config" });
    const guard = new BreakGlassGuard(stack, "Guard", {
      domain: "binauthz.example.com",
      responderGroups: ["responders@example.com"],
      namespaces: ["prod"],
    });
    guard.release();
    const t = template(stack);
    expect(forgotten(t)).toHaveLength(guard.resources.length);
    expect(forgotten(t)).toHaveLength(4);
    expect(t.allResources).toEqual([]);
  });
});
