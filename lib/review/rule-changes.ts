import type { KeyedRule, Policy } from "../trust";
import { ALLOW, DENY, type Effective, effectiveRule, oneOf, showEffective, UNSEEN } from "./effective";
import type { Certainty, ChangeContext, Effect, Found, Severity } from "./types";

/** What one rule of a policy was and will be, whether or not anything enforces the policy. */
export interface RuleTransition {
  readonly project: string;
  /** `default`, or the key of a cluster. */
  readonly key: string;
  readonly target: string;
  readonly address?: string;
  /** Whether there is a rule for it of its own; else it falls to the default rule. */
  readonly own: { readonly before: boolean; readonly after: boolean };
  readonly before: Effective;
  readonly after: Effective;
}

const KNOWN = new WeakMap<ChangeContext, readonly RuleTransition[]>();

/**
 * Every rule that is there before or after, of the projects whose policy is not destroyed: what that comes to is said
 * once, by the check of it.
 */
export function ruleTransitions(context: ChangeContext): readonly RuleTransition[] {
  const known = KNOWN.get(context) ?? transitions(context);
  KNOWN.set(context, known);
  return known;
}

/** The default rules among them. */
export function defaultRuleChange(context: ChangeContext): readonly RuleTransition[] {
  return ruleTransitions(context).filter(({ key }) => key === "default");
}

/** The rules of clusters that are settled on both sides: of the others another check says that they are not. */
export function clusterRuleChanges(context: ChangeContext): readonly RuleTransition[] {
  return ruleTransitions(context).filter(({ key }) => key !== "default");
}

function transitions({ after, before, resetProjects }: ChangeContext): RuleTransition[] {
  const projects = [...new Set([...before.policies.keys(), ...after.policies.keys()])];
  return projects
    .filter((project) => !resetProjects.has(project))
    .flatMap((project) => ofProject(project, before.policies.get(project), after.policies.get(project)));
}

function ofProject(project: string, was: Policy | undefined, willBe: Policy | undefined): RuleTransition[] {
  const address = (willBe ?? was)?.origin.address;
  const [old, next] = [rulesOf(was), rulesOf(willBe)];
  const keys = old && next ? [...new Set([...old.keys(), ...next.keys()])] : [];
  return ["default", ...keys].map((key) => ({
    project,
    key,
    target: key === "default" ? `default:${project}` : `gke:${project}/${key}`,
    ...(address !== undefined && { address }),
    own: { before: old?.has(key) ?? false, after: next?.has(key) ?? false },
    before: old?.get(key) ?? elsewhere(key, was),
    after: next?.get(key) ?? elsewhere(key, willBe),
  }));
}

/** What the rules for clusters do, by key; undefined where they are not known. None where there is no policy. */
function rulesOf(policy: Policy | undefined): Map<string, Effective> | undefined {
  if (policy === undefined) {
    return new Map();
  }
  const { specificRules } = policy;
  if (specificRules.state !== "known" || specificRules.value.kind !== "cluster") {
    return specificRules.state === "known" ? new Map() : undefined;
  }
  return new Map(
    specificRules.value.rules.flatMap(({ key, rule }): [string, Effective][] =>
      key.state === "known" ? [[key.value, effectiveRule(rule)]] : [],
    ),
  );
}

/** What applies where no rule names the cluster: the default rule, or a rule of which nobody knows yet what it is for. */
function elsewhere(key: string, policy: Policy | undefined): Effective {
  const byDefault = defaultOf(policy);
  const open = key === "default" || policy === undefined ? [] : rulesWithoutKey(policy);
  return open.length === 0
    ? byDefault
    : oneOf([byDefault, ...open.map(({ rule }) => effectiveRule(rule))], "the cluster of another rule is not known");
}

/** The rules for clusters that are not known. */
export function rulesWithoutKey({ specificRules }: Policy): KeyedRule[] {
  return specificRules.state === "known" && specificRules.value.kind === "cluster"
    ? specificRules.value.rules.filter(({ key }) => key.state !== "known")
    : [];
}

function defaultOf(policy: Policy | undefined): Effective {
  if (policy === undefined) {
    return UNSEEN;
  }
  const { defaultRule } = policy;
  return defaultRule.state === "known" ? effectiveRule(defaultRule.value) : UNSETTLED;
}

const UNSETTLED: Effective = { kind: "undecided", best: DENY, worst: ALLOW, because: "the default rule is not known" };

/** Whether a rule admits every image, and why. */
export function admitsEverything(effective: Effective, because?: "rule" | "dry-run"): boolean {
  return effective.kind === "allow" && (because === undefined || effective.because === because);
}

/** What a finding about a rule has in common; a rule that nobody saw before makes it undecided. */
export function ruleFound(change: RuleTransition, message: string, severity?: Severity): Found {
  const { address, after, before, target } = change;
  return {
    ...(address !== undefined && { address }),
    target,
    message,
    ...(severity !== undefined && { severity }),
    before: showEffective(before),
    after: showEffective(after),
  };
}

/** The effects of a rule that admits other images than before, and not only more of them. */
export function sideways(narrows: "yes" | "no" | "maybe"): { readonly effects?: readonly Effect[] } {
  return narrows === "yes" ? { effects: ["opens", "blocks", "narrows"] } : {};
}

/** The certainty of a finding that rests on a rule from before which nobody saw. */
export function unseenBefore({ before }: RuleTransition, worst: Severity): { readonly certainty?: Certainty } {
  return before.kind === "undecided"
    ? { certainty: { state: "undecided", best: "none", worst, because: `of what was before: ${before.because}` } }
    : {};
}

/** The place of a rule in a sentence. */
export function ruleName({ key }: RuleTransition): string {
  return key === "default" ? "The default rule" : `The rule for the cluster ${key}`;
}
