import { randomBytes } from "node:crypto";
import { SERVICE_ACCOUNT_ID } from "../vocabulary/resource-name";
import { type Context, members } from "./context";
import { alreadyExists, invalid, notFound, precondition } from "./errors";
import { iamRoutes, putIamPolicy } from "./iam-policies";
import { applyMask, clone, type Json, type JsonObject, list, obj, str, strings } from "./json";
import { type AddRoute, type Call, type Route, routesOf } from "./routes";
import { lookup, nextEtag, type State } from "./state";

const ACCOUNTS = "projects/{project}/serviceAccounts";
const ACCOUNT = `${ACCOUNTS}/{email}`;
const ROLES = "projects/{project}/roles";
const ROLE = `${ROLES}/{role}`;

/** IAM: service accounts, access tokens for them, and the custom roles of projects. */
export function iamApiRoutes(context: Context): Route[] {
  const { state } = context;
  const iam = routesOf("iam", (on) => {
    accountRoutes(state, on);
    roleRoutes(state, on);
    iamRoutes(context, on, ACCOUNT, "iam.serviceAccounts", (name) => void account(state, name));
  });
  const credentials = routesOf("iamcredentials", (on) => {
    on("POST", `${ACCOUNT}:generateAccessToken`, "iamcredentials.serviceAccounts.generateAccessToken", (call) =>
      generateAccessToken(context, call),
    );
  });
  return [...iam, ...credentials];
}

/** The full name of an account whose project was left open with a dash: its address is unique without it. */
export function accountName(state: State, name: string): string {
  const email = name.split("/")[3];
  const found = Object.values(state.serviceAccounts).find((resource) => resource.email === email);
  const project = /^[^@]+@([^.]+)\.iam\.gserviceaccount\.com$/.exec(email ?? "")?.[1];
  return found === undefined ? `projects/${project ?? "-"}/serviceAccounts/${email}` : str(found.name);
}

function accountRoutes(state: State, on: AddRoute): void {
  on("POST", ACCOUNTS, "iam.serviceAccounts.create", (call) =>
    createAccount(state, call.params.project, str(call.body.accountId), obj(call.body.serviceAccount)),
  );
  on("GET", ACCOUNTS, "iam.serviceAccounts.list", (call) => ({
    accounts: members(state.serviceAccounts, call.name).map(([, found]) => clone(found)),
  }));
  on("GET", ACCOUNT, "iam.serviceAccounts.get", (call) => clone(account(state, call.name)));
  on("PATCH", ACCOUNT, "iam.serviceAccounts.patch", (call) => {
    const found = account(state, call.name);
    const { name, email, projectId, uniqueId } = found;
    applyMask(found, obj(call.body.serviceAccount), str(call.body.updateMask));
    return clone(Object.assign(found, { name, email, projectId, uniqueId }));
  });
  on("DELETE", ACCOUNT, "iam.serviceAccounts.delete", (call) => {
    deleteAccount(state, call.name);
    return {};
  });
  on("POST", `${ACCOUNT}:enable`, "iam.serviceAccounts.enable", (call) => {
    account(state, call.resource).disabled = false;
    return {};
  });
  on("POST", `${ACCOUNT}:disable`, "iam.serviceAccounts.disable", (call) => {
    account(state, call.resource).disabled = true;
    return {};
  });
}

function account(state: State, name: string): JsonObject {
  const found = lookup(state.serviceAccounts, name);
  if (found === undefined) {
    throw notFound(`Unknown service account: ${name.split("/").pop()}`);
  }
  return found;
}

/**
 * What was granted stays granted to the one that is gone, and not to another that gets its address later.
 * Source: https://docs.cloud.google.com/iam/docs/principals-overview (deleted principals)
 */
function deleteAccount(state: State, name: string): void {
  const { email, uniqueId } = account(state, name);
  const member = `serviceAccount:${str(email)}`;
  delete state.serviceAccounts[name];
  delete state.iamPolicies[name];
  for (const [token, principal] of Object.entries(state.accessTokens)) {
    if (principal === member) {
      delete state.accessTokens[token];
    }
  }
  for (const [resource, policy] of Object.entries(state.iamPolicies)) {
    const bindings = list(policy.bindings);
    if (bindings.some(({ members: those }) => strings(those).includes(member))) {
      const renamed = (one: string) => (one === member ? `deleted:${member}?uid=${str(uniqueId)}` : one);
      putIamPolicy(state, resource, {
        ...policy,
        bindings: bindings.map((binding) => ({ ...binding, members: strings(binding.members).map(renamed) })),
      });
    }
  }
}

