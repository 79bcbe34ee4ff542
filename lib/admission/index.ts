export { admit } from "./admit";
export {
  decodeBase64,
  MAX_PAYLOAD_BYTES,
  MAX_SIGNATURE_BYTES,
  MAX_SIGNATURES,
  type PayloadContent,
  readPayload,
} from "./attestation";
export {
  AUDIT_LABEL_PREFIX,
  BREAK_GLASS_ANNOTATION,
  BREAK_GLASS_LABEL,
  cloudRunMessage,
  kubectlMessage,
  REASON_NO_ATTESTATION,
  REASON_NO_DIGEST,
  WEBHOOK_PREFIX,
} from "./messages";
export { nodeVerifier } from "./node-verifier";
export { readOccurrences } from "./occurrences-file";
export {
  type Artifact,
  DSSE_TYPE,
  type MadeSignature,
  type OccurrenceParts,
  PAYLOAD_TYPE,
  type ParsedArtifact,
  parseArtifact,
  payloadBytes,
  preAuthenticationEncoding,
  writeOccurrence,
} from "./payload";
export type * from "./types";
export { type Validation, type ValidationRequest, validateAttestationOccurrence } from "./validation";
