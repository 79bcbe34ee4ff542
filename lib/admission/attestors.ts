import type { Attestor, AttestorKey, TrustModel, Value } from "../trust/model";
import { kmsKeyId } from "../vocabulary/resource-name";
import { SigningAlgorithm } from "../vocabulary/signing-algorithm";
import {
  MAX_PAYLOAD_BYTES,
  MAX_SIGNATURE_BYTES,
  MAX_SIGNATURES,
  type Payload,
  payloadOf,
  signatureOf,
} from "./attestation";
import { type ImageParts, imageParts, withoutScheme } from "./image";
import { REASON_NO_ATTESTATION, REASON_NO_DIGEST } from "./messages";
import { PAYLOAD_TYPE, preAuthenticationEncoding } from "./payload";
import type { AttestorVerdict, Diagnosis, Evidence, Occurrence, SignatureVerifier } from "./types";
import { unknownValue } from "./unknown";

/** What attestors are held against. */
export interface AttestationContext {
  readonly model: Pick<TrustModel, "attestors">;
  readonly evidence: Evidence;
  readonly verifier: SignatureVerifier;
}

/** What an attestor says, and what is odd although it is satisfied. */
export interface JudgedAttestor {
  readonly verdict: AttestorVerdict;
  readonly hints: readonly string[];
}

/** Whether something holds, and why it does not or is not known. */
interface Judgement {
  readonly holds: "yes" | "no" | "unknown";
  readonly diagnosis: readonly Diagnosis[];
  readonly hints?: readonly string[];
}

/** More would help nobody. */
const MAX_DIAGNOSES = 20;

const YES: Judgement = { holds: "yes", diagnosis: [] };
const no = (diagnosis: Diagnosis): Judgement => ({ holds: "no", diagnosis: [diagnosis] });
const unknown = (diagnosis: Diagnosis): Judgement => ({ holds: "unknown", diagnosis: [diagnosis] });

/** What a required attestor says about an image. Attestors are told apart by their full names. */
export function judgeAttestor(required: Value<string>, image: ImageParts, context: AttestationContext): JudgedAttestor {
  const attestor = required.state === "known" ? required.value : referenceOf(required);
  if (!isPinned(image)) {
    return { verdict: { attestor, verdict: "unsatisfied", reason: REASON_NO_DIGEST, diagnosis: [] }, hints: [] };
  }
  const judgement =
    required.state === "known"
      ? judgeNamed(required.value, image, context)
      : unknown(unknownValue("the name of a required attestor", required));
  const diagnosis = judgement.diagnosis.slice(0, MAX_DIAGNOSES);
  const hints = judgement.hints ?? [];
  switch (judgement.holds) {
    case "yes":
      return { verdict: { attestor, verdict: "satisfied", diagnosis: [] }, hints };
    case "no":
      return { verdict: { attestor, verdict: "unsatisfied", reason: REASON_NO_ATTESTATION, diagnosis }, hints };
    case "unknown":
      return { verdict: { attestor, verdict: "undecided", diagnosis }, hints };
  }
}

function referenceOf(value: Value<string>): string {
  return value.state === "hidden" ? value.reference : "(unknown)";
}

/** An image that has a digest. */
type Pinned = ImageParts & { readonly digest: string };

function isPinned(image: ImageParts): image is Pinned {
  return image.digest !== undefined;
}

function judgeNamed(name: string, image: Pinned, context: AttestationContext): Judgement {
  const named = context.model.attestors.filter((candidate) => candidate.name === name);
  const [attestor] = named;
  if (!attestor) {
    return unknown({
      code: "attestor-unknown",
      detail: `the attestor ${name} is not in what was read, so its note and keys are not known`,
    });
  }
  if (named.length > 1) {
    return unknown({
      code: "value-unknown",
      value: `the attestor ${name}`,
      detail: `the attestor ${name} was read ${named.length} times, and which one holds is not known`,
    });
  }
  if (attestor.publicKeys.state === "known" && attestor.publicKeys.value.length === 0) {
    return no({ code: "attestor-without-keys", detail: `${name} has no public keys, so that nothing satisfies it` });
  }
  if (!context.evidence) {
    return unknown({ code: "no-attestation", detail: "nobody looked for attestations" });
  }
  if (!Array.isArray(context.evidence.occurrences)) {
    return unknown({ code: "malformed-attestation", detail: "what was given as attestations is no list" });
  }
  if (attestor.noteName.state !== "known") {
    return unknown(unknownValue(`the note of ${name}`, attestor.noteName));
  }
  return judgeOccurrences(attestor, attestor.noteName.value, image, context.evidence.occurrences, context.verifier);
}

