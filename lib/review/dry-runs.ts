import type { Origin, Policy } from "../trust";
import { withoutIndexes } from "../trust/private/recorded";
import { isDay } from "../vocabulary/day";
import type { Facts } from "./facts";
import type { Knowledge } from "./types";

/** A rule that only logs what it would refuse. */
export interface DryRun {
  readonly target: string;
  readonly origin: Origin;
  /** The last day that its authors wrote beside the policy, as they wrote it. */
  readonly until?: string;
  /** Whether the configuration of the policy was read, where such a day would stand. */
  readonly configured: boolean;
}

/** The rules that are dry runs. One that admits everything anyhow is none. */
export function dryRunsOf({ after, lifecycles }: Pick<Knowledge, "lifecycles"> & { readonly after: Facts }): DryRun[] {
  return [...after.policies.values()].flatMap((policy) => {
    const { origin, project } = policy;
    const lifecycle = origin.address === undefined ? undefined : lifecycles.get(withoutIndexes(origin.address));
    return rulesOf(policy)
      .filter(
        ({ rule: { enforcementMode, evaluationMode } }) =>
          enforcementMode.state === "known" &&
          enforcementMode.value === "DRYRUN_AUDIT_LOG_ONLY" &&
          !(evaluationMode.state === "known" && evaluationMode.value === "ALWAYS_ALLOW"),
      )
      .map(({ key }): DryRun => {
        const until = lifecycle?.dryRunUntil.get(key ?? "default");
        return {
          target: key === undefined ? `default:${project}` : `gke:${project}/${key}`,
          origin,
          ...(until !== undefined && { until }),
          configured: lifecycle !== undefined,
        };
      });
  });
}

function rulesOf({ defaultRule, specificRules }: Policy) {
  const specific = specificRules.state === "known" ? specificRules.value.rules : [];
  return [
    ...(defaultRule.state === "known" ? [{ key: undefined, rule: defaultRule.value }] : []),
    ...specific.flatMap(({ key, rule }) => (key.state === "known" ? [{ key: key.value, rule }] : [])),
  ];
}

/** Whether a dry run has a last day that has not passed. Where nobody says which day it is, none has. */
export function isOnItsWay({ until }: DryRun, today: string | undefined): boolean {
  return isDay(until) && (today === undefined || today <= until);
}
