import type { TerraformStack } from "cdktf";
import {
  AdmissionPolicy,
  Attestor,
  EnforcedCluster,
  ExistingPolicy,
  PipelineSource,
  SignerPipeline,
  TrustRoot,
} from "../../lib";
import { createAccount, iamPolicy, projectNumber, type Sandbox, startSandbox, storedPolicy } from "../../lib/sandbox";
import { describeIfTerraform } from "../support/terraform";
import { Deployment, googleStack, synthesize } from "./support";

describeIfTerraform("a chain that moves to another stack", () => {
  it("is forgotten by one and imported by the other, and nobody loses a permission", async () => {
    const google = await startSandbox();
    const project = "my-secure-project";
    const chain = (stack: TerraformStack, adopt: boolean) => {
      const shared = { adopt, enableApis: false };
      const trustRoot = new TrustRoot(stack, "TrustRoot", {
        keyRingName: "ring",
        keyName: "key",
        location: "global",
        ...shared,
      });
      const attestor = new Attestor(stack, "Attestor", { attestorName: "build", keys: [trustRoot], ...shared });
      trustRoot.grants.viewPublicKey("user:ci@example.com");
      const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT, enableApis: false });
      policy.addClusterRule({ location: "us-central1", clusterName: "prod", requiredAttestors: [attestor] });
      return [policy, attestor, trustRoot];
    };
    const before = synthesize((app) => {
      chain(googleStack(app, "old", project), false);
    });
    const after = synthesize((app) => {
      for (const construct of chain(googleStack(app, "old", project), false)) {
        construct.release();
      }
      chain(googleStack(app, "new", project), true);
    });
    const old = Deployment.against(google);
    const next = Deployment.against(google);
    try {
      await old.apply(before.old);
      const key = `projects/${project}/locations/global/keyRings/ring/cryptoKeys/key`;
      const granted = JSON.stringify((iamPolicy(google.state, key) as { bindings?: unknown }).bindings);
      expect(granted).toContain("user:ci@example.com");
      const calls = google.requests.length;
      await next.apply(after.new);
      await old.apply(after.old);
      expect(google.requests.slice(calls).filter((request) => request.verb === "DELETE")).toEqual([]);
      expect(JSON.stringify((iamPolicy(google.state, key) as { bindings?: unknown }).bindings)).toBe(granted);
      expect(await next.planned(after.new)).toEqual([]);
    } finally {
      old.remove();
      next.remove();
      await google.close();
    }
  }, 300_000);
});

describeIfTerraform("three stacks in three projects", () => {
  let google: Sandbox;

  beforeAll(async () => {
    google = await startSandbox();
  });

  afterAll(async () => {
    await google.close();
  });

  it("are planned and applied one after the other, each with an empty second plan", async () => {
    const stacks = synthesize((app) => {
      const keys = googleStack(app, "keys", "key-project");
      const attestors = googleStack(app, "attestors", "attestor-project");
      const clusters = googleStack(app, "clusters", "prod-project");
      const trustRoot = new TrustRoot(keys, "TrustRoot", { keyRingName: "ring", keyName: "key", location: "europe" });
      const attestor = new Attestor(attestors, "Attestor", { attestorName: "build", keys: [trustRoot] });
      attestor.grants.verify({ project: "prod-project", projectNumber: projectNumber(google.state, "prod-project") });
      const policy = new AdmissionPolicy(clusters, "Policy", { existing: ExistingPolicy.REPLACE });
      new EnforcedCluster(clusters, "Prod", {
        clusterName: "prod",
        location: "europe-west1",
        policy,
        requiredAttestors: [attestor],
      });
      new SignerPipeline(attestors, "Pipeline", {
        attestors: [attestor],
        image: "europe-west1-docker.pkg.dev/attestor-project/apps/app",
        source: PipelineSource.ownTrigger(),
        serviceAccountEmail: "builder@build-project.iam.gserviceaccount.com",
        createOnly: true,
      });
    });
    expect(Object.keys(stacks).sort()).toEqual(["attestors", "clusters", "keys"]);

    createAccount(google.state, "build-project", "builder");
    const names = ["keys", "attestors", "clusters"];
    const deployments = new Map(names.map((name) => [name, Deployment.against(google)]));
    try {
      for (const [name, deployment] of deployments) {
        await deployment.apply(stacks[name]);
      }
      // What a later stack does changes nothing for an earlier one.
      for (const [name, deployment] of deployments) {
        expect({ name, planned: await deployment.planned(stacks[name]) }).toEqual({ name, planned: [] });
      }
    } finally {
      for (const deployment of deployments.values()) {
        deployment.remove();
      }
    }
    expect(google.unknownRoutes).toEqual([]);

    const agent = `serviceAccount:service-${projectNumber(google.state, "prod-project")}@gcp-sa-binaryauthorization.iam.gserviceaccount.com`;
    expect(iamPolicy(google.state, "projects/attestor-project/attestors/build")).toMatchObject({
      bindings: expect.arrayContaining([
        { role: "roles/binaryauthorization.attestorsVerifier", members: expect.arrayContaining([agent]) },
      ]),
    });
    expect(storedPolicy(google.state, "prod-project")).toMatchObject({
      clusterAdmissionRules: {
        "europe-west1.prod": { requireAttestationsBy: ["projects/attestor-project/attestors/build"] },
      },
    });
    expect(`projects/key-project/policy` in google.state.policies).toBe(false);
  }, 400_000);
});
