import { admit, kubectlMessage } from "../../lib/admission";
import { cloudRunMessage, denialDetail } from "../../lib/admission/messages";
import { known, type Rule, UNKNOWN } from "../../lib/trust/model";
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
  DEFAULT,
  DENY,
  DIGEST,
  DRY_RUN,
  exempt,
  IMAGE,
  model,
  NOTE,
  OTHER_DIGEST,
  PROJECT,
  policy,
  REPOSITORY,
  REQUIRE,
  REQUIRE_BOTH,
  RUN,
  rule,
  SECOND,
  SECOND_ATTESTOR,
  SECOND_NOTE,
  service,
  specific,
  testKey,
  verifier,
} from "./support";

// The numbers are those of docs/admission-semantics.md.

const REASON_1 = "Expected digest with sha256 scheme, but got tag or malformed digest";
const REASON_2 = "No attestations found that were valid and signed by a key trusted by the attestor";
const WEBHOOK = 'admission webhook "imagepolicywebhook.image-policy.k8s.io" denied the request: ';
const AUDIT = "imagepolicywebhook.image-policy.k8s.io";
const SECOND_KEY = { key: testKey("second"), note: SECOND_NOTE };

describe("1.1 when anything is evaluated", () => {
  const denied = (evaluationMode: string) =>
    ask({
      images: ["nginx"],
      model: model({
        policies: [policy({ defaultRule: known(DENY) })],
        clusters: [cluster({ evaluationMode: known(evaluationMode) })],
      }),
    });

  test.each(["PROJECT_SINGLETON_POLICY_ENFORCE", "POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE"])(
    "1.1.1 %s enforces",
    (mode) => {
      expect(denied(mode).verdict).toBe("denied");
    },
  );

  test.each(["DISABLED", "", "EVALUATION_MODE_UNSPECIFIED", "POLICY_BINDINGS"])(
    "1.1.1 %p admits everything",
    (mode) => {
      expect(denied(mode)).toMatchObject({
        verdict: "admitted",
        auditLabels: {},
        images: [{ decidedBy: "not-enforced" }],
      });
    },
  );

  test("1.1.1 the policy is that of the cluster's project", () => {
    const policies = [
      policy({ project: "another-project", defaultRule: known(ALLOW) }),
      policy({ defaultRule: known(DENY) }),
    ];
    expect(ask({ model: model({ policies }) }).verdict).toBe("denied");
    const target = { ...CLUSTER, project: "another-project" };
    expect(ask({ target, model: model({ policies }) }).verdict).toBe("admitted");
  });

  test("1.1.2 the message is kubectl's and the webhook's", () => {
    const { message } = ask({ images: ["nginx"], policy: { defaultRule: known(DENY) } });
    expect(kubectlMessage(message as string)).toBe(
      `Error from server (VIOLATES_POLICY): ${WEBHOOK}Image nginx denied by Binary Authorization default admission rule. Denied by always_deny admission rule`,
    );
    expect(kubectlMessage("M", "STDIN")).toBe('Error from server (VIOLATES_POLICY): error when creating "STDIN": M');
  });

  test.each(["container", "init", "ephemeral"] as const)("1.1.3 images of kind %s count", (kind) => {
    const pod = { images: [{ image: "nginx", container: "c", kind }] };
    const verdict = admit({ target: CLUSTER, pod }, model(), { occurrences: [] }, verifier);
    expect(verdict).toMatchObject({
      verdict: "denied",
      images: [{ image: "nginx", container: "c", kind, verdict: "denied" }],
    });
    const signed = { images: [{ image: IMAGE, container: "c", kind }] };
    expect(admit({ target: CLUSTER, pod: signed }, model(), { occurrences: [attest(IMAGE)] }, verifier).verdict).toBe(
      "admitted",
    );
  });

  test("1.1.4 a pod is admitted if and only if every image is", () => {
    const evidence = [attest(IMAGE)];
    expect(ask({ images: [IMAGE, IMAGE], evidence }).verdict).toBe("admitted");
    expect(ask({ images: [IMAGE, "nginx"], evidence }).verdict).toBe("denied");
    expect(ask({ images: [], evidence }).verdict).toBe("undecided");
  });
});

