import fc from "fast-check";
import { objectsOf } from "../../lib/workloads/documents";
import { type PodOrNot, podOf } from "../../lib/workloads/pods";
import { check } from "../support/property";

function read(text: string, source = "app.yaml"): PodOrNot[] {
  return [...objectsOf({ source, text })].map(podOf);
}

function messageOf(text: string, source?: string): string {
  try {
    read(text, source);
  } catch (error) {
    expect((error as Error).name).toBe("ReadError");
    return (error as Error).message;
  }
  throw new Error("nothing was wrong");
}

const SPEC =
  "{initContainers: [{name: i, image: one}], containers: [{name: c, image: two}], ephemeralContainers: [{name: e, image: three}], serviceAccountName: robot}";
const TEMPLATE = `{metadata: {labels: {a: b}}, spec: ${SPEC}}`;
const WITHIN = (apiVersion: string, kind: string, rest: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x, namespace: shop}\n${rest}`;

test.each([
  ["v1", "Pod", `spec: ${SPEC}`],
  ["v1", "PodTemplate", `template: ${TEMPLATE}`],
  ["v1", "ReplicationController", `spec: {template: ${TEMPLATE}}`],
  ["apps/v1", "ReplicaSet", `spec: {template: ${TEMPLATE}}`],
  ["apps/v1", "Deployment", `spec: {template: ${TEMPLATE}}`],
  ["apps/v1beta2", "Deployment", `spec: {template: ${TEMPLATE}}`],
  ["extensions/v1beta1", "Deployment", `spec: {template: ${TEMPLATE}}`],
  ["apps/v1", "StatefulSet", `spec: {template: ${TEMPLATE}}`],
  ["apps/v1", "DaemonSet", `spec: {template: ${TEMPLATE}}`],
  ["batch/v1", "Job", `spec: {template: ${TEMPLATE}}`],
  ["batch/v1beta1", "CronJob", `spec: {jobTemplate: {spec: {template: ${TEMPLATE}}}}`],
  ["argoproj.io/v1alpha1", "Rollout", `spec: {template: ${TEMPLATE}}`],
])("%s %s carries a pod, with all its containers", (apiVersion, kind, rest) => {
  const [found, ...more] = read(WITHIN(apiVersion, kind, rest));
  expect(more).toEqual([]);
  expect(found).toEqual({
    pod: {
      workload: { kind, name: "x", inferred: false },
      namespace: "shop",
      serviceAccount: "robot",
      labels: kind === "Pod" ? {} : { a: "b" },
      annotations: {},
      images: [
        { image: "two", container: "c", kind: "container" },
        { image: "one", container: "i", kind: "init" },
        { image: "three", container: "e", kind: "ephemeral" },
      ],
      running: false,
      mirror: false,
      imageVolumes: 0,
      source: "app.yaml",
    },
  });
});

test.each([
  ["v1", "Service", "spec: {}", undefined],
  ["v1", "ConfigMap", "data: {x: '{{ y }}'}", undefined],
  ["networking.k8s.io/v1", "Ingress", "spec: {}", undefined],
  ["rbac.authorization.k8s.io/v1", "Role", "rules: []", undefined],
  ["autoscaling/v2", "HorizontalPodAutoscaler", "spec: {}", undefined],
  [
    "serving.knative.dev/v1",
    "Service",
    `spec: {template: ${TEMPLATE}}`,
    "a custom resource; if it makes pods, they are not in it as pods are written",
  ],
  [
    "sparkoperator.k8s.io/v1beta2",
    "SparkApplication",
    "spec: {image: spark}",
    "a custom resource; if it makes pods, they are not in it as pods are written",
  ],
  ["storage.k8s.io/v1", "StorageClass", "provisioner: x", undefined],
  ["snapshot.storage.k8s.io/v1", "VolumeSnapshot", "spec: {}", undefined],
  [
    "batch.volcano.sh/v1alpha1",
    "Job",
    "spec: {tasks: []}",
    "a custom resource; if it makes pods, they are not in it as pods are written",
  ],
  [
    "argoproj.io/v1alpha1",
    "Rollout",
    "spec: {workloadRef: {kind: Deployment, name: x}}",
    "its pods are those of the object that workloadRef names",
  ],
])("%s %s is passed over", (apiVersion, kind, rest, reason) => {
  expect(read(WITHIN(apiVersion, kind, rest))).toEqual([
    { passedOver: { apiVersion, kind, ...(reason !== undefined && { reason }) } },
  ]);
});

test("documents, lists and lists of the API are all read, and empty documents are none", () => {
  const pod = (name: string) => ({ metadata: { name }, spec: { containers: [{ name: "c", image: name }] } });
  const text = [
    "# only a comment",
    "",
    JSON.stringify({ apiVersion: "v1", kind: "Pod", ...pod("one") }),
    JSON.stringify({ apiVersion: "v1", kind: "List", items: [{ apiVersion: "v1", kind: "Pod", ...pod("two") }] }),
    JSON.stringify({ apiVersion: "v1", kind: "PodList", items: [pod("three")] }),
    "",
  ].join("\n---\n");
  const images = read(text).map((found) => ("pod" in found ? found.pod.images[0].image : undefined));
  expect(images).toEqual(["one", "two", "three"]);
  expect(read('{"apiVersion":"v1","kind":"List","items":[]}')).toEqual([]);
});

test("a list without items is an error, an empty one is none", () => {
  expect(messageOf("apiVersion: v1\nkind: List\n")).toBe(
    'app.yaml, line 1: List has no "items"; allowed: a list of objects',
  );
  expect(messageOf("apiVersion: v1\nkind: PodList\nitems: 7\n")).toMatch(
    /^app\.yaml, line 1: PodList has no "items", got 7;/,
  );
  expect(read("apiVersion: v1\nkind: PodList\nitems: null\n")).toEqual([]);
  expect(read("apiVersion: example.com/v1\nkind: AllowList\n")).toMatchObject([{ passedOver: { kind: "AllowList" } }]);
});

test("the labels of the pod count, not those of what makes it", () => {
  const labels = (name: string) =>
    `{labels: {image-policy.k8s.io/break-glass: "${name}"}, annotations: {a: "${name}"}, name: x}`;
  const [found] = read(
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: ${labels("object")}\nspec: {template: {metadata: ${labels("pod")}, spec: {containers: [{name: c, image: i}]}}}\n`,
  );
  expect("pod" in found && [found.pod.labels, found.pod.annotations]).toEqual([
    { "image-policy.k8s.io/break-glass": "pod" },
    { a: "pod" },
  ]);
});

