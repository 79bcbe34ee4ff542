import { at } from "../changes";
import { type DryRun, dryRunsOf } from "../dry-runs";
import type { Check, Found } from "../types";

export const d002: Check = {
  id: "D002",
  title: "Dry run without a date",
  severity: "info",
  effects: ["blind"],
  looksAt: "rules in a dry run whose policy names no last day for them (dryRunUntil)",
  mend: "Say until when: dryRunUntil in place of dryRun.",
  // The day is in the configuration only: a plan alone cannot say that there is none.
  change: (context) =>
    dryRunsOf(context)
      .filter(({ configured }) => configured)
      .flatMap(undated),
  state: (context) => dryRunsOf(context).flatMap(undated),
};

function undated({ configured, origin, target, until }: DryRun): Found[] {
  const where = configured ? "Nothing says until when." : "Nothing in these files says until when.";
  return until === undefined
    ? [{ ...at(origin), target, message: `The rule only logs what it would refuse. ${where}`, after: "dry run" }]
    : [];
}
