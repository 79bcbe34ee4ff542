import { patternChanges, patternTarget, patternWeight, sentence } from "../pattern-changes";
import type { Check, Found } from "../types";

export const p018: Check = {
  id: "P018",
  title: "Exempt image pattern widened",
  severity: "high",
  effects: ["opens"],
  looksAt: "the exempt image patterns: a new one whose language covers that of one that is gone",
  mend: "Keep the narrower pattern; add what else has to be exempt by itself.",
  change: (context) =>
    patternChanges(context).flatMap((change) =>
      change.widened.map(
        ({ from, to }): Found => ({
          ...patternTarget(change),
          severity: patternWeight(context.after, to).severity,
          message: sentence(
            `${to} admits without any attestation all that ${from.join(" and ")} admitted, and more.`,
            patternWeight(context.after, to).why,
          ),
          before: from.join(", "),
          after: to,
        }),
      ),
    ),
};
