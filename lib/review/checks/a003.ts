import { attestorChanges, keyName } from "../attestor-changes";
import { at } from "../changes";
import { namedAttestors } from "../facts";
import type { Check } from "../types";

export const a003: Check = {
  id: "A003",
  title: "Attestor without keys: every rule that requires it refuses everything",
  severity: "critical",
  effects: ["blocks", "narrows"],
  looksAt: "the list of keys of each attestor, known and empty",
  mend: "Give the attestor a key before a rule requires it.",
  change: (context) => [
    ...attestorChanges(context)
      .filter(({ after, before }) => after.length === 0 && before.length > 0)
      .map(({ address, before, name }) => ({
        ...(address !== undefined && { address }),
        target: name,
        message: "No signature counts for it any more: whatever a rule requires of it is refused.",
        before: before.map(keyName).join(", "),
        after: "no keys",
      })),
    ...[...context.after.attestors.values()]
      .filter(({ attestor, keys }) => {
        const fresh =
          !context.before.attestors.has(attestor.name) || !namedAttestors(context.before).has(attestor.name);
        return keys?.length === 0 && fresh && namedAttestors(context.after).has(attestor.name);
      })
      .map(({ attestor }) => ({
        ...at(attestor.origin),
        target: attestor.name,
        message: "A rule requires it, and it has no key: everything under that rule is refused.",
        after: "no keys",
      })),
  ],
  state: ({ after }) =>
    [...after.attestors.values()]
      .filter(({ keys }) => keys?.length === 0)
      .map(({ attestor }) => ({
        ...at(attestor.origin),
        target: attestor.name,
        severity: namedAttestors(after).has(attestor.name) ? "critical" : "low",
        message: "It has no key, so that no signature counts for it.",
        after: "no keys",
      })),
};
