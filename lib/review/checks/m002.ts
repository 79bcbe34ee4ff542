import type { Plan, PlanDoubt } from "../../trust";
import { doubtFound } from "../doubts";
import type { Check, Found } from "../types";

export const m002: Check = {
  id: "M002",
  title: "Plan hides a reference: the policy will not change in this apply",
  severity: "high",
  effects: ["blind"],
  looksAt: "rules whose configuration refers to an attestor of the same plan, against what the plan shows",
  mend: "Name the attestor as projects/PROJECT/attestors/NAME, with depends_on, instead of the id of a resource of the same plan.",
  change: ({ plans }) =>
    plans.flatMap((plan) =>
      plan.doubts.filter(({ kind }) => kind === "hidden-reference").map((doubt) => foundOf(doubt, plan, plans)),
    ),
};

function foundOf(doubt: PlanDoubt, { changes }: Plan, plans: readonly Plan[]): Found {
  const { address, planned, possible, rule, written } = doubt;
  // Of a dynamic block a plan has no configuration at all.
  const source = written.startsWith(`${address}.`)
    ? "a dynamic block, or a part of the configuration that the plan does not show"
    : written;
  const then =
    rule === "default" && !changes.some((change) => change.address === address && change.actions.includes("create"))
      ? `The provider shows ${planned} and keeps it.`
      : `The provider shows ${planned}, and the apply ends with an error.`;
  const found = {
    ...doubtFound(
      doubt,
      plans,
      possible
        ? `the list comes from ${source}, and may be known only after the apply. If so: ${then} Only a second plan shows the change.`
        : `the configuration refers to ${source}, which is known only after the apply. ${then} Only a second plan shows the change.`,
    ),
    before: planned,
    after: written,
  };
  return possible
    ? {
        ...found,
        title: "Plan may hide a reference: the policy may not change in this apply",
        certainty: {
          state: "undecided",
          best: "none",
          worst: "high",
          because: `whether the list of attestors is known is not in the plan: it comes from ${source}`,
        },
      }
    : found;
}
