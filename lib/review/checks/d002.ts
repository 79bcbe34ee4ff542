import { at } from "../changes";
import { type DryRun, dryRunsOf } from "../dry-runs";
import type { ChangeContext, Check, Found } from "../types";

export const d002: Check = {
  id: "D002",
  title: "Dry run without a date",
  severity: "info",
  effects: ["blind"],
  looksAt: "rules in a dry run whose policy names no last day for them (dryRunUntil)",
  mend: "Say until when: dryRunUntil in place of dryRun.",
  change: undatedSince,
  state: (context) => dryRunsOf(context).flatMap(undated),
};

/**
 * Of a change, what it brings: a dry run that was there before, without a day as well, is the check's to say. The day is in the
 * configuration only: a plan alone cannot say that there is none.
 */
function undatedSince(context: ChangeContext): Found[] {
  const before = dryRunsOf({ after: context.before, lifecycles: context.lifecyclesBefore });
  const undatedBefore = new Set(before.filter(({ until }) => until === undefined).map(({ target }) => target));
  return dryRunsOf(context)
    .filter(({ configured, target }) => configured && !undatedBefore.has(target))
    .flatMap(undated);
}

function undated({ configured, origin, target, until }: DryRun): Found[] {
  const where = configured ? "Nothing says until when." : "Nothing in these files says until when.";
  return until === undefined
    ? [{ ...at(origin), target, message: `The rule only logs what it would refuse. ${where}`, after: "dry run" }]
    : [];
}
