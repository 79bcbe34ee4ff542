import { ContainerCluster } from "@cdktf/provider-google/lib/container-cluster";
import { KubernetesProvider } from "@cdktf/provider-kubernetes/lib/provider";
import { TerraformStack, TerraformVariable, Testing } from "cdktf";
import type { Construct } from "constructs";
import { BreakGlassGuard, type BreakGlassGuardProps, type BreakGlassPermit } from "../../lib/kubernetes";
import { problemsOf, refusalOf, testApp, testStack } from "../support/synth";
import { type Json, type Template, template, templates } from "../support/template";
import { ARGO, DOMAIN, GITOPS_GUARD, GUARD, objectsOf } from "./support";

const PERMIT: BreakGlassPermit = {
  namespace: "prod",
  kind: "Deployment",
  workloadName: "web",
  reason: "the signer is down",
  ticket: "INC-1",
};

function guardStack(): TerraformStack {
  const stack = new TerraformStack(testApp(), "Guard");
  new KubernetesProvider(stack, "Kubernetes", { configPath: "~/.kube/config" });
  return stack;
}

function synth(props: Partial<BreakGlassGuardProps> = {}): Template {
  const stack = guardStack();
  new BreakGlassGuard(stack, "Guard", { ...GUARD, ...props });
  return template(stack);
}

const manifests = (t: Template): Json[] =>
  Object.values(t.resources("kubernetes_manifest")).map(({ manifest }) => manifest);

describe("the text for a GitOps repository", () => {
  const objects = objectsOf(BreakGlassGuard.toYaml({ ...GUARD, namespaces: ["prod", "payments"] }));

  test("holds the role, who has it where, the policy and its binding", () => {
    expect(objects.map(({ kind, metadata }) => [kind, metadata.namespace ?? "", metadata.name])).toEqual([
      ["ClusterRole", "", "binauthz-break-glass"],
      ["RoleBinding", "prod", "binauthz-break-glass"],
      ["RoleBinding", "payments", "binauthz-break-glass"],
      ["ValidatingAdmissionPolicy", "", "binauthz-break-glass"],
      ["ValidatingAdmissionPolicyBinding", "", "binauthz-break-glass"],
    ]);
  });

  test("gives the permission to the groups alone, and nothing else", () => {
    expect(objects[0].rules).toEqual([{ apiGroups: [DOMAIN], resources: ["breakglasses"], verbs: ["use"] }]);
    expect(objects[1].subjects).toEqual([
      { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "responders@example.com" },
    ]);
    expect(objects[1].roleRef).toEqual({
      apiGroup: "rbac.authorization.k8s.io",
      kind: "ClusterRole",
      name: "binauthz-break-glass",
    });
  });

  test("refuses what cannot be judged, needs no parameter, and denies", () => {
    const [, , , policy, binding] = objects;
    expect(policy.spec.failurePolicy).toBe("Fail");
    expect(policy.spec).not.toHaveProperty("paramKind");
    expect(binding.spec).toEqual({ policyName: "binauthz-break-glass", validationActions: ["Deny", "Audit"] });
  });

  test("covers all that carries pods, subresources included, when made and when changed", () => {
    const rules = objects[3].spec.matchConstraints.resourceRules;
    expect(
      rules.flatMap(({ apiGroups, resources }: Json) => resources.map((name: string) => `${apiGroups[0]}/${name}`)),
    ).toEqual([
      "/pods",
      "/pods/ephemeralcontainers",
      "/podtemplates",
      "/replicationcontrollers",
      "apps/deployments",
      "apps/statefulsets",
      "apps/daemonsets",
      "apps/replicasets",
      "apps/controllerrevisions",
      "batch/jobs",
      "batch/cronjobs",
    ]);
    for (const { operations } of rules) {
      expect(operations).toEqual(["CREATE", "UPDATE"]);
    }
  });

  test("asks for nothing by optional chaining, which failed open in silence", () => {
    for (const text of [BreakGlassGuard.toYaml(GUARD), BreakGlassGuard.toYaml(GITOPS_GUARD)]) {
      expect(text).not.toMatch(/\.\?|\[\?|orValue/);
    }
  });

  test("in GitOps mode guards the permits as well, and lets responders give them", () => {
    const gitOps = objectsOf(BreakGlassGuard.toYaml(GITOPS_GUARD));
    expect(gitOps.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      "ClusterRole binauthz-break-glass",
      "RoleBinding binauthz-break-glass",
      "ValidatingAdmissionPolicy binauthz-break-glass",
      "ValidatingAdmissionPolicyBinding binauthz-break-glass",
      "ValidatingAdmissionPolicy binauthz-break-glass-permits",
      "ValidatingAdmissionPolicyBinding binauthz-break-glass-permits",
    ]);
    expect(gitOps[0].rules[1]).toEqual({
      apiGroups: ["rbac.authorization.k8s.io"],
      resources: ["roles", "rolebindings"],
      verbs: ["get", "list", "create", "delete"],
    });
  });

  test("writes a pattern of the ticket, quotes and backslashes included, so that it means the same", () => {
    const ticketPattern = '^(it\'s|"\\d+")\\s?-[0-9]{2}$';
    const policy = objectsOf(BreakGlassGuard.toYaml({ ...GUARD, ticketPattern }))[2];
    const { expression } = policy.spec.variables.find(({ name }: Json) => name === "evidence");
    expect(expression).toContain(String.raw`.matches('^(it\'s|\"\\d+\")\\s?-[0-9]{2}$')`);
  });

  test("takes flags at the beginning of a pattern, as RE2 writes them", () => {
    const guard = { ...GITOPS_GUARD, ticketPattern: "(?i)^inc-[0-9]+$" };
    expect(BreakGlassGuard.toYaml(guard)).toContain("matches('(?i)^inc-[0-9]+$')");
    expect(BreakGlassGuard.permitToYaml(guard, { ...PERMIT, ticket: "INC-7" })).toContain("INC-7");
    expect(lines(() => BreakGlassGuard.permitToYaml(guard, { ...PERMIT, ticket: "7" }))).toHaveLength(1);
    expect(lines(() => BreakGlassGuard.toYaml({ ...GUARD, ticketPattern: "(?s).*" }))).toEqual([
      expect.stringContaining('"ticketPattern" asks for nothing'),
    ]);
  });

  test("snapshot", () => {
    expect(BreakGlassGuard.toYaml(GITOPS_GUARD)).toMatchSnapshot();
    expect(BreakGlassGuard.permitToYaml(GITOPS_GUARD, PERMIT)).toMatchSnapshot();
  });
});

