import { can } from "./authorization";
import type { Context } from "./context";
import { invalid, stale } from "./errors";
import { clone, type Json, type JsonObject, list, obj, str, strings } from "./json";
import type { MethodId } from "./permissions";
import type { AddRoute, Call } from "./routes";
import { lookup, nextEtag, type State } from "./state";

/** What a resource without a policy answers; every resource starts with this etag. */
const NO_POLICY: JsonObject = { etag: "ACAB" };

/** The IAM policy of a resource. */
export function iamPolicy(state: State, resource: string): JsonObject {
  return clone(lookup(state.iamPolicies, resource) ?? NO_POLICY);
}

/** Stores a policy whatever the etag; returns it with its new one. */
export function putIamPolicy(state: State, resource: string, policy: JsonObject): JsonObject {
  const bindings = list(policy.bindings).filter((binding) => strings(binding.members).length > 0);
  const version = bindings.some((binding) => binding.condition !== undefined) ? 3 : 1;
  state.iamPolicies[resource] = clone({ ...policy, bindings, etag: nextEtag(state), version });
  return iamPolicy(state, resource);
}

/** Gives a member a role on a resource, as `gcloud … add-iam-policy-binding` does. */
export function grant(state: State, resource: string, role: string, member: string): void {
  const policy = iamPolicy(state, resource);
  putIamPolicy(state, resource, { ...policy, bindings: [...list(policy.bindings), { role, members: [member] }] });
}

/** The kinds of resources that have an IAM policy, as methods name them. */
type Policied = {
  [M in MethodId]: M extends `${infer Kind}.testIamPermissions` ? Kind : never;
}[MethodId];

/** Read, write and test, in both verbs that Google's services use for reading. */
export function iamRoutes(
  context: Context,
  on: AddRoute,
  pattern: string,
  kind: Policied,
  exists: (resource: string) => void,
): void {
  const { state } = context;
  const read = (call: Call): Json => {
    exists(call.resource);
    return iamPolicy(state, call.resource);
  };
  on("GET", `${pattern}:getIamPolicy`, `${kind}.getIamPolicy`, read);
  on("POST", `${pattern}:getIamPolicy`, `${kind}.getIamPolicy`, read);
  on("POST", `${pattern}:setIamPolicy`, `${kind}.setIamPolicy`, (call) => {
    exists(call.resource);
    return setPolicy(context, call.resource, obj(call.body.policy), str(call.body.updateMask));
  });
  on("POST", `${pattern}:testIamPermissions`, `${kind}.testIamPermissions`, (call) => ({
    permissions: strings(call.body.permissions).filter((asked) => can(state, call.caller, asked, call.resource)),
  }));
}

function setPolicy(context: Context, resource: string, policy: JsonObject, mask: string): JsonObject {
  const before = iamPolicy(context.state, resource);
  if (str(policy.etag) !== "" && policy.etag !== before.etag) {
    throw stale(
      "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.",
    );
  }
  list(policy.bindings).forEach((binding, index) => {
    checkBinding(context, binding, `policy.bindings[${index}]`);
  });
  // Without a mask that names them, audit configurations stay as they are.
  const auditConfigs = mask.includes("auditConfigs") ? policy.auditConfigs : before.auditConfigs;
  return putIamPolicy(context.state, resource, { bindings: policy.bindings, auditConfigs });
}

/** A member of a binding. */
export const MEMBER = /^(?:allUsers|allAuthenticatedUsers|[a-zA-Z]+:\S+)$/;

/** The full name of a role. */
export const ROLE = /^(?:roles|projects\/[^/]+\/roles|organizations\/[^/]+\/roles)\/[A-Za-z0-9_.]+$/;

/** Google checks the accounts of users and groups as well; here every one of them exists. */
const OWN_ACCOUNT = /^serviceAccount:((?!service-\d+@)[^@]+@(?!gcp-sa-)[^.]+\.iam\.gserviceaccount\.com)$/;

function checkBinding({ state, behaviour }: Context, binding: JsonObject, field: string): void {
  const role = str(binding.role);
  if (!ROLE.test(role)) {
    throw invalid(`Role (${role}) is not a valid role name.`, `${field}.role`);
  }
  const custom = role.startsWith("projects/") ? lookup(state.customRoles, role) : undefined;
  if (behaviour.strictIam && role.startsWith("projects/") && (custom === undefined || custom.deleted === true)) {
    throw invalid(`Role ${role} does not exist in the resource's hierarchy.`, `${field}.role`);
  }
  for (const member of strings(binding.members)) {
    if (!MEMBER.test(member)) {
      throw invalid(`The member ${member} is of an unknown type.`, `${field}.members`);
    }
    const email = OWN_ACCOUNT.exec(member)?.[1];
    const exists = Object.values(state.serviceAccounts).some((account) => account.email === email);
    if (behaviour.strictIam && email !== undefined && !exists) {
      throw invalid(`Service account ${email} does not exist.`, `${field}.members`);
    }
  }
}
