import { at } from "../changes";
import type { Facts } from "../facts";
import { shown } from "../facts";
import { repositoryPath } from "../names";
import { admitsOf } from "../pattern-changes";
import { powerChanges } from "../power-changes";
import type { Check, Found } from "../types";

export const i013: Check = {
  id: "I013",
  title: "New writer on a repository whose images are exempt",
  severity: "high",
  effects: ["opens"],
  looksAt: "grants of pushing to repositories, against the exempt image patterns",
  mend: "Take the repository off the exempt images, or let only the pipeline write to it: what is pushed there runs without attestation.",
  change: (context) => {
    const { gained, lost } = powerChanges(context, "push");
    return [
      ...gained.flatMap(({ on, power, principal }): Found[] => {
        const patterns = exempting(context.after, on);
        return patterns.length === 0
          ? []
          : [
              {
                ...at(power.origin),
                target: principal,
                message: `${principal} can push to ${on}, and ${patterns.join(", ")} exempts what is there.`,
                after: `${shown(power.role)} on ${on}`,
              },
            ];
      }),
      ...lost.flatMap(({ on, power, principal }): Found[] =>
        exempting(context.before, on).length === 0
          ? []
          : [
              {
                ...at(power.origin),
                target: principal,
                severity: "info",
                effects: ["narrows"],
                title: "Writer on a repository whose images are exempt taken away",
                message: `${principal} can no longer push to ${on}.`,
                before: `${shown(power.role)} on ${on}`,
              },
            ],
      ),
    ];
  },
};

function exempting({ policies }: Facts, on: string): string[] {
  const patterns = [...policies.values()].flatMap(({ exemptImages }) =>
    exemptImages.state === "known"
      ? exemptImages.value.flatMap((entry) => (entry.state === "known" ? [entry.value] : []))
      : [],
  );
  const path = repositoryPath(on);
  if (path !== undefined) {
    return patterns.filter((pattern) => admitsOf(pattern, path));
  }
  // Whoever may push to a project may do so to every repository of it.
  const project = /^projects\/([^/]+)$/.exec(on)?.[1];
  return project === undefined
    ? []
    : patterns.filter((pattern) =>
        new RegExp(`^(?:[a-z0-9-]+-docker\\.pkg\\.dev|(?:[a-z]+\\.)?gcr\\.io)/${escaped(project)}(?:/|\\*)`).test(
          pattern,
        ),
      );
}

function escaped(text: string): string {
  return text.replace(":", "/").replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
