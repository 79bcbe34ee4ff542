import { KmsCryptoKey } from "@cdktf/provider-google/lib/kms-crypto-key";
import { KmsCryptoKeyVersion } from "@cdktf/provider-google/lib/kms-crypto-key-version";
import type { KmsKeyRing } from "@cdktf/provider-google/lib/kms-key-ring";
import { type TerraformProvider, TerraformStack } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { parseKmsLocation } from "../vocabulary/location";
import { ProblemCode, show } from "../vocabulary/problem";
import {
  KEY_VERSION_FORM,
  KMS_NAME,
  keyName,
  kmsKeyId,
  parseKeyVersionName,
  keyRingName as ringName,
} from "../vocabulary/resource-name";
import type { SigningAlgorithm } from "../vocabulary/signing-algorithm";
import { type AttestorPublicKey, checkPem, type IAttestorKeySource } from "./attestor-key";
import { KeyVersion, KeyVersionState, ProtectionLevel } from "./key-version";
import { addressOf, claim, fixAddress, logicalId, unclaim, waitFor, waitForStack } from "./private/addressing";
import { enabledApi } from "./private/apis";
import { releaseBindings } from "./private/iam";
import { checkKeyVersions, KMS_ALGORITHMS } from "./private/key-version-rules";
import { resolveProject } from "./private/project";
import { publicKeyOf } from "./private/public-key-data";
import { pathOf, Refusals, warn } from "./private/refusals";
import { repeated } from "./private/repeated";
import { SharedKeyRing } from "./private/shared-key-ring";
import { forget, importExisting } from "./private/terraform-block";
import { TrustRootGrants } from "./trust-root-grants";

/** A signing key of Cloud KMS and the versions of it that are trusted. */
export interface ITrustRoot extends IConstruct, IAttestorKeySource {
  /** The full name of the key: `projects/P/locations/L/keyRings/R/cryptoKeys/K`. */
  readonly cryptoKeyId: string;
  /** The full name of the version that signs: `…/cryptoKeyVersions/N`. */
  readonly signingKeyVersion: string;
  /** The algorithm of the version that signs. */
  readonly signingAlgorithm: SigningAlgorithm;
  /** Opens the key to its users. */
  readonly grants: TrustRootGrants;
}

/** What a new, or adopted, signing key is made of. */
export interface TrustRootProps {
  /** The name of the key ring. Several trust roots of one stack may share a ring. Rings can never be deleted. */
  readonly keyRingName: string;

  /** The name of the key in its ring. Keys can never be deleted; their versions can be destroyed. */
  readonly keyName: string;

  /**
   * Where Cloud KMS keeps the key: `global`, a multi-region or a region. Attestors carry a copy of the public key, so
   * admission never asks Cloud KMS.
   */
  readonly location: string;

  /**
   * The versions of the key. Rotation is an edit of this list, see docs/rotation.md.
   * @default - one signing version "v1", number 1, EC_SIGN_P256_SHA256
   */
  readonly versions?: KeyVersion[];

  /**
   * Where the private key lives. A change would replace the key, and is stopped by `prevent_destroy`.
   * @default ProtectionLevel.HSM
   */
  readonly protectionLevel?: ProtectionLevel;

  /**
   * How long a destroyed version can still be restored, in seconds: 30 days are `2592000s`. From 1 to 120 days; it
   * cannot be changed later (https://docs.cloud.google.com/kms/docs/control-key-destruction).
   * @default - 30 days, by Cloud KMS
   */
  readonly destroyScheduledDuration?: string;

  /**
   * Labels of the key.
   * @default - none
   */
  readonly labels?: { readonly [key: string]: string };

  /**
   * Whether ring, key and versions exist already, made by hand or with gcloud, and are imported. A version declared
   * later says `adopt: false` for itself.
   * @default false
   */
  readonly adopt?: boolean;

