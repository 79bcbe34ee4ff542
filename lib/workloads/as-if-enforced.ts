import { known, type Policy, type Rule, type TrustModel, type Value } from "../trust/model";

/** What {@link asIfEnforced} takes for granted; a sentence without full stop. */
export const AS_IF_ENFORCED =
  "every rule is taken to have the enforcement mode ENFORCED_BLOCK_AND_AUDIT_LOG, and every cluster and Cloud Run service to enforce the project's policy";

/** A copy of the model in which nothing is a dry run and nothing is switched off: what would happen if it were enforced today. */
export function asIfEnforced(model: TrustModel): TrustModel {
  return {
    ...model,
    policies: model.policies.map(
      (policy): Policy => ({
        ...policy,
        defaultRule: within(policy.defaultRule, enforced),
        specificRules: within(policy.specificRules, (specific) => ({
          ...specific,
          rules: specific.rules.map(({ key, rule }) => ({ key, rule: enforced(rule) })),
        })),
      }),
    ),
    clusters: model.clusters.map((cluster) => ({
      ...cluster,
      evaluationMode: known("PROJECT_SINGLETON_POLICY_ENFORCE"),
    })),
    services: model.services.map((service) => ({ ...service, policy: known("default") })),
  };
}

function enforced(rule: Rule): Rule {
  return { ...rule, enforcementMode: known("ENFORCED_BLOCK_AND_AUDIT_LOG") };
}

function within<T>(value: Value<T>, change: (value: T) => T): Value<T> {
  return value.state === "known" ? known(change(value.value)) : value;
}
