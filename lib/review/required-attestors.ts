import type { Effective } from "./effective";
import { type RuleTransition, ruleTransitions } from "./rule-changes";
import type { ChangeContext } from "./types";

export interface RequiredChange {
  readonly change: RuleTransition;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** The rules that require attestations before and after, and not the same ones. */
export function requiredChanges(context: ChangeContext): RequiredChange[] {
  return ruleTransitions(context)
    .filter(({ key, own }) => key === "default" || (own.before && own.after))
    .flatMap((change) => {
      const { after, before } = change;
      if (before.kind !== "attest" || after.kind !== "attest") {
        return [];
      }
      const added = after.by.filter((name) => !before.by.includes(name));
      const removed = before.by.filter((name) => !after.by.includes(name));
      return added.length + removed.length === 0 ? [] : [{ change, added, removed }];
    });
}

export function attestorsLeft(effective: Effective): readonly string[] {
  return effective.kind === "attest" ? effective.by : [];
}