test("a merge key counts as in Kubernetes", () => {
  const [found] = read(
    WITHIN("v1", "Pod", "x: &base {name: c, image: nginx:1}\nspec: {containers: [{<<: *base, name: d}]}"),
  );
  expect("pod" in found && found.pod.images).toEqual([{ image: "nginx:1", container: "d", kind: "container" }]);
});

describe("running pods", () => {
  const pod = (metadata: object, status: object, spec: object = {}) => {
    const [found] = read(
      JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "web-5d4b9c-x", namespace: "shop", ...metadata },
        spec: { containers: [{ name: "c", image: "nginx:1" }], ...spec },
        status,
      }),
    );
    if (!("pod" in found)) throw new Error("no pod");
    return found.pod;
  };
  const owner = (kind: string, name: string) => ({ ownerReferences: [{ kind, name, controller: true }] });
  const digest = `sha256:${"a".repeat(64)}`;

  test.each([
    [`docker-pullable://docker.io/library/nginx@${digest}`, digest],
    [`docker.io/library/nginx@${digest}`, digest],
    [`docker://${digest}`, undefined],
    [digest, undefined],
    ["", undefined],
    [17, undefined],
    [`nginx@sha256:${"A".repeat(64)}`, undefined],
  ])("the image id %s", (imageID, expected) => {
    const { images, running } = pod({}, { containerStatuses: [{ name: "c", imageID }, "nothing"] });
    expect(running).toBe(true);
    expect(images[0].runningDigest).toBe(expected);
  });

  test("init and ephemeral containers have ids of their own", () => {
    const { images } = pod(
      {},
      {
        initContainerStatuses: [{ name: "c", imageID: `a@${digest}` }],
        ephemeralContainerStatuses: [{ name: "e", imageID: `b@sha256:${"b".repeat(64)}` }],
      },
      { initContainers: [{ name: "c", image: "i" }], ephemeralContainers: [{ name: "e", image: "e" }] },
    );
    expect(images.map(({ kind, runningDigest }) => [kind, runningDigest?.slice(0, 8)])).toEqual([
      ["container", undefined],
      ["init", "sha256:a"],
      ["ephemeral", "sha256:b"],
    ]);
  });

  test.each([
    [
      "a Deployment's",
      { labels: { "pod-template-hash": "5d4b9c" }, ...owner("ReplicaSet", "web-5d4b9c") },
      { kind: "Deployment", name: "web", inferred: true },
    ],
    [
      "a Rollout's",
      { labels: { "rollouts-pod-template-hash": "5d4b9c" }, ...owner("ReplicaSet", "web-5d4b9c") },
      { kind: "Rollout", name: "web", inferred: true },
    ],
    [
      "a ReplicaSet's without the label",
      owner("ReplicaSet", "web-5d4b9c"),
      { kind: "ReplicaSet", name: "web-5d4b9c", inferred: false },
    ],
    [
      "a ReplicaSet's with another hash",
      { labels: { "pod-template-hash": "zzz" }, ...owner("ReplicaSet", "web-5d4b9c") },
      { kind: "ReplicaSet", name: "web-5d4b9c", inferred: false },
    ],
    [
      "a Job's, never a guessed CronJob's",
      owner("Job", "backup-28000000"),
      { kind: "Job", name: "backup-28000000", inferred: false },
    ],
    ["nobody's", {}, { kind: "Pod", name: "web-5d4b9c-x", inferred: false }],
    [
      "one whose owner does not control it",
      { ownerReferences: [{ kind: "Job", name: "j" }] },
      { kind: "Pod", name: "web-5d4b9c-x", inferred: false },
    ],
    [
      "one that is named when it is made",
      { name: undefined, generateName: "run-" },
      { kind: "Pod", name: "run-*", inferred: false },
    ],
    ["one without any name", { name: undefined }, { kind: "Pod", name: "(without a name)", inferred: false }],
    [
      "a node's",
      { name: "kube-proxy-n1", ...owner("Node", "n1") },
      { kind: "Pod", name: "kube-proxy", inferred: true },
    ],
    [
      "a node's without its name",
      { name: "kube-proxy", ...owner("Node", "n1") },
      { kind: "Pod", name: "kube-proxy", inferred: false },
    ],
  ])("the workload of %s pod", (_, metadata, workload) => {
    expect(pod(metadata, {}).workload).toEqual(workload);
  });

  test("a Job of a CronJob says so itself", () => {
    const [found] = read(
      JSON.stringify({
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: { name: "backup-1", ...owner("CronJob", "backup") },
        spec: { template: { spec: { containers: [{ name: "c", image: "i" }] } } },
      }),
    );
    expect("pod" in found && found.pod.workload).toEqual({ kind: "CronJob", name: "backup", inferred: false });
  });

  test("static pods and image volumes are noticed; without a service account it is the default one", () => {
    const found = pod(
      { annotations: { "kubernetes.io/config.mirror": "x" } },
      {},
      { volumes: [{ image: {} }, { emptyDir: {} }] },
    );
    expect(found).toMatchObject({ mirror: true, imageVolumes: 1, serviceAccount: "default" });
  });
});

