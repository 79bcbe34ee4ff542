import { constants, createHash, createPublicKey, verify } from "node:crypto";
import { nodeVerifier } from "../../lib/admission";
import { createKeyVersion, type JsonObject, versionNames } from "../../lib/sandbox";
import { crc32c } from "../../lib/sandbox/signing";
import { SigningAlgorithm } from "../../lib/vocabulary/signing-algorithm";
import { call } from "../support/sandbox";
import { KEY, makeKey, PROJECT, payload, RING, useSandbox } from "./support";

const google = useSandbox();

const IN_KMS = SigningAlgorithm.values().filter(({ inKms }) => inKms);

describe("signatures", () => {
  // RSA keys of 4096 bits take seconds to make.
  test.each(IN_KMS.map((algorithm) => [algorithm.kmsName, algorithm] as const))(
    "%s: a signature over a digest is one over the message, to OpenSSL and to the simulator",
    async (name, algorithm) => {
      const version = await makeKey(google.sandbox, name);
      const hash = name.slice(name.lastIndexOf("SHA")).toLowerCase();
      const data = payload();
      const digest = createHash(hash).update(data).digest();
      const key = (await call(google.sandbox, `GET cloudkms/v1/${version}/publicKey`)).json;
      expect(key).toMatchObject({ algorithm: name, name: version, protectionLevel: "HSM" });
      for (const body of [{ digest: { [hash]: digest.toString("base64url") } }, { data: data.toString("base64") }]) {
        const answer = await call(google.sandbox, `POST cloudkms/v1/${version}:asymmetricSign`, body);
        expect(answer.status).toBe(200);
        const signature = Buffer.from(answer.json.signature as string, "base64");
        expect(answer.json.signatureCrc32c).toBe(crc32c(signature));
        const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
        const options = { key: createPublicKey(key.pem as string), ...(name.includes("PSS") ? pss : {}) };
        expect(verify(hash, data, options, signature)).toBe(true);
        expect(verify(hash, Buffer.concat([data, Buffer.of(0)]), options, signature)).toBe(false);
        const request = { publicKeyPem: key.pem as string, algorithm: algorithm.attestorName, data, signature };
        expect(nodeVerifier().verify(request)).toBe(true);
      }
    },
    120_000,
  );

  test("the checksum is CRC32C: the value that RFC 3720 gives for 32 zero bytes, and that of 123456789", () => {
    expect(crc32c(Buffer.alloc(32))).toBe(String(0x8a9136aa));
    expect(crc32c(Buffer.from("123456789"))).toBe(String(0xe3069283));
  });

  test("the public key carries the checksum of its text", async () => {
    const version = await makeKey(google.sandbox);
    const { json } = await call(google.sandbox, `GET cloudkms/v1/${version}/publicKey`);
    expect(json.pem).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    expect(json.pemCrc32c).toBe(crc32c(Buffer.from(json.pem as string)));
  });

  const SHA256 = createHash("sha256").update("x").digest();
  test.each<[string, JsonObject, string]>([
    ["no digest", {}, "Exactly one of data and digest is required."],
    ["digest and data", { data: "eA==", digest: { sha256: SHA256.toString("base64") } }, "Exactly one of"],
    ["another hash", { digest: { sha512: Buffer.alloc(64).toString("base64") } }, "requires a sha256 digest"],
    ["two digests", { digest: { sha256: SHA256.toString("base64"), sha512: "" } }, "requires a sha256 digest"],
    ["a short digest", { digest: { sha256: "YWJj" } }, "must be 32 bytes long, got 3"],
    ["no base64", { digest: { sha256: "%%%" } }, "Base64 decoding failed."],
    ["a wrong checksum", { digest: { sha256: SHA256.toString("base64") }, digestCrc32c: "1" }, "checksum"],
  ])("%s is refused", async (_, body, message) => {
    const version = await makeKey(google.sandbox);
    const answer = await call(google.sandbox, `POST cloudkms/v1/${version}:asymmetricSign`, body);
    expect(answer).toMatchObject({ status: 400, json: { error: { status: "INVALID_ARGUMENT" } } });
    expect(JSON.stringify(answer.json)).toContain(message);
  });

  test("a right checksum is confirmed", async () => {
    const version = await makeKey(google.sandbox);
    const answer = await call(google.sandbox, `POST cloudkms/v1/${version}:asymmetricSign`, {
      digest: { sha256: SHA256.toString("base64") },
      digestCrc32c: crc32c(SHA256),
    });
    expect(answer.json.verifiedDigestCrc32c).toBe(true);
  });

  test("two versions have two keys, and one version keeps its own, also when two ask at once", async () => {
    const first = await makeKey(google.sandbox);
    const second = createKeyVersion(google.sandbox.state, KEY);
    const [a, b, c] = await Promise.all([first, first, second].map((name) => google.sandbox.publicKeyPem(name)));
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });
});

