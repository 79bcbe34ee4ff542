import { at } from "../changes";
import type { Facts } from "../facts";
import { shown } from "../facts";
import type { Check, Found } from "../types";

export const i009: Check = {
  id: "I009",
  title: "IAM condition removed",
  severity: "high",
  effects: ["opens"],
  looksAt: "whether a grant of a power over the chain of trust has a condition",
  mend: "Keep the condition, or narrow the grant to the one resource it is for.",
  change: ({ after, before }) => {
    const [old, next] = [conditions(before), conditions(after)];
    return [...next].flatMap(([key, now]): Found[] => {
      const was = old.get(key);
      if (was === undefined || was.conditional === now.conditional) {
        return [];
      }
      const found = { ...at(now.origin), target: shown(now.principal) };
      const what = `${shown(now.role)} on ${shown(now.on)}`;
      return was.conditional
        ? [
            {
              ...found,
              message: `${shown(now.principal)} holds ${what} without any condition from now on.`,
              before: `${what}, under a condition`,
              after: what,
            },
          ]
        : [
            {
              ...found,
              severity: "info",
              effects: ["narrows"],
              title: "IAM condition added",
              message: `${shown(now.principal)} holds ${what} only under a condition from now on.`,
              before: what,
              after: `${what}, under a condition`,
            },
          ];
    });
  },
};

/** By principal, kind and object: the grant that has no condition where there are several. */
function conditions({ model }: Facts) {
  const found = new Map<string, Facts["model"]["powers"][number]>();
  for (const power of model.powers.filter(({ kind, principal }) => kind !== "none" && principal.state === "known")) {
    const key = JSON.stringify([shown(power.principal), power.kind, shown(power.on)]);
    if (!found.has(key) || !power.conditional) {
      found.set(key, power);
    }
  }
  return found;
}