describe("the resources", () => {
  test("are the objects of the text, one after the other", () => {
    const t = synth(GITOPS_GUARD);
    const key = ({ kind, metadata }: Json) => `${kind} ${metadata.name}`;
    const sorted = (objects: Json[]) => [...objects].sort((a, b) => (key(a) < key(b) ? -1 : 1));
    expect(sorted(manifests(t))).toEqual(sorted(objectsOf(BreakGlassGuard.toYaml(GITOPS_GUARD))));
    expect(t.danglingDependencies()).toEqual([]);
    const policy = t.resource("kubernetes_manifest", "ValidatingAdmissionPolicy_binauthz-break-glass");
    expect(policy.depends_on).toEqual(["kubernetes_manifest.RoleBinding_prod_binauthz-break-glass"]);
    expect(
      t.resource("kubernetes_manifest", "ValidatingAdmissionPolicyBinding_binauthz-break-glass").depends_on,
    ).toEqual(["kubernetes_manifest.ValidatingAdmissionPolicy_binauthz-break-glass"]);
  });

  test("have addresses that no construct path is part of", () => {
    expect(synth().addresses()).toEqual([
      "kubernetes_manifest.ClusterRole_binauthz-break-glass",
      "kubernetes_manifest.RoleBinding_prod_binauthz-break-glass",
      "kubernetes_manifest.ValidatingAdmissionPolicyBinding_binauthz-break-glass",
      "kubernetes_manifest.ValidatingAdmissionPolicy_binauthz-break-glass",
    ]);
  });

  test("hold a pattern that Terraform would take for a template", () => {
    const stack = guardStack();
    new BreakGlassGuard(stack, "Guard", { ...GUARD, ticketPattern: "^INC%{0}x$" });
    expect(JSON.stringify(template(stack).json)).toContain("^INC%%{0}x$");
  });

  test("take the provider that is handed over", () => {
    const stack = new TerraformStack(testApp(), "Guard");
    const provider = new KubernetesProvider(stack, "Prod", { alias: "prod" });
    new BreakGlassGuard(stack, "Guard", { ...GUARD, provider });
    const [resource] = Object.values(template(stack).resources("kubernetes_manifest"));
    expect(resource.provider).toBe("kubernetes.prod");
  });

  test("are reachable, in the order in which they are applied", () => {
    const guard = new BreakGlassGuard(guardStack(), "Guard", GUARD);
    expect(guard.resources.map(({ friendlyUniqueId }) => friendlyUniqueId.split("_")[0])).toEqual([
      "ClusterRole",
      "RoleBinding",
      "ValidatingAdmissionPolicy",
      "ValidatingAdmissionPolicyBinding",
    ]);
  });

  test("can guard two clusters of one app, each from a stack of its own", () => {
    const app = testApp();
    for (const id of ["one", "two"]) {
      const stack = new TerraformStack(app, id);
      new KubernetesProvider(stack, "Kubernetes");
      new BreakGlassGuard(stack, "Guard", GUARD);
    }
    expect(Object.values(templates(app)).map((t) => t.addresses().length)).toEqual([4, 4]);
  });

  test("are refused in the stack that creates the cluster", () => {
    const stack = testStack();
    new ContainerCluster(stack, "Prod", { name: "prod" });
    new BreakGlassGuard(stack, "Guard", GUARD);
    expect(() => Testing.synth(stack, true)).toThrow(
      "[CLUSTER_IN_SAME_STACK] Stack/Guard: the guard is planned against a running cluster, got Stack/Prod in the same stack; allowed: a stack of its own that depends on the cluster's, or BreakGlassGuard.toYaml",
    );
  });
});

