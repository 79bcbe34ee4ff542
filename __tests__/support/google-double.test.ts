import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GoogleDouble, type JsonObject } from "./google-double";
import {
  type CommandResult,
  describeIfTerraform,
  describeUnless,
  findProgram,
  PROVIDER_VERSION,
  run,
  TerraformDir,
} from "./terraform";

const PROJECT = "demo-project";
const RING = `projects/${PROJECT}/locations/global/keyRings/binauthz`;
const KEY = `${RING}/cryptoKeys/rsa`;
const ATTESTOR = `projects/${PROJECT}/attestors/built`;
const NOTE = `projects/${PROJECT}/notes/built`;
const DIGEST = `sha256:${"a".repeat(64)}`;
const IMAGE = `us-central1-docker.pkg.dev/${PROJECT}/images/app@${DIGEST}`;
const ENFORCED = "PROJECT_SINGLETON_POLICY_ENFORCE";
const BLOCK = "ENFORCED_BLOCK_AND_AUDIT_LOG";

const PAYLOAD = `${JSON.stringify(
  {
    critical: {
      identity: { "docker-reference": IMAGE.split("@")[0] },
      image: { "docker-manifest-digest": DIGEST },
      type: "Google cloud binauthz container signature",
    },
  },
  null,
  2,
)}\n`;

function kmsId(version: string): string {
  return `//cloudkms.googleapis.com/v1/${version}`;
}

