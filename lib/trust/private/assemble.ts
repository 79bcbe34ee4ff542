import { join } from "../join";
import { SCHEMA_VERSION, type TrustModel } from "../model";
import { readAttestors, readNotes } from "./readers/attestor";
import { readAccountKeys, readApis, readIdentityProviders, readOrgPolicies, SURROUNDING_TYPES } from "./readers/estate";
import { EVIDENCE_TYPES, readEvidence } from "./readers/evidence";
import { readGuards } from "./readers/guards";
import { readCryptoKeys, readKeyVersions } from "./readers/kms";
import { readPipelines } from "./readers/pipeline";
import { readPodWorkloads, WORKLOAD_TYPE } from "./readers/pods";
import { readPolicies } from "./readers/policy";
import { readPowers } from "./readers/powers";
import { ENROLMENT_TYPES, readClusters, readEnrolments, readRunWorkloads, readServices } from "./readers/switches";
import type { Resource, Surroundings } from "./resource";

const IAM =
  /^google_(?:kms_crypto_key|kms_key_ring|container_analysis_note|binary_authorization_attestor|artifact_registry_repository|service_account|project|folder|organization)_iam_(?:member|binding|policy)$/;

const TYPES: ReadonlySet<string> = new Set([
  "google_binary_authorization_attestor",
  "google_binary_authorization_policy",
  "google_cloud_run_service",
  "google_cloud_run_v2_job",
  "google_cloud_run_v2_service",
  "google_cloud_run_v2_worker_pool",
  "google_cloudfunctions2_function",
  "google_cloudbuild_trigger",
  "google_container_analysis_note",
  "google_container_cluster",
  "google_kms_crypto_key",
  "google_kms_crypto_key_version",
  "google_kms_key_ring",
  "google_kms_key_ring_import_job",
  "google_organization_iam_custom_role",
  "google_project_iam_custom_role",
  ...ENROLMENT_TYPES,
  ...EVIDENCE_TYPES,
  ...SURROUNDING_TYPES,
]);

/** Whether resources of a type say anything about trust; the others are not looked at. */
export function concernsTrust(type: string): boolean {
  return TYPES.has(type) || IAM.test(type) || WORKLOAD_TYPE.test(type);
}

/** What resources come to. Two of them for one thing are joined, or refused where they contradict each other. */
export function assemble(resources: readonly Resource[]): TrustModel {
  const byType = new Map<string, Resource[]>();
  for (const resource of resources) {
    const present = byType.get(resource.type);
    if (present) {
      present.push(resource);
    } else {
      byType.set(resource.type, [resource]);
    }
  }
  const around: Surroundings = { ofType: (type) => byType.get(type) ?? [] };
  return join([
    {
      schemaVersion: SCHEMA_VERSION,
      keyVersions: readKeyVersions(around),
      notes: readNotes(around),
      attestors: readAttestors(around),
      policies: readPolicies(around),
      clusters: readClusters(around),
      services: readServices(around),
      pipelines: readPipelines(around),
      powers: readPowers(around),
      cryptoKeys: readCryptoKeys(around),
      enrolments: readEnrolments(around),
      apis: readApis(around),
      orgPolicies: readOrgPolicies(around),
      identityProviders: readIdentityProviders(around),
      accountKeys: readAccountKeys(around),
      evidence: readEvidence(around),
      workloads: [...readPodWorkloads(resources), ...readRunWorkloads(around)],
      guards: readGuards(around),
    },
  ]);
}
