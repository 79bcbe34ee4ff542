import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeUnless } from "./terraform";

/** Google's predefined roles, and what each permits. */
export type PredefinedRoles = Readonly<Record<string, { readonly permissions: readonly string[] }>>;

/**
 * Tests against the independent table of Google's predefined roles, in the folder that BINAUTHZ_REFERENCE names; they are
 * registered as skipped, aloud, where there is none.
 */
export function describeIfReference(name: string, tests: (roles: PredefinedRoles) => void): void {
  const folder = process.env.BINAUTHZ_REFERENCE;
  const file = folder === undefined ? undefined : join(folder, "roles", "roles.json");
  if (file === undefined || !existsSync(file)) {
    const reason =
      file === undefined ? "BINAUTHZ_REFERENCE names no folder with Google's predefined roles" : `there is no ${file}`;
    describeUnless(reason, name, () => tests({}));
    return;
  }
  const roles: PredefinedRoles = JSON.parse(readFileSync(file, "utf8")).roles;
  describeUnless(undefined, name, () => tests(roles));
}
