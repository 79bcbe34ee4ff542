import { isDay } from "../../vocabulary/day";
import { at } from "../changes";
import { dryRunsOf, isOnItsWay } from "../dry-runs";
import type { ChangeContext, Check, Found, StateContext } from "../types";

export const d001: Check = {
  id: "D001",
  title: "Dry run outlived its date",
  severity: "high",
  effects: ["opens"],
  looksAt: "rules in a dry run, and the last day that stands beside the policy (dryRunUntil)",
  mend: "Enforce the rule: take dryRunUntil away. Where it is too early, give it another day, and say why.",
  change: outlived,
  state: outlived,
};

/** Time passes without a change: a review says it as well, whatever its plan changes. */
function outlived(context: ChangeContext | StateContext): Found[] {
  return dryRunsOf(context).flatMap((dryRun): Found[] => {
    const { origin, target, until } = dryRun;
    if (until === undefined || isOnItsWay(dryRun, context.today)) {
      return [];
    }
    const found = { ...at(origin), target, after: `dry run until ${until}` };
    return isDay(until)
      ? [{ ...found, message: `The rule only logs what it would refuse. That was to end after ${until}.` }]
      : [
          {
            ...found,
            title: "Date of a dry run cannot be read",
            message: `The rule only logs what it would refuse, until ${JSON.stringify(until)}, which is no day as YYYY-MM-DD.`,
          },
        ];
  });
}
