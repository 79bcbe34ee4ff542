import { imageParts, withoutScheme } from "./image";
import type { Occurrence } from "./types";

/** What gcloud writes as `critical.type`. */
export const PAYLOAD_TYPE = "Google cloud binauthz container signature";

/** What gcloud's `--pae-encode-payload` signs as, if not told otherwise. */
export const DSSE_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json";

/** An image that can be attested. */
export interface Artifact {
  /** What the payload names: registry and path, without tag. */
  readonly dockerReference: string;
  readonly digest: string;
  /** What the occurrence is about: as it was given, without scheme. */
  readonly resourceUri: string;
}

/** An image that can be attested, or why it cannot. */
export type ParsedArtifact = { readonly artifact: Artifact } | { readonly error: string };

/**
 * Reads an image as gcloud's `--artifact-url` takes it, with two differences: a digest has to be a complete SHA-256, where
 * gcloud counts characters only, and `localhost:5000/…`, which gcloud takes for a URL of the scheme `localhost`, is refused
 * in gcloud's words.
 */
export function parseArtifact(artifactUrl: string): ParsedArtifact {
  const resourceUri = withoutScheme(artifactUrl);
  const { repository, digest } = imageParts(resourceUri);
  if (digest === undefined) {
    return { error: "has no digest of the form sha256: and 64 lower-case hexadecimal digits" };
  }
  const [host, ...path] = repository.split("/");
  if (path.length === 0 || !/[.:]/.test(host)) {
    return { error: "names no registry" };
  }
  if (resourceUri === artifactUrl && /^[A-Za-z][A-Za-z0-9+-]*:/.test(host)) {
    return { error: "does not have a host component" };
  }
  if (!/^[a-z0-9_./-]+$/.test(path.join("/"))) {
    return { error: "has a repository with characters other than a to z, 0 to 9 and _-./" };
  }
  return { artifact: { dockerReference: repository, digest, resourceUri } };
}

/**
 * The bytes that gcloud signs, the line feed at the end included.
 * Source: `MakeSignaturePayload` in gcloud's `command_lib/container/binauthz/util.py`.
 */
export function payloadBytes(artifact: Pick<Artifact, "dockerReference" | "digest">): Uint8Array {
  return new TextEncoder().encode(payloadText(artifact.dockerReference, artifact.digest));
}

/** The payload as text. */
export function payloadText(dockerReference: string, digest: string): string {
  const payload = {
    critical: {
      identity: { "docker-reference": dockerReference },
      image: { "docker-manifest-digest": digest },
      type: PAYLOAD_TYPE,
    },
  };
  return `${JSON.stringify(payload, null, 2)}\n`;
}

/**
 * The pre-authentication encoding of DSSE, which `--pae-encode-payload` signs instead of the payload.
 * Source: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
 */
export function preAuthenticationEncoding(payload: Uint8Array, type: string = DSSE_TYPE): Uint8Array {
  const typeLength = new TextEncoder().encode(type).length;
  const head = new TextEncoder().encode(`DSSEv1 ${typeLength} ${type} ${payload.length} `);
  const encoded = new Uint8Array(head.length + payload.length);
  encoded.set(head);
  encoded.set(payload, head.length);
  return encoded;
}

/** A signature before it is written down. */
export interface MadeSignature {
  readonly publicKeyId: string;
  readonly signature: Uint8Array;
}

/** What an occurrence is made of. */
export interface OccurrenceParts {
  readonly artifact: Artifact;
  /** `projects/P/notes/N`. */
  readonly noteName: string;
  readonly signatures: readonly MadeSignature[];
  /** The bytes that were signed. @default - those of {@link payloadBytes} */
  readonly payload?: Uint8Array;
  /** `projects/P/occurrences/ID`. @default - none: the service gives it one */
  readonly name?: string;
}

/** Writes an occurrence as the API returns it: base64 of the standard alphabet, with padding. */
export function writeOccurrence(parts: OccurrenceParts): Occurrence {
  return {
    ...(parts.name !== undefined && { name: parts.name }),
    kind: "ATTESTATION",
    noteName: parts.noteName,
    resourceUri: parts.artifact.resourceUri,
    attestation: {
      serializedPayload: base64(parts.payload ?? payloadBytes(parts.artifact)),
      signatures: parts.signatures.map(({ publicKeyId, signature }) => ({ publicKeyId, signature: base64(signature) })),
    },
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
