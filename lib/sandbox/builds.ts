import { can } from "./authorization";
import { readExpression } from "./cel";
import { alsoNeeds, type Context, members, newId, now, page } from "./context";
import { invalid, notFound, permissionDenied, precondition } from "./errors";
import { clone, isObject, type Json, type JsonObject, list, obj, str } from "./json";
import { ALSO_NEEDED } from "./permissions";
import { publish } from "./pubsub";
import { type AddRoute, type Call, type Route, routesOf } from "./routes";
import { lookup, projectNumber, type State } from "./state";

const LOCATION = "projects/{project}/locations/{location}";

/** Source: https://docs.cloud.google.com/build/docs/api/reference/rest/v1/projects.builds/list */
const PAGE = { normal: 50, most: 1000 };

/**
 * Cloud Build's builds: started by hand, by a trigger or by a message, approved, and recorded. No step is run: a build
 * stays as it is until somebody says how it ended, with {@link finishBuild}.
 */
export function buildRoutes(context: Context, triggerOf: (name: string) => JsonObject): Route[] {
  return routesOf("cloudbuild", (on) => {
    for (const parent of ["projects/{project}", LOCATION]) {
      collectionRoutes(context, on, `${parent}/builds`);
      on("POST", `${parent}/triggers/{trigger}:run`, "cloudbuild.triggers.run", (call) =>
        runTrigger(context, call, triggerOf(call.resource)),
      );
    }
  });
}

function collectionRoutes(context: Context, on: AddRoute, collection: string): void {
  const { state } = context;
  on("GET", `${collection}/{build}`, "cloudbuild.builds.get", (call) => clone(build(state, call.name)));
  on("GET", collection, "cloudbuild.builds.list", (call) => {
    const all = members(state.builds, globally(call.name)).reverse();
    const kept = all.filter(([, one]) => filterOf(context, call.query.get("filter") ?? "")(one));
    const { items, nextPageToken } = page(call, kept, PAGE);
    return { builds: items.map(([, one]) => clone(one)), nextPageToken };
  });
  on("POST", collection, "cloudbuild.builds.create", (call) => {
    const account = str(call.body.serviceAccount);
    if (account !== "") {
      alsoNeeds(context, call, ALSO_NEEDED.actAs.permission, account);
    }
    if (list(call.body.steps).length === 0) {
      throw invalid("No build steps were specified.", "build.steps");
    }
    return operation(start(state, globally(call.name), call.body));
  });
  on("POST", `${collection}/{build}:approve`, "cloudbuild.builds.approve", (call) => approve(state, call));
}

/** Stores a build that has run, by its full name: `projects/P/locations/L/builds/B`. */
export function putBuild(state: State, name: string, given: JsonObject): void {
  state.builds[name] = clone(given);
}

/** Says how a build ended, and tells those who listen to the topic `cloud-builds`, as Cloud Build does. */
export function finishBuild(context: Context, name: string, outcome: JsonObject): void {
  const found = build(context.state, name);
  if (!["QUEUED", "WORKING"].includes(str(found.status))) {
    throw precondition(`The build ${name} does not run: its status is ${str(found.status)}.`);
  }
  Object.assign(found, { startTime: now(), finishTime: now() }, clone(outcome));
  announce(context, found);
}

/** The address without a location means the location `global`. */
function globally(name: string): string {
  return name.replace(/^(projects\/[^/]+)\/builds/, "$1/locations/global/builds");
}

function build(state: State, name: string): JsonObject {
  const found = lookup(state.builds, globally(name));
  if (found === undefined) {
    throw notFound(`build ${name}`);
  }
  return found;
}

/** Records a new build; one that needs an approval waits for it. */
function start(state: State, collection: string, given: JsonObject, approvalRequired = false): JsonObject {
  const id = newId();
  const [, project = ""] = collection.split("/");
  const name = `${collection}/${id}`;
  const config = { approvalRequired: true };
  state.builds[name] = {
    ...clone(given),
    id,
    name: name.replace(`projects/${project}/`, `projects/${projectNumber(state, project)}/`),
    projectId: project,
    status: approvalRequired ? "PENDING" : "QUEUED",
    createTime: now(),
    ...(approvalRequired && { approval: { state: "PENDING", config } }),
  };
  return state.builds[name];
}

