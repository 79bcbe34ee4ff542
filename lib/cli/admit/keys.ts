import type { TrustModel } from "../../trust";
import { readText } from "../../trust/private/text";
import { type KnownPublicKey, signedAs, withPublicKey } from "../../trust/public-keys";
import { keyMismatch, parsePublicKey, publicKeyDigestId } from "../../vocabulary/public-key";
import { KEY_VERSION_FORM, kmsKeyId, parseKeyVersionName } from "../../vocabulary/resource-name";
import { SigningAlgorithm } from "../../vocabulary/signing-algorithm";
import { UsageError } from "../usage-error";

/**
 * A copy of the model with the public keys of `--keys KEYVERSION=FILE.pem`.
 * @throws UsageError for a name or file that cannot be read, and for a key that is not the one the model knows
 */
export function withKeys(model: TrustModel, texts: readonly string[]): TrustModel {
  return texts.reduce((current, text) => withPublicKey(current, readKey(current, text)), model);
}

function readKey(model: TrustModel, text: string): KnownPublicKey {
  const separator = text.indexOf("=");
  const name = text.slice(0, Math.max(separator, 0)).replace(/^\/\/cloudkms\.googleapis\.com\/v1\//, "");
  const path = text.slice(separator + 1);
  if (parseKeyVersionName(name) === undefined || path === "") {
    throw new UsageError(`--keys ${text} is not understood; allowed: ${KEY_VERSION_FORM}=FILE.pem`);
  }
  const pem = readText(path);
  const parsed = parsePublicKey(pem);
  if ("error" in parsed) {
    throw new UsageError(
      `--keys: ${path} ${parsed.error}; allowed: the public key in PEM, as gcloud kms keys versions get-public-key prints it`,
    );
  }
  const keyId = kmsKeyId(name);
  const fingerprint = publicKeyDigestId(parsed.key);
  const algorithms = checkAgainst(model, keyId, name, fingerprint);
  for (const algorithm of algorithms) {
    const mismatch = keyMismatch(parsed.key, algorithm);
    if (mismatch !== undefined) {
      throw new UsageError(`--keys: ${path} ${mismatch}; allowed: the public key of ${name}`);
    }
  }
  const [algorithm] = algorithms;
  return {
    keyId,
    publicKey: { format: "pem", pem, fingerprint },
    ...(algorithm && { algorithm: algorithm.attestorName }),
  };
}

/** The algorithms that the model gives the key; a key that nothing names, or another one than is known, is a mix-up. */
function checkAgainst(model: TrustModel, keyId: string, name: string, fingerprint: string): SigningAlgorithm[] {
  const ofAttestors = model.attestors.flatMap(({ publicKeys }) =>
    publicKeys.state === "known" ? publicKeys.value.filter(({ id }) => id.state === "known") : [],
  );
  const idOf = (key: (typeof ofAttestors)[number]) => (key.id.state === "known" ? signedAs(key.id.value) : "");
  const named = ofAttestors.filter((key) => idOf(key) === keyId);
  const versions = model.keyVersions.filter((version) => version.name === name);
  if (named.length === 0 && versions.length === 0) {
    const known = [...new Set(ofAttestors.map(idOf))].sort().join(", ") || "none with a known id";
    throw new UsageError(`--keys: no attestor or key version of the sources is ${name}; keys of attestors: ${known}`);
  }
  const materials = [...named.map(({ material }) => material), ...versions.map(({ publicKey }) => publicKey)];
  const other = materials.some(
    (material) =>
      material.state === "known" && material.value.format === "pem" && material.value.fingerprint !== fingerprint,
  );
  if (other) {
    throw new UsageError(`--keys: the sources have another public key for ${name}; allowed: the key that it has`);
  }
  const algorithms = [...named, ...versions].flatMap(({ algorithm }) =>
    algorithm.state === "known" ? (SigningAlgorithm._named(algorithm.value) ?? []) : [],
  );
  return [...new Map(algorithms.map((algorithm) => [algorithm.attestorName, algorithm])).values()];
}
