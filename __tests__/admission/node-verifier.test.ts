import { constants, createPublicKey, ECDH, generateKeyPairSync, sign } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { nodeVerifier } from "../../lib/admission";
import { SigningAlgorithm } from "../../lib/vocabulary/signing-algorithm";
import { pemOf, testKey } from "./support";

const data = Buffer.from("data");
// RSA keys of 4096 bits are slow to make; the vectors have them.
const algorithms = SigningAlgorithm.values().filter(({ kmsName }) => !kmsName.includes("4096"));

describe("signing.md 3: algorithms", () => {
  const verifier = nodeVerifier();

  test.each(algorithms.map(({ attestorName, kmsName }) => [attestorName, kmsName]))(
    "%s, alias %s",
    (algorithm, alias) => {
      const key = testKey(algorithm, algorithm);
      const request = { publicKeyPem: key.pem, algorithm, data, signature: key.sign(data) };
      expect(verifier.verify(request)).toBe(true);
      expect(verifier.verify({ ...request, algorithm: alias })).toBe(true);
      expect(verifier.verify({ ...request, data: Buffer.from("other") })).toBe(false);
      // Every other algorithm refuses the key, or finds no signature of its own.
      const others = SigningAlgorithm.values().filter(({ kmsName }) => kmsName !== alias);
      expect(others.filter(({ attestorName }) => verifier.verify({ ...request, algorithm: attestorName }))).toEqual([]);
    },
  );

  test("RSA-PSS with the longest salt, as kritis signs", () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN };
    const signature = sign("sha256", data, { key: privateKey, ...padding });
    const request = { publicKeyPem: pemOf(publicKey), algorithm: "RSA_PSS_2048_SHA256", data, signature };
    expect(verifier.verify(request)).toBe(true);
    expect(verifier.verify({ ...request, algorithm: "RSA_SIGN_PKCS1_2048_SHA256" })).toBe(false);
  });

  test("G2: ECDSA signatures are DER, not the plain pair of numbers", () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const signature = sign("sha256", data, { key: privateKey, dsaEncoding: "ieee-p1363" });
    expect(verifier.verify({ publicKeyPem: pemOf(publicKey), algorithm: "ECDSA_P256_SHA256", data, signature })).toBe(
      false,
    );
  });

  test.each([
    ["ECDSA_P256_SHA256", "prime256v1"],
    ["ECDSA_P384_SHA384", "secp384r1"],
    ["ECDSA_P521_SHA512", "secp521r1"],
  ])("%s: a compressed point is a key, the hybrid form of RFC 5480 is none", (algorithm, curve) => {
    const key = testKey(algorithm, algorithm);
    const der = createPublicKey(key.pem).export({ type: "spki", format: "der" });
    const { x } = createPublicKey(key.pem).export({ format: "jwk" });
    const size = Buffer.from(x as string, "base64url").length;
    const point = der.subarray(-1 - 2 * size);
    const converted = (form: "compressed" | "hybrid") =>
      ECDH.convertKey(point, curve, undefined, undefined, form) as Buffer;
    const pem = (bytes: Buffer) =>
      `-----BEGIN PUBLIC KEY-----\n${bytes.toString("base64")}\n-----END PUBLIC KEY-----\n`;
    const asked = (publicKeyPem: string) =>
      verifier.verify({ publicKeyPem, algorithm, data, signature: key.sign(data) });
    expect(asked(pem(Buffer.concat([der.subarray(0, -1 - 2 * size), converted("hybrid")])))).toBe(false);
    const compressed = converted("compressed");
    const identifier = der.subarray(der.indexOf(Buffer.of(0x30), 1), der.length - point.length);
    const oids = identifier.subarray(0, 2 + identifier[1]);
    const bits = Buffer.concat([Buffer.of(0x03, compressed.length + 1, 0), compressed]);
    const spki = Buffer.concat([Buffer.of(0x30, oids.length + bits.length), oids, bits]);
    expect(asked(pem(spki))).toBe(true);
    expect(asked(key.pem)).toBe(true);
  });

  test.each([
    ["Ed25519", generateKeyPairSync("ed25519").publicKey],
    ["secp256k1", generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey],
    ["RSA of 1024 bits", generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey],
  ])("%s fits no algorithm", (_, key) => {
    for (const { attestorName } of SigningAlgorithm.values()) {
      expect(verifier.verify({ publicKeyPem: pemOf(key), algorithm: attestorName, data, signature: data })).toBe(false);
    }
  });
});

describe("the verifier", () => {
  const key = testKey("first");
  const request = { publicKeyPem: key.pem, algorithm: key.algorithm, data, signature: key.sign(data) };

  test.each([
    ["no PEM", { publicKeyPem: "key" }],
    ["a PEM without a key", { publicKeyPem: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n" }],
    ["an unknown algorithm", { algorithm: "EC_SIGN_ED25519" }],
    ["__proto__ as algorithm", { algorithm: "__proto__" }],
    ["an empty signature", { signature: new Uint8Array() }],
    ["a text as signature", { signature: "AAAA" as never }],
    ["nothing as data", { data: undefined as never }],
    ["nothing as key", { publicKeyPem: undefined as never }],
  ])("never throws: %s", (_, change) => {
    expect(nodeVerifier().verify({ ...request, ...change })).toBe(false);
  });

  test("what it remembers is about the same bytes and the same key only", () => {
    const verifier = nodeVerifier();
    const other = testKey("second");
    for (let round = 0; round < 2; round++) {
      expect(verifier.verify(request)).toBe(true);
      expect(verifier.verify({ ...request, publicKeyPem: other.pem })).toBe(false);
      expect(verifier.verify({ ...request, signature: other.sign(data) })).toBe(false);
      // The same bytes, with another border between signature and data.
      const [first, ...rest] = data;
      const signature = Buffer.concat([request.signature, Buffer.of(first)]);
      expect(verifier.verify({ ...request, signature, data: Buffer.from(rest) })).toBe(false);
    }
  });

  test("bytes that change in place are looked at again", () => {
    const verifier = nodeVerifier();
    const changing = Buffer.from(data);
    expect(verifier.verify({ ...request, data: changing })).toBe(true);
    changing[0] ^= 1;
    expect(verifier.verify({ ...request, data: changing })).toBe(false);
  });

  test("data that is too long to be remembered is verified each time", () => {
    const verifier = nodeVerifier();
    const long = Buffer.alloc(10_000, "x");
    const signature = key.sign(long);
    for (let round = 0; round < 2; round++) {
      expect(verifier.verify({ ...request, data: long, signature })).toBe(true);
      expect(verifier.verify({ ...request, data: long.subarray(1), signature })).toBe(false);
    }
  });

  test("a view into a larger buffer is what it shows", () => {
    const view = new Uint8Array(Buffer.from("xxdataxx")).subarray(2, 6);
    expect(nodeVerifier().verify({ ...request, data: view })).toBe(true);
  });

  test("is the only file of its room that names node:crypto", () => {
    const folder = resolve(__dirname, "../../lib/admission");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
      (file) => file.endsWith(".ts") && /from "node:|require\(/.test(readFileSync(join(folder, file), "utf8")),
    );
    expect(files).toEqual(["node-verifier.ts"]);
  });
});