  /**
   * Whether the key ring is created here; `false` for one that exists and is managed elsewhere.
   * @default true
   */
  readonly createKeyRing?: boolean;

  /**
   * Whether Terraform refuses to destroy ring, key and versions (`prevent_destroy`), see docs/teardown.md.
   * @default true
   */
  readonly deletionProtection?: boolean;

  /**
   * The project of the key.
   * @default - the literal project of the google provider
   */
  readonly project?: string;

  /**
   * Whether the API cloudkms.googleapis.com is enabled here; `false` where an organisation does it elsewhere.
   * @default true
   */
  readonly enableApis?: boolean;

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

/** A key version that exists, by its full name. */
export interface KeyVersionReference {
  /** The full name: `projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N`. */
  readonly name: string;

  /** Its algorithm; checked against Cloud KMS when Terraform plans, unless the public key is pinned. */
  readonly algorithm: SigningAlgorithm;

  /**
   * The public key as PEM.
   * @default - read from Cloud KMS whenever Terraform plans
   */
  readonly publicKeyPem?: string;
}

/** The versions of a key that is managed elsewhere. */
export interface KeyVersionsAttributes {
  /** The version that pipelines sign with. */
  readonly signing: KeyVersionReference;

  /**
   * Further versions of the same key that attestors trust.
   * @default - none
   */
  readonly trusted?: KeyVersionReference[];

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

abstract class TrustRootBase extends Construct implements ITrustRoot {
  public abstract readonly cryptoKeyId: string;
  public abstract readonly signingKeyVersion: string;
  public abstract readonly signingAlgorithm: SigningAlgorithm;
  public abstract readonly grants: TrustRootGrants;
  public abstract publicKeysIn(scope: IConstruct): AttestorPublicKey[];
}

/**
 * A key of Cloud KMS that signs attestations, and the versions of it that are trusted.
 *
 * Creates a key ring, a key of purpose `ASYMMETRIC_SIGN` and one resource for each version. Every version is checked when
 * Terraform runs: that it has the declared number and algorithm. Nothing here rotates by itself: Cloud KMS does not
 * rotate asymmetric keys (https://docs.cloud.google.com/kms/docs/key-rotation).
 */
export class TrustRoot extends TrustRootBase {
  /**
   * A key that is managed elsewhere, by the full names of its versions.
   *
   * @param scope the construct's parent
   * @param id the construct's id
   * @param attributes the versions, all of one key
   */
  public static fromKeyVersions(scope: Construct, id: string, attributes: KeyVersionsAttributes): ITrustRoot {
    return new ImportedTrustRoot(scope, id, attributes);
  }

  /** The project of the key. */
  public readonly project: string;
  /** The location of the key. */
  public readonly location: string;
  /** The name of the key ring. */
  public readonly keyRingName: string;
  /** The name of the key in its ring. */
  public readonly keyName: string;
  public readonly cryptoKeyId: string;
  public readonly signingKeyVersion: string;
  public readonly signingAlgorithm: SigningAlgorithm;
  /** The versions, in the order of their numbers. */
  public readonly versions: KeyVersion[];
  public readonly grants: TrustRootGrants;
  /** The resource of the key ring; undefined where it is managed elsewhere. */
  public readonly keyRing?: KmsKeyRing;
  /** The resource of the key. */
  public readonly cryptoKey: KmsCryptoKey;

