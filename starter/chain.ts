import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { type App, GcsBackend, TerraformStack } from "cdktf";
import {
  AdmissionPolicy,
  Attestor,
  EnforcedCluster,
  ExistingPolicy,
  PipelineSource,
  SignerPipeline,
  TrustRoot,
} from "cdktf-binauthz";

/** What differs from company to company. */
export interface Settings {
  readonly project: string;
  readonly region: string;
  /** The repository with the source of the image, as Cloud Build knows it. */
  readonly source: string;
  /** A bucket for Terraform's state. Without one it is a file on this computer. */
  readonly stateBucket?: string;
}

/** The whole chain of trust of one project: a key, an attestor, a policy, a cluster, and a build that signs. */
export function chain(app: App, { project, region, source, stateBucket }: Settings): TerraformStack {
  const stack = new TerraformStack(app, "binauthz");
  new GoogleProvider(stack, "Google", { project, region });
  if (stateBucket !== undefined) {
    new GcsBackend(stack, { bucket: stateBucket, prefix: "binauthz" });
  }

  // Who may vouch for an image: whoever can use this key.
  const trustRoot = new TrustRoot(stack, "TrustRoot", {
    keyRingName: "binauthz",
    keyName: "build-signer",
    location: "global",
  });

  // What the key's signatures are called, and where they are kept.
  const attestor = new Attestor(stack, "Attestor", { attestorName: "built-by-ci", keys: [trustRoot] });

  // What runs in the project: what the attestor vouched for on the cluster below, and nothing else.
  const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT });
  new EnforcedCluster(stack, "Prod", {
    clusterName: "prod",
    location: region,
    policy,
    requiredAttestors: [attestor],
    imageRepositories: [`projects/${project}/locations/${region}/repositories/apps`],
  });

  // The build that vouches: it signs the digest of what it pushed, with an identity that can do just that.
  new SignerPipeline(stack, "Pipeline", {
    attestors: [attestor],
    image: `${region}-docker.pkg.dev/${project}/apps/web`,
    source: PipelineSource.push({ repository: source }),
  });
  return stack;
}
