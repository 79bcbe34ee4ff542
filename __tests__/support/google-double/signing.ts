import {
  constants,
  createECDH,
  createHash,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  privateEncrypt,
  randomBytes,
  verify,
} from "node:crypto";
import { promisify } from "node:util";
import { invalid } from "./errors";

type Hash = "sha256" | "sha384" | "sha512";

interface EcCurve {
  readonly name: "prime256v1" | "secp384r1" | "secp521r1";
  readonly bytes: number;
}

/** What an algorithm's name says, in Cloud KMS spelling. */
export interface Algorithm {
  readonly name: string;
  readonly hash: Hash;
  readonly kind: "PKCS1" | "PSS" | "EC";
  readonly bits: number;
}

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const P256: EcCurve = { name: "prime256v1", bytes: 32 };
const P384: EcCurve = { name: "secp384r1", bytes: 48 };
const P521: EcCurve = { name: "secp521r1", bytes: 66 };
const CURVES: Record<number, EcCurve> = { 256: P256, 384: P384, 521: P521 };

/** The orders of the curves' groups (FIPS 186-4, D.1.2), needed to finish a signature by hand. */
const ORDERS: Record<number, bigint> = {
  256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
};

/** The fixed head of a DigestInfo (RFC 8017, 9.2) per hash. */
const DIGEST_INFO: Record<Hash, string> = {
  sha256: "3031300d060960864801650304020105000420",
  sha384: "3041300d060960864801650304020205000430",
  sha512: "3051300d060960864801650304020305000440",
};

const DIGEST_BYTES: Record<Hash, number> = { sha256: 32, sha384: 48, sha512: 64 };

const KMS_ALGORITHMS = [
  "RSA_SIGN_PKCS1_2048_SHA256",
  "RSA_SIGN_PKCS1_3072_SHA256",
  "RSA_SIGN_PKCS1_4096_SHA256",
  "RSA_SIGN_PKCS1_4096_SHA512",
  "RSA_SIGN_PSS_2048_SHA256",
  "RSA_SIGN_PSS_3072_SHA256",
  "RSA_SIGN_PSS_4096_SHA256",
  "RSA_SIGN_PSS_4096_SHA512",
  "EC_SIGN_P256_SHA256",
  "EC_SIGN_P384_SHA384",
];

export function isKmsAlgorithm(name: string): boolean {
  return KMS_ALGORITHMS.includes(name);
}

/** Reads either spelling: `EC_SIGN_P256_SHA256` and `ECDSA_P256_SHA256` are one algorithm. */
export function parseAlgorithm(name: string): Algorithm | undefined {
  const rsa = /^RSA_(?:SIGN_)?(PKCS1|PSS)_(2048|3072|4096)_SHA(256|512)$/.exec(name);
  const ec = /^(?:EC_SIGN|ECDSA)_P(256|384|521)_SHA(256|384|512)$/.exec(name);
  if (rsa) {
    const kind = rsa[1] === "PSS" ? "PSS" : "PKCS1";
    return { name, kind, bits: Number(rsa[2]), hash: rsa[3] === "512" ? "sha512" : "sha256" };
  }
  const hashes: Record<string, Hash> = { "256": "sha256", "384": "sha384", "512": "sha512" };
  const hash = hashes[ec?.[2] ?? ""];
  return ec && hash ? { name, kind: "EC", bits: Number(ec[1]), hash } : undefined;
}

/** The spelling in which Binary Authorization answers, whatever spelling it was given. */
export function canonicalAlgorithm(name: string): string {
  return name.replace(/^EC_SIGN_(P\d+_SHA\d+)$/, "ECDSA_$1").replace(/^RSA_SIGN_PSS_(\d+_SHA\d+)$/, "RSA_PSS_$1");
}

// Making an RSA key of 4096 bits takes seconds. The n-th key of a kind is made once per process and handed out
// again by the next double; within one double no key is handed out twice.
const pool = new Map<string, Promise<KeyPair>[]>();

export class KeyMaker {
  private readonly used = new Map<string, number>();

  make(algorithm: Algorithm): Promise<KeyPair> {
    const kind = algorithm.kind === "EC" ? `EC${algorithm.bits}` : `RSA${algorithm.bits}`;
    const n = this.used.get(kind) ?? 0;
    this.used.set(kind, n + 1);
    const keys = pool.get(kind) ?? [];
    pool.set(kind, keys);
    const key = keys[n] ?? generate(algorithm);
    keys[n] = key;
    return key;
  }
}

function generate(algorithm: Algorithm): Promise<KeyPair> {
  const make = promisify(generateKeyPair);
  return algorithm.kind === "EC"
    ? make("ec", { namedCurve: (CURVES[algorithm.bits] ?? P256).name })
    : make("rsa", { modulusLength: algorithm.bits });
}

export function pemOf(key: KeyPair): string {
  return key.publicKey.export({ type: "spki", format: "pem" }).toString();
}

/** Both base64 alphabets: gcloud writes the URL-safe one into bytes fields. Node's decoder takes either. */
export function decodeBytes(value: string): Buffer {
  return Buffer.from(value, "base64");
}

