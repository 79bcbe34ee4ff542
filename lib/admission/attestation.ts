import { isDigest } from "./image";
import { memoized } from "./memo";
import { PAYLOAD_TYPE, payloadText } from "./payload";

/** The payload is about 300 bytes; the service's limit is not documented. In bytes. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;

/** The longest signature that Binary Authorization verifies has 512 bytes (RSA 4096). In bytes. */
export const MAX_SIGNATURE_BYTES = 4096;

/** One occurrence normally carries one signature; the service's limit is not documented. */
export const MAX_SIGNATURES = 64;

/** The payload has a depth of three. */
const MAX_DEPTH = 32;

/**
 * Decodes base64 of either alphabet, as JSON of Google's APIs may carry it: gcloud sends the URL-safe one, the API answers
 * with the standard one. Padding may be left out. Undefined for everything else: mixed alphabets, white space, wrong
 * padding, bits that encode nothing, more than `maxBytes`.
 * Source: https://protobuf.dev/programming-guides/json/ (bytes).
 */
export function decodeBase64(text: unknown, maxBytes: number): Uint8Array | undefined {
  if (typeof text !== "string" || text.length > Math.ceil(maxBytes / 3) * 4) {
    return undefined;
  }
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = text.slice(0, text.length - padding);
  if (padding > 0 && text.length % 4 !== 0) {
    return undefined;
  }
  // Buffer decodes both alphabets and passes over what is none; what it read is written again and compared.
  const bytes = Buffer.from(digits, "base64");
  const written =
    digits.includes("-") || digits.includes("_")
      ? bytes.toString("base64url")
      : bytes.toString("base64").slice(0, Math.ceil((bytes.length * 4) / 3));
  return written === digits && bytes.length <= maxBytes ? bytes : undefined;
}

/** What a payload says, or why it says nothing. */
export type PayloadContent =
  | {
      readonly ok: true;
      /** `critical.image.docker-manifest-digest`: all that counts. */
      readonly digest: string;
      /** `critical.type`, where it is a text; nothing depends on it. */
      readonly type?: string;
    }
  | { readonly ok: false; readonly error: string };

/** The bytes that were signed, and what they say. */
export interface Payload {
  readonly bytes: Uint8Array;
  readonly content: PayloadContent;
}

const decodePayload = memoized({ entries: 4096, keyLength: 4096 }, (text): Payload | undefined => {
  const bytes = decodeBase64(text, MAX_PAYLOAD_BYTES);
  return bytes && { bytes, content: readPayload(bytes) };
});

// The signature of an RSA key of 4096 bits has 684 characters. What is longer is none that verifies.
const decodeSignature = memoized({ entries: 4096, keyLength: 1024 }, (text) => decodeBase64(text, MAX_SIGNATURE_BYTES));

/** `serializedPayload` of an attestation; undefined where it is no base64 or longer than {@link MAX_PAYLOAD_BYTES}. */
export function payloadOf(serializedPayload: unknown): Payload | undefined {
  return typeof serializedPayload === "string" ? decodePayload(serializedPayload) : undefined;
}

/** `signature` of an attestation; undefined where it is no base64 or longer than {@link MAX_SIGNATURE_BYTES}. */
export function signatureOf(signature: unknown): Uint8Array | undefined {
  return typeof signature === "string" ? decodeSignature(signature) : undefined;
}

/**
 * Reads the JSON that Binary Authorization signs. White space and the order of keys are free. What could be read in two
 * ways, such as a key that occurs twice, is not read at all.
 */
export function readPayload(bytes: Uint8Array): PayloadContent {
  return readWritten(bytes) ?? readAny(bytes);
}

/**
 * The text that gcloud writes, character by character, with plain ASCII as the reference: there is no other way to read it.
 * Nearly every payload is one, and parsing takes several times as long.
 */
const WRITTEN = new RegExp(
  `^${payloadText("@", "sha256:@")
    .replace(/[{}.]/g, "\\$&")
    .replace("sha256:@", "(sha256:[0-9a-f]{64})")
    .replace("@", "[ !#-[\\]-~]*")}$`,
);

function readWritten(bytes: Uint8Array): PayloadContent | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const digest = WRITTEN.exec(text)?.[1];
  return digest === undefined ? undefined : { ok: true, digest, type: PAYLOAD_TYPE };
}

function readAny(bytes: Uint8Array): PayloadContent {
  const text = utf8(bytes);
  if (text === undefined) {
    return unreadable("is not UTF-8");
  }
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return unreadable("is not JSON");
  }
  const ambiguity = ambiguityOf(text);
  if (ambiguity !== undefined) {
    return unreadable(ambiguity);
  }
  const critical = member(root, "critical");
  const digest = member(member(critical, "image"), "docker-manifest-digest");
  if (typeof digest !== "string" || !isDigest(digest)) {
    return unreadable(NO_DIGEST);
  }
  const type = member(critical, "type");
  return { ok: true, digest, ...(typeof type === "string" && { type }) };
}

const NO_DIGEST = "has no digest at critical.image.docker-manifest-digest";

function unreadable(error: string): PayloadContent {
  return { ok: false, error };
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** A member that an object has itself; what it inherits, or an array has, does not count. */
function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

/** Why valid JSON is not taken; undefined where it is. */
function ambiguityOf(json: string): string | undefined {
  // The keys of each open object; arrays have none.
  const open: Set<string>[] = [];
  let last = "";
  for (const [token] of json.matchAll(/"(?:[^"\\]+|\\.)*"|[{}[\]:]/g)) {
    if (token === "{" || token === "[") {
      open.push(new Set());
      if (open.length > MAX_DEPTH) {
        return `is nested more than ${MAX_DEPTH} deep`;
      }
    } else if (token === "}" || token === "]") {
      open.pop();
    } else if (token === ":") {
      const keys = open[open.length - 1];
      const key = JSON.parse(last) as string;
      if (keys.has(key)) {
        return "has a key twice";
      }
      keys.add(key);
    } else {
      last = token;
    }
  }
  return undefined;
}
