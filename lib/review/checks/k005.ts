import { at } from "../changes";
import { shown } from "../facts";
import type { Check } from "../types";
import { pairs } from "./k003";

export const k005: Check = {
  id: "K005",
  title: "Delay before a key version is destroyed shortened",
  severity: "low",
  effects: ["blocks"],
  looksAt: "destroy_scheduled_duration of keys",
  mend: "Keep 30 days: until then a version that was destroyed by mistake can be restored.",
  change: ({ after, before }) =>
    pairs(before.model.cryptoKeys, after.model.cryptoKeys).flatMap(([was, next]) => {
      const [old, now] = [was, next].map((key) => Number.parseFloat(shown(key.destroyScheduledDuration)));
      return Number.isFinite(old) && Number.isFinite(now) && now < old
        ? [
            {
              ...at(next.origin),
              target: next.name,
              message: `A version that is destroyed can be restored for ${days(now)} instead of ${days(old)}.`,
              before: shown(was.destroyScheduledDuration),
              after: shown(next.destroyScheduledDuration),
            },
          ]
        : [];
    }),
};

function days(seconds: number): string {
  const count = seconds / 86_400;
  return count === 1 ? "1 day" : `${Number(count.toFixed(1))} days`;
}