describe("versions", () => {
  test("are numbered by Google's own count, and take the algorithm that the key has then", async () => {
    await makeKey(google.sandbox);
    const patched = await call(google.sandbox, `PATCH cloudkms/v1/${KEY}?updateMask=versionTemplate.algorithm`, {
      versionTemplate: { algorithm: "EC_SIGN_P384_SHA384" },
    });
    expect(patched.status).toBe(200);
    const second = await call(google.sandbox, `POST cloudkms/v1/${KEY}/cryptoKeyVersions`, {});
    expect(second.json).toMatchObject({
      name: `${KEY}/cryptoKeyVersions/2`,
      state: "ENABLED",
      algorithm: "EC_SIGN_P384_SHA384",
      protectionLevel: "HSM",
    });
    expect(versionNames(google.sandbox.state, KEY)).toHaveLength(2);
    const listed = await call(google.sandbox, `GET cloudkms/v1/${KEY}/cryptoKeyVersions?filter=state%3AENABLED`);
    expect(listed.json).toMatchObject({
      totalSize: 2,
      cryptoKeyVersions: [{ algorithm: "EC_SIGN_P256_SHA256" }, { algorithm: "EC_SIGN_P384_SHA384" }],
    });
  });

  test("only an enabled one signs and shows its key", async () => {
    const version = await makeKey(google.sandbox);
    const disabled = await call(google.sandbox, `PATCH cloudkms/v1/${version}?updateMask=state`, { state: "DISABLED" });
    expect(disabled.json).toMatchObject({ state: "DISABLED" });
    const digest = { sha256: createHash("sha256").digest("base64") };
    const answers = await Promise.all([
      call(google.sandbox, `GET cloudkms/v1/${version}/publicKey`),
      call(google.sandbox, `POST cloudkms/v1/${version}:asymmetricSign`, { digest }),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 400, json: { error: { status: "FAILED_PRECONDITION" } } });
    }
  });

  test("a destroyed one waits 30 days, can be restored until then, and comes back disabled", async () => {
    const version = await makeKey(google.sandbox);
    const destroyed = await call(google.sandbox, `POST cloudkms/v1/v1/${version}:destroy`, {});
    expect(destroyed.json).toMatchObject({ name: version, state: "DESTROY_SCHEDULED" });
    const days = (Date.parse(destroyed.json.destroyTime as string) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThanOrEqual(30);
    expect((await call(google.sandbox, `POST cloudkms/v1/${version}:destroy`, {})).status).toBe(400);
    expect((await call(google.sandbox, `PATCH cloudkms/v1/${version}`, { state: "ENABLED" })).status).toBe(400);
    const restored = await call(google.sandbox, `POST cloudkms/v1/${version}:restore`, {});
    expect(restored.json).toMatchObject({ name: version, state: "DISABLED" });
    expect(restored.json).not.toHaveProperty("destroyTime");
  });

  test("one whose time is up is destroyed for good, its key with it", async () => {
    const version = await makeKey(google.sandbox);
    await google.sandbox.publicKeyPem(version);
    await call(google.sandbox, `POST cloudkms/v1/${version}:destroy`, {});
    google.sandbox.state.cryptoKeyVersions[version].destroyTime = "2026-01-01T00:00:00Z";
    expect((await call(google.sandbox, `GET cloudkms/v1/${version}`)).json).toMatchObject({ state: "DESTROYED" });
    expect(google.sandbox.state.privateKeys).toEqual({});
    expect((await call(google.sandbox, `POST cloudkms/v1/${version}:restore`, {})).status).toBe(400);
    await expect(google.sandbox.publicKeyPem(version)).rejects.toThrow("DESTROYED");
  });
});

