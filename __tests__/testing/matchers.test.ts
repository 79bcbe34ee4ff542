import { type MatcherResult, matchers, TrustChain, trustChainOf } from "../../lib/testing";
import { type Power, type TrustModel, UNKNOWN } from "../../lib/trust/model";
import { ATTESTOR, KEY, MEMBER, NOTE, PROJECT, testStack } from "../support/synth";
import {
  DIGEST,
  denied,
  failureOf,
  NO_ATTESTATION,
  NO_DIGEST,
  OTHER_DIGEST,
  SIGNED,
  SYSTEM_POLICY,
  smallStack,
} from "./support";

const chain = trustChainOf(smallStack());
const signer = chain.testSigner("build-attestor");
const prod = chain.cluster("us-central1.prod");
const PROD = `gke:${PROJECT}/us-central1.prod`;
const LABELS = { "image-policy.k8s.io/break-glass": "true" };
const TAKEN_FOR_GRANTED = ["Taken for granted:", `  ${SYSTEM_POLICY}`, ""];

describe("toAdmit", () => {
  test("says why an image is denied: Google's words, our diagnosis, what was expected", () => {
    const attestations = [signer.attest(SIGNED.replace(DIGEST, OTHER_DIGEST))];
    expect(failureOf(() => expect(prod).toAdmit(SIGNED, { attestations }))).toEqual([
      denied(SIGNED, "us-central1.prod", ATTESTOR, NO_ATTESTATION),
      "",
      "Diagnosis:",
      `  ${ATTESTOR}: no attestation of ${DIGEST} is attached to ${NOTE} (no-attestation)`,
      `  ${ATTESTOR}: an attestation of the same repository is about ${OTHER_DIGEST} (other-digest)`,
      "",
      ...TAKEN_FOR_GRANTED,
      `Expected ${SIGNED} to be admitted on ${PROD}, but it is denied.`,
    ]);
  });

  test("hands on the hints", () => {
    const tag = SIGNED.replace(/@.*/, ":v1");
    expect(failureOf(() => expect(prod).toAdmit(tag, { attestations: [signer.attest(SIGNED)] }))).toEqual([
      denied(tag, "us-central1.prod", ATTESTOR, NO_DIGEST),
      "",
      "Hints:",
      `  a digest of this repository is attested: ${SIGNED} would be admitted`,
      "",
      ...TAKEN_FOR_GRANTED,
      `Expected ${tag} to be admitted on ${PROD}, but it is denied.`,
    ]);
  });

  test("says which image of several a line is about", () => {
    const images = ["quay.io/monitor/agent", SIGNED, "nginx"];
    expect(failureOf(() => expect(prod).toAdmit(images, { attestations: [] })).slice(2)).toEqual([
      "Diagnosis:",
      "  quay.io/monitor/agent: the policy exempts quay.io/monitor/* from its rules",
      `  ${SIGNED}: ${ATTESTOR}: no attestation of ${DIGEST} is attached to ${NOTE} (no-attestation)`,
      "",
      ...TAKEN_FOR_GRANTED,
      `Expected quay.io/monitor/agent, ${SIGNED}, nginx to be admitted on ${PROD}, but it is denied.`,
    ]);
  });

  test("fails where nobody said which attestations there are", () => {
    expect(failureOf(() => expect(prod).toAdmit(SIGNED))).toEqual([
      "Diagnosis:",
      `  ${ATTESTOR}: nobody looked for attestations (no-attestation)`,
      "",
      "Hints:",
      "  say which attestations there are: { attestations: [signer.attest(image)] }, or none: { attestations: [] }",
      "",
      ...TAKEN_FOR_GRANTED,
      `Expected ${SIGNED} to be admitted on ${PROD}, but it is undecided, which is neither admitted nor denied.`,
    ]);
  });

  test("tells break-glass and a dry run from an image that is admitted by itself, where it is asked to", () => {
    const dry = trustChainOf(smallStack({ dryRun: true })).cluster("us-central1.prod");
    expect(dry).toAdmit("nginx:latest");
    expect(dry).toAdmit("nginx:latest", { overriddenBy: "dry-run" });
    expect(dry.decide("nginx:latest").auditLabels).toEqual({
      "imagepolicywebhook.image-policy.k8s.io/dry-run": "true",
      "imagepolicywebhook.image-policy.k8s.io/overridden-verification-result": `'nginx:latest' : Image nginx:latest denied by attestor ${ATTESTOR}: ${NO_DIGEST}\n`,
    });
    expect(prod).toAdmit("nginx:latest", { labels: LABELS, overriddenBy: "break-glass" });
    expect(prod).toAdmit("nginx:latest", {
      annotations: { "alpha.image-policy.k8s.io/break-glass": "true" },
      overriddenBy: "break-glass",
    });
    expect(prod).toAdmit("quay.io/monitor/agent", { overriddenBy: false });
    expect(failureOf(() => expect(dry).toAdmit("nginx:latest", { overriddenBy: false }))).toEqual([
      denied("nginx:latest", "us-central1.prod", ATTESTOR, NO_DIGEST),
      "",
      "Overridden by:",
      "  dry-run",
      "",
      "Audit labels:",
      '  imagepolicywebhook.image-policy.k8s.io/dry-run: "true"',
      `  imagepolicywebhook.image-policy.k8s.io/overridden-verification-result: "'nginx:latest' : Image nginx:latest denied by attestor ${ATTESTOR}: ${NO_DIGEST}\\n"`,
      "",
      ...TAKEN_FOR_GRANTED,
      `Expected nginx:latest to be admitted on ${PROD} by itself, but it is admitted because of dry-run.`,
    ]);
    expect(failureOf(() => expect(prod).toAdmit("quay.io/monitor/agent", { overriddenBy: "dry-run" })).pop()).toBe(
      `Expected quay.io/monitor/agent to be admitted on ${PROD} because of dry-run, but it is admitted by itself.`,
    );
    expect(failureOf(() => expect(prod).not.toAdmit("quay.io/monitor/agent", { overriddenBy: "dry-run" })).pop()).toBe(
      '.not.toAdmit with "overriddenBy" says two things at once: say what should happen.',
    );
  });
});

