import { enforcementAt } from "../admission/enforcement";
import { chooseRule } from "../admission/rules";
import type { Target } from "../admission/types";
import type { Policy, Rule, TrustModel, Value } from "../trust";

/** What a target does with images that are not exempt. */
export type Effective =
  | { readonly kind: "deny" }
  /** An image needs attestations of all of them. */
  | { readonly kind: "attest"; readonly by: readonly string[] }
  | { readonly kind: "allow"; readonly because: "rule" | "dry-run" | "not-enforced" }
  | { readonly kind: "undecided"; readonly best: Settled; readonly worst: Settled; readonly because: string };

export type Settled = Exclude<Effective, { kind: "undecided" }>;

export const DENY: Settled = { kind: "deny" };
export const ALLOW: Settled = { kind: "allow", because: "rule" };

/** What a rule does where it applies. */
export function effectiveRule(rule: Rule): Effective {
  const { enforcementMode, evaluationMode, requireAttestationsBy } = rule;
  if (evaluationMode.state === "known" && evaluationMode.value === "ALWAYS_ALLOW") {
    return ALLOW;
  }
  if (enforcementMode.state === "known" && enforcementMode.value === "DRYRUN_AUDIT_LOG_ONLY") {
    return { kind: "allow", because: "dry-run" };
  }
  const asked = effectiveMode(evaluationMode, requireAttestationsBy);
  if (enforcementMode.state === "known" && enforcementMode.value === "ENFORCED_BLOCK_AND_AUDIT_LOG") {
    return asked;
  }
  return undecided("whether the rule is enforced", enforcementMode, bestOf(asked), {
    kind: "allow",
    because: "dry-run",
  });
}

function effectiveMode(mode: Rule["evaluationMode"], attestors: Rule["requireAttestationsBy"]): Effective {
  if (mode.state !== "known") {
    return undecided("the evaluation mode", mode, DENY, ALLOW);
  }
  if (mode.value === "ALWAYS_DENY") {
    return DENY;
  }
  if (mode.value !== "REQUIRE_ATTESTATION") {
    return {
      kind: "undecided",
      best: DENY,
      worst: ALLOW,
      because: `the evaluation mode ${mode.value} is not known here`,
    };
  }
  if (attestors.state !== "known") {
    // Whichever attestors they are, one at least is required.
    return undecided("the list of attestors", attestors, DENY, { kind: "attest", by: [] });
  }
  const known = attestors.value.flatMap((name) => (name.state === "known" ? [name.value] : []));
  if (attestors.value.length === 0) {
    return {
      kind: "undecided",
      best: DENY,
      worst: ALLOW,
      because: "the rule requires attestations and names no attestor",
    };
  }
  const open = attestors.value.find((name) => name.state !== "known");
  const by = [...new Set(known)].sort();
  return open === undefined ? { kind: "attest", by } : undecided("an attestor", open, DENY, { kind: "attest", by });
}

function undecided(what: string, value: Value<unknown>, best: Settled, worst: Settled): Effective {
  const because =
    value.state === "hidden" ? `${what} is behind ${value.reference}` : `${what} is known only after the apply`;
  return { kind: "undecided", best, worst, because };
}

/** The strictest it could be. */
function bestOf(effective: Effective): Settled {
  return effective.kind === "undecided" ? effective.best : effective;
}

/** The most open it could be. */
export function worstOf(effective: Effective): Settled {
  return effective.kind === "undecided" ? effective.worst : effective;
}

/** What a target does by its policy and its own switch. Without a policy, nobody knows what the project's is. */
export function effectiveAt(model: TrustModel, policy: Policy | undefined, target: Target): Effective {
  const enforcement = enforcementAt(model, target);
  if (enforcement.enforced === "no") {
    return { kind: "allow", because: "not-enforced" };
  }
  const byRule = policy === undefined ? UNSEEN : effectiveChoice(policy, target);
  return enforcement.enforced === "yes"
    ? byRule
    : {
        kind: "undecided",
        best: bestOf(byRule),
        worst: { kind: "allow", because: "not-enforced" },
        because: enforcement.diagnosis.detail,
      };
}

