import fc from "fast-check";
import { type Occurrence, REASON_NO_DIGEST, validateAttestationOccurrence } from "../../lib/admission";
import { type Attestor, known, UNKNOWN } from "../../lib/trust/model";
import { check } from "../support/property";
import {
  ask,
  attest,
  attestor,
  attestorKey,
  DIGEST,
  IMAGE,
  model,
  NOTE,
  OTHER_DIGEST,
  REPOSITORY,
  SECOND_NOTE,
  testKey,
  verifier,
} from "./support";

const validate = (occurrence: Occurrence, change: Partial<Attestor> = {}) =>
  validateAttestationOccurrence(
    attestor(change),
    {
      attestation: occurrence.attestation,
      occurrenceNote: occurrence.noteName,
      occurrenceResourceUri: occurrence.resourceUri,
    },
    verifier,
  );

describe("validateAttestationOccurrence", () => {
  test("a good attestation is verified, whatever the path and the scheme before the digest", () => {
    const signed = attest(IMAGE);
    expect(validate(signed)).toEqual({ result: "VERIFIED" });
    expect(validate({ ...signed, resourceUri: `https://${IMAGE}` })).toEqual({ result: "VERIFIED" });
    expect(validate({ ...signed, resourceUri: `gcr.io/elsewhere/web@${DIGEST}` })).toEqual({ result: "VERIFIED" });
  });

  test.each<[string, Occurrence, Partial<Attestor>, string, string]>([
    [
      "another note",
      attest(IMAGE, { note: SECOND_NOTE }),
      {},
      "other-note",
      `an attestation of this digest is attached to ${SECOND_NOTE}, not to ${NOTE}`,
    ],
    [
      "another key under the id",
      attest(IMAGE, { key: testKey("second"), keyId: testKey("first").id }),
      {},
      "bad-signature",
      `the public key "${testKey("first").id}" of ${attestor().name} does not verify the signature over the payload`,
    ],
    [
      "an id that the attestor does not have",
      attest(IMAGE, { keyId: "//x" }),
      {},
      "unknown-key-id",
      `the signature names the key "//x", which ${attestor().name} does not have`,
    ],
    [
      "a payload about another digest",
      { ...attest(IMAGE), resourceUri: `${REPOSITORY}@${OTHER_DIGEST}` },
      {},
      "other-digest",
      `the signed payload is about ${DIGEST}`,
    ],
    [
      "no keys",
      attest(IMAGE),
      { publicKeys: known([]) },
      "attestor-without-keys",
      `${attestor().name} has no public keys, so that nothing satisfies it`,
    ],
    [
      "a PGP key, whose signatures are not verified here",
      attest(IMAGE),
      { publicKeys: known([attestorKey(testKey("first"), { type: "pgp" })]) },
      "unsupported-key-type",
      `the public key "${testKey("first").id}" of ${attestor().name} is a PGP key, whose signatures are not verified here`,
    ],
    [
      "a note that is not known",
      attest(IMAGE),
      { noteName: UNKNOWN },
      "value-unknown",
      `the note of ${attestor().name} is known only after the apply`,
    ],
  ])("not with %s", (_, occurrence, change, code, denialReason) => {
    expect(validate(occurrence, change)).toMatchObject({
      result: "ATTESTATION_NOT_VERIFIABLE",
      denialReason,
      diagnosis: [{ code }],
    });
  });

  test.each([`${REPOSITORY}:latest`, REPOSITORY, "", undefined, null, 7])(
    "not for an image without digest: %p",
    (uri) => {
      expect(validate({ ...attest(IMAGE), resourceUri: uri as string })).toEqual({
        result: "ATTESTATION_NOT_VERIFIABLE",
        denialReason: REASON_NO_DIGEST,
        diagnosis: [],
      });
    },
  );

  test("of input of any shape nothing is verified, and nothing is thrown", () => {
    const broken = fc.record({ attestation: fc.anything(), noteName: fc.anything() });
    check(broken, (change) => {
      const { result } = validate({ ...attest(IMAGE), ...change } as Occurrence);
      expect(result).toBe("ATTESTATION_NOT_VERIFIABLE");
    });
  });

  test("it verifies exactly what admits the image as the only evidence", () => {
    const some = fc.record({
      key: fc.constantFrom("first", "second").map((name) => testKey(name)),
      note: fc.constantFrom(NOTE, NOTE, SECOND_NOTE),
      keyId: fc.constantFrom(testKey("first").id, testKey("second").id),
      digest: fc.constantFrom(DIGEST, DIGEST, OTHER_DIGEST),
      repository: fc.constantFrom(REPOSITORY, "gcr.io/elsewhere/web"),
    });
    const seen = new Set<string>();
    check(some, ({ digest, repository, ...attesting }) => {
      const occurrence = { ...attest(IMAGE, attesting), resourceUri: `${repository}@${digest}` };
      const { verdict } = ask({
        images: [`${repository}@${digest}`],
        model: model({ clusters: [] }),
        evidence: [occurrence],
      });
      const { result } = validate(occurrence);
      seen.add(result);
      expect(result === "VERIFIED").toBe(verdict === "admitted");
    });
    expect([...seen].sort()).toEqual(["ATTESTATION_NOT_VERIFIABLE", "VERIFIED"]);
  });
});
