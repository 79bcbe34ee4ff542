import { changesOf, isDeleted, POLICY, wasAt } from "../changes";
import type { Check } from "../types";

export const p003: Check = {
  id: "P003",
  title: "Policy leaves Terraform",
  severity: "medium",
  effects: ["blind"],
  looksAt: "a policy that is forgotten, or abandoned when it is deleted",
  mend: "Say where the policy is managed from now on; its further changes are in no plan of this configuration.",
  change: (context) =>
    changesOf(context, POLICY)
      .filter(
        (change) => change.actions.includes("forget") || (isDeleted(change) && change.deletionPolicy === "ABANDON"),
      )
      .map((change) => ({
        address: change.address,
        target: `projects/${wasAt(context.before, "policies", change)?.project ?? "?"}/policy`,
        message: "The policy stays in force as it is, and nothing here manages it any more.",
        before: "managed by this configuration",
        after: "not managed by it",
      })),
};
