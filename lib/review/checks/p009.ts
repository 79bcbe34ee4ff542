import { at } from "../changes";
import { dryRunsOf, isOnItsWay } from "../dry-runs";
import { admitsEverything, ruleFound, ruleName, ruleTransitions, unseenBefore } from "../rule-changes";
import type { Check, Found } from "../types";

export const p009: Check = {
  id: "P009",
  title: "Enforcement turned into a dry run",
  severity: "critical",
  effects: ["opens"],
  looksAt: "the enforcement mode of every rule",
  mend: "Keep ENFORCED_BLOCK_AND_AUDIT_LOG. To try a rule out, use DRYRUN_AUDIT_LOG_ONLY on a cluster of its own.",
  change: (context) =>
    ruleTransitions(context).flatMap((change) => {
      const { after, before, own } = change;
      if (change.key !== "default" && !(own.before && own.after)) {
        return [];
      }
      if (admitsEverything(after, "dry-run") && !admitsEverything(before)) {
        const message = `${ruleName(change)} only logs what it would refuse, and admits every image.`;
        return [{ ...ruleFound(change, message), ...unseenBefore(change, "critical") }];
      }
      if (admitsEverything(before, "dry-run") && (after.kind === "deny" || after.kind === "attest")) {
        const message = `${ruleName(change)} refuses from now on what it only logged. Its log says what that is.`;
        return [
          {
            ...ruleFound(change, message, "medium"),
            title: "Dry run turned into enforcement",
            effects: ["blocks", "narrows"],
          },
        ];
      }
      return [];
    }),
  state: (context) =>
    dryRunsOf(context).map((dryRun): Found => {
      const found = {
        ...at(dryRun.origin),
        target: dryRun.target,
        title: "A rule is only a dry run",
        after: "allow all (dry run: only logged)",
      };
      // Its authors said until when, and somebody looks again after that day.
      return isOnItsWay(dryRun, context.today)
        ? {
            ...found,
            severity: "low",
            message: `The rule only logs what it would refuse, and admits every image. That is to end after ${dryRun.until}.`,
          }
        : { ...found, message: "The rule only logs what it would refuse, and admits every image." };
    }),
};
