import { logMatches } from "./logging-query";

const ENTRY = {
  logName: "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
  resource: { type: "k8s_cluster" },
  labels: { "a.b/c": "true" },
  protoPayload: {
    methodName: "io.k8s.core.v1.pods.create",
    status: { code: 3 },
    list: [{ name: "one" }, { name: "two" }],
    empty: {},
  },
};

// By hand, from the documentation: what a filter says of the entry above.
const ROWS: [filter: string, fits: boolean][] = [
  ['resource.type="k8s_cluster"', true],
  ['resource.type="K8S_Cluster"', true],
  ['resource.type="k8s"', false],
  ['resource.type:"k8s"', true],
  ['resource.type!="gke_cluster"', true],
  ['resource.kind!="gke_cluster"', false],
  ['NOT resource.kind="gke_cluster"', true],
  ['-resource.kind="gke_cluster"', true],
  ['-resource.type="k8s_cluster"', false],
  ['logName:"cloudaudit.googleapis.com%2Factivity"', true],
  ['labels."a.b/c"="true"', true],
  ['labels."a.b/c":*', true],
  ['labels."a.b/d":*', false],
  ["protoPayload.empty:*", true],
  ["protoPayload.status.code=3", true],
  ['protoPayload.methodName=~"pods\\\\.(create|update)$"', true],
  ['protoPayload.methodName=~"PODS"', false],
  ['protoPayload.methodName!~"services"', true],
  ['protoPayload.missing!~"services"', false],
  ['protoPayload.list.name="two"', true],
  ['protoPayload.list.name="three"', false],
  ['resource.type=("gke_cluster" OR "k8s_cluster")', true],
  ['resource.type=("gke_cluster" OR "k8s_node")', false],
  ['"pods.CREATE"', true],
  ['"pods.delete"', false],
  ['"pods.delete" OR "pods.create"', true],
  ['"pods.create" "pods.delete"', false],
  ['"pods.create" AND "k8s_cluster"', true],
  ['"pods.create"\nresource.type="k8s_cluster"', true],
  // OR binds closer than AND.
  ['"pods.create" OR "x" AND "nowhere"', false],
  ['"nowhere" AND "x" OR "pods.create"', false],
  ['("nowhere" AND "x") OR "pods.create"', true],
  ['NOT ("nowhere" OR "pods.create")', false],
];

test.each(ROWS)("%s: %s", (filter, fits) => {
  expect(logMatches(filter, ENTRY, { textInNames: false })).toBe(fits);
});

test("a text is found in names of fields by one reading only", () => {
  expect(logMatches('"a.b/c"', ENTRY, { textInNames: true })).toBe(true);
  expect(logMatches('"a.b/c"', ENTRY, { textInNames: false })).toBe(false);
});

test.each(["resource.type=", '(resource.type="a"', 'resource.type="a")', '="a"', "a.b", 'a=("b" "c")', "a=$"])(
  "what is no filter is an error: %s",
  (filter) => {
    expect(() => logMatches(filter, ENTRY, { textInNames: false })).toThrow(/filter|list/);
  },
);
