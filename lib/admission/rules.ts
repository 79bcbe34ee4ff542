import { type Policy, type Rule, type SpecificRules, UNKNOWN } from "../trust/model";
import { clusterKey } from "../vocabulary/resource-name";
import type { AppliedRule, Diagnosis, Target } from "./types";
import { unknownValue } from "./unknown";

/** A rule that may be the one that applies. */
export interface CandidateRule {
  readonly rule: Rule;
  readonly applied: Pick<AppliedRule, "kind" | "key">;
  /** The rule's name in a sentence: `the default rule`. */
  readonly name: string;
}

/** The rules of which exactly one applies: one where it is known which, several where it is not, and why. */
export interface RuleChoice {
  readonly candidates: readonly CandidateRule[];
  readonly diagnosis: readonly Diagnosis[];
}

const UNKNOWN_RULE: Rule = { evaluationMode: UNKNOWN, enforcementMode: UNKNOWN, requireAttestationsBy: UNKNOWN };

/** Whether something is so; `unknown` where what it depends on is. */
type Ternary = "yes" | "no" | "unknown";

/** The one specific rule whose key is the target's, else the default rule. Keys are compared literally. */
export function chooseRule(policy: Policy, target: Target): RuleChoice {
  const byDefault = defaultRule(policy);
  // Cloud Run has no specific rules: https://docs.cloud.google.com/binary-authorization/docs/configuring-policy-cli
  if (target.kind !== "gke") {
    return byDefault;
  }
  const { specificRules } = policy;
  if (specificRules.state !== "known") {
    return {
      candidates: [...byDefault.candidates, { ...byDefault.candidates[0], rule: UNKNOWN_RULE }],
      diagnosis: [...byDefault.diagnosis, unknownValue("the list of specific rules", specificRules)],
    };
  }
  return chooseAmong(specificRules.value, target, byDefault);
}

function defaultRule(policy: Policy): RuleChoice {
  const { defaultRule: rule } = policy;
  const known = rule.state === "known";
  return {
    candidates: [{ rule: known ? rule.value : UNKNOWN_RULE, applied: { kind: "default" }, name: "the default rule" }],
    diagnosis: known ? [] : [unknownValue("the default rule", rule)],
  };
}

function chooseAmong(specific: SpecificRules, target: GkeTarget, byDefault: RuleChoice): RuleChoice {
  const matching: CandidateRule[] = [];
  const possible: CandidateRule[] = [];
  const diagnosis: Diagnosis[] = [];
  for (const { key, rule } of specific.rules) {
    if (key.state !== "known") {
      possible.push({ rule, applied: { kind: specific.kind }, name: "a rule whose key is not known" });
      diagnosis.push(unknownValue(`the key of a ${specific.kind} rule`, key));
      continue;
    }
    const matches = keyMatches(specific.kind, key.value, target);
    if (matches === "no") {
      continue;
    }
    const candidate = { rule, applied: { kind: specific.kind, key: key.value }, name: `the rule for ${key.value}` };
    if (matches === "yes") {
      matching.push(candidate);
    } else {
      possible.push(candidate);
      diagnosis.push({
        code: "value-unknown",
        value: `the ${specific.kind} of the pod`,
        detail: `whether the rule for ${key.value} applies depends on the ${specific.kind} of the pod, which is not known`,
      });
    }
  }
  if (matching.length > 1) {
    const detail = `the policy has ${matching.length} rules for ${matching[0].applied.key}`;
    return { candidates: matching, diagnosis: [{ code: "invalid-policy", detail }] };
  }
  if (matching.length === 1) {
    return { candidates: matching, diagnosis: [] };
  }
  return {
    candidates: [...byDefault.candidates, ...possible],
    diagnosis: [...byDefault.diagnosis, ...diagnosis],
  };
}

type GkeTarget = Extract<Target, { kind: "gke" }>;

function keyMatches(kind: SpecificRules["kind"], key: string, target: GkeTarget): Ternary {
  switch (kind) {
    case "cluster":
      return key === clusterKey(target.location, target.name) ? "yes" : "no";
    case "namespace":
      return sameAs(key, target.namespace);
    case "service-account": {
      const [namespace, account, ...more] = key.split(":");
      return account === undefined || more.length > 0
        ? "no"
        : both(sameAs(namespace, target.namespace), sameAs(account, target.serviceAccount));
    }
    case "istio-identity": {
      const match = /^(?:spiffe:\/\/)?([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(key);
      if (!match) {
        return "no";
      }
      const [, domain, namespace, account] = match;
      // A mesh of GKE has this trust domain; another one may have been configured.
      const trusted: Ternary = domain === `${target.project}.svc.id.goog` ? "yes" : "unknown";
      return both(trusted, both(sameAs(namespace, target.namespace), sameAs(account, target.serviceAccount)));
    }
  }
}

function sameAs(wanted: string, found: string | undefined): Ternary {
  return found === undefined ? "unknown" : found === wanted ? "yes" : "no";
}

function both(first: Ternary, second: Ternary): Ternary {
  if (first === "no" || second === "no") {
    return "no";
  }
  return first === "yes" ? second : "unknown";
}
