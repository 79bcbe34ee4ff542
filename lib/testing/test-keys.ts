import { constants, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { publicKeyDigestId } from "../vocabulary/public-key";
import type { SigningAlgorithm } from "../vocabulary/signing-algorithm";

/** A key pair that stands in for one whose private half is in Cloud KMS. */
export interface TestKey {
  /** PEM of the SubjectPublicKeyInfo. */
  readonly publicKeyPem: string;
  /** The digest of the public key, by which keys are compared. */
  readonly fingerprint: string;
  /** Signs as Cloud KMS does. */
  readonly sign: (data: Uint8Array) => Uint8Array;
}

const keys = new Map<string, TestKey>();

/**
 * The key pair of a key id: always the same one in one process, since an RSA key of 4096 bits takes over a second to make.
 */
export function testKey(algorithm: SigningAlgorithm, keyId: string): TestKey {
  const name = `cdktf-binauthz/test-key ${algorithm.kmsName} ${keyId}`;
  const found = keys.get(name);
  if (found) {
    return found;
  }
  const privateKey = privateKeyOf(name, algorithm);
  const publicKey = createPublicKey(privateKey);
  const key = {
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    fingerprint: publicKeyDigestId(publicKey),
    sign: (data: Uint8Array) => signWith(privateKey, algorithm, data),
  };
  keys.set(name, key);
  return key;
}

/**
 * Test runners load modules anew for each file of tests. What is kept with the thread outlives that, and is never written
 * anywhere.
 */
function privateKeyOf(name: string, algorithm: SigningAlgorithm): KeyObject {
  const kept = getEnvironmentData(name);
  if (typeof kept === "string") {
    return createPrivateKey(kept);
  }
  const made = generate(algorithm);
  setEnvironmentData(name, made.export({ type: "pkcs8", format: "pem" }).toString());
  return made;
}

function generate({ _keyShape: shape }: SigningAlgorithm): KeyObject {
  return shape.type === "ec"
    ? generateKeyPairSync("ec", { namedCurve: shape.namedCurve as string }).privateKey
    : generateKeyPairSync("rsa", { modulusLength: shape.modulusLength as number }).privateKey;
}

function signWith(key: KeyObject, { kmsName }: SigningAlgorithm, data: Uint8Array): Uint8Array {
  const hash = `sha${kmsName.slice(kmsName.lastIndexOf("SHA") + 3)}`;
  const padding = kmsName.includes("_PSS_")
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {};
  return sign(hash, data, { key, dsaEncoding: "der", ...padding });
}