/** The operation of a build; a client looks for the build in its metadata. */
function operation(started: JsonObject): Json {
  return {
    name: `operations/build/${str(started.projectId)}/${Buffer.from(str(started.id)).toString("base64url")}`,
    metadata: {
      "@type": "type.googleapis.com/google.devtools.cloudbuild.v1.BuildOperationMetadata",
      build: clone(started),
    },
  };
}

/** Source: https://docs.cloud.google.com/build/docs/securing-builds/gate-builds-on-approval */
function approve(state: State, call: Call): Json {
  const found = build(state, call.resource);
  const { decision, comment, url } = obj(call.body.approvalResult);
  if (decision !== "APPROVED" && decision !== "REJECTED") {
    throw invalid("The decision has to be APPROVED or REJECTED.", "approval_result.decision");
  }
  if (found.status !== "PENDING") {
    throw precondition(`The build ${call.resource} does not wait for an approval.`);
  }
  const [, approverAccount = call.caller.principal] =
    /^(?:user|serviceAccount):(.*)$/.exec(call.caller.principal) ?? [];
  const result = { approverAccount, approvalTime: now(), decision, comment, url };
  found.approval = { ...obj(found.approval), state: decision, result };
  found.status = decision === "APPROVED" ? "QUEUED" : "CANCELLED";
  return operation(found);
}

type Substitutions = Readonly<Record<string, string>>;

function runTrigger(context: Context, call: Call, trigger: JsonObject): Json {
  const account = str(trigger.serviceAccount);
  if (account !== "") {
    alsoNeeds(context, call, ALSO_NEEDED.actAs.permission, account);
  }
  if (trigger.disabled === true) {
    throw precondition(`The trigger ${str(trigger.name)} is disabled.`);
  }
  const source = isObject(call.body.source) ? call.body.source : call.body;
  const { branchName, tagName, commitSha } = source;
  const given = Object.fromEntries(
    Object.entries(obj(source.substitutions)).map(([name, value]) => [name, str(value)]),
  );
  const undeclared = Object.keys(given).find((name) => !Object.hasOwn(obj(trigger.substitutions), name));
  if (undeclared !== undefined) {
    throw invalid(`The substitution ${undeclared} is none of the trigger's.`, "source.substitutions");
  }
  return operation(
    startTriggered(context, trigger, {
      ...given,
      ...(branchName !== undefined && { BRANCH_NAME: str(branchName), REF_NAME: str(branchName) }),
      ...(tagName !== undefined && { TAG_NAME: str(tagName), REF_NAME: str(tagName) }),
      ...(commitSha !== undefined && { COMMIT_SHA: str(commitSha), SHORT_SHA: str(commitSha).slice(0, 7) }),
    }),
  );
}

/** How many builds may start each other: a trigger that listens to its own builds would never end. */
const LONGEST_CHAIN = 20;

function startTriggered(context: Context, trigger: JsonObject, given: Substitutions, depth = 0): JsonObject {
  if (depth > LONGEST_CHAIN) {
    throw precondition(`The builds of the trigger ${str(trigger.name)} start each other without an end.`);
  }
  const { state } = context;
  const declared = Object.entries(obj(trigger.substitutions)).map(([name, value]) => [name, str(value)]);
  const values: Substitutions = { ...Object.fromEntries(declared), TRIGGER_NAME: str(trigger.name), ...given };
  const [collection] = str(trigger.resourceName).split("/triggers/");
  const [, project = "", , location = ""] = str(trigger.resourceName).split("/");
  const builtIn = { PROJECT_ID: project, PROJECT_NUMBER: projectNumber(state, project), LOCATION: location };
  const approval = obj(trigger.approvalConfig).approvalRequired === true;
  const wanted = substituted(obj(trigger.build), { ...builtIn, ...values }) as JsonObject;
  const started = start(
    state,
    `${collection}/builds`,
    { ...wanted, substitutions: values, buildTriggerId: trigger.id, serviceAccount: trigger.serviceAccount },
    approval,
  );
  announce(context, started, depth);
  return started;
}

/**
 * Puts values in for `$NAME` and `${NAME}`, wherever Cloud Build does: not in scripts. What is not declared becomes nothing,
 * since builds of triggers are always run that way.
 *
 * Source: https://docs.cloud.google.com/build/docs/configuring-builds/substitute-variable-values
 */
