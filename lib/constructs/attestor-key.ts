import type { IConstruct } from "constructs";
import { ProblemCode, show } from "../vocabulary/problem";
import { keyMismatch, parsePublicKey, publicKeyDigestId } from "../vocabulary/public-key";
import type { SigningAlgorithm } from "../vocabulary/signing-algorithm";
import { Refusals } from "./private/refusals";

/** One public key as an attestor carries it. */
export interface AttestorPublicKey {
  /** The id by which attestations refer to the key, a URI. */
  readonly id: string;
  /** The public key as PEM, or a reference to it in the same stack. */
  readonly publicKeyPem: string;
  /** The algorithm that signatures are verified with. */
  readonly algorithm: SigningAlgorithm;
  /**
   * Free text, shown in the console.
   * @default - none
   */
  readonly comment?: string;
}

/** Something that has public keys for an attestor: a trust root, or a key given as PEM. */
export interface IAttestorKeySource {
  /**
   * The keys, in an order that only ever grows at its end.
   * @param scope the attestor that is going to carry them; references are made for its stack
   */
  publicKeysIn(scope: IConstruct): AttestorPublicKey[];
}

/** A public key given as text. */
export interface AttestorKeyOptions {
  /** The public key as PEM (`-----BEGIN PUBLIC KEY-----`, SubjectPublicKeyInfo). */
  readonly publicKeyPem: string;

  /** The algorithm that the holder of the private key signs with. */
  readonly algorithm: SigningAlgorithm;

  /**
   * The id by which attestations refer to the key: a URI (RFC 3986), compared literally.
   * @default - `ni:///sha-256;…` over the key, as Binary Authorization computes it
   */
  readonly id?: string;

  /**
   * Free text, shown in the console.
   * @default - none
   */
  readonly comment?: string;
}

// RFC 3986, section 3: a scheme and then characters of URIs only.
const URI = /^[a-zA-Z][a-zA-Z0-9+.-]*:[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/;

/** A public key whose private half is not in Cloud KMS, or not managed here. */
export class AttestorKey implements IAttestorKeySource {
  /**
   * A key given as PEM.
   *
   * Throws `INVALID_PUBLIC_KEY` where the text is no public key or does not fit the algorithm.
   *
   * @param options the key and its algorithm
   */
  public static fromPem(options: AttestorKeyOptions): AttestorKey {
    const refusals = new Refusals("AttestorKey.fromPem");
    checkPem(refusals, "publicKeyPem", options.publicKeyPem, options.algorithm);
    if (options.id !== undefined && refusals.literal("id", options.id) && !isKeyId(options.id)) {
      refusals.add(
        ProblemCode.INVALID_PUBLIC_KEY,
        `"id" is no URI, got ${show(options.id)}; allowed: a URI such as "//cloudkms.googleapis.com/v1/projects/…" or "ni:///sha-256;…"`,
      );
    }
    refusals.throwIfAny();
    return new AttestorKey(options);
  }

  private constructor(private readonly options: AttestorKeyOptions) {}

  public publicKeysIn(_scope: IConstruct): AttestorPublicKey[] {
    const { publicKeyPem, algorithm, comment } = this.options;
    return [{ id: this.options.id ?? defaultId(publicKeyPem), publicKeyPem, algorithm, comment }];
  }
}

/** Refuses text that is no public key of the algorithm. */
export function checkPem(refusals: Refusals, property: string, pem: string, algorithm: SigningAlgorithm): void {
  if (!refusals.literal(property, pem)) {
    return;
  }
  const parsed = parsePublicKey(pem);
  const error = "error" in parsed ? parsed.error : keyMismatch(parsed.key, algorithm);
  if (error) {
    refusals.add(
      ProblemCode.INVALID_PUBLIC_KEY,
      `"${property}" ${error}; allowed: a PEM of a public key (-----BEGIN PUBLIC KEY-----) for ${algorithm.kmsName}`,
    );
  }
}

function isKeyId(id: string): boolean {
  return id.startsWith("//") ? URI.test(`https:${id}`) : URI.test(id);
}

function defaultId(pem: string): string {
  const parsed = parsePublicKey(pem);
  return "key" in parsed ? publicKeyDigestId(parsed.key) : "";
}
