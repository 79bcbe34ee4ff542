import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { App, TerraformStack } from "cdktf";
import { AdmissionPolicy, Attestor, EnforcedCluster, ExistingPolicy } from "../lib";

// Many clusters with the library: BENCH_CLUSTERS of them, of the kind BENCH_KIND. See clusters-by-hand.ts.

const project = "my-secure-project";
const count = Number(process.env.BENCH_CLUSTERS);
const shared = process.env.BENCH_KIND === "autopilot";

const app = new App();
const stack = new TerraformStack(app, "clusters");
new GoogleProvider(stack, "Google", { project, region: "us-central1" });
const attestor = Attestor.fromAttestorName(stack, "Attestor", `projects/${project}/attestors/build-attestor`);
const policy = new AdmissionPolicy(stack, "Policy", {
  existing: ExistingPolicy.REPLACE,
  exemptImages: ["gke.gcr.io/*"],
});

for (let index = 0; index < count; index++) {
  new EnforcedCluster(stack, `Cluster${index}`, {
    clusterName: `cluster-${index}`,
    location: shared ? "us-central1" : "us-central1-a",
    policy,
    requiredAttestors: [attestor],
    nodeServiceAccountEmail: shared ? `nodes@${project}.iam.gserviceaccount.com` : undefined,
  });
}

app.synth();
