import {
  ATTESTOR_ADDRESS,
  attestor,
  type Case,
  casesOf,
  changed,
  created,
  cryptoKey,
  deleted,
  KEY,
  KMS_ID,
  keyOf,
  keyVersion,
  planOf,
  RING,
  replaced,
  same,
  VERSION,
} from "./support";

const KEY_ADDRESS = "google_kms_crypto_key.k";
const VERSION_ADDRESS = "google_kms_crypto_key_version.v";
const trusting = same(ATTESTOR_ADDRESS, attestor());
const trustingNothing = same(ATTESTOR_ADDRESS, attestor([keyOf("B")]));
const keyPlan = (before: object, after: object) => planOf([changed(KEY_ADDRESS, cryptoKey(before), cryptoKey(after))]);
const template = (algorithm: string, protection_level: string) => ({
  version_template: [{ algorithm, protection_level }],
});
const P256 = "EC_SIGN_P256_SHA256";
const SECOND = `${KEY}/cryptoKeyVersions/2`;
const second = created("google_kms_crypto_key_version.v2", keyVersion({ id: SECOND, name: SECOND }));
/** As it is planned: the name is known only after the apply. */
const unnamed = created("google_kms_crypto_key_version.v2", keyVersion({ id: null, name: null }), {
  change: { after_unknown: { id: true, name: true } },
});

const cases: readonly Case[] = [
  {
    id: "K001",
    name: "a version that is disabled while it is trusted, and once no attestor carries it",
    bad: planOf([changed(VERSION_ADDRESS, keyVersion(), keyVersion({ state: "DISABLED" })), trusting]),
    twin: planOf([changed(VERSION_ADDRESS, keyVersion(), keyVersion({ state: "DISABLED" })), trustingNothing]),
    expected: { severity: "high", effects: ["blocks"], target: VERSION, before: "ENABLED", after: "DISABLED" },
  },
  {
    id: "K001",
    name: "a version that is destroyed, and one that is forgotten",
    bad: planOf([deleted(VERSION_ADDRESS, keyVersion()), trusting]),
    twin: planOf([deleted(VERSION_ADDRESS, keyVersion(), { actions: ["forget"] }), trusting]),
    expected: { target: VERSION },
  },
  {
    id: "K002",
    name: "a key that signs and is destroyed, and one that encrypts",
    bad: planOf([deleted(KEY_ADDRESS, cryptoKey())]),
    twin: planOf([deleted(KEY_ADDRESS, cryptoKey({ purpose: "ENCRYPT_DECRYPT" }))]),
    expected: { severity: "high", effects: ["blocks"], target: KEY },
  },
  {
    id: "K002",
    name: "a key ring that leaves Terraform, and one that stays",
    bad: planOf([
      deleted("google_kms_key_ring.r", { id: RING, name: "ring", location: "us-central1", project: "sec-proj" }),
    ]),
    twin: planOf([
      same("google_kms_key_ring.r", { id: RING, name: "ring", location: "us-central1", project: "sec-proj" }),
    ]),
    expected: { severity: "medium", effects: ["blind"] },
  },
  {
    id: "K003",
    name: "a key that leaves the HSM, and one that enters it",
    bad: planOf([replaced(KEY_ADDRESS, cryptoKey(), cryptoKey(template(P256, "SOFTWARE")), "version_template")]),
    twin: planOf([replaced(KEY_ADDRESS, cryptoKey(template(P256, "SOFTWARE")), cryptoKey(), "version_template")]),
    expected: { severity: "high", effects: ["opens"], before: "HSM", after: "SOFTWARE" },
  },
  {
    id: "K003",
    name: "an import job, and none",
    bad: planOf([created("google_kms_key_ring_import_job.j", { key_ring: RING, import_job_id: "j" })]),
    twin: planOf([same("google_kms_key_ring_import_job.j", { key_ring: RING, import_job_id: "j" })]),
  },
  {
    id: "K003",
    name: "a key whose versions are imported from now on",
    bad: keyPlan({}, { import_only: true }),
    twin: keyPlan({ import_only: null }, { import_only: false }),
  },
  {
    id: "K004",
    name: "another algorithm, and another spelling of none",
    bad: keyPlan({}, template("RSA_SIGN_PKCS1_4096_SHA512", "HSM")),
    twin: keyPlan({ labels: null }, { labels: {} }),
    expected: { severity: "medium", effects: ["blocks"] },
  },
  {
    id: "K005",
    name: "a day instead of 30, and 30 that are written out",
    bad: keyPlan({}, { destroy_scheduled_duration: "86400s" }),
    twin: keyPlan({ destroy_scheduled_duration: null }, { destroy_scheduled_duration: "2592000s" }),
    expected: { severity: "low", before: "2592000s", after: "86400s" },
  },
  {
    id: "K006",
    name: "a new version in no attestor, and one that the attestor carries",
    bad: planOf([trusting, same(VERSION_ADDRESS, keyVersion()), second]),
    twin: planOf([
      changed(
        ATTESTOR_ADDRESS,
        attestor(),
        attestor([keyOf("A", KMS_ID), keyOf("2", `//cloudkms.googleapis.com/v1/${SECOND}`)]),
      ),
      same(VERSION_ADDRESS, keyVersion()),
      second,
    ]),
    expected: { severity: "medium", effects: ["blocks"], target: SECOND },
  },
  {
    id: "K006",
    name: "a new version whose number is not known, and one that may be the one that the attestor names",
    bad: planOf([trusting, same(VERSION_ADDRESS, keyVersion()), unnamed]),
    twin: planOf([trusting, unnamed]),
  },
];

casesOf(cases);