  private readonly versionResources = new Map<string, KmsCryptoKeyVersion>();
  private readonly sharedKeyRing?: SharedKeyRing;
  private readonly provider?: TerraformProvider;
  private released = false;

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props the key
   */
  public constructor(scope: Construct, id: string, props: TrustRootProps) {
    super(scope, id);
    const versions = [...(props.versions ?? [KeyVersion.signing("v1", { number: 1 })])].sort(
      (a, b) => a.number - b.number,
    );
    this.project = validate(scope, id, props, versions);
    this.location = props.location;
    this.keyRingName = props.keyRingName;
    this.keyName = props.keyName;
    this.provider = props.provider;
    this.versions = versions;
    this.cryptoKeyId = keyName(this.project, this.location, this.keyRingName, this.keyName);
    claim(this, "key", this.cryptoKeyId);
    warnOfUnknownRegion(this, this.location);

    const signing = versions.find((version) => version.state === KeyVersionState.SIGNING) as KeyVersion;
    this.signingKeyVersion = `${this.cryptoKeyId}/cryptoKeyVersions/${signing.number}`;
    this.signingAlgorithm = signing.algorithm as SigningAlgorithm;

    const protect = props.deletionProtection !== false;
    const api = enabledApi(this, "cloudkms", { ...props, project: this.project });
    if (props.createKeyRing !== false) {
      this.sharedKeyRing = SharedKeyRing.of(this, {
        project: this.project,
        location: this.location,
        keyRingName: this.keyRingName,
        protect,
        adopt: props.adopt === true,
        provider: props.provider,
      });
      this.keyRing = this.sharedKeyRing.resource;
      waitFor(this.keyRing, api);
    }
    this.cryptoKey = this.createKey(props, protect);
    waitFor(this.cryptoKey, this.keyRing, api);
    this.createVersions(props, protect);
    this.grants = TrustRootGrants._of({
      scope: this,
      cryptoKeyId: this.cryptoKeyId,
      provider: props.provider,
      after: () => [this.cryptoKey],
      released: () => this.released,
    });
  }

  public publicKeysIn(scope: IConstruct): AttestorPublicKey[] {
    waitForStack(scope, this);
    return this.versions
      .filter((version) => version.isTrusted)
      .map((version) => {
        const name = `${this.cryptoKeyId}/cryptoKeyVersions/${version.number}`;
        const algorithm = version.algorithm as SigningAlgorithm;
        const publicKeyPem = version.publicKeyPem ?? this.readPublicKey(scope, version, name, algorithm);
        return { id: kmsKeyId(name), publicKeyPem, algorithm };
      });
  }

  /**
   * The resource of a version; undefined for one that is destroyed or not managed here.
   * @param versionId the caller's name of the version
   */
  public keyVersionResource(versionId: string): KmsCryptoKeyVersion | undefined {
    return this.versionResources.get(versionId);
  }

  /**
   * Leaves key ring, key, versions and what was granted on the key alone from now on: the next apply forgets them and
   * destroys nothing. The key can then be declared in another stack with `adopt`. Terraform 1.7 or newer.
   */
  public release(): void {
    if (this.released) {
      return;
    }
    this.released = true;
    unclaim(this);
    releaseBindings(this);
    forget(...this.versionResources.values(), this.cryptoKey);
    this.sharedKeyRing?.release(this);
  }

  private createKey(props: TrustRootProps, protect: boolean): KmsCryptoKey {
    // The template is for the next version: it carries the algorithm of the highest number.
    const template = [...this.versions].reverse().find((version) => version.algorithm !== undefined) as KeyVersion;
    const key = fixAddress(
      new KmsCryptoKey(this, "CryptoKey", {
        name: this.keyName,
        keyRing: ringName(this.project, this.location, this.keyRingName),
        purpose: "ASYMMETRIC_SIGN",
        versionTemplate: {
          algorithm: (template.algorithm as SigningAlgorithm).kmsName,
          protectionLevel: props.protectionLevel ?? ProtectionLevel.HSM,
        },
        // Every version has a resource, the first one too. An adopted key has its versions already.
        skipInitialVersionCreation: props.adopt ? undefined : true,
        destroyScheduledDuration: props.destroyScheduledDuration,
        labels: props.labels,
        lifecycle: protect ? { preventDestroy: true } : undefined,
        provider: props.provider,
      }),
      logicalId(this.project, this.location, this.keyRingName, this.keyName),
    );
    if (props.adopt) {
      importExisting(key, this.cryptoKeyId);
    }
    return key;
  }