function substituted(value: Json, values: Substitutions): Json {
  if (typeof value === "string") {
    return value.replace(/\$\$|\$\{([A-Z_][A-Z0-9_]*)\}|\$([A-Z_][A-Z0-9_]*)/g, (all, braced, plain) =>
      all === "$$" ? "$" : (values[braced ?? plain] ?? ""),
    );
  }
  if (Array.isArray(value)) {
    return value.map((one) => substituted(one, values));
  }
  if (!isObject(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      name === "script" || one === undefined ? one : substituted(one, values),
    ]),
  );
}

/**
 * Tells of a build on the topic `cloud-builds` of its project, where somebody has made it.
 * Source: https://docs.cloud.google.com/build/docs/subscribe-build-notifications
 */
function announce(context: Context, about: JsonObject, depth = 0): void {
  const topic = `projects/${str(about.projectId)}/topics/cloud-builds`;
  if (lookup(context.state.topics, topic) === undefined) {
    return;
  }
  const data = Buffer.from(JSON.stringify(about)).toString("base64");
  const attributes = { buildId: about.id, status: about.status };
  publish(context.state, topic, { data, attributes }, (name, message) => deliver(context, name, message, depth + 1));
}

/** The identity with which Cloud Build subscribes to the topic of a trigger. */
export function checkTopic({ state }: Context, project: string, topic: string): void {
  const { permission } = ALSO_NEEDED.attachSubscription;
  if (!can(state, agentOf(state, project), permission, topic)) {
    throw permissionDenied(permission, topic);
  }
}

function agentOf(state: State, project: string): string {
  return `serviceAccount:service-${projectNumber(state, project)}@gcp-sa-cloudbuild.iam.gserviceaccount.com`;
}

/** Starts the builds of the triggers that listen to a topic and whose filter takes the message. */
export function deliver(context: Context, topic: string, message: JsonObject, depth = 0): void {
  const { state } = context;
  const listening = Object.values(state.triggers).filter(
    (trigger) => obj(trigger.pubsubConfig).topic === topic && trigger.disabled !== true,
  );
  for (const trigger of listening) {
    const [, project = ""] = str(trigger.resourceName).split("/");
    const values = boundValues(obj(trigger.substitutions), message);
    const permitted = can(state, agentOf(state, project), ALSO_NEEDED.attachSubscription.permission, topic);
    if (permitted && passes(str(trigger.filter), values)) {
      startTriggered(context, trigger, values, depth);
    }
  }
}

/** The substitutions of a trigger, with `$(body.message…)` read from the message. */
function boundValues(substitutions: JsonObject, message: JsonObject): Substitutions {
  const text = Buffer.from(str(message.data), "base64").toString("utf8");
  const body = { message: { ...message, data: parsed(text) ?? text } };
  return Object.fromEntries(
    Object.entries(substitutions).map(([name, value]) => [
      name,
      str(value).replace(/\$\(body\.([\w.-]+)\)/g, (_, path: string) => boundText(body, path.split("."))),
    ]),
  );
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** What a message does not have reads as nothing; what Cloud Build does then is not known. */
function boundText(from: Json, path: readonly string[]): string {
  const found = path.reduce<Json | undefined>(
    (value, part) => (isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined),
    from,
  );
  return found === undefined ? "" : typeof found === "string" ? found : JSON.stringify(found);
}

/** Whether a filter holds, an expression over the substitutions; one that cannot be evaluated holds for nothing. */
function passes(filter: string, values: Substitutions): boolean {
  if (filter === "") {
    return true;
  }
  const names = Object.fromEntries(Object.keys(values).map((name) => [name, "string" as const]));
  const expression = readExpression(filter, names);
  try {
    return !("problem" in expression) && expression.evaluate(values) === true;
  } catch {
    return false;
  }
}

/** Comparisons joined by AND, with the names of the fields that gcloud writes. */
function filterOf(context: Context, text: string): (one: JsonObject) => boolean {
  const fields: Readonly<Record<string, string>> = {
    status: "status",
    trigger_id: "buildTriggerId",
    build_trigger_id: "buildTriggerId",
  };
  const clauses = text.split(/\s+AND\s+/i).filter((clause) => clause.trim() !== "");
  const wanted = clauses.map((clause) => {
    const [, name = "", value = ""] = /^\(?\s*(\w+)\s*=\s*"?([^"()]*?)"?\s*\)?$/.exec(clause.trim()) ?? [];
    if (!Object.hasOwn(fields, name)) {
      throw context.unsupported(`cloudbuild builds filter ${text}`);
    }
    return [fields[name], value] as const;
  });
  return (one) => wanted.every(([field, value]) => one[field] === value);
}
