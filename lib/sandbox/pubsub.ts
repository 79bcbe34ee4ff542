import { alsoNeeds, type Context, members, newId, now, page } from "./context";
import { alreadyExists, invalid, notFound } from "./errors";
import { iamRoutes } from "./iam-policies";
import { applyMask, clone, type Json, type JsonObject, list, num, obj, str, strings } from "./json";
import { ALSO_NEEDED } from "./permissions";
import { type AddRoute, type Call, type Route, routesOf } from "./routes";
import { lookup, type State, type Table } from "./state";

const TOPICS = "projects/{project}/topics";
const TOPIC = `${TOPICS}/{topic}`;
const SUBSCRIPTIONS = "projects/{project}/subscriptions";
const SUBSCRIPTION = `${SUBSCRIPTIONS}/{subscription}`;

/** Source: https://docs.cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/list */
const PAGE = { normal: 100, most: 1000 };

/** Source: https://docs.cloud.google.com/pubsub/docs/pubsub-basics#resource_names */
const ID = /^(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}$/;

/** What happens besides when a message is published: Cloud Build listens to topics without a subscription of its own here. */
export type OnMessage = (topic: string, message: JsonObject) => void;

/** Pub/Sub: topics, subscriptions that are pulled, and their messages. */
export function pubsubRoutes(context: Context, onMessage: OnMessage): Route[] {
  const { state } = context;
  return routesOf("pubsub", (on) => {
    topicRoutes(context, on, onMessage);
    subscriptionRoutes(context, on);
    iamRoutes(context, on, TOPIC, "pubsub.topics", (name) => void existing(state.topics, name));
    iamRoutes(context, on, SUBSCRIPTION, "pubsub.subscriptions", (name) => void existing(state.subscriptions, name));
  });
}

function topicRoutes(context: Context, on: AddRoute, onMessage: OnMessage): void {
  const { state } = context;
  on("PUT", TOPIC, "pubsub.topics.create", (call) => created(state.topics, call, { state: "ACTIVE" }));
  on("GET", TOPIC, "pubsub.topics.get", (call) => clone(existing(state.topics, call.name)));
  on("GET", TOPICS, "pubsub.topics.list", (call) => listed(call, "topics", members(state.topics, call.name)));
  on("PATCH", TOPIC, "pubsub.topics.patch", (call) => patched(state.topics, call, "topic"));
  on("DELETE", TOPIC, "pubsub.topics.delete", (call) => {
    existing(state.topics, call.name);
    delete state.topics[call.name];
    delete state.iamPolicies[call.name];
    // Subscriptions outlive their topic, and say so.
    for (const subscription of Object.values(state.subscriptions).filter(({ topic }) => topic === call.name)) {
      subscription.topic = "_deleted-topic_";
    }
    return {};
  });
  on("GET", `${TOPIC}/subscriptions`, "pubsub.topics.subscriptions.list", (call) => {
    const topic = call.name.replace(/\/subscriptions$/, "");
    existing(state.topics, topic);
    const names = Object.entries(state.subscriptions).filter(([, one]) => one.topic === topic);
    return { subscriptions: names.map(([name]) => name) };
  });
  on("POST", `${TOPIC}:publish`, "pubsub.topics.publish", (call) => {
    existing(state.topics, call.resource);
    const messages = list(call.body.messages);
    if (messages.length === 0 || messages.some(({ data, attributes }) => !data && !attributes)) {
      throw invalid("Some messages are empty: each needs data or attributes.", "messages");
    }
    return { messageIds: messages.map((message) => publish(state, call.resource, message, onMessage)) };
  });
}

