import { found, listed } from "./collections";
import { type Context, doneOperation, newId, now } from "./context";
import { alreadyExists, invalid } from "./errors";
import { applyMask, clone, type Json, type JsonObject, list, num, obj, str } from "./json";
import { type AddRoute, type Call, type Route, routesOf } from "./routes";
import { lookup, nextEtag, projectNumber, type State, type Table } from "./state";

const LOCATION = "projects/{project}/locations/{location}";

/**
 * Cloud Run: services and jobs are kept, with what Google fills in. No revision starts, no job runs, and no image is asked
 * about.
 *
 * Source: https://docs.cloud.google.com/run/docs/reference/rest
 */
export function cloudRunRoutes(context: Context): Route[] {
  const { state } = context;
  return routesOf("run", (on) => {
    services(state, on);
    jobs(state, on);
    on("GET", `${LOCATION}/operations/{operation}`, "run.operations.get", (call) => doneOperation(call.name));
  });
}

interface Kind {
  readonly table: Table<JsonObject>;
  /** What Google fills in where the request says nothing. */
  readonly complete: (state: State, call: Call, body: JsonObject) => JsonObject;
  readonly type: string;
}

function services(state: State, on: AddRoute): void {
  const kind: Kind = { table: state.runServices, complete: completeService, type: "Service" };
  const path = `${LOCATION}/services`;
  on("POST", path, "run.services.create", (call) => created(state, kind, call, call.query.get("serviceId") ?? ""));
  on("GET", path, "run.services.list", (call) => listed(kind.table, call, "services"));
  on("GET", `${path}/{service}`, "run.services.get", (call) => clone(found(kind.table, call.name)));
  on("PATCH", `${path}/{service}`, "run.services.patch", (call) => changed(state, kind, call));
  on("DELETE", `${path}/{service}`, "run.services.delete", (call) => removed(kind.table, call));
}

function jobs(state: State, on: AddRoute): void {
  const kind: Kind = { table: state.runJobs, complete: completeJob, type: "Job" };
  const path = `${LOCATION}/jobs`;
  on("POST", path, "run.jobs.create", (call) => created(state, kind, call, call.query.get("jobId") ?? ""));
  on("GET", path, "run.jobs.list", (call) => listed(kind.table, call, "jobs"));
  on("GET", `${path}/{job}`, "run.jobs.get", (call) => clone(found(kind.table, call.name)));
  on("PATCH", `${path}/{job}`, "run.jobs.patch", (call) => changed(state, kind, call));
  on("DELETE", `${path}/{job}`, "run.jobs.delete", (call) => removed(kind.table, call));
}

function created(state: State, kind: Kind, call: Call, id: string): Json {
  const name = `${call.name}/${id}`;
  if (!/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(id)) {
    throw invalid(`${kind.type} id ${JSON.stringify(id)} is not valid`);
  }
  if (lookup(kind.table, name) !== undefined) {
    throw alreadyExists(name);
  }
  checkBody(call.body);
  const made = { uid: newId(), createTime: now(), creator: call.caller.principal.replace(/^\w+:/, "") };
  return stored(state, kind, call, name, { ...made, ...clone(call.body) }, 1);
}

function changed(state: State, kind: Kind, call: Call): Json {
  const before = found(kind.table, call.name);
  checkBody(call.body);
  const mask = call.query.get("updateMask") ?? "";
  const { uid, createTime, creator } = before;
  const next = mask === "" ? { ...clone(call.body), uid, createTime, creator } : clone(before);
  applyMask(next, call.body, mask);
  return stored(state, kind, call, call.name, next, num(before.generation) + 1);
}

function stored(state: State, kind: Kind, call: Call, name: string, body: JsonObject, generation: number): Json {
  const ready = { type: "Ready", state: "CONDITION_SUCCEEDED", lastTransitionTime: now() };
  kind.table[name] = {
    ...kind.complete(state, call, body),
    name,
    generation: String(generation),
    observedGeneration: String(generation),
    updateTime: now(),
    etag: nextEtag(state),
    lastModifier: call.caller.principal.replace(/^\w+:/, ""),
    terminalCondition: ready,
    conditions: [ready],
  };
  return operation(call, clone(kind.table[name]));
}

/** Two ways to say which policy is asked would leave it open. */
function checkBody({ binaryAuthorization }: JsonObject): void {
  const setting = obj(binaryAuthorization);
  if (setting.useDefault === true && str(setting.policy) !== "") {
    throw invalid("Only one of use_default and policy can be set.", "binary_authorization");
  }
}

function completeService(state: State, { params, name }: Call, body: JsonObject): JsonObject {
  const template = obj(body.template);
  const id = name.split("/").pop() ?? "";
  return {
    ingress: "INGRESS_TRAFFIC_ALL",
    launchStage: "GA",
    traffic: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 100 }],
    ...body,
    template: {
      maxInstanceRequestConcurrency: 80,
      timeout: "300s",
      serviceAccount: computeAccount(state, params.project),
      ...template,
      scaling: { maxInstanceCount: 100, ...obj(template.scaling) },
      containers: list(template.containers).map(completeContainer),
    },
    uri: `https://${id}-${projectNumber(state, params.project)}.${params.location}.run.app`,
  };
}

function completeContainer(container: JsonObject): JsonObject {
  const resources = obj(container.resources);
  return {
    ports: [{ name: "http1", containerPort: 8080 }],
    startupProbe: { timeoutSeconds: 240, periodSeconds: 240, failureThreshold: 1, tcpSocket: { port: 8080 } },
    ...container,
    resources: {
      cpuIdle: true,
      startupCpuBoost: true,
      ...resources,
      limits: { cpu: "1000m", memory: "512Mi", ...obj(resources.limits) },
    },
  };
}

function completeJob(state: State, { params }: Call, body: JsonObject): JsonObject {
  const execution = obj(body.template);
  const task = obj(execution.template);
  return {
    launchStage: "GA",
    ...body,
    template: {
      taskCount: 1,
      ...execution,
      template: {
        timeout: "600s",
        maxRetries: 3,
        serviceAccount: computeAccount(state, params.project),
        ...task,
        containers: list(task.containers).map((container) => ({
          ...container,
          resources: { limits: { cpu: "1000m", memory: "512Mi", ...obj(obj(container.resources).limits) } },
        })),
      },
    },
  };
}

function computeAccount(state: State, project: string): string {
  return `${projectNumber(state, project)}-compute@developer.gserviceaccount.com`;
}

function operation({ params }: Call, response: JsonObject): JsonObject {
  const name = `projects/${params.project}/locations/${params.location}/operations/${newId()}`;
  return doneOperation(name, response);
}

function removed(table: Table<JsonObject>, call: Call): Json {
  const gone = found(table, call.name);
  delete table[call.name];
  return operation(call, clone(gone));
}
