import { admitsEverything, clusterRuleChanges, ruleFound } from "../rule-changes";
import type { Check } from "../types";

export const p011: Check = {
  id: "P011",
  title: "Rule of a cluster opened",
  severity: "critical",
  effects: ["opens"],
  looksAt: "the evaluation mode of the rule of each cluster",
  mend: "Keep REQUIRE_ATTESTATION or ALWAYS_DENY for the cluster; exempt single images, or use break-glass, where something has to run.",
  change: (context) =>
    clusterRuleChanges(context)
      .filter(({ own }) => own.before && own.after)
      .flatMap((change) => {
        const { after, before, key } = change;
        if (admitsEverything(after, "rule") && !admitsEverything(before)) {
          return [ruleFound(change, `Every image is admitted on the cluster ${key}, signed or not.`)];
        }
        if (before.kind === "deny" && after.kind === "attest") {
          const message = `What was denied on the cluster ${key} is now admitted with the attestations of the rule.`;
          return [
            { ...ruleFound(change, message, "medium"), title: "Rule of a cluster weakened from deny to attestation" },
          ];
        }
        if (after.kind === "deny" && (before.kind === "attest" || admitsEverything(before, "rule"))) {
          const message = `Nothing is admitted any more on the cluster ${key} that is not exempt.`;
          return [
            {
              ...ruleFound(change, message, "medium"),
              title: "Rule of a cluster closed",
              effects: ["blocks", "narrows"],
            },
          ];
        }
        return [];
      }),
};