  private createVersions(props: TrustRootProps, protect: boolean): void {
    let previous: KmsCryptoKeyVersion | undefined;
    for (const version of this.versions.filter((candidate) => candidate.isManaged)) {
      const resource = this.createVersion(version, props, protect);
      // One after the other: Cloud KMS counts in the order of creation.
      waitFor(resource, this.cryptoKey, previous);
      this.versionResources.set(version.id, resource);
      previous = resource;
    }
  }

  private createVersion(version: KeyVersion, props: TrustRootProps, protect: boolean): KmsCryptoKeyVersion {
    const suffix = `/cryptoKeyVersions/${version.number}`;
    const algorithm = (version.algorithm as SigningAlgorithm).kmsName;
    const where = `key version "${version.id}" of ${this.cryptoKeyId}`;
    const resource = fixAddress(
      new KmsCryptoKeyVersion(this, `Version-${version.id}`, {
        cryptoKey: this.cryptoKeyId,
        // Never written ENABLED: that would switch a version on again that was disabled by hand in an emergency.
        state: version.state === KeyVersionState.RETIRED ? "DISABLED" : undefined,
        lifecycle: {
          preventDestroy: protect ? true : undefined,
          postcondition: [
            {
              condition: `\${endswith(self.name, "${suffix}")}`,
              errorMessage: `${where} is declared as number ${version.number}, but Cloud KMS gave it another one. Look it up with "gcloud kms keys versions list" and correct the number in the program: the address stays, nothing is replaced.`,
            },
            {
              condition: `\${self.algorithm == "${algorithm}"}`,
              errorMessage: `${where} is declared with algorithm ${algorithm}, but was made with another one. A version keeps the algorithm that the key's template had when it was made: declare the real one, or add a version.`,
            },
          ],
        },
        provider: props.provider,
      }),
      logicalId(this.project, this.location, this.keyRingName, this.keyName, version.id),
    );
    if (version.adopt ?? props.adopt) {
      importExisting(resource, `${this.cryptoKeyId}${suffix}`);
    }
    return resource;
  }

  private readPublicKey(scope: IConstruct, version: KeyVersion, name: string, algorithm: SigningAlgorithm): string {
    const resource = this.versionResources.get(version.id);
    const sameStack = TerraformStack.of(scope) === TerraformStack.of(this);
    return publicKeyOf(scope, {
      name,
      algorithm,
      provider: sameStack ? this.provider : undefined,
      madeBy: () => (sameStack && resource && !this.released ? addressOf(resource) : undefined),
    });
  }
}

/** A key that is managed elsewhere. */
class ImportedTrustRoot extends TrustRootBase {
  public readonly cryptoKeyId: string;
  public readonly signingKeyVersion: string;
  public readonly signingAlgorithm: SigningAlgorithm;
  public readonly grants: TrustRootGrants;
  private readonly references: readonly KeyVersionReference[];
  private readonly provider?: TerraformProvider;

  public constructor(scope: Construct, id: string, attributes: KeyVersionsAttributes) {
    super(scope, id);
    const references = [attributes.signing, ...(attributes.trusted ?? [])];
    validateReferences(pathOf(scope, id), references);
    const numberOf = (reference: KeyVersionReference) => parseKeyVersionName(reference.name)?.version ?? 0;
    this.references = [...references].sort((a, b) => numberOf(a) - numberOf(b));
    this.provider = attributes.provider;
    this.signingKeyVersion = attributes.signing.name;
    this.signingAlgorithm = attributes.signing.algorithm;
    this.cryptoKeyId = keyOf(attributes.signing.name);
    this.grants = TrustRootGrants._of({
      scope: this,
      cryptoKeyId: this.cryptoKeyId,
      provider: attributes.provider,
      after: () => [],
      released: () => false,
    });
  }

