import { listed } from "../changes";
import type { Check, Found } from "../types";

export const p006: Check = {
  id: "P006",
  title: "Two policies for one project",
  severity: "high",
  effects: ["blind"],
  looksAt: "resources of the type google_binary_authorization_policy with the same project",
  mend: "Keep one resource for the policy of a project; each of them writes the whole policy, and every apply of one undoes the other.",
  change: ({ contestedBetween, plans }) => [
    ...plans.flatMap(({ contested }) =>
      contested
        .filter(({ already }) => !already)
        .map(({ addresses, project, written }): Found => {
          const address = written[written.length - 1] ?? addresses[addresses.length - 1];
          return {
            address,
            target: `projects/${project}/policy`,
            message: `${listed(addresses)} all write the whole policy of ${project}. ${
              written.length === 1
                ? `This apply writes that of ${written[0]}; a later one writes the other.`
                : "Which of them is written last is not settled."
            }`,
            before: "one policy",
            after: listed(addresses),
          };
        }),
    ),
    ...contestedBetween.map(
      ({ places, project }): Found => ({
        target: `projects/${project}/policy`,
        message: `${listed(places)} all write the whole policy of ${project}, each its own; the one that is applied last holds.`,
        after: listed(places),
      }),
    ),
  ],
  state: ({ contestedBetween }) =>
    contestedBetween.map(
      ({ places, project }): Found => ({
        target: `projects/${project}/policy`,
        message: `${listed(places)} all write the whole policy of ${project}, each its own; the one that is applied last holds.`,
        after: listed(places),
      }),
    ),
};
