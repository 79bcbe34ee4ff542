import { constants, verify } from "node:crypto";
import { keyMismatch, parsePublicKey } from "../vocabulary/public-key";
import { SigningAlgorithm } from "../vocabulary/signing-algorithm";
import { memoized } from "./memo";
import type { SignatureVerifier } from "./types";

/** Checks one signature by a key that was read. */
type Check = (data: Uint8Array, signature: Uint8Array) => boolean;

const KEYS = { entries: 256, keyLength: 16 * 1024 };
const RESULTS = { entries: 4096, keyLength: 64 };

/**
 * In bytes, of data and signature together: a payload has about 300, a signature at most 512. What is longer is verified
 * each time, so that the memory stays bounded.
 */
const LONGEST = 4096;

/** Where a result is kept: under the key and the last bytes of the signature, which differ from one to the next. */
const TAIL = 16;

/** What was asked last under that name, and the answer; it counts only for equal bytes. */
interface Slot {
  last?: { readonly data: Buffer; readonly signature: Buffer; readonly result: boolean };
}

/**
 * Verifies with node:crypto. An algorithm that Binary Authorization does not know, text that is no key, and a key that
 * does not fit its algorithm verify nothing. It never throws.
 *
 * It remembers the keys it has read, and the results of what was byte-equal: key, algorithm, data and signature.
 */
export function nodeVerifier(): SignatureVerifier {
  let keys = 0;
  const readers = new Map(
    SigningAlgorithm.values().map((algorithm) => [algorithm, memoized(KEYS, keyReader(algorithm))]),
  );
  const slots = memoized(RESULTS, (): Slot => ({}));
  function keyReader(algorithm: SigningAlgorithm) {
    return (pem: string) => {
      keys += 1;
      return { id: `${keys} `, check: checkWith(pem, algorithm) };
    };
  }
  return {
    verify({ publicKeyPem, algorithm, data, signature }) {
      try {
        const named = SigningAlgorithm._named(algorithm);
        const key = named && readers.get(named)?.(publicKeyPem);
        if (!key) {
          return false;
        }
        const [asked, signed] = [buffer(data), buffer(signature)];
        const slot = slots(key.id + signed.toString("latin1", Math.max(0, signed.length - TAIL)));
        if (slot.last?.signature.equals(signed) && slot.last.data.equals(asked)) {
          return slot.last.result;
        }
        const result = key.check(asked, signed);
        if (asked.length + signed.length <= LONGEST) {
          slot.last = { data: Buffer.from(asked), signature: Buffer.from(signed), result };
        }
        return result;
      } catch {
        return false;
      }
    },
  };
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
