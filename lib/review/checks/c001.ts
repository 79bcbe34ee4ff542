import { at } from "../changes";
import { shown } from "../facts";
import { clusterTransitions, isAuditOnly, isEnforced } from "../switch-changes";
import type { Check } from "../types";

export const c001: Check = {
  id: "C001",
  title: "GKE cluster no longer enforces the policy",
  severity: "critical",
  effects: ["opens"],
  looksAt: "the evaluation mode of clusters that stay",
  mend: "Keep PROJECT_SINGLETON_POLICY_ENFORCE. For an emergency, use break-glass on single pods: it is logged.",
  change: (context) =>
    clusterTransitions(context).flatMap(({ next, replaced, target, was }) => {
      if (was === undefined || replaced) {
        return [];
      }
      const found = {
        ...at(next.origin),
        target,
        before: shown(was.evaluationMode),
        after: shown(next.evaluationMode),
      };
      if (isEnforced(was) === true && isEnforced(next) === false && !isAuditOnly(next)) {
        return [{ ...found, message: "Every image is admitted there, whatever the policy says." }];
      }
      return isEnforced(was) === false && isEnforced(next) === true
        ? [
            {
              ...found,
              severity: "medium" as const,
              effects: ["blocks" as const, "narrows" as const],
              title: "GKE cluster begins to enforce the policy",
              message: "From now on, pods that are created or moved there need what the policy asks for.",
            },
          ]
        : [];
    }),
};
