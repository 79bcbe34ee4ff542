import { serialize } from "node:v8";
import fc from "fast-check";
import { nodeVerifier } from "../../lib/admission";
import { targetsOf } from "../../lib/admission/targets";
import type { Occurrence } from "../../lib/admission/types";
import { join, openSourceText } from "../../lib/trust";
import { asIfEnforced } from "../../lib/workloads/as-if-enforced";
import { objectsOf } from "../../lib/workloads/documents";
import { podOf } from "../../lib/workloads/pods";
import { type Decision, podOfImage, Survey, type SurveyReport } from "../../lib/workloads/survey";
import { ATTESTORS, attest, deployment, list, POLICY, runningPod, SIGNED, UNSIGNED } from "../cli/support";
import { check } from "../support/property";

const model = join([
  openSourceText("policy.yaml", POLICY).model,
  openSourceText("attestors.json", JSON.stringify(ATTESTORS)).model,
]);

function survey(
  objects: readonly unknown[],
  {
    occurrences,
    enforced = false,
    leftOut = 0,
  }: { occurrences?: readonly Occurrence[]; enforced?: boolean; leftOut?: number } = {},
): SurveyReport {
  const chosen = enforced ? asIfEnforced(model) : model;
  const question = { targets: targetsOf(chosen), verifier: nodeVerifier(), evidence: occurrences && { occurrences } };
  const result = new Survey({ model: chosen, ...question, leftOut });
  for (const object of objectsOf({ source: "all.json", text: JSON.stringify(list(...objects)) })) {
    const found = podOf(object);
    if ("pod" in found) {
      result.add(found.pod);
    } else {
      result.passOver(found.passedOver);
    }
  }
  return result.report();
}

const at = (report: SurveyReport, cluster: string) =>
  report.decisions.filter(({ target }) => target.kind === "gke" && target.name === cluster);

const TAGGED = SIGNED.replace(/@.*/, ":latest");

test("replicas are one decision for each place, with a count, by the Deployment they follow from", () => {
  const report = survey(Array.from({ length: 50 }, (_, index) => runningPod("web", `x${index}`, "nginx:1")));
  expect(report.decisions).toHaveLength(2);
  expect(report.decisions[0]).toMatchObject({
    count: 50,
    sources: ["all.json"],
    verdict: "denied",
    category: "denied-by-tag",
    pod: { workload: { kind: "Deployment", name: "web", inferred: true }, namespace: "shop", running: true },
  });
  expect(report.decisions[0].pinned).toBeUndefined();
  expect(report.result).toBe("fail");
});

test("break-glass of one replica is a decision of its own", () => {
  const glass = runningPod("web", "b", "nginx:1");
  (glass.metadata as { labels: Record<string, string> }).labels["image-policy.k8s.io/break-glass"] = "true";
  const prod = at(survey([runningPod("web", "a", "nginx:1"), glass, runningPod("web", "c", "nginx:1")]), "prod");
  expect(prod.map(({ category, count }) => `${category} ${count}`).sort()).toEqual([
    "break-glass 1",
    "denied-by-tag 2",
  ]);
  expect(new Set(prod.map(({ id }) => id)).size).toBe(2);
});

test.each([
  ["attested", SIGNED, [attest(SIGNED)], "admitted"],
  ["not attested", SIGNED, [], "denied"],
  ["nobody looked", SIGNED, undefined, "undecided"],
  ["attested for another digest", UNSIGNED, [attest(SIGNED)], "denied"],
] as const)("a running pod by tag would be, pinned: %s", (_, imageID, occurrences, verdict) => {
  const [prod] = at(survey([runningPod("web", "a", TAGGED, imageID)], { occurrences }), "prod");
  expect(prod).toMatchObject({ verdict: "denied", category: "denied-by-tag" });
  expect(prod.pinned).toEqual({ image: imageID, verdict });
});

test("what is named by its digest or admitted already is not asked a second time", () => {
  const report = survey(
    [runningPod("a", "a", SIGNED, UNSIGNED), runningPod("b", "b", "quay.io/exempt/x:1", UNSIGNED)],
    {
      occurrences: [],
    },
  );
  expect(report.decisions.map(({ pinned }) => pinned)).toEqual([undefined, undefined, undefined, undefined]);
});

