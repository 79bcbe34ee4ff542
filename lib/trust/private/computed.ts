import { serviceAccountEmail } from "../../vocabulary/resource-name";
import type { Attribute } from "./attribute";

/** An attribute that a resource declares, as text; undefined where it declares none, or one that is not known. */
export type Declared = (attribute: string) => string | undefined;

type Formula = (declared: Declared) => string | undefined;

/** Fills `{…}` of a form from the attributes; undefined where one is missing. */
const form =
  (text: string): Formula =>
  (declared) => {
    let complete = true;
    const filled = text.replace(/\{([a-z_]+)\}/g, (_, attribute: string) => {
      const value = declared(attribute);
      complete &&= value !== undefined;
      return value ?? "";
    });
    return complete ? filled : undefined;
  };

const email: Formula = (declared) => {
  const id = declared("account_id");
  const project = declared("project");
  return id === undefined || project === undefined
    ? undefined
    : id.includes("@")
      ? id
      : serviceAccountEmail(id, project);
};

const prefixed =
  (prefix: Formula, formula: Formula): Formula =>
  (declared) => {
    const [start, rest] = [prefix(declared), formula(declared)];
    return start === undefined || rest === undefined ? undefined : start + rest;
  };

const version = form("{crypto_key}/cryptoKeyVersions/{version}");
const accountName = prefixed(form("projects/{project}/serviceAccounts/"), email);

/**
 * What the provider computes from what is declared, by the `id` templates of its documentation
 * (https://registry.terraform.io/providers/hashicorp/google/6.50.0/docs).
 */
const FORMULAS: ReadonlyMap<string, Formula> = new Map([
  ["google_kms_key_ring.id", form("projects/{project}/locations/{location}/keyRings/{name}")],
  ["google_kms_crypto_key.id", form("{key_ring}/cryptoKeys/{name}")],
  ["google_kms_crypto_key_version.name", version],
  ["google_kms_crypto_key_version.id", version],
  ["data.google_kms_key_ring.id", form("projects/{project}/locations/{location}/keyRings/{name}")],
  ["data.google_kms_crypto_key.id", form("{key_ring}/cryptoKeys/{name}")],
  ["data.google_kms_crypto_key_version.name", version],
  ["data.google_kms_crypto_key_version.id", prefixed(() => "//cloudkms.googleapis.com/v1/", version)],
  ["google_container_analysis_note.id", form("projects/{project}/notes/{name}")],
  ["google_binary_authorization_attestor.id", form("projects/{project}/attestors/{name}")],
  ["google_binary_authorization_policy.id", form("projects/{project}")],
  ["google_container_cluster.id", form("projects/{project}/locations/{location}/clusters/{name}")],
  [
    "google_artifact_registry_repository.id",
    form("projects/{project}/locations/{location}/repositories/{repository_id}"),
  ],
  ["google_artifact_registry_repository.name", form("{repository_id}")],
  ...["", "data."].flatMap((mode): [string, Formula][] => [
    [`${mode}google_service_account.email`, email],
    [`${mode}google_service_account.member`, prefixed(() => "serviceAccount:", email)],
    [`${mode}google_service_account.id`, accountName],
    [`${mode}google_service_account.name`, accountName],
  ]),
  ["google_organization_iam_custom_role.id", form("organizations/{org_id}/roles/{role_id}")],
  ["google_organization_iam_custom_role.name", form("organizations/{org_id}/roles/{role_id}")],
  ["google_project_iam_custom_role.id", form("projects/{project}/roles/{role_id}")],
  ["google_project_iam_custom_role.name", form("projects/{project}/roles/{role_id}")],
]);

/** An attribute that is not declared, where it follows from those that are. */
export function computed(type: string, attribute: string, declared: Declared): Attribute | undefined {
  return FORMULAS.get(`${type}.${attribute}`)?.(declared);
}
