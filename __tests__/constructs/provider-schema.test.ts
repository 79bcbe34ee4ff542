import { kitchenSink } from "../support/kitchen-sink";
import { schemaErrors } from "../support/provider-schema";
import { referenceDeployment } from "../support/reference-deployment";
import { type Json, template } from "../support/template";

// Terraform itself says more (see __tests__/e2e), but is not everywhere, and stops at the first file that is wrong.

test("the reference deployment has no unknown names, and lacks no required ones", () => {
  expect(schemaErrors(referenceDeployment().template.json)).toEqual([]);
});

describe("a stack with every prop set", () => {
  const { json } = template(kitchenSink());

  test("has no unknown names, and lacks no required ones", () => {
    expect(schemaErrors(json)).toEqual([]);
  });

  test("has every type of resource that the library writes", () => {
    expect(Object.keys(json.resource).sort()).toEqual([
      "google_artifact_registry_repository",
      "google_artifact_registry_repository_iam_member",
      "google_binary_authorization_attestor",
      "google_binary_authorization_attestor_iam_member",
      "google_binary_authorization_policy",
      "google_cloud_run_v2_job",
      "google_cloud_run_v2_service",
      "google_cloudbuild_trigger",
      "google_cloudbuildv2_connection",
      "google_cloudbuildv2_repository",
      "google_container_analysis_note",
      "google_container_analysis_note_iam_member",
      "google_container_cluster",
      "google_container_node_pool",
      "google_iam_workload_identity_pool",
      "google_iam_workload_identity_pool_provider",
      "google_kms_crypto_key",
      "google_kms_crypto_key_iam_member",
      "google_kms_crypto_key_version",
      "google_kms_key_ring",
      "google_logging_project_bucket_config",
      "google_logging_project_sink",
      "google_monitoring_alert_policy",
      "google_monitoring_notification_channel",
      "google_org_policy_custom_constraint",
      "google_org_policy_policy",
      "google_project_iam_audit_config",
      "google_project_iam_custom_role",
      "google_project_iam_member",
      "google_project_service",
      "google_pubsub_topic_iam_member",
      "google_secret_manager_secret_iam_member",
      "google_service_account",
      "google_service_account_iam_member",
    ]);
    expect(Object.keys(json.data).sort()).toEqual(["google_container_cluster", "google_kms_crypto_key_version"]);
    expect(Object.keys(json).sort()).toEqual([
      "check",
      "data",
      "import",
      "provider",
      "removed",
      "resource",
      "terraform",
      "variable",
    ]);
  });

  const damaged = (damage: (copy: Json) => void): string[] => {
    const copy = structuredClone(json);
    damage(copy);
    return schemaErrors(copy);
  };
  const first = (instances: Json): Json => Object.values(instances)[0];

  test.each<[string, (copy: Json) => void, RegExp]>([
    [
      "an unknown name in a resource",
      ({ resource }) => {
        first(resource.google_kms_crypto_key).rotation = "1d";
      },
      /^google_kms_crypto_key\.\S+\.rotation: unknown$/,
    ],
    [
      "the name of a property instead of the argument's",
      ({ resource }) => {
        const trigger = first(resource.google_cloudbuild_trigger);
        trigger.build_attribute = trigger.build;
      },
      /^google_cloudbuild_trigger\.\S+\.build_attribute: unknown$/,
    ],
    [
      "an unknown name in a block of a block",
      ({ resource }) => {
        first(resource.google_binary_authorization_policy).cluster_admission_rules[0].attestors = [];
      },
      /^google_binary_authorization_policy\.\S+\.cluster_admission_rules\[0\]\.attestors: unknown$/,
    ],
    [
      "a missing required name",
      ({ resource }) => {
        delete first(resource.google_binary_authorization_policy).default_admission_rule;
      },
      /^google_binary_authorization_policy\.\S+\.default_admission_rule: required, but missing$/,
    ],
    [
      "a missing required name in a block of a block",
      ({ resource }) => {
        delete first(resource.google_cloudbuild_trigger).build.step[0].name;
      },
      /^google_cloudbuild_trigger\.\S+\.build\[0\]\.step\[0\]\.name: required, but missing$/,
    ],
    [
      "a missing required name of a cluster, whose blocks are in files of their own",
      ({ resource }) => {
        first(resource.google_container_cluster).release_channel = {};
      },
      /^google_container_cluster\.\S+\.release_channel\[0\]\.channel: required, but missing$/,
    ],
    [
      "an unknown name in a data source",
      ({ data }) => {
        first(data.google_kms_crypto_key_version).number = 1;
      },
      /^data\.google_kms_crypto_key_version\.\S+\.number: unknown$/,
    ],
    [
      "an unknown name in the data source of a check",
      ({ check }) => {
        first(first(check).data.google_container_cluster).zone = "a";
      },
      /^data\.google_container_cluster\.\S+\.zone: unknown$/,
    ],
    [
      "a misspelled lifecycle",
      ({ resource }) => {
        first(resource.google_kms_crypto_key).lifecycle.prevent_deletion = true;
      },
      /^google_kms_crypto_key\.\S+\.lifecycle\.prevent_deletion: unknown$/,
    ],
    [
      "an import block without its id",
      (copy) => {
        delete copy.import[0].id;
      },
      /^import\[0\]\.id: required, but missing$/,
    ],
    [
      "an unknown block",
      (copy) => {
        copy.resources = {};
      },
      /^stack\.resources: unknown$/,
    ],
  ])("the check notices %s", (_, damage, expected) => {
    expect(damaged(damage)).toEqual([expect.stringMatching(expected)]);
  });

  test("the check notices a type that the provider does not have", () => {
    expect(() => schemaErrors({ resource: { google_binauthz_policy: { x: {} } } })).toThrow(
      "the provider has no google_binauthz_policy",
    );
  });
});
