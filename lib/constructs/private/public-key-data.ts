import { DataGoogleKmsCryptoKeyVersion } from "@cdktf/provider-google/lib/data-google-kms-crypto-key-version";
import { Lazy, type TerraformProvider } from "cdktf";
import type { IConstruct } from "constructs";
import { KEY_VERSION_FORM, parseKeyVersionName } from "../../vocabulary/resource-name";
import type { SigningAlgorithm } from "../../vocabulary/signing-algorithm";
import { fixAddress, getOrCreate, logicalId, stackChild } from "./addressing";

/** A key version whose public key is wanted. */
export interface WantedPublicKey {
  /** The full name of the version. */
  readonly name: string;
  readonly algorithm: SigningAlgorithm;
  readonly provider?: TerraformProvider;
  /** The address of the version's resource while it is in the same stack. */
  readonly madeBy: () => string | undefined;
}

/**
 * The public key of a version, read by a data source in the stack that needs it: a PEM handed across stacks would become
 * a sensitive output. Returns the reference to it.
 */
export function publicKeyOf(scope: IConstruct, wanted: WantedPublicKey): string {
  const parts = parseKeyVersionName(wanted.name);
  if (!parts) {
    throw new Error(`not a key version: ${wanted.name}; allowed: ${KEY_VERSION_FORM}`);
  }
  const suffix = `/cryptoKeyVersions/${parts.version}`;
  const keys = stackChild(scope, "PublicKeys");
  const id = logicalId(parts.project, parts.location, parts.keyRing, parts.key, String(parts.version));
  const { kmsName } = wanted.algorithm;
  getOrCreate(keys, id, () =>
    fixAddress(
      new DataGoogleKmsCryptoKeyVersion(keys, id, {
        // A reference to the version's computed name, and no depends_on: the data source waits for a new version, but a
        // change elsewhere on the key (a label) does not make the public key unknown at plan.
        cryptoKey: Lazy.stringValue({
          produce: () => {
            const address = wanted.madeBy();
            return address ? `\${trimsuffix(${address}.name, "${suffix}")}` : wanted.name.slice(0, -suffix.length);
          },
        }),
        version: parts.version,
        // Where the version has a resource, that one checks the algorithm. A condition here would make Terraform put the
        // reading off to the apply whenever the key has any change.
        lifecycle: wanted.madeBy()
          ? undefined
          : {
              postcondition: [
                {
                  condition: `\${self.public_key[0].algorithm == "${kmsName}"}`,
                  errorMessage: `${wanted.name} is declared with algorithm ${kmsName}, but has another one; an attestor with the wrong algorithm would verify nothing.`,
                },
              ],
            },
        provider: wanted.provider,
      }),
      id,
    ),
  );
  return `\${data.google_kms_crypto_key_version.${id}.public_key[0].pem}`;
}
