import { createHash } from "node:crypto";
import { type JsonObject, type Sandbox, type SandboxOptions, startSandbox } from "../../lib/sandbox";
import { call } from "../support/sandbox";

export const PROJECT = "demo-project";
export const RING = `projects/${PROJECT}/locations/global/keyRings/ring`;
export const KEY = `${RING}/cryptoKeys/key`;
export const NOTE = `projects/${PROJECT}/notes/built`;
export const ATTESTOR = `projects/${PROJECT}/attestors/built`;
export const POLICY = `projects/${PROJECT}/policy`;
export const DIGEST = `sha256:${"a".repeat(64)}`;
export const REPOSITORY = `us-central1-docker.pkg.dev/${PROJECT}/images/app`;
export const IMAGE = `${REPOSITORY}@${DIGEST}`;
export const BLOCK = "ENFORCED_BLOCK_AND_AUDIT_LOG";

/** What gcloud signs for an image. */
export function payload(digest = DIGEST): Buffer {
  const critical = {
    identity: { "docker-reference": REPOSITORY },
    image: { "docker-manifest-digest": digest },
    type: "Google cloud binauthz container signature",
  };
  return Buffer.from(`${JSON.stringify({ critical }, null, 2)}\n`);
}

/** Starts a sandbox for the tests of a block, and stops it. */
export function useSandbox(options: SandboxOptions = {}): { readonly sandbox: Sandbox } {
  const holder = { sandbox: undefined as unknown as Sandbox };
  beforeEach(async () => {
    holder.sandbox = await startSandbox(options);
  });
  afterEach(() => holder.sandbox.close());
  return holder;
}

async function must(sandbox: Sandbox, request: string, body: object): Promise<JsonObject> {
  const answer = await call(sandbox, request, body);
  if (answer.status !== 200) {
    throw new Error(`${request}: ${JSON.stringify(answer)}`);
  }
  return answer.json;
}

/** A key ring, a key and its first version, whose name is returned. */
export async function makeKey(sandbox: Sandbox, algorithm = "EC_SIGN_P256_SHA256", id = "key"): Promise<string> {
  if (sandbox.state.keyRings[RING] === undefined) {
    await must(sandbox, `POST cloudkms/v1/projects/${PROJECT}/locations/global/keyRings?keyRingId=ring`, {});
  }
  await must(sandbox, `POST cloudkms/v1/${RING}/cryptoKeys?cryptoKeyId=${id}`, {
    purpose: "ASYMMETRIC_SIGN",
    versionTemplate: { algorithm, protectionLevel: "HSM" },
  });
  return `${RING}/cryptoKeys/${id}/cryptoKeyVersions/1`;
}

export function keyId(version: string): string {
  return `//cloudkms.googleapis.com/v1/${version}`;
}

/** A note, and an attestor that trusts a version. */
export async function makeAttestor(
  sandbox: Sandbox,
  version: string,
  signatureAlgorithm = "EC_SIGN_P256_SHA256",
): Promise<void> {
  await must(sandbox, `POST containeranalysis/v1/projects/${PROJECT}/notes?noteId=built`, {
    attestation: { hint: { humanReadableName: "built" } },
  });
  const publicKeyPem = await sandbox.publicKeyPem(version);
  await must(sandbox, `POST binaryauthorization/v1/projects/${PROJECT}/attestors?attestorId=built`, {
    userOwnedGrafeasNote: {
      noteReference: NOTE,
      publicKeys: [{ id: keyId(version), pkixPublicKey: { publicKeyPem, signatureAlgorithm } }],
    },
  });
}

/** An attestation of the image, signed by the sandbox's key as gcloud has it signed: by its digest. */
export async function sign(sandbox: Sandbox, version: string, hash = "sha256", digest = DIGEST): Promise<JsonObject> {
  const data = payload(digest);
  const signed = await must(sandbox, `POST cloudkms/v1/${version}:asymmetricSign`, {
    digest: { [hash]: createHash(hash).update(data).digest("base64url") },
  });
  return {
    serializedPayload: data.toString("base64url"),
    signatures: [{ publicKeyId: keyId(version), signature: signed.signature }],
  };
}

/** Stores an attestation as gcloud does. */
export function attest(sandbox: Sandbox, attestation: JsonObject, image = IMAGE) {
  return call(sandbox, `POST containeranalysis/v1/projects/${PROJECT}/occurrences`, {
    kind: "ATTESTATION",
    noteName: NOTE,
    resourceUri: image,
    attestation,
  });
}

/** A policy that requires the attestor in one cluster, and denies elsewhere. */
export function requiring(cluster: string, enforcementMode = BLOCK): JsonObject {
  return {
    globalPolicyEvaluationMode: "ENABLE",
    defaultAdmissionRule: { evaluationMode: "ALWAYS_DENY", enforcementMode: BLOCK },
    clusterAdmissionRules: {
      [cluster]: { evaluationMode: "REQUIRE_ATTESTATION", enforcementMode, requireAttestationsBy: [ATTESTOR] },
    },
  };
}
