import { type Context, doneOperation, newId, now } from "./context";
import { alreadyExists, invalid, notFound } from "./errors";
import { clone, type Json, type JsonObject, obj, str } from "./json";
import type { Call } from "./router";

/** Fields of a trigger that the service owns; an update keeps them. */
const OWNED = ["id", "createTime", "resourceName"];

/** Cloud Build: triggers in v1, and connections with their repositories in v2. */
export class CloudBuild {
  private readonly triggers = new Map<string, JsonObject>();
  private readonly linked = new Map<string, JsonObject>();
  private readonly builds = new Map<string, JsonObject>();

  constructor(private readonly context: Context) {
    for (const parent of ["projects/{project}", "projects/{project}/locations/{location}"]) {
      this.triggerRoutes(`${parent}/triggers`);
    }
    const connections = "projects/{project}/locations/{location}/connections";
    this.linkedRoutes(connections, "connectionId");
    this.linkedRoutes(`${connections}/{connection}/repositories`, "repositoryId");
    const on = context.router.forService("cloudbuild");
    on("GET", "projects/{project}/locations/{location}/operations/{operation}", (call) => doneOperation(call.name));
    on("GET", "projects/{project}/locations/{location}/builds/{build}", (call) => {
      const build = this.builds.get(call.name);
      if (build === undefined) {
        throw notFound(`build ${call.name}`);
      }
      return clone(build);
    });
  }

  /** Stores a build that has run. */
  putBuild(name: string, build: JsonObject): void {
    this.builds.set(name, clone(build));
  }

  /** The triggers of a project, in every location. */
  list(project: string): JsonObject[] {
    const inside = [...this.triggers].filter(([name]) => name.startsWith(`projects/${project}/`));
    return inside.map(([, trigger]) => clone(trigger));
  }

  private triggerRoutes(collection: string): void {
    const on = this.context.router.forService("cloudbuild");
    on("POST", collection, (call) => this.create(call));
    on("GET", collection, (call) => {
      const inside = [...this.triggers].filter(([name]) => name.startsWith(`${globally(call.name)}/`));
      return { triggers: inside.map(([, trigger]) => clone(trigger)) };
    });
    on("GET", `${collection}/{trigger}`, (call) => clone(this.require(call.name)));
    on("PATCH", `${collection}/{trigger}`, (call) => this.update(call));
    on("DELETE", `${collection}/{trigger}`, (call) => {
      this.require(call.name);
      this.triggers.delete(globally(call.name));
      return {};
    });
  }

  private require(name: string): JsonObject {
    const trigger = this.triggers.get(globally(name));
    if (trigger === undefined) {
      throw notFound(`trigger ${name}`);
    }
    return trigger;
  }

  private create(call: Call): Json {
    const parent = globally(call.name);
    checkLogging(call.body);
    const id = newId();
    const wanted = str(call.body.name) || `trigger-${id.slice(0, 8)}`;
    const siblings = [...this.triggers].filter(([name]) => name.startsWith(`${parent}/`));
    if (siblings.some(([, trigger]) => trigger.name === wanted)) {
      throw alreadyExists(`trigger ${wanted}`);
    }
    const resourceName = `${parent}/${id}`;
    const trigger = completed({ ...call.body, name: wanted, id, createTime: now(), resourceName });
    this.triggers.set(resourceName, trigger);
    return clone(trigger);
  }

  /** Without an update mask, an update replaces everything that the caller owns. */
  private update(call: Call): Json {
    const before = this.require(call.name);
    checkLogging(call.body);
    const kept = Object.fromEntries(OWNED.map((field) => [field, before[field]]));
    const trigger = completed({ ...call.body, ...kept });
    this.triggers.set(globally(call.name), trigger);
    return clone(trigger);
  }

  private linkedRoutes(collection: string, idParameter: string): void {
    const on = this.context.router.forService("cloudbuild");
    const require = (name: string): JsonObject => {
      const resource = this.linked.get(name);
      if (resource === undefined) {
        throw notFound(name);
      }
      return resource;
    };
    on("POST", collection, (call) => {
      const name = `${call.name}/${call.query.get(idParameter) ?? ""}`;
      if (this.linked.has(name)) {
        throw alreadyExists(name);
      }
      const stamps = { createTime: now(), updateTime: now(), etag: newId() };
      const resource = { ...call.body, name, ...stamps, installationState: { stage: "COMPLETE" } };
      this.linked.set(name, resource);
      return doneOperation(operationName(name), clone(resource));
    });
    on("GET", `${collection}/{id}`, (call) => clone(require(call.name)));
    on("DELETE", `${collection}/{id}`, (call) => {
      require(call.name);
      this.linked.delete(call.name);
      return doneOperation(operationName(call.name));
    });
  }
}

function operationName(resource: string): string {
  return `${resource.split("/").slice(0, 4).join("/")}/operations/${newId()}`;
}

/** The address without a location means the location `global`. */
function globally(name: string): string {
  return name.replace(/^(projects\/[^/]+)\/triggers/, "$1/locations/global/triggers");
}

function completed(trigger: JsonObject): JsonObject {
  const event = obj(trigger.repositoryEventConfig);
  const repositoryEventConfig = event.repository ? { repositoryType: "GITHUB", ...event } : undefined;
  return { approvalConfig: {}, ...trigger, repositoryEventConfig };
}

/** The error that everybody meets who names a service account and not where its logs go. */
function checkLogging(trigger: JsonObject): void {
  const build = trigger.build === undefined ? undefined : obj(trigger.build);
  if (str(trigger.serviceAccount) === "" || build === undefined || str(build.logsBucket) !== "") {
    return;
  }
  const options = obj(build.options);
  const logging = ["CLOUD_LOGGING_ONLY", "NONE"].includes(str(options.logging));
  if (!logging && options.defaultLogsBucketBehavior !== "REGIONAL_USER_OWNED_BUCKET") {
    throw invalid(
      "if 'build.service_account' is specified, the build must either (a) specify 'build.logs_bucket', (b) use the REGIONAL_USER_OWNED_BUCKET build.options.default_logs_bucket_behavior option, or (c) use either CLOUD_LOGGING_ONLY / NONE logging options",
    );
  }
}