const CONTAINER = (image: string) => WITHIN("v1", "Pod", `spec:\n  containers:\n  - name: c\n    image: ${image}\n`);

test.each([
  [
    "a list",
    "- a\n- b\n",
    /^app\.yaml, line 1: is no object of Kubernetes, got a list of 2; allowed: objects of Kubernetes, which have apiVersion and kind$/,
  ],
  ["text", "just text\n", /^app\.yaml, line 1: is no object of Kubernetes, got "just text"/],
  ["no kind", "a: 1\n---\napiVersion: v1\n", /^app\.yaml, line 1: has no kind, got an object with a; allowed/],
  [
    "no kind in the second document",
    `${WITHIN("v1", "Service", "a: 1")}\n---\napiVersion: v1\n`,
    /^app\.yaml, line 6: has no kind/,
  ],
  ["no apiVersion", "kind: Pod\n", /^app\.yaml, line 1: has no apiVersion/],
  ["a kind that is no text", "apiVersion: v1\nkind: 7\n", /^app\.yaml, line 1: has no kind/],
  [
    "an item that is no object",
    '{"apiVersion":"v1","kind":"List","items":[1]}',
    /^app\.yaml, item 1: is no object of Kubernetes, got 1/,
  ],
  [
    "a misspelt kind",
    WITHIN("v1", "Deployment", "spec: {}"),
    /^app\.yaml, line 1: Kubernetes has no kind "Deployment" of apiVersion "v1"; allowed: /,
  ],
  [
    "a kind in lower case",
    WITHIN("apps/v1", "deployment", "spec: {}"),
    /Kubernetes has no kind "deployment" of apiVersion "apps\/v1"/,
  ],
  [
    "no spec",
    WITHIN("v1", "Pod", "a: b"),
    /^app\.yaml, line 1, Pod x: has no "spec", got undefined|^app\.yaml, line 1, Pod x: has no "spec"; allowed: the object in full, not a patch of it$/,
  ],
  [
    "no template",
    WITHIN("apps/v1", "Deployment", "spec: {replicas: 2}"),
    /^app\.yaml, line 1, Deployment x: has no "template"; allowed: the object in full/,
  ],
  [
    "no containers",
    WITHIN("v1", "Pod", "spec: {}"),
    /^app\.yaml, line 1, Pod x: has no containers; allowed: a list of containers, at least one$/,
  ],
  ["an empty list of containers", WITHIN("v1", "Pod", "spec: {containers: []}"), /has no containers, got a list of 0/],
  [
    "containers that are no list",
    WITHIN("v1", "Pod", "spec: {containers: [{name: a, image: b}], initContainers: x}"),
    /has no initContainers, got "x"/,
  ],
  [
    "a container without image",
    WITHIN("v1", "Pod", "spec: {containers: [{name: a}]}"),
    /Pod x: has the container a without an image; allowed: an image, as text$/,
  ],
  [
    "a container that is no object",
    WITHIN("v1", "Pod", "spec: {containers: [a]}"),
    /has the container containers\[0\] without an image/,
  ],
  ["an image that is a number", CONTAINER("1.29"), /has the container c without an image, got 1\.29/],
  [
    "a label that is no text",
    WITHIN("v1", "Pod", "spec: {containers: [{name: a, image: b}]}").replace(
      "{name: x,",
      "{labels: {image-policy.k8s.io/break-glass: true}, name: x,",
    ),
    /has the value of "image-policy\.k8s\.io\/break-glass" in "labels" as no text, got true; allowed: text, in YAML in quotes$/,
  ],
  [
    "labels that are no map",
    WITHIN("v1", "Pod", "spec: {containers: [{name: a, image: b}]}").replace("{name: x,", "{labels: [a], name: x,"),
    /has "labels" that are no map, got a list of 1; allowed: texts by name$/,
  ],
  [
    "a template in an image",
    CONTAINER('"{{ .Values.image }}"'),
    /^app\.yaml, line 1, Pod x: is a template that was not rendered, got "\{\{ \.Values\.image \}\}"; allowed: manifests as they are applied/,
  ],
  ["a variable in an image", CONTAINER('"nginx:$' + '{TAG}"'), /is a template that was not rendered/],
  [
    "a template instead of a value",
    CONTAINER("{{ .Values.image }}"),
    /^app\.yaml, line 7: is a template that was not rendered; allowed/,
  ],
  [
    "a template instead of a document",
    "{{- if .Values.on }}\nkind: Pod\n{{- end }}\n",
    /^app\.yaml, line 1: is a template that was not rendered/,
  ],
  [
    "a key twice",
    "kind: Pod\nkind: Job\n",
    /^app\.yaml, line 2: is no YAML \(Map keys must be unique\); allowed: manifests in YAML or JSON, indented with spaces$/,
  ],
  [
    "a tab",
    "kind: Pod\nspec:\n\tcontainers: []\n",
    /^app\.yaml, line 3: is no YAML \(a tab indents the line\); allowed/,
  ],
  ["an alias of nothing", "kind: *pod\n", /^app\.yaml, line 1: is no YAML \(.*alias/i],
  ["a broken quotation", 'kind: "Pod\n', /^app\.yaml, line \d: is no YAML/],
  ["an unknown tag", "kind: !!python/object Pod\n", /^app\.yaml, line 1: is no YAML \(Unresolved tag/],
  [
    "aliases that multiply",
    `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh"
      .split("")
      .map((n, i) => `${n}: &${n} [${Array(9).fill(`*${"abcdefg"[i]}`).join(",")}]`)
      .join("\n")}\n`,
    /^app\.yaml.*: is no YAML \(Excessive alias count/,
  ],
  ["nesting without end", `a: ${"[".repeat(100_000)}`, /^app\.yaml.*: is no YAML \(it is nested too deeply\)/],
])("%s is one sentence", (_, text, expected) => {
  const message = messageOf(text);
  expect(message).toMatch(expected);
  expect(message).not.toContain("\n");
});

test("JSON that is none says so, and lists in lists end somewhere", () => {
  expect(messageOf('{"kind": ', "app.json")).toMatch(/^app\.json, line \d: is no JSON; allowed: one JSON document$/);
  let nested: unknown = { apiVersion: "v1", kind: "List", items: [] };
  for (let depth = 0; depth < 20; depth += 1) {
    nested = { apiVersion: "v1", kind: "List", items: [nested] };
  }
  expect(messageOf(JSON.stringify(nested))).toMatch(/has lists in lists, nested too deeply; allowed: one list$/);
});

test("whatever is read is objects or one sentence", () => {
  const word = fc.constantFrom(
    "kind",
    "apiVersion",
    "spec",
    "containers",
    "v1",
    "Pod",
    "{{ x }}",
    "&a",
    "*a",
    "- ",
    ": ",
    "\n",
    "  ",
    "\t",
    "[",
    "]",
    "{",
    "}",
    '"',
    "---\n",
    "!!x ",
    "|",
    "image",
    "\u0000",
  );
  check(fc.array(word, { maxLength: 30 }), (words) => {
    try {
      read(words.join(""));
    } catch (error) {
      expect((error as Error).name).toBe("ReadError");
      expect((error as Error).message).not.toMatch(/\n/);
    }
  });
});
