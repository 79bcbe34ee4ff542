import { hintsFor } from "../../lib/admission/hints";
import { known } from "../../lib/trust/model";
import {
  ALLOW,
  ask,
  attest,
  CLUSTER,
  DEFAULT,
  DENY,
  DIGEST,
  exempt,
  IMAGE,
  OTHER_DIGEST,
  policy,
  REPOSITORY,
  REQUIRE,
  RUN,
  specific,
} from "./support";

const hints = (asking: Parameters<typeof ask>[0]) => ask(asking).images[0].hints;
const denying = (...patterns: string[]) => ({ defaultRule: known(DENY), ...exempt(...patterns) });

describe("patterns that nearly match", () => {
  test.each([
    [
      "docker.io/library/nginx*",
      "nginx",
      "the exempt image docker.io/library/nginx* matches only if the pod writes docker.io/library/nginx:latest",
    ],
    [
      "docker.io/library/nginx:1*",
      "nginx:1.2",
      "the exempt image docker.io/library/nginx:1* matches only if the pod writes docker.io/library/nginx:1.2",
    ],
    [
      "docker.io/u/app:1",
      "u/app:1",
      "the exempt image docker.io/u/app:1 matches only if the pod writes docker.io/u/app:1",
    ],
    [
      "quay.io/v/agent",
      "quay.io/v/agent:1",
      "the exempt image quay.io/v/agent matches only an image written without tag and digest; quay.io/v/agent:* or quay.io/v/agent@* covers those",
    ],
    [
      "quay.io/v/agent:*",
      `quay.io/v/agent@${DIGEST}`,
      "the exempt image quay.io/v/agent:* covers other tags or digests of quay.io/v/agent",
    ],
    [
      `quay.io/v/agent@${DIGEST}`,
      "quay.io/v/agent:1",
      `the exempt image quay.io/v/agent@${DIGEST} covers other tags or digests of quay.io/v/agent`,
    ],
  ])("P1, P6: %s and %s", (pattern, image, hint) => {
    expect(hints({ images: [image], policy: denying(pattern) })).toEqual([hint]);
  });

  test.each([
    ["docker.io/library/nginx*", "quay.io/nginx"],
    ["docker.io/library/nginx*", "localhost/nginx"],
    ["docker.io/library/nginx*", ""],
    ["quay.io/v/agent", "quay.io/v/agent-2:1"],
    ["gcr.io*", "nginx"],
  ])("P1, P6: none for %s and %p", (pattern, image) => {
    expect(hints({ images: [image], policy: denying(pattern) })).toEqual([]);
  });

  test("none from what is not known", () => {
    expect(hints({ images: ["nginx"], policy: { ...denying(), exemptImages: { state: "unknown" } } })).toEqual([]);
    const exemptImages = known([{ state: "unknown" as const }]);
    expect(hints({ images: ["nginx"], policy: { ...denying(), exemptImages } })).toEqual([]);
  });

  test("P3: a pattern that matched more than was meant", () => {
    expect(hints({ images: ["gcr.io/p-exploit/x"], policy: exempt("gcr.io/p**") })).toEqual([
      expect.stringContaining("gcr.io/p-other/image"),
    ]);
    expect(hints({ images: ["gcr.io/p/x"], policy: exempt("gcr.io/p/**") })).toEqual([]);
  });
});

