import { kitchenSink } from "../support/kitchen-sink";
import { referenceDeployment } from "../support/reference-deployment";
import { type Json, type Template, template } from "../support/template";

// What holds for everything that the library writes, whatever the props.
const STACKS: [string, () => Template][] = [
  ["the reference deployment", () => referenceDeployment().template],
  ["a stack with every prop set", () => template(kitchenSink())],
];

// Destroying one of these loses a key, all attestations, all images or a whole cluster, or opens the project.
const PROTECTED = new Set([
  "google_artifact_registry_repository",
  "google_binary_authorization_attestor",
  "google_binary_authorization_policy",
  "google_container_analysis_note",
  "google_container_cluster",
  "google_kms_crypto_key",
  "google_kms_crypto_key_version",
  "google_kms_key_ring",
  "google_logging_project_bucket_config",
]);

// These have no project of their own: they name the key, which has it, or the parent that they hold for.
const WITHOUT_PROJECT = new Set([
  "google_kms_crypto_key",
  "google_kms_crypto_key_version",
  "google_kms_crypto_key_iam_member",
  "google_org_policy_custom_constraint",
  "google_org_policy_policy",
  // The account's full name has it.
  "google_service_account_iam_member",
]);

describe.each(STACKS)("%s", (_, synth) => {
  const t = synth();
  // A cluster that the program's own author declares is theirs to protect, and to place.
  const own = (address: string): boolean => /\.own$/.test(address);
  const resources = t.allResources.filter(([address]) => !own(address));
  const typeOf = (address: string): string => address.split(".")[0];

  test("protects what cannot be had again, and nothing else", () => {
    for (const [address, { lifecycle }] of resources) {
      expect([address, lifecycle?.prevent_destroy === true]).toEqual([address, PROTECTED.has(typeOf(address))]);
    }
  });

  test("creates nothing before its predecessor is destroyed", () => {
    expect(JSON.stringify(t.json)).not.toContain("create_before_destroy");
  });

  test("names its project literally in every resource that has one", () => {
    for (const [address, { project }] of resources) {
      expect([address, typeof project]).toEqual([
        address,
        WITHOUT_PROJECT.has(typeOf(address)) ? "undefined" : "string",
      ]);
      expect(String(project)).not.toContain("${");
    }
  });

  test("refers to other resources in few places only: public keys, channels of alerts, passwords, the condition of a check, and messages", () => {
    const references = resources.flatMap(([address, { depends_on: _dependencies, lifecycle: _lifecycle, ...body }]) =>
      [...JSON.stringify(body).matchAll(/(?<!\$)\$\{[^}]*\}/g)].map(([reference]) => `${address}: ${reference}`),
    );
    for (const reference of references) {
      expect(reference).toMatch(
        /^(?:google_binary_authorization_attestor\.\S+: \$\{data\.google_kms_crypto_key_version\.\S+\.public_key\[0\]\.pem\}|google_monitoring_alert_policy\.\S+: \$\{google_monitoring_notification_channel\.\S+\.name\}|google_monitoring_notification_channel\.\S+: \$\{var\.password\})$/,
      );
    }
  });

  test("waits for nothing that is not there", () => {
    expect(t.danglingDependencies()).toEqual([]);
  });

  test("never enables a version that somebody disabled by hand", () => {
    const states = Object.values(t.resources("google_kms_crypto_key_version")).map(({ state }) => state);
    expect(states.filter((state) => state !== undefined && state !== "DISABLED")).toEqual([]);
  });

  test("says of every key of an attestor which one it is, and by the name that the API answers with", () => {
    const keys = Object.values(t.resources("google_binary_authorization_attestor")).flatMap(
      (attestor: Json) => attestor.attestation_authority_note.public_keys,
    );
    for (const { id, pkix_public_key } of keys) {
      expect(id).toMatch(/^(?:\/\/cloudkms\.googleapis\.com\/v1\/projects\/\S+\/cryptoKeyVersions\/[0-9]+|https:\S+)$/);
      expect(pkix_public_key.signature_algorithm).toMatch(/^(?:ECDSA|RSA_PSS|RSA_SIGN_PKCS1)_/);
    }
  });

  test("grants with _member resources only", () => {
    // Neither of these grants anything.
    const others = [
      "google_project_iam_audit_config",
      "google_project_iam_custom_role",
      "google_iam_workload_identity_pool",
      "google_iam_workload_identity_pool_provider",
    ];
    const types = resources.map(([address]) => typeOf(address)).filter((type) => type.includes("_iam_"));
    expect(types.filter((type) => !type.endsWith("_iam_member") && !others.includes(type))).toEqual([]);
  });

  test("writes no output, and creates no provider", () => {
    expect(t.json).not.toHaveProperty("output");
    expect(Object.keys(t.json.provider)).toEqual(["google"]);
  });
});
