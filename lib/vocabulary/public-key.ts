import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import type { SigningAlgorithm } from "./signing-algorithm";

/** A public key that was read, or why it was not. */
export type ParsedPublicKey = { readonly key: KeyObject } | { readonly error: string };

const PEM = /^-----BEGIN PUBLIC KEY-----\r?\n[A-Za-z0-9+/=\r\n]+-----END PUBLIC KEY-----\s*$/;

/** Reads a PEM-encoded SubjectPublicKeyInfo, the only form Binary Authorization takes. */
export function parsePublicKey(pem: string): ParsedPublicKey {
  if (!PEM.test(pem)) {
    const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1];
    return { error: label && label !== "PUBLIC KEY" ? `is a PEM of a ${label}` : "is no PEM" };
  }
  try {
    const key = createPublicKey(pem);
    if (hasMore(pem)) {
      return { error: "is a PEM with bytes after the key" };
    }
    return isHybrid(key) ? { error: "is a PEM of an EC key in the hybrid form, which RFC 5480 forbids" } : { key };
  } catch {
    return { error: "is a PEM that holds no readable key" };
  }
}

/** Whether bytes follow the key in its PEM, which OpenSSL passes over: two texts would be one key. */
function hasMore(pem: string): boolean {
  const der = Buffer.from(pem.replace(/-----[A-Z ]+-----/g, ""), "base64");
  // A SEQUENCE: its length in one byte, or the number of bytes of the length and then those.
  const lengthBytes = der[1] < 0x80 ? 0 : der[1] & 0x7f;
  const length = lengthBytes === 0 ? der[1] : der.readUIntBE(2, lengthBytes);
  return der.length > 2 + lengthBytes + length;
}

/**
 * Whether the point of an EC key is written in the hybrid form: a second spelling of the same key, and so a second
 * fingerprint, that OpenSSL reads and RFC 5480 (2.2) forbids.
 */
function isHybrid(key: KeyObject): boolean {
  if (key.asymmetricKeyType !== "ec") {
    return false;
  }
  const der = key.export({ type: "spki", format: "der" });
  const coordinate = Buffer.from(key.export({ format: "jwk" }).x as string, "base64url").length;
  // The point comes last: its form, then two coordinates. A compressed one is shorter than that together with its header.
  const form = der[der.length - 1 - 2 * coordinate];
  return form === 6 || form === 7;
}

/** Why a key cannot belong to an algorithm; undefined where it fits. */
export function keyMismatch(key: KeyObject, algorithm: SigningAlgorithm): string | undefined {
  const wanted = algorithm._keyShape;
  const details = key.asymmetricKeyDetails ?? {};
  const found =
    key.asymmetricKeyType === "rsa"
      ? `an RSA key of ${details.modulusLength} bits`
      : key.asymmetricKeyType === "ec"
        ? `an EC key on ${details.namedCurve}`
        : `a key of type ${key.asymmetricKeyType}`;
  const fits =
    key.asymmetricKeyType === wanted.type &&
    (wanted.modulusLength === undefined || details.modulusLength === wanted.modulusLength) &&
    (wanted.namedCurve === undefined || details.namedCurve === wanted.namedCurve);
  return fits ? undefined : `is ${found}, which cannot sign with ${algorithm.kmsName}`;
}

/**
 * The id that Binary Authorization gives a key without one: RFC 6920 over the DER SubjectPublicKeyInfo.
 * Source: https://docs.cloud.google.com/binary-authorization/docs/making-attestations
 */
export function publicKeyDigestId(key: KeyObject): string {
  const der = key.export({ type: "spki", format: "der" });
  return `ni:///sha-256;${createHash("sha256").update(der).digest("base64url")}`;
}
