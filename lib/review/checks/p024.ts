import { doubtFound } from "../doubts";
import type { Check } from "../types";

export const p024: Check = {
  id: "P024",
  title: "The apply will not write the list of attestors that the plan shows",
  severity: "critical",
  effects: ["opens", "blocks"],
  looksAt: "the list of attestors of a default rule that changes while one of them stays",
  mend: "Keep attestors out of the default rule (ALWAYS_DENY, and a rule for each cluster); or write the new policy with gcloud container binauthz policy import first, and apply then. See hashicorp/terraform-provider-google#14929.",
  change: ({ plans }) =>
    plans.flatMap(({ doubts }) =>
      doubts
        .filter(({ kind }) => kind === "list-not-applied")
        .map((doubt) => ({
          ...doubtFound(
            doubt,
            plans,
            "the provider sends only what is new in the list. Attestors that the plan shows as kept are dropped, and where one is removed none is sent.",
          ),
          before: doubt.before ?? "",
          after: doubt.planned,
        })),
    ),
};
