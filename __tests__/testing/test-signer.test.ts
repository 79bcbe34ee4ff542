import crypto from "node:crypto";
import { EnforcedCluster, KeyVersion, SigningAlgorithm } from "../../lib";
import { readPayload } from "../../lib/admission/attestation";
import { TrustChain, trustChainOf } from "../../lib/testing";
import type { AttestorKey, KeyMaterial, TrustModel, Value } from "../../lib/trust/model";
import { publicKeyDigestId } from "../../lib/vocabulary/public-key";
import { ATTESTOR, attestorIn, KEY, NOTE, P256_PEM, policyIn, REGION, testStack, trustRootIn } from "../support/synth";
import { DIGEST, EC, failureOf, NO_ATTESTATION, SIGNED, smallStack } from "./support";

const KEY_ID = `//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/1`;
const known = <T>(value: T): Value<T> => ({ state: "known", value });

/** The small chain with another public key list. */
function chainOfKeys(keys: Value<readonly AttestorKey[]>, change: Partial<TrustModel> = {}): TrustChain {
  const { model } = trustChainOf(smallStack());
  return new TrustChain({
    ...model,
    ...change,
    attestors: model.attestors.map((attestor) => ({ ...attestor, publicKeys: keys })),
  });
}

function keyOf(parts: Partial<AttestorKey> = {}): AttestorKey {
  return {
    id: known(KEY_ID),
    type: "pkix",
    material: { state: "unknown" },
    algorithm: known("ECDSA_P256_SHA256"),
    ...parts,
  };
}

const refusal = (chain: TrustChain, options?: Parameters<TrustChain["testSigner"]>[1]) =>
  failureOf(() => chain.testSigner("build-attestor", options));

describe("attest", () => {
  const chain = trustChainOf(smallStack());
  const signer = chain.testSigner("build-attestor");

  test("writes the bytes that gcloud signs, and a signature that node verifies", () => {
    const { attestation, ...rest } = signer.attest(SIGNED);
    expect(rest).toEqual({ kind: "ATTESTATION", noteName: NOTE, resourceUri: SIGNED });
    const payload = Buffer.from(attestation.serializedPayload, "base64");
    expect(payload.toString()).toBe(
      [
        "{",
        '  "critical": {',
        '    "identity": {',
        `      "docker-reference": "${SIGNED.split("@")[0]}"`,
        "    },",
        '    "image": {',
        `      "docker-manifest-digest": "${DIGEST}"`,
        "    },",
        '    "type": "Google cloud binauthz container signature"',
        "  }",
        "}",
        "",
      ].join("\n"),
    );
    expect(readPayload(payload)).toMatchObject({ ok: true, digest: DIGEST });
    const [{ publicKeyId, signature }] = attestation.signatures;
    expect(publicKeyId).toBe(KEY_ID);
    const { publicKey } = signer;
    const pem = publicKey.format === "pem" ? publicKey.pem : "";
    expect(crypto.verify("sha256", payload, pem, Buffer.from(signature, "base64"))).toBe(true);
  });

  test("refuses what cannot be attested, as gcloud does", () => {
    expect(failureOf(() => signer.attest("us-docker.pkg.dev/p/r/a:v1"))).toEqual([
      '"us-docker.pkg.dev/p/r/a:v1" cannot be attested: it has no digest of the form sha256: and 64 lower-case hexadecimal digits',
    ]);
    expect(failureOf(() => signer.attest(`nginx@${DIGEST}`))).toEqual([
      `"nginx@${DIGEST}" cannot be attested: it names no registry`,
    ]);
  });
});

test("every algorithm that Cloud KMS offers signs what the simulator verifies", () => {
  // The smaller keys: the others differ in length only.
  const names = [
    "EC_SIGN_P256_SHA256",
    "EC_SIGN_P384_SHA384",
    "RSA_SIGN_PKCS1_2048_SHA256",
    "RSA_SIGN_PSS_2048_SHA256",
  ];
  for (const name of [...names, "EC_SIGN_P521_SHA512"]) {
    const { attestorName } = SigningAlgorithm.of(name);
    const chain = chainOfKeys(known([keyOf({ algorithm: known(attestorName) })]));
    const signer = chain.testSigner("build-attestor");
    expect(signer.algorithm.kmsName).toBe(name);
    expect(chain.cluster("us-central1.prod")).toAdmit(SIGNED, { attestations: [signer.attest(SIGNED)] });
  }
});