describe("without the Kubernetes provider", () => {
  /** The library as a project sees it that has not installed the provider. */
  function withoutProvider<T>(action: (guard: typeof BreakGlassGuard, scope: Construct) => T): T {
    let result: T | undefined;
    jest.isolateModules(() => {
      jest.doMock("@cdktf/provider-kubernetes/lib/manifest", () => {
        throw Object.assign(new Error("Cannot find module '@cdktf/provider-kubernetes/lib/manifest'"), {
          code: "MODULE_NOT_FOUND",
        });
      });
      const { BreakGlassGuard: Isolated } = require("../../lib/kubernetes") as typeof import("../../lib/kubernetes");
      result = action(Isolated, guardStack());
    });
    jest.dontMock("@cdktf/provider-kubernetes/lib/manifest");
    return result as T;
  }

  test("the text is rendered all the same", () => {
    expect(withoutProvider((guard) => guard.toYaml(GUARD))).toBe(BreakGlassGuard.toYaml(GUARD));
  });

  test("the resources are refused, with what to install", () => {
    const said = withoutProvider((Guard, scope) => refusalOf(() => new Guard(scope, "Guard", GUARD)));
    expect(said).toEqual([
      '[MISSING_PACKAGE] Guard/Guard: the construct writes resources of the Kubernetes provider, got a project in which @cdktf/provider-kubernetes is not installed; allowed: "npm install @cdktf/provider-kubernetes@^12.1.1", or BreakGlassGuard.toYaml, which needs no provider',
    ]);
  });
});

const NAME = "up to 200 lower-case letters, digits, hyphens and dots, starting and ending with a letter or digit";
const TOKEN =
  "has to be a literal value, got a Terraform variable, reference or other token; allowed: a string known when the program runs";
const variable = (): string => new TerraformVariable(testStack(), "var", { type: "string" }).stringValue;

const REFUSALS: [name: string, props: Partial<BreakGlassGuardProps>, said: string[]][] = [
  [
    "a domain without a dot",
    { domain: "binauthz" },
    [
      `[INVALID_NAME] "domain" is not valid, got "binauthz"; allowed: a DNS name with a dot in it, for example "binauthz.example.com"`,
    ],
  ],
  [
    "a domain of Kubernetes",
    { domain: "policy.k8s.io" },
    [
      `[INVALID_NAME] "domain" is one that Kubernetes keeps for itself, got "policy.k8s.io"; allowed: a DNS name of your own`,
    ],
  ],
  ["a domain that is a variable", { domain: variable() }, [`[UNRESOLVED_VALUE] "domain" ${TOKEN}`]],
  [
    "no group",
    { responderGroups: [] },
    [`[INVALID_OPTIONS] "responderGroups" is empty, got []; allowed: at least one`],
  ],
  [
    "everybody as a group",
    { responderGroups: ["system:authenticated"] },
    [
      `[INVALID_MEMBER] "responderGroups[0]" is no group of people, got "system:authenticated"; allowed: a group as the cluster knows it, for example "responders@example.com"`,
    ],
  ],
  [
    "an empty group",
    { responderGroups: [" "] },
    [
      `[INVALID_MEMBER] "responderGroups[0]" is no group of people, got " "; allowed: a group as the cluster knows it, for example "responders@example.com"`,
    ],
  ],
  [
    "a group twice",
    { responderGroups: ["a@example.com", "a@example.com"] },
    [`[INVALID_OPTIONS] "responderGroups[1]" is named twice, got "a@example.com"; allowed: each one once`],
  ],
  ["no namespace", { namespaces: [] }, [`[INVALID_OPTIONS] "namespaces" is empty, got []; allowed: at least one`]],
  [
    "all namespaces",
    { namespaces: ["*"] },
    [
      `[INVALID_NAME] "namespaces[0]" is not valid, got "*"; allowed: 1 to 63 lower-case letters, digits and hyphens, starting and ending with a letter or digit`,
    ],
  ],
  [
    "no GitOps account where the mode is asked for",
    { gitOpsAccounts: [] },
    [`[INVALID_OPTIONS] "gitOpsAccounts" is empty, got []; allowed: at least one`],
  ],
  [
    "a GitOps account in the form of IAM",
    { gitOpsAccounts: ["argo@project.iam.gserviceaccount.com"] },
    [
      `[INVALID_MEMBER] "gitOpsAccounts[0]" is no service account of the cluster, got "argo@project.iam.gserviceaccount.com"; allowed: system:serviceaccount:NAMESPACE:NAME`,
    ],
  ],
  [
    "a ticket pattern that RE2 does not know",
    { ticketPattern: "^(?!none)" },
    [
      `[INVALID_OPTIONS] "ticketPattern" has a look-around or a back reference, which RE2 does not know, got "^(?!none)"; allowed: a regular expression of RE2 that the empty text does not match, for example "^INC-[0-9]+$"`,
    ],
  ],
  [
    "a ticket pattern that is none",
    { ticketPattern: "INC-(" },
    [
      `[INVALID_OPTIONS] "ticketPattern" is no regular expression, got "INC-("; allowed: a regular expression of RE2 that the empty text does not match, for example "^INC-[0-9]+$"`,
    ],
  ],
  [
    "a ticket pattern that anything matches",
    { ticketPattern: ".*" },
    [
      `[INVALID_OPTIONS] "ticketPattern" asks for nothing, got ".*"; allowed: a regular expression of RE2 that the empty text does not match, for example "^INC-[0-9]+$"`,
    ],
  ],
  [
    "a name that Kubernetes does not take",
    { guardName: "Break Glass" },
    [`[INVALID_NAME] "guardName" is not valid, got "Break Glass"; allowed: ${NAME}`],
  ],
  [
    "several things at once",
    { namespaces: [], responderGroups: [] },
    [
      `[INVALID_OPTIONS] "responderGroups" is empty, got []; allowed: at least one`,
      `[INVALID_OPTIONS] "namespaces" is empty, got []; allowed: at least one`,
    ],
  ],
];

