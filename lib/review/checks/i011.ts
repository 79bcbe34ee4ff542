import type { Facts } from "../facts";
import { namedAttestors, shown } from "../facts";
import { signersOf } from "../signers";
import type { Check, Found } from "../types";

export const i011: Check = {
  id: "I011",
  title: "One principal can do what takes two",
  severity: "high",
  effects: ["opens"],
  looksAt: "principals that sign for several attestors of one rule, or sign and edit the policy or an attestor",
  mend: "Give each attestor a signer of its own, and keep those who sign away from the policy and the attestors.",
  change: ({ after, allGrants, before }) => {
    const already = new Set(unions(before, allGrants).map(({ after: what, target }) => `${target} ${what}`));
    return unions(after, allGrants).filter(({ after: what, target }) => !already.has(`${target} ${what}`));
  },
  state: ({ after, allGrants }) => unions(after, allGrants),
};

function unions(facts: Facts, allGrants: boolean): Found[] {
  const signs = new Map<string, string[]>();
  for (const { attestor, power, principal } of signersOf(facts, allGrants).values()) {
    if (power === "full") {
      signs.set(principal, [...(signs.get(principal) ?? []), attestor]);
    }
  }
  return [...signs].flatMap(([principal, attestors]): Found[] => {
    const edits = facts.model.powers.find(
      (power) =>
        (power.kind === "edit-policy" || power.kind === "edit-attestor") && shown(power.principal) === principal,
    );
    const shared = sharedTarget(facts, attestors);
    const address = facts.model.powers.find((power) => shown(power.principal) === principal)?.origin.address;
    const found = { ...(address !== undefined && { address }), target: principal };
    return [
      ...(shared === undefined
        ? []
        : [
            {
              ...found,
              message: `${principal} can sign for ${shared.attestors.join(" and ")}, which ${shared.target} requires both: one signer is enough.`,
              after: `signs for ${shared.attestors.join(" and ")}`,
            },
          ]),
      ...(edits === undefined
        ? []
        : [
            {
              ...found,
              message: `${principal} can sign, and can also ${edits.kind === "edit-policy" ? "edit the policy" : "edit an attestor"}: nobody else has to agree.`,
              after: `signs and may ${edits.kind}`,
            },
          ]),
    ];
  });
}

function sharedTarget(facts: Facts, attestors: readonly string[]) {
  const targets = new Map<string, string[]>();
  for (const attestor of attestors) {
    for (const target of namedAttestors(facts).get(attestor)?.keys() ?? []) {
      targets.set(target, [...(targets.get(target) ?? []), attestor]);
    }
  }
  const [found] = [...targets].filter(([, names]) => names.length > 1);
  return found === undefined ? undefined : { target: found[0], attestors: found[1] };
}
