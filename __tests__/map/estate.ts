// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Terraform writes them

/**
 * A chain of trust of any size as Terraform JSON: two pipelines that sign, three attestors, a person who may change the
 * policy, and clusters of four sorts: production needs two attestors, staging one, the sandbox runs dry, and every hundredth
 * cluster does not enforce the policy.
 */
export function estate(clusters: number, project = "acme-prod"): Record<string, unknown> {
  const ring = `projects/${project}/locations/europe-west1/keyRings/binauthz`;
  const key = (name: string) => `${ring}/cryptoKeys/${name}`;
  const version = (name: string) => `${key(name)}/cryptoKeyVersions/1`;
  const note = (name: string) => `projects/${project}/notes/${name}`;
  const attestor = (name: string) => `projects/${project}/attestors/${name}`;
  const account = (name: string) => `serviceAccount:${name}@${project}.iam.gserviceaccount.com`;
  const names = ["built-by-ci", "scanned", "released"];
  const numbers = Array.from({ length: clusters }, (_, index) => index);
  const placeOf = (index: number) => ({
    name: `${SORTS[index % 3]}-${String(index + 1).padStart(3, "0")}`,
    location: LOCATIONS[index % LOCATIONS.length],
  });
  const rule = (index: number) => {
    const sort = SORTS[index % 3];
    return {
      cluster: `${placeOf(index).location}.${placeOf(index).name}`,
      evaluation_mode: "REQUIRE_ATTESTATION",
      enforcement_mode: sort === "sandbox" ? "DRYRUN_AUDIT_LOG_ONLY" : "ENFORCED_BLOCK_AND_AUDIT_LOG",
      require_attestations_by:
        sort === "prod" ? [attestor("built-by-ci"), attestor("scanned")] : [attestor("built-by-ci")],
    };
  };
  return {
    provider: { google: [{ project }] },
    resource: {
      google_binary_authorization_attestor: Object.fromEntries(
        names.map((name) => [
          name,
          {
            name,
            project,
            attestation_authority_note: {
              note_reference: note(name),
              public_keys: [
                {
                  id: `//cloudkms.googleapis.com/v1/${version(name)}`,
                  pkix_public_key: { public_key_pem: "${var.pem}", signature_algorithm: "ECDSA_P256_SHA256" },
                },
              ],
            },
          },
        ]),
      ),
      google_container_analysis_note: Object.fromEntries(
        names.map((name) => [
          name,
          { name, project, attestation_authority: { hint: { human_readable_name: `${name} of the platform team` } } },
        ]),
      ),
      google_kms_crypto_key_iam_member: Object.fromEntries(
        names
          .slice(0, 2)
          .map((name) => [
            name,
            { crypto_key_id: key(name), role: "roles/cloudkms.signer", member: account(`${name}-signer`) },
          ]),
      ),
      google_container_analysis_note_iam_member: Object.fromEntries(
        names
          .slice(0, 2)
          .map((name) => [
            name,
            { note: name, project, role: "roles/containeranalysis.notes.attacher", member: account(`${name}-signer`) },
          ]),
      ),
      google_project_iam_member: {
        editor: { project, role: "roles/binaryauthorization.policyEditor", member: "group:platform@example.com" },
      },
      google_binary_authorization_policy: {
        policy: {
          project,
          global_policy_evaluation_mode: "ENABLE",
          admission_whitelist_patterns: [{ name_pattern: "europe-docker.pkg.dev/acme-mirror/**" }],
          default_admission_rule: {
            evaluation_mode: "ALWAYS_DENY",
            enforcement_mode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
          },
          cluster_admission_rules: numbers.map(rule),
        },
      },
      google_container_cluster: Object.fromEntries(
        numbers.map((index) => [
          `c${index}`,
          {
            ...placeOf(index),
            project,
            binary_authorization: {
              evaluation_mode: index % 100 === 99 ? "DISABLED" : "PROJECT_SINGLETON_POLICY_ENFORCE",
            },
          },
        ]),
      ),
      google_cloud_run_v2_service: {
        shop: {
          name: "shop",
          location: "europe-west1",
          project,
          binary_authorization: { use_default: true },
          template: { containers: [{ image: "europe-docker.pkg.dev/acme-prod/apps/shop:1" }] },
        },
      },
    },
  };
}

const SORTS = ["prod", "staging", "sandbox"] as const;
const LOCATIONS = ["europe-west1", "europe-west4", "us-central1", "us-east1-b", "asia-northeast1"] as const;
