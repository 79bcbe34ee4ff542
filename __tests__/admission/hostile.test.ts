import fc from "fast-check";
import { admit, type Occurrence } from "../../lib/admission";
import { known } from "../../lib/trust/model";
import { check } from "../support/property";
import {
  ask,
  attest,
  CLUSTER,
  codes,
  DENY,
  DIGEST,
  exempt,
  IMAGE,
  model,
  NOTE,
  policy,
  REPOSITORY,
  testKey,
  verifier,
} from "./support";

const good = attest(IMAGE);
const within = (change: Record<string, unknown>) =>
  ({ ...good, attestation: { ...good.attestation, ...change } }) as Occurrence;
const withSignature = (entry: unknown) => within({ signatures: [entry] });
const [signature] = good.attestation.signatures;

describe("hostile attestations", () => {
  test.each<[string, unknown]>([
    ["null", null],
    ["a number", 1],
    ["a text", "ATTESTATION"],
    ["an array", []],
    ["an empty object", {}],
    ["no kind", { ...good, kind: undefined }],
    ["null as kind", { ...good, kind: null }],
    ["the number of the kind", { ...good, kind: 6 }],
    ["no note", { ...good, noteName: undefined }],
    ["an object as note", { ...good, noteName: { toString: () => NOTE } }],
    ["no resourceUri", { ...good, resourceUri: undefined }],
    ["a list as resourceUri", { ...good, resourceUri: [IMAGE] }],
    ["no attestation", { ...good, attestation: undefined }],
    ["null as attestation", { ...good, attestation: null }],
    ["no payload", within({ serializedPayload: undefined })],
    ["a payload of 100 MB", within({ serializedPayload: "A".repeat(100 << 20) })],
    ["a payload that is no base64", within({ serializedPayload: "{}" })],
    ["no signatures", within({ signatures: undefined })],
    ["an empty list of signatures", within({ signatures: [] })],
    ["an object as signatures", within({ signatures: { 0: signature, length: 1 } })],
    ["a million signatures", within({ signatures: Array(1e6).fill(signature) })],
    ["null as signature", withSignature(null)],
    ["a text as signature", withSignature("AAAA")],
    ["no key id", withSignature({ signature: signature.signature })],
    ["a list as key id", withSignature({ ...signature, publicKeyId: [signature.publicKeyId] })],
    ["no signature bytes", withSignature({ publicKeyId: signature.publicKeyId })],
    ["a signature of 10 MB", withSignature({ ...signature, signature: "A".repeat(10 << 20) })],
  ])("%s: malformed, not admitted, no obstacle for others", (_, occurrence) => {
    const verdict = ask({ evidence: [occurrence as Occurrence] });
    expect(verdict.verdict).toBe("denied");
    expect(codes(verdict)).toContain("malformed-attestation");
    expect(ask({ evidence: [occurrence as Occurrence, good] }).verdict).toBe("admitted");
  });

  test("occurrences of other kinds are passed over", () => {
    const verdict = ask({ evidence: [{ ...good, kind: "VULNERABILITY" } as never] });
    expect(verdict.verdict).toBe("denied");
    expect(codes(verdict)).toEqual(["no-attestation"]);
  });

  test.each([
    ["deep JSON", `${"[".repeat(20_000)}${"]".repeat(20_000)}`],
    ["deep objects", `${'{"critical":'.repeat(3000)}1${"}".repeat(3000)}`],
    [
      "a digest that occurs twice",
      `{"critical":{"image":{"docker-manifest-digest":"sha256:0","docker-manifest-digest":"${DIGEST}"}}}`,
    ],
    ["__proto__", `{"__proto__":{"critical":{"image":{"docker-manifest-digest":"${DIGEST}"}}}}`],
    ["look-alikes", `{"сritical":{"image":{"docker-manifest-digest":"${DIGEST}"}}}`],
    ["constructor", `{"constructor":{"prototype":{"critical":{"image":{"docker-manifest-digest":"${DIGEST}"}}}}}`],
  ])("a signed payload of %s is not admitted", (_, payload) => {
    const verdict = ask({ evidence: [attest(IMAGE, { payload })] });
    expect(verdict.verdict).toBe("denied");
    expect(codes(verdict)).toEqual(["payload-not-json"]);
    expect(({} as Record<string, unknown>).critical).toBeUndefined();
  });

  test("long texts are not repeated in full", () => {
    const keyId = "k".repeat(100_000);
    const [diagnosis] = ask({ evidence: [attest(IMAGE, { keyId })] }).images[0].attestors[0].diagnosis;
    expect(diagnosis.detail.length).toBeLessThan(500);
  });

  test("a great many near misses are told as a few", () => {
    const foreign = Array.from({ length: 5000 }, () => attestOn("projects/another-project/notes/x"));
    const bad = Array.from({ length: 50 }, () => withSignature({ ...signature, publicKeyId: "x" }));
    for (const evidence of [foreign, bad]) {
      expect(ask({ evidence }).images[0].attestors[0].diagnosis.length).toBeLessThanOrEqual(20);
    }
  });

  const attestOn = (noteName: string): Occurrence => ({ ...good, noteName });

  test("an occurrence without a name is told without one", () => {
    const { name: _, ...nameless } = good;
    expect(ask({ evidence: [{ ...nameless, noteName: "x" }] }).images[0].attestors[0].diagnosis[1]).not.toHaveProperty(
      "occurrence",
    );
    expect(ask({ evidence: [nameless] }).verdict).toBe("admitted");
  });

  test("evidence of the wrong type never crashes it", () => {
    const shape = fc.record(
      {
        kind: fc.constantFrom("ATTESTATION", "VULNERABILITY", undefined, 1),
        noteName: fc.oneof(fc.constant(NOTE), fc.anything()),
        resourceUri: fc.oneof(fc.constant(IMAGE), fc.anything()),
        attestation: fc.oneof(
          fc.anything(),
          fc.record({
            serializedPayload: fc.oneof(fc.constant(good.attestation.serializedPayload), fc.anything()),
            signatures: fc.oneof(
              fc.anything(),
              fc.array(
                fc.oneof(
                  fc.anything(),
                  fc.record({ publicKeyId: fc.constant(testKey("first").id), signature: fc.anything() }),
                ),
              ),
            ),
          }),
        ),
      },
      { requiredKeys: [] },
    );
    check(fc.array(fc.oneof(shape, fc.anything())), (evidence) => {
      expect(ask({ evidence: evidence as never }).verdict).toBe("denied");
      expect(ask({ images: [`${REPOSITORY}:v1`], evidence: evidence as never }).verdict).toBe("denied");
    });
  });
});

