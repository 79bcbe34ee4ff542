import { verify } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TerraformStack } from "cdktf";
import {
  AdmissionPolicy,
  Attestor,
  ExistingPolicy,
  KeyVersion,
  PipelineSource,
  SignerPipeline,
  SigningAlgorithm,
  TrustRoot,
} from "../../lib";
import { type JsonObject, type Sandbox, type State, startSandbox } from "../../lib/sandbox";
import { call } from "../support/sandbox";
import { type CommandResult, findProgram, run, terraformMissing } from "../support/terraform";
import { Deployment, PROJECT, type StackJson, synthesizeStack } from "./support";

export const KEY = `projects/${PROJECT}/locations/global/keyRings/ring/cryptoKeys/key`;
export const ATTESTOR = `projects/${PROJECT}/attestors/build`;
export const NOTE = `projects/${PROJECT}/notes/build`;
export const REPOSITORY = `projects/${PROJECT}/locations/us-central1/repositories/apps`;
export const IMAGE = `us-central1-docker.pkg.dev/${PROJECT}/apps/web`;
export const DIGEST = `sha256:${"ab".repeat(32)}`;

/** The pipelines of the chain; their identities are called the same. */
export const PIPELINES = { web: "web-signed", createOnly: "api-signed" } as const;

export const versionName = (number: number): string => `${KEY}/cryptoKeyVersions/${number}`;
export const keyId = (number: number): string => `//cloudkms.googleapis.com/v1/${versionName(number)}`;
export const identityOf = (pipeline: string): string => `serviceAccount:${pipeline}@${PROJECT}.iam.gserviceaccount.com`;

/** Why the signing step cannot be run here; undefined where it can. */
export function signingMissing(): string | undefined {
  const absent = ["gcloud", "curl", "bash"].find((name) => findProgram(name) === undefined);
  return absent === undefined ? terraformMissing() : `${absent} was not found`;
}

/** A whole chain, its key with two versions, and two pipelines: one as by default, one that only creates attestations. */
export function signingChain(): StackJson {
  return synthesizeStack((stack) => void buildChain(stack));
}

// The provider collects enabled APIs for nine seconds; the reference deployment has them.
const APIS = { enableApis: false };

function buildChain(stack: TerraformStack): void {
  const algorithm = SigningAlgorithm.EC_SIGN_P256_SHA256;
  const trustRoot = new TrustRoot(stack, "TrustRoot", {
    keyRingName: "ring",
    keyName: "key",
    location: "global",
    versions: [
      KeyVersion.signing("first", { number: 1, algorithm }),
      KeyVersion.trusted("second", { number: 2, algorithm }),
    ],
    ...APIS,
  });
  const attestor = new Attestor(stack, "Attestor", { attestorName: "build", keys: [trustRoot], ...APIS });
  const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT, ...APIS });
  policy.addClusterRule({ location: "us-central1", clusterName: "prod", requiredAttestors: [attestor] });
  for (const [id, pipelineName] of Object.entries(PIPELINES)) {
    new SignerPipeline(stack, id, {
      pipelineName,
      attestors: [attestor],
      image: id === "web" ? IMAGE : `us-central1-docker.pkg.dev/${PROJECT}/apps/api`,
      createOnly: id === "createOnly",
      source: PipelineSource.manual({
        repository: `projects/${PROJECT}/locations/us-central1/connections/github/repositories/web`,
        ref: "refs/heads/main",
      }),
      ...APIS,
    });
  }
}

/** What a sandbox holds once the real terraform and the real provider have applied the chain. */
export async function applied(json: StackJson): Promise<State> {
  const google = await startSandbox({
    seed: { clusters: [{ project: PROJECT, location: "us-central1", name: "prod" }] },
  });
  const deployment = Deployment.against(google);
  try {
    await deployment.apply(json);
    expect(google.unknownRoutes).toEqual([]);
    return structuredClone(google.state);
  } finally {
    deployment.remove();
    await google.close();
  }
}

/** Runs `use` with a sandbox of its own, which begins with a copy of a state. */
export async function withSandbox<T>(state: State, use: (google: Sandbox) => Promise<T>): Promise<T> {
  const google = await startSandbox({ state: structuredClone(state) });
  try {
    return await use(google);
  } finally {
    await google.close();
  }
}

/** A step as Cloud Build got it. */
export interface Step {
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** Whom the build runs as, in IAM's form. */
  readonly identity: string;
}

interface Trigger {
  readonly serviceAccount: string;
  readonly build: {
    readonly steps: readonly { readonly id: string; readonly script: string; readonly env: string[] }[];
  };
}

/** The step that signs, from the trigger that was applied. */
export function signStep(google: Sandbox, pipeline: string): Step {
  const trigger = Object.values(google.state.triggers).find(({ name }) => name === pipeline) as unknown as Trigger;
  const [step, ...others] = trigger.build.steps.filter(({ id }) => id.startsWith("sign-"));
  expect(others).toEqual([]);
  return {
    script: step.script,
    env: Object.fromEntries(step.env.map((entry) => entry.split(/=(.*)/s).slice(0, 2))),
    identity: `serviceAccount:${trigger.serviceAccount.split("/").pop()}`,
  };
}

