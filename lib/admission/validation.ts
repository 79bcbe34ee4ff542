import { type Attestor, known } from "../trust/model";
import { judgeAttestor } from "./attestors";
import { imageParts, withoutScheme } from "./image";
import type { Diagnosis, Occurrence, SignatureVerifier } from "./types";

/**
 * What `attestors.validateAttestationOccurrence` is asked: an occurrence, stored or not.
 * Source: https://docs.cloud.google.com/binary-authorization/docs/reference/rest/v1/projects.attestors/validateAttestationOccurrence
 */
export interface ValidationRequest {
  readonly attestation: Occurrence["attestation"];
  /** The note it is attached to: `projects/P/notes/N`. */
  readonly occurrenceNote: string;
  /** The image with its digest, with or without `https://`; only the digest counts. */
  readonly occurrenceResourceUri: string;
}

/** The answer, in the API's words; `diagnosis` is ours. */
export type Validation =
  | { readonly result: "VERIFIED" }
  | {
      readonly result: "ATTESTATION_NOT_VERIFIABLE";
      /** Why, in our words: which ones the service has is not documented. */
      readonly denialReason: string;
      /** Empty where the image has no digest. */
      readonly diagnosis: readonly Diagnosis[];
    };

/**
 * Whether one attestation satisfies an attestor, as `attestors.validateAttestationOccurrence` says it.
 *
 * What cannot be decided, such as a signature by a PGP key or a value of the attestor that is not known, is not verified.
 */
export function validateAttestationOccurrence(
  attestor: Attestor,
  { attestation, occurrenceNote, occurrenceResourceUri }: ValidationRequest,
  verifier: SignatureVerifier,
): Validation {
  const occurrence: Occurrence = {
    kind: "ATTESTATION",
    noteName: occurrenceNote,
    resourceUri: occurrenceResourceUri,
    attestation,
  };
  const image = imageParts(typeof occurrenceResourceUri === "string" ? withoutScheme(occurrenceResourceUri) : "");
  const { verdict } = judgeAttestor(known(attestor.name), image, {
    model: { attestors: [attestor] },
    evidence: { occurrences: [occurrence] },
    verifier,
  });
  if (verdict.verdict === "satisfied") {
    return { result: "VERIFIED" };
  }
  // That there is none beside this one says nothing.
  const diagnosis = verdict.diagnosis.filter(({ code }) => code !== "no-attestation");
  const denialReason = diagnosis.map(({ detail }) => detail).join("; ") || (verdict.reason as string);
  return { result: "ATTESTATION_NOT_VERIFIABLE", denialReason, diagnosis };
}
