import { type Context, projectNumber, requireProject } from "./context";
import type { Json } from "./json";
import type { Call, ServiceRouter } from "./router";

/** Resource Manager v1 and v3, and the little of Cloud Billing that reading a project asks for. */
export class ResourceManager {
  constructor(private readonly context: Context) {
    const on = context.router.forService("cloudresourcemanager");
    const check = (resource: string): void => {
      requireProject(context, resource.split("/")[1] ?? "");
    };
    on("GET", "projects/{project}", (call) => this.project(call));
    context.iam.routes(on, "projects/{project}", check);
    this.billingRoutes(context.router.forService("cloudbilling"));
  }

  private billingRoutes(on: ServiceRouter): void {
    on("GET", "projects/{project}/billingInfo", (call) => ({
      name: call.name,
      projectId: call.params.project,
      billingAccountName: "billingAccounts/000000-000000-000000",
      billingEnabled: true,
    }));
  }

  private project(call: Call): Json {
    const id = call.params.project ?? "";
    requireProject(this.context, id);
    const number = projectNumber(this.context, id);
    const createTime = "2026-01-01T00:00:00.000Z";
    return call.version === "v3"
      ? { name: `projects/${number}`, projectId: id, displayName: id, state: "ACTIVE", createTime }
      : { projectNumber: number, projectId: id, name: id, lifecycleState: "ACTIVE", createTime };
  }
}