describe("hostile pods", () => {
  const denying = { defaultRule: known(DENY), ...exempt("gcr.io/p/**", "gcr.io/p*", "nginx*", "nginx") };

  test.each([
    "gcr.io/p/../evil/x",
    "gcr.io/p/./x",
    "gcr.io/p//x",
    "gcr.io/p/x/",
    "gcr.io/p/х",
    "gcr.io/p/x y",
    "gcr.io/p/x\nquay.io/evil",
    "gcr.io/p/x\u0000",
    "gcr.io/p/x\u200b",
    "ｎginx",
    "nginx\n",
    " nginx",
    `gcr.io/p/${"x".repeat(2000)}`,
    "",
    "__proto__",
  ])("%p is exempted by nothing", (image) => {
    expect(ask({ images: [image], policy: denying }).verdict).toBe("denied");
  });

  test("a digest behind a name that cannot be is no digest", () => {
    for (const image of [`gcr.io/../x@${DIGEST}`, `gcr.io/х@${DIGEST}`, ` ${IMAGE}`, `${IMAGE}\n`]) {
      expect(ask({ images: [image], evidence: [good] }).verdict).toBe("denied");
    }
  });

  test("any text is answered, quickly", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom("a-".repeat(5000), "@".repeat(5000), ":/@".repeat(2000), "*".repeat(5000)),
    );
    check(fc.tuple(text, text), ([image, pattern]) => {
      const start = process.hrtime.bigint();
      const verdict = ask({ images: [image], policy: { defaultRule: known(DENY), ...exempt(pattern) } });
      expect(verdict.images[0].image).toBe(image);
      expect(Number(process.hrtime.bigint() - start) / 1e6).toBeLessThan(1000);
    });
  });

  test("inherited labels break no glass", () => {
    const labels = Object.create({ "image-policy.k8s.io/break-glass": "true" });
    expect(ask({ images: ["nginx"], labels }).verdict).toBe("denied");
    expect(ask({ images: ["nginx"], labels: null as never, annotations: null as never }).verdict).toBe("denied");
  });
});

test("a verifier that throws, or answers something else than true, has verified nothing", () => {
  const pod = { images: [{ image: IMAGE, container: "c", kind: "container" as const }] };
  const throwing = {
    verify: (): boolean => {
      throw new Error("broken");
    },
  };
  const strange = { verify: () => 1 as unknown as boolean };
  for (const broken of [throwing, strange]) {
    expect(admit({ target: CLUSTER, pod }, model(), { occurrences: [good] }, broken).verdict).toBe("denied");
  }
  expect(
    admit({ target: CLUSTER, pod }, model({ policies: [policy()] }), { occurrences: [good] }, verifier).verdict,
  ).toBe("admitted");
});
