import { stringifyYaml } from "../vocabulary/private/yaml";
import { SPECIFIC_RULES } from "./gcloud-export";
import type { Policy, Rule, Value } from "./model";
import { isFullName } from "./private/names";
import { ReadError } from "./read-error";

/**
 * A policy as `gcloud container binauthz policy import` reads it.
 *
 * A policy is replaced whole, so that every value has to be known: a {@link ReadError} names the first one that is not.
 */
export function policyYaml(policy: Policy): string {
  const known = <T>(field: string, value: Value<T>): T => {
    if (value.state === "known") {
      return value.value;
    }
    throw new ReadError({
      source: policy.origin.source,
      at: policy.origin.address,
      problem: `"${field}" of the policy is not known${value.state === "hidden" ? ` (${value.reference})` : " before the apply"}`,
      allowed: "a policy of which every value is known",
    });
  };
  const rule = (field: string, { evaluationMode, enforcementMode, requireAttestationsBy }: Rule) => {
    const attestors = known(`${field}.requireAttestationsBy`, requireAttestationsBy);
    return {
      enforcementMode: known(`${field}.enforcementMode`, enforcementMode),
      evaluationMode: known(`${field}.evaluationMode`, evaluationMode),
      ...(attestors.length > 0 && {
        requireAttestationsBy: attestors.map((name) => known(`${field}.requireAttestationsBy`, name)),
      }),
    };
  };
  if (!isFullName(policy.project)) {
    known("name", { state: "hidden", reference: policy.project });
  }
  const patterns = known("exemptImages", policy.exemptImages);
  const specific = known("specificRules", policy.specificRules);
  const field = [...SPECIFIC_RULES].find(([, kind]) => kind === specific.kind)?.[0] ?? specific.kind;
  const rules = specific.rules.map(({ key, rule: entry }): [string, unknown] => {
    const name = known(`${field} key`, key);
    return [name, rule(`${field}["${name}"]`, entry)];
  });
  return stringifyYaml({
    ...(patterns.length > 0 && {
      admissionWhitelistPatterns: patterns.map((pattern) => ({ namePattern: known("exemptImages", pattern) })),
    }),
    ...(rules.length > 0 && { [field]: Object.fromEntries(rules) }),
    defaultAdmissionRule: rule("defaultAdmissionRule", known("defaultRule", policy.defaultRule)),
    globalPolicyEvaluationMode: known("globalPolicyEvaluationMode", policy.globalPolicyEvaluationMode),
    name: `projects/${policy.project}/policy`,
  });
}
