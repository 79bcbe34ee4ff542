import { admit, type Evidence, type Occurrence } from "../../lib/admission";
import { type AttestorKey, hidden, known, type Rule, UNKNOWN } from "../../lib/trust/model";
import {
  ALLOW,
  ATTESTOR,
  ask,
  attest,
  attestor,
  attestorKey,
  CLUSTER,
  cluster,
  codes,
  DENY,
  DRY_RUN,
  exempt,
  IMAGE,
  model,
  OTHER_DIGEST,
  PROJECT,
  policy,
  REPOSITORY,
  REQUIRE,
  REQUIRE_BOTH,
  RUN,
  rule,
  SECOND,
  service,
  specific,
  testKey,
  verifier,
} from "./support";

const signed = [attest(IMAGE)];
const HIDDEN = hidden("data.x.y");
const values = (verdict: ReturnType<typeof ask>) =>
  [...verdict.images[0].diagnosis, ...verdict.images[0].attestors.flatMap(({ diagnosis }) => diagnosis)].flatMap(
    (diagnosis) => (diagnosis.code === "value-unknown" ? [diagnosis.value] : []),
  );

describe("what is not known about the policy", () => {
  test("a policy that was not read, or twice", () => {
    for (const policies of [[], [policy(), policy()]]) {
      const verdict = ask({ model: model({ policies }), evidence: signed });
      expect(verdict).toMatchObject({ verdict: "undecided", images: [{ decidedBy: "unknown" }] });
      expect(values(verdict)).toEqual([`the policy of ${PROJECT}`]);
      expect(verdict).not.toHaveProperty("message");
    }
  });

  test("the mode of the system policy matters for system images only", () => {
    const change = { globalPolicyEvaluationMode: HIDDEN };
    const verdict = ask({ images: ["gke.gcr.io/pause:3"], policy: change });
    expect(verdict).toMatchObject({ verdict: "undecided", assumptions: [expect.any(String)] });
    expect(verdict.images[0].diagnosis).toEqual([
      {
        code: "value-unknown",
        value: "globalPolicyEvaluationMode",
        reference: "data.x.y",
        detail: "globalPolicyEvaluationMode is behind data.x.y, which could not be resolved",
      },
    ]);
    expect(ask({ images: ["nginx"], policy: change }).verdict).toBe("denied");
    expect(ask({ evidence: signed, policy: change }).verdict).toBe("admitted");
  });

  test.each([
    ["the list of exempt images", UNKNOWN],
    ["an exempt image", known([UNKNOWN, known("gcr.io/p/*")])],
  ])("%s", (value, exemptImages) => {
    const verdict = ask({ images: ["nginx"], policy: { exemptImages } });
    expect(verdict).toMatchObject({ verdict: "undecided", images: [{ decidedBy: "unknown" }] });
    expect(verdict.images[0]).not.toHaveProperty("message");
    expect(values(verdict)).toEqual([value]);
    expect(ask({ evidence: signed, policy: { exemptImages } }).verdict).toBe("admitted");
  });

  test("an exempt image that is known decides beside one that is not", () => {
    const exemptImages = known([UNKNOWN, known("gcr.io/p/*")]);
    expect(ask({ images: ["gcr.io/p/x"], policy: { exemptImages } }).verdict).toBe("admitted");
  });

  test.each<[string, Partial<Rule>, string]>([
    ["the evaluation mode of the default rule", { evaluationMode: UNKNOWN }, "undecided"],
    ["the list of attestors of the default rule", { requireAttestationsBy: UNKNOWN }, "undecided"],
    ["the enforcement mode of the default rule", { enforcementMode: UNKNOWN }, "denied"],
  ])("%s", (value, change, verdict) => {
    const answer = ask({ images: ["nginx"], policy: { defaultRule: known({ ...REQUIRE, ...change }) } });
    expect(answer).toMatchObject({ verdict: "undecided", images: [{ verdict, decidedBy: "rule" }] });
    expect(values(answer)).toEqual([value]);
  });

  test("the enforcement mode does not matter where nothing is denied", () => {
    const defaultRule = known({ ...REQUIRE, enforcementMode: UNKNOWN });
    expect(
      ask({ policy: { defaultRule, ...exempt("gcr.io/p/*") }, images: [IMAGE, "gcr.io/p/x"], evidence: signed })
        .verdict,
    ).toBe("admitted");
    const half = ask({ policy: { defaultRule, ...exempt("gcr.io/p/*") }, images: ["gcr.io/p/x", "nginx"] });
    expect(half.images.map(({ diagnosis }) => diagnosis.length)).toEqual([0, 1]);
  });

  test("the whole default rule", () => {
    const verdict = ask({ evidence: signed, policy: { defaultRule: UNKNOWN } });
    expect(verdict.verdict).toBe("undecided");
    expect(values(verdict)).toContain("the default rule");
    expect(verdict.images[0].rule).toEqual({ kind: "default" });
    expect(ask({ images: ["gcr.io/p/x"], policy: { defaultRule: UNKNOWN, ...exempt("gcr.io/p/*") } }).verdict).toBe(
      "admitted",
    );
  });

  test.each([
    ["evaluation", { ...REQUIRE, evaluationMode: known("ALWAYS_MAYBE") }],
    ["enforcement", { ...DENY, enforcementMode: known("ENFORCEMENT_MODE_UNSPECIFIED") }],
  ])("an %s mode that the API does not have", (_, defaultRule) => {
    const verdict = ask({ evidence: signed, policy: { defaultRule: known(defaultRule) } });
    expect(verdict.verdict).toBe("undecided");
    expect(codes(verdict)).toEqual(["invalid-policy"]);
  });
});