  public publicKeysIn(scope: IConstruct): AttestorPublicKey[] {
    const provider = TerraformStack.of(scope) === TerraformStack.of(this) ? this.provider : undefined;
    return this.references.map(({ name, algorithm, publicKeyPem }) => ({
      id: kmsKeyId(name),
      publicKeyPem: publicKeyPem ?? publicKeyOf(scope, { name, algorithm, provider, madeBy: () => undefined }),
      algorithm,
    }));
  }
}

function validate(scope: Construct, id: string, props: TrustRootProps, versions: readonly KeyVersion[]): string {
  const refusals = new Refusals(pathOf(scope, id));
  const project = resolveProject(refusals, scope, props);
  refusals.name("keyRingName", props.keyRingName, KMS_NAME);
  refusals.name("keyName", props.keyName, KMS_NAME);
  if (refusals.literal("location", props.location) && !parseKmsLocation(props.location)) {
    refusals.add(
      ProblemCode.INVALID_LOCATION,
      `"location" is no location of Cloud KMS, got ${show(props.location)}; allowed: "global", a multi-region such as "europe", or a region such as "us-central1"`,
    );
  }
  checkDestroyScheduledDuration(refusals, props.destroyScheduledDuration);
  checkKeyVersions(refusals, versions);
  refusals.throwIfAny();
  return project;
}

function checkDestroyScheduledDuration(refusals: Refusals, duration: string | undefined): void {
  if (duration === undefined) {
    return;
  }
  const seconds = /^([0-9]+)s$/.exec(duration)?.[1];
  if (seconds === undefined || Number(seconds) < 86_400 || Number(seconds) > 10_368_000) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"destroyScheduledDuration" is not valid, got ${show(duration)}; allowed: seconds from "86400s" (1 day) to "10368000s" (120 days), such as "2592000s" (30 days)`,
    );
  }
}

function validateReferences(path: string, references: readonly KeyVersionReference[]): void {
  const refusals = new Refusals(path);
  references.forEach((reference, index) => {
    const property = index === 0 ? "signing" : `trusted[${index - 1}]`;
    if (refusals.literal(`${property}.name`, reference.name) && !parseKeyVersionName(reference.name)) {
      refusals.add(
        ProblemCode.INVALID_NAME,
        `"${property}.name" is no name of a key version, got ${show(reference.name)}; allowed: ${KEY_VERSION_FORM}`,
      );
    }
    if (!reference.algorithm.inKms) {
      refusals.add(
        ProblemCode.UNSUPPORTED_ALGORITHM,
        `"${property}.algorithm" is not offered by Cloud KMS, got ${reference.algorithm.kmsName}; allowed: ${KMS_ALGORITHMS}`,
      );
    }
    if (reference.publicKeyPem !== undefined) {
      checkPem(refusals, `${property}.publicKeyPem`, reference.publicKeyPem, reference.algorithm);
    }
  });
  const names = references.map((reference) => reference.name);
  for (const name of repeated(names)) {
    refusals.add(
      ProblemCode.INVALID_KEY_VERSIONS,
      `a key version is given twice, got ${show(name)}; allowed: each version once`,
    );
  }
  const keys = [...new Set(names.map(keyOf))];
  if (keys.length > 1) {
    refusals.add(
      ProblemCode.INVALID_KEY_VERSIONS,
      `the versions are of several keys, got ${keys.join(", ")}; allowed: versions of one key, and one trust root for each key`,
    );
  }
  refusals.throwIfAny();
}

function keyOf(keyVersion: string): string {
  return keyVersion.replace(/\/cryptoKeyVersions\/[^/]*$/, "");
}

function warnOfUnknownRegion(construct: Construct, location: string): void {
  if (parseKmsLocation(location)?.known === false) {
    warn(
      construct,
      ProblemCode.UNKNOWN_LOCATION,
      `"location" ${show(location)} has the form of a region, but is none that this version knows`,
    );
  }
}
