import { patternChanges, patternTarget } from "../pattern-changes";
import type { Check, Found } from "../types";

export const p019: Check = {
  id: "P019",
  title: "Exempt image pattern removed or narrowed: its images follow the rules",
  severity: "medium",
  effects: ["blocks", "narrows"],
  looksAt: "the exempt image patterns, as the languages of images that they admit",
  mend: "Make sure that what runs of these images is attested, or that nothing of them runs.",
  change: (context) =>
    patternChanges(context).flatMap((change) =>
      change.removed.map(
        ({ from, to }): Found => ({
          ...patternTarget(change),
          message: `Images that match ${from}${
            to.length > 0 ? ` and not ${to.join(" or ")}` : ""
          } are not exempt any more: without the attestations that the rules ask for they are refused.`,
          before: from,
          ...(to.length > 0 && { after: to.join(", ") }),
        }),
      ),
    ),
};
