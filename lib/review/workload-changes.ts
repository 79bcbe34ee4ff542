import type { Workload } from "../trust";
import type { ChangeContext } from "./types";

/** What runs images, with what it was before. */
export function workloadTransitions({
  after,
  before,
}: ChangeContext): { readonly was?: Workload; readonly next: Workload }[] {
  const old = new Map(before.model.workloads.map((workload) => [workload.name, workload]));
  return after.model.workloads.map((next) => {
    const was = old.get(next.name);
    return { ...(was && { was }), next };
  });
}

/** The images of a workload that it did not run before. */
export function newImages({ was, next }: { readonly was?: Workload; readonly next: Workload }): string[] {
  const old = new Set(imagesOf(was));
  return imagesOf(next).filter((image) => !old.has(image));
}

export function imagesOf(workload: Workload | undefined): string[] {
  return workload?.images.state === "known"
    ? workload.images.value.flatMap((image) => (image.state === "known" ? [image.value] : []))
    : [];
}

/** Whether it is an object of Kubernetes. Which cluster it goes to is in no plan. */
export function isKubernetes({ origin }: Workload): boolean {
  return /(?:^|\.)kubernetes_/.test(origin.address ?? "");
}