/** How a signing step is run. */
export interface SignOptions {
  /** @default - the pipeline that signs `IMAGE` */
  readonly pipeline?: string;
  /** What the file of the digest holds. @default DIGEST */
  readonly digest?: string;
  /** The number of the version that signs now. @default - as applied */
  readonly version?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the generated step with bash and the real gcloud, as the identity of its pipeline. */
export async function sign(google: Sandbox, options: SignOptions = {}): Promise<CommandResult> {
  const step = signStep(google, options.pipeline ?? PIPELINES.web);
  const folder = mkdtempSync(join(tmpdir(), "sign-"));
  try {
    const script = join(folder, "sign.sh");
    writeFileSync(script, step.script, { mode: 0o755 });
    writeFileSync(join(folder, "digest"), options.digest ?? DIGEST);
    const env = {
      ...google.environment(step.identity),
      ...step.env,
      DIGEST_FILE: join(folder, "digest"),
      ...(options.version !== undefined && { KEY_VERSION: versionName(options.version) }),
      ...options.env,
    };
    return await run(script, [], { cwd: folder, env });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a command as a principal; left out, the owner. */
export function runAs(google: Sandbox, principal: string | undefined, program: string, ...args: string[]) {
  return run(program, args, { env: google.environment(principal) });
}

interface Attestation {
  readonly attestation: {
    readonly serializedPayload: string;
    readonly signatures: readonly { readonly publicKeyId: string; readonly signature: string }[];
  };
  readonly noteName: string;
}

interface AttestorKeys {
  readonly userOwnedGrafeasNote: {
    readonly noteReference: string;
    readonly publicKeys: readonly { readonly id: string; readonly pkixPublicKey: { readonly publicKeyPem: string } }[];
  };
}

/**
 * The key ids for which a stored attestation verifies, by the attestor as it is: computed here with node's crypto alone,
 * not by the simulator that the sandbox itself asks. P-256 only.
 */
export function verifiedBy(google: Sandbox, occurrence: JsonObject, digest = DIGEST, attestor = ATTESTOR): string[] {
  const { attestation, noteName } = occurrence as unknown as Attestation;
  const { noteReference, publicKeys } = (google.state.attestors[attestor] as unknown as AttestorKeys)
    .userOwnedGrafeasNote;
  const payload = Buffer.from(attestation.serializedPayload, "base64");
  if (noteName !== noteReference || attestedDigest(payload) !== digest) {
    return [];
  }
  return attestation.signatures
    .filter(({ publicKeyId, signature }) => {
      const key = publicKeys.find(({ id }) => id === publicKeyId);
      return key && verify("sha256", payload, key.pkixPublicKey.publicKeyPem, Buffer.from(signature, "base64"));
    })
    .map(({ publicKeyId }) => publicKeyId);
}

function attestedDigest(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString()).critical.image["docker-manifest-digest"];
  } catch {
    return undefined;
  }
}

/** Whether Binary Authorization would admit a pod of the image. */
export async function admitted(google: Sandbox, image = `${IMAGE}@${DIGEST}`): Promise<boolean> {
  const review = {
    apiVersion: "imagepolicy.k8s.io/v1alpha1",
    kind: "ImageReview",
    spec: { containers: [{ image }], namespace: "default" },
  };
  const { status, json } = await call(google, "POST admission", review);
  expect(status).toBe(200);
  return (json.status as { allowed: boolean }).allowed;
}

/** What one run did. */
export interface Run extends CommandResult {
  /** The key ids that verify, for every attestation which is stored afterwards. */
  readonly attestations: readonly (readonly string[])[];
  readonly signatures: number;
  readonly admitted: boolean;
  /** What must never be, whatever was arranged. */
  readonly violations: readonly string[];
}

/** Runs a command that signs with a version, and looks at what it left. */
export async function observed(google: Sandbox, version: number, command: () => Promise<CommandResult>): Promise<Run> {
  const before = Object.keys(google.state.occurrences);
  const requests = google.requests.length;
  const result = await command();
  const stored = Object.entries(google.state.occurrences).map(([name, occurrence]) => ({
    name,
    keys: verifiedBy(google, occurrence),
  }));
  const violations = [
    ...(result.exitCode === 0 && !stored.some(({ keys }) => keys.includes(keyId(version)))
      ? [`ended with 0, and no attestation by version ${version} verifies`]
      : []),
    ...stored
      .filter(({ name, keys }) => !before.includes(name) && keys.length === 0)
      .map(({ name }) => `uploaded ${name}, which does not verify`),
  ];
  return {
    ...result,
    attestations: stored.map(({ keys }) => keys),
    signatures: google.requests.slice(requests).filter(({ path }) => path.endsWith(":asymmetricSign")).length,
    admitted: await admitted(google),
    violations,
  };
}

export const signed = (google: Sandbox, options: SignOptions = {}): Promise<Run> =>
  observed(google, options.version ?? 1, () => sign(google, options));

/** Does the work for every item, a few at a time: gcloud spends much of its time waiting. */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>, atOnce = 4): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await work(items[index]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
