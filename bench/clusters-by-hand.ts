import { createHash } from "node:crypto";
import { BinaryAuthorizationPolicy } from "@cdktf/provider-google/lib/binary-authorization-policy";
import { ContainerCluster } from "@cdktf/provider-google/lib/container-cluster";
import { ContainerNodePool } from "@cdktf/provider-google/lib/container-node-pool";
import { ProjectIamMember } from "@cdktf/provider-google/lib/project-iam-member";
import { ProjectService } from "@cdktf/provider-google/lib/project-service";
import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import { App, TerraformStack } from "cdktf";
import { noStrayAttestors } from "./stray-attestors";

// The same clusters as clusters.ts, written by hand. Kind "autopilot": Autopilot clusters with one service account for
// all nodes. Kind "standard": zonal clusters, each with a node pool, a service account of its own and the role for it.

const project = "my-secure-project";
const count = Number(process.env.BENCH_CLUSTERS);
const autopilot = process.env.BENCH_KIND === "autopilot";
const location = autopilot ? "us-central1" : "us-central1-a";
const oauthScopes = ["https://www.googleapis.com/auth/cloud-platform"];
const hash = (...parts: string[]) => createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 8);

const app = new App();
const stack = new TerraformStack(app, "clusters");
new GoogleProvider(stack, "Google", { project, region: "us-central1" });

const enable = (api: string) =>
  new ProjectService(stack, `${project}_${api}`, {
    project,
    service: `${api}.googleapis.com`,
    disableOnDestroy: false,
  });
const policyApi = enable("binaryauthorization");
const clusterApi = enable("container");
const names = Array.from({ length: count }, (_, index) => `cluster-${index}`).sort();

const attestorName = `projects/${project}/attestors/build-attestor`;
const policy = new BinaryAuthorizationPolicy(stack, project, {
  project,
  globalPolicyEvaluationMode: "ENABLE",
  admissionWhitelistPatterns: [{ namePattern: "gke.gcr.io/*" }],
  defaultAdmissionRule: { evaluationMode: "ALWAYS_DENY", enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
  clusterAdmissionRules: names.map((name) => ({
    cluster: `${location}.${name}`,
    evaluationMode: "REQUIRE_ATTESTATION",
    enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
    requireAttestationsBy: [attestorName],
  })),
  lifecycle: { preventDestroy: true, postcondition: [noStrayAttestors(project, attestorName)] },
  dependsOn: [policyApi],
});

const common = (name: string) => ({
  project,
  name,
  location,
  binaryAuthorization: { evaluationMode: "PROJECT_SINGLETON_POLICY_ENFORCE" },
  releaseChannel: { channel: "REGULAR" },
  privateClusterConfig: { enablePrivateNodes: true },
  ipAllocationPolicy: {},
  deletionProtection: true,
});

if (autopilot) {
  const serviceAccount = `nodes@${project}.iam.gserviceaccount.com`;
  for (const name of names) {
    new ContainerCluster(stack, `${project}_${location}_${name}`, {
      ...common(name),
      enableAutopilot: true,
      clusterAutoscaling: { autoProvisioningDefaults: { serviceAccount, oauthScopes } },
      lifecycle: { preventDestroy: true },
      dependsOn: [clusterApi, policy],
    });
  }
} else {
  const identityApi = enable("iam");
  const projectApi = enable("cloudresourcemanager");
  for (const name of names) {
    const accountId = `gke-${name}-${hash(location, name)}`;
    const email = `${accountId}@${project}.iam.gserviceaccount.com`;
    const account = new ServiceAccount(stack, `${project}_${accountId}`, {
      project,
      accountId,
      displayName: `Nodes of ${name} in ${location}`,
      dependsOn: [identityApi],
    });
    const role = "roles/container.defaultNodeServiceAccount";
    const member = `serviceAccount:${email}`;
    const opened = JSON.stringify({ kind: "project", project });
    const label = "container.defaultNodeServiceAccount";
    const nodeRole = new ProjectIamMember(
      stack,
      `project-${project}_container-defaultNodeServiceAccount_${accountId}_${hash(opened, label, member)}`,
      { project, role, member, dependsOn: [account, projectApi] },
    );
    const cluster = new ContainerCluster(stack, `${project}_${location}_${name}`, {
      ...common(name),
      networkingMode: "VPC_NATIVE",
      workloadIdentityConfig: { workloadPool: `${project}.svc.id.goog` },
      enableShieldedNodes: true,
      removeDefaultNodePool: true,
      initialNodeCount: 1,
      nodeConfig: { serviceAccount: email, oauthScopes },
      lifecycle: { preventDestroy: true, ignoreChanges: ["node_config"] },
      dependsOn: [clusterApi, account, nodeRole, policy],
    });
    new ContainerNodePool(stack, `${project}_${location}_${name}_nodes`, {
      project,
      location,
      cluster: name,
      name: "nodes",
      nodeCount: 1,
      nodeConfig: {
        machineType: "e2-standard-2",
        serviceAccount: email,
        oauthScopes,
        shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
        workloadMetadataConfig: { mode: "GKE_METADATA" },
      },
      dependsOn: [cluster],
    });
  }
}

app.synth();
