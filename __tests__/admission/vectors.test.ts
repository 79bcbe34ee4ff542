import { createHash } from "node:crypto";
import { payloadBytes, preAuthenticationEncoding } from "../../lib/admission";
import { known } from "../../lib/trust/model";
import { parsePublicKey, publicKeyDigestId } from "../../lib/vocabulary/public-key";
import fixture from "../fixtures/binauthz-vectors.json";
import { artifact, ask, attestor, codes, model, NOTE, verifier } from "./support";

interface Vector {
  readonly name: string;
  readonly algorithm: string;
  readonly publicKeyPem: string;
  readonly niId?: string;
  readonly payloadUtf8: string;
  readonly payloadSha256?: string;
  readonly payloadSha512?: string;
  readonly paeUtf8?: string;
  readonly signatureBase64: string;
}

const vectors: readonly Vector[] = fixture.vectors;

/** Asks about the image of all vectors, under a key id of the attestor and one of the signature. */
function askVector(vector: Vector, change: { id?: string; named?: string; payload?: string; signature?: string } = {}) {
  const id = change.id ?? vector.niId ?? fixture.kmsPublicKeyId;
  const key = {
    id: known(id),
    type: "pkix" as const,
    material: known({ format: "pem" as const, pem: vector.publicKeyPem, fingerprint: "" }),
    algorithm: known(vector.algorithm),
  };
  return ask({
    images: [fixture.artifact],
    model: model({ attestors: [attestor({ publicKeys: known([key]) })] }),
    evidence: [
      {
        kind: "ATTESTATION",
        noteName: NOTE,
        resourceUri: fixture.artifact,
        attestation: {
          serializedPayload: change.payload ?? Buffer.from(vector.payloadUtf8).toString("base64"),
          signatures: [{ publicKeyId: change.named ?? id, signature: change.signature ?? vector.signatureBase64 }],
        },
      },
    ],
  });
}

/** Per vector: what it is diagnosed as; undefined where it is admitted. */
const EXPECTED = [
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  "other-digest",
  "payload-not-json",
  "bad-signature",
];

const cases = vectors.map((vector, index) => ({ index, vector, title: vector.name, diagnosed: EXPECTED[index] }));
const admitted = cases.filter(({ diagnosed }) => diagnosed === undefined);

describe("signature vectors", () => {
  test("all of them have an expectation", () => {
    expect(vectors).toHaveLength(EXPECTED.length);
  });

  test.each(cases)("vector $index, $title: $diagnosed", ({ vector, diagnosed }) => {
    const verdict = askVector(vector);
    expect(verdict.verdict).toBe(diagnosed === undefined ? "admitted" : "denied");
    expect(codes(verdict)).toEqual(diagnosed === undefined ? [] : [diagnosed]);
    expect(verdict.message).toBe(
      diagnosed &&
        `admission webhook "imagepolicywebhook.image-policy.k8s.io" denied the request: Image ${fixture.artifact} denied by Binary Authorization default admission rule. Image ${fixture.artifact} denied by attestor projects/my-secure-project/attestors/built-by-ci: No attestations found that were valid and signed by a key trusted by the attestor`,
    );
  });

  test.each(cases)("vector $index: the signature is one over what was signed", ({ vector }) => {
    const request = {
      publicKeyPem: vector.publicKeyPem,
      algorithm: vector.algorithm,
      data: Buffer.from(vector.paeUtf8 ?? vector.payloadUtf8),
      signature: Buffer.from(vector.signatureBase64, "base64"),
    };
    expect(verifier.verify(request)).toBe(true);
    expect(verifier.verify({ ...request, data: Buffer.concat([request.data, Buffer.from(" ")]) })).toBe(false);
  });

  test.each(cases.filter(({ vector }) => vector.niId))("vector $index: K2, the key's own id", ({ vector }) => {
    const parsed = parsePublicKey(vector.publicKeyPem);
    expect("key" in parsed && publicKeyDigestId(parsed.key)).toBe(vector.niId);
  });

  test.each(admitted)("vector $index: K1, also under the id of a KMS key version", ({ vector }) => {
    expect(askVector(vector, { id: fixture.kmsPublicKeyId }).verdict).toBe("admitted");
  });

  test.each(admitted)("vector $index: V5, denied under another id although the key is there", ({ vector }) => {
    const verdict = askVector(vector, { named: `${vector.niId}x` });
    expect(verdict.verdict).toBe("denied");
    expect(codes(verdict)).toEqual(["unknown-key-id"]);
  });

  test.each(admitted)("vector $index: G3, both base64 alphabets, with and without padding", ({ vector }) => {
    const payload = Buffer.from(vector.payloadUtf8);
    const signature = Buffer.from(vector.signatureBase64, "base64");
    const padded = (text: string) => text.padEnd(Math.ceil(text.length / 4) * 4, "=");
    const forms: ((bytes: Buffer) => string)[] = [
      (bytes) => bytes.toString("base64"),
      (bytes) => bytes.toString("base64").replace(/=+$/, ""),
      (bytes) => bytes.toString("base64url"),
      (bytes) => padded(bytes.toString("base64url")),
    ];
    for (const form of forms) {
      expect(askVector(vector, { payload: form(payload), signature: form(signature) }).verdict).toBe("admitted");
    }
  });

  test.each(admitted)("vector $index: denied with one byte of payload or signature changed", ({ vector }) => {
    const flipped = (bytes: Buffer, at: number) => {
      bytes[at] ^= 1;
      return bytes.toString("base64");
    };
    const payload = Buffer.from(vector.payloadUtf8);
    const signature = Buffer.from(vector.signatureBase64, "base64");
    const middle = signature.length >> 1;
    expect(askVector(vector, { payload: flipped(payload, 20) }).verdict).toBe("denied");
    expect(askVector(vector, { signature: flipped(signature, middle) }).verdict).toBe("denied");
  });

  test("vectors 0 to 3 are about the payload that gcloud writes, byte for byte", () => {
    const bytes = payloadBytes(artifact(fixture.artifact));
    expect(bytes).toHaveLength(294);
    for (const { vector } of cases.slice(0, 4)) {
      expect(Buffer.from(bytes).toString()).toBe(vector.payloadUtf8);
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(vector.payloadSha256);
      expect(createHash("sha512").update(bytes).digest("hex")).toBe(vector.payloadSha512);
    }
  });

  test("vector 8 is over the pre-authentication encoding that gcloud makes, and says so", () => {
    const { vector } = cases[8];
    expect(Buffer.from(preAuthenticationEncoding(Buffer.from(vector.payloadUtf8))).toString()).toBe(vector.paeUtf8);
    expect(askVector(vector).images[0].attestors[0].diagnosis[0].detail).toContain("--pae-encode-payload");
  });
});
