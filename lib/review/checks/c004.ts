import { at } from "../changes";
import { shown } from "../facts";
import { clusterTransitions, isAuditOnly, isEnforced } from "../switch-changes";
import type { Check } from "../types";

export const c004: Check = {
  id: "C004",
  title: "GKE cluster replaced by one without enforcement",
  severity: "critical",
  effects: ["opens"],
  looksAt: "the evaluation mode of clusters that are deleted and created",
  mend: "Set binary_authorization { evaluation_mode = PROJECT_SINGLETON_POLICY_ENFORCE } in the configuration.",
  change: (context) =>
    clusterTransitions(context)
      .filter(
        ({ next, replaced, was }) =>
          replaced && was && isEnforced(was) === true && isEnforced(next) === false && !isAuditOnly(next),
      )
      .map(({ next, target, was }) => ({
        ...at(next.origin),
        target,
        message: "The cluster that is there enforces the policy; the one that takes its place admits every image.",
        before: was ? shown(was.evaluationMode) : "?",
        after: shown(next.evaluationMode),
      })),
};
