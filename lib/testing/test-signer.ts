import { parseArtifact, payloadBytes, writeOccurrence } from "../admission/payload";
import type { Occurrence } from "../admission/types";
import type { Attestor, AttestorKey, KeyMaterial, TrustModel } from "../trust/model";
import { signedAs } from "../trust/public-keys";
import { keyMismatch, parsePublicKey } from "../vocabulary/public-key";
import { kmsKeyId } from "../vocabulary/resource-name";
import { SigningAlgorithm } from "../vocabulary/signing-algorithm";
import { type TestKey, testKey } from "./test-keys";

/** Which key of an attestor a test signs with. */
export interface TestSignerOptions {
  /**
   * The number of a version of a key of Cloud KMS, the name of such a version, or the id of a key.
   * @default - the attestor's only key, or of several the one that a pipeline of the chain signs with
   */
  readonly key?: number | string;
  /**
   * The algorithm, for an attestor that does not show the one of its key, in either spelling: `EC_SIGN_P256_SHA256`.
   * @default - the algorithm that the attestor declares
   */
  readonly algorithm?: string;
}

/** Signs for an attestor, with a real key pair that stands in for the one in Cloud KMS. */
export class TestSigner {
  private readonly noteName: string;
  private readonly key: TestKey;

  /** Made by the chain. */
  public constructor(parts: {
    readonly attestor: string;
    readonly noteName: string;
    readonly keyId: string;
    readonly algorithm: SigningAlgorithm;
  }) {
    this.attestor = parts.attestor;
    this.noteName = parts.noteName;
    this.keyId = parts.keyId;
    this.algorithm = parts.algorithm;
    this.key = testKey(parts.algorithm, parts.keyId);
  }

  /** The full name of the attestor. */
  public readonly attestor: string;
  /** The id that its signatures name. */
  public readonly keyId: string;
  public readonly algorithm: SigningAlgorithm;

  /** The public half of the key. */
  public get publicKey(): KeyMaterial {
    const { publicKeyPem: pem, fingerprint } = this.key;
    return { format: "pem", pem, fingerprint };
  }

  /**
   * Attests an image: the occurrence that gcloud would create, with the bytes that gcloud would sign.
   * @param image registry, path and digest: `europe-docker.pkg.dev/p/r/app@sha256:…`
   */
  public attest(image: string): Occurrence {
    const parsed = parseArtifact(image);
    if ("error" in parsed) {
      throw new Error(`${JSON.stringify(image)} cannot be attested: it ${parsed.error}`);
    }
    const { artifact } = parsed;
    const signature = this.key.sign(payloadBytes(artifact));
    return writeOccurrence({
      artifact,
      noteName: this.noteName,
      signatures: [{ publicKeyId: this.keyId, signature }],
    });
  }
}

/** The signer of an attestor; throws where it is not certain what would be signed, or whether it would verify. */
export function signerFor(model: TrustModel, attestor: Attestor, options: TestSignerOptions): TestSigner {
  const { name, noteName, publicKeys } = attestor;
  if (noteName.state !== "known") {
    throw new Error(`the note of ${name} is not known, so that nothing can be attached to it`);
  }
  if (publicKeys.state !== "known") {
    throw new Error(`the public keys of ${name} are not known, so that none of them can be stood in for`);
  }
  const candidates = publicKeys.value.flatMap((key) => (key.id.state === "known" ? [{ key, id: key.id.value }] : []));
  const { key, id } = chooseKey(candidates, model, attestor, options.key);
  if (key.type === "pgp") {
    throw new Error(`the key ${id} of ${name} is a PGP key, whose signatures are not verified here`);
  }
  const algorithm = algorithmOf(key, id, name, options.algorithm);
  checkMaterial(key, id, name, algorithm);
  return new TestSigner({ attestor: name, noteName: noteName.value, keyId: signedAs(id), algorithm });
}

interface Candidate {
  readonly key: AttestorKey;
  readonly id: string;
}

function chooseKey(
  candidates: readonly Candidate[],
  model: TrustModel,
  { name }: Attestor,
  wanted: number | string | undefined,
): Candidate {
  const chosen = candidates.filter(({ id }) => isWanted(id, wanted));
  if (chosen.length === 1) {
    return chosen[0];
  }
  const signing = new Set(
    model.pipelines
      .flatMap(({ signs }) => signs)
      .flatMap(({ attestor, keyVersion }) =>
        attestor.state === "known" && attestor.value === name && keyVersion.state === "known"
          ? [kmsKeyId(keyVersion.value)]
          : [],
      ),
  );
  const used = wanted === undefined ? chosen.filter(({ id }) => signing.has(id)) : [];
  if (used.length === 1) {
    return used[0];
  }
  const ids = candidates.map(({ id }) => id).join(", ") || "none with a known id";
  if (wanted === undefined) {
    const found =
      candidates.length === 0 ? "no key" : `${candidates.length} keys, and no single one a pipeline signs with`;
    throw new Error(`${name} has ${found}; choose one with { key }; its keys: ${ids}`);
  }
  const found = chosen.length === 0 ? "no key" : "more than one key";
  throw new Error(`${name} has ${found} ${JSON.stringify(wanted)}; its keys: ${ids}`);
}

function isWanted(id: string, wanted: number | string | undefined): boolean {
  switch (typeof wanted) {
    case "undefined":
      return true;
    case "number":
      return id.endsWith(`/cryptoKeyVersions/${wanted}`);
    default:
      return id === wanted || id === kmsKeyId(wanted);
  }
}

function algorithmOf(key: AttestorKey, id: string, attestor: string, given: string | undefined): SigningAlgorithm {
  const declared = key.algorithm.state === "known" ? SigningAlgorithm.of(key.algorithm.value) : undefined;
  const chosen = given === undefined ? undefined : SigningAlgorithm.of(given);
  if (declared && chosen && declared.kmsName !== chosen.kmsName) {
    throw new Error(`the key ${id} of ${attestor} is for ${declared.kmsName}, got { algorithm: "${given}" }`);
  }
  const algorithm = declared ?? chosen;
  if (!algorithm) {
    throw new Error(`the algorithm of the key ${id} of ${attestor} is not known; say it with { algorithm }`);
  }
  return algorithm;
}

/** A key that could never verify anything is not stood in for: the test would pass, and no image would run. */
function checkMaterial({ material }: AttestorKey, id: string, attestor: string, algorithm: SigningAlgorithm): void {
  if (material.state !== "known") {
    return;
  }
  const parsed = material.value.format === "pem" ? parsePublicKey(material.value.pem) : { error: "is no readable key" };
  const error = "error" in parsed ? parsed.error : keyMismatch(parsed.key, algorithm);
  if (error !== undefined) {
    throw new Error(`the public key ${id} of ${attestor} ${error}, so that it verifies no signature`);
  }
}
