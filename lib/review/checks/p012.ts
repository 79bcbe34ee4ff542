import { compareRules, showEffective } from "../effective";
import { clusterRuleChanges, ruleFound, sideways } from "../rule-changes";
import type { Check } from "../types";

export const p012: Check = {
  id: "P012",
  title: "New rule of a cluster is weaker than the default rule",
  severity: "high",
  effects: ["opens"],
  looksAt: "rules of clusters that are added, against the default rule that applied so far",
  mend: "Require attestations on the cluster too, or leave it to the default rule.",
  change: (context) =>
    clusterRuleChanges(context)
      .filter(({ before, own }) => !own.before && own.after && before.kind !== "undecided")
      .flatMap((change) => {
        const { narrows, opens } = compareRules(change.before, change.after);
        const message = `So far the default rule applied to the cluster ${change.key}: ${showEffective(change.before)}. Its own rule says: ${showEffective(change.after)}.`;
        if (opens === "yes") {
          // A default that denies with clusters that attest is how policies are meant to be.
          const usual = change.before.kind === "deny" && change.after.kind === "attest";
          return [{ ...ruleFound(change, message, usual ? "low" : "high"), ...sideways(narrows) }];
        }
        return narrows === "yes"
          ? [
              {
                ...ruleFound(change, message, "medium"),
                title: "New rule of a cluster is stricter than the default rule",
                effects: ["blocks" as const, "narrows" as const],
                mend: "Have what runs on the cluster attested before the rule is enforced, or begin with a dry run.",
              },
            ]
          : [];
      }),
};
