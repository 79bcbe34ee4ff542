import type { Diagnosis, ImageVerdict } from "../../lib/admission/types";
import { remediesOf, whyOf } from "../../lib/cli/admit/advice";
import { textOf } from "../../lib/cli/admit/text";
import type { Decision, ExplainedDecision } from "../../lib/workloads/survey";

const ATTESTOR = "projects/my-project/attestors/build";

const POD = { labels: {}, annotations: {}, images: [], running: false, mirror: false };

function decision(policy: Partial<ImageVerdict>, more: Partial<Decision> = {}): ExplainedDecision {
  const asked = { image: "nginx:1", container: "c", kind: "container" as const };
  return {
    id: "0".repeat(32),
    target: { kind: "gke", project: "my-project", location: "eu", name: "prod" },
    pod: { ...POD, workload: { kind: "Deployment", name: "web", inferred: false } },
    asked,
    verdict: "denied",
    category: "denied",
    policy: { ...asked, verdict: "denied", decidedBy: "rule", attestors: [], diagnosis: [], hints: [], ...policy },
    count: 1,
    sources: ["a.yaml"],
    ...more,
  };
}

const unsatisfied = (...diagnosis: Diagnosis[]): Partial<ImageVerdict> => ({
  attestors: [{ attestor: ATTESTOR, verdict: "unsatisfied", reason: "x", diagnosis }],
});

test.each<[Diagnosis, string]>([
  [{ code: "no-attestation", detail: "no attestation of it" }, "have build attest this digest"],
  [
    { code: "no-attestation", detail: "nobody looked for attestations" },
    "say which attestations there are with --attestations FILE: gcloud container binauthz attestations list --attestor=build --attestor-project=my-project --format=json > FILE",
  ],
  [{ code: "other-note", detail: "d", noteName: "n" }, "have build attest this digest"],
  [{ code: "other-digest", detail: "d", digest: "x" }, "have build attest this digest"],
  [{ code: "bad-signature", detail: "d", keyId: "k" }, "have build attest this digest"],
  [{ code: "payload-not-json", detail: "d" }, "have build attest this digest"],
  [{ code: "malformed-attestation", detail: "d" }, "have build attest this digest"],
  [
    { code: "unknown-key-id", detail: "d", keyId: "k" },
    "sign with a key that build has, or add the key that signed to it",
  ],
  [{ code: "attestor-without-keys", detail: "d" }, "give build a public key"],
  [
    { code: "attestor-unknown", detail: "d" },
    "add the source that has build with --from, or what gcloud lists of it with --attestors FILE",
  ],
  [
    { code: "unsupported-key-type", detail: "d", keyId: "k" },
    "sign with a key of a type that is verified here, in Cloud KMS for example",
  ],
  [
    { code: "value-unknown", detail: "d", value: 'the public key "//cloudkms.googleapis.com/v1/projects/p/1" of x' },
    "give the public key with --keys projects/p/1=FILE.pem",
  ],
  [
    { code: "value-unknown", detail: "d", value: "the note of x" },
    "give a source that knows the note of x: after the apply, the state",
  ],
])("what to do about %j of an attestor", (diagnosis, remedy) => {
  const asked = decision(unsatisfied(diagnosis));
  expect(remediesOf(asked)).toEqual([remedy]);
  expect(whyOf(asked)).toBe(`build: ${diagnosis.detail}`);
});

test("what comes down to the same is said once", () => {
  const asked = decision(
    unsatisfied({ code: "payload-not-json", detail: "d" }, { code: "other-note", detail: "e", noteName: "n" }),
  );
  expect(remediesOf(asked)).toEqual(["have build attest this digest"]);
  expect(whyOf(asked)).toBe("build: d; e");
});

