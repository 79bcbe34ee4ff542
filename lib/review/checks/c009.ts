import { at } from "../changes";
import { shown } from "../facts";
import type { Check } from "../types";
import { pairs } from "./k003";

export const c009: Check = {
  id: "C009",
  title: "Fleet default, attached or on-premises cluster no longer enforces",
  severity: "high",
  effects: ["opens"],
  looksAt: "the evaluation mode of fleets and of clusters outside of GKE",
  mend: "Keep the evaluation mode that was set.",
  change: ({ after, before }) =>
    pairs(before.model.enrolments, after.model.enrolments).flatMap(([was, next]) => {
      const [old, now] = [was.evaluationMode, next.evaluationMode];
      if (old.state !== "known" || now.state !== "known" || old.value === now.value) {
        return [];
      }
      const found = { ...at(next.origin), target: next.name, before: shown(old), after: shown(now) };
      if (now.value === "DISABLED" || now.value === "EVALUATION_MODE_UNSPECIFIED") {
        return [
          {
            ...found,
            message:
              next.kind === "fleet-default"
                ? "Clusters that join the fleet from now on have no Binary Authorization."
                : "Every image is admitted there, whatever the policy says.",
          },
        ];
      }
      return old.value === "DISABLED"
        ? [
            {
              ...found,
              severity: "info" as const,
              effects: ["narrows" as const],
              title: "Binary Authorization switched on",
              message: "What runs there is held against a policy from now on.",
            },
          ]
        : [];
    }),
};
