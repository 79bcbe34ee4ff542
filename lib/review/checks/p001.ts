import { changesOf, isAbandoned, isDeleted, POLICY, wasAt } from "../changes";
import type { ChangeContext, Check, Found } from "../types";

export const p001: Check = {
  id: "P001",
  title: "Policy destroyed: the project admits everything",
  severity: "critical",
  effects: ["opens"],
  looksAt: "a policy that is deleted and not created again for its project",
  mend: "Keep the policy. To stop managing it, use a removed block with destroy = false, which forgets it and leaves it in force.",
  change: (context) => [...destroyed(context), ...leftOver(context)],
};

function destroyed(context: ChangeContext): Found[] {
  return changesOf(context, POLICY)
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
    });
}

/** An object that an earlier apply could not destroy: a project has one policy, and destroying it resets that one. */
function leftOver({ before, changes }: ChangeContext): Found[] {
  return changes
    .filter(
      (change) =>
        change.mode === "managed" && change.type === POLICY && change.deposed !== undefined && !isAbandoned(change),
    )
    .filter(({ actions }) => actions.includes("delete"))
    .map((change) => ({
      address: change.address,
      target: `projects/${wasAt(before, "policies", change)?.project ?? "an unknown project"}/policy`,
      title: "Left-over policy destroyed: the project admits everything",
      message: `An earlier apply left over an object of this policy (deposed ${change.deposed}). A project has one policy: destroying the left-over one writes a policy that admits every image over the one that is kept.`,
      mend: "Take the left-over object out of the state first (terraform state rm ADDRESS, then import the policy again), and plan again.",
      before: "a policy",
      after: "allow all",
    }));
}