test.each<[Diagnosis, string]>([
  [{ code: "invalid-policy", detail: "d" }, "mend the policy: the API does not accept it as it is"],
  [
    { code: "value-unknown", detail: "d", value: "the policy of my-project" },
    "add the source that has the policy of my-project with --from",
  ],
  [{ code: "value-unknown", detail: "d", value: "the namespace of the pod" }, "say the namespace with --namespace"],
  [
    { code: "no-attestation", detail: "nobody looked for attestations" },
    "say which attestations there are with --attestations FILE: gcloud container binauthz attestations list --format=json > FILE",
  ],
])("what to do about %j of the policy", (diagnosis, remedy) => {
  expect(remediesOf(decision({ verdict: "undecided", diagnosis: [diagnosis] }))).toEqual([remedy]);
});

test("a rule that denies everything is no matter of attestations", () => {
  const rule = { kind: "cluster" as const, key: "eu.prod", evaluationMode: "ALWAYS_DENY" };
  expect(whyOf(decision({ rule }))).toBe("the rule for eu.prod denies every image");
  expect(remediesOf(decision({ rule }))).toEqual([
    "to let it run, exempt the image, or have the rule for eu.prod require attestations instead",
  ]);
  expect(whyOf(decision({ verdict: "undecided" }))).toBe("not known");
});

test("what runs says why, and asks for nothing", () => {
  const admitted = (policy: Partial<ImageVerdict>) =>
    decision({ verdict: "admitted", ...policy }, { verdict: "admitted" });
  expect(whyOf(admitted({ decidedBy: "not-enforced" }))).toBe("Binary Authorization is not enforced there");
  expect(whyOf(admitted({ decidedBy: "system-policy", pattern: "gke.gcr.io/**" }))).toBe(
    "exempt in Google's system policy, gke.gcr.io/**",
  );
  expect(whyOf(admitted({}))).toBe("the default rule allows every image");
  expect(remediesOf(admitted({ hints: ["a hint"] }))).toEqual([]);
});

test("what is let through says what it would be otherwise", () => {
  const glass = {
    overriddenBy: "break-glass" as const,
    verdict: "admitted" as const,
    category: "break-glass" as const,
  };
  expect(whyOf(decision({}, glass))).toBe(
    "let through by break-glass; without it, it would be denied: the default rule denies every image",
  );
  expect(whyOf(decision({ verdict: "undecided" }, glass))).toBe(
    "let through by break-glass; without it, it cannot be decided: not known",
  );
});

describe("text", () => {
  const report = (...decisions: ExplainedDecision[]) => {
    const explained = (one: Decision) => one as ExplainedDecision;
    const survey = { result: "fail" as const, decisions, explained, passedOver: [], notes: [], assumptions: [] };
    return [...textOf(survey, { color: false, columns: undefined })].join("");
  };

  test("many places are some names and a number, of several projects in full", () => {
    const places = Array.from({ length: 12 }, (_, index) =>
      decision({}, { target: { kind: "gke", project: `project-${index % 2}`, location: "eu", name: `c${index}` } }),
    );
    const text = report(...places);
    expect(text).toContain("gke:project-0/eu.c0");
    expect(text).toContain("and 4 more");
    expect(text).toContain("FAIL  1 of 1 workload would not run, at 12 of 12 places");
  });

  test("dry run and break-glass are both named", () => {
    const text = report(
      decision({}, { verdict: "admitted", category: "dry-run", overriddenBy: "dry-run" }),
      decision({}, { verdict: "admitted", category: "break-glass", overriddenBy: "break-glass" }),
    );
    expect(text).toContain("would run only because of a dry run or break-glass");
  });

  test("kinds of containers, static pods and counts are there", () => {
    const pod = { ...POD, workload: { kind: "Pod", name: "proxy", inferred: true }, running: true, mirror: true };
    const asked = { image: "a", container: "c", kind: "init" as const };
    const text = report(decision({}, { pod, asked, count: 3 }));
    expect(text).toContain("(no namespace)  Pod proxy, static\n    c (init), 3 pods  a\n");
  });
});
