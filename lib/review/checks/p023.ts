import { ATTESTOR, changesOf, NOTE, POLICY } from "../changes";
import type { ChangeContext, Check, Found } from "../types";

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
  looksAt:
    "deletion_policy in the plan; prevent_destroy in the synthesized configurations, of now (--synth) and of before (--synth-before)",
  mend: "Keep prevent_destroy, or deletion_policy = PREVENT or ABANDON: without them the next plan can delete it.",
  change: (context) => [...policies(context), ...lifecycles(context)],
  state: ({ lifecycles }) =>
    [...lifecycles.values()]
      .filter(({ address, preventDestroy }) => isGuarded(address) && !preventDestroy)
      .map(({ address }) => ({
        address,
        target: address,
        title: "No guard against deletion",
        message: "The next plan can delete it: the configuration has no prevent_destroy for it.",
        after: "prevent_destroy is not set",
      })),
};

function policies(context: ChangeContext): Found[] {
  return changesOf(context, ...GUARDED)
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
    );
}

/** A plan does not have it, so that both configurations are needed. What is in one of them only is no guard that goes. */
function lifecycles({ lifecycles, lifecyclesBefore }: ChangeContext): Found[] {
  return [...lifecyclesBefore.values()]
    .filter(({ address, preventDestroy }) => {
      const now = lifecycles.get(address);
      return isGuarded(address) && preventDestroy && now !== undefined && !now.preventDestroy;
    })
    .map(({ address }) => ({
      address,
      target: address,
      message: "From now on, removing the resource from the configuration deletes it.",
      before: "prevent_destroy",
      after: "prevent_destroy is not set",
    }));
}

function isGuarded(address: string): boolean {
  return GUARDED.some((type) => address.startsWith(`${type}.`));
}