describe("1.2 the order for one image", () => {
  const everything = { globalPolicyEvaluationMode: known("ENABLE" as const), defaultRule: known(DENY) };

  test("1.2.1 the system policy comes first, where it is enabled", () => {
    const images = ["gke.gcr.io/pause:3.8"];
    expect(ask({ images, policy: { ...everything, ...exempt("gke.gcr.io/**") } }).images[0]).toMatchObject({
      decidedBy: "system-policy",
      pattern: "gke.gcr.io/**",
    });
    expect(ask({ images, policy: { ...everything, globalPolicyEvaluationMode: known("DISABLE") } }).verdict).toBe(
      "denied",
    );
  });

  test("1.2.2 exempt images come before every rule", () => {
    const change = { ...exempt("gcr.io/p/nginx*"), specificRules: specific({ "us-central1-a.prod": DENY }) };
    expect(ask({ images: ["gcr.io/p/nginx:latest"], policy: change }).images[0]).toMatchObject({
      verdict: "admitted",
      decidedBy: "exempt-image",
      pattern: "gcr.io/p/nginx*",
      rule: { kind: "cluster", key: "us-central1-a.prod", evaluationMode: "ALWAYS_DENY" },
    });
    expect(ask({ images: ["gcr.io/p/apache:latest"], policy: change }).verdict).toBe("denied");
  });

  test("1.2.3 a specific rule replaces the default rule", () => {
    const change = { defaultRule: known(DENY), specificRules: specific({ "us-central1-a.prod": ALLOW }) };
    expect(ask({ policy: change }).verdict).toBe("admitted");
    expect(ask({ policy: change, target: { ...CLUSTER, name: "test" } }).verdict).toBe("denied");
  });

  test.each<[string, Rule, string]>([
    ["ALWAYS_ALLOW", ALLOW, "admitted"],
    ["ALWAYS_DENY", DENY, "denied"],
    ["REQUIRE_ATTESTATION", REQUIRE, "denied"],
  ])("1.2.4 %s", (_, defaultRule, verdict) => {
    expect(ask({ policy: { defaultRule: known(defaultRule) } }).verdict).toBe(verdict);
  });

  test("1.2.5 break-glass and dry run admit what was denied", () => {
    const labels = { "image-policy.k8s.io/break-glass": "true" };
    expect(ask({ labels })).toMatchObject({
      verdict: "admitted",
      overriddenBy: "break-glass",
      images: [{ verdict: "denied" }],
    });
    const dry = { defaultRule: known(rule("ALWAYS_DENY", [], DRY_RUN)) };
    expect(ask({ policy: dry })).toMatchObject({
      verdict: "admitted",
      overriddenBy: "dry-run",
      images: [{ verdict: "denied" }],
    });
    expect(ask({})).toMatchObject({ verdict: "denied" });
    expect(ask({})).not.toHaveProperty("overriddenBy");
  });
});

