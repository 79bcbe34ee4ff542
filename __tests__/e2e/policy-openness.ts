/** A policy in the API's shape, as far as it says who may run what. */
export interface PolicyJson {
  readonly globalPolicyEvaluationMode?: string;
  readonly admissionWhitelistPatterns?: readonly { readonly namePattern: string }[];
  readonly defaultAdmissionRule: RuleJson;
  readonly clusterAdmissionRules?: Readonly<Record<string, RuleJson>>;
}

export interface RuleJson {
  readonly evaluationMode: string;
  readonly enforcementMode: string;
  readonly requireAttestationsBy?: readonly string[];
}

/** What an image needs to run: attestations by all of these, none of them for "everything runs"; or nothing helps it. */
type Requirement = ReadonlySet<string> | "denied";

const OPEN: Requirement = new Set();

/** Somewhere an image may be tried: a cluster, or one that no rule names, and what the image is to the exemptions. */
interface Probe {
  readonly cluster: string;
  /** The pattern that exempts the image, where the policy has it; or one of Google's own; or one like any other. */
  readonly image: { readonly pattern: string } | "system image" | "image";
}

const NO_RULE = "a cluster without a rule";

/**
 * Where a policy is more open than both of two others: what it admits somewhere and neither of them does. Empty for the
 * two themselves, and for everything between them.
 *
 * An order of its own, so that no mistake of the simulator hides one of the constructs.
 */
export function moreOpenThanBoth(policy: PolicyJson, before: PolicyJson, after: PolicyJson): string[] {
  return probes([policy, before, after])
    .filter((probe) => {
      const needed = requirement(policy, probe);
      // With exactly what the policy asks for an image runs; it must run under one of the others too.
      return ![before, after].some((other) => satisfies(needed, requirement(other, probe)));
    })
    .map(({ cluster, image }) => `${typeof image === "string" ? image : image.pattern} on ${cluster}`);
}

/** Whether an image that has just what the one requirement asks for also meets the other. */
function satisfies(has: Requirement, needed: Requirement): boolean {
  if (has === "denied") {
    return true;
  }
  return needed !== "denied" && [...needed].every((attestor) => has.has(attestor));
}

function probes(policies: readonly PolicyJson[]): Probe[] {
  const clusters = new Set([NO_RULE, ...policies.flatMap((policy) => Object.keys(policy.clusterAdmissionRules ?? {}))]);
  const images = new Set(policies.flatMap(patterns));
  return [...clusters].flatMap((cluster) => [
    { cluster, image: "image" as const },
    { cluster, image: "system image" as const },
    ...[...images].map((pattern) => ({ cluster, image: { pattern } })),
  ]);
}

function patterns(policy: PolicyJson): string[] {
  return (policy.admissionWhitelistPatterns ?? []).map(({ namePattern }) => namePattern);
}

function requirement(policy: PolicyJson, { cluster, image }: Probe): Requirement {
  if (image === "system image" && policy.globalPolicyEvaluationMode === "ENABLE") {
    return OPEN;
  }
  if (typeof image !== "string" && patterns(policy).includes(image.pattern)) {
    return OPEN;
  }
  const rule = policy.clusterAdmissionRules?.[cluster] ?? policy.defaultAdmissionRule;
  if (rule.enforcementMode === "DRYRUN_AUDIT_LOG_ONLY" || rule.evaluationMode === "ALWAYS_ALLOW") {
    return OPEN;
  }
  // A rule that requires attestations by nobody is one that the service may read as open.
  return rule.evaluationMode === "REQUIRE_ATTESTATION" ? new Set(rule.requireAttestationsBy ?? []) : "denied";
}
