import { parsePublicKey, publicKeyDigestId } from "../../vocabulary/public-key";
import type { KeyMaterial } from "../model";

/** The key of a PEM, written in one way only; any other text is kept for what it is. */
export function keyMaterial(text: string): KeyMaterial {
  const parsed = parsePublicKey(text);
  if ("error" in parsed) {
    return { format: "unverified", text };
  }
  const pem = parsed.key.export({ type: "spki", format: "pem" }).toString();
  return { format: "pem", pem, fingerprint: publicKeyDigestId(parsed.key) };
}
