import { BreakGlassGuard } from "../../lib/kubernetes";
import type { Json } from "../support/template";
import { isMatched, judge, type Permission } from "../support/validating-admission-policy";
import { GITOPS_ROWS, ROWS, type Row } from "./requests";
import {
  ARGO,
  BROKEN,
  create,
  DOMAIN,
  GITOPS_GUARD,
  GUARD,
  objectsOf,
  PERMISSIONS,
  permitFor,
  workload,
} from "./support";

const policies = (props: typeof GUARD): Json[] =>
  objectsOf(BreakGlassGuard.toYaml(props)).filter(({ kind }) => kind === "ValidatingAdmissionPolicy");

const [GUARDING] = policies(GUARD);
const [GITOPS, PERMITS] = policies(GITOPS_GUARD);

/** Why it was refused, in the words of the tables. */
function reasons(policy: Json, { request }: Row, permissions: readonly Permission[]): string[] {
  expect(isMatched(policy, request)).toBe(true);
  return judge(policy, request, permissions).map((message) => {
    const found = [
      ["permission", /needs the permission to use/],
      ["evidence", /needs a reason and a ticket/],
    ].find(([, pattern]) => (pattern as RegExp).test(message));
    return (found?.[0] as string) ?? message;
  });
}

describe("a guard", () => {
  test.each(ROWS.map((row) => ({ ...row, verdict: row.refused.length > 0 ? "refused" : "admitted" })))(
    "$what: $verdict",
    (row) => {
      expect(reasons(GUARDING, row, PERMISSIONS)).toEqual(row.refused);
    },
  );

  test("lets a responder do nothing in another namespace", () => {
    const request = { ...create("responder", workload("Pod", BROKEN)), namespace: "staging" };
    expect(judge(GUARDING, request, PERMISSIONS)).toHaveLength(1);
  });

  test.each([
    ["the group", { group: "other.example.com" }],
    ["the resource", { resource: "pods" }],
    ["the verb", { verb: "get" }],
    ["the name", { name: "deployments.web" }],
  ])("asks for %s of the permission", (_, wrong) => {
    const almost: Permission = {
      username: "responder",
      group: DOMAIN,
      resource: "breakglasses",
      namespace: "prod",
      verb: "use",
      ...wrong,
    };
    expect(judge(GUARDING, create("responder", workload("Pod", BROKEN)), [almost])).toHaveLength(1);
  });

  test("refuses what it cannot evaluate", () => {
    const { spec: _, ...headless } = workload("Deployment", BROKEN);
    expect(judge(GUARDING, create("admin", headless), PERMISSIONS)).toEqual([expect.stringMatching(/^failed: /)]);
    expect(GUARDING.spec.failurePolicy).toBe("Fail");
  });
});

describe("a guard in GitOps mode", () => {
  const permitted = [...PERMISSIONS, permitFor("deployments.web")];

  test.each(GITOPS_ROWS.map((row) => ({ ...row, verdict: row.refused.length > 0 ? "refused" : "admitted" })))(
    "$what: $verdict",
    (row) => {
      expect(reasons(GITOPS, row, permitted)).toEqual(row.refused);
    },
  );

  test("refuses the same Deployment without the permit, and with one of another namespace", () => {
    const request = create(ARGO, workload("Deployment", BROKEN));
    const elsewhere = { ...permitFor("deployments.web"), namespace: "staging" };
    expect(judge(GITOPS, request, PERMISSIONS)).toHaveLength(1);
    expect(judge(GITOPS, request, [...PERMISSIONS, elsewhere])).toHaveLength(1);
  });

  // Whatever all service accounts may, the account of the permits may as well: nobody gave it a permit.
  test.each(["system:serviceaccounts", "system:serviceaccounts:kube-system"])(
    "refuses what is granted to the group %s, for all workloads or for this one",
    (username) => {
      const request = create(ARGO, workload("Deployment", BROKEN));
      const everything: Permission = { username, group: "*", resource: "*", namespace: "*", verb: "*" };
      for (const granted of [everything, { ...permitFor("deployments.web"), username }]) {
        expect(judge(GITOPS, request, [...PERMISSIONS, granted])).not.toEqual([]);
        expect(judge(GITOPS, request, [...permitted, granted])).not.toEqual([]);
      }
    },
  );

  test("refuses a permit that names no workload", () => {
    const request = create(ARGO, workload("Deployment", BROKEN));
    const { name: _, ...wide } = permitFor("deployments.web");
    for (const granted of [wide, { ...wide, group: "*", resource: "*" }]) {
      expect(judge(GITOPS, request, [...PERMISSIONS, granted])).toEqual([
        expect.stringContaining("may use every name of breakglasses.binauthz.example.com in this namespace"),
      ]);
    }
  });

  test("refuses a name that the server has yet to make up", () => {
    const object = workload("Deployment", BROKEN);
    const { name: _, ...metadata } = object.metadata;
    const generated = { ...object, metadata: { ...metadata, generateName: "web" } };
    expect(judge(GITOPS, create(ARGO, generated), permitted)).toHaveLength(1);
  });

  test("judges Argo CD by its own permission where it is not named as a GitOps account", () => {
    expect(judge(GUARDING, create(ARGO, workload("Deployment", BROKEN)), PERMISSIONS)).toEqual([]);
  });
});

