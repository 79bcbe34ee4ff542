import { isDay } from "../../vocabulary/day";
import { parseRegionOrZone } from "../../vocabulary/location";
import { ProblemCode, show } from "../../vocabulary/problem";
import { CLUSTER_NAME, parseAttestorName } from "../../vocabulary/resource-name";
import { type ClusterRuleData, EnforcementMode, EvaluationMode } from "../admission-rule";
import type { Refusals } from "./refusals";

/** A rule as the policy holds it: every value literal. */
export interface AdmissionRule {
  readonly evaluationMode: string;
  readonly enforcementMode: string;
  /** Full names, sorted. */
  readonly requireAttestationsBy: readonly string[];
  /** The last day of a dry run. */
  readonly dryRunUntil?: string;
}

/** A rule and where it was declared. */
export interface DeclaredRule extends AdmissionRule {
  readonly declaredAt: string;
}

/** How the key of a cluster has to look. */
const CLUSTER_KEY_FORM = "LOCATION.NAME with a region, a zone or global, such as us-central1-a.prod";

/** Refuses a location or a name that no cluster has. */
export function checkCluster(refusals: Refusals, location: string, clusterName: string, fleet: boolean): void {
  if (refusals.literal("location", location) && !(parseRegionOrZone(location) || (fleet && location === "global"))) {
    refusals.add(
      ProblemCode.INVALID_LOCATION,
      `"location" is no region or zone, got ${show(location)}; allowed: a region such as "us-central1" or a zone such as "us-central1-a"`,
    );
  }
  refusals.name("clusterName", clusterName, CLUSTER_NAME);
}

/** Reads a rule given as data; problems go to the refusals. */
export function readRuleData(refusals: Refusals, property: string, data: ClusterRuleData): AdmissionRule {
  if (refusals.literal(`${property}.cluster`, data.cluster)) {
    checkClusterKey(refusals, property, data.cluster);
  }
  checkDryRun(refusals, `${property}.dryRunUntil`, data);
  return checkRule(refusals, property, {
    evaluationMode: data.evaluationMode,
    enforcementMode: data.enforcementMode,
    requireAttestationsBy: data.requireAttestationsBy ?? [],
    dryRunUntil: data.dryRunUntil,
  });
}

function checkClusterKey(refusals: Refusals, property: string, key: unknown): void {
  if (typeof key !== "string" || !isClusterKey(key)) {
    refusals.add(
      ProblemCode.INVALID_ADMISSION_RULE,
      `"${property}.cluster" names no cluster, got ${show(key)}; allowed: ${CLUSTER_KEY_FORM}`,
    );
  }
}

function isClusterKey(key: string): boolean {
  // Locations contain no full stop, so the first one separates.
  const dot = key.indexOf(".");
  const location = key.slice(0, dot);
  return (
    dot > 0 &&
    (location === "global" || parseRegionOrZone(location) !== undefined) &&
    CLUSTER_NAME.pattern.test(key.slice(dot + 1))
  );
}

/** Refuses a rule that contradicts itself, or that lets everything in. */
export function checkRule(refusals: Refusals, property: string, rule: AdmissionRule): AdmissionRule {
  const { evaluationMode, enforcementMode } = rule;
  const names = [...new Set(rule.requireAttestationsBy)].sort();
  if (evaluationMode !== EvaluationMode.REQUIRE_ATTESTATION && evaluationMode !== EvaluationMode.ALWAYS_DENY) {
    refusals.add(
      ProblemCode.INVALID_ADMISSION_RULE,
      `"${property}.evaluationMode" is not valid, got ${show(evaluationMode)}; allowed: REQUIRE_ATTESTATION, ALWAYS_DENY (a cluster that may run anything needs no enforcement)`,
    );
  }
  if (!Object.values<string>(EnforcementMode).includes(enforcementMode)) {
    refusals.add(
      ProblemCode.INVALID_ADMISSION_RULE,
      `"${property}.enforcementMode" is not valid, got ${show(enforcementMode)}; allowed: ${Object.values(EnforcementMode).join(", ")}`,
    );
  }
  const required = evaluationMode === EvaluationMode.REQUIRE_ATTESTATION;
  if (required !== names.length > 0 && Object.values<string>(EvaluationMode).includes(evaluationMode)) {
    refusals.add(
      ProblemCode.INVALID_ADMISSION_RULE,
      required
        ? `"${property}" requires attestation, but names no attestor; allowed: at least one attestor`
        : `"${property}" names attestors, got ${show(names)}, but does not require attestation; allowed: attestors with REQUIRE_ATTESTATION only`,
    );
  }
  for (const name of names) {
    if (refusals.literal(`${property}.requireAttestationsBy`, name) && !parseAttestorName(name)) {
      refusals.add(
        ProblemCode.INVALID_ADMISSION_RULE,
        `"${property}.requireAttestationsBy" holds no full name of an attestor, got ${show(name)}; allowed: projects/PROJECT/attestors/NAME`,
      );
    }
  }
  return { evaluationMode, enforcementMode, requireAttestationsBy: names, dryRunUntil: rule.dryRunUntil };
}

/** Refuses the last day of a dry run that is no day, or of a rule that is none. */
export function checkDryRun(
  refusals: Refusals,
  property: string,
  { dryRunUntil, enforcementMode }: Pick<AdmissionRule, "dryRunUntil" | "enforcementMode">,
): void {
  if (dryRunUntil === undefined || !refusals.literal(property, dryRunUntil)) {
    return;
  }
  if (!isDay(dryRunUntil)) {
    refusals.add(
      ProblemCode.INVALID_ADMISSION_RULE,
      `"${property}" is no day, got ${show(dryRunUntil)}; allowed: the last day of the dry run as YYYY-MM-DD, such as "2026-12-31"`,
    );
  } else if (enforcementMode === EnforcementMode.ENFORCED_BLOCK_AND_AUDIT_LOG) {
    refusals.add(
      ProblemCode.INVALID_ADMISSION_RULE,
      `"${property}" is the last day of a dry run, got ${show(dryRunUntil)} for a rule that is enforced; allowed: the rule without it, or a dry run`,
    );
  }
}