describe("1.3 keys of rules", () => {
  const asGke = (namespace?: string, serviceAccount?: string) => ({ ...CLUSTER, namespace, serviceAccount });
  const under = (kind: "cluster" | "namespace" | "service-account" | "istio-identity", key: string, target = asGke()) =>
    ask({ target, policy: { defaultRule: known(ALLOW), specificRules: specific({ [key]: DENY }, kind) } });
  const mesh = `${PROJECT}.svc.id.goog`;

  test.each([
    ["cluster", "us-central1-a.prod", asGke(), "denied"],
    ["cluster", "us-central1.prod", asGke(), "admitted"],
    ["cluster", "us-central1-a.prod2", asGke(), "admitted"],
    ["namespace", "shop", asGke("shop"), "denied"],
    ["namespace", "shop", asGke("shop2"), "admitted"],
    ["namespace", "shop", asGke(), "undecided"],
    ["service-account", "shop:web", asGke("shop", "web"), "denied"],
    ["service-account", "shop:web", asGke("shop", "job"), "admitted"],
    ["service-account", "shop:web", asGke("bank", "web"), "admitted"],
    ["service-account", "shop:web", asGke("bank"), "admitted"],
    ["service-account", "shop:web", asGke("shop"), "undecided"],
    ["service-account", "shop", asGke("shop", "web"), "admitted"],
    ["service-account", "shop:web:x", asGke("shop", "web"), "admitted"],
    ["istio-identity", `spiffe://${mesh}/ns/shop/sa/web`, asGke("shop", "web"), "denied"],
    ["istio-identity", `${mesh}/ns/shop/sa/web`, asGke("shop", "web"), "denied"],
    ["istio-identity", `${mesh}/ns/shop/sa/web`, asGke("shop", "job"), "admitted"],
    ["istio-identity", "spiffe://example.com/ns/shop/sa/web", asGke("shop", "web"), "undecided"],
    ["istio-identity", "spiffe://example.com/ns/shop/sa/web", asGke("bank", "web"), "admitted"],
    ["istio-identity", "shop/web", asGke("shop", "web"), "admitted"],
  ] as const)("1.3.2 %s %s for %j: %s", (kind, key, target, verdict) => {
    expect(under(kind, key, target).verdict).toBe(verdict);
  });

  test("1.3.1 two rules for one cluster: no service has such a policy, so nothing follows where they differ", () => {
    const twice = (first: Rule, second: Rule) => {
      const rules = [first, second].map((one) => ({ key: known("us-central1-a.prod"), rule: one }));
      return ask({ policy: { specificRules: known({ kind: "cluster", rules }) } });
    };
    expect(twice(ALLOW, DENY).verdict).toBe("undecided");
    expect(codes(twice(ALLOW, DENY))).toEqual(["invalid-policy"]);
    expect(twice(DENY, DENY).verdict).toBe("denied");
  });

  test("1.3.1 a rule for a cluster that is not there is no obstacle", () => {
    expect(
      ask({ policy: { defaultRule: known(ALLOW), specificRules: specific({ "us-east1.future": DENY }) } }).verdict,
    ).toBe("admitted");
  });

  test("1.3.3 attestations that are required of nobody admit nothing", () => {
    const verdict = ask({ policy: { defaultRule: known(rule("REQUIRE_ATTESTATION")) }, evidence: [attest(IMAGE)] });
    expect(verdict.verdict).toBe("undecided");
    expect(codes(verdict)).toEqual(["invalid-policy"]);
    expect(ask({ evidence: [attest(IMAGE)] }).verdict).toBe("admitted");
  });

  test("1.3.3 attestors under a mode that asks none: the API has no such rule, so that it admits nothing", () => {
    const verdict = ask({ policy: { defaultRule: known(rule("ALWAYS_ALLOW", [ATTESTOR])) } });
    expect(verdict.verdict).toBe("undecided");
    expect(codes(verdict)).toEqual(["invalid-policy"]);
    expect(ask({ policy: { defaultRule: known(rule("ALWAYS_DENY", [ATTESTOR])) } }).verdict).toBe("denied");
    const later = { ...ALLOW, requireAttestationsBy: UNKNOWN };
    expect(ask({ policy: { defaultRule: known(later) } }).verdict).toBe("admitted");
  });

  test.each<[string, Rule]>([
    ["1.3.3 without attestors", rule("REQUIRE_ATTESTATION", [], DRY_RUN)],
    ["1.3.3 with attestors that nobody asks", rule("ALWAYS_ALLOW", [ATTESTOR], DRY_RUN)],
    ["1.2.4 of a mode that is none", rule("ALWAYS_MAYBE", [], DRY_RUN)],
  ])("%s: that it is a dry run lets nothing run, as the service has another policy", (_, defaultRule) => {
    const verdict = ask({ policy: { defaultRule: known(defaultRule) } });
    expect(verdict).toMatchObject({ verdict: "undecided", auditLabels: {} });
    expect(verdict).not.toHaveProperty("overriddenBy");
    // Break-glass asks no policy.
    expect(
      ask({ policy: { defaultRule: known(defaultRule) }, labels: { "image-policy.k8s.io/break-glass": "true" } })
        .verdict,
    ).toBe("admitted");
  });

  test("a dry run whose evaluation mode is known after the apply only: whichever of them it is, nothing is refused", () => {
    const later: Rule = { ...rule("ALWAYS_DENY", [], DRY_RUN), evaluationMode: UNKNOWN };
    expect(ask({ policy: { defaultRule: known(later) } })).toMatchObject({
      verdict: "admitted",
      overriddenBy: "dry-run",
    });
    const enforced: Rule = { ...rule("ALWAYS_DENY"), evaluationMode: UNKNOWN };
    expect(ask({ policy: { defaultRule: known(enforced) } }).verdict).toBe("undecided");
  });

  test("1.3.4 Cloud Run has exempt images and the default rule only", () => {
    const change = {
      ...exempt("gcr.io/p/tool*"),
      globalPolicyEvaluationMode: known("ENABLE" as const),
      defaultRule: known(DENY),
      specificRules: specific({ "us-central1.web": ALLOW }),
    };
    expect(ask({ target: RUN, policy: change, images: ["gcr.io/p/tool:1"] }).verdict).toBe("admitted");
    expect(ask({ target: RUN, policy: change }).verdict).toBe("denied");
    expect(ask({ target: RUN, policy: change, images: ["gke.gcr.io/pause:1"] }).verdict).toBe("denied");
    expect(ask({ target: DEFAULT, policy: { ...change, defaultRule: known(ALLOW) } }).verdict).toBe("admitted");
  });
});

