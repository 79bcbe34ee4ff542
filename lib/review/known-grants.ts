import type { Plan, Power, TrustModel } from "../trust";
import { shown } from "./facts";

/**
 * The grants of an export without those that a plan manages: the export was made before the plan is applied, and what the
 * plan takes away would otherwise still be there.
 */
export function withoutManaged(iam: TrustModel, plans: readonly Plan[]): TrustModel {
  const managed = new Set(plans.flatMap(({ before }) => before.powers.map(grantOf)));
  return { ...iam, powers: iam.powers.filter((power) => !managed.has(grantOf(power))) };
}

function grantOf({ on, principal, role }: Power): string {
  return JSON.stringify([shown(principal), shown(role), shown(on)]);
}