describe("keys", () => {
  test("are made once, and the model that the chain was made of is never changed", () => {
    const generate = jest.spyOn(crypto, "generateKeyPairSync");
    const keys = known([keyOf({ id: known("urn:test:made-once") })]);
    const first = chainOfKeys(keys);
    const { model } = first;
    const before = JSON.stringify(model);
    const one = first.testSigner("build-attestor");
    expect(generate).toHaveBeenCalledTimes(1);
    const other = chainOfKeys(keys).testSigner("build-attestor");
    expect(other.publicKey).toEqual(one.publicKey);
    expect(first.testSigner("build-attestor").publicKey).toEqual(one.publicKey);
    // A test runner loads modules anew for the next file of tests.
    jest.isolateModules(() => {
      const again = require("../../lib/testing/test-keys") as typeof import("../../lib/testing/test-keys");
      expect(again.testKey(EC, "urn:test:made-once").fingerprint).toBe(
        (one.publicKey as { fingerprint: string }).fingerprint,
      );
    });
    expect(generate).toHaveBeenCalledTimes(1);
    generate.mockRestore();
    expect(JSON.stringify(model)).toBe(before);
    expect(first.model).not.toBe(model);
  });

  test("are the same object for the same id, and differ between ids and algorithms", () => {
    const { testKey } = require("../../lib/testing/test-keys") as typeof import("../../lib/testing/test-keys");
    expect(testKey(EC, "urn:a")).toBe(testKey(EC, "urn:a"));
    expect(testKey(EC, "urn:a").fingerprint).not.toBe(testKey(EC, "urn:b").fingerprint);
    expect(testKey(EC, "urn:a").fingerprint).not.toBe(
      testKey(SigningAlgorithm.EC_SIGN_P384_SHA384, "urn:a").fingerprint,
    );
  });

  test("stand in for a key version wherever the model has it", () => {
    const stack = testStack();
    const trustRoot = trustRootIn(stack, { versions: [KeyVersion.signing("first", { number: 1, algorithm: EC })] });
    attestorIn(stack, { keys: [trustRoot] });
    attestorIn(stack, { attestorName: "second-attestor", keys: [trustRoot] }, "Second");
    const chain = trustChainOf(stack);
    const { publicKey } = chain.testSigner("build-attestor");
    const { attestors, keyVersions } = chain.model;
    expect(attestors.map(({ publicKeys }) => publicKeys.state === "known" && publicKeys.value[0].material)).toEqual([
      known(publicKey),
      known(publicKey),
    ]);
    expect(keyVersions.map((version) => version.publicKey)).toEqual([known(publicKey)]);
  });

  test("stand in for a pinned key as well", () => {
    const fingerprint = publicKeyDigestId(crypto.createPublicKey(P256_PEM));
    const material = known<KeyMaterial>({ format: "pem", pem: P256_PEM, fingerprint });
    const chain = chainOfKeys(known([keyOf({ material }), keyOf({ id: known("urn:other") })]));
    const signer = chain.testSigner("build-attestor", { key: 1 });
    expect(chain.cluster("us-central1.prod")).toAdmit(SIGNED, { attestations: [signer.attest(SIGNED)] });
    const rsa = chainOfKeys(known([keyOf({ material, algorithm: known("RSA_SIGN_PKCS1_2048_SHA256") })]));
    expect(refusal(rsa)).toEqual([
      `the public key ${KEY_ID} of ${ATTESTOR} is an EC key on prime256v1, which cannot sign with RSA_SIGN_PKCS1_2048_SHA256, so that it verifies no signature`,
    ]);
    const broken = chainOfKeys(known([keyOf({ material: known({ format: "unverified", text: "x" }) })]));
    expect(refusal(broken)).toEqual([
      `the public key ${KEY_ID} of ${ATTESTOR} is no readable key, so that it verifies no signature`,
    ]);
  });
});

