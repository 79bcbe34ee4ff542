import { changesOf, POLICY } from "../changes";
import type { Check } from "../types";

export const p005: Check = {
  id: "P005",
  title: "Policy created over one that nobody looked at",
  severity: "medium",
  effects: ["blind"],
  looksAt: "a policy that is created without import, for a project whose policy is in no file",
  mend: "Import the policy first (import id projects/PROJECT), so that the plan shows what changes; or hand in what is there with --context policy.yaml.",
  change: (context) =>
    changesOf(context, POLICY)
      // Also one that moves there from another project: it is created over what that one has.
      .filter(({ actions, imported }) => actions.includes("create") && !imported)
      .flatMap((change) => {
        const project = context.after.model.policies.find(({ origin }) => origin.address === change.address)?.project;
        const seen = project === undefined ? undefined : context.before.policies.get(project);
        const others = seen?.specificRules;
        const erased = others?.state === "known" && others.value.kind !== "cluster" && others.value.rules.length > 0;
        if (project === undefined || (seen !== undefined && !erased)) {
          return [];
        }
        return [
          {
            address: change.address,
            target: `projects/${project}/policy`,
            message: erased
              ? "The policy that is there has rules for namespaces, service accounts or service identities. Terraform cannot express them, writes the whole policy, and erases them."
              : "Every project has a policy already. Creating this one writes over it without reading it; rules for namespaces, service accounts and service identities vanish with it.",
            before: erased ? `${others.value.kind} rules` : "a policy that is in no file",
            after: "the policy of this plan",
          },
        ];
      }),
};
