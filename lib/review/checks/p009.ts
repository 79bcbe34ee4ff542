import { admitsEverything, ruleFound, ruleName, ruleTransitions, unseenBefore } from "../rule-changes";
import type { Check } from "../types";

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
  state: ({ after }) =>
    [...after.policies.values()].flatMap((policy) =>
      rulesIn(policy).flatMap(({ key, rule }) =>
        rule.enforcementMode.state === "known" &&
        rule.enforcementMode.value === "DRYRUN_AUDIT_LOG_ONLY" &&
        !(rule.evaluationMode.state === "known" && rule.evaluationMode.value === "ALWAYS_ALLOW")
          ? [
              {
                ...(policy.origin.address !== undefined && { address: policy.origin.address }),
                target: key === undefined ? `default:${policy.project}` : `gke:${policy.project}/${key}`,
                title: "A rule is only a dry run",
                message: "The rule only logs what it would refuse, and admits every image.",
                after: "allow all (dry run: only logged)",
              },
            ]
          : [],
      ),
    ),
};

type Policies = ReturnType<Parameters<NonNullable<Check["state"]>>[0]["after"]["policies"]["get"]>;

function rulesIn(policy: NonNullable<Policies>) {
  const { defaultRule, specificRules } = policy;
  const specific = specificRules.state === "known" ? specificRules.value.rules : [];
  return [
    ...(defaultRule.state === "known" ? [{ key: undefined, rule: defaultRule.value }] : []),
    ...specific.flatMap(({ key, rule }) => (key.state === "known" ? [{ key: key.value, rule }] : [])),
  ];
}
