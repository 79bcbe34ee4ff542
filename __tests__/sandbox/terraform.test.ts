import {
  editCluster,
  enabledServices,
  iamPolicy,
  type Sandbox,
  shownCluster,
  startSandbox,
  storedPolicy,
  versionNames,
} from "../../lib/sandbox";
import { describeIfTerraform, PROVIDER_VERSION, TerraformDir } from "../support/terraform";
import { ATTESTOR, BLOCK, keyId as kmsId, PROJECT } from "./support";

const RING = `projects/${PROJECT}/locations/global/keyRings/binauthz`;
const KEY = `${RING}/cryptoKeys/rsa`;
const ENFORCED = "PROJECT_SINGLETON_POLICY_ENFORCE";

function version(n: number): object {
  return {
    crypto_key: `\${google_kms_crypto_key.rsa.id}`,
    ...(n > 1 ? { depends_on: [`google_kms_crypto_key_version.v${n - 1}`] } : {}),
    lifecycle: {
      postcondition: [
        {
          condition: `\${endswith(self.name, "/cryptoKeyVersions/${n}")}`,
          error_message: `expected version ${n}`,
        },
      ],
    },
  };
}

function publicKey(source: string, id: string, algorithm: string): object {
  return {
    id,
    pkix_public_key: {
      public_key_pem: `\${data.google_kms_crypto_key_version.${source}.public_key[0].pem}`,
      signature_algorithm: algorithm,
    },
  };
}

function keyRead(key: string, n: number, after: string[]): object {
  return { crypto_key: `\${google_kms_crypto_key.${key}.id}`, version: n, depends_on: after };
}

const SIGNER = `\${google_service_account.signer.member}`;

/** True while the cluster that a data source reads enforces the policy. */
function enforces(source: string): object {
  const blocks = `data.google_container_cluster.${source}.binary_authorization`;
  return {
    condition: `\${anytrue([for b in ${blocks} : b.evaluation_mode == "${ENFORCED}"])}`,
    error_message: "the cluster does not enforce",
  };
}

/**
 * A check that reads for itself. Terraform plans such a read again every time (exit code 2 with nothing to do),
 * so it is not part of the chain whose second plan has to be empty.
 */
const OWN_CHECK = {
  check: {
    autopilot_enforces: {
      data: {
        google_container_cluster: { again: { project: PROJECT, location: "us-central1", name: "autopilot" } },
      },
      assert: [enforces("again")],
    },
  },
};

