import { at } from "../changes";
import { compareRules, showEffective } from "../effective";
import { clusterKeys, effectiveFor } from "../facts";
import { clusterTransitions } from "../switch-changes";
import type { Check, Found } from "../types";

export const c012: Check = {
  id: "C012",
  title: "Cluster gets another name: its rule does not fit it any more",
  severity: "high",
  effects: ["opens"],
  looksAt: "location.name of clusters that are replaced, against the rules of the policy",
  mend: "Change the rule with the cluster, in one apply: derive its key from the cluster.",
  change: (context) =>
    clusterTransitions(context).flatMap(({ next, target, was }): Found[] => {
      if (was === undefined || (was.name === next.name && was.location === next.location)) {
        return [];
      }
      const old = `gke:${was.project}/${was.location}.${was.name}`;
      const [ruled, fits] = [context.before.policies.get(was.project), context.after.policies.get(next.project)].map(
        (policy, index) =>
          policy !== undefined &&
          clusterKeys(policy).includes(index === 0 ? `${was.location}.${was.name}` : `${next.location}.${next.name}`),
      );
      if (!ruled || fits) {
        return [];
      }
      const [before, after] = [effectiveFor(context.before, old), effectiveFor(context.after, target)];
      const opens = compareRules(before, after).opens;
      return [
        {
          ...at(next.origin),
          target,
          ...(opens === "no" && { severity: "low" as const, effects: ["blocks" as const] }),
          message: `The rule for ${was.location}.${was.name} does nothing for ${next.location}.${next.name}, to which the default rule applies: ${showEffective(after)}.`,
          before: showEffective(before),
          after: showEffective(after),
        },
      ];
    }),
};
