import { listed } from "../changes";
import type { Check, Found } from "../types";

export const m003: Check = {
  id: "M003",
  title: "Plan is of a part only",
  severity: "high",
  effects: ["blind"],
  looksAt: "complete, errored and deferred_changes of the plan",
  mend: "Plan everything, without -target, and review that plan.",
  change: ({ plans }) =>
    plans.flatMap(({ complete, deferred, errored, source }): Found[] => [
      ...(errored
        ? [
            {
              source,
              message: "Planning stopped with an error: what the rest would do is not in the plan.",
              after: "errored",
            },
          ]
        : []),
      ...(!complete && !errored
        ? [
            {
              source,
              message:
                "Terraform says that the plan is not complete, for instance with -target: what it leaves out is taken to stay as it is.",
              after: "not complete",
            },
          ]
        : []),
      ...(deferred.length > 0
        ? [
            {
              source,
              message: `${listed(deferred.map(({ address }) => address))}: put off to a later plan.`,
              after: deferred.map(({ address, reason }) => `${address} (${reason})`).join(", "),
            },
          ]
        : []),
    ]),
};
