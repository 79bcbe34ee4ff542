import { at } from "../changes";
import { serviceTransitions } from "../switch-changes";
import type { Check, Found } from "../types";

export const c007: Check = {
  id: "C007",
  title: "Break-glass on Cloud Run",
  severity: "high",
  effects: ["opens"],
  looksAt: "the justification of break-glass of services and jobs",
  mend: "Take it out with the next deployment: as long as it is there, every image is admitted.",
  change: (context) =>
    serviceTransitions(context).flatMap(({ next, target, was }): Found[] => {
      const now = next.breakglassJustification;
      const old = was?.breakglassJustification;
      if (now.state === "known" && now.value !== undefined && !(old?.state === "known" && old.value !== undefined)) {
        return [
          {
            ...at(next.origin),
            target,
            message: "The justification overrides the policy: every image is admitted there, and the log says so.",
            after: now.value,
          },
        ];
      }
      return old?.state === "known" && old.value !== undefined && now.state === "known" && now.value === undefined
        ? [
            {
              ...at(next.origin),
              target,
              severity: "info",
              effects: ["narrows"],
              title: "Break-glass on Cloud Run ends",
              message: "The policy holds there again.",
              before: old.value,
            },
          ]
        : [];
    }),
  state: ({ after }) =>
    after.model.services.flatMap(({ breakglassJustification, location, name, origin, project }) =>
      breakglassJustification.state === "known" && breakglassJustification.value !== undefined
        ? [
            {
              ...at(origin),
              target: `run:${project}/${location}/${name}`,
              message: "The justification overrides the policy: every image is admitted there.",
              after: breakglassJustification.value,
            },
          ]
        : [],
    ),
};
