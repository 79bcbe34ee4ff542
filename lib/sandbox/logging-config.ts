import { found, listed, removed } from "./collections";
import { type Context, now } from "./context";
import { alreadyExists, invalid } from "./errors";
import { applyMask, clone, type Json, type JsonObject, num, str } from "./json";
import { readLogFilter } from "./log-filter";
import { type AddRoute, type Call, type Route, routesOf } from "./routes";
import { lookup, projectNumber, type State } from "./state";

const BUCKETS = "projects/{project}/locations/{location}/buckets";
const SINKS = "projects/{project}/sinks";
const METRICS = "projects/{project}/metrics";

/**
 * The configuration of Cloud Logging: log buckets, sinks and metrics. Nothing is routed, and nothing is counted.
 *
 * Source: https://docs.cloud.google.com/logging/docs/reference/v2/rest
 */
export function loggingConfigRoutes(context: Context): Route[] {
  return routesOf("logging", (on) => {
    bucketRoutes(context, on);
    sinkRoutes(context, on);
    metricRoutes(context, on);
  });
}

/** Every project has these from the start. Source: https://docs.cloud.google.com/logging/docs/store-log-entries */
const OWN: Readonly<Record<string, JsonObject>> = {
  _Required: { retentionDays: 400, locked: true },
  _Default: { retentionDays: 30 },
};

function bucketRoutes({ state }: Context, on: AddRoute): void {
  const table = state.logBuckets;
  on("POST", BUCKETS, "logging.buckets.create", (call) => createBucket(state, call));
  on("POST", `${BUCKETS}:createAsync`, "logging.buckets.create", (call) => ({
    name: `projects/${call.params.project}/locations/${call.params.location}/operations/created`,
    done: true,
    response: createBucket(state, { ...call, name: call.resource }),
  }));
  on("GET", BUCKETS, "logging.buckets.list", (call) => listed(table, call, "buckets"));
  on("GET", `${BUCKETS}/{bucket}`, "logging.buckets.get", (call) => clone(bucket(state, call)));
  on("PATCH", `${BUCKETS}/{bucket}`, "logging.buckets.patch", (call) => {
    const stored = bucket(state, call);
    if (stored.lifecycleState === "DELETE_REQUESTED") {
      throw invalid(`Bucket ${call.name} is pending deletion.`);
    }
    checkLock(stored, call);
    applyMask(stored, call.body, call.query.get("updateMask") ?? "");
    return clone(Object.assign(stored, { name: call.name, updateTime: now() }));
  });
  on("DELETE", `${BUCKETS}/{bucket}`, "logging.buckets.delete", (call) => {
    const stored = bucket(state, call);
    if (stored.locked === true || call.params.bucket in OWN) {
      throw invalid(`Bucket ${call.name} is locked, or one of the project's own.`);
    }
    // It can be restored for seven days.
    stored.lifecycleState = "DELETE_REQUESTED";
    return {};
  });
}

function createBucket(state: State, call: Call): JsonObject {
  const name = `${call.name}/${call.query.get("bucketId") ?? ""}`;
  if (lookup(state.logBuckets, name) !== undefined) {
    throw alreadyExists(name);
  }
  const retentionDays = num(call.body.retentionDays) || 30;
  state.logBuckets[name] = {
    ...clone(call.body),
    name,
    retentionDays,
    createTime: now(),
    updateTime: now(),
    lifecycleState: "ACTIVE",
  };
  return clone(state.logBuckets[name]);
}

function bucket(state: State, { name, params }: Call): JsonObject {
  const own = params.location === "global" && Object.hasOwn(OWN, params.bucket) ? OWN[params.bucket] : undefined;
  if (own !== undefined && lookup(state.logBuckets, name) === undefined) {
    state.logBuckets[name] = { ...own, name, lifecycleState: "ACTIVE" };
  }
  return found(state.logBuckets, name);
}

/** Once locked, a bucket stays locked, and keeps its entries for as long. */
function checkLock(stored: JsonObject, { body, name, query }: Call): void {
  const mask = query.get("updateMask") ?? "";
  const unlocks = /locked/.test(mask) && body.locked !== true;
  const shortens = /retention/.test(mask) && num(body.retentionDays) !== num(stored.retentionDays);
  if (stored.locked === true && (unlocks || shortens)) {
    throw invalid(`Bucket ${name} is locked: its retention can neither be changed nor unlocked.`);
  }
}

function sinkRoutes(context: Context, on: AddRoute): void {
  const { state } = context;
  const table = state.logSinks;
  on("POST", SINKS, "logging.sinks.create", (call) => {
    const name = `${call.name}/${str(call.body.name)}`;
    if (lookup(table, name) !== undefined) {
      throw alreadyExists(name);
    }
    checkFilter(context, call.body);
    table[name] = { ...clone(call.body), resourceName: name, createTime: now(), ...writer(state, call) };
    return clone(table[name]);
  });
  on("GET", SINKS, "logging.sinks.list", (call) => listed(table, call, "sinks"));
  on("GET", `${SINKS}/{sink}`, "logging.sinks.get", (call) => clone(found(table, call.name)));
  const update = (call: Call): Json => {
    const sink = found(table, call.name);
    checkFilter(context, call.body);
    applyMask(sink, call.body, call.query.get("updateMask") || "destination,filter,includeChildren");
    return clone(Object.assign(sink, { updateTime: now() }));
  };
  on("PATCH", `${SINKS}/{sink}`, "logging.sinks.update", update);
  on("PUT", `${SINKS}/{sink}`, "logging.sinks.update", update);
  on("DELETE", `${SINKS}/{sink}`, "logging.sinks.delete", (call) => removed(table, call.name));
}

/** A sink to a bucket of its own project needs nobody who writes. */
function writer(state: State, { body, params }: Call): JsonObject {
  const number = projectNumber(state, params.project);
  const own = str(body.destination).startsWith(`logging.googleapis.com/projects/${params.project}/`);
  return own ? {} : { writerIdentity: `serviceAccount:service-${number}@gcp-sa-logging.iam.gserviceaccount.com` };
}

function metricRoutes(context: Context, on: AddRoute): void {
  const table = context.state.logMetrics;
  on("POST", METRICS, "logging.metrics.create", (call) => {
    const name = `${call.name}/${str(call.body.name)}`;
    if (lookup(table, name) !== undefined) {
      throw alreadyExists(name);
    }
    checkFilter(context, call.body);
    table[name] = { ...clone(call.body), createTime: now(), updateTime: now() };
    return clone(table[name]);
  });
  on("GET", METRICS, "logging.metrics.list", (call) => listed(table, call, "metrics"));
  on("GET", `${METRICS}/{metric}`, "logging.metrics.get", (call) => clone(found(table, call.name)));
  on("PUT", `${METRICS}/{metric}`, "logging.metrics.update", (call) => {
    const { createTime } = found(table, call.name);
    checkFilter(context, call.body);
    table[call.name] = { ...clone(call.body), createTime, updateTime: now() };
    return clone(table[call.name]);
  });
  on("DELETE", `${METRICS}/{metric}`, "logging.metrics.delete", (call) => removed(table, call.name));
}

/** What the sandbox cannot read is reported as not spoken, and not taken for right. */
function checkFilter(context: Context, body: JsonObject): void {
  const filter = str(body.filter);
  if (filter !== "" && readLogFilter(filter) === undefined) {
    throw context.unsupported(`logging filter ${filter}`);
  }
}
