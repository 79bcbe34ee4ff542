import type { PowerKind } from "./model";

/** What a role can be given on, as far as the chain of trust goes; `key` is a key or a ring of them. */
export type RoleScope = "key" | "note" | "attestor" | "repository" | "account" | "project";

interface PermissionPower {
  readonly kind: PowerKind;
  /** Where holding the permission gives the power; on a project it does so for everything in it. */
  readonly on: readonly RoleScope[];
}

const power = (kind: PowerKind, ...on: RoleScope[]): PermissionPower => ({ kind, on: [...on, "project"] });

/**
 * The permissions that are power over the chain of trust.
 * Source: the IAM sections of the pages of each API method under https://docs.cloud.google.com/binary-authorization/docs/reference/rest,
 * https://docs.cloud.google.com/kms/docs/reference/rest and https://docs.cloud.google.com/iam/docs/service-account-permissions
 */
export const POWER_PERMISSIONS: ReadonlyMap<string, PermissionPower> = new Map([
  ["cloudkms.cryptoKeyVersions.useToSign", power("sign", "key")],
  ["containeranalysis.notes.attachOccurrence", power("attach", "note")],
  ["binaryauthorization.attestors.update", power("edit-attestor", "attestor")],
  ["binaryauthorization.policy.update", power("edit-policy")],
  ["cloudkms.cryptoKeys.setIamPolicy", power("grant", "key")],
  ["cloudkms.keyRings.setIamPolicy", power("grant", "key")],
  ["containeranalysis.notes.setIamPolicy", power("grant", "note")],
  ["binaryauthorization.attestors.setIamPolicy", power("grant", "attestor")],
  ["binaryauthorization.policy.setIamPolicy", power("grant")],
  ["artifactregistry.repositories.setIamPolicy", power("grant", "repository")],
  ["iam.serviceAccounts.setIamPolicy", power("grant", "account")],
  ["resourcemanager.projects.setIamPolicy", power("grant")],
  ["iam.serviceAccounts.actAs", power("act-as", "account")],
  ["iam.serviceAccounts.getAccessToken", power("act-as", "account")],
  ["iam.serviceAccounts.implicitDelegation", power("act-as", "account")],
  ["iam.serviceAccounts.signBlob", power("act-as", "account")],
  ["iam.serviceAccounts.signJwt", power("act-as", "account")],
  ["iam.serviceAccountKeys.create", power("act-as", "account")],
  ["artifactregistry.repositories.uploadArtifacts", power("push", "repository")],
]);

/** What the tables of a role name: the service accounts' token permissions come and go together. */
const TOKENS = ["iam.serviceAccounts.getAccessToken"];
const ALL_TOKENS = [
  ...TOKENS,
  "iam.serviceAccounts.implicitDelegation",
  "iam.serviceAccounts.signBlob",
  "iam.serviceAccounts.signJwt",
];
const SIGN = "cloudkms.cryptoKeyVersions.useToSign";
const ATTACH = "containeranalysis.notes.attachOccurrence";
const EDIT_ATTESTOR = "binaryauthorization.attestors.update";
const EDIT_POLICY = "binaryauthorization.policy.update";
const PUSH = "artifactregistry.repositories.uploadArtifacts";
const GRANTS = [...POWER_PERMISSIONS].filter(([, { kind }]) => kind === "grant").map(([permission]) => permission);

/**
 * Of Google's predefined roles, the permissions that are power over the chain of trust.
 * Source: https://github.com/iann0036/iam-dataset (MIT), gcp/roles, snapshot of 2026-08-22
 */
