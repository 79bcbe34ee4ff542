import { KNOWN_PERMISSIONS, PREDEFINED_ROLES } from "../vocabulary/role-permissions";
import { permissionDenied } from "./errors";
import { ancestors, inGroup } from "./hierarchy";
import { list, str, strings } from "./json";
import { lookup, projectNumber, type State } from "./state";

/** What a bearer token has to look like to name its principal: `principal:serviceAccount:ci@p.iam.gserviceaccount.com`. */
const TOKEN_PREFIX = "principal:";

/** A principal in IAM's form. */
const PRINCIPAL = /^(?:(?:user|serviceAccount):[^\s@:,"'`]+@[^\s@:,"'`]+|principal:\/\/[^\s,"'`]+)$/;

/** The token with which a principal calls the sandbox. Throws a `RangeError` for what is no principal. */
export function tokenFor(principal: string): string {
  if (!PRINCIPAL.test(principal)) {
    throw new RangeError(
      `${JSON.stringify(principal)} is no principal; allowed: user:EMAIL, serviceAccount:EMAIL, principal://…`,
    );
  }
  return TOKEN_PREFIX + principal;
}

/** Who calls. */
export interface Caller {
  /** In IAM's form: `serviceAccount:EMAIL`, `principal://…/subject/S`. */
  readonly principal: string;
  /** The sets that a federated principal is in by the attributes of its token: `principalSet://…/attribute.A/VALUE`. */
  readonly sets: readonly string[];
}

/** Who calls; undefined where the token is none of this sandbox: one of a real account, for instance. */
export function callerOf(state: State, authorization: string | undefined): Caller | undefined {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) {
    return undefined;
  }
  const named = token.startsWith(TOKEN_PREFIX) ? token.slice(TOKEN_PREFIX.length) : undefined;
  const principal = named !== undefined && PRINCIPAL.test(named) ? named : lookup(state.accessTokens, token);
  if (principal === undefined || isDisabled(state, principal)) {
    return undefined;
  }
  return { principal, sets: lookup(state.federatedSets, token) ?? [] };
}

/** A pool that is disabled or deleted opens nothing, with the tokens that it gave out before neither. */
function isDisabled(state: State, principal: string): boolean {
  const pool =
    /^principal:\/\/iam\.googleapis\.com\/(projects\/\d+\/locations\/global\/workloadIdentityPools\/[^/]+)\//.exec(
      principal,
    )?.[1];
  if (pool !== undefined) {
    const found = Object.values(state.workloadIdentityPools).find(({ name }) => name === pool);
    return found !== undefined && (found.state !== "ACTIVE" || found.disabled === true);
  }
  const email = /^serviceAccount:(.*)$/.exec(principal)?.[1];
  return Object.values(state.serviceAccounts).some((account) => account.email === email && account.disabled === true);
}

/**
 * The resources on which a binding counts for a resource: itself, and everything that holds it up to its project. Names alternate between
 * collections and ids, so what holds a resource is its name without the last pairs.
 */
function lineage(resource: string): string[] {
  const parts = resource.split("/");
  const holders = parts.map((_, index) => index + 1).filter((length) => length % 2 === 0 || length === parts.length);
  return holders.map((length) => parts.slice(0, length).join("/"));
}

/** Whether somebody holds a permission on a resource; a principal alone is in no set. */
export function can(state: State, who: Caller | string, permission: string, resource: string): boolean {
  const caller = typeof who === "string" ? { principal: who, sets: [] } : who;
  const { principal } = caller;
  if (principal === state.owner && ownerMay(permission)) {
    return true;
  }
  const holders = lineage(resource);
  return (
    [...holders, ...ancestors(state, holders[0])].some((holder) => grantedOn(state, holder, caller, permission)) ||
    agentMay(state, principal, permission, holders)
  );
}

/** Throws Google's 403, which names the missing permission. */
export function authorize(state: State, who: Caller | string, permission: string, resource: string): void {
  if (!can(state, who, permission, resource)) {
    throw permissionDenied(permission, resource);
  }
}

/** The table leaves permissions outside the chain out; the owner has them all the same. */
function ownerMay(permission: string): boolean {
  return PREDEFINED_ROLES.get("roles/owner")?.has(permission) === true || !KNOWN_PERMISSIONS.has(permission);
}

function grantedOn(state: State, resource: string, caller: Caller, permission: string): boolean {
  return list(lookup(state.iamPolicies, resource)?.bindings).some(
    (binding) =>
      // A condition is an expression that the sandbox does not evaluate: it does not count, so that nothing is opened by it.
      binding.condition === undefined &&
      strings(binding.members).some((member) => isMember(state, caller, member)) &&
      permits(state, str(binding.role), permission),
  );
}

function isMember(state: State, caller: Caller, member: string): boolean {
  const { principal, sets } = caller;
  // Federated principals are compared letter by letter, and are nobody whom Google has authenticated.
  // Source: https://docs.cloud.google.com/iam/docs/principals-overview
  if (principal.startsWith("principal://")) {
    return member === principal || sets.includes(member) || member === "allUsers";
  }
  return (
    member === "allUsers" ||
    member === "allAuthenticatedUsers" ||
    member.toLowerCase() === principal.toLowerCase() ||
    (member.startsWith("group:") && inGroup(state, principal, member.slice("group:".length))) ||
    (member.startsWith("domain:") && principal.toLowerCase().endsWith(`@${member.slice(7).toLowerCase()}`))
  );
}

function permits(state: State, role: string, permission: string): boolean {
  const custom = lookup(state.customRoles, role);
  if (custom !== undefined) {
    return custom.deleted !== true && strings(custom.includedPermissions).includes(permission);
  }
  return PREDEFINED_ROLES.get(role)?.has(permission) === true;
}

/** The roles that Google's service agents have in their own project from the moment their API is enabled. */
const AGENT_ROLES: Readonly<Record<string, string>> = {
  "gcp-sa-binaryauthorization": "roles/binaryauthorization.serviceAgent",
  "gcp-sa-cloudbuild": "roles/cloudbuild.serviceAgent",
};

const AGENT = /^serviceAccount:service-(\d+)@([a-z-]+)\.iam\.gserviceaccount\.com$/;

function agentMay(state: State, principal: string, permission: string, holders: readonly string[]): boolean {
  const [, number = "", domain = ""] = AGENT.exec(principal) ?? [];
  const role = Object.hasOwn(AGENT_ROLES, domain) ? AGENT_ROLES[domain] : undefined;
  const project = /^projects\/([^/]+)$/.exec(holders[0] ?? "")?.[1];
  return (
    role !== undefined &&
    project !== undefined &&
    projectNumber(state, project) === number &&
    PREDEFINED_ROLES.get(role)?.has(permission) === true
  );
}
