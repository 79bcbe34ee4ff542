import { CLUSTER, changesOf, isAt, wasAt } from "../changes";
import { isEnforced } from "../switch-changes";
import type { Check } from "../types";

export const c003: Check = {
  id: "C003",
  title: "Enforcement of a GKE cluster is on, and no longer managed",
  severity: "low",
  effects: ["blind"],
  looksAt: "clusters that enforce, whose configuration has no binary_authorization block",
  mend: "Put the block back. Taking it out changes nothing now, and leaves the cluster without enforcement when it is next replaced.",
  change: (context) =>
    changesOf(context, CLUSTER)
      .filter(({ actions, written }) => written?.binary_authorization === false && !actions.includes("delete"))
      .flatMap((change) => {
        const [was, next] = [wasAt(context.before, "clusters", change), isAt(context.after, "clusters", change)];
        return was && next && isEnforced(was) && isEnforced(next)
          ? [
              {
                address: change.address,
                target: `gke:${next.project}/${next.location}.${next.name}`,
                message:
                  "The provider keeps what is there: the cluster goes on enforcing, until it is replaced or somebody switches it off. A dynamic block would look the same in a plan.",
                before: "enforced",
                after: "enforced, and not in the configuration",
              },
            ]
          : [];
      }),
};
