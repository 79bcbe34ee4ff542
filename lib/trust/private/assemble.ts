import { join } from "../join";
import { SCHEMA_VERSION, type TrustModel } from "../model";
import { readAttestors, readNotes } from "./readers/attestor";
import { readKeyVersions } from "./readers/kms";
import { readPipelines } from "./readers/pipeline";
import { readPolicies } from "./readers/policy";
import { readPowers } from "./readers/powers";
import { readClusters, readServices } from "./readers/targets";
import type { Resource, Surroundings } from "./resource";

const IAM =
  /^google_(?:kms_crypto_key|kms_key_ring|container_analysis_note|binary_authorization_attestor|artifact_registry_repository|service_account|project|folder|organization)_iam_(?:member|binding|policy)$/;

const TYPES: ReadonlySet<string> = new Set([
  "google_binary_authorization_attestor",
  "google_binary_authorization_policy",
  "google_cloud_run_v2_job",
  "google_cloud_run_v2_service",
  "google_cloudbuild_trigger",
  "google_container_analysis_note",
  "google_container_cluster",
  "google_kms_crypto_key",
  "google_kms_crypto_key_version",
  "google_project_iam_custom_role",
]);

/** Whether resources of a type say anything about trust; the others are not looked at. */
export function concernsTrust(type: string): boolean {
  return TYPES.has(type) || IAM.test(type);
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
    },
  ]);
}
