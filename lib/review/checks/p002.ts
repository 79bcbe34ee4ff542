import { changesOf, createsFirst, isAbandoned, isDeleted, isReplaced, POLICY, wasAt } from "../changes";
import type { ChangeContext, Check, Found, ReviewedChange } from "../types";

export const p002: Check = {
  id: "P002",
  title: "Policy replaced or renamed: the project admits everything for a while, or for good",
  severity: "high",
  effects: ["opens"],
  looksAt: "the order of deleting and creating the policy of one project, and its address",
  mend: "Change the policy in place. Where the address changes, write a moved block; never use create_before_destroy on a policy.",
  change: (context) => [...replaced(context), ...renamed(context)],
};

function replaced(context: ChangeContext): Found[] {
  return changesOf(context, POLICY)
    .filter((change) => isReplaced(change) && !isAbandoned(change))
    .flatMap((change) => {
      const was = wasAt(context.before, "policies", change);
      if (was === undefined || change.replacePaths?.includes("project")) {
        return [];
      }
      const found = { address: change.address, target: `projects/${was.project}/policy`, before: "a policy" };
      return createsFirst(change)
        ? [
            {
              ...found,
              severity: "critical" as const,
              message:
                "The new policy is written first, and destroying the old one then writes a policy that admits every image. Terraform reports success, and the project stays open.",
              after: "allow all, for good",
            },
          ]
        : [
            {
              ...found,
              message:
                "Destroying the old policy writes one that admits every image, until the new one is written; where that fails, the project stays open.",
              after: "allow all until the new policy is written",
            },
          ];
    });
}

function renamed(context: ChangeContext): Found[] {
  return changesOf(context, POLICY)
    .filter((change) => isDeleted(change) && !isAbandoned(change))
    .flatMap((change) => {
      const was = wasAt(context.before, "policies", change);
      const successor = was && successorOf(context, change, was.project);
      return successor === undefined
        ? []
        : [
            {
              address: successor.address,
              target: `projects/${was?.project}/policy`,
              message: `${change.address} is destroyed and ${successor.address} is created for the same project. Destroying writes a policy that admits every image, and nothing orders the two: the project is open for a while, or stays so.`,
              before: change.address,
              after: successor.address,
            },
          ];
    });
}

function successorOf(context: ChangeContext, gone: ReviewedChange, project: string): ReviewedChange | undefined {
  const candidates = changesOf(context, POLICY).filter((other) => other !== gone && other.actions.includes("create"));
  return candidates.find(({ address }) =>
    context.after.model.policies.some((policy) => policy.project === project && policy.origin.address === address),
  );
}