describe("1.4 patterns", () => {
  const denied = { defaultRule: known(DENY) };

  test.each<[string, string, string, boolean]>([
    ["P1", "quay.io/v/agent", "quay.io/v/agent", true],
    ["P1", "quay.io/v/agent", "quay.io/v/agent:1", false],
    ["P1", "quay.io/v/agent", `quay.io/v/agent@${DIGEST}`, false],
    ["P2", "quay.io/v/agent*", "quay.io/v/agent:1", true],
    ["P2", "quay.io/v/agent*", `quay.io/v/agent-2@${DIGEST}`, true],
    ["P2", "quay.io/v/agent*", "quay.io/v/agent/x", false],
    ["P2", "gcr.io/nginx*", "gcr.io/nginx@latest", true],
    ["P3", "quay.io/v**", "quay.io/v/agent/x", true],
    ["P3", "quay.io/v**", "quay.io/v-exploit/x", true],
    ["P3", "quay.io/v/**", "quay.io/v-exploit/x", false],
    ["P5", "cos-nvidia-installer:*", "cos-nvidia-installer:fixed", true],
    ["P5", "cos-nvidia-installer:*", "cos-nvidia-installer", false],
    ["P6", "nginx", "nginx", true],
    ["P6", "nginx", "docker.io/library/nginx", false],
    ["P6", "docker.io/library/nginx*", "nginx", false],
    ["P7", "quay.io/v/agent:1*", `quay.io/v/agent:1@${DIGEST}`, true],
    ["P7", "quay.io/v/agent:1", `quay.io/v/agent:1@${DIGEST}`, false],
  ])("%s: %s and %s: %s", (_, pattern, image, matches) => {
    const verdict = ask({ images: [image], policy: { ...denied, ...exempt(pattern) } });
    expect(verdict.verdict).toBe(matches ? "admitted" : "denied");
  });

  test.each(["P4", "P5"])("%s: a pattern that the API refuses admits nothing", (number) => {
    const pattern = number === "P4" ? "gcr.io/*/nginx*" : "gcr.i*";
    const other = ask({ images: ["quay.io/x:1"], policy: { ...denied, ...exempt(pattern) } });
    expect(other.verdict).toBe("denied");
    const [image] = number === "P4" ? ["gcr.io/*/nginx"] : ["gcr.io/nginx"];
    expect(ask({ images: [image], policy: { ...denied, ...exempt(pattern) } }).verdict).not.toBe("admitted");
  });

  test.each(["..", ".", "", "-/..", "x/"])(
    "P2: a name that ends in %j can be pulled from nowhere, whatever follows it",
    (name) => {
      for (const rest of ["", ":v1", `@${DIGEST}`, `:v1@${DIGEST}`]) {
        const image = `gcr.io/p/${name}${rest}`;
        expect([image, ask({ images: [image], policy: { ...denied, ...exempt("gcr.io/p/**") } }).verdict]).toEqual([
          image,
          "denied",
        ]);
        expect([image, ask({ images: [image], evidence: [attest(IMAGE)] }).verdict]).toEqual([image, "denied"]);
      }
    },
  );

  test("P5: where it would match, nothing is certain", () => {
    for (const pattern of ["*", "**", "gcr.io*"]) {
      const verdict = ask({ images: ["gcr.io"], policy: { ...denied, ...exempt(pattern) } });
      expect(verdict.verdict).toBe("undecided");
      expect(codes(verdict)).toEqual(["invalid-policy"]);
    }
  });
});

describe("1.5 the system policy", () => {
  const enabled = { globalPolicyEvaluationMode: known("ENABLE" as const) };
  const images = ["registry.example/system:1"];

  test("1.5 is taken as documented, and says so; its patterns can be handed in", () => {
    const approximated = ask({ images, policy: enabled });
    expect(approximated.verdict).toBe("denied");
    expect(approximated.assumptions).toEqual([expect.stringContaining("system policy")]);
    const given = ask({ images, policy: enabled, options: { systemImagePatterns: ["registry.example/*"] } });
    expect(given).toMatchObject({ verdict: "admitted", assumptions: [], images: [{ decidedBy: "system-policy" }] });
  });

  test("1.5 nothing is assumed where it does not matter", () => {
    expect(ask({ policy: enabled, evidence: [attest(IMAGE)] }).assumptions).toEqual([]);
    expect(ask({ images }).assumptions).toEqual([]);
  });
});

