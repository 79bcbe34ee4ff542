import { outcomeOfConfiguration } from "../lib/review";
import { referenceDeployment } from "./support/reference-deployment";
import type { Json } from "./support/template";

const PROJECT = "my-secure-project";
const KEY = `projects/${PROJECT}/locations/global/keyRings/binauthz-ring/cryptoKeys/build-signer-key`;
const ATTESTOR = `projects/${PROJECT}/attestors/build-attestor`;
const BLOCK = "ENFORCED_BLOCK_AND_AUDIT_LOG";

const reference = referenceDeployment();
const t = reference.template;

describe("the reference deployment", () => {
  test("passes binauthz check; of its key, the report says what is weaker than it could be", () => {
    const { findings, verdict } = outcomeOfConfiguration("cdk.tf.json", t.json);
    expect(verdict).toBe("pass");
    // quay.io/example-monitor/* names its owner: what others push to the registry, it does not admit.
    expect(findings.map(({ after, id, severity }) => ({ id, severity, after }))).toEqual([
      { id: "A006", severity: "low", after: "RSA_SIGN_PKCS1_4096_SHA512" },
    ]);
  });

  test("enables the APIs of the chain, and never disables them", () => {
    const services = Object.values(t.resources("google_project_service"));
    expect(services.map(({ service }) => service).sort()).toEqual(
      [
        "artifactregistry",
        "binaryauthorization",
        "cloudbuild",
        "cloudkms",
        "cloudresourcemanager",
        "container",
        "containeranalysis",
        "iam",
      ].map((api) => `${api}.googleapis.com`),
    );
    for (const service of services) {
      expect(service).toMatchObject({
        project: PROJECT,
        disable_on_destroy: false,
      });
    }
  });

  test("has one signing key", () => {
    expect(t.resource("google_kms_key_ring")).toMatchObject({
      name: "binauthz-ring",
      location: "global",
      project: PROJECT,
    });
    expect(t.resource("google_kms_crypto_key")).toMatchObject({
      name: "build-signer-key",
      purpose: "ASYMMETRIC_SIGN",
      version_template: { algorithm: "RSA_SIGN_PKCS1_4096_SHA512" },
    });
  });

  test("has one attestor, which trusts version 1 of the key", () => {
    expect(t.resource("google_container_analysis_note")).toMatchObject({
      name: "build-provenance-note",
      attestation_authority: {
        hint: { human_readable_name: "CI/CD Build Pipeline" },
      },
    });
    const attestor = t.resource("google_binary_authorization_attestor");
    expect(attestor.name).toBe("build-attestor");
    expect(attestor.attestation_authority_note.note_reference).toBe(`projects/${PROJECT}/notes/build-provenance-note`);
    expect(attestor.attestation_authority_note.public_keys).toEqual([
      {
        id: `//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/1`,
        pkix_public_key: {
          public_key_pem: `\${data.google_kms_crypto_key_version.${PROJECT}_global_binauthz-ring_build-signer-key_1.public_key[0].pem}`,
          signature_algorithm: "RSA_SIGN_PKCS1_4096_SHA512",
        },
      },
    ]);
    expect(t.data("google_kms_crypto_key_version").version).toBe(1);
  });

  test("denies by default, and admits on two clusters what the attestor vouched for", () => {
    const { lifecycle: _, depends_on: __, ...policy } = t.resource("google_binary_authorization_policy");
    const rule = {
      enforcement_mode: BLOCK,
      evaluation_mode: "REQUIRE_ATTESTATION",
      require_attestations_by: [ATTESTOR],
    };
    expect(policy).toEqual({
      project: PROJECT,
      global_policy_evaluation_mode: "ENABLE",
      default_admission_rule: {
        evaluation_mode: "ALWAYS_DENY",
        enforcement_mode: BLOCK,
      },
      admission_whitelist_patterns: [
        "quay.io/example-monitor/*",
        "gcr.io/google_containers/*",
        "gcr.io/google-containers/*",
        "k8s.gcr.io/*",
        "gke.gcr.io/*",
        "gcr.io/stackdriver-agents/*",
      ].map((name_pattern) => ({ name_pattern })),
      cluster_admission_rules: [
        { cluster: "us-central1-a.prod", ...rule },
        { cluster: "us-central1.my-cluster", ...rule },
      ],
    });
  });

  test("makes one cluster that enforces", () => {
    expect(t.resource("google_container_cluster")).toMatchObject({
      name: "prod",
      location: "us-central1-a",
      project: PROJECT,
      binary_authorization: {
        evaluation_mode: "PROJECT_SINGLETON_POLICY_ENFORCE",
      },
    });
  });

  test("only looks at the other one", () => {
    expect(Object.keys(t.checks)).toEqual([`${PROJECT}_us-central1_my-cluster`]);
    const { data } = t.checks[`${PROJECT}_us-central1_my-cluster`];
    expect(Object.values<Json>(data.google_container_cluster)).toEqual([
      { project: PROJECT, location: "us-central1", name: "my-cluster" },
    ]);
  });

  test("builds, pushes and signs one image", () => {
    const trigger = t.resource("google_cloudbuild_trigger");
    expect(trigger.build.images).toEqual([`us-central1-docker.pkg.dev/${PROJECT}/my-repo/my-app:$COMMIT_SHA`]);
    expect(trigger.build.step.map(({ id }: { id: string }) => id)).toEqual(["build", "push", "sign-build-attestor"]);
    expect(trigger.build.step[2].env).toEqual(
      expect.arrayContaining([`ATTESTOR=${ATTESTOR}`, `KEY_VERSION=${KEY}/cryptoKeyVersions/1`]),
    );
    expect(trigger.build.options.logging).toBe("CLOUD_LOGGING_ONLY");
  });

  test("adopts the policy that the project has already", () => {
    expect(t.imports).toEqual([
      {
        to: `google_binary_authorization_policy.${PROJECT}`,
        id: `projects/${PROJECT}`,
      },
    ]);
  });

  test("grants the pipeline what signing takes and the nodes what running takes, and nothing else to anybody", () => {
    const pipeline = `serviceAccount:my-app-signed@${PROJECT}.iam.gserviceaccount.com`;
    const nodes = t.bindings().find((binding) => binding.includes("container.defaultNodeServiceAccount"));
    const node = /serviceAccount:gke-prod-[0-9a-f]{8}@\S+$/.exec(nodes ?? "")?.[0];
    const repository = `projects/${PROJECT}/locations/us-central1/repositories/my-repo`;
    const note = `projects/${PROJECT}/notes/build-provenance-note`;
    expect(t.bindings()).toEqual([
      `roles/artifactregistry.reader on ${repository} to ${node}`,
      `roles/artifactregistry.writer on ${repository} to ${pipeline}`,
      `roles/binaryauthorization.attestorsVerifier on ${ATTESTOR} to ${pipeline}`,
      `roles/cloudkms.publicKeyViewer on ${KEY} to ${pipeline}`,
      `roles/cloudkms.signer on ${KEY} to ${pipeline}`,
      `roles/container.defaultNodeServiceAccount on projects/${PROJECT} to ${node}`,
      `roles/containeranalysis.notes.attacher on ${note} to ${pipeline}`,
      `roles/containeranalysis.notes.occurrences.viewer on ${note} to ${pipeline}`,
      `roles/containeranalysis.occurrences.editor on projects/${PROJECT} to ${pipeline}`,
      `roles/logging.logWriter on projects/${PROJECT} to ${pipeline}`,
    ]);
  });

  test("snapshot of its addresses", () => {
    expect(t.addresses()).toMatchInlineSnapshot(`
      [
        "check.my-secure-project_us-central1_my-cluster",
        "data.google_kms_crypto_key_version.my-secure-project_global_binauthz-ring_build-signer-key_1",
        "google_artifact_registry_repository.my-secure-project_us-central1_my-repo",
        "google_artifact_registry_repository_iam_member.repository-my-repo_artifactregistry-reader_gke-prod-4ea3e4ff_176d9518",
        "google_artifact_registry_repository_iam_member.repository-my-repo_artifactregistry-writer_my-app-signed_8b78ff2c",
        "google_binary_authorization_attestor.my-secure-project_build-attestor",
        "google_binary_authorization_attestor_iam_member.attestor-build-attestor_binaryauthorization-attestorsVerifier_my-app-signed_5536d705",
        "google_binary_authorization_policy.my-secure-project",
        "google_cloudbuild_trigger.my-secure-project_us-central1_my-app-signed",
        "google_container_analysis_note.my-secure-project_build-provenance-note",
        "google_container_analysis_note_iam_member.note-build-provenance-note_containeranalysis-notes-attacher_my-app-signed_57f6406c",
        "google_container_analysis_note_iam_member.note-build-provenance-note_containeranalysis-notes-occurrences-viewer_my-app-signed_6dc8dba1",
        "google_container_cluster.my-secure-project_us-central1-a_prod",
        "google_container_node_pool.my-secure-project_us-central1-a_prod_nodes",
        "google_kms_crypto_key.my-secure-project_global_binauthz-ring_build-signer-key",
        "google_kms_crypto_key_iam_member.key-build-signer-key_cloudkms-publicKeyViewer_my-app-signed_07bf6808",
        "google_kms_crypto_key_iam_member.key-build-signer-key_cloudkms-signer_my-app-signed_47a37aad",
        "google_kms_crypto_key_version.my-secure-project_global_binauthz-ring_build-signer-key_first",
        "google_kms_key_ring.my-secure-project_global_binauthz-ring",
        "google_project_iam_member.project-my-secure-project_container-defaultNodeServiceAccount_gke-prod-4ea3e4ff_dca9b4b3",
        "google_project_iam_member.project-my-secure-project_containeranalysis-occurrences-editor_my-app-signed_65e63a47",
        "google_project_iam_member.project-my-secure-project_logging-logWriter_my-app-signed_bc0a5e7f",
        "google_project_service.my-secure-project_artifactregistry",
        "google_project_service.my-secure-project_binaryauthorization",
        "google_project_service.my-secure-project_cloudbuild",
        "google_project_service.my-secure-project_cloudkms",
        "google_project_service.my-secure-project_cloudresourcemanager",
        "google_project_service.my-secure-project_container",
        "google_project_service.my-secure-project_containeranalysis",
        "google_project_service.my-secure-project_iam",
        "google_service_account.my-secure-project_gke-prod-4ea3e4ff",
        "google_service_account.my-secure-project_my-app-signed",
      ]
    `);
  });

  test("snapshot of its policy and of every IAM binding", () => {
    expect(t.resource("google_binary_authorization_policy")).toMatchSnapshot();
    expect(t.allResources.filter(([address]) => address.includes("_iam_"))).toMatchSnapshot();
  });
});

describe("the project", () => {
  test("is that of GOOGLE_PROJECT, everywhere", () => {
    const other = referenceDeployment("another-project").template;
    const text = JSON.stringify(other.json);
    expect(text).not.toContain(PROJECT);
    expect(other.json.provider.google).toEqual([{ project: "another-project", region: "us-central1" }]);
    // Nothing but the project changes, apart from the hashes that are made of it.
    const plain = (json: unknown) => JSON.stringify(json).replace(/_[0-9a-f]{8}\b/g, "");
    expect(plain(other.json).replaceAll("another-project", PROJECT)).toBe(plain(t.json));
  });

  test("is my-secure-project without it, and where it is empty", () => {
    expect(t.json.provider.google).toEqual([{ project: PROJECT, region: "us-central1" }]);
    expect(referenceDeployment("").template.json).toEqual(t.json);
  });
});