describe("the permits of a guard", () => {
  const permit = { namespace: "prod", kind: "Deployment", workloadName: "web", reason: "down", ticket: "INC-1" };
  const [role, binding] = objectsOf(BreakGlassGuard.permitToYaml(GITOPS_GUARD, permit));
  const rbac = (username: string, object: Json, oldObject?: Json) => ({
    username,
    operation: oldObject === undefined ? ("CREATE" as const) : ("UPDATE" as const),
    kind: object.kind,
    resource: `${object.kind.toLowerCase()}s`,
    namespace: "prod",
    object,
    oldObject,
  });
  const bare = (object: Json) => ({ ...object, rules: undefined, subjects: undefined });
  const strip = (object: Json): Json => JSON.parse(JSON.stringify(bare(object)));
  const wide = { ...binding, kind: "ClusterRoleBinding" };
  const byName = {
    ...binding,
    subjects: [{ kind: "User", name: "system:serviceaccount:kube-system:binauthz-break-glass-permit" }],
  };
  const everything = { ...role, rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] };

  test("open what the guard asks for, and no more", () => {
    expect(role.rules).toEqual([
      { apiGroups: [DOMAIN], resources: ["breakglasses"], resourceNames: ["deployments.web"], verbs: ["use"] },
    ]);
    expect(binding.subjects).toEqual([
      { kind: "ServiceAccount", namespace: "kube-system", name: "binauthz-break-glass-permit" },
    ]);
    expect(binding.roleRef.name).toBe(role.metadata.name);
  });

  // A binding that a responder made names the role: a controller could put another role in its place.
  const other = (rule: Json) => ({ ...role, rules: [{ verbs: ["use"], resourceNames: ["deployments.api"], ...rule }] });

  const WRITES: [what: string, object: Json, oldObject: Json | undefined][] = [
    ["creates the role", role, undefined],
    ["creates the binding", binding, undefined],
    ["creates a binding for the whole cluster", wide, undefined],
    ["creates a binding by the account's user name", byName, undefined],
    ["turns a binding into a permit", binding, strip(binding)],
    ["turns a permit into another binding", strip(binding), binding],
    ["widens the role of a permit", everything, role],
    ["creates a role for another workload", other({ apiGroups: ["*"], resources: ["breakglasses"] }), undefined],
    ["creates a role for all resources of a name", other({ apiGroups: ["*"], resources: ["*"] }), undefined],
  ];
  test.each(WRITES)("are refused where a GitOps controller %s", (_, object, oldObject) => {
    expect(judge(PERMITS, rbac(ARGO, object, oldObject), PERMISSIONS)).toEqual([
      "a permit for break-glass is given by a responder, never by a GitOps controller",
    ]);
    expect(judge(PERMITS, rbac("responder", object, oldObject), PERMISSIONS)).toEqual([]);
  });

  test("are no matter where a GitOps controller brings in roles of other kinds", () => {
    const guard = objectsOf(BreakGlassGuard.toYaml(GITOPS_GUARD));
    const own = guard.find(({ kind }) => kind === "RoleBinding");
    const named = other({ apiGroups: ["*"], resources: ["secrets"], verbs: ["get"] });
    for (const object of [own, strip(role), strip(binding), everything, named]) {
      expect(isMatched(PERMITS, rbac(ARGO, object))).toBe(true);
      expect(judge(PERMITS, rbac(ARGO, object), PERMISSIONS)).toEqual([]);
    }
    expect(
      isMatched(
        PERMITS,
        rbac(
          ARGO,
          guard.find(({ kind }) => kind === "ClusterRole"),
        ),
      ),
    ).toBe(false);
  });
});
