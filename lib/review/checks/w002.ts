import type { Workload } from "../../trust";
import { exemptionMatches } from "../../vocabulary/exemption-pattern";
import { at } from "../changes";
import type { Facts } from "../facts";
import type { Certainty, Check, Found } from "../types";
import { imagesOf, isKubernetes, newImages, workloadTransitions } from "../workload-changes";

export const w002: Check = {
  id: "W002",
  title: "Image by tag where attestations are required: it will be refused",
  severity: "medium",
  effects: ["blocks"],
  looksAt: "images of pod templates without a digest, against the rules of the policies in these files",
  mend: "Write the digest: IMAGE@sha256:…. An attestation is for a digest, never for a tag.",
  change: (context) =>
    workloadTransitions(context)
      .filter(({ next }) => isKubernetes(next))
      .flatMap((transition) => byTag(context.after, transition.next, newImages(transition))),
  state: ({ after }) =>
    after.model.workloads.filter(isKubernetes).flatMap((workload) => byTag(after, workload, imagesOf(workload))),
};

function byTag(facts: Facts, workload: Workload, images: readonly string[]): Found[] {
  const certainty = requiring(facts);
  if (certainty === undefined || (workload.breakGlass.state === "known" && workload.breakGlass.value)) {
    return [];
  }
  return images
    .filter((image) => !/@sha256:[0-9a-f]{64}$/.test(image) && !isExempt(facts, image))
    .map((image) => ({
      ...at(workload.origin),
      target: workload.name,
      message: `${image} names no digest. A rule that requires attestations refuses it whatever is attested.`,
      after: image,
      certainty,
    }));
}

/** Which cluster an object goes to is not in a plan: it is certain only where every one requires attestations. */
function requiring({ targets }: Facts): Certainty | undefined {
  const clusters = [...targets.values()].filter(({ target }) => target.kind === "gke");
  const asked = clusters.filter(({ effective }) => effective.kind === "attest");
  if (asked.length === 0) {
    return undefined;
  }
  return asked.length === clusters.length
    ? { state: "decided" }
    : {
        state: "undecided",
        best: "none",
        worst: "medium",
        because: "which cluster the object goes to is not in the plan, and not all of them require attestations",
      };
}

export function isExempt({ policies }: Facts, image: string): boolean {
  return [...policies.values()].some(
    ({ exemptImages }) =>
      exemptImages.state === "known" &&
      exemptImages.value.some((pattern) => pattern.state === "known" && exemptionMatches(pattern.value, image)),
  );
}
