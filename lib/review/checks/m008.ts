import { ATTESTOR, CLUSTER, changesOf, NOTE, POLICY } from "../changes";
import type { Check } from "../types";

/** What is read of the types; a mask elsewhere hides nothing from a review. */
const READ: ReadonlyMap<string, RegExp> = new Map([
  [
    POLICY,
    /^(?:admission_whitelist_patterns|cluster_admission_rules|default_admission_rule|global_policy_evaluation_mode|project|\*)$/,
  ],
  [ATTESTOR, /^(?:attestation_authority_note|name|project|\*)$/],
  [NOTE, /^(?:name|project|\*)$/],
  [CLUSTER, /^(?:binary_authorization|name|location|project|\*)$/],
  ["google_cloud_run_v2_service", /^(?:binary_authorization|\*)$/],
  ["google_cloud_run_v2_job", /^(?:binary_authorization|\*)$/],
]);

export const m008: Check = {
  id: "M008",
  title: "Value that decides on trust is sensitive",
  severity: "info",
  effects: ["blind"],
  looksAt: "before_sensitive and after_sensitive of changes",
  mend: "Nothing here is secret: take the mark off, so that people can see what they approve.",
  change: (context) =>
    changesOf(context, ...READ.keys()).flatMap(({ actions, address, sensitive = [], type }) => {
      const masked = sensitive.filter((name) => READ.get(type)?.test(name));
      return masked.length === 0 || actions.every((action) => action === "no-op")
        ? []
        : [
            {
              address,
              target: address,
              message: `Terraform masks ${masked.join(", ")}. It was compared all the same.`,
              after: masked.join(", "),
            },
          ];
    }),
};
