import { isRecord } from "../trust/private/attribute";

/** What a pod belongs to. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
  /** Whether it follows from names and labels only: pods do not say which Deployment made them. */
  readonly inferred: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** Marks the mirror of a static pod. Source: https://kubernetes.io/docs/reference/labels-annotations-taints/ */
const MIRROR = "kubernetes.io/config.mirror";

/** Labels by which a controller tells its ReplicaSets apart, and what it is. */
const HASH_LABELS: readonly (readonly [string, string])[] = [
  // https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pod-template-hash-label
  ["pod-template-hash", "Deployment"],
  // https://argo-rollouts.readthedocs.io/en/stable/features/controller-metrics/
  ["rollouts-pod-template-hash", "Rollout"],
];

/** Whether a pod mirrors one that a node runs by itself. */
export function isStaticPod(annotations: Readonly<Record<string, string>>): boolean {
  return Object.hasOwn(annotations, MIRROR);
}

/** What an object belongs to: its owner if it has one, else itself. */
export function workloadOf(kind: string, metadata: Fields, spec: Fields): Workload {
  const name = nameOf(metadata);
  const owner = controllerOf(metadata);
  if (owner === undefined) {
    return { kind, name, inferred: false };
  }
  if (owner.kind === "Node") {
    // The mirror of a static pod: one for each node, with the name of the node at its end.
    const node = `-${String(spec.nodeName ?? owner.name)}`;
    return name.endsWith(node)
      ? { kind, name: name.slice(0, -node.length), inferred: true }
      : { kind, name, inferred: false };
  }
  return (owner.kind === "ReplicaSet" && makerOf(owner.name, metadata)) || { ...owner, inferred: false };
}

/** The name of an object; of one that gets its name when it is made, what it begins with. */
function nameOf({ name, generateName }: Fields): string {
  if (typeof name === "string" && name !== "") {
    return name;
  }
  return typeof generateName === "string" && generateName !== "" ? `${generateName}*` : "(without a name)";
}

function controllerOf({ ownerReferences }: Fields): { readonly kind: string; readonly name: string } | undefined {
  const owners = Array.isArray(ownerReferences) ? ownerReferences.filter(isRecord) : [];
  const { kind, name } = owners.find(({ controller }) => controller === true) ?? {};
  return typeof kind === "string" && typeof name === "string" ? { kind, name } : undefined;
}

/** What made a ReplicaSet, by the hash that it put into its name and on its pods. */
function makerOf(replicaSet: string, { labels }: Fields): Workload | undefined {
  for (const [label, kind] of HASH_LABELS) {
    const hash = isRecord(labels) ? labels[label] : undefined;
    if (typeof hash === "string" && hash !== "" && replicaSet.endsWith(`-${hash}`)) {
      return { kind, name: replicaSet.slice(0, -hash.length - 1), inferred: true };
    }
  }
  return undefined;
}
