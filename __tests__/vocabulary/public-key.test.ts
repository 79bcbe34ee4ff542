import { createPublicKey, createSecretKey, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SigningAlgorithm } from "../../lib";
import { keyMismatch, parsePublicKey, publicKeyDigestId } from "../../lib/vocabulary/public-key";
import { P256_PEM } from "../support/synth";

interface Vector {
  readonly name: string;
  readonly algorithm: string;
  readonly publicKeyPem: string;
  readonly niId?: string;
}

const VECTORS: Vector[] = JSON.parse(
  readFileSync(join(__dirname, "..", "fixtures", "binauthz-vectors.json"), "utf8"),
).vectors;

const keyIn = (pem: string) => {
  const parsed = parsePublicKey(pem);
  if ("error" in parsed) {
    throw new Error(parsed.error);
  }
  return parsed.key;
};

const publicPem = (publicKey: { export(options: { type: "spki"; format: "pem" }): string | Buffer }): string =>
  publicKey.export({ type: "spki", format: "pem" }).toString();

describe("the id of a key without one", () => {
  test("is what Google's own example says", () => {
    // https://docs.cloud.google.com/binary-authorization/docs/making-attestations
    expect(publicKeyDigestId(keyIn(P256_PEM))).toBe("ni:///sha-256;EwVxs8fNUAHq9FI2AMfh8WNIXVBuuTMeGtPH72U-I70");
  });

  test.each(VECTORS.filter((vector) => vector.niId !== undefined))("of the vector $name", ({ publicKeyPem, niId }) => {
    expect(publicKeyDigestId(keyIn(publicKeyPem))).toBe(niId);
  });

  test("does not depend on how the PEM is wrapped", () => {
    const body = P256_PEM.split("\n").slice(1, -2).join("");
    const unwrapped = `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----`;
    expect(publicKeyDigestId(keyIn(unwrapped))).toBe(publicKeyDigestId(keyIn(P256_PEM)));
    expect(publicKeyDigestId(keyIn(P256_PEM.replaceAll("\n", "\r\n")))).toBe(publicKeyDigestId(keyIn(P256_PEM)));
  });
});

describe("a key fits its algorithm", () => {
  test.each(VECTORS)("of the vector $name", ({ publicKeyPem, algorithm }) => {
    expect(keyMismatch(keyIn(publicKeyPem), SigningAlgorithm.of(algorithm))).toBeUndefined();
  });

  test("and no other: an EC key takes its own curve only, an RSA key its own length only", () => {
    const fitting = (pem: string) =>
      SigningAlgorithm.values()
        .filter((algorithm) => keyMismatch(keyIn(pem), algorithm) === undefined)
        .map((algorithm) => algorithm.kmsName);
    const ec = (namedCurve: string) => publicPem(generateKeyPairSync("ec", { namedCurve }).publicKey);
    expect(fitting(ec("P-256"))).toEqual(["EC_SIGN_P256_SHA256"]);
    expect(fitting(ec("P-384"))).toEqual(["EC_SIGN_P384_SHA384"]);
    expect(fitting(ec("P-521"))).toEqual(["EC_SIGN_P521_SHA512"]);
    expect(fitting(ec("secp256k1"))).toEqual([]);
    expect(fitting(publicPem(generateKeyPairSync("ed25519").publicKey))).toEqual([]);
    expect(fitting(publicPem(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey))).toEqual([]);
    expect(fitting(publicPem(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey))).toEqual([
      "RSA_SIGN_PKCS1_2048_SHA256",
      "RSA_SIGN_PSS_2048_SHA256",
    ]);
    expect(fitting(VECTORS[0].publicKeyPem)).toEqual([
      "RSA_SIGN_PKCS1_4096_SHA256",
      "RSA_SIGN_PKCS1_4096_SHA512",
      "RSA_SIGN_PSS_4096_SHA256",
      "RSA_SIGN_PSS_4096_SHA512",
    ]);
  });

  test("a secret key fits none", () => {
    const secret = createSecretKey(Buffer.alloc(32));
    for (const algorithm of SigningAlgorithm.values()) {
      expect(keyMismatch(secret, algorithm)).toContain(`cannot sign with ${algorithm.kmsName}`);
    }
  });

  test("and says what it is instead", () => {
    const { RSA_SIGN_PKCS1_4096_SHA512, EC_SIGN_P256_SHA256 } = SigningAlgorithm;
    expect(keyMismatch(keyIn(P256_PEM), RSA_SIGN_PKCS1_4096_SHA512)).toBe(
      "is an EC key on prime256v1, which cannot sign with RSA_SIGN_PKCS1_4096_SHA512",
    );
    expect(keyMismatch(keyIn(VECTORS[0].publicKeyPem), EC_SIGN_P256_SHA256)).toBe(
      "is an RSA key of 4096 bits, which cannot sign with EC_SIGN_P256_SHA256",
    );
    expect(keyMismatch(generateKeyPairSync("ed25519").publicKey, EC_SIGN_P256_SHA256)).toBe(
      "is a key of type ed25519, which cannot sign with EC_SIGN_P256_SHA256",
    );
  });
});

