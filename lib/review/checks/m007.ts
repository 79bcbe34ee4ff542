import { ATTESTOR, CLUSTER, changesOf, NOTE, POLICY } from "../changes";
import type { ChangeContext, Check, ReviewedChange } from "../types";

const TYPES = [POLICY, ATTESTOR, NOTE, CLUSTER, "google_kms_crypto_key", "google_kms_crypto_key_version"];

export const m007: Check = {
  id: "M007",
  title: "Trust object moved or imported",
  severity: "info",
  effects: ["narrows"],
  looksAt: "previous_address and importing of changes",
  mend: "Nothing has to be done: the thing itself stays as it is.",
  change: (context) =>
    changesOf(context, ...TYPES)
      .filter(({ imported, previousAddress }) => imported || previousAddress !== undefined)
      .map((change) => ({
        address: change.address,
        target: nameOf(context, change),
        title: change.imported ? "Trust object imported" : "Trust object moved",
        message: change.imported
          ? "Terraform takes over what is there already."
          : `It was ${change.previousAddress}. It has another address and is the same thing.`,
        ...(change.previousAddress !== undefined && { before: change.previousAddress }),
        after: change.address,
      })),
};

function nameOf({ after }: ChangeContext, { address, type }: ReviewedChange): string {
  const { attestors, clusters, cryptoKeys, keyVersions, notes, policies } = after.model;
  const here = ({ origin }: { readonly origin: { readonly address?: string } }) => origin.address === address;
  const policy = policies.find(here);
  const cluster = clusters.find(here);
  if (type === POLICY && policy) {
    return `projects/${policy.project}/policy`;
  }
  if (cluster) {
    return `gke:${cluster.project}/${cluster.location}.${cluster.name}`;
  }
  return [...attestors, ...notes, ...cryptoKeys, ...keyVersions].find(here)?.name ?? address;
}