describe("1.6 break-glass and dry run", () => {
  const LABEL = { "image-policy.k8s.io/break-glass": "true" };
  const ANNOTATION = { "alpha.image-policy.k8s.io/break-glass": "true" };
  const result = `'nginx:latest' : Image nginx:latest denied by attestor ${ATTESTOR}: ${REASON_1}\n`;

  test.each([
    ["B1 label", { labels: LABEL }],
    ["B2 annotation", { annotations: ANNOTATION }],
    ["B2 both", { labels: LABEL, annotations: ANNOTATION }],
    ["B3 conflict", { labels: LABEL, annotations: { "alpha.image-policy.k8s.io/break-glass": "false" } }],
  ])("%s", (_, asking) => {
    expect(ask({ images: ["nginx:latest"], ...asking })).toMatchObject({
      verdict: "admitted",
      overriddenBy: "break-glass",
      message: `${WEBHOOK}Image nginx:latest denied by Binary Authorization default admission rule. Image nginx:latest denied by attestor ${ATTESTOR}: ${REASON_1}`,
      auditLabels: { [`${AUDIT}/break-glass`]: "true", [`${AUDIT}/overridden-verification-result`]: result },
    });
  });

  test.each([
    ["B1 the label as an annotation", { annotations: LABEL }],
    ["B2 the annotation as a label", { labels: ANNOTATION }],
    ["B3 another value", { labels: { "image-policy.k8s.io/break-glass": "True" } }],
    ["B3 an empty value", { labels: { "image-policy.k8s.io/break-glass": "" } }],
  ])("%s breaks no glass", (_, asking) => {
    expect(ask({ images: ["nginx:latest"], ...asking })).toMatchObject({ verdict: "denied", auditLabels: {} });
  });

  test("1.6 break-glass that was not needed is logged without a result", () => {
    const verdict = ask({ evidence: [attest(IMAGE)], labels: LABEL });
    expect(verdict).toMatchObject({ verdict: "admitted", auditLabels: { [`${AUDIT}/break-glass`]: "true" } });
    expect(Object.keys(verdict.auditLabels)).toHaveLength(1);
    expect(verdict).not.toHaveProperty("overriddenBy");
  });

  test("1.6 break-glass over what is undecided is logged without a result", () => {
    const verdict = ask({ evidence: "nobody looked", labels: LABEL });
    expect(verdict).toMatchObject({ verdict: "admitted", overriddenBy: "break-glass" });
    expect(verdict.auditLabels).toEqual({ [`${AUDIT}/break-glass`]: "true" });
  });

  test("B4 Cloud Run goes by its justification, not by the label", () => {
    const images = ["nginx"];
    expect(ask({ target: RUN, images, labels: LABEL }).verdict).toBe("denied");
    const services = [service({ breakglassJustification: known("outage") })];
    expect(ask({ target: RUN, images, model: model({ services }) })).toMatchObject({
      verdict: "admitted",
      overriddenBy: "break-glass",
      auditLabels: {},
    });
    expect(ask({ images, model: model({ services }) }).verdict).toBe("denied");
  });

  test("B5 with both, break-glass is named", () => {
    const asking = { images: ["nginx:latest"], policy: { defaultRule: known({ ...REQUIRE, ...DRY_RUN }) } };
    const both = ask({ ...asking, labels: LABEL });
    expect(both.overriddenBy).toBe("break-glass");
    expect(Object.keys(both.auditLabels)).toEqual([`${AUDIT}/break-glass`, `${AUDIT}/overridden-verification-result`]);
  });

  test("1.6 a dry run is logged only where a check failed", () => {
    const dry = { defaultRule: known({ ...REQUIRE, ...DRY_RUN }) };
    expect(ask({ images: ["nginx:latest"], policy: dry })).toMatchObject({
      verdict: "admitted",
      overriddenBy: "dry-run",
      auditLabels: { [`${AUDIT}/dry-run`]: "true", [`${AUDIT}/overridden-verification-result`]: result },
    });
    const passed = ask({ policy: dry, evidence: [attest(IMAGE)] });
    expect(passed).toMatchObject({ verdict: "admitted", auditLabels: {} });
    expect(passed).not.toHaveProperty("overriddenBy");
    expect(ask({ policy: dry, evidence: "nobody looked" })).toMatchObject({
      verdict: "admitted",
      overriddenBy: "dry-run",
      auditLabels: {},
    });
  });

  test("1.6 always deny in the audit log", () => {
    const dry = { defaultRule: known({ ...DENY, ...DRY_RUN }) };
    expect(ask({ images: ["nginx", "b"], policy: dry }).auditLabels).toEqual({
      [`${AUDIT}/dry-run`]: "true",
      [`${AUDIT}/overridden-verification-result`]:
        "'nginx' : Denied by an ALWAYS_DENY admission rule\n'b' : Denied by an ALWAYS_DENY admission rule\n",
    });
  });
});

