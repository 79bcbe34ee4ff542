import { createHash } from "node:crypto";

// Apart from the names: those are read in browsers too, which have no node:crypto.

/** The first characters of the SHA-256 of the parts: tells two identities apart that look alike once simplified. */
export function shortHash(...parts: string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 8);
}