test("every category there is", () => {
  const two = survey(
    [
      deployment("tag", "nginx"),
      deployment("none", UNSIGNED),
      deployment("ok", SIGNED),
      deployment("ex", "quay.io/exempt/a:1"),
    ],
    {
      occurrences: [attest(SIGNED)],
    },
  );
  const categories = (report: SurveyReport, cluster: string) =>
    Object.fromEntries(at(report, cluster).map(({ pod, category }) => [pod.workload?.name, category]));
  expect(categories(two, "prod")).toEqual({ tag: "denied-by-tag", none: "unsigned", ok: "admitted", ex: "exempt" });
  expect(categories(two, "staging")).toEqual({ tag: "dry-run", none: "dry-run", ok: "admitted", ex: "exempt" });
  const enforced = survey([deployment("tag", "nginx"), deployment("none", UNSIGNED)], {
    occurrences: [],
    enforced: true,
  });
  expect(categories(enforced, "staging")).toEqual({ tag: "denied-by-tag", none: "unsigned" });

  const elsewhere = (evaluationMode: string) => {
    const cluster = {
      project: "my-project",
      location: "eu",
      name: "x",
      evaluationMode: { state: "known" as const, value: evaluationMode },
      origin: { source: "s" },
    };
    const result = new Survey({
      model: { ...model, clusters: [cluster] },
      targets: [{ kind: "gke", project: "my-project", location: "eu", name: "x" }],
      evidence: undefined,
      verifier: nodeVerifier(),
    });
    result.add(podOfImage("nginx"));
    return result.report();
  };
  expect(elsewhere("DISABLED").decisions[0].category).toBe("not-enforced");
  expect(elsewhere("PROJECT_SINGLETON_POLICY_ENFORCE").decisions[0].category).toBe("denied");
  expect(elsewhere("A_NEW_MODE").decisions[0].category).toBe("undecided");
  expect(elsewhere("A_NEW_MODE").result).toBe("undecided");
});

test("as if enforced switches every cluster and service on, and leaves what a rule demands", () => {
  const service = { project: "p", location: "l", name: "n", kind: "service" as const, origin: { source: "s" } };
  const before = {
    ...model,
    clusters: [
      {
        project: "p",
        location: "l",
        name: "c",
        evaluationMode: { state: "unknown" as const },
        origin: { source: "s" },
      },
    ],
    services: [
      {
        ...service,
        policy: { state: "known" as const, value: "none" },
        breakglassJustification: { state: "known" as const, value: undefined },
      },
    ],
    policies: [
      ...model.policies,
      { ...model.policies[0], project: "other-project", defaultRule: { state: "unknown" as const } },
    ],
  };
  const after = asIfEnforced(before);
  expect(JSON.stringify(after)).not.toContain("DRYRUN");
  expect(JSON.stringify(before)).toContain("DRYRUN");
  expect(after.clusters[0].evaluationMode).toEqual({ state: "known", value: "PROJECT_SINGLETON_POLICY_ENFORCE" });
  expect(after.services[0].policy).toEqual({ state: "known", value: "default" });
  expect(after.policies[1].defaultRule).toEqual({ state: "unknown" });
  expect(after.attestors).toBe(before.attestors);
});

test("notes say what was not judged, once", () => {
  const mirror = {
    ...runningPod("p", "a", "quay.io/exempt/p:1"),
    metadata: { name: "p", annotations: { "kubernetes.io/config.mirror": "x" } },
  };
  const volume = deployment("v", "quay.io/exempt/a:1");
  (volume.spec as { template: { spec: Record<string, unknown> } }).template.spec.volumes = [{ image: {} }];
  const custom = { apiVersion: "serving.knative.dev/v1", kind: "Service", metadata: {} };
  const report = survey([mirror, volume, custom, custom, { apiVersion: "v1", kind: "Service" }]);
  expect(report.notes).toEqual([
    "containers that are added when a pod is made, a sidecar of a service mesh for example, are in no manifest",
    "2 Service of serving.knative.dev/v1 not judged: a custom resource; if it makes pods, they are not in it as pods are written",
    "1 static pod is judged like others; a node starts them from its own files, and asks nobody (kubernetes.io/config.mirror)",
    "1 image volume is not judged: nothing says whether Binary Authorization looks at them",
  ]);
  expect(report.passedOver.map(({ apiVersion, count }) => [apiVersion, count])).toEqual([
    ["serving.knative.dev/v1", 2],
    ["v1", 1],
  ]);
  expect(survey([runningPod("web", "a", "quay.io/exempt/a:1")]).notes).toEqual([]);
});

test("a place that is left out keeps a survey from passing", () => {
  const clean = [deployment("a", "quay.io/exempt/a:1")];
  expect(survey(clean).result).toBe("pass");
  expect(survey(clean, { leftOut: 1 })).toMatchObject({
    result: "undecided",
    notes: ["nothing was decided for 1 cluster or service whose name is not known", expect.anything()],
  });
  expect(survey([]).result).toBe("undecided");
});

test("of many files some are named", () => {
  const result = new Survey({ model, targets: targetsOf(model), evidence: undefined, verifier: nodeVerifier() });
  for (let index = 9; index >= 0; index -= 1) {
    result.add({ ...podOfImage("nginx"), source: `${index}.yaml` });
  }
  expect(result.size).toBe(10);
  expect(result.report().decisions[0]).toMatchObject({
    count: 10,
    sources: ["5.yaml", "6.yaml", "7.yaml", "8.yaml", "9.yaml"],
  });
});

