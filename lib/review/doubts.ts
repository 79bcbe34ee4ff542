import type { Plan, PlanDoubt } from "../trust";
import type { Found } from "./types";

/** A finding about a place where the plan cannot be taken at its word. */
export function doubtFound(
  { address, attribute, planned, rule, written }: PlanDoubt,
  plans: readonly Plan[],
  message: string,
): Found {
  const project = plans
    .flatMap(({ after }) => after.policies)
    .find(({ origin }) => origin.address === address)?.project;
  const place =
    rule === undefined
      ? `projects/${project}/policy`
      : rule === "default"
        ? `default:${project}`
        : `gke:${project}/${rule}`;
  return {
    address,
    target: project === undefined ? address : place,
    message: `${attribute}: ${message}`,
    before: planned,
    after: written,
  };
}