describe("1.7 messages", () => {
  const clusterRule = (one: Rule) => ({ specificRules: specific({ "us-central1-a.prod": one }) });

  test("1.7 always deny, rule of a cluster", () => {
    expect(ask({ images: ["gcr.io/q/nginx:latest"], policy: clusterRule(DENY) }).images[0].message).toBe(
      "Image gcr.io/q/nginx:latest denied by Binary Authorization cluster admission rule for us-central1-a.prod. Denied by always_deny admission rule",
    );
  });

  test("1.7 why an image is denied, without the rule, as the audit log has it", () => {
    expect(denialDetail({ image: "docker.io/u/w", attestors: [] })).toBe("Denied by an ALWAYS_DENY admission rule");
    const attestors = [{ attestor: ATTESTOR, verdict: "unsatisfied" as const, reason: REASON_1, diagnosis: [] }];
    expect(denialDetail({ image: "docker.io/u/w", attestors })).toBe(
      `Image docker.io/u/w denied by attestor ${ATTESTOR}: ${REASON_1}`,
    );
    const undecided = [{ attestor: ATTESTOR, verdict: "undecided" as const, diagnosis: [] }];
    expect(denialDetail({ image: "docker.io/u/w", attestors: undecided })).toBeUndefined();
  });

  test("1.7 attestor, rule of a cluster", () => {
    expect(ask({ images: ["docker.io/u/w"], policy: clusterRule(REQUIRE) }).images[0].message).toBe(
      `Image docker.io/u/w denied by Binary Authorization cluster admission rule for us-central1-a.prod. Image docker.io/u/w denied by attestor ${ATTESTOR}: ${REASON_1}`,
    );
  });

  test("1.7 every failing image and attestor is reported, and no other", () => {
    const signed = `${REPOSITORY}@${OTHER_DIGEST}`;
    const evidence = [attest(IMAGE, SECOND_KEY), attest(signed), attest(signed, SECOND_KEY)];
    const verdict = ask({ images: ["a:1", signed, IMAGE], policy: { defaultRule: known(REQUIRE_BOTH) }, evidence });
    const rule = "denied by Binary Authorization default admission rule";
    expect(verdict.message).toBe(
      `${WEBHOOK}Image a:1 ${rule}. Image a:1 denied by attestor ${ATTESTOR}: ${REASON_1}. Image a:1 denied by attestor ${SECOND_ATTESTOR}: ${REASON_1}. Image ${IMAGE} ${rule}. Image ${IMAGE} denied by attestor ${ATTESTOR}: ${REASON_2}`,
    );
  });

  test("1.7 Cloud Run", () => {
    const { message } = ask({ target: RUN, policy: { defaultRule: known(DENY) } });
    expect(cloudRunMessage(message as string, "web-00001")).toBe(
      `Service update rejected by Binary Authorization policy: Revision web-00001 uses unauthorized container image. Container image '${IMAGE}' is not authorized by policy. Denied by an ALWAYS_DENY admission rule`,
    );
    expect(ask({ target: RUN }).message).toBe(
      `Container image '${IMAGE}' is not authorized by policy. Image ${IMAGE} denied by attestor ${ATTESTOR}: ${REASON_2}`,
    );
  });

  test("1.7 the text for other rules is not known, so there is none", () => {
    const verdict = ask({
      target: { ...CLUSTER, namespace: "shop" },
      policy: { specificRules: specific({ shop: DENY }, "namespace") },
    });
    expect(verdict.verdict).toBe("denied");
    expect(verdict).not.toHaveProperty("message");
  });

  test("1.7 there is no text while a part of it is not known", () => {
    const verdict = ask({ images: ["nginx", IMAGE], evidence: "nobody looked" });
    expect(verdict.verdict).toBe("denied");
    expect(verdict.images.map(({ message }) => message !== undefined)).toEqual([true, false]);
    expect(verdict).not.toHaveProperty("message");
    const attestors = [attestor({ publicKeys: known([]) }), SECOND];
    const half = ask({
      model: model({ attestors, policies: [policy({ defaultRule: known(REQUIRE_BOTH) })] }),
      evidence: "nobody looked",
    });
    expect(half.images[0]).toMatchObject({
      verdict: "denied",
      attestors: [{ verdict: "unsatisfied" }, { verdict: "undecided" }],
    });
    expect(half.images[0]).not.toHaveProperty("message");
    const labels = { "image-policy.k8s.io/break-glass": "true" };
    expect(Object.keys(ask({ images: ["nginx", IMAGE], evidence: "nobody looked", labels }).auditLabels)).toHaveLength(
      1,
    );
  });
});

