import {
  type GuardTerms,
  matchConditions,
  PERMISSION,
  PERMIT_ACCOUNT,
  permitValidations,
  type Validation,
  validations,
  variables,
} from "./expressions";

/** An object of Kubernetes, as it is written in YAML. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** A guard with every default filled in. */
export interface GuardSettings extends GuardTerms {
  readonly name: string;
  readonly responderGroups: readonly string[];
  readonly namespaces: readonly string[];
}

/** A workload that a GitOps controller may bring in with break-glass. */
export interface PermitSettings {
  readonly namespace: string;
  readonly resource: string;
  readonly workloadName: string;
  readonly reason: string;
  readonly ticket: string;
}

const RBAC = "rbac.authorization.k8s.io";
const ADMISSION = "admissionregistration.k8s.io/v1";

/** What carries pods. A debugging container comes in through a subresource, which `pods` alone does not cover. */
const WORKLOADS = [
  { apiGroups: [""], resources: ["pods", "pods/ephemeralcontainers", "podtemplates", "replicationcontrollers"] },
  {
    apiGroups: ["apps"],
    resources: ["deployments", "statefulsets", "daemonsets", "replicasets", "controllerrevisions"],
  },
  { apiGroups: ["batch"], resources: ["jobs", "cronjobs"] },
];

const ROLES_AND_BINDINGS = [{ apiGroups: [RBAC], resources: ["roles", "rolebindings", "clusterrolebindings"] }];

/** Everything that the guard consists of, in the order in which it is applied: who may, before what asks for it. */
export function guardObjects(guard: GuardSettings): KubernetesObject[] {
  const permits = permitPolicyName(guard);
  return [
    responderRole(guard),
    ...guard.namespaces.map((namespace) => responderBinding(guard, namespace)),
    policy(guard.name, {
      resources: WORKLOADS,
      matchConditions: matchConditions(),
      variables: variables(guard),
      validations: validations(guard),
    }),
    binding(guard.name),
    ...(guard.gitOpsAccounts.length > 0
      ? [policy(permits, { resources: ROLES_AND_BINDINGS, validations: permitValidations(guard) }), binding(permits)]
      : []),
  ];
}

function permitPolicyName(guard: GuardSettings): string {
  return `${guard.name}-permits`;
}

function responderRole(guard: GuardSettings): KubernetesObject {
  const use = { apiGroups: [guard.domain], resources: [PERMISSION.resource], verbs: [PERMISSION.verb] };
  // Kubernetes lets nobody hand on in a role what they do not hold themselves. A permit is made and deleted, never changed.
  const permits = {
    apiGroups: [RBAC],
    resources: ["roles", "rolebindings"],
    verbs: ["get", "list", "create", "delete"],
  };
  return {
    apiVersion: `${RBAC}/v1`,
    kind: "ClusterRole",
    metadata: { name: guard.name },
    rules: guard.gitOpsAccounts.length > 0 ? [use, permits] : [use],
  };
}

function responderBinding(guard: GuardSettings, namespace: string): KubernetesObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: "RoleBinding",
    metadata: { name: guard.name, namespace },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: guard.name },
    subjects: guard.responderGroups.map((name) => ({ apiGroup: RBAC, kind: "Group", name })),
  };
}

interface PolicyParts {
  readonly resources: readonly { readonly apiGroups: string[]; readonly resources: string[] }[];
  readonly matchConditions?: readonly unknown[];
  readonly variables?: readonly unknown[];
  readonly validations: readonly Validation[];
}

function policy(name: string, parts: PolicyParts): KubernetesObject {
  const { resources, matchConditions, variables, validations } = parts;
  return {
    apiVersion: ADMISSION,
    kind: "ValidatingAdmissionPolicy",
    metadata: { name },
    spec: {
      // What cannot be evaluated is refused.
      failurePolicy: "Fail",
      matchConstraints: {
        // Also where a request comes in through another version of the resource.
        matchPolicy: "Equivalent",
        resourceRules: resources.map((rule) => ({
          apiGroups: rule.apiGroups,
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE"],
          resources: rule.resources,
        })),
      },
      ...(matchConditions && { matchConditions }),
      ...(variables && { variables }),
      validations,
    },
  };
}

function binding(name: string): KubernetesObject {
  return {
    apiVersion: ADMISSION,
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name },
    spec: { policyName: name, validationActions: ["Deny", "Audit"] },
  };
}

/** The permit: a role for one workload, and who has it. */
export function permitObjects(guard: GuardSettings, permit: PermitSettings): KubernetesObject[] {
  const { namespace, resource, workloadName } = permit;
  const metadata = {
    name: `${guard.name}-${resource}-${workloadName}`,
    namespace,
    annotations: { [guard.reasonAnnotation]: permit.reason, [guard.ticketAnnotation]: permit.ticket },
  };
  return [
    {
      apiVersion: `${RBAC}/v1`,
      kind: "Role",
      metadata,
      rules: [
        {
          apiGroups: [guard.domain],
          resources: [PERMISSION.resource],
          resourceNames: [`${resource}.${workloadName}`],
          verbs: [PERMISSION.verb],
        },
      ],
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: RBAC, kind: "Role", name: metadata.name },
      subjects: [{ kind: "ServiceAccount", ...PERMIT_ACCOUNT }],
    },
  ];
}
