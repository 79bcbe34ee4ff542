import { found, listed, removed } from "./collections";
import { type Context, now } from "./context";
import { invalid } from "./errors";
import { applyMask, clone, type JsonObject, list, obj, strings } from "./json";
import { type AddRoute, type Call, type Route, routesOf } from "./routes";
import { lookup, type State, type Table } from "./state";

const POLICIES = "projects/{project}/alertPolicies";
const CHANNELS = "projects/{project}/notificationChannels";

/**
 * Cloud Monitoring, as far as alerts on logs need it: alert policies and notification channels. No alert ever fires.
 *
 * Source: https://docs.cloud.google.com/monitoring/api/ref_v3/rest
 */
export function monitoringRoutes(context: Context): Route[] {
  const { state } = context;
  return routesOf("monitoring", (on) => {
    alertPolicyRoutes(state, on);
    channelRoutes(state, on);
  });
}

function alertPolicyRoutes(state: State, on: AddRoute): void {
  const table = state.alertPolicies;
  on("POST", POLICIES, "monitoring.alertPolicies.create", (call) => {
    checkPolicy(state, call.body);
    return put(state, table, call, (name) => policyOf(name, call.body));
  });
  on("GET", POLICIES, "monitoring.alertPolicies.list", (call) => listed(table, call, "alertPolicies"));
  on("GET", `${POLICIES}/{policy}`, "monitoring.alertPolicies.get", (call) => clone(found(table, call.name)));
  on("PATCH", `${POLICIES}/{policy}`, "monitoring.alertPolicies.patch", (call) => {
    const policy = found(table, call.name);
    checkPolicy(state, call.body);
    change(policy, call);
    return clone(Object.assign(policy, policyOf(call.name, policy)));
  });
  on("DELETE", `${POLICIES}/{policy}`, "monitoring.alertPolicies.delete", (call) => removed(table, call.name));
}

function policyOf(name: string, body: JsonObject): JsonObject {
  const conditions = list(body.conditions).map((condition, index) => ({
    ...condition,
    name: `${name}/conditions/${index + 1}`,
  }));
  return { ...body, name, conditions, enabled: body.enabled ?? true };
}

/** An alert uses channels of its own project that exist, and one on logs has to say how often it tells. */
function checkPolicy(state: State, body: JsonObject): void {
  for (const channel of strings(body.notificationChannels)) {
    if (lookup(state.notificationChannels, channel) === undefined) {
      throw invalid(`Notification channel ${channel} does not exist.`, "alert_policy.notification_channels");
    }
  }
  const conditions = list(body.conditions);
  if (conditions.length === 0) {
    throw invalid("An alerting policy needs at least one condition.", "alert_policy.conditions");
  }
  // https://docs.cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#AlertStrategy
  const onLogs = conditions.some(({ conditionMatchedLog }) => conditionMatchedLog !== undefined);
  if (onLogs && obj(body.alertStrategy).notificationRateLimit === undefined) {
    throw invalid(
      "A policy with a LogMatch condition must have a notification rate limit.",
      "alert_policy.alert_strategy.notification_rate_limit",
    );
  }
}

function channelRoutes(state: State, on: AddRoute): void {
  const table = state.notificationChannels;
  on("POST", CHANNELS, "monitoring.notificationChannels.create", (call) =>
    put(state, table, call, (name) => ({
      ...call.body,
      name,
      labels: hidden(call.body),
      enabled: call.body.enabled ?? true,
    })),
  );
  on("GET", CHANNELS, "monitoring.notificationChannels.list", (call) => listed(table, call, "notificationChannels"));
  on("GET", `${CHANNELS}/{channel}`, "monitoring.notificationChannels.get", (call) => clone(found(table, call.name)));
  on("PATCH", `${CHANNELS}/{channel}`, "monitoring.notificationChannels.patch", (call) => {
    const channel = found(table, call.name);
    change(channel, call);
    return clone(Object.assign(channel, { name: call.name, labels: hidden(channel) }));
  });
  on("DELETE", `${CHANNELS}/{channel}`, "monitoring.notificationChannels.delete", (call) => {
    const users = Object.entries(state.alertPolicies).filter(([, policy]) =>
      strings(policy.notificationChannels).includes(call.name),
    );
    if (users.length > 0 && call.query.get("force") !== "true") {
      throw invalid(`Notification channel ${call.name} is used by ${users.map(([name]) => name).join(", ")}.`);
    }
    for (const [, policy] of users) {
      policy.notificationChannels = strings(policy.notificationChannels).filter((name) => name !== call.name);
    }
    return removed(table, call.name);
  });
}

/** Labels that are secrets are never shown again, not even to whoever set them. */
function hidden(channel: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(obj(channel.labels)).map(([label, value]) => [
      label,
      ["password", "auth_token", "service_key"].includes(label) ? "****" : value,
    ]),
  );
}

function put(state: State, table: Table<JsonObject>, call: Call, make: (name: string) => JsonObject): JsonObject {
  state.counter += 1;
  const name = `${call.name}/${1_000_000_000_000 + state.counter}`;
  const time = { mutateTime: now(), mutatedBy: call.caller.principal };
  table[name] = clone({ ...make(name), creationRecord: time });
  return clone(table[name]);
}

function change(target: JsonObject, call: Call): void {
  const mask = call.query.get("updateMask") ?? "";
  if (mask === "") {
    const { creationRecord } = target;
    for (const field of Object.keys(target)) {
      delete target[field];
    }
    Object.assign(target, clone(call.body), { creationRecord });
  } else {
    applyMask(target, call.body, mask);
  }
}
