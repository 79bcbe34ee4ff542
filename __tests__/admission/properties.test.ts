import { createPublicKey } from "node:crypto";
import fc from "fast-check";
import type { Occurrence } from "../../lib/admission";
import { type AttestorKey, known, type Policy, UNKNOWN, type Value } from "../../lib/trust/model";
import { check } from "../support/property";
import {
  ALLOW,
  ATTESTOR,
  ask,
  attest,
  attestor,
  attestorKey,
  codes,
  DENY,
  DIGEST,
  DRY_RUN,
  IMAGE,
  model,
  OTHER_DIGEST,
  policy,
  REPOSITORY,
  REQUIRE,
  REQUIRE_BOTH,
  rule,
  SECOND,
  SECOND_ATTESTOR,
  SECOND_NOTE,
  testKey,
} from "./support";

const images = [
  "nginx",
  "gcr.io/p/a",
  "gcr.io/p/a:1",
  `gcr.io/p/a@${DIGEST}`,
  IMAGE,
  `${REPOSITORY}@${OTHER_DIGEST}`,
  "gke.gcr.io/x:1",
];
const patterns = [
  "nginx",
  "gcr.io/p/*",
  "gcr.io/**",
  "gcr.io/p/a",
  `gcr.io/p/a@${DIGEST}`,
  `${REPOSITORY}@*`,
  "*",
  "gcr.io*",
  "a*b",
];
const attestations: readonly Occurrence[] = [
  attest(IMAGE),
  attest(IMAGE, { key: testKey("second"), note: SECOND_NOTE }),
  attest(IMAGE, { key: testKey("retired") }),
  attest(IMAGE, { payload: "hello" }),
  attest(`${REPOSITORY}@${OTHER_DIGEST}`),
  attest(`gcr.io/p/a@${DIGEST}`, { note: SECOND_NOTE }),
];

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Value<T>> =>
  fc.oneof({ weight: 9, arbitrary: value.map((one) => known(one)) }, { weight: 1, arbitrary: fc.constant(UNKNOWN) });
const anyRule = fc
  .tuple(
    fc.constantFrom(ALLOW, DENY, REQUIRE, REQUIRE_BOTH, rule("REQUIRE_ATTESTATION"), rule("NEW")),
    fc.constantFrom({}, {}, DRY_RUN, { enforcementMode: UNKNOWN }),
  )
  .map(([one, change]) => ({ ...one, ...change }));
const anyPolicy: fc.Arbitrary<Policy> = fc
  .record({
    globalPolicyEvaluationMode: maybe(fc.constantFrom("ENABLE" as const, "DISABLE" as const)),
    exemptImages: maybe(fc.array(maybe(fc.constantFrom(...patterns)), { maxLength: 3 })),
    defaultRule: maybe(anyRule),
    specificRules: maybe(
      fc
        .array(fc.record({ key: maybe(fc.constantFrom("us-central1-a.prod", "x.y")), rule: anyRule }), { maxLength: 2 })
        .map((rules) => ({ kind: "cluster" as const, rules })),
    ),
  })
  .map((change) => policy(change));
const situation = fc.record({
  policy: anyPolicy,
  images: fc.subarray(images, { minLength: 1 }),
  evidence: fc.oneof(fc.constant("nobody looked" as const), fc.subarray([...attestations])),
  labels: fc.constantFrom<Record<string, string>>({}, {}, { "image-policy.k8s.io/break-glass": "true" }),
});