describe("2 attestations", () => {
  const both = { defaultRule: known(REQUIRE_BOTH) };

  test("V1 every attestor has to be satisfied", () => {
    expect(ask({ policy: both, evidence: [attest(IMAGE), attest(IMAGE, SECOND_KEY)] }).verdict).toBe("admitted");
    expect(ask({ policy: both, evidence: [attest(IMAGE)] }).images[0].attestors).toMatchObject([
      { attestor: ATTESTOR, verdict: "satisfied", diagnosis: [] },
      {
        attestor: SECOND_ATTESTOR,
        verdict: "unsatisfied",
        reason: REASON_2,
        diagnosis: [{ code: "no-attestation" }, { code: "other-note" }],
      },
    ]);
  });

  test("V1 any of its keys satisfies an attestor", () => {
    const keys = ["first", "rotated"].map((name) => attestorKey(testKey(name)));
    const trust = model({ attestors: [attestor({ publicKeys: known(keys) })] });
    for (const name of ["first", "rotated"]) {
      expect(ask({ model: trust, evidence: [attest(IMAGE, { key: testKey(name) })] }).verdict).toBe("admitted");
    }
    expect(ask({ model: trust, evidence: [attest(IMAGE, { key: testKey("retired") })] }).verdict).toBe("denied");
  });

  test("V1 one good attestation among bad ones is enough", () => {
    const bad = [attest(IMAGE, { payload: "hello" }), attest(IMAGE, { key: testKey("retired") })];
    expect(ask({ evidence: [...bad, attest(IMAGE)] }).verdict).toBe("admitted");
    expect(ask({ evidence: bad }).verdict).toBe("denied");
    const [good] = attest(IMAGE).attestation.signatures;
    const several = attest(IMAGE);
    const signatures = [{ publicKeyId: "other", signature: good.signature }, good];
    expect(ask({ evidence: [{ ...several, attestation: { ...several.attestation, signatures } }] }).verdict).toBe(
      "admitted",
    );
  });

  test.each([
    ["V2 tag beside the digest", `${REPOSITORY}:v1@${DIGEST}`, "admitted"],
    ["V2 upper-case digest", `${REPOSITORY}@sha256:${"A".repeat(64)}`, "denied"],
    ["V2 short digest", `${REPOSITORY}@sha256:1111`, "denied"],
    ["V2 other scheme", `${REPOSITORY}@sha512:${"1".repeat(64)}`, "denied"],
    ["V2 two digests", `${REPOSITORY}@${DIGEST}@${DIGEST}`, "denied"],
    ["V2 tag", `${REPOSITORY}:v1`, "denied"],
    ["V2 nothing", REPOSITORY, "denied"],
    ["V2 nothing but a digest", `@${DIGEST}`, "denied"],
  ])("%s", (_, image, verdict) => {
    const answer = ask({ images: [image], evidence: [attest(IMAGE)] });
    expect(answer.verdict).toBe(verdict);
    expect(answer.images[0].attestors[0].reason).toBe(verdict === "denied" ? REASON_1 : undefined);
  });

  test("V3 only attestations on the attestor's note count, in whatever project they are", () => {
    const elsewhere = { ...attest(IMAGE), name: "projects/elsewhere-1/occurrences/1" };
    expect(ask({ evidence: [elsewhere] }).verdict).toBe("admitted");
    const other = ask({ evidence: [attest(IMAGE, { note: SECOND_NOTE })] });
    expect(other.verdict).toBe("denied");
    expect(codes(other)).toEqual(["no-attestation", "other-note"]);
    const noteNames = [`${NOTE} `, NOTE.toUpperCase(), NOTE.replace("built", "bui1t"), NOTE.replace("i", "і")];
    for (const note of noteNames) {
      expect(ask({ evidence: [attest(IMAGE, { note })] }).verdict).toBe("denied");
    }
  });

  test("V4 only the digest counts: another registry with the same digest is admitted, another digest is not", () => {
    expect(ask({ images: [`quay.io/mirror/web@${DIGEST}`], evidence: [attest(IMAGE)] }).verdict).toBe("admitted");
    const other = ask({ images: [`${REPOSITORY}@${OTHER_DIGEST}`], evidence: [attest(IMAGE)] });
    expect(other.verdict).toBe("denied");
    expect(codes(other)).toEqual(["no-attestation", "other-digest"]);
    expect(codes(ask({ evidence: [attest(`${REPOSITORY}-2@${OTHER_DIGEST}`)] }))).toEqual(["no-attestation"]);
    const misfiled = { ...attest(IMAGE), resourceUri: `${REPOSITORY}@${OTHER_DIGEST}` };
    expect(codes(ask({ images: [`${REPOSITORY}@${OTHER_DIGEST}`], evidence: [misfiled] }))).toEqual(["other-digest"]);
    expect(ask({ evidence: [misfiled] }).verdict).toBe("denied");
    expect(ask({ evidence: [{ ...attest(IMAGE), resourceUri: `https://${IMAGE}` }] }).verdict).toBe("admitted");
  });

  test("V5 the key id has to be the attestor's, exactly", () => {
    const key = testKey("first");
    for (const keyId of [`${key.id} `, key.id.slice(0, -1), key.id.toUpperCase(), key.id.replace("///", "//"), ""]) {
      const verdict = ask({ evidence: [attest(IMAGE, { keyId })] });
      expect(verdict.verdict).toBe("denied");
      expect(codes(verdict)).toEqual(["unknown-key-id"]);
    }
    const stolen = ask({ evidence: [attest(IMAGE, { key: testKey("retired"), keyId: key.id })] });
    expect(codes(stolen)).toEqual(["bad-signature"]);
  });

  test("V5 a key under its bare name is not the key that attestations name", () => {
    const version = "projects/k/locations/l/keyRings/r/cryptoKeys/c/cryptoKeyVersions/1";
    const publicKeys = known([attestorKey(testKey("first"), { id: known(version) })]);
    const trust = model({ attestors: [attestor({ publicKeys })] });
    const verdict = ask({
      model: trust,
      evidence: [attest(IMAGE, { keyId: `//cloudkms.googleapis.com/v1/${version}` })],
    });
    expect(verdict.images[0].attestors[0].diagnosis).toMatchObject([
      { code: "unknown-key-id", detail: expect.stringContaining("bare name") },
    ]);
    expect(ask({ model: trust, evidence: [attest(IMAGE, { keyId: version })] }).verdict).toBe("admitted");
  });

  const compact = JSON.stringify({ critical: { image: { "docker-manifest-digest": DIGEST } } });

  test("V6 the bytes that are stored are those that were signed: white space is free, re-serialized JSON is not", () => {
    const evidence = [attest(IMAGE, { payload: compact })];
    expect(ask({ evidence }).verdict).toBe("admitted");
    const serializedPayload = Buffer.from(`${compact} `).toString("base64");
    const respaced = { ...evidence[0], attestation: { ...evidence[0].attestation, serializedPayload } };
    expect(codes(ask({ evidence: [respaced] }))).toEqual(["bad-signature"]);
  });

  test.each([
    ["atomic container signature", /atomic container signature/],
    [undefined, /is missing/],
    ["Google cloud binauthz container signature", undefined],
  ])("V7 critical.type %p is accepted, with a hint", (type, hint) => {
    const payload = JSON.stringify({ critical: { image: { "docker-manifest-digest": DIGEST }, type } });
    const verdict = ask({ evidence: [attest(IMAGE, { payload })] });
    expect(verdict.verdict).toBe("admitted");
    expect(verdict.images[0].hints).toEqual(hint ? [expect.stringMatching(hint)] : []);
  });

  test("V8 PGP keys are unsupported, which is not denied; they do not stand in the way of others", () => {
    const pgp = attestorKey(testKey("first"), { type: "pgp" });
    const trust = (...keys: (typeof pgp)[]) => model({ attestors: [attestor({ publicKeys: known(keys) })] });
    const verdict = ask({ model: trust(pgp), evidence: [attest(IMAGE)] });
    expect(verdict.verdict).toBe("undecided");
    expect(codes(verdict)).toEqual(["unsupported-key-type"]);
    expect(ask({ model: trust(pgp), evidence: [] }).verdict).toBe("denied");
    const pkix = attestorKey(testKey("rotated"));
    expect(
      ask({ model: trust(pgp, pkix), evidence: [attest(IMAGE), attest(IMAGE, { key: testKey("rotated") })] }).verdict,
    ).toBe("admitted");
  });

  test("V8 an algorithm that the service does not verify is denied", () => {
    const keys = (algorithm: string) => known([attestorKey(testKey("first"), { algorithm: known(algorithm) })]);
    const under = (algorithm: string) =>
      ask({ model: model({ attestors: [attestor({ publicKeys: keys(algorithm) })] }), evidence: [attest(IMAGE)] });
    for (const algorithm of ["EC_SIGN_ED25519", "EC_SIGN_SECP256K1_SHA256", "PQ_SIGN_ML_DSA_65", "", "__proto__"]) {
      expect(under(algorithm).verdict).toBe("denied");
      expect(codes(under(algorithm))).toEqual(["unsupported-key-type"]);
    }
    expect(under("EC_SIGN_P256_SHA256").verdict).toBe("admitted");
    expect(codes(under("ECDSA_P384_SHA384"))).toEqual(["bad-signature"]);
  });

  test("V8 jwts are not looked at", () => {
    const { serializedPayload } = attest(IMAGE).attestation;
    const attestation = { serializedPayload, signatures: [], jwts: [{ compactJwt: "a.b.c" }] };
    expect(ask({ evidence: [{ ...attest(IMAGE), attestation }] }).verdict).toBe("denied");
  });

  test("V9 what was deleted is not in the evidence", () => {
    expect(ask({ evidence: [attest(IMAGE)] }).verdict).toBe("admitted");
    expect(ask({ evidence: [] }).verdict).toBe("denied");
  });
});

