import { requiredChanges } from "../required-attestors";
import { admitsEverything, ruleFound, ruleName, ruleTransitions } from "../rule-changes";
import type { Check } from "../types";

export const p015: Check = {
  id: "P015",
  title: "Required attestor added: images without its attestation are refused",
  severity: "high",
  effects: ["blocks", "narrows"],
  looksAt: "the attestors of each rule, by full name",
  mend: "Attest what runs before the rule requires it; try the rule in a dry run and read its log first.",
  change: (context) => [
    ...requiredChanges(context).flatMap(({ added, change }) =>
      added.map((attestor) => ({
        ...ruleFound(
          change,
          `${ruleName(change)} also requires an attestation of ${attestor}. Pods that are created or moved from now on are refused without it.`,
        ),
        after: attestor,
      })),
    ),
    ...ruleTransitions(context)
      .filter(({ after, before }) => admitsEverything(before, "rule") && after.kind === "attest")
      .filter(({ key, own }) => key === "default" || (own.before && own.after))
      .map((change) => ({
        ...ruleFound(change, `${ruleName(change)} admitted every image and requires attestations from now on.`),
        title: "Attestations required: images without them are refused",
      })),
  ],
};