/** One good attestation is enough; without one, everything that came near is told. */
function judgeOccurrences(
  attestor: Attestor,
  noteName: string,
  image: Pinned,
  occurrences: readonly Occurrence[],
  verifier: SignatureVerifier,
): Judgement {
  const judgements: Judgement[] = [];
  const elsewhere: Diagnosis[] = [];
  for (const occurrence of occurrences) {
    const relation = relationOf(occurrence, noteName, image);
    if (relation === "attestation") {
      const judgement = judgeOccurrence(attestor, image, occurrence, verifier);
      if (judgement.holds === "yes") {
        return judgement;
      }
      judgements.push(judgement);
    } else if (relation !== "unrelated" && elsewhere.length < MAX_DIAGNOSES) {
      elsewhere.push(relation);
    }
  }
  if (judgements.length === 0) {
    const detail = `no attestation of ${image.digest} is attached to ${noteName}`;
    return { holds: "no", diagnosis: [{ code: "no-attestation", detail }, ...elsewhere] };
  }
  return {
    holds: judgements.some(({ holds }) => holds === "unknown") ? "unknown" : "no",
    diagnosis: [...judgements.flatMap(({ diagnosis }) => diagnosis), ...elsewhere],
  };
}

/**
 * What an occurrence has to do with an image and a note: it is an attestation to be verified, it is none and tells
 * something, or it has nothing to do with them. The service finds occurrences by the digest at the end of `resourceUri`;
 * the path before it does not count.
 */
function relationOf(occurrence: Occurrence, noteName: string, image: Pinned): "attestation" | "unrelated" | Diagnosis {
  // Evidence comes from files and APIs: its type is a hope.
  if (typeof occurrence !== "object" || occurrence === null) {
    return { code: "malformed-attestation", detail: "an occurrence is no object" };
  }
  const { kind, resourceUri } = occurrence;
  if (typeof kind === "string" && kind !== "ATTESTATION") {
    return "unrelated";
  }
  if (typeof kind !== "string" || typeof resourceUri !== "string" || typeof occurrence.noteName !== "string") {
    return {
      code: "malformed-attestation",
      detail: "an occurrence has no kind, noteName or resourceUri",
      ...nameOf(occurrence),
    };
  }
  const sameDigest = resourceUri.endsWith(image.digest) && resourceUri.at(-image.digest.length - 1) === "@";
  if (occurrence.noteName === noteName) {
    return sameDigest ? "attestation" : otherDigestOfRepository(occurrence, image);
  }
  if (!sameDigest) {
    return "unrelated";
  }
  return {
    code: "other-note",
    detail: `an attestation of this digest is attached to ${occurrence.noteName}, not to ${noteName}`,
    noteName: occurrence.noteName,
    ...nameOf(occurrence),
  };
}

function otherDigestOfRepository(occurrence: Occurrence, image: Pinned): "unrelated" | Diagnosis {
  if (!withoutScheme(occurrence.resourceUri).startsWith(image.repository)) {
    return "unrelated";
  }
  const other = imageParts(withoutScheme(occurrence.resourceUri));
  return other.repository === image.repository && other.digest !== undefined
    ? {
        code: "other-digest",
        detail: `an attestation of the same repository is about ${other.digest}`,
        digest: other.digest,
        ...nameOf(occurrence),
      }
    : "unrelated";
}

function nameOf(occurrence: Occurrence): { readonly occurrence?: string } {
  return typeof occurrence.name === "string" ? { occurrence: occurrence.name } : {};
}

function judgeOccurrence(
  attestor: Attestor,
  image: Pinned,
  occurrence: Occurrence,
  verifier: SignatureVerifier,
): Judgement {
  const name = nameOf(occurrence);
  const malformed = (detail: string) => no({ code: "malformed-attestation", detail, ...name });
  const attestation: unknown = occurrence.attestation;
  if (typeof attestation !== "object" || attestation === null) {
    return malformed("the occurrence has no attestation");
  }
  const { serializedPayload, signatures } = attestation as Partial<Occurrence["attestation"]>;
  const payload = payloadOf(serializedPayload);
  if (!payload) {
    return malformed(`serializedPayload is not base64 of at most ${MAX_PAYLOAD_BYTES} bytes`);
  }
  if (!Array.isArray(signatures) || signatures.length === 0 || signatures.length > MAX_SIGNATURES) {
    return malformed(`signatures is not a list of 1 to ${MAX_SIGNATURES}`);
  }
  const judgements: Judgement[] = [];
  for (const entry of signatures as readonly unknown[]) {
    const { publicKeyId, signature: text } = (entry ?? {}) as { publicKeyId?: unknown; signature?: unknown };
    const signature = signatureOf(text);
    if (typeof publicKeyId !== "string" || !signature) {
      judgements.push(
        malformed(`a signature has no publicKeyId, or is not base64 of at most ${MAX_SIGNATURE_BYTES} bytes`),
      );
      continue;
    }
    const signed = { payload, keyId: publicKeyId, signature, digest: image.digest, name };
    const judgement = judgeSignature(attestor, signed, verifier);
    if (judgement.holds === "yes") {
      return judgement;
    }
    judgements.push(judgement);
  }
  return {
    holds: judgements.some(({ holds }) => holds === "unknown") ? "unknown" : "no",
    diagnosis: judgements.flatMap(({ diagnosis }) => diagnosis),
  };
}