const PERMIT_REFUSALS: [
  name: string,
  guard: BreakGlassGuardProps,
  permit: Partial<BreakGlassPermit>,
  said: string[],
][] = [
  [
    "for a guard without GitOps mode",
    GUARD,
    {},
    [
      `[INVALID_OPTIONS] a permit is for what a GitOps controller brings in, got a guard without "gitOpsAccounts"; allowed: a guard that names them`,
    ],
  ],
  [
    "in another namespace",
    GITOPS_GUARD,
    { namespace: "staging" },
    [`[INVALID_OPTIONS] "namespace" is none in which the guard allows break-glass, got "staging"; allowed: prod`],
  ],
  [
    "for a kind without pods",
    GITOPS_GUARD,
    { kind: "Service" },
    [
      `[INVALID_OPTIONS] "kind" is none that carries pods, got "Service"; allowed: Pod, PodTemplate, ReplicationController, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob`,
    ],
  ],
  [
    "for every name",
    GITOPS_GUARD,
    { workloadName: "*" },
    [`[INVALID_NAME] "workloadName" is not valid, got "*"; allowed: ${NAME}`],
  ],
  [
    "without a reason",
    GITOPS_GUARD,
    { reason: " " },
    [`[INVALID_OPTIONS] "reason" is empty, got " "; allowed: a sentence`],
  ],
  [
    "with a ticket of another form",
    GITOPS_GUARD,
    { ticket: "later" },
    [`[INVALID_OPTIONS] "ticket" does not match the guard's pattern, got "later"; allowed: ^INC-[0-9]+$`],
  ],
];

const lines = (action: () => unknown): string[] =>
  problemsOf(action).map(({ code, message }) => `[${code}] ${message}`);

describe("refusals", () => {
  test.each(REFUSALS)("of a guard with %s", (_, props, said) => {
    expect(lines(() => BreakGlassGuard.toYaml({ ...GUARD, ...props }))).toEqual(said);
    expect(lines(() => new BreakGlassGuard(guardStack(), "Guard", { ...GUARD, ...props }))).toEqual(said);
  });

  test.each(PERMIT_REFUSALS)("of a permit %s", (_, guard, permit, said) => {
    expect(lines(() => BreakGlassGuard.permitToYaml(guard, { ...PERMIT, ...permit }))).toEqual(said);
  });

  test("of a second guard in a stack, which CDKTF would merge with the first", () => {
    const stack = guardStack();
    new BreakGlassGuard(stack, "Guard", GUARD);
    expect(refusalOf(() => new BreakGlassGuard(stack, "Again", { ...GUARD, gitOpsAccounts: [ARGO] }))).toEqual([
      '[DUPLICATE_RESOURCE] Guard/Again: the break-glass guard "Guard/binauthz-break-glass" is declared twice, first at Guard/Guard; allowed: one construct for it in the app',
    ]);
  });
});
