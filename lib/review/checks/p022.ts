import { doubtFound } from "../doubts";
import type { Check, Found } from "../types";

export const p022: Check = {
  id: "P022",
  title: "Configuration and plan disagree",
  severity: "high",
  effects: ["blind"],
  looksAt: "literal values of the configuration of a policy against what the plan shows of it",
  mend: "Give attestors names that are unique across projects, and take ignore_changes off what trust rests on: the provider compares short names only.",
  change: ({ lifecycles, plans }) =>
    plans.flatMap(({ doubts }) =>
      doubts
        .filter(({ kind }) => kind === "written-otherwise" || kind === "same-short-name")
        .flatMap((doubt): Found[] => {
          const ignored = lifecycles.get(doubt.address)?.ignoreChanges ?? [];
          const name = doubt.attribute.split(".")[0];
          const isIgnored = ignored === "all" || ignored.some((entry) => entry.split(/[.[]/)[0] === name);
          // What is more than the blocks that the plan shows is that of a dynamic one, unless changes are ignored.
          if (doubt.possible && !isIgnored) {
            return [];
          }
          const why = isIgnored
            ? "The resource ignores changes of it."
            : doubt.kind === "same-short-name"
              ? "Two of the attestors have one short name, and the provider keeps one of them."
              : doubt.attribute.endsWith(".require_attestations_by")
                ? "The provider takes attestors of one short name for the same, whatever their projects; or the resource ignores changes."
                : "The resource seems to ignore changes of it (lifecycle, ignore_changes).";
          return [
            doubtFound(
              doubt,
              plans,
              `The configuration says ${doubt.written}, and what will be is ${doubt.planned}. ${why}`,
            ),
          ];
        }),
    ),
  state: ({ after, lifecycles }) =>
    [...lifecycles.values()]
      .filter(
        ({ address, ignoreChanges }) =>
          /^google_(?:binary_authorization_(?:policy|attestor)|container_analysis_note)\./.test(address) &&
          (ignoreChanges === "all" || ignoreChanges.length > 0),
      )
      .map(({ address, ignoreChanges }) => ({
        address,
        target: after.model.policies.find(({ origin }) => origin.address === address)
          ? `projects/${after.model.policies.find(({ origin }) => origin.address === address)?.project}/policy`
          : address,
        title: "Changes of a trust resource are ignored",
        message: `What the configuration says of ${ignoreChanges === "all" ? "it" : ignoreChanges.join(", ")} is not what is in force.`,
        after: ignoreChanges === "all" ? "all" : ignoreChanges.join(", "),
      })),
};
