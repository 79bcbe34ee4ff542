import type { Check, Found } from "../types";

export const p020: Check = {
  id: "P020",
  title: "Google's policy for system images switched",
  severity: "high",
  effects: ["blocks", "narrows"],
  looksAt: "the global policy evaluation mode of a policy",
  mend: "Keep ENABLE: without it, clusters of GKE may fail to start their own system pods.",
  change: ({ after, before, resetProjects }) =>
    [...after.policies.values()].flatMap((policy): Found[] => {
      const was = before.policies.get(policy.project)?.globalPolicyEvaluationMode;
      const next = policy.globalPolicyEvaluationMode;
      if (
        was?.state !== "known" ||
        next.state !== "known" ||
        was.value === next.value ||
        resetProjects.has(policy.project)
      ) {
        return [];
      }
      const found = {
        ...(policy.origin.address !== undefined && { address: policy.origin.address }),
        target: `projects/${policy.project}/policy`,
        before: was.value,
        after: next.value,
      };
      return next.value === "DISABLE"
        ? [
            {
              ...found,
              title: "Google's policy for system images switched off",
              message:
                "Images of GKE's own system pods are not exempt any more. They need patterns of their own, or they are refused.",
            },
          ]
        : [
            {
              ...found,
              severity: "low",
              effects: ["opens"],
              title: "Google's policy for system images switched on",
              message: "Images that Google maintains for GKE are admitted without attestation.",
            },
          ];
    }),
};
