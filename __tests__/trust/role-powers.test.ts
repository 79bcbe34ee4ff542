import { POWER_PERMISSIONS, powersOfRole, ROLE_PERMISSIONS } from "../../lib/trust/role-powers";
import { ROLES } from "../../lib/vocabulary/roles";
import { describeIfReference } from "../support/reference";

describeIfReference("the powers of Google's predefined roles", (roles) => {
  test("are those of an independent table, role by role", () => {
    const independent = Object.entries(roles).map(([role, { permissions }]) => [
      role,
      permissions.filter((permission) => POWER_PERMISSIONS.has(permission)).sort(),
    ]);
    const own = [...ROLE_PERMISSIONS].map(([role, permissions]) => [role, [...permissions].sort()]);
    const byName = (table: unknown[][]) => Object.fromEntries(table);
    expect(byName(own)).toEqual(byName(independent));
  });
});

test("every role that the library grants is in the table", () => {
  expect(Object.values(ROLES).filter((role) => !ROLE_PERMISSIONS.has(role))).toEqual([]);
});

test.each([
  ["roles/cloudkms.signer", "key", ["sign"]],
  ["roles/cloudkms.signer", "note", ["none"]],
  ["roles/cloudkms.publicKeyViewer", "key", ["none"]],
  ["roles/owner", "key", ["sign", "grant"]],
  ["roles/owner", "account", ["grant", "act-as"]],
  ["roles/iam.serviceAccountTokenCreator", "account", ["act-as"]],
  ["roles/iam.serviceAccountTokenCreator", "project", ["act-as"]],
  ["roles/storage.admin", "project", ["unknown"]],
  ["projects/p/roles/custom", "key", ["unknown"]],
  ["__proto__", "key", ["unknown"]],
] as const)("%s on a %s gives %j", (role, scope, kinds) => {
  expect(powersOfRole(role, scope)).toEqual(kinds);
});
