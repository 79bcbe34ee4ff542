import { admitsEverything, defaultRuleChange, ruleFound, unseenBefore } from "../rule-changes";
import type { Check } from "../types";

export const p007: Check = {
  id: "P007",
  title: "Default rule opened",
  severity: "critical",
  effects: ["opens"],
  looksAt: "the evaluation mode of the default rule of a policy",
  mend: "Keep ALWAYS_DENY, or REQUIRE_ATTESTATION, as the default, and name the clusters that may differ.",
  change: (context) =>
    defaultRuleChange(context).flatMap((change) => {
      const { after, before } = change;
      if (admitsEverything(after, "rule") && !admitsEverything(before)) {
        const message = "Every image is admitted, signed or not, wherever no rule of a cluster applies.";
        return [{ ...ruleFound(change, message), ...unseenBefore(change, "critical") }];
      }
      if (admitsEverything(before, "rule") && after.kind === "deny") {
        const message = "Nothing is admitted any more that is not exempt, wherever no rule of a cluster applies.";
        return [
          {
            ...ruleFound(change, message, "medium"),
            title: "Default rule closed",
            effects: ["blocks", "narrows"],
            mend: "Make sure that each cluster and service that runs images of yours has a rule of its own.",
          },
        ];
      }
      return [];
    }),
  state: ({ after }) =>
    [...after.targets.values()]
      .filter(({ effective, target }) => target.kind === "default" && admitsEverything(effective, "rule"))
      .map(({ address, name }) => ({
        ...(address !== undefined && { address }),
        target: name,
        title: "Default rule is open",
        message: "The default rule admits every image, signed or not, wherever no rule of a cluster applies.",
        after: "allow all",
      })),
};