test("an attestor with the bare name of a key version as its id refuses what gcloud signs", () => {
  const bare = `${KEY}/cryptoKeyVersions/1`;
  const chain = chainOfKeys(known([keyOf({ id: known(bare) })]));
  const signer = chain.testSigner("build-attestor");
  expect(signer.keyId).toBe(KEY_ID);
  expect(chain.cluster("us-central1.prod")).toDeny(SIGNED, {
    attestations: [signer.attest(SIGNED)],
    reason: "the attestor has the key under its bare name; an id has to begin with //cloudkms.googleapis.com/v1/",
  });
});

describe("rotation", () => {
  const versions = [
    KeyVersion.trusted("first", { number: 1, algorithm: EC }),
    KeyVersion.signing("second", { number: 2, algorithm: EC }),
  ];

  test("the new version signs, and what the old one signed still runs", () => {
    const chain = trustChainOf(smallStack({ versions, pipeline: true }));
    const current = chain.testSigner("build-attestor");
    expect(current.keyId).toBe(`//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/2`);
    const previous = chain.testSigner("build-attestor", { key: 1 });
    const prod = chain.cluster("us-central1.prod");
    expect(prod).toAdmit(SIGNED, { attestations: [current.attest(SIGNED)] });
    expect(prod).toAdmit(SIGNED, { attestations: [previous.attest(SIGNED)] });
  });

  test("once it is retired, it does not any more", () => {
    const before = trustChainOf(smallStack({ versions, pipeline: true }));
    const old = before.testSigner("build-attestor", { key: 1 }).attest(SIGNED);
    const [, signing] = versions;
    const after = trustChainOf(
      smallStack({ versions: [KeyVersion.retired("first", { number: 1, algorithm: EC }), signing], pipeline: true }),
    );
    expect(after.cluster("us-central1.prod")).toDeny(SIGNED, { attestations: [old], reason: "(unknown-key-id)" });
  });

  test("without a pipeline, nothing says which one signs", () => {
    const chain = trustChainOf(smallStack({ versions }));
    const ids = [1, 2].map((number) => `//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/${number}`);
    expect(refusal(chain).map((line) => line.split("; ").slice(0, 2))).toEqual([
      [`${ATTESTOR} has 2 keys, and no single one a pipeline signs with`, "choose one with { key }"],
    ]);
    expect(refusal(chain, { key: 3 })[0]).toMatch(`${ATTESTOR} has no key 3; its keys: `);
    for (const id of ids) {
      expect(refusal(chain)[0]).toContain(id);
      expect(chain.testSigner("build-attestor", { key: id }).keyId).toBe(id);
    }
    expect(chain.testSigner("build-attestor", { key: `${KEY}/cryptoKeyVersions/2` }).keyId).toBe(ids[1]);
  });
});

test("another attestor's signature does not count", () => {
  const stack = testStack();
  const versions = [KeyVersion.signing("first", { number: 1, algorithm: EC })];
  const build = attestorIn(stack, { keys: [trustRootIn(stack, { versions })] });
  const quality = attestorIn(
    stack,
    { attestorName: "quality", keys: [trustRootIn(stack, { versions, keyName: "quality-key" }, "QualityRoot")] },
    "Quality",
  );
  const policy = policyIn(stack);
  const cluster = (clusterName: string, requiredAttestors: (typeof build)[]) =>
    new EnforcedCluster(stack, clusterName, { clusterName, location: REGION, policy, requiredAttestors });
  cluster("prod", [build]);
  cluster("strict", [build, quality]);
  const chain = trustChainOf(stack);
  const ofBuild = chain.testSigner("build-attestor").attest(SIGNED);
  const ofQuality = chain.testSigner("quality").attest(SIGNED);
  const prod = chain.cluster("us-central1.prod");
  const strict = chain.cluster("us-central1.strict");
  expect(prod).toDeny(SIGNED, { attestations: [ofQuality], reason: NO_ATTESTATION });
  expect(prod).toDeny(SIGNED, { attestations: [ofQuality], reason: "(other-note)" });
  expect(prod).toDeny(SIGNED, {
    attestations: [{ ...ofQuality, noteName: ofBuild.noteName }],
    reason: "(unknown-key-id)",
  });
  expect(strict).toDeny(SIGNED, { attestations: [ofBuild], reason: /attestors\/quality: No attestations found/ });
  expect(strict).not.toDeny(SIGNED, { attestations: [ofBuild, ofQuality] });
});

