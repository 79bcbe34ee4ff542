import { ProblemCode, ProblemError, show } from "./problem";

/** What a public key has to be for an algorithm. */
export interface KeyShape {
  readonly type: "rsa" | "ec";
  /** Modulus length in bits, for RSA. */
  readonly modulusLength?: number;
  /** OpenSSL's name of the curve, for EC. */
  readonly namedCurve?: string;
}

/**
 * A signing algorithm that Binary Authorization verifies.
 *
 * Cloud KMS and the Binary Authorization API name some of them differently (`EC_SIGN_P256_SHA256` and
 * `ECDSA_P256_SHA256`); both names are understood, and each resource is written with the name that its API answers
 * with, so that a second plan is empty.
 *
 * Source: https://docs.cloud.google.com/binary-authorization/docs/reference/rest/v1/projects.attestors#signaturealgorithm
 */
export class SigningAlgorithm {
  /** ECDSA on P-256 with SHA-256: recommended by Google, small signatures, the default. */
  public static readonly EC_SIGN_P256_SHA256 = SigningAlgorithm.ec("EC_SIGN_P256_SHA256", "prime256v1", true);
  /** ECDSA on P-384 with SHA-384. */
  public static readonly EC_SIGN_P384_SHA384 = SigningAlgorithm.ec("EC_SIGN_P384_SHA384", "secp384r1", true);
  /** ECDSA on P-521 with SHA-512: verified by attestors, not offered by Cloud KMS; for keys given as PEM only. */
  public static readonly EC_SIGN_P521_SHA512 = SigningAlgorithm.ec("EC_SIGN_P521_SHA512", "secp521r1", false);
  /** RSASSA-PKCS1-v1_5, 2048 bit, SHA-256. */
  public static readonly RSA_SIGN_PKCS1_2048_SHA256 = SigningAlgorithm.rsa("RSA_SIGN_PKCS1_2048_SHA256");
  /** RSASSA-PKCS1-v1_5, 3072 bit, SHA-256. */
  public static readonly RSA_SIGN_PKCS1_3072_SHA256 = SigningAlgorithm.rsa("RSA_SIGN_PKCS1_3072_SHA256");
  /** RSASSA-PKCS1-v1_5, 4096 bit, SHA-256. */
  public static readonly RSA_SIGN_PKCS1_4096_SHA256 = SigningAlgorithm.rsa("RSA_SIGN_PKCS1_4096_SHA256");
  /** RSASSA-PKCS1-v1_5, 4096 bit, SHA-512. */
  public static readonly RSA_SIGN_PKCS1_4096_SHA512 = SigningAlgorithm.rsa("RSA_SIGN_PKCS1_4096_SHA512");
  /** RSASSA-PSS, 2048 bit, SHA-256. */
  public static readonly RSA_SIGN_PSS_2048_SHA256 = SigningAlgorithm.rsa("RSA_SIGN_PSS_2048_SHA256");
  /** RSASSA-PSS, 3072 bit, SHA-256. */
  public static readonly RSA_SIGN_PSS_3072_SHA256 = SigningAlgorithm.rsa("RSA_SIGN_PSS_3072_SHA256");
  /** RSASSA-PSS, 4096 bit, SHA-256. */
  public static readonly RSA_SIGN_PSS_4096_SHA256 = SigningAlgorithm.rsa("RSA_SIGN_PSS_4096_SHA256");
  /** RSASSA-PSS, 4096 bit, SHA-512. */
  public static readonly RSA_SIGN_PSS_4096_SHA512 = SigningAlgorithm.rsa("RSA_SIGN_PSS_4096_SHA512");

  /** Every algorithm, in the order of this class. */
  public static values(): SigningAlgorithm[] {
    return [
      SigningAlgorithm.EC_SIGN_P256_SHA256,
      SigningAlgorithm.EC_SIGN_P384_SHA384,
      SigningAlgorithm.EC_SIGN_P521_SHA512,
      SigningAlgorithm.RSA_SIGN_PKCS1_2048_SHA256,
      SigningAlgorithm.RSA_SIGN_PKCS1_3072_SHA256,
      SigningAlgorithm.RSA_SIGN_PKCS1_4096_SHA256,
      SigningAlgorithm.RSA_SIGN_PKCS1_4096_SHA512,
      SigningAlgorithm.RSA_SIGN_PSS_2048_SHA256,
      SigningAlgorithm.RSA_SIGN_PSS_3072_SHA256,
      SigningAlgorithm.RSA_SIGN_PSS_4096_SHA256,
      SigningAlgorithm.RSA_SIGN_PSS_4096_SHA512,
    ];
  }

  /**
   * The algorithm of a name, in the form of Cloud KMS or of the Binary Authorization API.
   *
   * Throws `UNSUPPORTED_ALGORITHM` for every other name: Ed25519, secp256k1, raw RSA and the post-quantum algorithms of
   * Cloud KMS cannot be verified by Binary Authorization.
   *
   * @param name for example `EC_SIGN_P256_SHA256` or `ECDSA_P256_SHA256`
   */
  public static of(name: string): SigningAlgorithm {
    const found = SigningAlgorithm._named(name);
    if (!found) {
      throw new ProblemError([
        {
          code: ProblemCode.UNSUPPORTED_ALGORITHM,
          constructPath: "SigningAlgorithm.of",
          message: `Binary Authorization verifies no signature of algorithm ${show(name)}; allowed: ${SigningAlgorithm.values()
            .map((algorithm) => algorithm.kmsName)
            .join(", ")}`,
        },
      ]);
    }
    return found;
  }

  /**
   * The algorithm of a name in either form; undefined for every other name.
   * @internal
   */
  public static _named(name: string): SigningAlgorithm | undefined {
    return BY_NAME.get(name);
  }

  private static ec(kmsName: string, namedCurve: string, inKms: boolean): SigningAlgorithm {
    return new SigningAlgorithm(kmsName, kmsName.replace("EC_SIGN_", "ECDSA_"), inKms, { type: "ec", namedCurve });
  }

  private static rsa(kmsName: string): SigningAlgorithm {
    const modulusLength = Number(kmsName.split("_")[3]);
    return new SigningAlgorithm(kmsName, kmsName.replace("RSA_SIGN_PSS_", "RSA_PSS_"), true, {
      type: "rsa",
      modulusLength,
    });
  }

  /** The name in Cloud KMS, for example `EC_SIGN_P256_SHA256`. */
  public readonly kmsName: string;
  /** The name that the Binary Authorization API answers with, for example `ECDSA_P256_SHA256`. */
  public readonly attestorName: string;
  /** Whether Cloud KMS offers keys of this algorithm. */
  public readonly inKms: boolean;
  /** @internal */
  public readonly _keyShape: KeyShape;

  private constructor(kmsName: string, attestorName: string, inKms: boolean, keyShape: KeyShape) {
    this.kmsName = kmsName;
    this.attestorName = attestorName;
    this.inKms = inKms;
    this._keyShape = keyShape;
  }

  /** The name in Cloud KMS. */
  public toString(): string {
    return this.kmsName;
  }
}

const BY_NAME: ReadonlyMap<string, SigningAlgorithm> = new Map(
  SigningAlgorithm.values().flatMap((algorithm): [string, SigningAlgorithm][] => [
    [algorithm.kmsName, algorithm],
    [algorithm.attestorName, algorithm],
  ]),
);
