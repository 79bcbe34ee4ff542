import { found, listed, removed } from "./collections";
import { type Context, now } from "./context";
import { alreadyExists, invalid } from "./errors";
import { applyMask, clone, type JsonObject, list, obj, str } from "./json";
import { type AddRoute, type Route, routesOf } from "./routes";
import { lookup, nextEtag, type State } from "./state";

const PARENTS = ["projects/{project}", "folders/{folder}", "organizations/{organization}"];
const CUSTOM = "organizations/{organization}/customConstraints";

/**
 * Organization policies and custom constraints. They are kept, and hold nobody to anything here.
 *
 * Source: https://docs.cloud.google.com/resource-manager/docs/reference/orgpolicy/rest
 */
export function orgPolicyRoutes(context: Context): Route[] {
  const { state } = context;
  return routesOf("orgpolicy", (on) => {
    for (const parent of PARENTS) {
      policyRoutes(state, on, `${parent}/policies`);
    }
    customRoutes(state, on);
  });
}

function policyRoutes(state: State, on: AddRoute, policies: string): void {
  const table = state.orgPolicies;
  on("POST", policies, "orgpolicy.policies.create", (call) => {
    const constraint = str(call.body.name).split("/").pop() ?? "";
    const name = `${call.name}/${constraint}`;
    if (lookup(table, name) !== undefined) {
      throw alreadyExists(name);
    }
    return put(state, name, call.body);
  });
  on("GET", policies, "orgpolicy.policies.list", (call) => listed(table, call, "policies"));
  on("GET", `${policies}/{policy}`, "orgpolicy.policies.get", (call) => clone(found(table, call.name)));
  on("PATCH", `${policies}/{policy}`, "orgpolicy.policies.patch", (call) => {
    const present = found(table, call.name);
    const mask = call.query.get("updateMask") ?? "";
    const next = mask === "" || mask === "*" ? clone(call.body) : clone(present);
    // https://docs.cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/organizations.policies/patch
    applyMask(next, call.body, mask.replace(/policy\.|\*/g, ""));
    return put(state, call.name, next);
  });
  on("DELETE", `${policies}/{policy}`, "orgpolicy.policies.delete", (call) => removed(table, call.name));
}

/** Stores a policy as Google shows it: with times and an etag in each of its parts. */
function put(state: State, name: string, body: JsonObject): JsonObject {
  const constraint = name.slice(name.lastIndexOf("/") + 1);
  checkConstraint(state, constraint, body);
  const etag = nextEtag(state);
  const stored: JsonObject = { name, etag };
  for (const part of ["spec", "dryRunSpec"]) {
    if (body[part] !== undefined && body[part] !== null) {
      stored[part] = { ...clone(obj(body[part])), etag, updateTime: now() };
    }
  }
  state.orgPolicies[name] = stored;
  return clone(stored);
}

/**
 * A custom constraint has to be there, and a legacy one has no dry run.
 * Source: https://docs.cloud.google.com/organization-policy/test-policies
 */
function checkConstraint(state: State, constraint: string, body: JsonObject): void {
  const custom = constraint.startsWith("custom.");
  const defined = Object.keys(state.customConstraints).some((name) =>
    name.endsWith(`/customConstraints/${constraint}`),
  );
  if (custom && !defined) {
    throw invalid(`The constraint ${constraint} does not exist.`, "policy.name");
  }
  if (body.dryRunSpec !== undefined && !custom && !constraint.includes(".managed.")) {
    throw invalid(`The constraint ${constraint} does not support dry run.`, "policy.dry_run_spec");
  }
  for (const part of [obj(body.spec), obj(body.dryRunSpec)]) {
    if (part.reset === true && list(part.rules).length > 0) {
      throw invalid("A policy that is reset has no rules.", "policy.spec.reset");
    }
  }
}

function customRoutes(state: State, on: AddRoute): void {
  const table = state.customConstraints;
  const check = (body: JsonObject): void => {
    if (!["ALLOW", "DENY"].includes(str(body.actionType)) || str(body.condition) === "") {
      throw invalid("A custom constraint needs a condition and an action type.", "custom_constraint");
    }
  };
  on("POST", CUSTOM, "orgpolicy.customConstraints.create", (call) => {
    const name = `${call.name}/${str(call.body.name).split("/").pop()}`;
    check(call.body);
    if (lookup(table, name) !== undefined) {
      throw alreadyExists(name);
    }
    table[name] = { ...clone(call.body), name, updateTime: now() };
    return clone(table[name]);
  });
  on("GET", CUSTOM, "orgpolicy.customConstraints.list", (call) => listed(table, call, "customConstraints"));
  on("GET", `${CUSTOM}/{constraint}`, "orgpolicy.customConstraints.get", (call) => clone(found(table, call.name)));
  on("PATCH", `${CUSTOM}/{constraint}`, "orgpolicy.customConstraints.patch", (call) => {
    found(table, call.name);
    check(call.body);
    table[call.name] = { ...clone(call.body), name: call.name, updateTime: now() };
    return clone(table[call.name]);
  });
  on("DELETE", `${CUSTOM}/{constraint}`, "orgpolicy.customConstraints.delete", (call) => removed(table, call.name));
}
