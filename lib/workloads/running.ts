import type { ContainerKind } from "../admission/types";
import { isRecord } from "../trust/private/attribute";

const STATUSES: readonly (readonly [string, ContainerKind])[] = [
  ["containerStatuses", "container"],
  ["initContainerStatuses", "init"],
  ["ephemeralContainerStatuses", "ephemeral"],
];

/** The digests that the containers of a running pod run, by `KIND/NAME` of the container. */
export function runningDigests(status: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const digests = new Map<string, string>();
  for (const [field, kind] of STATUSES) {
    const list: unknown = status[field];
    for (const entry of Array.isArray(list) ? list.filter(isRecord) : []) {
      const digest = registryDigest(entry.imageID);
      if (typeof entry.name === "string" && digest !== undefined) {
        digests.set(`${kind}/${entry.name}`, digest);
      }
    }
  }
  return digests;
}

/**
 * The digest of `docker-pullable://REPOSITORY@sha256:…`, `docker.io/…@sha256:…` and the like. One without a repository is
 * that of the image's configuration on the node, which no registry knows the image by.
 */
function registryDigest(imageId: unknown): string | undefined {
  const text = typeof imageId === "string" ? imageId.replace(/^[a-z-]+:\/\//, "") : "";
  return /^[^@]+@(sha256:[0-9a-f]{64})$/.exec(text)?.[1];
}
