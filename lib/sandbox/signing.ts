import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  privateEncrypt,
  randomBytes,
} from "node:crypto";
import { promisify } from "node:util";
import { p256 } from "@noble/curves/p256";
import { p384 } from "@noble/curves/p384";
import type { SigningAlgorithm } from "../vocabulary/signing-algorithm";
import { invalid } from "./errors";

/**
 * What Cloud KMS does with a key: it signs a digest and never sees the message. node:crypto signs messages only, so the
 * curves come from noble-curves; for RSA, OpenSSL does the private operation and what is signed is encoded here.
 */

export type Hash = "sha256" | "sha384" | "sha512";

const DIGEST_BYTES: Record<Hash, number> = { sha256: 32, sha384: 48, sha512: 64 };

/** The fixed head of a DigestInfo per hash (RFC 8017, 9.2, note 1). */
const DIGEST_INFO: Record<Hash, string> = {
  sha256: "3031300d060960864801650304020105000420",
  sha384: "3041300d060960864801650304020205000430",
  sha512: "3051300d060960864801650304020305000440",
};

/** The hash that an algorithm's name ends in. */
export function hashOf(algorithm: SigningAlgorithm): Hash {
  return algorithm.kmsName.slice(algorithm.kmsName.lastIndexOf("SHA")).toLowerCase() as Hash;
}

// Making an RSA key of 4096 bits takes seconds. The n-th key of a kind is made once per process and used again by the next
// sandbox; within one sandbox no key is used twice.
const pool = new Map<string, Promise<string>[]>();

/** Makes the keys of one sandbox. */
export class KeyMaker {
  private readonly used = new Map<string, number>();

  /**
   * A private key as PEM in PKCS #8 form.
   * @param taken those that the state has from an earlier sandbox
   */
  async make(algorithm: SigningAlgorithm, taken: readonly string[] = []): Promise<string> {
    const shape = algorithm._keyShape;
    const kind = shape.namedCurve ?? String(shape.modulusLength);
    const keys = pool.get(kind) ?? [];
    pool.set(kind, keys);
    for (;;) {
      const nth = this.used.get(kind) ?? 0;
      this.used.set(kind, nth + 1);
      keys[nth] ??= generate(algorithm);
      const key = await keys[nth];
      if (!taken.includes(key)) {
        return key;
      }
    }
  }
}

async function generate({ _keyShape: shape }: SigningAlgorithm): Promise<string> {
  const make = promisify(generateKeyPair);
  const pair =
    shape.namedCurve === undefined
      ? await make("rsa", { modulusLength: shape.modulusLength ?? 0 })
      : await make("ec", { namedCurve: shape.namedCurve });
  return pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** The public half of a private key, as Cloud KMS answers it. */
export function publicPem(privatePem: string): string {
  return createPublicKey(privatePem).export({ type: "spki", format: "pem" }).toString();
}

/** Signs a digest. ECDSA answers in DER. */
export function signDigest(algorithm: SigningAlgorithm, privatePem: string, digest: Buffer): Buffer {
  const hash = hashOf(algorithm);
  if (digest.length !== DIGEST_BYTES[hash]) {
    throw invalid(
      `The ${hash} digest must be ${DIGEST_BYTES[hash]} bytes long, got ${digest.length}.`,
      `digest.${hash}`,
    );
  }
  const key = createPrivateKey(privatePem);
  if (algorithm._keyShape.type === "ec") {
    return signEcdsa(algorithm, key, digest);
  }
  if (algorithm.kmsName.includes("_PSS_")) {
    const encoded = encodePss(hash, (algorithm._keyShape.modulusLength ?? 0) / 8, digest);
    return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
  }
  const info = Buffer.concat([Buffer.from(DIGEST_INFO[hash], "hex"), digest]);
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, info);
}

function signEcdsa(algorithm: SigningAlgorithm, key: KeyObject, digest: Buffer): Buffer {
  const curve = algorithm._keyShape.namedCurve === "secp384r1" ? p384 : p256;
  const secret = Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url");
  return Buffer.from(curve.sign(digest, secret, { prehash: false, lowS: false }).toDERRawBytes());
}

/** EMSA-PSS (RFC 8017, 9.1.1) with a salt as long as the digest. */
function encodePss(hash: Hash, size: number, digest: Buffer): Buffer {
  const salt = randomBytes(digest.length);
  const hashed = createHash(hash)
    .update(Buffer.concat([Buffer.alloc(8), digest, salt]))
    .digest();
  const block = Buffer.concat([Buffer.alloc(size - hashed.length - 1 - salt.length - 1), Buffer.of(1), salt]);
  const mask = mgf1(hash, hashed, block.length);
  const masked = Buffer.from(block.map((byte, index) => byte ^ mask[index]));
  masked[0] &= 0x7f;
  return Buffer.concat([masked, hashed, Buffer.of(0xbc)]);
}

/** The mask generation function of RFC 8017, B.2.1. */
function mgf1(hash: Hash, seed: Buffer, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / DIGEST_BYTES[hash]) }, (_, index) => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(index);
    return createHash(hash).update(seed).update(counter).digest();
  });
  return Buffer.concat(blocks).subarray(0, length);
}

const CRC32C_TABLE = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return crc >>> 0;
});

/** CRC32C (RFC 3720, B.4) as Google's APIs write it: a decimal string. */
export function crc32c(bytes: Uint8Array): string {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc = CRC32C_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  }
  return String((crc ^ 0xffffffff) >>> 0);
}
