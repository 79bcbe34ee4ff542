import { checkTopic } from "./builds";
import { alsoNeeds, type Context, doneOperation, newId, now } from "./context";
import { alreadyExists, invalid, notFound } from "./errors";
import { clone, type Json, type JsonObject, obj, str } from "./json";
import { ALSO_NEEDED, type MethodId } from "./permissions";
import { type AddRoute, type Call, type Route, routesOf } from "./routes";
import { inside, lookup, type State } from "./state";

/** Fields of a trigger that the service owns; an update keeps them. */
const OWNED = ["id", "createTime", "resourceName"];

const LOCATION = "projects/{project}/locations/{location}";
const CONNECTIONS = `${LOCATION}/connections`;

/** Cloud Build: triggers in v1, and connections with their repositories in v2. */
export function cloudBuildRoutes(context: Context): Route[] {
  return routesOf("cloudbuild", (on) => {
    for (const parent of ["projects/{project}", LOCATION]) {
      triggerRoutes(context, on, `${parent}/triggers`);
    }
    linkedRoutes(context.state, on, CONNECTIONS, "connectionId", "cloudbuild.connections");
    linkedRoutes(
      context.state,
      on,
      `${CONNECTIONS}/{connection}/repositories`,
      "repositoryId",
      "cloudbuild.repositories",
    );
    on("GET", `${LOCATION}/operations/{operation}`, "cloudbuild.operations.get", (call) => doneOperation(call.name));
  });
}

function triggerRoutes(context: Context, on: AddRoute, collection: string): void {
  const { state } = context;
  on("POST", collection, "cloudbuild.triggers.create", (call) => create(context, call));
  on("GET", collection, "cloudbuild.triggers.list", (call) => ({
    triggers: inside(state.triggers, `${globally(call.name)}/`).map(([, trigger]) => clone(trigger)),
  }));
  on("GET", `${collection}/{trigger}`, "cloudbuild.triggers.get", (call) => clone(trigger(state, call.name)));
  on("PATCH", `${collection}/{trigger}`, "cloudbuild.triggers.patch", (call) => update(context, call));
  on("DELETE", `${collection}/{trigger}`, "cloudbuild.triggers.delete", (call) => {
    delete state.triggers[str(trigger(state, call.name).resourceName)];
    return {};
  });
}

/** By id or by name, both are accepted. */
export function trigger(state: State, name: string): JsonObject {
  const full = globally(name);
  const cut = full.lastIndexOf("/");
  const siblings = inside(state.triggers, full.slice(0, cut + 1));
  const found = lookup(state.triggers, full) ?? siblings.find(([, one]) => one.name === full.slice(cut + 1))?.[1];
  if (found === undefined) {
    throw notFound(`trigger ${name}`);
  }
  return found;
}

function create(context: Context, call: Call): Json {
  const { state } = context;
  const parent = globally(call.name);
  checkIdentity(context, call);
  checkSubscription(context, call);
  const id = newId();
  const wanted = str(call.body.name) || `trigger-${id.slice(0, 8)}`;
  if (inside(state.triggers, `${parent}/`).some(([, other]) => other.name === wanted)) {
    throw alreadyExists(`trigger ${wanted}`);
  }
  const resourceName = `${parent}/${id}`;
  state.triggers[resourceName] = completed({ ...call.body, name: wanted, id, createTime: now(), resourceName });
  return clone(state.triggers[resourceName]);
}

/** Without an update mask, an update replaces everything that the caller owns. */
function update(context: Context, call: Call): Json {
  const before = trigger(context.state, call.name);
  checkIdentity(context, call);
  checkSubscription(context, call);
  const kept = Object.fromEntries(OWNED.map((field) => [field, before[field]]));
  const after = completed({ ...call.body, ...kept });
  context.state.triggers[str(before.resourceName)] = after;
  return clone(after);
}

function linkedRoutes(
  state: State,
  on: AddRoute,
  collection: string,
  idParameter: string,
  kind: "cloudbuild.connections" | "cloudbuild.repositories",
): void {
  const method = (verb: "create" | "get" | "delete"): MethodId => `${kind}.${verb}`;
  const linked = (name: string): JsonObject => {
    const found = lookup(state.connections, name);
    if (found === undefined) {
      throw notFound(name);
    }
    return found;
  };
  on("POST", collection, method("create"), (call) => {
    const name = `${call.name}/${call.query.get(idParameter) ?? ""}`;
    if (lookup(state.connections, name) !== undefined) {
      throw alreadyExists(name);
    }
    const stamps = { createTime: now(), updateTime: now(), etag: newId() };
    state.connections[name] = { ...call.body, name, ...stamps, installationState: { stage: "COMPLETE" } };
    return doneOperation(operationName(name), clone(state.connections[name]));
  });
  on("GET", `${collection}/{id}`, method("get"), (call) => clone(linked(call.name)));
  on("DELETE", `${collection}/{id}`, method("delete"), (call) => {
    linked(call.name);
    delete state.connections[call.name];
    return doneOperation(operationName(call.name));
  });
}

function operationName(resource: string): string {
  return `${resource.split("/").slice(0, 4).join("/")}/operations/${newId()}`;
}

/** The address without a location means the location `global`. */
function globally(name: string): string {
  return name.replace(/^(projects\/[^/]+)\/triggers/, "$1/locations/global/triggers");
}

function completed(given: JsonObject): JsonObject {
  const event = obj(given.repositoryEventConfig);
  const repositoryEventConfig = event.repository ? { repositoryType: "GITHUB", ...event } : undefined;
  return { approvalConfig: {}, ...given, repositoryEventConfig };
}

/** A trigger that messages start subscribes to their topic. */
function checkSubscription(context: Context, call: Call): void {
  const { topic } = obj(call.body.pubsubConfig);
  if (topic !== undefined) {
    checkTopic(context, call.params.project, str(topic));
  }
}

/**
 * Whoever lets a build run as a service account must be allowed to act as it; and the build must say where its logs go.
 * Source: https://docs.cloud.google.com/build/docs/securing-builds/configure-user-specified-service-accounts
 */
function checkIdentity(context: Context, call: Call): void {
  const account = str(call.body.serviceAccount);
  if (account === "") {
    return;
  }
  alsoNeeds(context, call, ALSO_NEEDED.actAs.permission, account);
  const build = call.body.build === undefined ? undefined : obj(call.body.build);
  if (build === undefined || str(build.logsBucket) !== "") {
    return;
  }
  const options = obj(build.options);
  const logging = ["CLOUD_LOGGING_ONLY", "NONE"].includes(str(options.logging));
  if (!logging && options.defaultLogsBucketBehavior !== "REGIONAL_USER_OWNED_BUCKET") {
    throw invalid(
      "if 'build.service_account' is specified, the build must either (a) specify 'build.logs_bucket', (b) use the REGIONAL_USER_OWNED_BUCKET build.options.default_logs_bucket_behavior option, or (c) use either CLOUD_LOGGING_ONLY / NONE logging options",
      "trigger.build",
    );
  }
}
