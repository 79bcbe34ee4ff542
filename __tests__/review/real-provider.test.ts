import { checkState, review } from "../../lib/review/engine";
import type { Finding } from "../../lib/review/types";
import { readPlan, readTerraformJson } from "../../lib/trust";
import { plannedState } from "../support/real-plans";
import { describeIfTerraform, PROVIDER_VERSION, TerraformDir } from "../support/terraform";
import type { Json } from "./checks/support";

/**
 * Plans of the real provider, without any API: the state is what it planned to create, and the plan is made with
 * -refresh=false.
 */

const PROJECT = "sec-project";
const RING = `projects/${PROJECT}/locations/us-central1/keyRings/ring`;
const KEY = `${RING}/cryptoKeys/signer`;
const ENFORCED = "ENFORCED_BLOCK_AND_AUDIT_LOG";
const ORG = `projects/${PROJECT}`;
const PEM = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEt2jGgaXPvTUjKxhpsTKBK7xEwVXv
1NRbo0VK+EyOHBeZCLRhPhTL/rYO66uJzSKaFpTYlu1RbbCQVwEVnMbK0Q==
-----END PUBLIC KEY-----
`;

interface Estate {
  readonly attestors: readonly string[];
  readonly pattern: string;
  readonly mode: string;
  readonly use_default: boolean;
  readonly allowed: readonly string[];
  readonly enforce: string;
  readonly fleet: string;
  readonly condition: string;
  readonly logType: string;
  readonly signers: readonly string[];
  readonly annotation: string;
  readonly duration: string;
  readonly keyIds: readonly string[];
}

const SOUND: Estate = {
  attestors: ["build", "qa"],
  pattern: "us-docker.pkg.dev/sec-project/base/*",
  mode: "PROJECT_SINGLETON_POLICY_ENFORCE",
  use_default: true,
  allowed: ["default"],
  enforce: "TRUE",
  fleet: "POLICY_BINDINGS",
  condition: "assertion.repository == 'o/r'",
  logType: "DATA_READ",
  signers: ["ci"],
  annotation: "default",
  duration: "2592000s",
  keyIds: ["first", "second"],
};

const image =
  "us-docker.pkg.dev/sec-project/apps/app@sha256:0000000000000000000000000000000000000000000000000000000000000000";

function configuration(estate: Estate): Json {
  const run = { location: "us-central1", name: "run" };
  const checked = { binary_authorization: { use_default: estate.use_default } };
  return {
    terraform: { required_providers: { google: { source: "hashicorp/google", version: PROVIDER_VERSION } } },
    provider: { google: { project: PROJECT, region: "us-central1", access_token: "fake" } },
    resource: {
      google_binary_authorization_policy: {
        p: {
          global_policy_evaluation_mode: "ENABLE",
          admission_whitelist_patterns: [{ name_pattern: estate.pattern }],
          default_admission_rule: { evaluation_mode: "ALWAYS_DENY", enforcement_mode: ENFORCED },
          cluster_admission_rules: [
            {
              cluster: "us-central1.prod",
              evaluation_mode: "REQUIRE_ATTESTATION",
              enforcement_mode: ENFORCED,
              require_attestations_by: estate.attestors.map((name) => `projects/${PROJECT}/attestors/${name}`),
            },
          ],
        },
      },
      google_binary_authorization_attestor: {
        build: {
          name: "build",
          attestation_authority_note: {
            note_reference: `projects/${PROJECT}/notes/build`,
            public_keys: estate.keyIds.map((id) => ({
              id,
              pkix_public_key: {
                public_key_pem: PEM.replace("0Q==", id === "first" ? "0Q==" : "1Q=="),
                signature_algorithm: "ECDSA_P256_SHA256",
              },
            })),
          },
        },
        qa: {
          name: "qa",
          attestation_authority_note: {
            note_reference: `projects/${PROJECT}/notes/qa`,
            public_keys: {
              id: "third",
              pkix_public_key: {
                public_key_pem: PEM.replace("0Q==", "2Q=="),
                signature_algorithm: "ECDSA_P256_SHA256",
              },
            },
          },
        },
      },
      google_kms_crypto_key: {
        k: {
          name: "signer",
          key_ring: RING,
          purpose: "ASYMMETRIC_SIGN",
          destroy_scheduled_duration: estate.duration,
          version_template: { algorithm: "EC_SIGN_P256_SHA256", protection_level: "HSM" },
        },
      },
      google_kms_crypto_key_iam_binding: {
        b: {
          crypto_key_id: KEY,
          role: "roles/cloudkms.signer",
          members: estate.signers.map((name) => `serviceAccount:${name}@${PROJECT}.iam.gserviceaccount.com`),
        },
      },
      google_container_cluster: {
        prod: {
          name: "prod",
          location: "us-central1",
          initial_node_count: 1,
          deletion_protection: false,
          binary_authorization: { evaluation_mode: estate.mode },
        },
      },
      google_cloud_run_v2_service: {
        s: { ...run, deletion_protection: false, ...checked, template: { containers: [{ image }] } },
      },
      google_cloud_run_v2_job: {
        j: {
          ...run,
          name: "job",
          deletion_protection: false,
          ...checked,
          template: { template: { containers: [{ image }] } },
        },
      },
      google_cloud_run_v2_worker_pool: {
        w: {
          ...run,
          name: "pool",
          launch_stage: "BETA",
          deletion_protection: false,
          ...checked,
          template: { containers: [{ image }] },
        },
      },
      google_cloud_run_service: {
        first: {
          ...run,
          name: "first",
          metadata: {
            annotations:
              estate.annotation === "" ? {} : { "run.googleapis.com/binary-authorization": estate.annotation },
          },
          template: { spec: { containers: [{ image }] } },
        },
      },
      google_org_policy_policy: {
        list: {
          name: `${ORG}/policies/run.allowedBinaryAuthorizationPolicies`,
          parent: ORG,
          spec: { rules: [{ values: { allowed_values: estate.allowed } }] },
        },
        custom: {
          name: `${ORG}/policies/custom.binaryAuthorization`,
          parent: ORG,
          spec: { rules: [{ enforce: estate.enforce }] },
        },
      },
      google_gke_hub_fleet: {
        f: { default_cluster_config: { binary_authorization_config: { evaluation_mode: estate.fleet } } },
      },
      google_iam_workload_identity_pool_provider: {
        github: {
          workload_identity_pool_id: "github",
          workload_identity_pool_provider_id: "actions",
          attribute_mapping: { "google.subject": "assertion.sub" },
          ...(estate.condition !== "" && { attribute_condition: estate.condition }),
          oidc: { issuer_uri: "https://token.actions.githubusercontent.com" },
        },
      },
      google_project_iam_audit_config: {
        kms: {
          project: PROJECT,
          service: "cloudkms.googleapis.com",
          audit_log_config: [{ log_type: "ADMIN_READ" }, { log_type: estate.logType }],
        },
      },
      google_logging_metric: { m: { name: "break-glass", filter: 'labels."image-policy.k8s.io/break-glass"="true"' } },
      google_project_service: { b: { service: "binaryauthorization.googleapis.com" } },
    },
  };
}

const IDS: Readonly<Record<string, string>> = {
  google_binary_authorization_policy: ORG,
  google_kms_crypto_key: KEY,
};

describeIfTerraform("plans of the real provider, without any API", () => {
  let terraform: TerraformDir;

  beforeAll(async () => {
    terraform = TerraformDir.temporary({});
    terraform.write(configuration(SOUND));
    await terraform.init();
    const { json } = await terraform.plan("-refresh=false");
    terraform.write(plannedState(json, PROJECT, IDS), "terraform.tfstate");
  }, 300_000);

  afterAll(() => terraform?.remove());

  const findings = async (change: Partial<Estate>): Promise<readonly Finding[]> => {
    terraform.write(configuration({ ...SOUND, ...change }));
    const { json } = await terraform.plan("-refresh=false");
    return review({ plans: [{ plan: readPlan("plan.json", json) }] }).findings;
  };
  const ids = (found: readonly Finding[], effect: string) =>
    [...new Set(found.filter(({ effects }) => effects.some((each) => each === effect)).map(({ id }) => id))].sort();

  test("the same configuration again finds nothing, whatever the provider makes of empty values", async () => {
    expect(await findings({})).toEqual([]);
  }, 300_000);

  test("everything weakened at once", async () => {
    const found = await findings({
      attestors: ["build"],
      pattern: "us-docker.pkg.dev/**",
      mode: "DISABLED",
      use_default: false,
      allowed: ["default", "projects/x/platforms/cloudRun/policies/y"],
      enforce: "FALSE",
      fleet: "DISABLED",
      condition: "",
      logType: "DATA_WRITE",
      signers: ["ci", "mallory"],
      annotation: "",
      duration: "86400s",
      keyIds: ["first"],
    });
    expect(ids(found, "opens")).toEqual(["C001", "C006", "C009", "C011", "I002", "I008", "P014", "P018"]);
    // Another delay before destruction replaces the key, and destroys its versions with it.
    expect(ids(found, "blocks")).toEqual(["A002", "K002", "K005"]);
    expect(ids(found, "blind")).toEqual(["L001"]);
    const services = found.filter(({ id }) => id === "C006").map(({ target }) => target);
    expect(services.sort()).toEqual([
      `run:${PROJECT}/us-central1/first`,
      `run:${PROJECT}/us-central1/job`,
      `run:${PROJECT}/us-central1/run`,
      `worker-pool:${PROJECT}/us-central1/pool`,
    ]);
  }, 300_000);

  test("another order of lists and members finds nothing", async () => {
    expect(await findings({ attestors: ["qa", "build"] })).toEqual([]);
  }, 300_000);

  test("the configuration itself is sound, and says so", () => {
    const { findings: found } = checkState({ models: [readTerraformJson("main.tf.json", configuration(SOUND))] });
    expect(found.filter(({ severity }) => severity === "critical" || severity === "high")).toEqual([]);
  });
});
