import { SigningAlgorithm } from "../vocabulary/signing-algorithm";

/** The protection level of a key. A change of it would replace the key, which `prevent_destroy` stops. */
export enum ProtectionLevel {
  /** The key is made in, and never leaves, a hardware security module. */
  HSM = "HSM",
  /** The key is kept by Cloud KMS in software. */
  SOFTWARE = "SOFTWARE",
}

/** What a version of a signing key is for. */
export enum KeyVersionState {
  /** Pipelines sign with it, and attestors trust it. Exactly one version is in this state. */
  SIGNING = "SIGNING",
  /** Attestors trust it, nobody signs with it: a version that is coming, or one that is going. */
  TRUSTED = "TRUSTED",
  /** Disabled, and no longer trusted by attestors: nothing signed with it alone is admitted. */
  RETIRED = "RETIRED",
  /** Scheduled for destruction. The entry stays, so that the number is never expected again. */
  DESTROYED = "DESTROYED",
  /** A number that exists, but is not managed here: made by hand, or by another program. */
  UNMANAGED = "UNMANAGED",
}

/** The number of a version that is no longer, or never was, managed here. */
export interface KeyVersionNumber {
  /** The number that Cloud KMS gave the version, counted from 1. */
  readonly number: number;

  /**
   * The algorithm of the version, for the key's template: it carries that of the highest number.
   * @default - the version does not count for the template
   */
  readonly algorithm?: SigningAlgorithm;
}

/** A version of a signing key. */
export interface KeyVersionOptions {
  /**
   * The number that Cloud KMS gives the version, counted from 1. It is checked when Terraform runs, and is no part of
   * the address: correcting it moves nothing.
   */
  readonly number: number;

  /**
   * The algorithm of the version.
   * @default SigningAlgorithm.EC_SIGN_P256_SHA256
   */
  readonly algorithm?: SigningAlgorithm;

  /**
   * The public key as PEM (`-----BEGIN PUBLIC KEY-----`), pinned after the first apply: attestors then need no data
   * source, plans stay decidable, and a version disabled by hand in an emergency does not break them.
   * @default - read from Cloud KMS whenever Terraform plans
   */
  readonly publicKeyPem?: string;

  /**
   * Whether the version exists already and is imported.
   * @default - as the trust root says
   */
  readonly adopt?: boolean;
}

/**
 * One version of a signing key, as data. Its `id` is its address in Terraform and never changes; its state does.
 *
 * @exampleMetadata fixture=part
 * @example
 * const versions = [
 *   KeyVersion.trusted("first", { number: 1, algorithm: SigningAlgorithm.RSA_SIGN_PKCS1_4096_SHA512 }),
 *   KeyVersion.signing("second", { number: 2 }),
 * ];
 */
export class KeyVersion {
  /**
   * The version that pipelines sign with.
   * @param id the caller's name of the version: letters, digits and hyphens; it is its address
   * @param options its number and algorithm
   */
  public static signing(id: string, options: KeyVersionOptions): KeyVersion {
    return KeyVersion.managed(KeyVersionState.SIGNING, id, options);
  }

  /**
   * A version that attestors trust and nobody signs with: a standby, or one whose images still run.
   * @param id the caller's name of the version: letters, digits and hyphens; it is its address
   * @param options its number and algorithm
   */
  public static trusted(id: string, options: KeyVersionOptions): KeyVersion {
    return KeyVersion.managed(KeyVersionState.TRUSTED, id, options);
  }

  /**
   * A version that is disabled and that attestors no longer trust. It can be enabled again with gcloud.
   * @param id the caller's name of the version: letters, digits and hyphens; it is its address
   * @param options its number and algorithm
   */
  public static retired(id: string, options: KeyVersionOptions): KeyVersion {
    return KeyVersion.managed(KeyVersionState.RETIRED, id, options);
  }

  /**
   * A version whose resource is dropped, and that is so scheduled for destruction.
   * @param id the caller's name of the version, unchanged
   * @param options its number
   */
  public static destroyed(id: string, options: KeyVersionNumber): KeyVersion {
    return new KeyVersion(KeyVersionState.DESTROYED, id, options.number, options.algorithm, undefined, false);
  }

  /**
   * A number that belongs to a version made by hand or elsewhere: neither managed nor trusted here.
   * @param id the caller's name of the version
   * @param options its number
   */
  public static unmanaged(id: string, options: KeyVersionNumber): KeyVersion {
    return new KeyVersion(KeyVersionState.UNMANAGED, id, options.number, options.algorithm, undefined, false);
  }

  private static managed(state: KeyVersionState, id: string, options: KeyVersionOptions): KeyVersion {
    const algorithm = options.algorithm ?? SigningAlgorithm.EC_SIGN_P256_SHA256;
    return new KeyVersion(state, id, options.number, algorithm, options.publicKeyPem, options.adopt);
  }

  /** What the version is for. */
  public readonly state: KeyVersionState;
  /** The caller's name of the version. */
  public readonly id: string;
  /** The number that Cloud KMS gave, or will give, the version. */
  public readonly number: number;
  /** The algorithm of the version; of a version that is not managed only if it was given. */
  public readonly algorithm?: SigningAlgorithm;
  /** The pinned public key. */
  public readonly publicKeyPem?: string;
  /** Whether the version is imported; undefined where the trust root decides. */
  public readonly adopt?: boolean;

  private constructor(
    state: KeyVersionState,
    id: string,
    number: number,
    algorithm: SigningAlgorithm | undefined,
    publicKeyPem: string | undefined,
    adopt: boolean | undefined,
  ) {
    this.state = state;
    this.id = id;
    this.number = number;
    this.algorithm = algorithm;
    this.publicKeyPem = publicKeyPem;
    this.adopt = adopt;
  }

  /** Whether a resource stands for the version. */
  public get isManaged(): boolean {
    return this.state !== KeyVersionState.DESTROYED && this.state !== KeyVersionState.UNMANAGED;
  }

  /** Whether attestors trust what the version signed. */
  public get isTrusted(): boolean {
    return this.state === KeyVersionState.SIGNING || this.state === KeyVersionState.TRUSTED;
  }
}
