import { at } from "../changes";
import type { Facts } from "../facts";
import type { Check, Found } from "../types";

export const p021: Check = {
  id: "P021",
  title: "Rule requires attestations and names no attestor",
  severity: "high",
  effects: ["blocks"],
  looksAt: "rules with REQUIRE_ATTESTATION whose list of attestors is known and empty",
  mend: "Name the attestors, or say ALWAYS_DENY. What the service makes of such a rule is not documented.",
  change: ({ after, before, resetProjects }) => {
    const already = new Set(emptyRules(before).map(({ target }) => target));
    return emptyRules(after).filter(({ project, target }) => !already.has(target) && !resetProjects.has(project));
  },
  state: ({ after }) => emptyRules(after),
};

function emptyRules({ policies }: Facts): (Found & { readonly project: string })[] {
  return [...policies.values()].flatMap((policy) => {
    const { defaultRule, project, specificRules } = policy;
    const specific = specificRules.state === "known" ? specificRules.value.rules : [];
    const rules = [
      ...(defaultRule.state === "known" ? [{ target: `default:${project}`, rule: defaultRule.value }] : []),
      ...specific.flatMap(({ key, rule }) =>
        key.state === "known" ? [{ target: `gke:${project}/${key.value}`, rule }] : [],
      ),
    ];
    return rules
      .filter(
        ({ rule: { evaluationMode: mode, requireAttestationsBy: by } }) =>
          mode.state === "known" &&
          mode.value === "REQUIRE_ATTESTATION" &&
          by.state === "known" &&
          by.value.length === 0,
      )
      .map(({ target }) => ({
        ...at(policy.origin),
        project,
        target,
        message: "The rule requires attestations and says of nobody. It is not valid, and a plan does not say so.",
        after: "REQUIRE_ATTESTATION without attestors",
      }));
  });
}
