import { parseAllDocuments } from "yaml";
import { BreakGlassGuard } from "../../../lib/kubernetes";
import { checkState } from "../../../lib/review/engine";
import {
  type Case,
  type Change,
  casesOf,
  changed,
  created,
  deleted,
  findingsOf,
  type Json,
  planOf,
  same,
  stateOf,
} from "./support";

/** What the construct writes: the shapes that are reviewed are those that are deployed. */
const OBJECTS: readonly Json[] = parseAllDocuments(
  BreakGlassGuard.toYaml({
    domain: "binauthz.example.com",
    responderGroups: ["responders@example.com"],
    namespaces: ["prod"],
  }),
).map((document) => document.toJS());

const object = (kind: string, change: Json = {}): Json => {
  const found = OBJECTS.find((each) => each.kind === kind);
  return { manifest: { ...found, ...change } };
};
const POLICY = object("ValidatingAdmissionPolicy");
const BINDING = object("ValidatingAdmissionPolicyBinding");
const ROLE = object("ClusterRole");
const LET_IN = object("RoleBinding");
const spec = (kind: string, change: Json): Json => object(kind, { spec: { ...object(kind).manifest.spec, ...change } });
const subjects = (...names: string[]): Json =>
  object("RoleBinding", { subjects: names.map((name) => ({ kind: "Group", name })) });

const P = "kubernetes_manifest.policy";
const B = "kubernetes_manifest.binding";
const R = "kubernetes_manifest.role";
const L = "kubernetes_manifest.responders";
/** The guard as it stands, with what is done to parts of it. */
const guard = (...changes: readonly Change[]): Json => {
  const rest = [same(P, POLICY), same(B, BINDING), same(R, ROLE), same(L, LET_IN)];
  return planOf([...rest.filter(({ address }) => !changes.some((each) => each.address === address)), ...changes]);
};
const other = (kind: string, name: string, body: Json): Json => ({ manifest: { kind, metadata: { name }, ...body } });

const cases: readonly Case[] = [
  {
    id: "G001",
    name: "the policy of the guard taken away, and another policy of the cluster",
    bad: guard(deleted(P, POLICY)),
    twin: guard(
      deleted(
        "kubernetes_manifest.other",
        other("ValidatingAdmissionPolicy", "no-latest", { spec: { validations: [{ expression: "true" }] } }),
      ),
    ),
    expected: {
      severity: "high",
      effects: ["opens"],
      address: P,
      target: "ValidatingAdmissionPolicy/binauthz-break-glass",
      after: "none",
    },
  },
  {
    id: "G001",
    name: "the binding taken away, and the binding of another policy",
    bad: guard(deleted(B, BINDING)),
    twin: guard(
      deleted(
        "kubernetes_manifest.other",
        other("ValidatingAdmissionPolicyBinding", "no-latest", {
          spec: { policyName: "no-latest", validationActions: ["Deny"] },
        }),
      ),
    ),
    expected: { target: "ValidatingAdmissionPolicyBinding/binauthz-break-glass" },
  },
  {
    id: "G001",
    name: "a policy that lets through what it cannot evaluate, and Fail left out, which is the default",
    bad: guard(changed(P, POLICY, spec("ValidatingAdmissionPolicy", { failurePolicy: "Ignore" }))),
    twin: guard(created("kubernetes_manifest.second", spec("ValidatingAdmissionPolicy", { failurePolicy: null }))),
    expected: { severity: "high", after: "failurePolicy Ignore" },
  },
  {
    id: "G001",
    name: "a binding that only tells, and one that refuses and no longer tells",
    bad: guard(changed(B, BINDING, spec("ValidatingAdmissionPolicyBinding", { validationActions: ["Audit", "Warn"] }))),
    twin: guard(same(B, spec("ValidatingAdmissionPolicyBinding", { validationActions: ["Deny"] }))),
    expected: { severity: "high", after: "without Deny" },
  },
  {
    id: "G001",
    name: "another condition of the policy, and another note for people",
    bad: guard(changed(P, POLICY, spec("ValidatingAdmissionPolicy", { validations: [{ expression: "true" }] }))),
    twin: guard(
      changed(
        P,
        POLICY,
        object("ValidatingAdmissionPolicy", { metadata: { name: "binauthz-break-glass", labels: {} } }),
      ),
    ),
    undecided: true,
  },
  {
    id: "G001",
    name: "one more group, and one group less",
    bad: guard(changed(L, LET_IN, subjects("responders@example.com", "everybody@example.com"))),
    twin: guard(changed(L, subjects("responders@example.com", "everybody@example.com"), LET_IN)),
    expected: {
      target: "RoleBinding/prod/binauthz-break-glass",
      before: "Group/responders@example.com",
      after: "Group/everybody@example.com, Group/responders@example.com",
    },
  },
  {
    id: "G001",
    name: "a binding for another namespace, and the binding of another role",
    bad: guard(
      created(
        "kubernetes_manifest.more",
        object("RoleBinding", { metadata: { name: "binauthz-break-glass", namespace: "payments" } }),
      ),
    ),
    twin: guard(
      created(
        "kubernetes_manifest.more",
        object("RoleBinding", {
          metadata: { name: "viewers", namespace: "payments" },
          roleRef: { kind: "ClusterRole", name: "view" },
        }),
      ),
    ),
  },
];

casesOf(cases);

test("a whole guard that is new is no alarm, nor is one that nobody touches", () => {
  const created_ = planOf([created(P, POLICY), created(B, BINDING), created(R, ROLE), created(L, LET_IN)]);
  expect(findingsOf(created_).filter(({ id }) => id === "G001")).toEqual([]);
  expect(findingsOf(guard()).filter(({ id }) => id === "G001")).toEqual([]);
});

test("the whole guard taken away is told of its policy and of its binding", () => {
  const gone = planOf([deleted(P, POLICY), deleted(B, BINDING), deleted(R, ROLE), deleted(L, LET_IN)]);
  const found = findingsOf(gone).filter(({ id }) => id === "G001");
  expect(found.map(({ target }) => target).sort()).toEqual([
    "ValidatingAdmissionPolicy/binauthz-break-glass",
    "ValidatingAdmissionPolicyBinding/binauthz-break-glass",
  ]);
});

test("check says of a guard that does not refuse; a sound one is silent", () => {
  const check = (resources: Readonly<Record<string, Json>>) =>
    checkState({ models: [stateOf(resources)] }).findings.map(({ after, id }) => `${id} ${after}`);
  const sound = { [P]: POLICY, [B]: BINDING, [R]: ROLE, [L]: LET_IN };
  expect(check(sound)).toEqual([]);
  expect(check({ ...sound, [P]: spec("ValidatingAdmissionPolicy", { failurePolicy: "Ignore" }) })).toEqual([
    "G001 failurePolicy Ignore",
  ]);
  expect(check({ ...sound, [B]: spec("ValidatingAdmissionPolicyBinding", { validationActions: ["Warn"] }) })).toEqual([
    "G001 without Deny",
  ]);
});
