import { at } from "../changes";
import { shown } from "../facts";
import { serviceTransitions } from "../switch-changes";
import type { Check } from "../types";

export const c008: Check = {
  id: "C008",
  title: "Cloud Run uses another policy",
  severity: "medium",
  effects: ["blind"],
  looksAt: "the policy that services and jobs ask for",
  mend: "Use the project's policy (use_default): what a platform policy says is in none of these files.",
  change: (context) =>
    serviceTransitions(context)
      .filter(
        ({ next, was }) =>
          was?.policy.state === "known" &&
          next.policy.state === "known" &&
          was.policy.value !== next.policy.value &&
          next.policy.value !== "none" &&
          (next.policy.value !== "default" || was.policy.value !== "none"),
      )
      .map(({ next, target, was }) => ({
        ...at(next.origin),
        target,
        message: "Another policy decides what runs there; what it admits is not in these files.",
        before: was ? shown(was.policy) : "?",
        after: shown(next.policy),
      })),
};
