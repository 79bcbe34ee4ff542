import { attestorsLeft, requiredChanges } from "../required-attestors";
import { ruleFound, ruleName } from "../rule-changes";
import type { Check } from "../types";

export const p014: Check = {
  id: "P014",
  title: "Required attestor removed",
  severity: "high",
  effects: ["opens"],
  looksAt: "the attestors of each rule, by full name",
  mend: "Keep the attestor in the rule, or say who approved that its attestation is not needed any more.",
  change: (context) =>
    requiredChanges(context).flatMap(({ added, change, removed }) =>
      removed.map((attestor) => {
        const left = attestorsLeft(change.after);
        const swapped = added.length > 0 && left.every((name) => added.includes(name));
        return {
          ...ruleFound(
            change,
            `${ruleName(change)} does not require ${attestor} any more. ${
              left.length === 0 ? "Nothing is required." : `It requires ${left.join(" and ")}.`
            }`,
            left.length === 0 ? "critical" : "high",
          ),
          ...(swapped && { title: "Required attestor exchanged for another one" }),
          before: attestor,
          after: left.length === 0 ? "nothing required" : left.join(", "),
        };
      }),
    ),
};
