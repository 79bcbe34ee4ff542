import { changesOf, isAbandoned, isDeleted, POLICY, wasAt } from "../changes";
import type { Check } from "../types";

export const p001: Check = {
  id: "P001",
  title: "Policy destroyed: the project admits everything",
  severity: "critical",
  effects: ["opens"],
  looksAt: "a policy that is deleted and not created again for its project",
  mend: "Keep the policy. To stop managing it, use a removed block with destroy = false, which forgets it and leaves it in force.",
  change: (context) =>
    changesOf(context, POLICY)
      .filter((change) => isDeleted(change) && !isAbandoned(change))
      .flatMap((change) => {
        const policy = wasAt(context.before, "policies", change);
        const project = policy?.project ?? "an unknown project";
        const successor = changesOf(context, POLICY).some(
          (other) =>
            other !== change &&
            other.actions.includes("create") &&
            context.after.model.policies.some(
              (next) => next.project === project && next.origin.address === other.address,
            ),
        );
        return successor
          ? []
          : [
              {
                address: change.address,
                target: `projects/${project}/policy`,
                message:
                  "Destroying a policy does not remove it: the provider writes one that admits every image, enforced, and the project stays so.",
                before: "a policy",
                after: "allow all",
              },
            ];
      }),
};
