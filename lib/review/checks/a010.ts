import { at } from "../changes";
import type { Facts } from "../facts";
import { allRulesKnown, namedAttestors } from "../facts";
import type { Check, Found } from "../types";

export const a010: Check = {
  id: "A010",
  title: "Attestor that no rule requires",
  severity: "low",
  effects: ["narrows"],
  looksAt: "attestors against the rules of every policy in these files",
  mend: "Require it in a rule, or remove it: its signatures make no difference.",
  change: ({ after, before }) => {
    const already = new Set(idle(before).map(({ target }) => target));
    return idle(after).filter(({ target }) => !already.has(target));
  },
  state: ({ after }) => idle(after),
};

function idle(facts: Facts): Found[] {
  if (facts.policies.size === 0 || !allRulesKnown(facts)) {
    return [];
  }
  return [...facts.attestors.values()]
    .filter(({ attestor }) => !attestor.name.includes("${") && !namedAttestors(facts).has(attestor.name))
    .map(({ attestor }) => ({
      ...at(attestor.origin),
      target: attestor.name,
      message: "No rule of these files requires it.",
      after: "required by no rule",
    }));
}