describe("which rule applies is not known", () => {
  const maybe = (change: Partial<Rule>, defaultRule = ALLOW) => ({
    defaultRule: known(defaultRule),
    specificRules: known({ kind: "cluster" as const, rules: [{ key: UNKNOWN, rule: { ...DENY, ...change } }] }),
  });

  test("a rule that could deny admits nothing", () => {
    const verdict = ask({ policy: maybe({}) });
    expect(verdict).toMatchObject({ verdict: "undecided", auditLabels: {}, images: [{ verdict: "undecided" }] });
    expect(verdict.images[0]).not.toHaveProperty("rule");
    expect(values(verdict)).toEqual(["the key of a cluster rule"]);
  });

  test("what all of them say holds", () => {
    expect(ask({ policy: maybe({ evaluationMode: known("ALWAYS_ALLOW") }) })).toMatchObject({
      verdict: "admitted",
      images: [{ verdict: "admitted" }],
    });
    const denied = ask({ policy: maybe({}, DENY) });
    expect(denied).toMatchObject({ verdict: "denied", images: [{ verdict: "denied" }] });
    expect(denied).not.toHaveProperty("message");
    expect(ask({ policy: { ...maybe({}, DENY), ...exempt("gcr.io/p/*") }, images: ["gcr.io/p/x"] }).verdict).toBe(
      "admitted",
    );
  });

  test("a dry run holds where each of them is one", () => {
    const dry = rule("ALWAYS_DENY", [], DRY_RUN);
    expect(ask({ policy: maybe(DRY_RUN, dry) })).toMatchObject({
      verdict: "admitted",
      overriddenBy: "dry-run",
      auditLabels: {},
    });
    expect(ask({ policy: maybe(DRY_RUN, DENY) }).verdict).toBe("undecided");
    const half = ask({ policy: maybe(DRY_RUN, ALLOW) });
    expect(half.verdict).toBe("admitted");
    expect(half).not.toHaveProperty("overriddenBy");
  });

  test("all of them undecided", () => {
    expect(ask({ policy: maybe({ evaluationMode: UNKNOWN }, REQUIRE), evidence: "nobody looked" }).verdict).toBe(
      "undecided",
    );
  });

  test("a known key that fits makes the others irrelevant", () => {
    const rules = [
      { key: UNKNOWN, rule: DENY },
      { key: known("us-central1-a.prod"), rule: ALLOW },
    ];
    expect(ask({ policy: { specificRules: known({ kind: "cluster", rules }) } }).verdict).toBe("admitted");
  });

  test("the whole list of specific rules", () => {
    const change = { defaultRule: known(ALLOW), specificRules: UNKNOWN };
    expect(values(ask({ policy: change }))).toEqual(["the list of specific rules"]);
    expect(ask({ policy: change }).verdict).toBe("undecided");
    expect(ask({ policy: change, target: RUN }).verdict).toBe("admitted");
  });

  test.each([
    ["namespace", "shop", "the namespace of the pod"],
    ["service-account", "shop:web", "the service-account of the pod"],
    ["istio-identity", `${PROJECT}.svc.id.goog/ns/shop/sa/web`, "the istio-identity of the pod"],
  ] as const)("a rule by %s, and a pod of which only the cluster is known", (kind, key, unknown) => {
    const change = { defaultRule: known(ALLOW), specificRules: specific({ [key]: DENY }, kind) };
    const verdict = ask({ policy: change });
    expect(verdict.verdict).toBe("undecided");
    expect(values(verdict)).toEqual([unknown]);
    expect(verdict.images[0].diagnosis).toEqual([
      expect.objectContaining({ detail: expect.stringContaining(`whether the rule for ${key} applies depends on`) }),
    ]);
  });

  test("a near digest is not tried while the rule is not known", () => {
    const verdict = ask({ policy: maybe({}, REQUIRE), images: [`${REPOSITORY}:v1`], evidence: signed });
    expect(verdict.images[0].hints).toEqual([]);
  });
});