test("the order of the input changes nothing", () => {
  const objects = [
    deployment("a", "nginx"),
    deployment("a", "nginx", "other"),
    deployment("a", SIGNED),
    deployment("b", UNSIGNED),
    runningPod("a", "x", "nginx", SIGNED),
    runningPod("a", "y", "nginx", UNSIGNED),
    runningPod("a", "z", "nginx", SIGNED),
    { apiVersion: "v1", kind: "Service" },
    { apiVersion: "v2", kind: "Service" },
    { apiVersion: "serving.knative.dev/v1", kind: "Service" },
  ];
  const occurrences = [attest(SIGNED)];
  const inFull = (report: SurveyReport) => ({ ...report, explained: report.decisions.map(report.explained) });
  const expected = inFull(survey(objects, { occurrences }));
  expect(expected.decisions.length).toBeGreaterThan(10);
  check(fc.shuffledSubarray(objects, { minLength: objects.length }), (shuffled) => {
    expect(inFull(survey(shuffled, { occurrences }))).toEqual(expected);
  });
});

test("what was kept does not grow with the replicas", () => {
  const result = new Survey({ model, targets: targetsOf(model), evidence: undefined, verifier: nodeVerifier() });
  const size = () => JSON.stringify(result.report()).replace(/"count":\d+/g, "").length;
  const add = (from: number) => {
    for (let index = from; index < from + 100; index += 1) {
      const [object] = objectsOf({ source: "x", text: JSON.stringify(runningPod("web", `p${index}`, "nginx")) });
      const found = podOf(object);
      if ("pod" in found) result.add(found.pod);
    }
    return size();
  };
  expect(add(0)).toBe(add(100));
});

describe("what is kept", () => {
  const noNote = attest(SIGNED);
  const elsewhere = Array.from({ length: 15 }, (_, index) => ({
    ...noNote,
    noteName: `projects/p/notes/other-${index}`,
  }));

  test("is what was asked, however much there is to say about it", () => {
    const kept = (occurrences: readonly Occurrence[]) => survey([deployment("web", SIGNED)], { occurrences });
    const [little, much] = [kept([]), kept(elsewhere)];
    const said = (report: SurveyReport) => JSON.stringify(report.decisions.map(report.explained)).length;
    expect(said(much)).toBeGreaterThan(2 * said(little));
    expect(serialize(much.decisions).length).toBe(serialize(little.decisions).length);
    expect(JSON.stringify(much.decisions)).not.toContain("other-0");
  });

  test("is less than 600 bytes for each decision, whatever the manifest has beside it", () => {
    const noise = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`note-${index}`, "x".repeat(100)]));
    const objects = Array.from({ length: 200 }, (_, index) => {
      const object = deployment(`web-${index}`, `nginx:${index}`);
      return { ...object, metadata: { ...(object.metadata as object), annotations: noise }, status: noise };
    });
    const { decisions } = survey(objects);
    expect(decisions).toHaveLength(400);
    expect(serialize(decisions).length / decisions.length).toBeLessThan(600);
  });

  test("is explained as it was decided, in any order", () => {
    const glass = runningPod("web", "b", "nginx:1");
    (glass.metadata as { labels: Record<string, string> }).labels["image-policy.k8s.io/break-glass"] = "true";
    const objects = [
      runningPod("web", "a", "nginx:1"),
      glass,
      deployment("web", SIGNED),
      deployment("web", SIGNED, "other"),
      deployment("api", UNSIGNED),
    ];
    const report = survey(objects, { occurrences: [attest(SIGNED)] });
    const inOrder = report.decisions.map(report.explained);
    for (const { asked, policy, category, target } of inOrder) {
      expect(policy.image).toBe(asked.image);
      expect(policy.verdict === "admitted").toBe(category === "admitted" || category === "exempt");
      expect(policy.rule?.key).toBe(`us-central1-a.${(target as { name: string }).name}`);
    }
    check(fc.shuffledSubarray(report.decisions as Decision[], { minLength: report.decisions.length }), (shuffled) => {
      expect(new Set(shuffled.map(report.explained))).toEqual(new Set(inOrder));
    });
  });
});

test("an id is too long for two questions to share one, of which one would then stand for the other", () => {
  const { decisions } = survey([deployment("web", "nginx:1"), deployment("web", "nginx:2")]);
  expect(decisions.map(({ id }) => id)).toEqual(Array(4).fill(expect.stringMatching(/^[0-9a-f]{32}$/)));
  expect(new Set(decisions.map(({ id }) => id)).size).toBe(4);
});
