import { doubtFound } from "../doubts";
import type { Check } from "../types";

export const m002: Check = {
  id: "M002",
  title: "Plan hides a reference: the policy will not change in this apply",
  severity: "high",
  effects: ["blind"],
  looksAt: "rules whose configuration refers to an attestor of the same plan, against what the plan shows",
  mend: "Name the attestor as projects/PROJECT/attestors/NAME, with depends_on, instead of the id of a resource of the same plan.",
  change: ({ plans }) =>
    plans.flatMap(({ doubts }) =>
      doubts
        .filter(({ kind }) => kind === "hidden-reference")
        .map((doubt) => ({
          ...doubtFound(
            doubt,
            plans,
            `the configuration refers to ${doubt.written}, which is known only after the apply. The provider shows ${doubt.planned} instead, and on a first apply it fails. Only a second plan shows the change.`,
          ),
          before: doubt.planned,
          after: doubt.written,
        })),
    ),
};
