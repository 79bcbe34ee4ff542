import { PREDEFINED_ROLES } from "../../lib/vocabulary/role-permissions";
import { CREATE_ONLY_OCCURRENCE_PERMISSIONS, ROLES } from "../../lib/vocabulary/roles";
import { describeIfReference } from "../support/reference";

test("the roles that are granted are these, and no others", () => {
  expect(Object.values(ROLES).sort()).toEqual([
    "roles/artifactregistry.reader",
    "roles/artifactregistry.writer",
    "roles/binaryauthorization.attestorsVerifier",
    "roles/cloudbuild.builds.approver",
    "roles/cloudbuild.builds.viewer",
    "roles/cloudkms.publicKeyViewer",
    "roles/cloudkms.signer",
    "roles/container.defaultNodeServiceAccount",
    "roles/containeranalysis.notes.attacher",
    "roles/containeranalysis.notes.occurrences.viewer",
    "roles/containeranalysis.occurrences.editor",
    "roles/containeranalysis.occurrences.viewer",
    "roles/iam.workloadIdentityUser",
    "roles/logging.logWriter",
    "roles/ondemandscanning.admin",
    "roles/pubsub.subscriber",
    "roles/secretmanager.secretAccessor",
  ]);
});

test("none is one of the basic roles, or an administrator's", () => {
  // Of On-Demand Scanning there is no other role; the next test says what it opens.
  for (const role of Object.values(ROLES).filter((one) => one !== ROLES.ON_DEMAND_SCANNING)) {
    expect(role).not.toMatch(/^roles\/(?:owner|editor|viewer)$|admin/i);
  }
});

test("the one that is called so opens scans, and nothing of the results that others read", () => {
  const permissions = [...(PREDEFINED_ROLES.get(ROLES.ON_DEMAND_SCANNING) ?? [])];
  expect(permissions).toContain("ondemandscanning.scans.analyzePackages");
  expect(permissions.filter((one) => !/^ondemandscanning\.(?:scans|operations)\./.test(one))).toEqual([]);
});

test("a role that only creates attestations has one permission", () => {
  expect(CREATE_ONLY_OCCURRENCE_PERMISSIONS).toEqual(["containeranalysis.occurrences.create"]);
});

describeIfReference("Google's table of predefined roles", (roles) => {
  test.each(Object.values(ROLES))("has %s", (role) => {
    expect(roles).toHaveProperty([role]);
  });
});
