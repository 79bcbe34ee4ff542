import { ATTESTOR, changesOf, NOTE, POLICY } from "../changes";
import type { Check, Found } from "../types";

const GUARDED = [
  POLICY,
  ATTESTOR,
  NOTE,
  "google_kms_crypto_key",
  "google_kms_crypto_key_version",
  "google_kms_key_ring",
];

export const p023: Check = {
  id: "P023",
  title: "Guard against deletion removed",
  severity: "medium",
  effects: ["opens"],
  looksAt: "deletion_policy in the plan; prevent_destroy in the synthesized configuration, which a plan does not have",
  mend: "Keep prevent_destroy, or deletion_policy = PREVENT or ABANDON: without them the next plan can delete it.",
  change: (context) =>
    changesOf(context, ...GUARDED)
      .filter(
        ({ actions, deletionPolicy, nextDeletionPolicy }) =>
          !actions.includes("delete") &&
          (deletionPolicy === "PREVENT" || deletionPolicy === "ABANDON") &&
          nextDeletionPolicy !== deletionPolicy &&
          nextDeletionPolicy !== "PREVENT",
      )
      .map(
        ({ address, deletionPolicy, nextDeletionPolicy }): Found => ({
          address,
          target: address,
          message: "From now on, removing the resource deletes it.",
          before: deletionPolicy ?? "",
          after: nextDeletionPolicy ?? "DELETE",
        }),
      ),
  state: ({ lifecycles }) =>
    [...lifecycles.values()]
      .filter(
        ({ address, preventDestroy }) => GUARDED.some((type) => address.startsWith(`${type}.`)) && !preventDestroy,
      )
      .map(({ address }) => ({
        address,
        target: address,
        title: "No guard against deletion",
        message: "The next plan can delete it: the configuration has no prevent_destroy for it.",
        after: "prevent_destroy is not set",
      })),
};