/** One of everything that the constructs make. */
const CHAIN = {
  terraform: { required_providers: { google: { source: "hashicorp/google", version: PROVIDER_VERSION } } },
  provider: { google: { project: PROJECT, region: "us-central1" } },
  data: {
    google_kms_crypto_key_version: {
      v1: keyRead("rsa", 1, ["google_kms_crypto_key_version.v1"]),
      v2: keyRead("rsa", 2, ["google_kms_crypto_key_version.v2"]),
      ec: keyRead("ec", 1, []),
    },
    google_container_cluster: {
      standard: {
        project: PROJECT,
        location: "us-central1-a",
        name: `\${google_container_cluster.standard.name}`,
      },
    },
  },
  check: { standard_enforces: { assert: [enforces("standard")] } },
  import: [{ to: "google_binary_authorization_policy.policy", id: `projects/${PROJECT}` }],
  resource: {
    google_project_service: {
      kms: { project: PROJECT, service: "cloudkms.googleapis.com", disable_on_destroy: false },
      binauthz: {
        project: PROJECT,
        service: "binaryauthorization.googleapis.com",
        disable_on_destroy: false,
      },
    },
    google_kms_key_ring: { ring: { project: PROJECT, location: "global", name: "binauthz" } },
    google_kms_crypto_key: {
      rsa: {
        name: "rsa",
        key_ring: `\${google_kms_key_ring.ring.id}`,
        purpose: "ASYMMETRIC_SIGN",
        skip_initial_version_creation: true,
        destroy_scheduled_duration: "2592000s",
        labels: { purpose: "binauthz" },
        version_template: { algorithm: "RSA_SIGN_PKCS1_4096_SHA512", protection_level: "HSM" },
      },
      ec: {
        name: "ec",
        key_ring: `\${google_kms_key_ring.ring.id}`,
        purpose: "ASYMMETRIC_SIGN",
        version_template: { algorithm: "EC_SIGN_P256_SHA256", protection_level: "SOFTWARE" },
      },
    },
    google_kms_crypto_key_version: { v1: version(1), v2: { ...version(2), state: "ENABLED" } },
    google_container_analysis_note: {
      built: {
        project: PROJECT,
        name: "built",
        attestation_authority: { hint: { human_readable_name: "built" } },
      },
    },
    google_binary_authorization_attestor: {
      built: {
        project: PROJECT,
        name: "built",
        description: "built by our pipeline",
        attestation_authority_note: {
          note_reference: `\${google_container_analysis_note.built.id}`,
          public_keys: [
            publicKey("v1", kmsId(`${KEY}/cryptoKeyVersions/1`), "RSA_SIGN_PKCS1_4096_SHA512"),
            publicKey("v2", kmsId(`${KEY}/cryptoKeyVersions/2`), "RSA_SIGN_PKCS1_4096_SHA512"),
            publicKey("ec", kmsId(`${RING}/cryptoKeys/ec/cryptoKeyVersions/1`), "EC_SIGN_P256_SHA256"),
          ],
        },
      },
    },
    google_binary_authorization_policy: {
      policy: {
        project: PROJECT,
        global_policy_evaluation_mode: "ENABLE",
        default_admission_rule: { evaluation_mode: "ALWAYS_DENY", enforcement_mode: BLOCK },
        cluster_admission_rules: ["us-central1-a.standard", "us-central1.autopilot"].map((cluster) => ({
          cluster,
          evaluation_mode: "REQUIRE_ATTESTATION",
          enforcement_mode: BLOCK,
          require_attestations_by: [ATTESTOR],
        })),
        depends_on: ["google_binary_authorization_attestor.built"],
      },
    },
    google_container_cluster: {
      standard: {
        project: PROJECT,
        name: "standard",
        location: "us-central1-a",
        remove_default_node_pool: true,
        initial_node_count: 1,
        deletion_protection: false,
        private_cluster_config: {
          enable_private_nodes: true,
          enable_private_endpoint: false,
          master_ipv4_cidr_block: "172.16.0.0/28",
        },
        master_authorized_networks_config: {
          cidr_blocks: [{ cidr_block: "10.0.0.0/8", display_name: "inside" }],
        },
        workload_identity_config: { workload_pool: `${PROJECT}.svc.id.goog` },
        resource_labels: { team: "platform" },
        binary_authorization: { evaluation_mode: ENFORCED },
      },
      autopilot: {
        project: PROJECT,
        name: "autopilot",
        location: "us-central1",
        enable_autopilot: true,
        deletion_protection: false,
        private_cluster_config: { enable_private_nodes: true },
        binary_authorization: { evaluation_mode: ENFORCED },
      },
      plain: {
        project: PROJECT,
        name: "plain",
        location: "us-central1",
        initial_node_count: 1,
        deletion_protection: false,
        release_channel: { channel: "STABLE" },
        node_config: {
          machine_type: "e2-standard-4",
          service_account: `\${google_service_account.signer.email}`,
        },
        binary_authorization: { evaluation_mode: ENFORCED },
      },
    },
    google_container_node_pool: {
      pool: {
        project: PROJECT,
        name: "pool",
        location: "us-central1-a",
        cluster: `\${google_container_cluster.standard.name}`,
        node_count: 2,
        node_config: { machine_type: "e2-standard-4", labels: { team: "platform" } },
      },
    },
    google_service_account: {
      signer: { project: PROJECT, account_id: "signer", display_name: "Signs images" },
    },
    google_project_iam_custom_role: {
      attacher: {
        project: PROJECT,
        role_id: "occurrenceAttacher",
        title: "Attaches occurrences",
        permissions: ["containeranalysis.notes.attachOccurrence", "containeranalysis.notes.get"],
      },
    },
    google_artifact_registry_repository: {
      images: { project: PROJECT, location: "us-central1", repository_id: "images", format: "DOCKER" },
    },
    google_kms_crypto_key_iam_member: {
      sign: {
        crypto_key_id: `\${google_kms_crypto_key.rsa.id}`,
        role: "roles/cloudkms.signerVerifier",
        member: SIGNER,
      },
    },
    google_container_analysis_note_iam_member: {
      attach: {
        project: PROJECT,
        note: `\${google_container_analysis_note.built.name}`,
        role: `\${google_project_iam_custom_role.attacher.name}`,
        member: SIGNER,
      },
    },
    google_binary_authorization_attestor_iam_member: {
      verify: {
        project: PROJECT,
        attestor: `\${google_binary_authorization_attestor.built.name}`,
        role: "roles/binaryauthorization.attestorsVerifier",
        member: SIGNER,
      },
    },
    google_artifact_registry_repository_iam_member: {
      push: {
        project: PROJECT,
        location: "us-central1",
        repository: `\${google_artifact_registry_repository.images.name}`,
        role: "roles/artifactregistry.writer",
        member: SIGNER,
      },
    },
    google_project_iam_member: {
      occurrences: { project: PROJECT, role: "roles/containeranalysis.occurrences.editor", member: SIGNER },
    },
    google_cloudbuildv2_connection: {
      github: {
        project: PROJECT,
        location: "us-central1",
        name: "github",
        github_config: {
          app_installation_id: 1,
          authorizer_credential: {
            oauth_token_secret_version: `projects/${PROJECT}/secrets/github/versions/1`,
          },
        },
      },
    },
    google_cloudbuildv2_repository: {
      app: {
        project: PROJECT,
        location: "us-central1",
        name: "app",
        parent_connection: `\${google_cloudbuildv2_connection.github.name}`,
        remote_uri: "https://github.com/example/app.git",
      },
    },
    google_cloudbuild_trigger: {
      manual: {
        project: PROJECT,
        location: "us-central1",
        name: "manual",
        service_account: `\${google_service_account.signer.id}`,
        source_to_build: {
          repository: `\${google_cloudbuildv2_repository.app.id}`,
          ref: "refs/heads/main",
          repo_type: "GITHUB",
        },
        substitutions: { _IMAGE: "app", _EMPTY: "" },
        build: {
          timeout: "1200s",
          step: [
            {
              name: "gcr.io/cloud-builders/docker",
              id: "build",
              script: "#!/usr/bin/env bash\ntrue",
              env: ["IMAGE=app"],
            },
          ],
          options: { logging: "CLOUD_LOGGING_ONLY", requested_verify_option: "VERIFIED" },
        },
      },
      push: {
        project: PROJECT,
        location: "us-central1",
        name: "push",
        service_account: `\${google_service_account.signer.id}`,
        repository_event_config: {
          repository: `\${google_cloudbuildv2_repository.app.id}`,
          push: { branch: "^main$" },
        },
        approval_config: { approval_required: true },
        build: {
          step: [{ name: "gcr.io/cloud-builders/docker", args: ["build", "."] }],
          images: [`us-central1-docker.pkg.dev/${PROJECT}/images/app`],
          options: { logging: "CLOUD_LOGGING_ONLY" },
        },
      },
    },
  },
};