/** Signs a digest, as Cloud KMS does: it never sees the message. */
export function signDigest(algorithm: Algorithm, key: KeyPair, digest: Buffer): Buffer {
  if (digest.length !== DIGEST_BYTES[algorithm.hash]) {
    throw invalid(`The digest must be a ${algorithm.hash} digest for ${algorithm.name}.`);
  }
  switch (algorithm.kind) {
    case "PKCS1":
      return signPkcs1(algorithm, key, digest);
    case "PSS":
      return signPss(algorithm, key, digest);
    default:
      return signEcdsa(algorithm, key, digest);
  }
}

function signPkcs1(algorithm: Algorithm, key: KeyPair, digest: Buffer): Buffer {
  const info = Buffer.concat([Buffer.from(DIGEST_INFO[algorithm.hash], "hex"), digest]);
  return privateEncrypt({ key: key.privateKey, padding: constants.RSA_PKCS1_PADDING }, info);
}

/** EMSA-PSS (RFC 8017, 9.1.1) with a salt as long as the digest; node's own sign() would hash once more. */
function signPss(algorithm: Algorithm, key: KeyPair, digest: Buffer): Buffer {
  const size = algorithm.bits / 8;
  const salt = randomBytes(digest.length);
  const hashed = createHash(algorithm.hash)
    .update(Buffer.concat([Buffer.alloc(8), digest, salt]))
    .digest();
  const block = Buffer.alloc(size - hashed.length - 1);
  block[block.length - salt.length - 1] = 1;
  salt.copy(block, block.length - salt.length);
  const mask = mgf1(algorithm.hash, hashed, block.length);
  const masked = Buffer.from(block.map((byte, i) => byte ^ (mask[i] ?? 0)));
  masked[0] = (masked[0] ?? 0) & 0x7f;
  const encoded = Buffer.concat([masked, hashed, Buffer.from([0xbc])]);
  return privateEncrypt({ key: key.privateKey, padding: constants.RSA_NO_PADDING }, encoded);
}

function mgf1(hash: Hash, seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0; blocks.length * DIGEST_BYTES[hash] < length; counter += 1) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    blocks.push(createHash(hash).update(seed).update(count).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

/** ECDSA over a given digest; the one point multiplication that it needs is borrowed from a Diffie-Hellman. */
function signEcdsa(algorithm: Algorithm, key: KeyPair, digest: Buffer): Buffer {
  const curve = CURVES[algorithm.bits] ?? P256;
  const order = ORDERS[algorithm.bits];
  const secret = key.privateKey.export({ format: "jwk" }).d;
  if (order === undefined || secret === undefined) {
    throw invalid(`Cloud KMS does not sign with ${algorithm.name}.`);
  }
  const d = toBigInt(Buffer.from(secret, "base64url"));
  for (;;) {
    const ecdh = createECDH(curve.name);
    const point = ecdh.generateKeys();
    const k = toBigInt(ecdh.getPrivateKey());
    const r = toBigInt(point.subarray(1, 1 + curve.bytes)) % order;
    const s = (inverse(k, order) * (toBigInt(digest) + r * d)) % order;
    if (r !== 0n && s !== 0n) {
      const body = Buffer.concat([derInteger(r), derInteger(s)]);
      return Buffer.concat([Buffer.from([0x30, body.length]), body]);
    }
  }
}

function toBigInt(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex")}`);
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = b / a;
    [b, a, y, x] = [a, b - quotient * a, x, y - quotient * x];
  }
  return ((x % modulus) + modulus) % modulus;
}

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  const positive = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return Buffer.concat([Buffer.from([0x02, positive.length]), positive]);
}

/** Verifies the way Binary Authorization does: over the whole payload, by the attestor's own copy of the key. */
export function verifySignature(name: string, pem: string, payload: Buffer, signature: Buffer): boolean {
  const algorithm = parseAlgorithm(name);
  if (algorithm === undefined) {
    return false;
  }
  const key = createPublicKey(pem);
  if (algorithm.kind === "EC") {
    return verify(algorithm.hash, payload, { key, dsaEncoding: "der" }, signature);
  }
  if (algorithm.kind === "PKCS1") {
    return verify(algorithm.hash, payload, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
  }
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  return verify(algorithm.hash, payload, pss, signature);
}

/** Why a key does not fit an algorithm, in words, or undefined when it fits. */
export function mismatch(name: string, pem: string): string | undefined {
  const algorithm = parseAlgorithm(name);
  if (algorithm === undefined) {
    return `Invalid value for signature_algorithm: ${name}`;
  }
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    return "public_key_pem is not a PEM-encoded PKIX public key";
  }
  const details = key.asymmetricKeyDetails;
  const fits =
    algorithm.kind === "EC"
      ? details?.namedCurve === CURVES[algorithm.bits]?.name
      : details?.modulusLength === algorithm.bits;
  return fits ? undefined : `signature_algorithm ${name} does not match the structure of public_key_pem`;
}

/** The id that Binary Authorization computes for a PKIX key that came without one (RFC 6920). */
export function defaultKeyId(pem: string): string {
  const der = createPublicKey(pem).export({ type: "spki", format: "der" });
  return `ni:///sha-256;${createHash("sha256").update(der).digest("base64url")}`;
}

const CRC32C_TABLE = Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit += 1) {
    crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return crc >>> 0;
});

/** CRC32C as Google's APIs write it: a decimal string. */
export function crc32c(bytes: Buffer): string {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc = (CRC32C_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return String((crc ^ 0xffffffff) >>> 0);
}
