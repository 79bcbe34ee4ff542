import { randomUUID } from "node:crypto";
import { authorize } from "./authorization";
import { ApiError } from "./errors";
import type { JsonObject } from "./json";
import type { Behaviour } from "./options";
import type { Call } from "./routes";
import { inside, lookup, projectNumber, type State } from "./state";

/** What the APIs share. */
export interface Context {
  readonly state: State;
  readonly behaviour: Behaviour;
  /** The error for something that a known method does not speak; it is listed like an unknown route. */
  readonly unsupported: (what: string) => ApiError;
}

export function now(): string {
  return new Date().toISOString();
}

export function newId(): string {
  return randomUUID();
}

/** Registers a project that is named for the first time, or refuses one that does not exist. */
export function requireProject({ state, behaviour }: Context, project: string): void {
  if (lookup(state.projects, project) !== undefined) {
    return;
  }
  if (!behaviour.anyProject) {
    throw new ApiError("PERMISSION_DENIED", `Permission denied on resource project ${project} (or it may not exist).`);
  }
  state.projects[project] = projectNumber(state, project);
}

/** Checks a permission on another resource than the one that the request names. */
export function alsoNeeds(context: Context, call: Call, permission: string, resource: string): void {
  authorize(context.state, call.caller, permission, resource);
}

/** A long-running operation that is over before anybody asks. */
export function doneOperation(name: string, response: JsonObject = {}): JsonObject {
  return { name, done: true, response };
}

/** `…/cryptoKeys/k/cryptoKeyVersions` without its last part. */
export function holderOf(name: string): string {
  return name.slice(0, name.lastIndexOf("/"));
}

/** The direct members of a collection: `projects/p/notes` has `projects/p/notes/n`, and not what is below that. */
export function members<T>(table: Record<string, T>, collection: string): [name: string, value: T][] {
  return inside(table, `${collection}/`).filter(([name]) => !name.slice(collection.length + 1).includes("/"));
}

/** One page of a list; the token is the number of the first member. */
export function page<T>(
  call: Call,
  all: readonly T[],
  size: { normal: number; most: number },
): {
  readonly items: T[];
  readonly nextPageToken?: string;
} {
  const asked = Number(call.query.get("pageSize") ?? "0");
  const token = Number(call.query.get("pageToken") || "0");
  if (!Number.isInteger(asked) || asked < 0 || !Number.isInteger(token) || token < 0) {
    throw new ApiError("INVALID_ARGUMENT", "Request contains an invalid argument: page_size or page_token.");
  }
  const end = token + Math.min(asked || size.normal, size.most);
  return { items: all.slice(token, end), nextPageToken: end < all.length ? String(end) : undefined };
}
