import { at } from "../changes";
import { shown } from "../facts";
import { clusterTransitions, isEnforced } from "../switch-changes";
import type { Check } from "../types";

export const c002: Check = {
  id: "C002",
  title: "GKE cluster without enforcement",
  severity: "high",
  effects: ["opens"],
  looksAt: "the evaluation mode of clusters that are created",
  mend: "Set binary_authorization { evaluation_mode = PROJECT_SINGLETON_POLICY_ENFORCE }.",
  change: (context) =>
    clusterTransitions(context)
      .filter(({ next, was }) => was === undefined && isEnforced(next) === false)
      .map(({ next, target }) => ({
        ...at(next.origin),
        target,
        title: "GKE cluster created without enforcement",
        message: "The cluster admits every image, whatever the policy of its project says.",
        after: shown(next.evaluationMode),
      })),
  state: ({ after }) =>
    after.model.clusters
      .filter((cluster) => isEnforced(cluster) === false)
      .map((cluster) => ({
        ...at(cluster.origin),
        target: `gke:${cluster.project}/${cluster.location}.${cluster.name}`,
        message: "The cluster admits every image, whatever the policy of its project says.",
        after: shown(cluster.evaluationMode),
      })),
};