export const ROLE_PERMISSIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ["roles/cloudkms.signer", [SIGN]],
  ["roles/cloudkms.signerVerifier", [SIGN]],
  ["roles/cloudkms.cryptoOperator", [SIGN]],
  ["roles/cloudkms.admin", ["cloudkms.cryptoKeys.setIamPolicy", "cloudkms.keyRings.setIamPolicy"]],
  ["roles/containeranalysis.notes.attacher", [ATTACH]],
  ["roles/containeranalysis.notes.editor", [ATTACH]],
  ["roles/containeranalysis.admin", [ATTACH, "containeranalysis.notes.setIamPolicy"]],
  ["roles/binaryauthorization.attestorsEditor", [EDIT_ATTESTOR]],
  ["roles/binaryauthorization.attestorsAdmin", [EDIT_ATTESTOR, "binaryauthorization.attestors.setIamPolicy"]],
  ["roles/binaryauthorization.policyEditor", [EDIT_POLICY]],
  ["roles/binaryauthorization.policyAdmin", [EDIT_POLICY, "binaryauthorization.policy.setIamPolicy"]],
  ["roles/artifactregistry.writer", [PUSH]],
  ["roles/artifactregistry.repoAdmin", [PUSH]],
  ["roles/artifactregistry.admin", [PUSH, "artifactregistry.repositories.setIamPolicy"]],
  ["roles/cloudbuild.builds.builder", [PUSH]],
  ["roles/cloudbuild.serviceAgent", [ATTACH, EDIT_ATTESTOR, PUSH, ...TOKENS]],
  ["roles/iam.serviceAccountUser", ["iam.serviceAccounts.actAs"]],
  ["roles/iam.serviceAccountTokenCreator", ALL_TOKENS],
  ["roles/iam.workloadIdentityUser", TOKENS],
  ["roles/iam.serviceAccountAdmin", ["iam.serviceAccounts.setIamPolicy"]],
  ["roles/iam.serviceAccountKeyAdmin", ["iam.serviceAccountKeys.create"]],
  ["roles/iam.securityAdmin", GRANTS],
  ["roles/resourcemanager.projectIamAdmin", ["resourcemanager.projects.setIamPolicy"]],
  [
    "roles/editor",
    [ATTACH, EDIT_ATTESTOR, EDIT_POLICY, PUSH, "iam.serviceAccounts.actAs", "iam.serviceAccountKeys.create"],
  ],
  [
    "roles/owner",
    [
      SIGN,
      ATTACH,
      EDIT_ATTESTOR,
      EDIT_POLICY,
      PUSH,
      ...GRANTS,
      "iam.serviceAccounts.actAs",
      "iam.serviceAccountKeys.create",
    ],
  ],
  ...[
    "roles/artifactregistry.reader",
    "roles/binaryauthorization.attestorsVerifier",
    "roles/binaryauthorization.attestorsViewer",
    "roles/binaryauthorization.policyEvaluator",
    "roles/binaryauthorization.policyViewer",
    "roles/binaryauthorization.serviceAgent",
    "roles/cloudbuild.builds.approver",
    "roles/cloudbuild.builds.editor",
    "roles/cloudbuild.builds.viewer",
    "roles/cloudbuild.workerPoolUser",
    "roles/cloudkms.publicKeyViewer",
    "roles/cloudkms.verifier",
    "roles/cloudkms.viewer",
    "roles/container.admin",
    "roles/container.clusterAdmin",
    "roles/container.defaultNodeServiceAccount",
    "roles/container.developer",
    "roles/container.nodeServiceAccount",
    "roles/containeranalysis.notes.occurrences.viewer",
    "roles/containeranalysis.notes.viewer",
    "roles/containeranalysis.occurrences.editor",
    "roles/containeranalysis.occurrences.viewer",
    "roles/logging.logWriter",
    "roles/ondemandscanning.admin",
    "roles/pubsub.publisher",
    "roles/pubsub.subscriber",
    "roles/run.admin",
    "roles/run.developer",
    "roles/secretmanager.secretAccessor",
    "roles/viewer",
  ].map((role): [string, readonly string[]] => [role, []]),
]);

/** The powers that permissions give where they are granted: `none` where they give none. */
export function powersOfPermissions(permissions: readonly string[], scope: RoleScope): PowerKind[] {
  const kinds = permissions.flatMap((permission) => {
    const found = POWER_PERMISSIONS.get(permission);
    return found?.on.includes(scope) ? [found.kind] : [];
  });
  return kinds.length === 0 ? ["none"] : [...new Set(kinds)];
}

/** The powers that a role gives where it is granted: `unknown` for a role that is not in the table. */
export function powersOfRole(role: string, scope: RoleScope): PowerKind[] {
  const permissions = ROLE_PERMISSIONS.get(role);
  return permissions === undefined ? ["unknown"] : powersOfPermissions(permissions, scope);
}