test("rings and keys: made once, listed, never deleted", async () => {
  await makeKey(google.sandbox);
  const rings = `cloudkms/v1/projects/${PROJECT}/locations/global/keyRings`;
  expect((await call(google.sandbox, `POST ${rings}?keyRingId=ring`, {})).status).toBe(409);
  const again = { purpose: "ASYMMETRIC_SIGN", versionTemplate: { algorithm: "EC_SIGN_P256_SHA256" } };
  expect((await call(google.sandbox, `POST cloudkms/v1/${RING}/cryptoKeys?cryptoKeyId=key`, again)).status).toBe(409);
  expect((await call(google.sandbox, `GET ${rings}`)).json).toMatchObject({ keyRings: [{ name: RING }], totalSize: 1 });
  expect((await call(google.sandbox, `GET cloudkms/v1/${RING}/cryptoKeys`)).json).toMatchObject({
    cryptoKeys: [{ name: KEY, destroyScheduledDuration: "2592000s" }],
  });
  expect((await call(google.sandbox, `DELETE cloudkms/v1/${KEY}`)).status).toBe(501);
  expect((await call(google.sandbox, `GET cloudkms/v1/${RING}/cryptoKeys/other`)).status).toBe(404);
});

// Source: https://docs.cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys (rotation_schedule)
test("a signing key takes no rotation schedule, neither when it is made nor later", async () => {
  await makeKey(google.sandbox);
  const schedule = { rotationPeriod: "2592000s", nextRotationTime: "2030-01-01T00:00:00Z" };
  const made = await call(google.sandbox, `POST cloudkms/v1/${RING}/cryptoKeys?cryptoKeyId=other`, {
    purpose: "ASYMMETRIC_SIGN",
    versionTemplate: { algorithm: "EC_SIGN_P256_SHA256" },
    ...schedule,
  });
  expect(made.status).toBe(400);
  for (const mask of ["rotationPeriod,nextRotationTime", "rotation_period", "labels,next_rotation_time"]) {
    const answer = await call(google.sandbox, `PATCH cloudkms/v1/${KEY}?updateMask=${mask}`, schedule);
    expect([mask, answer.status]).toEqual([mask, 400]);
  }
  expect(google.sandbox.state.cryptoKeys[KEY]).not.toHaveProperty("rotationPeriod");
});

test.each([["RSA_SIGN_RAW_PKCS1_2048"], ["EC_SIGN_ED25519"], ["ECDSA_P256_SHA256"], [""]])(
  "an algorithm that Cloud KMS and Binary Authorization do not share is refused: %s",
  async (algorithm) => {
    await call(google.sandbox, `POST cloudkms/v1/projects/${PROJECT}/locations/global/keyRings?keyRingId=ring`, {});
    const answer = await call(google.sandbox, `POST cloudkms/v1/${RING}/cryptoKeys?cryptoKeyId=key`, {
      purpose: "ASYMMETRIC_SIGN",
      versionTemplate: { algorithm },
    });
    expect(answer.status).toBe(400);
    expect(answer.json.error).toMatchObject({
      details: [{ fieldViolations: [{ field: "crypto_key.version_template.algorithm" }] }],
    });
  },
);
