import { readOccurrences } from "../admission/occurrences-file";
import { isRecord, own } from "../trust/private/attribute";
import { ReadError } from "../trust/read-error";
import { objectsOf } from "../workloads/documents";
import { podOf } from "../workloads/pods";
import type { Inventory } from "./types";

const ALLOWED =
  "what kubectl get pods -A -o json prints, or what gcloud container binauthz attestations list --format=json prints";

/**
 * Reads a part of an inventory: a list of pods that run, or attestations. Of a pod, an image counts with the digest that
 * the node reports.
 *
 * @param source how the user named the file, for messages
 * @throws ReadError where it is neither
 */
export function readInventory(source: string, text: string): Inventory {
  return isAttestations(text) ? attestationsIn(source, text) : podsIn(source, text);
}

/** The parts as one; attestations are known where one part is of them. */
export function joinInventories(parts: readonly Inventory[]): Inventory | undefined {
  const lists = parts.flatMap(({ attestations }) => (attestations === undefined ? [] : [attestations]));
  return parts.length === 0
    ? undefined
    : { images: parts.flatMap(({ images }) => images), ...(lists.length > 0 && { attestations: lists.flat() }) };
}

/** A list is of attestations, an empty one too; kubectl prints an object. */
function isAttestations(text: string): boolean {
  return /^\s*\[/.test(text) || /^\s*\{\s*"(?:occurrences|nextPageToken)"\s*:/.test(text);
}

function attestationsIn(source: string, text: string): Inventory {
  return {
    images: [],
    attestations: readOccurrences(source, text).flatMap(({ attestation, noteName, resourceUri }) => {
      const digest = /@(sha256:[0-9a-f]{64})$/.exec(String(resourceUri))?.[1];
      const signatures = (isRecord(attestation) ? own(attestation, "signatures") : undefined) as unknown;
      const keyIds = (Array.isArray(signatures) ? signatures : []).flatMap((signature) => {
        const id = isRecord(signature) ? own(signature, "publicKeyId") : undefined;
        return typeof id === "string" ? [id] : [];
      });
      return digest === undefined || typeof noteName !== "string" ? [] : [{ note: noteName, digest, keyIds }];
    }),
  };
}

function podsIn(source: string, text: string): Inventory {
  const images: { image: string }[] = [];
  let pods = 0;
  for (const object of objectsOf({ source, text })) {
    const found = podOf(object);
    if ("pod" in found) {
      pods += 1;
      images.push(...found.pod.images.map(({ image, runningDigest }) => ({ image: withDigest(image, runningDigest) })));
    } else if (!/List$/.test(object.kind)) {
      throw new ReadError({ source, at: object.at, problem: `a ${object.kind} is no pod`, allowed: ALLOWED });
    }
  }
  if (pods === 0 && !/^\s*\{[\s\S]*"items"\s*:\s*\[\s*\]/.test(text)) {
    throw new ReadError({ source, problem: "holds no pod", allowed: ALLOWED });
  }
  return { images };
}

/** The image by the digest that runs, where its name has none. */
function withDigest(image: string, digest: string | undefined): string {
  return digest === undefined || image.includes("@") ? image : `${image.replace(/:[^:/]+$/, "")}@${digest}`;
}
