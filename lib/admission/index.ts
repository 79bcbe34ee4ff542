export { admit } from "./admit";
export {
  decodeBase64,
  MAX_SIGNATURES,
  readPayload,
} from "./attestation";
export {
  AUDIT_LABEL_PREFIX,
  kubectlMessage,
  REASON_NO_ATTESTATION,
  REASON_NO_DIGEST,
  WEBHOOK_PREFIX,
} from "./messages";
export { nodeVerifier } from "./node-verifier";
export { readOccurrences } from "./occurrences-file";
export {
  type Artifact,
  parseArtifact,
  payloadBytes,
  preAuthenticationEncoding,
  writeOccurrence,
} from "./payload";
export type * from "./types";
export { validateAttestationOccurrence } from "./validation";