describe("digests", () => {
  const mends = `a digest of this repository is attested: ${IMAGE} would be admitted`;

  test("a tag beside a digest that would be admitted", () => {
    expect(hints({ images: [`${REPOSITORY}:v1`], evidence: [attest(IMAGE), attest(IMAGE)] })).toEqual([mends]);
    expect(hints({ images: ["quay.io/other:v1"], evidence: [attest(IMAGE)] })).toEqual([]);
    expect(hints({ images: [`${REPOSITORY}:v1`], evidence: "nobody looked" })).toEqual([]);
    const forged = attest(`${REPOSITORY}@${OTHER_DIGEST}`, { payload: "{}" });
    expect(hints({ images: [`${REPOSITORY}:v1`], evidence: [forged, attest(IMAGE)] })).toEqual([mends]);
    const strange = [
      { ...attest(IMAGE), resourceUri: 1 as never },
      { ...attest(IMAGE), resourceUri: REPOSITORY },
      null as never,
    ];
    expect(hints({ images: [`${REPOSITORY}:v1`], evidence: strange })).toEqual([]);
  });

  test("no more than eight digests are tried", () => {
    const many = Array.from({ length: 12 }, (_, index) => {
      const image = `${REPOSITORY}@sha256:${index.toString(16).padStart(64, "0")}`;
      return attest(image);
    });
    expect(hints({ images: [`${REPOSITORY}:v1`], evidence: many })).toHaveLength(8);
  });

  test("a digest of the wrong form", () => {
    expect(hints({ images: [`${REPOSITORY}@sha256:${"A".repeat(64)}`] })).toEqual([
      expect.stringContaining("lower-case"),
    ]);
    expect(hints({ images: [`${REPOSITORY}@sha256:12`] })).toEqual([expect.stringContaining("64 lower-case")]);
  });

  test("Cloud Run asks for the digest of the platform's image", () => {
    expect(hints({ target: RUN })).toEqual([expect.stringContaining("multi-platform")]);
    expect(hints({ target: RUN, images: ["nginx"] })).toEqual([]);
    expect(hints({})).toEqual([]);
  });
});

describe("the rule of another cluster", () => {
  const rules = specific({ "us-central1.prod": REQUIRE, "us-central1-a.test": REQUIRE });

  test("of the same name, elsewhere", () => {
    expect(hints({ policy: { ...denying(), specificRules: rules } })).toEqual([
      "the policy has a rule for us-central1.prod, but this cluster is in us-central1-a, so that the default rule applies",
    ]);
    expect(hints({ target: { ...CLUSTER, name: "dev" }, policy: { ...denying(), specificRules: rules } })).toEqual([]);
    expect(
      hints({ target: { ...CLUSTER, location: "us-central1" }, policy: { ...denying(), specificRules: rules } }),
    ).toEqual([]);
    expect(hints({ target: DEFAULT, policy: { ...denying(), specificRules: rules } })).toEqual([]);
  });

  test("also where the default rule admits what that rule would not", () => {
    const strict = {
      defaultRule: known(ALLOW),
      specificRules: specific({ "us-central1.prod": DENY, "us.central1.prod": DENY }),
    };
    expect(ask({ policy: strict }).verdict).toBe("admitted");
    expect(hints({ policy: strict })).toEqual([expect.stringContaining("us-central1.prod")]);
    expect(hints({ policy: { ...strict, ...exempt("nginx:1") }, images: ["nginx:1"] })).toEqual([]);
    expect(
      hints({ policy: { ...strict, globalPolicyEvaluationMode: known("ENABLE") }, images: ["gke.gcr.io/x"] }),
    ).toEqual([]);
  });

  test("not from rules of other kinds, or keys that are not known", () => {
    const target = { ...CLUSTER, namespace: "shop" };
    expect(
      hints({ target, policy: { ...denying(), specificRules: specific({ "x.prod": DENY }, "namespace") } }),
    ).toEqual([]);
    expect(hints({ policy: { ...denying(), specificRules: { state: "unknown" } } })).toEqual([]);
    const [verdict] = ask({ images: ["nginx"] }).images;
    const rules = [{ key: { state: "unknown" as const }, rule: DENY }];
    const given = {
      policy: policy({ specificRules: known({ kind: "cluster", rules }) }),
      target: CLUSTER,
      evidence: undefined,
    };
    expect(hintsFor(verdict, { ...given, judge: () => "denied" })).toEqual([]);
    const unread = policy({ specificRules: { state: "unknown" } });
    const byDefault = { ...verdict, rule: { kind: "default" as const } };
    expect(hintsFor(byDefault, { ...given, policy: unread, judge: () => "denied" })).toEqual([]);
  });
});
