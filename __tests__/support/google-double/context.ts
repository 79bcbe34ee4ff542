import { createHash, randomUUID } from "node:crypto";
import { ApiError } from "./errors";
import type { IamPolicies } from "./iam-policies";
import type { JsonObject } from "./json";
import type { Router } from "./router";

export interface GoogleDoubleOptions {
  /**
   * What a second attestation for the same note and image meets: refused ("same-image", the default), refused
   * only when the same key signed it ("same-image-and-key"), or stored ("allow").
   */
  duplicateAttestation?: "same-image" | "same-image-and-key" | "allow";
  /** Answer 401 to a request without `Authorization: Bearer`. Default: false. */
  requireToken?: boolean;
  /** Answer 403 to a call of an API that was not enabled in its project first. Default: false. */
  enforceServices?: boolean;
  /** Refuse a grant to a service account, or of a custom role, that does not exist. Default: false. */
  strictIam?: boolean;
  /** Refuse REQUIRE_ATTESTATION without attestors and attestors under any other mode. Default: false. */
  rejectEmptyAttestorLists?: boolean;
  /** The projects that exist, with their numbers. Default: every project exists. */
  projects?: Record<string, string>;
}

/** What the services share. */
export interface Context {
  readonly options: Required<Omit<GoogleDoubleOptions, "projects">> & Pick<GoogleDoubleOptions, "projects">;
  readonly router: Router;
  readonly iam: IamPolicies;
  /** The error for something that a known route does not model; it is recorded like an unknown route. */
  unsupported(what: string): ApiError;
}

export function now(): string {
  return new Date().toISOString();
}

/** The number of a project: the arranged one, else one that is fixed by its id. */
export function projectNumber(context: Context, project: string): string {
  const known = context.options.projects?.[project];
  if (known !== undefined) {
    return known;
  }
  const digest = createHash("sha256").update(project).digest();
  return String(100_000_000_000 + (digest.readUIntBE(0, 6) % 900_000_000_000));
}

export function requireProject(context: Context, project: string): void {
  const { projects } = context.options;
  if (projects !== undefined && !(project in projects)) {
    throw new ApiError("PERMISSION_DENIED", `Permission denied on resource project ${project}.`);
  }
}

/** A long-running operation that is over before anybody asks. */
export function doneOperation(name: string, response: JsonObject = {}): JsonObject {
  return { name, done: true, response };
}

export function newId(): string {
  return randomUUID();
}
