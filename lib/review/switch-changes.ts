import type { CloudRunService, Cluster } from "../trust";
import { changesOf, isReplaced } from "./changes";
import type { Facts } from "./facts";
import type { ChangeContext } from "./types";

/** A cluster or a service before and after; undefined where it is not there. */
export interface Transition<T> {
  readonly was?: T;
  readonly next: T;
  readonly target: string;
  /** Whether it is deleted and created anew. */
  readonly replaced: boolean;
}

export function clusterTransitions(context: ChangeContext): Transition<Cluster>[] {
  const key = ({ location, name, project }: Cluster) => `gke:${project}/${location}.${name}`;
  return transitions(context, (facts) => facts.model.clusters, key);
}

export function serviceTransitions(context: ChangeContext): Transition<CloudRunService>[] {
  const key = ({ kind, location, name, project }: CloudRunService) =>
    `${kind === "service" || kind === "job" ? "run" : kind}:${project}/${location}/${name}`;
  return transitions(context, (facts) => facts.model.services, key);
}

function transitions<T extends { readonly origin: { readonly address?: string } }>(
  context: ChangeContext,
  of: (facts: Facts) => readonly T[],
  key: (item: T) => string,
): Transition<T>[] {
  const old = new Map(of(context.before).map((item) => [key(item), item]));
  const byAddress = new Map(of(context.before).map((item) => [item.origin.address, item]));
  const types = [
    "google_container_cluster",
    "google_cloud_run_v2_service",
    "google_cloud_run_v2_job",
    "google_cloud_run_v2_worker_pool",
    "google_cloud_run_service",
    "google_cloudfunctions2_function",
  ];
  const changes = new Map(changesOf(context, ...types).map((change) => [change.address, change]));
  return of(context.after)
    .filter(({ origin }) => !origin.address?.split(".").includes("data"))
    .map((next) => {
      const change = next.origin.address === undefined ? undefined : changes.get(next.origin.address);
      // One that gets another name is another one; what it was is what its address was.
      const was = old.get(key(next)) ?? byAddress.get(change?.previousAddress ?? next.origin.address);
      return { ...(was && { was }), next, target: key(next), replaced: change !== undefined && isReplaced(change) };
    });
}

const ENFORCED = ["PROJECT_SINGLETON_POLICY_ENFORCE", "POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE"];

/** Whether a cluster enforces the policy of its project; undefined where that is not known. */
export function isEnforced({ evaluationMode }: Pick<Cluster, "evaluationMode">): boolean | undefined {
  return evaluationMode.state === "known" ? ENFORCED.includes(evaluationMode.value) : undefined;
}

/** Whether a cluster only logs what a platform policy says. */
export function isAuditOnly({ evaluationMode }: Pick<Cluster, "evaluationMode">): boolean {
  return evaluationMode.state === "known" && evaluationMode.value === "POLICY_BINDINGS";
}
