import { createHash } from "node:crypto";
import { parseArtifact, payloadBytes, writeOccurrence } from "../../admission/payload";
import type { Sandbox } from "../../sandbox";
import { type JsonObject, list, obj, str } from "../../sandbox/json";
import { SigningAlgorithm } from "../../vocabulary/signing-algorithm";
import { CallError, clientOf } from "./client";
import type { Chain } from "./configuration";
import { findProgram, run } from "./programs";
import { environmentOf, firstError, NO_OTHER_HOSTS } from "./terraform";

const LIMIT = 45_000;

/** What signed. */
export interface Signed {
  /** Why it was not gcloud, as the beginning of a sentence; left out where it was. */
  readonly instead?: string;
}

/** Attests an image as the pipeline's identity: with gcloud where it is there, else by the calls that gcloud makes. */
export async function signImage(
  image: string,
  chain: Chain,
  sandbox: Sandbox,
  options: { readonly gcloud: boolean; readonly signal: AbortSignal },
): Promise<Signed> {
  const gcloud = options.gcloud ? findProgram("gcloud") : undefined;
  if (gcloud === undefined) {
    await signByRest(image, chain, sandbox, options.signal);
    return { instead: options.gcloud ? "gcloud is not on the PATH" : "gcloud was left out" };
  }
  const env = { ...environmentOf(process.env), ...sandbox.environment(chain.signer), ...NO_OTHER_HOSTS };
  const args = [
    "beta",
    "container",
    "binauthz",
    "attestations",
    "sign-and-create",
    `--project=${chain.project}`,
    `--artifact-url=${image}`,
    `--attestor=${chain.attestor}`,
    `--keyversion=${chain.keyVersion}`,
    `--public-key-id-override=//cloudkms.googleapis.com/v1/${chain.keyVersion}`,
    "--validate",
  ];
  const ended = await run(gcloud, args, { env, signal: options.signal, limit: LIMIT });
  if (ended.code === 0) {
    return {};
  }
  const problem = ended.tooLong ? `it was not done after ${LIMIT / 1000} seconds` : firstError(ended);
  await signByRest(image, chain, sandbox, options.signal);
  return { instead: `gcloud could not (${problem})` };
}

/** The same bytes, and the same two calls. */
async function signByRest(image: string, chain: Chain, sandbox: Sandbox, signal: AbortSignal): Promise<void> {
  const parsed = parseArtifact(image);
  if ("error" in parsed) {
    throw new Error(`${image} cannot be attested: it ${parsed.error}`);
  }
  const call = clientOf(sandbox.url, chain.signer, signal);
  const { keyVersion, attestor, note } = chain;
  const keyId = `//cloudkms.googleapis.com/v1/${keyVersion}`;
  const stored = await call("GET", `binaryauthorization/v1/${attestor}`);
  const key = list(obj(stored.userOwnedGrafeasNote).publicKeys).find(({ id }) => id === keyId);
  const algorithm = SigningAlgorithm.of(str(obj(key?.pkixPublicKey).signatureAlgorithm));
  const hash = algorithm.kmsName.slice(algorithm.kmsName.lastIndexOf("SHA")).toLowerCase();
  const digest = createHash(hash).update(payloadBytes(parsed.artifact)).digest("base64");
  const { signature } = await call("POST", `cloudkms/v1/${keyVersion}:asymmetricSign`, { digest: { [hash]: digest } });
  const occurrence = writeOccurrence({
    artifact: parsed.artifact,
    noteName: note,
    signatures: [{ publicKeyId: keyId, signature: Buffer.from(str(signature), "base64") }],
  });
  try {
    await call("POST", `containeranalysis/v1/projects/${note.split("/")[1]}/occurrences`, {
      ...(occurrence as unknown as JsonObject),
    });
  } catch (error) {
    // gcloud may have stored its own before it failed.
    if (!(error instanceof CallError && error.status === 409)) {
      throw error;
    }
  }
}
