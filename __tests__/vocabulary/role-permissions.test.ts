import { KNOWN_PERMISSIONS, PREDEFINED_ROLES } from "../../lib/vocabulary/role-permissions";
import { ROLES } from "../../lib/vocabulary/roles";
import { describeIfReference } from "../support/reference";

describeIfReference("the table of Google's predefined roles", (roles) => {
  test("holds the roles of an independent table, permission by permission", () => {
    const independent = Object.entries(roles).map(([role, { permissions }]) => [role, [...permissions].sort()]);
    const own = [...PREDEFINED_ROLES].map(([role, permissions]) => [role, [...permissions].sort()]);
    expect(Object.fromEntries(own)).toEqual(Object.fromEntries(independent));
  });
});

test("every role that the library grants is in the table", () => {
  expect(Object.values(ROLES).filter((role) => !PREDEFINED_ROLES.has(role))).toEqual([]);
});

test("a role that the table does not have is not there, whatever it is called", () => {
  expect(PREDEFINED_ROLES.has("__proto__")).toBe(false);
  expect(PREDEFINED_ROLES.has("roles/storage.admin")).toBe(false);
});

// What tells the roles of the chain apart, from the pages on the roles of each service.
test.each([
  ["roles/cloudkms.signer", "cloudkms.cryptoKeyVersions.useToSign", true],
  ["roles/cloudkms.signer", "cloudkms.cryptoKeyVersions.viewPublicKey", false],
  ["roles/cloudkms.signerVerifier", "cloudkms.cryptoKeyVersions.viewPublicKey", true],
  ["roles/cloudkms.admin", "cloudkms.cryptoKeyVersions.useToSign", false],
  ["roles/containeranalysis.occurrences.editor", "containeranalysis.notes.attachOccurrence", false],
  ["roles/binaryauthorization.attestorsViewer", "binaryauthorization.attestors.verifyImageAttested", false],
  ["roles/owner", "iam.serviceAccounts.getAccessToken", false],
])("%s holds %s: %s", (role, permission, held) => {
  expect(PREDEFINED_ROLES.get(role)?.has(permission)).toBe(held);
  expect(KNOWN_PERMISSIONS.has(permission)).toBe(true);
});