describe("text that is no public key", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

  test.each([
    ["nothing", "", "is no PEM"],
    ["words", "my key", "is no PEM"],
    ["a private key", privateKey.export({ type: "pkcs8", format: "pem" }).toString(), "is a PEM of a PRIVATE KEY"],
    ["a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "is a PEM of a CERTIFICATE"],
    ["PKCS#1", publicKey.export({ type: "pkcs1", format: "pem" }).toString(), "is a PEM of a RSA PUBLIC KEY"],
    [
      "PGP",
      "-----BEGIN PGP PUBLIC KEY BLOCK-----\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n",
      "is a PEM of a PGP PUBLIC KEY BLOCK",
    ],
    ["a damaged key", P256_PEM.replace("MFkw", "MFkx"), "is a PEM that holds no readable key"],
    ["two keys", P256_PEM + P256_PEM, "is no PEM"],
    ["a key with more around it", `Key: ${P256_PEM}`, "is no PEM"],
  ])("%s", (_, pem, error) => {
    expect(parsePublicKey(pem)).toEqual({ error });
  });

  test.each([
    ["an EC key", P256_PEM],
    ["an RSA key", VECTORS[0].publicKeyPem],
  ])("%s with bytes after it: OpenSSL passes over them", (_, pem) => {
    const der = keyIn(pem).export({ type: "spki", format: "der" });
    const longer = (more: string) =>
      `-----BEGIN PUBLIC KEY-----\n${Buffer.concat([der, Buffer.from(more)]).toString("base64")}\n-----END PUBLIC KEY-----\n`;
    expect(createPublicKey(longer("x")).equals(createPublicKey(pem))).toBe(true);
    expect(parsePublicKey(longer("x"))).toEqual({ error: "is a PEM with bytes after the key" });
    expect(parsePublicKey(longer(""))).toHaveProperty("key");
  });

  test("a point in the hybrid form: the same key under a second fingerprint", () => {
    const der = keyIn(P256_PEM).export({ type: "spki", format: "der" });
    const hybrid = Buffer.from(der);
    // The form of the point stands before its two coordinates; the last bit of the second one tells 6 from 7.
    hybrid[der.length - 65] = 6 + (der[der.length - 1] & 1);
    const pem = `-----BEGIN PUBLIC KEY-----\n${hybrid.toString("base64")}\n-----END PUBLIC KEY-----\n`;
    expect(createPublicKey(pem).asymmetricKeyType).toBe("ec");
    expect(parsePublicKey(pem)).toEqual({
      error: "is a PEM of an EC key in the hybrid form, which RFC 5480 forbids",
    });
  });

  test("the key of the example is one", () => {
    expect(keyIn(P256_PEM).equals(createPublicKey(P256_PEM))).toBe(true);
  });
});
