import { ProblemCode, show } from "../../vocabulary/problem";
import { checkPem } from "../attestor-key";
import { type KeyVersion, KeyVersionState } from "../key-version";
import type { Refusals } from "./refusals";
import { repeated } from "./repeated";

/** What Cloud KMS signs with and Binary Authorization verifies, for messages. */
export const KMS_ALGORITHMS = "EC_SIGN_P256_SHA256, EC_SIGN_P384_SHA384 and the RSA_SIGN algorithms";

const VERSION_ID = /^[A-Za-z][A-Za-z0-9-]{0,62}$/;

/** Refuses a list of versions that contradicts itself; all problems at once. */
export function checkKeyVersions(refusals: Refusals, versions: readonly KeyVersion[]): void {
  checkSigning(refusals, versions);
  for (const version of versions) {
    checkVersion(refusals, version);
  }
  for (const id of repeated(versions.map((version) => version.id))) {
    refusals.add(ProblemCode.INVALID_KEY_VERSIONS, `two versions have the id ${show(id)}; allowed: each id once`);
  }
  for (const number of repeated(versions.map((version) => version.number))) {
    refusals.add(
      ProblemCode.INVALID_KEY_VERSIONS,
      `two versions have the number ${number}; allowed: each number once, as Cloud KMS counts`,
    );
  }
  checkGaps(refusals, versions);
}

function checkSigning(refusals: Refusals, versions: readonly KeyVersion[]): void {
  const signing = versions.filter((version) => version.state === KeyVersionState.SIGNING);
  if (signing.length !== 1) {
    refusals.add(
      ProblemCode.INVALID_KEY_VERSIONS,
      `"versions" needs exactly one signing version, got ${signing.length === 0 ? "none" : show(signing.map((version) => version.id))}; allowed: one KeyVersion.signing, and KeyVersion.trusted for the others that still verify`,
    );
  }
}

function checkVersion(refusals: Refusals, version: KeyVersion): void {
  if (refusals.literal("versions[].id", version.id) && !VERSION_ID.test(version.id)) {
    refusals.add(
      ProblemCode.INVALID_KEY_VERSIONS,
      `the id of a version is not valid, got ${show(version.id)}; allowed: 1 to 63 letters, digits and hyphens, starting with a letter`,
    );
  }
  if (!Number.isSafeInteger(version.number) || version.number < 1) {
    refusals.add(
      ProblemCode.INVALID_KEY_VERSIONS,
      `version ${show(version.id)} has the number ${show(version.number)}; allowed: a whole number from 1, as Cloud KMS counts`,
    );
  }
  if (version.algorithm && !version.algorithm.inKms) {
    refusals.add(
      ProblemCode.UNSUPPORTED_ALGORITHM,
      `version ${show(version.id)} has an algorithm that Cloud KMS does not offer, got ${version.algorithm.kmsName}; allowed: ${KMS_ALGORITHMS}`,
    );
  }
  if (version.publicKeyPem !== undefined && version.algorithm) {
    checkPem(refusals, `versions["${version.id}"].publicKeyPem`, version.publicKeyPem, version.algorithm);
  }
}

// A missing number is a version somebody forgot, and every later number would be one off.
function checkGaps(refusals: Refusals, versions: readonly KeyVersion[]): void {
  const numbers = new Set(versions.map((version) => version.number));
  const highest = Math.max(0, ...[...numbers].filter((number) => Number.isSafeInteger(number) && number < 10_000));
  const missing = Array.from({ length: highest }, (_, index) => index + 1).filter((number) => !numbers.has(number));
  if (missing.length > 0) {
    refusals.add(
      ProblemCode.INVALID_KEY_VERSIONS,
      `the numbers ${missing.slice(0, 10).join(", ")}${missing.length > 10 ? ", …" : ""} are missing below ${highest}; allowed: no gap, a version that is gone as KeyVersion.destroyed and one made elsewhere as KeyVersion.unmanaged`,
    );
  }
}
