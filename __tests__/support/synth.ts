import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { type App, TerraformStack, Testing } from "cdktf";
import type { Construct } from "constructs";
import {
  AdmissionPolicy,
  type AdmissionPolicyProps,
  Attestor,
  type AttestorProps,
  BuildPipeline,
  type BuildPipelineProps,
  ExistingPolicy,
  KeyVersion,
  PipelineSource,
  type Problem,
  Problems,
  SignedBuild,
  SignerPipeline,
  type SignerPipelineProps,
  SigningAlgorithm,
  SigningTrigger,
  type SigningTriggerProps,
  TrustRoot,
  type TrustRootProps,
  VettedImages,
  type VettedImagesProps,
} from "../../lib";

/** The project of every test stack, unless the test is about projects. */
export const PROJECT = "my-secure-project";
export const REGION = "us-central1";
export const KEY = `projects/${PROJECT}/locations/global/keyRings/binauthz-ring/cryptoKeys/build-signer-key`;
export const ATTESTOR = `projects/${PROJECT}/attestors/build-attestor`;
export const NOTE = `projects/${PROJECT}/notes/build-attestor`;
export const REPOSITORY = `projects/${PROJECT}/locations/${REGION}/repositories/my-repo`;
export const IMAGE = `${REGION}-docker.pkg.dev/${PROJECT}/my-repo/my-app`;
export const CONNECTED = `projects/${PROJECT}/locations/${REGION}/connections/my-connection/repositories/my-app`;
export const VETTED = `${REGION}-docker.pkg.dev/${PROJECT}/vetted`;
export const MEMBER = `serviceAccount:robot@${PROJECT}.iam.gserviceaccount.com`;

const outdirs: string[] = [];

/** An app that writes into a folder of its own, removed when the tests of the file are through. */
export function testApp(): App {
  const outdir = mkdtempSync(join(tmpdir(), "binauthz-synth-"));
  outdirs.push(outdir);
  return Testing.app({ outdir });
}

// Not when the process ends: jest hands each test file a process object of its own, which never does.
afterAll(() => {
  for (const outdir of outdirs.splice(0)) {
    rmSync(outdir, { recursive: true, force: true });
  }
});

export interface TestStackOptions {
  /** The app, where several stacks share one. */
  readonly app?: App;
  readonly id?: string;
  /** The project of the google provider; `null` leaves it out. */
  readonly project?: string | null;
}

/** A stack with the google provider that constructs take their project from. */
export function testStack(options: TestStackOptions = {}): TerraformStack {
  const stack = new TerraformStack(options.app ?? testApp(), options.id ?? "Stack");
  const project = options.project === undefined ? PROJECT : options.project;
  new GoogleProvider(stack, "Google", { project: project ?? undefined, region: REGION });
  return stack;
}

/** What a refusal said; fails the test where nothing was refused, or something else went wrong. */
export function problemsOf(action: () => unknown): Problem[] {
  try {
    action();
  } catch (error) {
    const problems = Problems.of(error);
    if (problems.length === 0) {
      throw error;
    }
    return problems;
  }
  throw new Error("expected a refusal, but nothing was refused");
}

/** The same as the lines that a person reads. */
export function refusalOf(action: () => unknown): string[] {
  return problemsOf(action).map(({ code, constructPath, message }) => `[${code}] ${constructPath}: ${message}`);
}

// Small versions of the reference deployment's constructs: each test names only what it is about.

export function trustRootIn(scope: Construct, props: Partial<TrustRootProps> = {}, id = "TrustRoot"): TrustRoot {
  return new TrustRoot(scope, id, {
    keyRingName: "binauthz-ring",
    keyName: "build-signer-key",
    location: "global",
    ...props,
  });
}

/** A trust root whose public key is pinned, where the data source is not the matter. */
export function pinnedVersion(id = "first", number = 1): KeyVersion {
  return KeyVersion.signing(id, {
    number,
    algorithm: SigningAlgorithm.EC_SIGN_P256_SHA256,
    publicKeyPem: P256_PEM,
  });
}

export function attestorIn(scope: Construct, props: Partial<AttestorProps> = {}, id = "Attestor"): Attestor {
  const keyName = props.attestorName === undefined ? "build-signer-key" : `${props.attestorName}-key`;
  return new Attestor(scope, id, {
    attestorName: "build-attestor",
    ...props,
    keys: props.keys ?? [trustRootIn(scope, { keyName }, `${id}TrustRoot`)],
  });
}

export function policyIn(scope: Construct, props: Partial<AdmissionPolicyProps> = {}, id = "Policy"): AdmissionPolicy {
  return new AdmissionPolicy(scope, id, { existing: ExistingPolicy.REPLACE, ...props });
}

export function pipelineIn(
  scope: Construct,
  props: Partial<SignerPipelineProps> = {},
  id = "Pipeline",
): SignerPipeline {
  return new SignerPipeline(scope, id, {
    image: IMAGE,
    source: PipelineSource.manual({ repository: CONNECTED, ref: "refs/heads/main" }),
    ...props,
    attestors: props.attestors ?? [attestorIn(scope, {}, `${id}Attestor`)],
  });
}

export function buildIn(scope: Construct, props: Partial<BuildPipelineProps> = {}, id = "Build"): BuildPipeline {
  return new BuildPipeline(scope, id, {
    image: IMAGE,
    source: PipelineSource.push({ repository: CONNECTED }),
    ...props,
  });
}

export function signerIn(scope: Construct, props: Partial<SigningTriggerProps> = {}, id = "Signer"): SigningTrigger {
  return new SigningTrigger(scope, id, {
    triggerName: "sign-my-app",
    location: REGION,
    ...props,
    attestors: props.attestors ?? [attestorIn(scope, {}, `${id}Attestor`)],
    builds: props.builds ?? [
      SignedBuild.ofPipeline(buildIn(scope, {}, `${id}Build`), { repositoryUrl: "https://github.com/my-org/my-app" }),
    ],
  });
}

export function vettedIn(scope: Construct, props: Partial<VettedImagesProps> = {}, id = "Vetted"): VettedImages {
  return new VettedImages(scope, id, {
    triggerName: "vetted-images",
    source: PipelineSource.push({ repository: CONNECTED }),
    repository: VETTED,
    ...props,
    attestors: props.attestors ?? [attestorIn(scope, {}, `${id}Attestor`)],
  });
}

/** The public key of Google's own example, see __tests__/vocabulary/public-key.test.ts. */
export const P256_PEM = [
  "-----BEGIN PUBLIC KEY-----",
  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXnpuYEfvLl1kj4fjxViFRwY1a+zC",
  "5qzlf9LJIK+rnjq42tiKGyyXMbnZKJiYPPdMDGyltnkrABnztg2jJ48aYQ==",
  "-----END PUBLIC KEY-----",
  "",
].join("\n");
