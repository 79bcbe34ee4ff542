import { type Context, doneOperation, newId } from "./context";
import { ApiError } from "./errors";
import { type Json, type JsonObject, strings } from "./json";
import { type Call, type Route, routesOf } from "./routes";
import { lookup, projectNumber, type State } from "./state";

const SERVICES = "projects/{project}/services";

/** Service Usage: which APIs are enabled in which project. */
export function serviceUsageRoutes(context: Context): Route[] {
  const { state } = context;
  return routesOf("serviceusage", (on) => {
    on("GET", SERVICES, "serviceusage.services.list", (call) => listServices(context, call));
    on("GET", `${SERVICES}/{service}`, "serviceusage.services.get", (call) => {
      const { project, service } = call.params;
      return shown(state, project, service, enabledServices(state, project).includes(service));
    });
    on("POST", `${SERVICES}:batchEnable`, "serviceusage.services.batchEnable", (call) => {
      for (const service of strings(call.body.serviceIds)) {
        enableService(state, call.params.project, service);
      }
      return operation();
    });
    on("POST", `${SERVICES}/{service}:enable`, "serviceusage.services.enable", (call) => {
      enableService(state, call.params.project, call.params.service);
      return operation();
    });
    on("POST", `${SERVICES}/{service}:disable`, "serviceusage.services.disable", (call) => {
      const { project, service } = call.params;
      state.enabledServices[project] = enabledServices(state, project).filter((enabled) => enabled !== service);
      return operation();
    });
    on(
      "POST",
      `${SERVICES}/{service}:generateServiceIdentity`,
      "serviceusage.services.generateServiceIdentity",
      (call) => identity(state, call),
    );
    on("GET", "operations/{operation}", "serviceusage.operations.get", (call) => doneOperation(call.name));
  });
}

export function enabledServices(state: State, project: string): readonly string[] {
  return lookup(state.enabledServices, project) ?? [];
}

export function enableService(state: State, project: string, service: string): void {
  state.enabledServices[project] = [...new Set([...enabledServices(state, project), service])].sort();
}

/** APIs that are there without being enabled, since they are how one enables the others. */
const ALWAYS = ["serviceusage", "cloudresourcemanager", "cloudbilling"];

/** The answer of an API that its project did not enable. */
export function requireEnabled({ state, behaviour }: Context, service: string, project: string | undefined): void {
  const api = `${service}.googleapis.com`;
  if (!behaviour.enforceServices || ALWAYS.includes(service) || project === undefined) {
    return;
  }
  if (!enabledServices(state, project).includes(api)) {
    const info: JsonObject = {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: "SERVICE_DISABLED",
      domain: "googleapis.com",
      metadata: { service: api, consumer: `projects/${projectNumber(state, project)}` },
    };
    throw new ApiError(
      "PERMISSION_DENIED",
      `${api} has not been used in project ${project} before or it is disabled.`,
      [info],
    );
  }
}

function listServices(context: Context, call: Call): Json {
  const { project } = call.params;
  const filter = call.query.get("filter") ?? "state:ENABLED";
  if (filter !== "state:ENABLED") {
    throw context.unsupported(`serviceusage filter ${filter}`);
  }
  const services = enabledServices(context.state, project);
  return { services: services.map((name) => shown(context.state, project, name, true)) };
}

/** An API as the service shows it; its title, which is Google's, is left out. */
function shown(state: State, project: string, service: string, enabled: boolean): JsonObject {
  const parent = `projects/${projectNumber(state, project)}`;
  const name = `${parent}/services/${service}`;
  return { name, parent, config: { name: service }, state: enabled ? "ENABLED" : "DISABLED" };
}

function identity(state: State, call: Call): Json {
  const { project, service } = call.params;
  const agent = service.replace(".googleapis.com", "");
  const number = projectNumber(state, project);
  const email = `service-${number}@gcp-sa-${agent}.iam.gserviceaccount.com`;
  return doneOperation(`operations/${newId()}`, { email, uniqueId: number });
}

function operation(): JsonObject {
  return doneOperation(`operations/acat.${newId()}`);
}