describe("5 the minimum list", () => {
  const reasons = (asking: Parameters<typeof ask>[0]) =>
    ask(asking).images[0].attestors.map(({ attestor: name, reason }) => [name, reason]);

  test("unsigned tag, unsigned digest, signed digest, signed digest in another registry", () => {
    expect(ask({ images: ["nginx:latest"] }).message).toContain("Image nginx:latest denied by attestor");
    expect(reasons({ images: ["nginx:latest"] })).toEqual([[ATTESTOR, REASON_1]]);
    expect(reasons({ images: [`nginx@${DIGEST}`] })).toEqual([[ATTESTOR, REASON_2]]);
    expect(ask({ evidence: [attest(IMAGE)] }).verdict).toBe("admitted");
    expect(ask({ images: [`nginx@${DIGEST}`], evidence: [attest(IMAGE)] }).verdict).toBe("admitted");
  });

  test("two attestors, one missing: only that one is in the message", () => {
    const verdict = ask({ policy: { defaultRule: known(REQUIRE_BOTH) }, evidence: [attest(IMAGE)] });
    expect(verdict.message).toContain(SECOND_ATTESTOR);
    expect(verdict.message).not.toContain(ATTESTOR);
  });

  test("an attestor without keys", () => {
    const verdict = ask({
      model: model({ attestors: [attestor({ publicKeys: known([]) })] }),
      evidence: [attest(IMAGE)],
    });
    expect(verdict.images[0].attestors).toMatchObject([
      { reason: REASON_2, diagnosis: [{ code: "attestor-without-keys" }] },
    ]);
  });

  test("a pod of three: exempt, attested, neither; the message names the last only", () => {
    const images = ["gcr.io/p/tool:1", IMAGE, "nginx"];
    const verdict = ask({ images, policy: exempt("gcr.io/p/*"), evidence: [attest(IMAGE)] });
    expect(verdict.verdict).toBe("denied");
    expect(verdict.images.map(({ decidedBy, verdict: one }) => [decidedBy, one])).toEqual([
      ["exempt-image", "admitted"],
      ["rule", "admitted"],
      ["rule", "denied"],
    ]);
    expect(verdict.message).toBe(
      `${WEBHOOK}Image nginx denied by Binary Authorization default admission rule. Image nginx denied by attestor ${ATTESTOR}: ${REASON_1}`,
    );
  });

  test.each(["ENABLE", "DISABLE"] as const)("globalPolicyEvaluationMode %s", (mode) => {
    const verdict = ask({ images: ["gke.gcr.io/pause:3"], policy: { globalPolicyEvaluationMode: known(mode) } });
    expect(verdict.verdict).toBe(mode === "ENABLE" ? "admitted" : "denied");
  });
});
