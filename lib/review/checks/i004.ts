import { powerFound } from "../power-changes";
import type { Check } from "../types";

export const i004: Check = {
  id: "I004",
  title: "Principal may edit the policy",
  severity: "critical",
  effects: ["opens"],
  looksAt: "grants that hold binaryauthorization.policy.update, on projects and above",
  mend: "Keep the policy in the hands of the identity that applies this configuration.",
  change: (context) => powerFound(context, ["edit-policy"], () => "can edit the policy, and open it"),
};
