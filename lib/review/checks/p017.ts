import { patternChanges, patternTarget, patternWeight, sentence } from "../pattern-changes";
import type { Check, Found } from "../types";

export const p017: Check = {
  id: "P017",
  title: "Exempt image pattern added",
  severity: "high",
  effects: ["opens"],
  looksAt: "the exempt image patterns, as the languages of images that they admit",
  mend: "Exempt single images by digest, or let Google's system policy exempt its own; images of your own repositories can be attested.",
  change: (context) =>
    patternChanges(context).flatMap((change) =>
      change.added.map((pattern): Found => {
        const { severity, why } = patternWeight(context.after, pattern);
        return {
          ...patternTarget(change),
          severity,
          message: sentence(`Images that match ${pattern} run without any attestation, under every rule.`, why),
          after: pattern,
          ...(change.unseen && {
            certainty: {
              state: "undecided",
              best: "none",
              worst: severity,
              because: "what was exempt before is in no file",
            },
          }),
        };
      }),
    ),
  state: ({ after }) =>
    [...after.policies.values()].flatMap((policy) =>
      (policy.exemptImages.state === "known" ? policy.exemptImages.value : []).flatMap((entry): Found[] => {
        if (entry.state !== "known") {
          return [];
        }
        const { severity, why } = patternWeight(after, entry.value);
        return severity === "critical"
          ? [
              {
                ...patternTarget({ project: policy.project, policy }),
                severity,
                title: "Exempt image pattern lets others in",
                message: sentence(`Images that match ${entry.value} run without any attestation.`, why),
                after: entry.value,
              },
            ]
          : [];
      }),
    ),
};