/** Calls the double the way curl would. */
async function call(
  double: GoogleDouble,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; json: JsonObject }> {
  const response = await fetch(`${double.url}/${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: response.status, json: (await response.json()) as JsonObject };
}

async function makeKey(double: GoogleDouble, algorithm: string, id = "rsa"): Promise<string> {
  const parent = `projects/${PROJECT}/locations/global/keyRings`;
  await call(double, "POST", `cloudkms/v1/${parent}?keyRingId=binauthz`, {});
  await call(double, "POST", `cloudkms/v1/${RING}/cryptoKeys?cryptoKeyId=${id}`, {
    purpose: "ASYMMETRIC_SIGN",
    versionTemplate: { algorithm },
  });
  return `${RING}/cryptoKeys/${id}/cryptoKeyVersions/1`;
}

async function makeAttestor(double: GoogleDouble, version: string, signatureAlgorithm: string): Promise<void> {
  await call(double, "POST", `containeranalysis/v1/projects/${PROJECT}/notes?noteId=built`, {
    attestation: { hint: { humanReadableName: "built" } },
  });
  const publicKeyPem = await double.publicKeyPem(version);
  const made = await call(double, "POST", `binaryauthorization/v1/projects/${PROJECT}/attestors?attestorId=built`, {
    userOwnedGrafeasNote: {
      noteReference: NOTE,
      publicKeys: [{ id: kmsId(version), pkixPublicKey: { publicKeyPem, signatureAlgorithm } }],
    },
  });
  expect(made.status).toBe(200);
}

async function signedAttestation(double: GoogleDouble, version: string, hash: string): Promise<JsonObject> {
  const digest = createHash(hash).update(PAYLOAD).digest("base64url");
  const signed = await call(double, "POST", `cloudkms/v1/${version}:asymmetricSign`, {
    digest: { [hash]: digest },
  });
  expect(signed.status).toBe(200);
  return {
    serializedPayload: Buffer.from(PAYLOAD).toString("base64url"),
    signatures: [{ publicKeyId: kmsId(version), signature: signed.json.signature }],
  };
}

async function validate(double: GoogleDouble, attestation: JsonObject): Promise<unknown> {
  const path = `binaryauthorization/v1/${ATTESTOR}:validateAttestationOccurrence`;
  const body = { attestation, occurrenceNote: NOTE, occurrenceResourceUri: IMAGE };
  return (await call(double, "POST", path, body)).json.result;
}

describe("the double by itself", () => {
  let double: GoogleDouble;

  beforeEach(async () => {
    double = await GoogleDouble.start();
  });

  afterEach(() => double.stop());

  test.each([
    ["RSA_SIGN_PKCS1_2048_SHA256", "sha256", "RSA_SIGN_PKCS1_2048_SHA256"],
    ["RSA_SIGN_PSS_2048_SHA256", "sha256", "RSA_PSS_2048_SHA256"],
    ["EC_SIGN_P256_SHA256", "sha256", "ECDSA_P256_SHA256"],
    ["EC_SIGN_P384_SHA384", "sha384", "ECDSA_P384_SHA384"],
  ])("%s: a signature over a digest verifies over the payload", async (algorithm, hash, canonical) => {
    const version = await makeKey(double, algorithm);
    await makeAttestor(double, version, algorithm);
    const note = double.attestor(ATTESTOR)?.userOwnedGrafeasNote as JsonObject;
    expect(note.publicKeys).toMatchObject([{ pkixPublicKey: { signatureAlgorithm: canonical } }]);
    const attestation = await signedAttestation(double, version, hash);
    expect(await validate(double, attestation)).toBe("VERIFIED");
    const tampered = PAYLOAD.replace("binauthz", "Binauthz");
    const forged = { ...attestation, serializedPayload: Buffer.from(tampered).toString("base64") };
    expect(await validate(double, forged)).toBe("ATTESTATION_NOT_VERIFIABLE");
  });

  test("the public key of a version that is not enabled cannot be read", async () => {
    const version = await makeKey(double, "EC_SIGN_P256_SHA256");
    double.setVersionState(version, "DISABLED");
    const answer = await call(double, "GET", `cloudkms/v1/${version}/publicKey`);
    expect(answer).toMatchObject({ status: 400, json: { error: { status: "FAILED_PRECONDITION" } } });
  });

  test("versions made by hand take the next number, and the algorithm that the key has then", async () => {
    await makeKey(double, "EC_SIGN_P256_SHA256");
    await call(double, "PATCH", `cloudkms/v1/${KEY}?updateMask=versionTemplate.algorithm`, {
      versionTemplate: { algorithm: "EC_SIGN_P384_SHA384" },
    });
    expect(double.createKeyVersion(KEY)).toBe(`${KEY}/cryptoKeyVersions/2`);
    expect(double.keyVersions(KEY)).toMatchObject([
      { algorithm: "EC_SIGN_P256_SHA256" },
      { algorithm: "EC_SIGN_P384_SHA384" },
    ]);
  });

  test("a destroyed version can be restored until its time is up, and comes back disabled", async () => {
    const version = await makeKey(double, "EC_SIGN_P256_SHA256");
    const destroyed = await call(double, "POST", `cloudkms/v1/v1/${version}:destroy`, {});
    expect(destroyed.json).toMatchObject({ name: version, state: "DESTROY_SCHEDULED" });
    expect((await call(double, "POST", `cloudkms/v1/${version}:destroy`, {})).status).toBe(400);
    const restored = await call(double, "POST", `cloudkms/v1/${version}:restore`, {});
    expect(restored.json).toMatchObject({ name: version, state: "DISABLED" });
  });

  test("a policy is replaced as a whole, and a concurrent change is noticed", async () => {
    const path = `binaryauthorization/v1/projects/${PROJECT}/policy`;
    const first = await call(double, "GET", path);
    expect(first.json).toMatchObject({ defaultAdmissionRule: { evaluationMode: "ALWAYS_ALLOW" } });
    const rule = { evaluationMode: "ALWAYS_DENY", enforcementMode: BLOCK };
    await call(double, "PUT", path, { description: "mine", defaultAdmissionRule: rule });
    await call(double, "PUT", path, { defaultAdmissionRule: rule });
    expect(double.policy(PROJECT)).not.toHaveProperty("description");
    expect(double.policy(PROJECT)).not.toHaveProperty("globalPolicyEvaluationMode");
    const stale = { defaultAdmissionRule: rule, etag: first.json.etag };
    expect((await call(double, "PUT", path, stale)).status).toBe(409);
  });

  test("a second attestation of one image meets what the test arranged", async () => {
    const version = await makeKey(double, "EC_SIGN_P256_SHA256");
    await makeAttestor(double, version, "EC_SIGN_P256_SHA256");
    const body = (key: string): object => ({
      noteName: NOTE,
      resourceUri: IMAGE,
      attestation: { signatures: [{ publicKeyId: key }] },
    });
    const path = `containeranalysis/v1/projects/${PROJECT}/occurrences`;
    expect((await call(double, "POST", path, body("one"))).status).toBe(200);
    expect((await call(double, "POST", path, body("two"))).status).toBe(409);
    double.options.duplicateAttestation = "same-image-and-key";
    expect((await call(double, "POST", path, body("two"))).status).toBe(200);
    expect((await call(double, "POST", path, body("two"))).status).toBe(409);
    const filter = encodeURIComponent(`has_suffix(resourceUrl, "${DIGEST}")`);
    const found = await call(double, "GET", `containeranalysis/v1/${NOTE}/occurrences?filter=${filter}`);
    expect(found.json.occurrences).toHaveLength(2);
  });

  test("what is not modelled is refused and listed, arranged failures are not", async () => {
    double.failNext(/GET .*\/policy$/, "PERMISSION_DENIED");
    const path = `binaryauthorization/v1/projects/${PROJECT}`;
    expect((await call(double, "GET", `${path}/policy`)).status).toBe(403);
    expect((await call(double, "GET", `${path}/policy`)).status).toBe(200);
    expect(double.unknownRoutes).toEqual([]);
    const unknown = await call(double, "GET", `${path}/platforms/gke/policies`);
    expect(unknown).toMatchObject({ status: 501, json: { error: { status: "UNIMPLEMENTED" } } });
    expect(double.unknownRoutes).toEqual([`GET ${path}/platforms/gke/policies`]);
    expect(double.requests).toHaveLength(3);
  });

  test("an API that is not enabled is refused when the test asks for that", async () => {
    double.options.enforceServices = true;
    const path = `binaryauthorization/v1/projects/${PROJECT}/policy`;
    expect((await call(double, "GET", path)).status).toBe(403);
    double.enableService(PROJECT, "binaryauthorization.googleapis.com");
    expect((await call(double, "GET", path)).status).toBe(200);
  });
});

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

describeIfTerraform("the double and Terraform", () => {
  let double: GoogleDouble;
  let terraform: TerraformDir;

  beforeAll(async () => {
    double = await GoogleDouble.start({ strictIam: true });
    terraform = TerraformDir.temporary(double.terraformEnv());
  });

  afterAll(async () => {
    await double.stop();
    terraform.remove();
  });

  test("plans, applies, plans nothing more, and destroys", async () => {
    const times: Record<string, number> = {};
    const timed = async <T>(name: string, step: () => Promise<T>): Promise<T> => {
      const start = Date.now();
      const value = await step();
      times[name] = (Date.now() - start) / 1000;
      return value;
    };

    terraform.write(CHAIN);
    await timed("init", () => terraform.init());
    await timed("validate", () => terraform.validate());
    const first = await timed("plan", () => terraform.plan());
    expect(first.exitCode).toBe(2);
    await timed("apply", () => terraform.apply());

    const second = await timed("second plan", () => terraform.plan());
    expect(second.output).toContain("No changes.");
    expect(second.exitCode).toBe(0);
    expect(double.unknownRoutes).toEqual([]);
    expect(second.json.checks).toContainEqual(expect.objectContaining({ status: "pass" }));

    expect(double.policy(PROJECT)).toMatchObject({ defaultAdmissionRule: { evaluationMode: "ALWAYS_DENY" } });
    expect(double.keyVersions(KEY)).toHaveLength(2);
    expect(double.enabledServices(PROJECT)).toContain("cloudkms.googleapis.com");
    expect(double.iamPolicy(KEY).bindings).toEqual([
      {
        role: "roles/cloudkms.signerVerifier",
        members: [`serviceAccount:signer@${PROJECT}.iam.gserviceaccount.com`],
      },
    ]);

    terraform.write(OWN_CHECK, "check.tf.json");
    const checking = await timed("plan with a reading check", () => terraform.plan());
    expect(checking.changes).toEqual([]);
    expect(checking.json.checks).not.toContainEqual(expect.objectContaining({ status: "fail" }));

    // A change behind Terraform's back is seen, and a check that reads for itself says so.
    const autopilot = `projects/${PROJECT}/locations/us-central1/clusters/autopilot`;
    double.editCluster(autopilot, { binaryAuthorization: { evaluationMode: "DISABLED" } });
    const drifted = await timed("plan with drift", () => terraform.plan());
    expect(drifted.changes).toMatchObject([{ name: "autopilot", change: { actions: ["update"] } }]);
    expect(drifted.json.checks).toContainEqual(expect.objectContaining({ status: "fail" }));
    await timed("apply of one change", () => terraform.apply());
    expect(double.cluster(autopilot)).toMatchObject({ binaryAuthorization: { evaluationMode: ENFORCED } });

    await timed("destroy", () => terraform.destroy());
    expect(double.unknownRoutes).toEqual([]);
    expect(double.attestor(ATTESTOR)).toBeUndefined();
    expect(double.keyVersions(KEY)).toMatchObject([{ state: "DESTROY_SCHEDULED" }, { state: "DESTROY_SCHEDULED" }]);
    expect(double.policy(PROJECT)).toMatchObject({
      defaultAdmissionRule: { evaluationMode: "ALWAYS_ALLOW" },
    });
    if (process.env.GOOGLE_DOUBLE_TIMES) {
      process.stderr.write(`${JSON.stringify(times)}\n`);
    }
  }, 600_000);
});

describeUnless(findProgram("gcloud") ? undefined : "gcloud was not found", "the double and gcloud", () => {
  let double: GoogleDouble;
  let config: string;

  beforeAll(async () => {
    double = await GoogleDouble.start({ requireToken: false });
    config = mkdtempSync(join(tmpdir(), "gcloud-"));
  });

  afterAll(async () => {
    await double.stop();
    rmSync(config, { recursive: true, force: true });
  });

  function gcloud(...args: string[]): Promise<CommandResult> {
    return run("gcloud", [...args, `--project=${PROJECT}`, "--quiet"], { env: double.gcloudEnv(config) });
  }

  test("signs, lists and exports", async () => {
    const key = await makeKey(double, "EC_SIGN_P256_SHA256");
    await makeAttestor(double, key, "EC_SIGN_P256_SHA256");
    double.options.requireToken = true;

    const signed = await gcloud(
      ...["beta", "container", "binauthz", "attestations", "sign-and-create"],
      `--artifact-url=${IMAGE}`,
      `--attestor=${ATTESTOR}`,
      `--keyversion=${key}`,
      `--public-key-id-override=${kmsId(key)}`,
      "--validate",
    );
    expect(signed.output).not.toContain("WARNING");
    expect(signed.exitCode).toBe(0);

    const listed = await gcloud(
      ...["container", "binauthz", "attestations", "list"],
      `--attestor=${ATTESTOR}`,
      `--artifact-url=${IMAGE}`,
      "--format=json",
    );
    expect(listed.exitCode).toBe(0);
    const [occurrence] = JSON.parse(listed.stdout) as JsonObject[];
    double.options.requireToken = false;
    const attestation = occurrence?.attestation as JsonObject;
    expect(await validate(double, attestation)).toBe("VERIFIED");
    const serializedPayload = Buffer.from(PAYLOAD.replace(/a{64}/, "b".repeat(64))).toString("base64");
    expect(await validate(double, { ...attestation, serializedPayload })).toBe("ATTESTATION_NOT_VERIFIABLE");

    const exported = await gcloud("container", "binauthz", "policy", "export");
    expect(exported.stdout).toContain("ALWAYS_ALLOW");
    const token = await gcloud("auth", "print-access-token");
    expect(token.exitCode).toBe(0);
    expect(double.unknownRoutes).toEqual([]);
  }, 120_000);
});