describe("what cannot be signed for", () => {
  test("an attestor that is not there", () => {
    expect(failureOf(() => trustChainOf(smallStack()).testSigner("buil-attestor"))).toEqual([
      `the chain of trust has no attestor "buil-attestor"; its attestors: ${ATTESTOR}`,
    ]);
  });

  test("a short name that two projects have", () => {
    const { model } = trustChainOf(smallStack());
    const [attestor] = model.attestors;
    const twin = "projects/other-project/attestors/build-attestor";
    const chain = new TrustChain({ ...model, attestors: [attestor, { ...attestor, name: twin }] });
    expect(refusal(chain)).toEqual([
      `"build-attestor" names several attestors of the chain of trust; choose one of: ${ATTESTOR}, ${twin}`,
    ]);
    expect(chain.testSigner(twin).attestor).toBe(twin);
  });

  test("an attestor of which not enough is known", () => {
    const { model } = trustChainOf(smallStack());
    const [attestor] = model.attestors;
    const noNote = new TrustChain({ ...model, attestors: [{ ...attestor, noteName: { state: "unknown" } }] });
    expect(refusal(noNote)).toEqual([`the note of ${ATTESTOR} is not known, so that nothing can be attached to it`]);
    expect(refusal(chainOfKeys({ state: "unknown" }))).toEqual([
      `the public keys of ${ATTESTOR} are not known, so that none of them can be stood in for`,
    ]);
    expect(refusal(chainOfKeys(known([])))).toEqual([
      `${ATTESTOR} has no key; choose one with { key }; its keys: none with a known id`,
    ]);
    expect(refusal(chainOfKeys(known([keyOf({ id: { state: "unknown" } })])))).toHaveLength(1);
  });

  test("one id twice", () => {
    expect(refusal(chainOfKeys(known([keyOf(), keyOf()])), { key: 1 })).toEqual([
      `${ATTESTOR} has more than one key 1; its keys: ${KEY_ID}, ${KEY_ID}`,
    ]);
  });

  test("a PGP key", () => {
    expect(refusal(chainOfKeys(known([keyOf({ type: "pgp" })])))).toEqual([
      `the key ${KEY_ID} of ${ATTESTOR} is a PGP key, whose signatures are not verified here`,
    ]);
  });

  test("an algorithm that is not known, until it is said", () => {
    const hidden = chainOfKeys(known([keyOf({ algorithm: { state: "unknown" } })]));
    expect(refusal(hidden)).toEqual([
      `the algorithm of the key ${KEY_ID} of ${ATTESTOR} is not known; say it with { algorithm }`,
    ]);
    const signer = hidden.testSigner("build-attestor", { algorithm: "ECDSA_P256_SHA256" });
    expect(signer.algorithm).toBe(EC);
    expect(hidden.cluster("us-central1.prod")).toAdmit(SIGNED, { attestations: [signer.attest(SIGNED)] });
    const declared = chainOfKeys(known([keyOf()]));
    expect(declared.testSigner("build-attestor", { algorithm: "EC_SIGN_P256_SHA256" }).algorithm).toBe(EC);
    expect(refusal(declared, { algorithm: "EC_SIGN_P384_SHA384" })).toEqual([
      `the key ${KEY_ID} of ${ATTESTOR} is for EC_SIGN_P256_SHA256, got { algorithm: "EC_SIGN_P384_SHA384" }`,
    ]);
    expect(refusal(declared, { algorithm: "ED25519" })[0]).toMatch(/verifies no signature of algorithm "ED25519"/);
  });
});