describe("whether the policy is enforced is not known", () => {
  const at = (evaluationMode = UNKNOWN as ReturnType<typeof known<string>> | typeof UNKNOWN, change = {}) =>
    model({ clusters: [cluster({ evaluationMode })], policies: [policy(change)] });

  test("an admission holds, a denial does not", () => {
    expect(ask({ model: at(), evidence: signed })).toMatchObject({
      verdict: "admitted",
      images: [{ verdict: "admitted" }],
    });
    const verdict = ask({ model: at() });
    expect(verdict).toMatchObject({ verdict: "undecided", images: [{ verdict: "undecided", decidedBy: "unknown" }] });
    expect(values(verdict)).toContain("the evaluation mode of the cluster us-central1-a.prod");
    expect(verdict).not.toHaveProperty("message");
  });

  test("what is overridden runs in any case", () => {
    const labels = { "image-policy.k8s.io/break-glass": "true" };
    expect(ask({ model: at(), labels })).toMatchObject({
      verdict: "admitted",
      overriddenBy: "break-glass",
      auditLabels: {},
    });
    const dry = { defaultRule: known(rule("ALWAYS_DENY", [], DRY_RUN)) };
    expect(ask({ model: at(UNKNOWN, dry) })).toMatchObject({ verdict: "admitted", overriddenBy: "dry-run" });
    expect(ask({ model: at(known("A_NEW_MODE"), dry) }).verdict).toBe("undecided");
    expect(ask({ model: at(known("A_NEW_MODE")), labels }).verdict).toBe("admitted");
  });

  test("a mode that is not evaluated here admits nothing for certain", () => {
    for (const mode of ["A_NEW_MODE", "__proto__", "constructor"]) {
      expect(ask({ model: at(known(mode)), evidence: signed }).verdict).toBe("undecided");
    }
    const services = [service({ policy: known("projects/p/platforms/cloudRun/policies/x") })];
    expect(ask({ target: RUN, model: model({ services }), evidence: signed }).verdict).toBe("undecided");
    expect(
      ask({ target: RUN, model: model({ services: [service({ policy: UNKNOWN })] }), evidence: signed }).verdict,
    ).toBe("undecided");
    expect(ask({ target: RUN, model: model({ services: [service({ policy: known("none") })] }) }).verdict).toBe(
      "admitted",
    );
  });

  test("a cluster or service that was not read is taken to enforce, aloud", () => {
    const trust = model({ clusters: [], services: [] });
    expect(ask({ model: trust })).toMatchObject({
      verdict: "denied",
      assumptions: ["the cluster us-central1-a.prod was not read; it is taken to enforce the project's policy"],
    });
    expect(ask({ model: trust, target: RUN }).assumptions).toHaveLength(1);
  });

  test("a cluster that is only looked up counts as not read, aloud", () => {
    const addresses = [
      "data.google_container_cluster.prod",
      "module.shared.data.google_container_cluster.prod[0]",
      'module.a["x.y[\\"z\\"]"].module.data[1].data.google_container_cluster.prod',
    ];
    for (const address of addresses) {
      for (const evaluationMode of [UNKNOWN, HIDDEN]) {
        const clusters = [cluster({ evaluationMode, origin: { source: "test", address } })];
        expect(ask({ model: model({ clusters }) })).toMatchObject({
          verdict: "denied",
          assumptions: ["the cluster us-central1-a.prod was not read; it is taken to enforce the project's policy"],
        });
      }
      const read = cluster({ evaluationMode: known("DISABLED"), origin: { source: "test", address } });
      expect(ask({ model: model({ clusters: [read] }) })).toMatchObject({ verdict: "admitted", assumptions: [] });
      const managed = cluster({ evaluationMode: known("DISABLED") });
      const lookedUp = cluster({ evaluationMode: UNKNOWN, origin: { source: "test", address } });
      expect(ask({ model: model({ clusters: [lookedUp, managed] }) })).toMatchObject({
        verdict: "admitted",
        assumptions: [],
      });
    }
  });

  test("a cluster that is managed stays undecided, whatever its address looks like", () => {
    const addresses = [
      undefined,
      "google_container_cluster.prod",
      "google_container_cluster.data",
      "module.data.google_container_cluster.prod",
      'module.a["data.google_container_cluster."].google_container_cluster.prod',
      'google_container_cluster.prod["data.google_container_cluster.x"]',
    ];
    for (const address of addresses) {
      const clusters = [cluster({ evaluationMode: UNKNOWN, origin: { source: "test", address } })];
      expect(ask({ model: model({ clusters }) })).toMatchObject({ verdict: "undecided", assumptions: [] });
    }
  });

  test("one that was read twice counts where both agree", () => {
    const twice = (...modes: string[]) =>
      model({ clusters: modes.map((mode) => cluster({ evaluationMode: known(mode) })) });
    expect(ask({ model: twice("DISABLED", "DISABLED") }).verdict).toBe("admitted");
    expect(ask({ model: twice("DISABLED", "PROJECT_SINGLETON_POLICY_ENFORCE") }).verdict).toBe("undecided");
    expect(ask({ model: model({ clusters: [cluster(), cluster({ evaluationMode: UNKNOWN })] }) }).verdict).toBe(
      "undecided",
    );
  });

  test("a justification of Cloud Run that is not known", () => {
    const under = (...services: ReturnType<typeof service>[]) => ask({ target: RUN, model: model({ services }) });
    const verdict = under(service({ breakglassJustification: UNKNOWN }));
    expect(verdict.verdict).toBe("undecided");
    expect(values(verdict)).toEqual(["the break-glass justification of the service"]);
    expect(under(service(), service({ kind: "job", breakglassJustification: known("outage") })).verdict).toBe(
      "undecided",
    );
    expect(ask({ target: RUN, model: model({ services: [] }) }).verdict).toBe("denied");
  });
});

