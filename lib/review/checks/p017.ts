import { patternChanges, patternSeverity, patternTarget } from "../pattern-changes";
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
        const severity = patternSeverity(context.after, pattern);
        return {
          ...patternTarget(change),
          severity,
          message: `Images that match ${pattern} run without any attestation, under every rule.${
            severity === "critical" ? " Others can push there." : ""
          }`,
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
        const severity = entry.state === "known" ? patternSeverity(after, entry.value) : "high";
        return entry.state === "known" && severity === "critical"
          ? [
              {
                ...patternTarget({ project: policy.project, policy }),
                severity,
                title: "Exempt image pattern lets others in",
                message: `Images that match ${entry.value} run without any attestation, and others can push there.`,
                after: entry.value,
              },
            ]
          : [];
      }),
    ),
};
