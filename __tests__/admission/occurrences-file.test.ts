import { type Occurrence, readOccurrences } from "../../lib/admission";
import { readError } from "../trust/support";
import { ask, attest, DIGEST, IMAGE, NOTE } from "./support";

const signed = attest(IMAGE);
const read = (value: unknown) => readOccurrences("attestations.json", JSON.stringify(value));
const refused = (value: unknown) => readError(() => read(value));
const changed = (change: object) => ({ ...signed, ...change });
const attested = (change: object) => changed({ attestation: { ...signed.attestation, ...change } });

describe("a file of attestations", () => {
  test("is gcloud's list or the API's answer, and admits what it attests", () => {
    const whole: Occurrence = { ...signed, createTime: "2026-01-01T00:00:00Z", updateTime: "2026-01-01T00:00:01Z" };
    for (const value of [[whole], { occurrences: [whole] }, { occurrences: [whole], nextPageToken: "" }]) {
      expect(read(value)).toEqual([whole]);
    }
    expect(ask({ evidence: read([signed]) }).verdict).toBe("admitted");
    expect(ask({ evidence: read([]) }).verdict).toBe("denied");
    expect(read({ occurrences: [] })).toEqual([]);
  });

  test("keeps the fields that are known, and leaves out occurrences of other kinds", () => {
    const vulnerability = { kind: "VULNERABILITY", noteName: NOTE, resourceUri: IMAGE, vulnerability: {} };
    const more = changed({ remediation: "x", envelope: null, createTime: null, name: undefined });
    expect(read([vulnerability, more])).toEqual([{ ...signed, name: undefined }]);
    expect(read([vulnerability, more])[0]).not.toHaveProperty("createTime");
  });

  test("what the API leaves out because it is empty is empty, and counts for nothing", () => {
    const empty = [
      changed({ attestation: { jwts: [{ compactJwt: "a.b.c" }] } }),
      attested({ signatures: null }),
      attested({ signatures: [{ signature: signed.attestation.signatures[0].signature }] }),
      attested({ signatures: [{ publicKeyId: signed.attestation.signatures[0].publicKeyId }] }),
      attested({ serializedPayload: undefined }),
    ];
    for (const occurrence of empty) {
      expect(ask({ evidence: read([occurrence]) }).verdict).toBe("denied");
    }
    expect(read([empty[0]])[0].attestation).toEqual({ serializedPayload: "", signatures: [] });
    expect(ask({ evidence: read([...empty, signed]) }).verdict).toBe("admitted");
  });

  test("one page of several is not all there is", () => {
    expect(refused({ occurrences: [signed], nextPageToken: "abc" })).toBe(
      "attestations.json: is one page of several, as nextPageToken says; allowed: all occurrences; gcloud … attestations list --format=json fetches every page",
    );
  });

  test.each([
    ["nothing", null, 'has no list of occurrences, got "nothing"'],
    ["an empty object", {}, "has no list of occurrences, got an object with no fields"],
    ["one occurrence alone", signed, "has no list of occurrences, got an object with name, kind"],
    [
      "a list in another place",
      { occurrences: { a: 1 } },
      "has no list of occurrences, got an object with occurrences",
    ],
    ["text", "x", 'has no list of occurrences, got "x"'],
  ])("%s is no list of occurrences", (_, value, message) => {
    expect(refused(value)).toContain(`attestations.json: ${message}`);
  });

  test.each<[string, unknown, string]>([
    ["a number", 7, "is not valid, got 7; allowed: an object"],
    ["null", null, 'is not valid, got "nothing"; allowed: an object'],
    ["a list", [signed], "is not valid, got a list of 1; allowed: an object"],
    ["no kind", changed({ kind: undefined }), '"kind" is not valid, got "nothing"; allowed: text'],
    ["an empty kind", changed({ kind: "" }), '"kind" is not valid, got ""; allowed: text that is not empty'],
    ["no note", changed({ noteName: undefined }), '"noteName" is not valid, got "nothing"; allowed: text'],
    [
      "the form of v1beta1",
      changed({ resourceUri: undefined, resource: { uri: IMAGE } }),
      '"resourceUri" is not valid',
    ],
    [
      "a resource of another type",
      changed({ resourceUri: { uri: DIGEST } }),
      '"resourceUri" is not valid, got an object',
    ],
    ["a name of another type", changed({ name: 1 }), '"name" is not valid, got 1; allowed: text'],
    ["a time of another type", changed({ updateTime: {} }), '"updateTime" is not valid, got an object with no fields'],
    [
      "no attestation",
      changed({ attestation: undefined }),
      '"attestation" is not valid, got "nothing"; allowed: an object',
    ],
    ["a payload of another type", attested({ serializedPayload: {} }), '"attestation.serializedPayload" is not valid'],
    [
      "signatures of another type",
      attested({ signatures: {} }),
      '"attestation.signatures" is not valid, got an object',
    ],
    [
      "a signature of another type",
      attested({ signatures: ["x"] }),
      '"attestation.signatures[0]" is not valid, got "x"',
    ],
    [
      "a key id of another type",
      attested({ signatures: [...signed.attestation.signatures, { publicKeyId: 1 }] }),
      '"attestation.signatures[1].publicKeyId" is not valid, got 1; allowed: text',
    ],
    [
      "signature bytes of another type",
      attested({ signatures: [{ publicKeyId: "x", signature: [1, 2] }] }),
      '"attestation.signatures[0].signature" is not valid, got a list of 2; allowed: text',
    ],
  ])("an occurrence with %s is named by its number", (_, occurrence, message) => {
    expect(refused([signed, occurrence])).toContain(`attestations.json, occurrence 2: ${message}`);
    expect(refused({ occurrences: [occurrence] })).toContain(`attestations.json, occurrence 1: ${message}`);
  });

  test("text that is no JSON is named with its line", () => {
    expect(readError(() => readOccurrences("a.json", "[\n{]"))).toContain("a.json, line 2: is no JSON");
    expect(readError(() => readOccurrences("a.json", " "))).toContain("a.json, line 1: is empty");
  });

  test("what every object inherits is not in the file", () => {
    expect(readError(() => readOccurrences("a.json", '[{"__proto__": {"kind": "ATTESTATION"}}]'))).toContain('"kind"');
  });
});
