import type { Facts } from "./facts";
import type { ChangeContext, ReviewedChange } from "./types";

export const POLICY = "google_binary_authorization_policy";
export const ATTESTOR = "google_binary_authorization_attestor";
export const NOTE = "google_container_analysis_note";
export const CLUSTER = "google_container_cluster";

/** The managed changes of a type, without objects that an earlier apply left over. */
export function changesOf({ changes }: ChangeContext, ...types: string[]): ReviewedChange[] {
  return changes.filter(
    ({ deposed, mode, type }) => mode === "managed" && deposed === undefined && types.includes(type),
  );
}

/** It goes and does not come back. */
export function isDeleted({ actions }: ReviewedChange): boolean {
  return actions.includes("delete") && !actions.includes("create");
}

/** It goes and comes back, in either order. */
export function isReplaced({ actions }: ReviewedChange): boolean {
  return actions.includes("delete") && actions.includes("create");
}

/** Whether the new one is there before the old one goes. */
export function createsFirst({ actions }: ReviewedChange): boolean {
  return actions.indexOf("create") < actions.indexOf("delete");
}

/** Whether removing the resource leaves the thing itself as it is. */
export function isAbandoned({ deletionPolicy }: ReviewedChange): boolean {
  return deletionPolicy === "ABANDON" || deletionPolicy === "PREVENT";
}

type Collection = "attestors" | "clusters" | "cryptoKeys" | "keyVersions" | "notes" | "policies" | "services";

/** What a change was about before it. */
export function wasAt<C extends Collection>(
  facts: Facts,
  collection: C,
  { address, plan, previousAddress }: ReviewedChange,
): Facts["model"][C][number] | undefined {
  const items = facts.model[collection] as readonly Facts["model"][C][number][];
  return items.find(({ origin }) => origin.source === plan.source && origin.address === (previousAddress ?? address));
}

/** What a change is about once it is applied. */
export function isAt<C extends Collection>(
  facts: Facts,
  collection: C,
  { address, plan }: ReviewedChange,
): Facts["model"][C][number] | undefined {
  const items = facts.model[collection] as readonly Facts["model"][C][number][];
  return items.find(({ origin }) => origin.source === plan.source && origin.address === address);
}

/** The address as a field of a finding. */
export function at(origin: { readonly address?: string } | undefined): { readonly address?: string } {
  return origin?.address === undefined ? {} : { address: origin.address };
}

/** Names in a sentence: `A`, `A and B`, `A, B and 3 more`. */
export function listed(names: readonly string[]): string {
  if (names.length > 4) {
    return `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
  }
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}