/** Makes a service account, as `gcloud iam service-accounts create` does. */
export function createAccount(state: State, project: string, id: string, given: JsonObject = {}): JsonObject {
  const email = `${id}@${project}.iam.gserviceaccount.com`;
  const name = `projects/${project}/serviceAccounts/${email}`;
  if (!SERVICE_ACCOUNT_ID.pattern.test(id)) {
    throw invalid(`The account ID "${id}" is not valid: ${SERVICE_ACCOUNT_ID.allowed}.`, "account_id");
  }
  if (lookup(state.serviceAccounts, name) !== undefined) {
    throw alreadyExists(`Service account ${id} within project projects/${project}`);
  }
  state.counter += 1;
  const uniqueId = `1${String(state.counter).padStart(20, "0")}`;
  const etag = nextEtag(state);
  state.serviceAccounts[name] = { ...given, name, email, projectId: project, uniqueId, oauth2ClientId: uniqueId, etag };
  return clone(state.serviceAccounts[name]);
}

/** Seconds. Source: https://docs.cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken */
const LIFETIME = { normal: 3600, most: 43_200 };

/** A token of the account; it lasts as long as the sandbox does, whatever its expiry says. */
function generateAccessToken({ state, unsupported }: Context, call: Call): Json {
  if (strings(call.body.delegates).length > 0) {
    throw unsupported("generateAccessToken with delegates");
  }
  const found = account(state, call.resource);
  const seconds = call.body.lifetime === undefined ? LIFETIME.normal : Number.parseFloat(str(call.body.lifetime));
  if (!(seconds > 0 && seconds <= LIFETIME.most)) {
    throw invalid("The lifetime of the token is not valid.", "lifetime");
  }
  if (found.disabled === true) {
    throw precondition(`Service account ${str(found.email)} is disabled.`);
  }
  const accessToken = `sandbox.${randomBytes(24).toString("base64url")}`;
  state.accessTokens[accessToken] = `serviceAccount:${str(found.email)}`;
  // Without fractions of a second, as Google answers: gcloud reads no other form.
  const expireTime = new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
  return { accessToken, expireTime };
}

function roleRoutes(state: State, on: AddRoute): void {
  on("POST", ROLES, "iam.roles.create", (call) => createRole(state, call));
  on("GET", ROLE, "iam.roles.get", (call) => clone(role(state, call.name)));
  on("PATCH", ROLE, "iam.roles.patch", (call) => {
    const found = role(state, call.name);
    if (found.deleted === true) {
      throw precondition(`You can't update role ${call.name}, it is deleted.`);
    }
    applyMask(found, call.body, call.query.get("updateMask") ?? Object.keys(call.body).join(","));
    return clone(Object.assign(found, { name: call.name, etag: nextEtag(state) }));
  });
  on("DELETE", ROLE, "iam.roles.delete", (call) =>
    clone(Object.assign(role(state, call.name), { deleted: true, etag: nextEtag(state) })),
  );
  on("POST", `${ROLE}:undelete`, "iam.roles.undelete", (call) => {
    const found = role(state, call.resource);
    if (found.deleted !== true) {
      throw precondition(`You can't undelete role ${str(found.name)}, it is not deleted.`);
    }
    found.deleted = undefined;
    return clone(found);
  });
}

function role(state: State, name: string): JsonObject {
  const found = lookup(state.customRoles, name);
  if (found === undefined) {
    throw notFound(`The role named ${name}`);
  }
  return found;
}

function createRole(state: State, call: Call): Json {
  const id = str(call.body.roleId);
  const name = `${call.name}/${id}`;
  if (!/^[A-Za-z0-9_.]{3,64}$/.test(id)) {
    throw invalid(`The role_id ${JSON.stringify(id)} is not valid.`, "role_id");
  }
  // A deleted role keeps its id for a week: making it anew is refused, undeleting it is the way.
  if (lookup(state.customRoles, name) !== undefined) {
    throw alreadyExists(`A role named ${id} in projects/${call.params.project}`);
  }
  state.customRoles[name] = { ...obj(call.body.role), name, etag: nextEtag(state) };
  return clone(state.customRoles[name]);
}
