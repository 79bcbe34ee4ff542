import { constants, verify } from "node:crypto";
import { keyMismatch, parsePublicKey } from "../vocabulary/public-key";
import { SigningAlgorithm } from "../vocabulary/signing-algorithm";
import { memoized, Recent } from "./memo";
import type { SignatureVerifier } from "./types";

/** Checks one signature by a key that was read. */
type Check = (data: Uint8Array, signature: Uint8Array) => boolean;

const KEYS = { entries: 1024, keyLength: 16 * 1024 };

/** How many results are remembered. */
const RESULTS = 8192;

/**
 * In bytes, of data and signature together: a payload has about 300, a signature at most 512. What is longer is verified
 * each time, so that the memory stays bounded.
 */
const LONGEST = 4096;

/** What was asked, and the answer; it counts only for the same key and equal bytes. */
interface Remembered {
  readonly check: Check;
  readonly data: Buffer;
  readonly signature: Buffer;
  readonly result: boolean;
}

/**
 * Verifies with node:crypto. An algorithm that Binary Authorization does not know, text that is no key, and a key that
 * does not fit its algorithm verify nothing. It never throws.
 *
 * It remembers the keys it has read, and the results of what was byte-equal: key, algorithm, data and signature.
 */
export function nodeVerifier(): SignatureVerifier {
  const readers = new Map(
    SigningAlgorithm.values().map((algorithm) => [algorithm, memoized(KEYS, (pem) => checkWith(pem, algorithm))]),
  );
  const results = new Recent<Remembered>(RESULTS);
  return {
    verify({ publicKeyPem, algorithm, data, signature }) {
      try {
        const named = SigningAlgorithm._named(algorithm);
        const check = named && readers.get(named)?.(publicKeyPem);
        if (!check) {
          return false;
        }
        const [asked, signed] = [buffer(data), buffer(signature)];
        const place = placeOf(signed);
        const last = results.get(place);
        if (last?.check === check && last.signature.equals(signed) && last.data.equals(asked)) {
          return last.result;
        }
        const result = check(asked, signed);
        if (asked.length + signed.length <= LONGEST) {
          results.set(place, { check, data: Buffer.from(asked), signature: Buffer.from(signed), result });
        }
        return result;
      } catch {
        return false;
      }
    },
  };
}

/** A number of 30 bits: the last bytes of a signature differ from one to the next. */
function placeOf(signature: Buffer): number {
  return signature.length < 4 ? 0 : signature.readUInt32LE(signature.length - 4) & 0x3fffffff;
}

/** The same bytes as a buffer. */
function buffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function checkWith(pem: string, algorithm: SigningAlgorithm): Check {
  const parsed = parsePublicKey(pem);
  if ("error" in parsed || keyMismatch(parsed.key, algorithm)) {
    return () => false;
  }
  const { key } = parsed;
  const hash = algorithm.kmsName.slice(algorithm.kmsName.lastIndexOf("SHA")).toLowerCase();
  const padding = algorithm.kmsName.includes("PSS")
    ? // KMS salts with as many bytes as the digest has, other signers with as many as fit.
      { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
    : {};
  const options = { key, dsaEncoding: "der" as const, ...padding };
  return (data, signature) => verify(hash, data, options, signature);
}
