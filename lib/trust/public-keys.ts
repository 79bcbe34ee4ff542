import { kmsKeyId, parseKeyVersionName } from "../vocabulary/resource-name";
import { type AttestorKey, type KeyMaterial, known, type TrustModel } from "./model";

/** A public key that is known from elsewhere. */
export interface KnownPublicKey {
  /** The id that signatures by it name: for a key of Cloud KMS its URL, see `kmsKeyId`. */
  readonly keyId: string;
  readonly publicKey: KeyMaterial;
  /** The name of the Binary Authorization API: `ECDSA_P256_SHA256`; left out where the model's own is to stay. */
  readonly algorithm?: string;
}

/**
 * The id that signatures by a key name. An attestor that has a version of Cloud KMS under its bare name is a mistake that
 * Terraform invites: gcloud signs with the full URL, and nothing it signs verifies.
 */
export function signedAs(id: string): string {
  return parseKeyVersionName(id) ? kmsKeyId(id) : id;
}

/** A copy of the model in which a public key is that of its id, in key versions and attestors alike. */
export function withPublicKey(model: TrustModel, { keyId, publicKey, algorithm }: KnownPublicKey): TrustModel {
  const material = known(publicKey);
  const replaced = (key: AttestorKey): AttestorKey =>
    key.type === "pkix" && key.id.state === "known" && signedAs(key.id.value) === keyId
      ? { ...key, material, ...(algorithm !== undefined && { algorithm: known(algorithm) }) }
      : key;
  return {
    ...model,
    keyVersions: model.keyVersions.map((version) =>
      kmsKeyId(version.name) === keyId ? { ...version, publicKey: material } : version,
    ),
    attestors: model.attestors.map((attestor) => {
      const { publicKeys } = attestor;
      return publicKeys.state === "known"
        ? { ...attestor, publicKeys: known(publicKeys.value.map(replaced)) }
        : attestor;
    }),
  };
}
