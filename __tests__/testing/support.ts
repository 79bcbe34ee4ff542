import { type App, TerraformStack } from "cdktf";
import { EnforcedCluster, KeyVersion, PipelineSource, SignerPipeline, SigningAlgorithm } from "../../lib";
import { attestorIn, IMAGE, policyIn, REGION, testStack, trustRootIn } from "../support/synth";

export { TerraformStack };

export const DIGEST = `sha256:${"a".repeat(64)}`;
export const OTHER_DIGEST = `sha256:${"b".repeat(64)}`;
export const SIGNED = `${IMAGE}@${DIGEST}`;

export const NO_DIGEST = "Expected digest with sha256 scheme, but got tag or malformed digest";
export const NO_ATTESTATION = "No attestations found that were valid and signed by a key trusted by the attestor";
const WEBHOOK = 'admission webhook "imagepolicywebhook.image-policy.k8s.io" denied the request: ';
export const SYSTEM_POLICY =
  "Google's system policy is taken as the patterns that Google documents; the real one differs by region and release";

/** Google's text about an image that an attestor of a cluster's rule refuses. */
export function denied(image: string, cluster: string, attestor: string, reason: string): string {
  return `${WEBHOOK}Image ${image} denied by Binary Authorization cluster admission rule for ${cluster}. Image ${image} denied by attestor ${attestor}: ${reason}`;
}

/** What a failing expectation says, by lines; fails the test where it does not fail. */
export function failureOf(expectation: () => void): string[] {
  try {
    expectation();
  } catch (error) {
    return (error as Error).message.split("\n");
  }
  throw new Error("expected a failure, but the expectation holds");
}

/** The attestor of every small stack here signs with P-256, which is made at once. */
export const EC = SigningAlgorithm.EC_SIGN_P256_SHA256;

export interface SmallOptions {
  readonly app?: App;
  readonly versions?: KeyVersion[];
  readonly dryRun?: boolean;
  readonly pipeline?: boolean;
}

/** One attestor, one policy, and the new cluster `prod` that requires the attestor. */
export function smallStack(options: SmallOptions = {}): TerraformStack {
  const stack = testStack({ app: options.app });
  const trustRoot = trustRootIn(stack, {
    versions: options.versions ?? [KeyVersion.signing("first", { number: 1, algorithm: EC })],
  });
  const attestor = attestorIn(stack, { keys: [trustRoot] });
  new EnforcedCluster(stack, "Prod", {
    clusterName: "prod",
    location: REGION,
    policy: policyIn(stack, { exemptImages: ["quay.io/monitor/*"] }),
    requiredAttestors: [attestor],
    dryRun: options.dryRun,
  });
  if (options.pipeline) {
    new SignerPipeline(stack, "Pipeline", {
      attestors: [attestor],
      image: IMAGE,
      source: PipelineSource.manual({
        repository: `projects/my-secure-project/locations/${REGION}/connections/my-connection/repositories/my-app`,
        ref: "refs/heads/main",
      }),
    });
  }
  return stack;
}