/** An import block for every resource of a state. */
function importsOf(state: Record<string, unknown>): object[] {
  const { values } = state as { values: { root_module: { resources: StateResource[] } } };
  const managed = values.root_module.resources.filter(({ mode }) => mode === "managed");
  return managed.map(({ address, type, values: { id, role, member } }) => ({
    to: address,
    // What is granted has no id of its own: Terraform takes what it is granted on, the role and the member.
    id: type.endsWith("_iam_member") ? `${id.slice(0, id.indexOf(`/${role}/`))} ${role} ${member}` : id,
  }));
}

interface StateResource {
  readonly address: string;
  readonly mode: string;
  readonly type: string;
  readonly values: { readonly id: string; readonly role?: string; readonly member?: string };
}

describeIfTerraform("the sandbox and Terraform", () => {
  let sandbox: Sandbox;
  let terraform: TerraformDir;

  beforeAll(async () => {
    sandbox = await startSandbox();
    terraform = TerraformDir.temporary(sandbox.environment());
  });

  afterAll(async () => {
    await sandbox.close();
    terraform.remove();
  });

  test("plans, applies, plans nothing more, and destroys", async () => {
    terraform.write(CHAIN);
    await terraform.init();
    await terraform.validate();
    const first = await terraform.plan();
    expect(first.exitCode).toBe(2);
    await terraform.apply();

    const second = await terraform.plan();
    expect(second.output).toContain("No changes.");
    expect(second.exitCode).toBe(0);
    expect(sandbox.unknownRoutes).toEqual([]);
    expect(second.json.checks).toContainEqual(expect.objectContaining({ status: "pass" }));

    expect(storedPolicy(sandbox.state, PROJECT)).toMatchObject({
      defaultAdmissionRule: { evaluationMode: "ALWAYS_DENY" },
    });
    expect(versionNames(sandbox.state, KEY)).toHaveLength(2);
    expect(enabledServices(sandbox.state, PROJECT)).toContain("cloudkms.googleapis.com");
    expect(iamPolicy(sandbox.state, KEY).bindings).toEqual([
      {
        role: "roles/cloudkms.signerVerifier",
        members: [`serviceAccount:signer@${PROJECT}.iam.gserviceaccount.com`],
      },
    ]);

    terraform.write(OWN_CHECK, "check.tf.json");
    const checking = await terraform.plan();
    expect(checking.changes).toEqual([]);
    expect(checking.json.checks).not.toContainEqual(expect.objectContaining({ status: "fail" }));

    // Whoever lost the state brings all of it back. Labels and guards that only Terraform knows are written once.
    const restored = TerraformDir.temporary(sandbox.environment());
    try {
      restored.write({ ...CHAIN, import: importsOf(await terraform.state()) });
      await restored.init();
      const imported = await restored.plan();
      expect(imported.output).toMatch(/Plan: \d\d to import, 0 to add, \d to change, 0 to destroy/);
      await restored.apply();
      expect((await restored.plan()).exitCode).toBe(0);
    } finally {
      restored.remove();
    }

    // A change behind Terraform's back is seen, and a check that reads for itself says so.
    const autopilot = `projects/${PROJECT}/locations/us-central1/clusters/autopilot`;
    editCluster(sandbox.state, autopilot, { binaryAuthorization: { evaluationMode: "DISABLED" } });
    const drifted = await terraform.plan();
    expect(drifted.changes).toMatchObject([{ name: "autopilot", change: { actions: ["update"] } }]);
    expect(drifted.json.checks).toContainEqual(expect.objectContaining({ status: "fail" }));
    await terraform.apply();
    expect(shownCluster(sandbox.state, autopilot)).toMatchObject({ binaryAuthorization: { evaluationMode: ENFORCED } });

    await terraform.destroy();
    expect(sandbox.unknownRoutes).toEqual([]);
    expect(sandbox.state.attestors[ATTESTOR]).toBeUndefined();
    expect(versionNames(sandbox.state, KEY).map((name) => sandbox.state.cryptoKeyVersions[name].state)).toEqual([
      "DESTROY_SCHEDULED",
      "DESTROY_SCHEDULED",
    ]);
    expect(storedPolicy(sandbox.state, PROJECT)).toMatchObject({
      defaultAdmissionRule: { evaluationMode: "ALWAYS_ALLOW" },
    });
  }, 600_000);
});
