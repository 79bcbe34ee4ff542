import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { App, TerraformStack } from "cdktf";
import {
  AdmissionPolicy,
  Attestor,
  EnforcedCluster,
  ExistingPolicy,
  KeyVersion,
  PipelineSource,
  SignerPipeline,
  SigningAlgorithm,
  TrustRoot,
} from "./lib";

// The reference deployment: the whole chain of trust of one project, on one page.

const project = process.env.GOOGLE_PROJECT || "my-secure-project";
const region = "us-central1";

const app = new App();
const stack = new TerraformStack(app, "binauthz");
new GoogleProvider(stack, "Google", { project, region });

// Who may vouch for an image: whoever can use this key.
const trustRoot = new TrustRoot(stack, "TrustRoot", {
  keyRingName: "binauthz-ring",
  keyName: "build-signer-key",
  location: "global",
  versions: [KeyVersion.signing("first", { number: 1, algorithm: SigningAlgorithm.RSA_SIGN_PKCS1_4096_SHA512 })],
});

// What the key's signatures are called, and where they are kept.
const attestor = new Attestor(stack, "BuildAttestor", {
  attestorName: "build-attestor",
  noteName: "build-provenance-note",
  humanReadableName: "CI/CD Build Pipeline",
  keys: [trustRoot],
});

// What runs in the project: exempt images, what the attestor vouched for on the clusters below, and nothing else.
const policy = new AdmissionPolicy(stack, "Policy", {
  existing: ExistingPolicy.ADOPT,
  exemptImages: [
    "quay.io/example-monitor/*",
    "gcr.io/google_containers/*",
    "gcr.io/google-containers/*",
    "k8s.gcr.io/*",
    "gke.gcr.io/*",
    "gcr.io/stackdriver-agents/*",
  ],
});

// A cluster that other people manage, and a new one.
const existing = EnforcedCluster.fromClusterName(stack, "MyCluster", {
  clusterName: "my-cluster",
  location: region,
  policy,
  requiredAttestors: [attestor],
});
const prod = new EnforcedCluster(stack, "Prod", {
  clusterName: "prod",
  location: `${region}-a`,
  policy,
  requiredAttestors: [attestor],
  imageRepositories: [`projects/${project}/locations/${region}/repositories/my-repo`],
});

// The build that vouches: it signs the digest of what it pushed, with an identity that can do just that.
const pipeline = new SignerPipeline(stack, "Pipeline", {
  attestors: [attestor],
  image: `${region}-docker.pkg.dev/${project}/my-repo/my-app`,
  source: PipelineSource.manual({
    repository: `projects/${project}/locations/${region}/connections/my-connection/repositories/my-app`,
    ref: "refs/heads/main",
  }),
});

app.synth();

export { app, attestor, existing, pipeline, policy, prod, stack, trustRoot };
