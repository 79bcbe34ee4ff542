import { changesOf, isAbandoned, isAt, isReplaced, POLICY, wasAt } from "../changes";
import type { Check } from "../types";

export const p004: Check = {
  id: "P004",
  title: "Policy moved to another project: the old project admits everything",
  severity: "critical",
  effects: ["opens"],
  looksAt: "a policy that is replaced because its project changes",
  mend: "Leave the policy of the old project in place, or forget it with a removed block; create the one of the new project beside it.",
  change: (context) =>
    changesOf(context, POLICY)
      .filter((change) => isReplaced(change) && !isAbandoned(change))
      .flatMap((change) => {
        const was = wasAt(context.before, "policies", change);
        const projects = context.after.model.policies
          .filter(({ origin }) => origin.address === change.address)
          .map(({ project }) => project);
        const next =
          projects.find((project) => project !== was?.project) ?? isAt(context.after, "policies", change)?.project;
        const name = next === undefined || next.includes("${") ? "another project" : next;
        if (was === undefined || !change.replacePaths?.includes("project")) {
          return [];
        }
        return [
          {
            address: change.address,
            target: `projects/${was.project}/policy`,
            message: `The policy of ${was.project} is destroyed, which writes one that admits every image; that of ${name} is written instead.`,
            before: was.project,
            after: name,
          },
        ];
      }),
};
