import { type Context, doneOperation, newId, projectNumber, requireProject } from "./context";
import { ApiError } from "./errors";
import { type Json, type JsonObject, strings } from "./json";
import type { Call } from "./router";

/** Service Usage: which APIs are enabled in which project. */
export class ServiceUsage {
  private readonly enabled = new Map<string, Set<string>>();

  constructor(private readonly context: Context) {
    const on = context.router.forService("serviceusage");
    on("GET", "projects/{project}/services", (call) => this.list(call));
    on("GET", "projects/{project}/services/{service}", (call) => this.describe(call));
    on("POST", "projects/{project}/services:batchEnable", (call) => {
      strings(call.body.serviceIds).forEach((service) => {
        this.enable(call.params.project ?? "", service);
      });
      return operation();
    });
    on("POST", "projects/{project}/services/{service}:enable", (call) => {
      this.enable(call.params.project ?? "", call.params.service ?? "");
      return operation();
    });
    on("POST", "projects/{project}/services/{service}:disable", (call) => {
      this.services(call.params.project ?? "").delete(call.params.service ?? "");
      return operation();
    });
    on("POST", "projects/{project}/services/{service}:generateServiceIdentity", (call) => this.identity(call));
    on("GET", "operations/{operation}", (call) => doneOperation(call.name));
  }

  services(project: string): Set<string> {
    const services = this.enabled.get(project) ?? new Set<string>();
    this.enabled.set(project, services);
    return services;
  }

  enable(project: string, service: string): void {
    requireProject(this.context, project);
    this.services(project).add(service);
  }

  /** The answer of an API that its project did not enable. */
  requireEnabled(call: Call): void {
    const project = call.name.split("/")[1] ?? "";
    const always = ["serviceusage", "cloudresourcemanager", "cloudbilling"];
    const api = `${call.service}.googleapis.com`;
    if (!this.context.options.enforceServices || always.includes(call.service)) {
      return;
    }
    if (call.name.startsWith("projects/") && project !== "-" && !this.services(project).has(api)) {
      throw new ApiError(
        "PERMISSION_DENIED",
        `${api} has not been used in project ${project} before or it is disabled (SERVICE_DISABLED).`,
      );
    }
  }

  private list(call: Call): Json {
    const project = call.params.project ?? "";
    requireProject(this.context, project);
    if ((call.query.get("filter") ?? "state:ENABLED") !== "state:ENABLED") {
      throw this.context.unsupported(`serviceusage filter ${call.query.get("filter")}`);
    }
    const parent = `projects/${projectNumber(this.context, project)}`;
    const services = [...this.services(project)].sort();
    return {
      services: services.map((name) => ({ name: `${parent}/services/${name}`, parent, state: "ENABLED" })),
    };
  }

  private describe(call: Call): Json {
    const { project = "", service = "" } = call.params;
    const parent = `projects/${projectNumber(this.context, project)}`;
    const state = this.services(project).has(service) ? "ENABLED" : "DISABLED";
    return { name: `${parent}/services/${service}`, parent, state };
  }

  private identity(call: Call): Json {
    const { project = "", service = "" } = call.params;
    const agent = service.replace(".googleapis.com", "");
    const email = `service-${projectNumber(this.context, project)}@gcp-sa-${agent}.iam.gserviceaccount.com`;
    return doneOperation(`operations/${newId()}`, { email, uniqueId: projectNumber(this.context, project) });
  }
}

function operation(): JsonObject {
  return doneOperation(`operations/acat.${newId()}`);
}
