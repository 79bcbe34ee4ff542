import type { Workload } from "../../trust";
import { at } from "../changes";
import type { Facts } from "../facts";
import { shown } from "../facts";
import type { Check, Found, Inventory, Knowledge } from "../types";
import { imagesOf, newImages, workloadTransitions } from "../workload-changes";
import { isExempt } from "./w002";

export const w003: Check = {
  id: "W003",
  title: "Image without a valid attestation",
  severity: "high",
  effects: ["blocks"],
  looksAt: "digests that will run, against the attestations of the inventory and the attestors that rules require",
  mend: "Attest the image before it is deployed.",
  change: (context) =>
    workloadTransitions(context).flatMap((transition) =>
      unattested(context.after, context, transition.next, newImages(transition)),
    ),
  state: (context) =>
    context.after.model.workloads.flatMap((workload) =>
      unattested(context.after, context, workload, imagesOf(workload)),
    ),
};

function unattested(facts: Facts, { inventory }: Knowledge, workload: Workload, images: readonly string[]): Found[] {
  const required = [
    ...new Set(
      [...facts.targets.values()].flatMap(({ effective }) => (effective.kind === "attest" ? effective.by : [])),
    ),
  ];
  if (inventory?.attestations === undefined || required.length === 0) {
    return [];
  }
  return images.flatMap((image) => {
    const digest = /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];
    const missing = required.filter((name) => digest !== undefined && !isAttested(facts, inventory, name, digest));
    return digest === undefined || missing.length === 0 || isExempt(facts, image)
      ? []
      : [
          {
            ...at(workload.origin),
            target: workload.name,
            message: `The inventory has no attestation of ${missing.join(" and ")} for ${image}.`,
            after: image,
          },
        ];
  });
}

function isAttested(facts: Facts, inventory: Inventory, name: string, digest: string): boolean {
  const fact = facts.attestors.get(name);
  const note = fact && shown(fact.attestor.noteName);
  const ids = fact?.keys?.map(({ key }) => shown(key.id));
  return (
    inventory.attestations?.some(
      (entry) =>
        entry.digest === digest &&
        entry.note === note &&
        (ids === undefined || entry.keyIds.some((id) => ids.includes(id))),
    ) ?? false
  );
}
