import { at, listed } from "../changes";
import { clusterKeys, type Facts } from "../facts";
import type { Check, Found } from "../types";

export const p013: Check = {
  id: "P013",
  title: "Rule names a cluster that is not there",
  severity: "medium",
  effects: ["blind"],
  looksAt: "the keys of the rules of clusters against location.name of the clusters of the project",
  mend: "Derive the key from the cluster (LOCATION.NAME, the zone or region first). A rule whose key fits no cluster does nothing, and the cluster falls to the default rule.",
  change: ({ after, before }) => {
    const there = new Set(before.model.clusters.map((item) => `gke:${item.project}/${item.location}.${item.name}`));
    // A rule whose cluster was in no file is as it was, though other clusters are in these files from now on.
    const already = new Set(
      [...before.policies.values()].flatMap((policy) =>
        clusterKeys(policy).map((key) => `gke:${policy.project}/${key}`),
      ),
    );
    return strayRules(after).filter(({ target }) => !already.has(target ?? "") || there.has(target ?? ""));
  },
  state: ({ after }) => strayRules(after),
};

/** Rules for clusters of a project whose clusters are in these files, none of which they fit. */
function strayRules({ model, policies }: Facts): Found[] {
  return [...policies.values()].flatMap((policy) => {
    const clusters = model.clusters.filter(({ project }) => project === policy.project);
    const there = new Set(clusters.map(({ location, name }) => `${location}.${name}`));
    // A part of a name that is not known may be any.
    if (clusters.length === 0 || [...there].some((key) => key.includes("${"))) {
      return [];
    }
    return clusterKeys(policy)
      .filter((key) => !there.has(key))
      .map((key) => ({
        ...at(policy.origin),
        target: `gke:${policy.project}/${key}`,
        message: `No cluster in these files is ${key}; there are ${listed([...there].sort())}.`,
        after: key,
      }));
  });
}