/** A signature and what it is over. */
interface Signed {
  readonly payload: Payload;
  readonly keyId: string;
  readonly signature: Uint8Array;
  /** The digest it has to be about. */
  readonly digest: string;
  readonly name: { readonly occurrence?: string };
}

function judgeSignature(attestor: Attestor, signed: Signed, verifier: SignatureVerifier): Judgement {
  const key = judgeKeyId(attestor, signed, verifier);
  if (key.holds === "no") {
    return key;
  }
  // Whatever the key is: what was signed has to be about this digest.
  const { content } = signed.payload;
  if (!content.ok) {
    return no({ code: "payload-not-json", detail: `the signed payload ${content.error}`, ...signed.name });
  }
  if (content.digest !== signed.digest) {
    const detail = `the signed payload is about ${content.digest}`;
    return no({ code: "other-digest", detail, digest: content.digest, ...signed.name });
  }
  if (key.holds === "yes" && content.type !== PAYLOAD_TYPE) {
    const type = content.type === undefined ? "is missing" : `is ${JSON.stringify(content.type).slice(0, 80)}`;
    return {
      ...YES,
      hints: [
        `critical.type of the signed payload ${type}; gcloud writes "${PAYLOAD_TYPE}", and that another one is accepted is inferred`,
      ],
    };
  }
  return key;
}

/** The key is looked up by exactly the id that the signature names. */
function judgeKeyId(attestor: Attestor, signed: Signed, verifier: SignatureVerifier): Judgement {
  if (attestor.publicKeys.state !== "known") {
    return unknown(unknownValue(`the public keys of ${attestor.name}`, attestor.publicKeys));
  }
  const keys = attestor.publicKeys.value;
  const named = keys.filter(({ id }) => id.state === "known" && id.value === signed.keyId);
  if (named.length > 0) {
    return agreed(named.map((key) => judgeKey(attestor, key, signed, verifier)));
  }
  const nameless = keys.find(({ id }) => id.state !== "known");
  if (nameless) {
    return unknown(unknownValue(`the id of a public key of ${attestor.name}`, nameless.id));
  }
  const bare = keys.some(({ id }) => id.state === "known" && kmsKeyId(id.value) === signed.keyId);
  return no({
    code: "unknown-key-id",
    detail: bare
      ? `the attestor has the key under its bare name; an id has to begin with ${kmsKeyId("")}`
      : `the signature names the key ${shown(signed.keyId)}, which ${attestor.name} does not have`,
    keyId: signed.keyId,
    ...signed.name,
  });
}

/** Two keys under one id are not documented: it holds where all of them say so, and not where none does. */
function agreed(judgements: readonly Judgement[]): Judgement {
  const [first, ...rest] = judgements;
  if (rest.every(({ holds }) => holds === first.holds)) {
    return first;
  }
  return { holds: "unknown", diagnosis: judgements.flatMap(({ diagnosis }) => diagnosis) };
}

function judgeKey(attestor: Attestor, key: AttestorKey, signed: Signed, verifier: SignatureVerifier): Judgement {
  const { keyId } = signed;
  const what = () => `the public key ${shown(keyId)} of ${attestor.name}`;
  if (key.type === "pgp") {
    const detail = `${what()} is a PGP key, whose signatures are not verified here`;
    return unknown({ code: "unsupported-key-type", detail, keyId });
  }
  if (key.algorithm.state !== "known") {
    return unknown(unknownValue(`the algorithm of ${what()}`, key.algorithm));
  }
  const algorithm = SigningAlgorithm._named(key.algorithm.value)?.attestorName;
  if (algorithm === undefined) {
    const detail = `${what()} is for ${shown(key.algorithm.value)}, which Binary Authorization does not verify`;
    return no({ code: "unsupported-key-type", detail, keyId });
  }
  if (key.material.state !== "known") {
    return unknown(unknownValue(what(), key.material));
  }
  const material = key.material.value;
  if (material.format !== "pem") {
    return unknown({
      code: "value-unknown",
      value: what(),
      detail: `${what()} is given as text that is no readable key`,
    });
  }
  const verifies = (data: Uint8Array) =>
    verifiesSafely(verifier, { publicKeyPem: material.pem, algorithm, data, signature: signed.signature });
  if (verifies(signed.payload.bytes)) {
    return YES;
  }
  const detail = verifies(preAuthenticationEncoding(signed.payload.bytes))
    ? "the signature is over the DSSE encoding of the payload (--pae-encode-payload), which project policies do not use"
    : `${what()} does not verify the signature over the payload`;
  return no({ code: "bad-signature", detail, keyId, ...signed.name });
}

/** A verifier that throws has verified nothing. */
function verifiesSafely(verifier: SignatureVerifier, request: Parameters<SignatureVerifier["verify"]>[0]): boolean {
  try {
    return verifier.verify(request) === true;
  } catch {
    return false;
  }
}

/** A text as it is shown in a sentence: quoted, never longer than a line. */
function shown(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 197)}...` : text);
}