describe("toDeny", () => {
  test("says why an image is admitted", () => {
    const attestations = [signer.attest(SIGNED)];
    expect(failureOf(() => expect(prod).toDeny(SIGNED, { attestations }))).toEqual([
      "Diagnosis:",
      `  attested by ${ATTESTOR}`,
      "",
      `Expected ${SIGNED} to be denied on ${PROD}, but it is admitted.`,
    ]);
    expect(failureOf(() => expect(prod).toDeny("gke.gcr.io/pause"))[1]).toBe(
      "  Google's system policy admits gke.gcr.io/**",
    );
  });

  test("says that nothing is enforced, or that the rule allows everything", () => {
    const off = chainWith((model) => ({
      clusters: model.clusters.map((cluster) => ({
        ...cluster,
        evaluationMode: { state: "known", value: "DISABLED" } as const,
      })),
    }));
    expect(failureOf(() => expect(off.cluster("us-central1.prod")).toDeny("nginx"))[1]).toBe(
      "  nothing enforces the project's policy here",
    );
    const open = chainWith((model) => ({
      policies: model.policies.map((policy) => ({
        ...policy,
        defaultRule: {
          state: "known",
          value: {
            evaluationMode: { state: "known", value: "ALWAYS_ALLOW" },
            enforcementMode: { state: "known", value: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
            requireAttestationsBy: { state: "known", value: [] },
          },
        } as const,
      })),
    }));
    expect(failureOf(() => expect(open.defaultRule()).toDeny("nginx"))[1]).toBe("  the rule says ALWAYS_ALLOW");
    const either = chainWith(() => ({
      policies: open.model.policies.map((policy) => {
        const rule = policy.defaultRule.state === "known" ? policy.defaultRule.value : undefined;
        const rules = rule ? [{ key: UNKNOWN, rule }] : [];
        return { ...policy, specificRules: { state: "known", value: { kind: "cluster", rules } } as const };
      }),
    }));
    expect(failureOf(() => expect(either.cluster("us-central1.prod")).toDeny("nginx"))[1]).toBe(
      "  every rule that may apply admits it",
    );
  });

  test("finds its reason in Google's message and in the diagnosis", () => {
    expect(prod).toDeny("nginx", { reason: /digest with sha256/ });
    expect(prod).toDeny("nginx", { reason: NO_DIGEST });
    expect(prod).toDeny(SIGNED, { attestations: [], reason: "(no-attestation)" });
    expect(prod).toDeny(SIGNED, { attestations: [], reason: /^No attestations found/ });
    const stateful = /digest/g;
    expect(prod).toDeny("nginx", { reason: stateful });
    expect(prod).toDeny("nginx", { reason: stateful });
  });

  test("fails where it is denied for another reason", () => {
    expect(failureOf(() => expect(prod).toDeny("nginx", { reason: /unsigned/ }))).toEqual([
      denied("nginx", "us-central1.prod", ATTESTOR, NO_DIGEST),
      "",
      ...TAKEN_FOR_GRANTED,
      `Expected nginx to be denied on ${PROD} for a reason that matches /unsigned/, but it is denied for another one.`,
    ]);
    expect(failureOf(() => expect(prod).toDeny("nginx", { reason: "unsigned" })).pop()).toBe(
      `Expected nginx to be denied on ${PROD} for a reason that contains "unsigned", but it is denied for another one.`,
    );
  });

  test("an overridden denial is none", () => {
    expect(failureOf(() => expect(prod).toDeny("nginx", { labels: LABELS })).pop()).toBe(
      `Expected nginx to be denied on ${PROD}, but it is admitted.`,
    );
  });
});

describe("negations", () => {
  test("hold where the opposite is certain", () => {
    expect(prod).not.toAdmit("nginx");
    expect(prod).not.toDeny("quay.io/monitor/agent");
    expect(prod).not.toBeUndecided("nginx");
  });

  test("fail like the others", () => {
    expect(failureOf(() => expect(prod).not.toAdmit("quay.io/monitor/agent")).pop()).toBe(
      `Expected quay.io/monitor/agent not to be admitted on ${PROD}, but it is admitted.`,
    );
    expect(failureOf(() => expect(prod).not.toDeny("nginx")).pop()).toBe(
      `Expected nginx not to be denied on ${PROD}, but it is denied.`,
    );
  });

  test("do not hold where nothing is certain", () => {
    expect(failureOf(() => expect(prod).not.toAdmit(SIGNED)).pop()).toBe(
      `Expected ${SIGNED} not to be admitted on ${PROD}, but it is undecided, which is neither admitted nor denied.`,
    );
    expect(failureOf(() => expect(prod).not.toDeny(SIGNED)).pop()).toBe(
      `Expected ${SIGNED} not to be denied on ${PROD}, but it is undecided, which is neither admitted nor denied.`,
    );
    expect(failureOf(() => expect(prod).not.toDeny(SIGNED, { reason: /x/ })).pop()).toMatch(/but it is undecided/);
  });

  test("of a reason are refused: they could mean two things", () => {
    expect(failureOf(() => expect(prod).not.toDeny("nginx", { reason: /unsigned/ })).pop()).toBe(
      '.not.toDeny with "reason" says two things at once: say what should happen.',
    );
  });
});

describe("toBeUndecided", () => {
  test("holds where something is missing", () => {
    expect(prod).toBeUndecided(SIGNED);
    expect(failureOf(() => expect(prod).not.toBeUndecided(SIGNED)).pop()).toBe(
      `Expected ${SIGNED} not to be undecided on ${PROD}, but it is undecided.`,
    );
  });

  test("holds where a key is behind a reference, until a test key stands in for it", () => {
    const fresh = trustChainOf(smallStack());
    const target = fresh.cluster("us-central1.prod");
    const attestations = [signer.attest(SIGNED)];
    expect(target).toBeUndecided(SIGNED, { attestations });
    fresh.testSigner("build-attestor");
    expect(target).toAdmit(SIGNED, { attestations });
  });

  test("fails where it is known", () => {
    expect(failureOf(() => expect(prod).toBeUndecided("nginx")).pop()).toBe(
      `Expected nginx to be undecided on ${PROD}, but it is denied.`,
    );
  });
});

describe("toGrantOnly", () => {
  const power = (parts: Partial<Power>): Power => ({
    kind: "none",
    principal: { state: "known", value: MEMBER },
    role: { state: "known", value: "roles/cloudkms.signer" },
    on: { state: "known", value: KEY },
    conditional: false,
    origin: { source: "test" },
    ...parts,
  });
  const grants = (...powers: Power[]) => chainWith(() => ({ powers }));
  const reference = (expression: string) => `\${${expression}}`;
  const on = (value: string) => ({ state: "known", value }) as const;

  test("counts a role that gives several powers once", () => {
    const both = grants(power({ kind: "sign" }), power({ kind: "grant" }));
    expect(both).toGrantOnly(MEMBER, ["roles/cloudkms.signer on key build-signer-key"]);
    expect(both).toGrantOnly(MEMBER, [`roles/cloudkms.signer on ${KEY}`]);
  });

  test.each([
    [KEY, "key build-signer-key"],
    [KEY.replace(/\/cryptoKeys.*/, ""), "key ring binauthz-ring"],
    [NOTE, "note build-attestor"],
    [ATTESTOR, "attestor build-attestor"],
    ["projects/p/locations/europe/repositories/apps", "repository apps"],
    ["projects/p/serviceAccounts/a@p.iam.gserviceaccount.com", "service account a@p.iam.gserviceaccount.com"],
    ["projects/p", "project p"],
    ["folders/7", "folder 7"],
    ["organizations/7", "organization 7"],
    ["projects/p/secrets/s", "projects/p/secrets/s"],
  ])("%s is %s", (name, short) => {
    expect(grants(power({ on: on(name) }))).toGrantOnly(MEMBER, [`roles/cloudkms.signer on ${short}`]);
  });

  test("a condition is part of a grant", () => {
    const conditional = grants(power({ conditional: true }));
    expect(conditional).toGrantOnly(MEMBER, ["roles/cloudkms.signer on key build-signer-key with a condition"]);
    expect(conditional).not.toGrantOnly(MEMBER, ["roles/cloudkms.signer on key build-signer-key"]);
  });

  test("a short name that stands for two resources is refused, and told in full", () => {
    const twin = "projects/other/notes/build-attestor";
    const two = grants(power({ on: on(NOTE) }), power({ on: on(twin) }));
    expect(failureOf(() => expect(two).toGrantOnly(MEMBER, ["roles/cloudkms.signer on note build-attestor"]))).toEqual([
      `"roles/cloudkms.signer on note build-attestor" stands for several grants; write the full name: ${NOTE}, ${twin}`,
    ]);
    expect(failureOf(() => expect(two).toGrantOnly(MEMBER, [`roles/cloudkms.signer on ${NOTE}`]))).toEqual([
      "Unexpected:",
      `  + roles/cloudkms.signer on ${twin}`,
      "",
      `Expected ${MEMBER} to be granted exactly 1 role, but it is granted 2 roles.`,
    ]);
  });

  test("tells whom something is granted, where the member is granted nothing", () => {
    expect(failureOf(() => expect(grants(power({}))).toGrantOnly("user:a@b.c", ["roles/x on project p"]))).toEqual([
      "Missing:",
      "  - roles/x on project p",
      "",
      "Members that are granted something:",
      `    ${MEMBER}`,
      "",
      "Expected user:a@b.c to be granted exactly 1 role, but it is granted 0 roles.",
    ]);
    expect(grants(power({}))).toGrantOnly("user:a@b.c", []);
  });

  test.each([
    ["known after the apply", UNKNOWN, "(known after the apply)"],
    [
      "behind a reference",
      { state: "hidden", reference: reference("google_service_account.x.member") },
      reference("google_service_account.x.member"),
    ],
    [
      "partly behind a reference",
      {
        state: "hidden",
        reference: `serviceAccount:${reference("local.x")}@my-secure-project.iam.gserviceaccount.com`,
      },
      `serviceAccount:${reference("local.x")}@my-secure-project.iam.gserviceaccount.com`,
    ],
    [
      "behind an expression",
      { state: "hidden", reference: reference(`join("", ["${reference("a")}"])`) },
      reference(`join("", ["${reference("a")}"])`),
    ],
  ] as const)("does not hold where a principal is %s", (_, principal, shown) => {
    const role = power({});
    const open = grants(role, power({ principal, origin: { source: "test", address: "google_x.y" } }));
    const expected = ["roles/cloudkms.signer on key build-signer-key"];
    for (const expectation of [expect(open), expect(open).not]) {
      expect(failureOf(() => expectation.toGrantOnly(MEMBER, expected)).slice(0, 2)).toEqual([
        "Not known, and maybe the same member's:",
        `  ? roles/cloudkms.signer on ${KEY} is given to ${shown} by google_x.y`,
      ]);
    }
    expect(open).not.toGrantOnly(MEMBER, []);
  });

  test("holds where a principal that is not known is certainly somebody else", () => {
    const agent = `serviceAccount:service-${reference("data.google_project.p.number")}@gcp-sa-binaryauthorization.iam.gserviceaccount.com`;
    const open = grants(power({}), power({ principal: { state: "hidden", reference: agent } }));
    expect(open).toGrantOnly(MEMBER, ["roles/cloudkms.signer on key build-signer-key"]);
  });

  test("refuses what is no grant", () => {
    expect(failureOf(() => expect(grants()).toGrantOnly(MEMBER, ["cloudkms.signer"]))).toEqual([
      '"cloudkms.signer" is no grant; write "ROLE on KIND NAME", for example "roles/cloudkms.signer on key build-signer-key", or the full name of the resource after "on"',
    ]);
  });
});

test("matchers refuse what they are not about", () => {
  const about = 'is about a target, such as expect(chain.cluster("us-central1.prod")) or expect(chain.defaultRule())';
  expect(failureOf(() => expect(chain).toAdmit("nginx"))).toEqual([`toAdmit ${about}`]);
  expect(failureOf(() => expect(undefined).toDeny("nginx"))).toEqual([`toDeny ${about}`]);
  expect(failureOf(() => expect(null).not.toBeUndecided("nginx"))).toEqual([`toBeUndecided ${about}`]);
  expect(failureOf(() => expect(prod).toGrantOnly(MEMBER, []))).toEqual([
    "toGrantOnly is about a chain of trust, such as expect(trustChainOf(stack))",
  ]);
  expect(failureOf(() => expect(undefined).toGrantOnly(MEMBER, []))).toHaveLength(1);
});

describe("what a test without types may hand over", () => {
  const untyped = (images: unknown, options?: unknown) => () =>
    expect(prod).toDeny(images as string, options as Record<string, never>);

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a number", 3],
    ["an empty text, as of a variable that is not set", ""],
    ["a list with a hole", [SIGNED, undefined]],
    ["a list with an empty text", [""]],
  ])("an image that is none is refused, and not denied: %s", (_, images) => {
    expect(untyped(images, { attestations: [] })).toThrow(/^an image is a text that is not empty, got /);
    expect(() => expect(prod).not.toAdmit(images as string)).toThrow(/^an image is a text/);
  });

  test("an option that there is not is refused: what it was to ask would not be asked", () => {
    expect(untyped(SIGNED, { attestations: [], reasn: /digest/ })).toThrow(
      'there is no option "reasn"; allowed: attestations, labels, annotations, namespace, serviceAccount, systemImagePatterns, and reason of toDeny, overriddenBy of toAdmit',
    );
    expect(() => expect(prod).toAdmit(SIGNED, { reason: /x/ } as never)).toThrow('there is no option "reason"');
  });

  test.each([{}, "sha256", [undefined], [null], [[]]])("attestations that are none are refused: %j", (attestations) => {
    expect(untyped(SIGNED, { attestations })).toThrow(/^attestations is a list of occurrences, got /);
  });

  test.each(["", 3, null])("a reason that is none is refused: %j", (reason) => {
    expect(untyped(SIGNED, { attestations: [], reason })).toThrow(
      /^a reason is a regular expression or a text that is not empty, got /,
    );
  });
});

test("a pod without images is undecided", () => {
  expect(failureOf(() => expect(prod).toAdmit([])).pop()).toBe(
    `Expected a pod without images to be admitted on ${PROD}, but it is undecided, which is neither admitted nor denied.`,
  );
});

test("matchers work without jest", () => {
  const result: MatcherResult = matchers.toDeny.call({}, prod, "nginx");
  expect(result.pass).toBe(true);
});

test("an empty stack has nothing to decide with", () => {
  const empty = trustChainOf(testStack());
  expect(empty.model.policies).toEqual([]);
  expect(empty).toGrantOnly(MEMBER, []);
});

function chainWith(change: (model: TrustModel) => Partial<TrustModel>): TrustChain {
  return new TrustChain({ ...chain.model, ...change(chain.model) });
}