describe("evidence that is no list", () => {
  test.each([null, {}, { occurrences: null }, { occurrences: {} }, { occurrences: "x" }])("%j", (evidence) => {
    const options = {
      target: CLUSTER,
      pod: { images: [{ image: IMAGE, container: "c", kind: "container" }] },
    } as const;
    const tagged = { ...options, pod: { images: [{ ...options.pod.images[0], image: `${REPOSITORY}:latest` }] } };
    expect(admit(options, model(), evidence as Evidence, verifier).verdict).toBe("undecided");
    expect(admit(tagged, model(), evidence as Evidence, verifier).verdict).toBe("denied");
  });
});

describe("what is not known about attestors", () => {
  const under = (change: Parameters<typeof attestor>[0], evidence: readonly Occurrence[] = signed) =>
    ask({ model: model({ attestors: [attestor(change)] }), evidence });
  const keyed = (...changes: Partial<AttestorKey>[]) => ({
    publicKeys: known(changes.map((change) => attestorKey(testKey("first"), change))),
  });

  test("an attestor that was not read, or twice", () => {
    const none = ask({ model: model({ attestors: [] }), evidence: signed });
    expect(none.verdict).toBe("undecided");
    expect(codes(none)).toEqual(["attestor-unknown"]);
    const two = ask({ model: model({ attestors: [attestor(), attestor()] }), evidence: signed });
    expect(two.verdict).toBe("undecided");
    expect(values(two)).toEqual([`the attestor ${ATTESTOR}`]);
    expect(ask({ images: ["nginx"], model: model({ attestors: [] }) }).verdict).toBe("denied");
  });

  test("an attestor whose name is not known", () => {
    const required = { ...REQUIRE, requireAttestationsBy: known([known(ATTESTOR), UNKNOWN, HIDDEN]) };
    const verdict = ask({ policy: { defaultRule: known(required) }, evidence: signed });
    expect(verdict.verdict).toBe("undecided");
    expect(verdict.images[0].attestors.map((one) => [one.attestor, one.verdict])).toEqual([
      [ATTESTOR, "satisfied"],
      ["(unknown)", "undecided"],
      ["data.x.y", "undecided"],
    ]);
  });

  test("a message without the name of an attestor would not be Google's, so there is none", () => {
    const required = { ...REQUIRE, requireAttestationsBy: known([known(ATTESTOR), UNKNOWN]) };
    const verdict = ask({ images: ["nginx"], policy: { defaultRule: known(required) } });
    expect(verdict.verdict).toBe("denied");
    expect(verdict).not.toHaveProperty("message");
    expect(ask({ images: ["nginx"] })).toHaveProperty("message");
  });

  test("without evidence a digest is undecided, and a tag is denied", () => {
    const verdict = ask({ evidence: "nobody looked" });
    expect(verdict.verdict).toBe("undecided");
    expect(verdict.images[0].attestors[0].diagnosis).toEqual([
      { code: "no-attestation", detail: "nobody looked for attestations" },
    ]);
    expect(ask({ images: ["nginx"], evidence: "nobody looked" }).verdict).toBe("denied");
  });

  test("the note", () => {
    expect(values(under({ noteName: UNKNOWN }))).toEqual([`the note of ${ATTESTOR}`]);
    expect(under({ noteName: UNKNOWN }).verdict).toBe("undecided");
  });

  test.each([
    ["all keys", { publicKeys: UNKNOWN }],
    ["the id of a key", keyed({ id: UNKNOWN })],
    ["the algorithm of a key", keyed({ algorithm: HIDDEN })],
    ["the material of a key", keyed({ material: UNKNOWN })],
    ["text that is no key", keyed({ material: known({ format: "unverified", text: "key" }) })],
    ["two different keys of one id", keyed({}, { type: "pgp" })],
  ])("%s", (_, change) => {
    const verdict = under(change);
    expect(verdict.verdict).toBe("undecided");
    expect(codes(verdict).length).toBeGreaterThan(0);
    // What was signed for another digest proves nothing, whatever the key is.
    const other = under(change, [{ ...attest(`${REPOSITORY}@${OTHER_DIGEST}`), resourceUri: IMAGE }]);
    expect(other.verdict).toBe("denied");
    expect(codes(other)).toEqual(["other-digest"]);
    expect(under(change, []).verdict).toBe("denied");
  });

  test("two equal keys of one id are one", () => {
    expect(under(keyed({}, {})).verdict).toBe("admitted");
  });

  test("one attestor that fails is enough to deny", () => {
    const trust = model({ attestors: [SECOND], policies: [policy({ defaultRule: known(REQUIRE_BOTH) })] });
    expect(ask({ model: trust })).toMatchObject({ verdict: "denied" });
    expect(ask({ policy: { specificRules: specific({}) } }).verdict).toBe("denied");
  });
});