describe("properties", () => {
  test("an exempt pattern that is added never turns an admission into a denial, nor into doubt", () => {
    check(fc.tuple(situation, fc.constantFrom(...patterns)), ([given, pattern]) => {
      if (given.policy.exemptImages.state !== "known") return;
      const exemptImages = known([...given.policy.exemptImages.value, known(pattern)]);
      if (ask(given).verdict === "admitted") {
        expect(ask({ ...given, policy: { ...given.policy, exemptImages } }).verdict).toBe("admitted");
      }
    });
  });

  test("a required attestor that is added never turns a denial into an admission, nor doubt into one", () => {
    const added = (one: typeof REQUIRE, name: string): typeof REQUIRE =>
      one.requireAttestationsBy.state === "known"
        ? { ...one, requireAttestationsBy: known([...one.requireAttestationsBy.value, known(name)]) }
        : one;
    const names = [ATTESTOR, SECOND_ATTESTOR, "projects/my-secure-project/attestors/unread"];
    check(fc.tuple(situation, fc.constantFrom(...names)), ([given, name]) => {
      const { defaultRule } = given.policy;
      if (defaultRule.state !== "known") return;
      const before = ask(given).verdict;
      const more = known(added(defaultRule.value, name));
      const after = ask({ ...given, policy: { ...given.policy, defaultRule: more } }).verdict;
      if (before !== "admitted") expect(after).not.toBe("admitted");
    });
  });

  test("what is learned never contradicts what was certain", () => {
    const learn = <T>(value: Value<T>, then: T): Value<T> => (value.state === "known" ? value : known(then));
    check(fc.tuple(situation, anyRule, fc.boolean()), ([given, then, enabled]) => {
      const before = ask(given).verdict;
      if (before === "undecided") return;
      const learned: Policy = {
        ...given.policy,
        globalPolicyEvaluationMode: learn(given.policy.globalPolicyEvaluationMode, enabled ? "ENABLE" : "DISABLE"),
        exemptImages: learn(given.policy.exemptImages, [known("gcr.io/**")]),
        defaultRule: learn(given.policy.defaultRule, then),
        specificRules: learn(given.policy.specificRules, {
          kind: "cluster",
          rules: [{ key: known("us-central1-a.prod"), rule: then }],
        }),
      };
      const after = ask({ ...given, policy: learned }).verdict;
      // An enforcement or evaluation mode that is new, or a list of attestors that is empty, may leave doubt behind.
      if (after !== "undecided") expect(after).toBe(before);
    });
  });

  test("an attestation that is added never turns an admission into a denial", () => {
    check(fc.tuple(situation, fc.constantFrom(...attestations)), ([given, more]) => {
      if (given.evidence === "nobody looked" || ask(given).verdict !== "admitted") return;
      expect(ask({ ...given, evidence: [more, ...given.evidence] }).verdict).toBe("admitted");
    });
  });

  test("a denied pod has a denied image, an undecided one a diagnosis, an admitted one neither, unless overridden", () => {
    check(situation, (given) => {
      const verdict = ask(given);
      const found = verdict.images.map((image) => image.verdict);
      if (verdict.verdict === "denied") expect(found).toContain("denied");
      if (verdict.verdict === "admitted" && !verdict.overriddenBy && !given.labels["image-policy.k8s.io/break-glass"]) {
        expect(found.every((one) => one === "admitted") || Object.keys(verdict.auditLabels).length === 0).toBe(true);
      }
      if (verdict.verdict === "undecided") {
        const [image] = verdict.images.filter((one) => one.verdict !== "admitted");
        expect(image.diagnosis.length + image.attestors.length).toBeGreaterThan(0);
      }
      expect(ask(given)).toEqual(verdict);
    });
  });
});

const algorithms = [
  "ECDSA_P256_SHA256",
  "ECDSA_P384_SHA384",
  "ECDSA_P521_SHA512",
  "RSA_SIGN_PKCS1_2048_SHA256",
  "RSA_PSS_2048_SHA256",
];

function flip(bytes: Uint8Array, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  const at = bit % (bytes.length * 8);
  flipped[at >> 3] ^= 1 << (at & 7);
  return flipped;
}

describe.each(algorithms)("a flipped bit, %s", (algorithm) => {
  const key = testKey(algorithm, algorithm);
  const good = attest(IMAGE, { key });
  const [signature] = good.attestation.signatures;
  const trust = (change: Partial<AttestorKey> = {}) =>
    model({ attestors: [attestor({ publicKeys: known([attestorKey(key, change)]) }), SECOND] });
  const withAttestation = (change: Partial<Occurrence["attestation"]>) =>
    ask({ model: trust(), evidence: [{ ...good, attestation: { ...good.attestation, ...change } }] });

  test("none: admitted", () => {
    expect(withAttestation({}).verdict).toBe("admitted");
  });

  test("in the payload is never admitted", () => {
    const bytes = Buffer.from(good.attestation.serializedPayload, "base64");
    check(fc.nat(), (bit) => {
      const verdict = withAttestation({ serializedPayload: flip(bytes, bit).toString("base64") });
      expect(verdict.verdict).toBe("denied");
      expect(codes(verdict)).toEqual(["bad-signature"]);
    });
  });

  test("in the signature is never admitted", () => {
    const bytes = Buffer.from(signature.signature, "base64");
    check(fc.nat(), (bit) => {
      const signatures = [{ ...signature, signature: flip(bytes, bit).toString("base64") }];
      expect(withAttestation({ signatures }).verdict).toBe("denied");
    });
  });

  test("in the text of payload or signature is admitted only where it decodes to the same bytes", () => {
    check(fc.tuple(fc.nat(), fc.boolean()), ([bit, inPayload]) => {
      const text = inPayload ? good.attestation.serializedPayload : signature.signature;
      const changed = flip(Buffer.from(text), bit).toString("latin1");
      const signatures = [{ ...signature, signature: inPayload ? signature.signature : changed }];
      const verdict = withAttestation({ signatures, ...(inPayload && { serializedPayload: changed }) });
      expect(verdict.verdict).toBe("denied");
    });
  });

  test("in the key is admitted only where it parses to the same key", () => {
    const parsed = (pem: string) => createPublicKey(pem).export({ type: "spki", format: "der" }).toString("hex");
    check(fc.nat(), (bit) => {
      const pem = flip(Buffer.from(key.pem), bit).toString("latin1");
      const material = known({ format: "pem" as const, pem, fingerprint: "" });
      if (ask({ model: trust({ material }), evidence: [good] }).verdict === "admitted") {
        expect(parsed(pem)).toBe(parsed(key.pem));
      }
    });
  });

  test("in the key id is never admitted", () => {
    check(fc.nat(), (bit) => {
      const publicKeyId = flip(Buffer.from(signature.publicKeyId), bit).toString("latin1");
      expect(withAttestation({ signatures: [{ ...signature, publicKeyId }] }).verdict).toBe("denied");
    });
  });
});
