import { at } from "../changes";
import { namedAttestors } from "../facts";
import type { Check, Found } from "../types";

export const p016: Check = {
  id: "P016",
  title: "Required attestor is not in these files",
  severity: "medium",
  effects: ["blind"],
  looksAt: "the attestors that rules require, against those that plans and context describe",
  mend: "Hand in the state, plan or export with the attestor (--context): until then nobody can tell here whose signatures the rule asks for, or whether it exists.",
  change: ({ after, before }) =>
    [...namedAttestors(after)].flatMap(([attestor, targets]): Found[] => {
      const old = namedAttestors(before).get(attestor) ?? new Map();
      const fresh = [...targets].filter(([target]) => !old.has(target));
      return after.attestors.has(attestor) ? [] : fresh.map(([target, policy]) => missing(attestor, target, policy));
    }),
  state: ({ after }) =>
    [...namedAttestors(after)].flatMap(([attestor, targets]) =>
      after.attestors.has(attestor) ? [] : [...targets].map(([target, policy]) => missing(attestor, target, policy)),
    ),
};

function missing(attestor: string, target: string, policy: Parameters<typeof at>[0]): Found {
  return {
    ...at(policy),
    target,
    message: `The rule requires ${attestor}, which none of these files describes.`,
    after: attestor,
  };
}
