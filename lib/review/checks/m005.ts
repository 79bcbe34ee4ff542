import type { Check } from "../types";

export const m005: Check = {
  id: "M005",
  title: "A check of Terraform's did not pass",
  severity: "medium",
  effects: ["blind"],
  looksAt: "the checks of the plan whose status is not pass",
  mend: "Mend what the check says; a status of unknown is settled by the apply only.",
  change: ({ plans }) =>
    plans.flatMap(({ failedChecks, source }) =>
      failedChecks.map(({ address, problems, status }) => ({
        address,
        source,
        severity: status === "unknown" ? ("low" as const) : ("medium" as const),
        message: problems.length > 0 ? problems.join(" ") : `Its status is ${status}.`,
        after: status,
        ...(status === "unknown" && {
          title: "A check of Terraform's is not decided before the apply",
          mend: "Nothing has to be done now: Terraform decides it when it applies. Look at its warnings then.",
        }),
      })),
    ),
};
