import { sha256 } from "./facts";
import type { Finding, Report } from "./types";

/** One finding of one plan that somebody accepted when the command was called. */
export interface Acceptance {
  readonly hash: string;
  readonly reason: string;
}

/**
 * The hash that accepts a finding: SHA-256 over the hash of the plan followed by the fingerprint of the finding, both in
 * hexadecimal digits. It holds for this very plan: whoever plans again has to look again. Of several plans, the hashes
 * stand one after the other in sorted order. Undefined where the hash of a plan is not known.
 */
export function acceptanceHash({ plans }: Pick<Report, "plans">, { fingerprint }: Finding): string | undefined {
  const hashes = plans.flatMap(({ hash }) => (hash === undefined ? [] : [hash]));
  return plans.length === 0 || hashes.length < plans.length
    ? undefined
    : sha256(`${hashes.sort().join("")}${fingerprint}`);
}

/** Reads `HASH=REASON`; a sentence where it is none. */
export function parseAcceptance(text: string): Acceptance | { readonly error: string } {
  const separator = text.indexOf("=");
  const hash = separator < 0 ? text : text.slice(0, separator);
  const reason = separator < 0 ? "" : text.slice(separator + 1).trim();
  if (!/^[0-9a-f]{64}$/.test(hash)) {
    return { error: "the hash is not valid; allowed: the 64 hexadecimal digits that the report prints for a finding" };
  }
  return reason === "" ? { error: "the reason is missing; allowed: HASH=REASON" } : { hash, reason };
}
