import type { Power } from "../../trust";
import { at } from "../changes";
import type { Facts } from "../facts";
import { shown } from "../facts";
import type { Check, Found } from "../types";

export const i009: Check = {
  id: "I009",
  title: "IAM condition removed",
  severity: "high",
  effects: ["opens"],
  looksAt: "whether a grant of a power over the chain of trust has a condition, and which",
  mend: "Keep the condition, or narrow the grant to the one resource it is for.",
  change: ({ after, before }) => {
    const [old, next] = [conditions(before), conditions(after)];
    return [...next].flatMap(([key, now]): Found[] => {
      const was = old.get(key);
      if (was === undefined || (was.conditional === now.conditional && !now.conditional)) {
        return [];
      }
      const found = { ...at(now.origin), target: shown(now.principal) };
      const what = `${shown(now.role)} on ${shown(now.on)}`;
      if (was.conditional && now.conditional) {
        const fresh = now.expressions.filter((expression) => !was.expressions.includes(expression));
        return fresh.length === 0
          ? []
          : [
              {
                ...found,
                title: "IAM condition changed",
                message: `${shown(now.principal)} holds ${what} under another condition from now on; whether it lets more through is not decided here.`,
                before: was.expressions.join(" or "),
                after: now.expressions.join(" or "),
                certainty: {
                  state: "undecided",
                  best: "none",
                  worst: "high",
                  because: "conditions are not compared by what they mean",
                },
              },
            ];
      }
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

/** By principal, kind and object: the grant that has no condition where there are several, and the conditions of all. */
function conditions({ model }: Facts) {
  const found = new Map<string, Power & { readonly expressions: readonly string[] }>();
  for (const power of model.powers.filter(({ kind, principal }) => kind !== "none" && principal.state === "known")) {
    const key = JSON.stringify([shown(power.principal), power.kind, shown(power.on)]);
    const present = found.get(key);
    const expressions = [
      ...new Set([...(present?.expressions ?? []), ...(power.condition ? [shown(power.condition)] : [])]),
    ].sort();
    found.set(key, { ...(present !== undefined && power.conditional ? present : power), expressions });
  }
  return found;
}
