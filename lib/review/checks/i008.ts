import { at } from "../changes";
import type { Facts } from "../facts";
import { shown } from "../facts";
import type { Check, Found } from "../types";
import { pairs } from "./k003";

export const i008: Check = {
  id: "I008",
  title: "Workload identity condition loosened",
  severity: "high",
  effects: ["opens"],
  looksAt: "the condition and the attribute mapping of identity providers whose pool holds a power over the chain",
  mend: "Name the repository and the branch in the attribute condition: without it, everybody who has an account there can get in.",
  change: ({ after, before }) =>
    pairs(before.model.identityProviders, after.model.identityProviders).flatMap(([was, next]): Found[] => {
      const [old, now] = [was.condition, next.condition];
      const place = { ...at(next.origin), target: next.name };
      const reached = reachesChain(after, next.name);
      const doubt = reached
        ? {}
        : {
            certainty: {
              state: "undecided" as const,
              best: "none" as const,
              worst: "high" as const,
              because: "whether its pool holds a power over the chain is not in these files",
            },
          };
      if (old.state === "known" && now.state === "known" && old.value !== now.value) {
        if (now.value === undefined) {
          return [
            {
              ...place,
              ...doubt,
              message: "The provider has no condition any more: every identity that its issuer knows is believed.",
              before: old.value ?? "none",
              after: "none",
            },
          ];
        }
        return old.value === undefined
          ? [
              {
                ...place,
                severity: "info",
                effects: ["narrows"],
                title: "Workload identity condition added",
                message: "The provider believes only identities that meet the condition.",
                before: "none",
                after: now.value,
              },
            ]
          : [
              {
                ...place,
                title: "Workload identity condition changed",
                message:
                  "The provider believes other identities than before; whether more of them is not decided here.",
                before: old.value,
                after: now.value,
                certainty: {
                  state: "undecided",
                  best: "none",
                  worst: "high",
                  because: "conditions are not compared by what they mean",
                },
              },
            ];
      }
      return was.mapping.state === "known" && next.mapping.state === "known" && was.mapping.value !== next.mapping.value
        ? [
            {
              ...place,
              title: "Workload identity mapping changed",
              message: "Identities from outside are mapped to others than before.",
              before: was.mapping.value,
              after: next.mapping.value,
              certainty: {
                state: "undecided",
                best: "none",
                worst: "high",
                because: "mappings are not compared by what they mean",
              },
            },
          ]
        : [];
    }),
};

function reachesChain({ model }: Facts, provider: string): boolean {
  const pool = /\/workloadIdentityPools\/([^/]+)\//.exec(provider)?.[1];
  return model.powers.some(
    ({ kind, principal }) => kind !== "none" && shown(principal).includes(`/workloadIdentityPools/${pool}/`),
  );
}
