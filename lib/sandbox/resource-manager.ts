import type { Context } from "./context";
import { iamRoutes } from "./iam-policies";
import type { Json } from "./json";
import { type Call, type Route, routesOf } from "./routes";
import { projectNumber, type State } from "./state";

const PROJECT = "projects/{project}";

/** Resource Manager v1 and v3, and the little of Cloud Billing that reading a project asks for. */
export function resourceManagerRoutes(context: Context): Route[] {
  const projects = routesOf("cloudresourcemanager", (on) => {
    on("GET", PROJECT, "cloudresourcemanager.projects.get", (call) => project(context.state, call));
    iamRoutes(context, on, PROJECT, "cloudresourcemanager.projects", () => undefined);
  });
  const billing = routesOf("cloudbilling", (on) => {
    on("GET", `${PROJECT}/billingInfo`, "cloudbilling.projects.getBillingInfo", (call) => ({
      name: call.name,
      projectId: call.params.project,
      billingAccountName: "billingAccounts/000000-000000-000000",
      billingEnabled: true,
    }));
  });
  return [...projects, ...billing];
}

function project(state: State, call: Call): Json {
  const id = call.params.project;
  const number = projectNumber(state, id);
  const createTime = "2026-01-01T00:00:00.000Z";
  return call.version === "v3"
    ? { name: `projects/${number}`, projectId: id, displayName: id, state: "ACTIVE", createTime }
    : { projectNumber: number, projectId: id, name: id, lifecycleState: "ACTIVE", createTime };
}
