import { at } from "../changes";
import { shown } from "../facts";
import { clusterTransitions, isAuditOnly } from "../switch-changes";
import type { Check } from "../types";

export const c005: Check = {
  id: "C005",
  title: "GKE cluster is only audited",
  severity: "high",
  effects: ["opens"],
  looksAt: "clusters whose evaluation mode becomes POLICY_BINDINGS",
  mend: "Use PROJECT_SINGLETON_POLICY_ENFORCE: platform policies only log.",
  change: (context) =>
    clusterTransitions(context)
      .filter(
        ({ next, was }) => isAuditOnly(next) && was && !isAuditOnly(was) && shown(was.evaluationMode) !== "DISABLED",
      )
      .map(({ next, target, was }) => ({
        ...at(next.origin),
        target,
        message: "A platform policy only logs what it finds. Nothing is refused there.",
        before: was ? shown(was.evaluationMode) : "?",
        after: shown(next.evaluationMode),
      })),
};
