import { effectiveRule, showEffective } from "../../review/effective";
import { type Facts, shown } from "../../review/facts";
import type { Policy, Rule, Value } from "../../trust";
import type { GraphNode } from "../types";
import { fact, plural, said, statusOf } from "../words";
import { type Builder, made } from "./builder";
import { unseenAttestor } from "./keys";

export const policyId = (project: string) => `policy projects/${project}/policy`;
export const ruleId = (project: string, key: string) => `rule projects/${project}/policy ${key}`;

export function addPolicies(builder: Builder, facts: Facts): void {
  for (const policy of facts.policies.values()) {
    builder.add(policyNode(policy));
    const { defaultRule, project, specificRules } = policy;
    if (defaultRule.state === "known") {
      addRule(builder, policy, {
        id: ruleId(project, "default"),
        title: "Default rule",
        about: "for what has no rule of its own",
        rule: defaultRule.value,
      });
    } else {
      builder.add(
        made({
          id: ruleId(project, "default"),
          kind: "rule",
          title: "Default rule",
          subtitle: project,
          status: { tone: "unknown", text: "Not known" },
          facts: [fact("Rule", defaultRule)],
          origins: [policy.origin],
        }),
      );
    }
    const rules = specificRules.state === "known" ? specificRules.value.rules : [];
    const kind = specificRules.state === "known" ? specificRules.value.kind : "cluster";
    for (const [content, alike] of groups(rules, ({ rule }) => contentOf(rule))) {
      const keys = alike.map(({ key }) => shown(key));
      addRule(builder, policy, {
        id: ruleId(project, `${kind} ${content}`),
        title: keys.length === 1 ? keys[0] : `${keys.length} ${SPECIFIC[kind]}`,
        about: keys.length === 1 ? `rule of a ${kind.replace("-", " ")}` : "one rule for all of them",
        rule: alike[0].rule,
        keys: alike.map(({ key }) => key),
      });
    }
  }
}

const SPECIFIC = {
  cluster: "clusters",
  namespace: "namespaces",
  "service-account": "service accounts",
  "istio-identity": "identities",
} as const;

function groups<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const result = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const present = result.get(key);
    if (present) {
      present.push(item);
    } else {
      result.set(key, [item]);
    }
  }
  return result;
}

/** Rules that say the same are drawn as one. */
export function contentOf({ enforcementMode, evaluationMode, requireAttestationsBy }: Rule): string {
  const by =
    requireAttestationsBy.state === "known" ? requireAttestationsBy.value.map(shown).sort() : requireAttestationsBy;
  return JSON.stringify([shown(evaluationMode), shown(enforcementMode), by]);
}

function policyNode({ exemptImages, globalPolicyEvaluationMode, origin, project, specificRules }: Policy): GraphNode {
  const patterns = exemptImages.state === "known" ? exemptImages.value : undefined;
  return made({
    id: policyId(project),
    kind: "policy",
    title: `Policy of ${project}`,
    ...(patterns === undefined
      ? { status: { tone: "unknown" as const, text: "Exemptions not known" } }
      : patterns.length === 0
        ? { subtitle: "exempts no image" }
        : { subtitle: `exempts ${plural(patterns.length, "image pattern")}` }),
    summary:
      patterns?.length === 0
        ? "Every image is held against the rule of its place."
        : "Images that match an exempt pattern run without any attestation, wherever the policy is enforced.",
    facts: [
      fact("Google's system policy", globalPolicyEvaluationMode, (mode) =>
        mode === "ENABLE" ? "on: Google's own system images are exempt" : "off",
      ),
      fact(
        "Rules beside the default one",
        specificRules,
        ({ kind, rules }) => `${rules.length}, by ${kind.replace("-", " ")}`,
      ),
      ...(patterns ?? []).map((pattern) => fact("Exempt", pattern)),
      ...(patterns === undefined ? [fact("Exempt", exemptImages)] : []),
    ],
    names: [`projects/${project}/policy`],
    origins: [origin],
  });
}

interface DrawnRule {
  readonly id: string;
  readonly title: string;
  /** What it is for, in a few words. */
  readonly about: string;
  readonly rule: Rule;
  readonly keys?: readonly Value<string>[];
}

/** So many keys of a rule are worth reading in a row; the targets themselves are listed elsewhere. */
const MOST_KEYS = 12;

function addRule(
  builder: Builder,
  { origin, project }: Policy,
  { about, id, keys = [], rule, title }: DrawnRule,
): void {
  const { enforcementMode, evaluationMode, requireAttestationsBy } = rule;
  const effective = effectiveRule(rule);
  builder.add(
    made({
      id,
      kind: "rule",
      title,
      subtitle: builder.severalProjects ? project : about,
      status: statusOf(effective),
      summary: `Comes to: ${showEffective(effective)}.`,
      facts: [
        fact("Evaluation mode", evaluationMode),
        fact("Enforcement mode", enforcementMode),
        ...(requireAttestationsBy.state === "known"
          ? requireAttestationsBy.value.map((name) => fact("Requires", name))
          : [fact("Requires", requireAttestationsBy)]),
        ...keys.slice(0, MOST_KEYS).map((key) => fact("For", key)),
        ...(keys.length > MOST_KEYS ? [said("For", `and ${keys.length - MOST_KEYS} more`)] : []),
      ],
      names: keys.flatMap((key) => (key.state === "known" ? [key.value] : [])),
      origins: [origin],
    }),
  );
  const asks = evaluationMode.state !== "known" || evaluationMode.value === "REQUIRE_ATTESTATION";
  for (const name of asks && requireAttestationsBy.state === "known" ? requireAttestationsBy.value : []) {
    builder.connect(unseenAttestor(builder, shown(name), origin), id, "chain", "is required by");
  }
}
