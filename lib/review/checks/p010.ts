import { compareRules, showEffective } from "../effective";
import { clusterRuleChanges, ruleFound, rulesWithoutKey, sideways } from "../rule-changes";
import type { Check } from "../types";

export const p010: Check = {
  id: "P010",
  title: "Cluster dropped from enforcement: it falls to the default rule",
  severity: "critical",
  effects: ["opens"],
  looksAt: "the rules of clusters by their key, and what the default rule does instead",
  mend: "Keep the rule of the cluster, or make the default rule at least as strict.",
  change: (context) =>
    clusterRuleChanges(context)
      .filter(({ own }) => own.before && !own.after)
      .map((change) => {
        const { narrows, opens } = compareRules(change.before, change.after);
        const policy = context.after.policies.get(change.project);
        const open = policy !== undefined && rulesWithoutKey(policy).length > 0;
        const message = open
          ? `No rule names the cluster ${change.key} any more. The default rule applies to it, or one whose cluster is not known.`
          : `The cluster ${change.key} has no rule of its own any more; the default rule applies to it: ${showEffective(change.after)}.`;
        if (opens === "yes") {
          return { ...ruleFound(change, message), ...sideways(narrows) };
        }
        if (opens === "maybe") {
          const because = change.after.kind === "undecided" ? change.after.because : "the rule before is not known";
          return {
            ...ruleFound(change, message),
            certainty: { state: "undecided", best: "info", worst: "critical", because },
          };
        }
        return {
          ...ruleFound(change, message, narrows === "yes" ? "medium" : "info"),
          title: "Rule of a cluster removed: the default rule is as strict",
          effects: narrows === "yes" ? ["blocks", "narrows"] : ["narrows"],
        };
      }),
};
