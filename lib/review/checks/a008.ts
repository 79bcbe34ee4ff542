import { ATTESTOR, changesOf, isDeleted, wasAt } from "../changes";
import { allRulesKnown, namedAttestors } from "../facts";
import type { Check, Found } from "../types";

export const a008: Check = {
  id: "A008",
  title: "Attestor destroyed while a rule requires it",
  severity: "critical",
  effects: ["blocks"],
  looksAt: "attestors that are deleted, against the rules that will be",
  mend: "Take it out of every rule first, in an apply of its own.",
  change: (context) =>
    changesOf(context, ATTESTOR)
      .filter(isDeleted)
      .flatMap((change): Found[] => {
        const was = wasAt(context.before, "attestors", change);
        if (was === undefined || context.after.attestors.has(was.name)) {
          return [];
        }
        const targets = [...(namedAttestors(context.after).get(was.name)?.keys() ?? [])];
        const found = { address: change.address, target: was.name, before: "an attestor" };
        if (targets.length > 0) {
          return [
            {
              ...found,
              message: `The rules of ${targets.join(", ")} require it, and refuse everything without it.`,
              after: "none",
            },
          ];
        }
        return context.after.policies.size > 0 && allRulesKnown(context.after)
          ? []
          : [
              {
                ...found,
                message: "Whether a rule requires it is not in these files.",
                after: "none",
                certainty: {
                  state: "undecided",
                  best: "none",
                  worst: "critical",
                  because: "the rules that may require it are in no file",
                },
              },
            ];
      }),
};