export const UNSEEN: Effective = {
  kind: "undecided",
  best: DENY,
  worst: ALLOW,
  because: "the policy of the project is not in these files",
};

function effectiveChoice(policy: Policy, target: Target): Effective {
  const { candidates, diagnosis } = chooseRule(policy, target);
  const effects = candidates.map(({ rule }) => effectiveRule(rule));
  if (effects.length === 1) {
    return effects[0];
  }
  return oneOf(effects, diagnosis[0]?.detail ?? "which rule applies is not known");
}

/** One of several, and nobody knows which. */
export function oneOf(effects: readonly Effective[], because: string): Effective {
  return {
    kind: "undecided",
    best: effects.map(bestOf).reduce(stricter),
    worst: effects.map(worstOf).reduce(looser),
    because,
  };
}

/** Whether the first admits every image that the second one does. */
function admitsAll(one: Settled, other: Settled): boolean {
  if (one.kind === "allow" || other.kind === "deny") {
    return true;
  }
  if (one.kind === "deny" || other.kind === "allow") {
    return false;
  }
  return one.by.every((attestor) => other.by.includes(attestor));
}

/** What admits no image that one of the two refuses: of rules with different attestors, one that requires them all. */
function stricter(one: Settled, other: Settled): Settled {
  if (one.kind === "attest" && other.kind === "attest") {
    return { kind: "attest", by: [...new Set([...one.by, ...other.by])].sort() };
  }
  return admitsAll(one, other) ? other : one;
}

/** What admits each image that one of the two admits: of rules with different attestors, one that requires what both do. */
function looser(one: Settled, other: Settled): Settled {
  if (one.kind === "attest" && other.kind === "attest") {
    return { kind: "attest", by: one.by.filter((attestor) => other.by.includes(attestor)) };
  }
  return admitsAll(one, other) ? one : other;
}

/** What a change of a rule does, as far as it is settled. */
export interface RuleChange {
  /** Images run that did not. */
  readonly opens: "yes" | "no" | "maybe";
  /** Images that ran do not any more. */
  readonly narrows: "yes" | "no" | "maybe";
}

export function compareRules(before: Effective, after: Effective): RuleChange {
  if (sameRule(before, after)) {
    return { opens: "no", narrows: "no" };
  }
  const settled = before.kind !== "undecided" && after.kind !== "undecided";
  return { opens: grows(before, after, settled), narrows: grows(after, before, settled) };
}

/** Whether the second admits more than the first. */
function grows(before: Effective, after: Effective, settled: boolean): "yes" | "no" | "maybe" {
  if (settled) {
    return admitsAll(before as Settled, after as Settled) ? "no" : "yes";
  }
  if (!admitsAll(worstOf(before), bestOf(after))) {
    return "yes";
  }
  return admitsAll(bestOf(before), worstOf(after)) ? "no" : "maybe";
}

function sameRule(one: Effective, other: Effective): boolean {
  return showEffective(one) === showEffective(other);
}

/** The rule in words: `deny`, `attested by A and B`, `allow all (dry run)`. */
export function showEffective(effective: Effective): string {
  switch (effective.kind) {
    case "deny":
      return "deny";
    case "attest":
      return effective.by.length === 0 ? "attested" : `attested by ${effective.by.map(shortName).join(" and ")}`;
    case "allow":
      return {
        rule: "allow all",
        "dry-run": "allow all (dry run: only logged)",
        "not-enforced": "allow all (not enforced there)",
      }[effective.because];
    case "undecided":
      return `not decided: ${showEffective(effective.best)} to ${showEffective(effective.worst)} (${effective.because})`;
  }
}

function shortName(attestor: string): string {
  return /^projects\/([^/]+)\/attestors\/([^/]+)$/.test(attestor)
    ? attestor.replace(/^projects\/([^/]+)\/attestors\/([^/]+)$/, "$1/$2")
    : attestor;
}
