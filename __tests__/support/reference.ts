import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A predefined role as Google publishes it. */
export interface PredefinedRole {
  readonly permissions: readonly string[];
}

/**
 * The independent table of Google's predefined roles, from the folder that BINAUTHZ_REFERENCE names; undefined, aloud,
 * where there is none.
 */
export function predefinedRoles(): Readonly<Record<string, PredefinedRole>> | undefined {
  const folder = process.env.BINAUTHZ_REFERENCE;
  const file = folder === undefined ? undefined : join(folder, "roles", "roles.json");
  if (file === undefined || !existsSync(file)) {
    const reason = file === undefined ? "BINAUTHZ_REFERENCE is not set" : `there is no ${file}`;
    console.warn(`not checked against Google's predefined roles: ${reason}`);
    return undefined;
  }
  return JSON.parse(readFileSync(file, "utf8")).roles;
}
