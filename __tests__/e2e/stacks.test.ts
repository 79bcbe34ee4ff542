import {
  AdmissionPolicy,
  Attestor,
  EnforcedCluster,
  ExistingPolicy,
  PipelineSource,
  SignerPipeline,
  TrustRoot,
} from "../../lib";
import { GoogleDouble } from "../support/google-double";
import { describeIfTerraform } from "../support/terraform";
import { Deployment, googleStack, synthesize } from "./support";

describeIfTerraform("three stacks in three projects", () => {
  let google: GoogleDouble;

  beforeAll(async () => {
    google = await GoogleDouble.start({ strictIam: true, rejectEmptyAttestorLists: true });
  });

  afterAll(async () => {
    await google.stop();
  });

  it("are planned and applied one after the other, each with an empty second plan", async () => {
    const stacks = synthesize((app) => {
      const keys = googleStack(app, "keys", "key-project");
      const attestors = googleStack(app, "attestors", "attestor-project");
      const clusters = googleStack(app, "clusters", "prod-project");
      const trustRoot = new TrustRoot(keys, "TrustRoot", { keyRingName: "ring", keyName: "key", location: "europe" });
      const attestor = new Attestor(attestors, "Attestor", { attestorName: "build", keys: [trustRoot] });
      attestor.grants.verify({ project: "prod-project", projectNumber: google.projectNumber("prod-project") });
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

    await fetch(`${google.url}/iam/v1/projects/build-project/serviceAccounts`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ accountId: "builder" }),
    });
    for (const name of ["keys", "attestors", "clusters"]) {
      const deployment = Deployment.against(google);
      try {
        await deployment.apply(stacks[name]);
      } finally {
        deployment.remove();
      }
    }
    expect(google.unknownRoutes).toEqual([]);

    const agent = `serviceAccount:service-${google.projectNumber("prod-project")}@gcp-sa-binaryauthorization.iam.gserviceaccount.com`;
    expect(google.iamPolicy("projects/attestor-project/attestors/build")).toMatchObject({
      bindings: expect.arrayContaining([
        { role: "roles/binaryauthorization.attestorsVerifier", members: expect.arrayContaining([agent]) },
      ]),
    });
    expect(google.policy("prod-project")).toMatchObject({
      clusterAdmissionRules: {
        "europe-west1.prod": { requireAttestationsBy: ["projects/attestor-project/attestors/build"] },
      },
    });
    expect(google.hasPolicy("key-project")).toBe(false);
  }, 400_000);
});
