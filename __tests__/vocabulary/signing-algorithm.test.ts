import { SigningAlgorithm } from "../../lib";
import { refusalOf } from "../support/synth";

// Source of both columns: https://docs.cloud.google.com/binary-authorization/docs/reference/rest/v1/projects.attestors#signaturealgorithm
// and https://docs.cloud.google.com/kms/docs/algorithms; the third says whether Cloud KMS offers it.
const TABLE: [string, string, boolean][] = [
  ["EC_SIGN_P256_SHA256", "ECDSA_P256_SHA256", true],
  ["EC_SIGN_P384_SHA384", "ECDSA_P384_SHA384", true],
  ["EC_SIGN_P521_SHA512", "ECDSA_P521_SHA512", false],
  ["RSA_SIGN_PKCS1_2048_SHA256", "RSA_SIGN_PKCS1_2048_SHA256", true],
  ["RSA_SIGN_PKCS1_3072_SHA256", "RSA_SIGN_PKCS1_3072_SHA256", true],
  ["RSA_SIGN_PKCS1_4096_SHA256", "RSA_SIGN_PKCS1_4096_SHA256", true],
  ["RSA_SIGN_PKCS1_4096_SHA512", "RSA_SIGN_PKCS1_4096_SHA512", true],
  ["RSA_SIGN_PSS_2048_SHA256", "RSA_PSS_2048_SHA256", true],
  ["RSA_SIGN_PSS_3072_SHA256", "RSA_PSS_3072_SHA256", true],
  ["RSA_SIGN_PSS_4096_SHA256", "RSA_PSS_4096_SHA256", true],
  ["RSA_SIGN_PSS_4096_SHA512", "RSA_PSS_4096_SHA512", true],
];

test("are the eleven that Binary Authorization verifies, under both names", () => {
  expect(
    SigningAlgorithm.values().map((algorithm) => [algorithm.kmsName, algorithm.attestorName, algorithm.inKms]),
  ).toEqual(TABLE);
});

test.each(TABLE)("%s is found by either name, as one and the same object", (kmsName, attestorName) => {
  const algorithm = SigningAlgorithm.of(kmsName);
  expect(SigningAlgorithm.of(attestorName)).toBe(algorithm);
  expect(SigningAlgorithm[kmsName as "EC_SIGN_P256_SHA256"]).toBe(algorithm);
  expect(String(algorithm)).toBe(kmsName);
});

// Offered by Cloud KMS, or found in the wild, but verified by no attestor.
test.each([
  "EC_SIGN_ED25519",
  "EC_SIGN_SECP256K1_SHA256",
  "PQ_SIGN_ML_DSA_65",
  "PQ_SIGN_SLH_DSA_SHA2_128S",
  "RSA_SIGN_RAW_PKCS1_2048",
  "RSA_DECRYPT_OAEP_2048_SHA256",
  "HMAC_SHA256",
  "SIGNATURE_ALGORITHM_UNSPECIFIED",
  "ec_sign_p256_sha256",
  "EC_SIGN_P256_SHA256 ",
  "toString",
  "",
])("%j is refused", (name) => {
  expect(refusalOf(() => SigningAlgorithm.of(name))).toEqual([
    `[UNSUPPORTED_ALGORITHM] SigningAlgorithm.of: Binary Authorization verifies no signature of algorithm ${JSON.stringify(name)}; allowed: ${TABLE.map(([kmsName]) => kmsName).join(", ")}`,
  ]);
});
