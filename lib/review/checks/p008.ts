import { admitsEverything, defaultRuleChange, ruleFound } from "../rule-changes";
import type { Check } from "../types";

export const p008: Check = {
  id: "P008",
  title: "Default rule weakened from deny to attestation",
  severity: "medium",
  effects: ["opens"],
  looksAt: "the evaluation mode of the default rule of a policy",
  mend: "Keep ALWAYS_DENY as the default and give each cluster that runs attested images a rule of its own: a mistyped name then admits nothing.",
  change: (context) =>
    defaultRuleChange(context).flatMap((change) => {
      const { after, before } = change;
      if (before.kind === "deny" && after.kind === "attest") {
        return [
          ruleFound(change, "What was denied everywhere else is now admitted with the attestations of the rule."),
        ];
      }
      if (before.kind === "attest" && after.kind === "deny" && !admitsEverything(after)) {
        const message = "Attested images are not admitted any more, wherever no rule of a cluster applies.";
        return [
          {
            ...ruleFound(change, message, "medium"),
            title: "Default rule closed",
            effects: ["blocks", "narrows"],
          },
        ];
      }
      return [];
    }),
};