function subscriptionRoutes(context: Context, on: AddRoute): void {
  const { state } = context;
  on("PUT", SUBSCRIPTION, "pubsub.subscriptions.create", (call) => {
    const topic = str(call.body.topic);
    alsoNeeds(context, call, ALSO_NEEDED.attachSubscription.permission, topic);
    existing(state.topics, topic);
    if (call.body.pushConfig !== undefined && str(obj(call.body.pushConfig).pushEndpoint) !== "") {
      throw context.unsupported("pubsub subscription that pushes");
    }
    return created(state.subscriptions, call, { ackDeadlineSeconds: num(call.body.ackDeadlineSeconds) || 10 });
  });
  on("GET", SUBSCRIPTION, "pubsub.subscriptions.get", (call) => clone(existing(state.subscriptions, call.name)));
  on("GET", SUBSCRIPTIONS, "pubsub.subscriptions.list", (call) =>
    listed(call, "subscriptions", members(state.subscriptions, call.name)),
  );
  on("PATCH", SUBSCRIPTION, "pubsub.subscriptions.patch", (call) => patched(state.subscriptions, call, "subscription"));
  on("DELETE", SUBSCRIPTION, "pubsub.subscriptions.delete", (call) => {
    existing(state.subscriptions, call.name);
    for (const table of [state.subscriptions, state.iamPolicies, state.messages]) {
      delete table[call.name];
    }
    return {};
  });
  on("POST", `${SUBSCRIPTION}:pull`, "pubsub.subscriptions.pull", (call) => {
    existing(state.subscriptions, call.resource);
    const most = num(call.body.maxMessages);
    if (!(most >= 1)) {
      throw invalid("max_messages has to be at least 1.", "max_messages");
    }
    // Nothing is given out for a time only: what is not acknowledged is there again at once.
    const waiting = lookup(state.messages, call.resource) ?? [];
    return {
      receivedMessages: waiting
        .slice(0, most)
        .map((message) => ({ ackId: str(message.messageId), message: clone(message) })),
    };
  });
  on("POST", `${SUBSCRIPTION}:acknowledge`, "pubsub.subscriptions.acknowledge", (call) => {
    existing(state.subscriptions, call.resource);
    const ids = strings(call.body.ackIds);
    const waiting = lookup(state.messages, call.resource) ?? [];
    state.messages[call.resource] = waiting.filter(({ messageId }) => !ids.includes(str(messageId)));
    return {};
  });
}

/** Publishes a message as whoever owns the topic; its id. */
export function publish(state: State, topic: string, given: JsonObject, onMessage: OnMessage): string {
  const messageId = newId();
  const message = { data: given.data, attributes: given.attributes, messageId, publishTime: now() };
  for (const [name, subscription] of Object.entries(state.subscriptions)) {
    if (subscription.topic === topic) {
      state.messages[name] = [...(lookup(state.messages, name) ?? []), clone(message)];
    }
  }
  onMessage(topic, clone(message));
  return messageId;
}

function created(table: Table<JsonObject>, call: Call, defaults: JsonObject): Json {
  if (!ID.test(call.name.split("/").pop() ?? "")) {
    throw invalid(`Invalid resource name given (name=${call.name}).`, "name");
  }
  if (lookup(table, call.name) !== undefined) {
    throw alreadyExists(`Resource (resource=${call.name.split("/").pop()})`);
  }
  table[call.name] = { ...clone(call.body), ...defaults, name: call.name };
  return clone(table[call.name]);
}

function patched(table: Table<JsonObject>, call: Call, field: "topic" | "subscription"): Json {
  const found = existing(table, call.name);
  const mask = str(call.body.updateMask) || (call.query.get("updateMask") ?? "");
  const { name, topic } = found;
  applyMask(found, obj(call.body[field]), mask);
  return clone(Object.assign(found, { name, ...(field === "subscription" && { topic }) }));
}

function listed(call: Call, field: string, all: readonly [string, JsonObject][]): Json {
  const { items, nextPageToken } = page(call, all, PAGE);
  return { [field]: items.map(([, found]) => clone(found)), nextPageToken };
}

function existing(table: Table<JsonObject>, name: string): JsonObject {
  const found = lookup(table, name);
  if (found === undefined) {
    throw notFound(`Resource (resource=${name.split("/").pop()})`);
  }
  return found;
}
