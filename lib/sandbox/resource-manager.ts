import type { Context } from "./context";
import { iamRoutes } from "./iam-policies";
import type { Json } from "./json";
import { type Call, type Route, routesOf } from "./routes";
import { lookup, projectNumber, type State } from "./state";

const PROJECT = "projects/{project}";
const FOLDER = "folders/{folder}";
const ORGANIZATION = "organizations/{organization}";

const CREATED = "2026-01-01T00:00:00.000Z";

/** Resource Manager v1 and v3, and the little of Cloud Billing that reading a project asks for. */
export function resourceManagerRoutes(context: Context): Route[] {
  const projects = routesOf("cloudresourcemanager", (on) => {
    on("GET", PROJECT, "cloudresourcemanager.projects.get", (call) => project(context.state, call));
    iamRoutes(context, on, PROJECT, "cloudresourcemanager.projects", () => undefined);
    on("GET", FOLDER, "cloudresourcemanager.folders.get", (call) => folder(context.state, call));
    iamRoutes(context, on, FOLDER, "cloudresourcemanager.folders", () => undefined);
    on("GET", ORGANIZATION, "cloudresourcemanager.organizations.get", organization);
    iamRoutes(context, on, ORGANIZATION, "cloudresourcemanager.organizations", () => undefined);
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
  const parent = lookup(state.parents, call.name);
  if (call.version === "v3") {
    const name = `projects/${number}`;
    return { name, parent, projectId: id, displayName: id, state: "ACTIVE", createTime: CREATED };
  }
  const [collection, parentId] = parent?.split("/") ?? [];
  return {
    projectNumber: number,
    projectId: id,
    name: id,
    parent: parentId === undefined ? undefined : { type: collection.replace(/s$/, ""), id: parentId },
    lifecycleState: "ACTIVE",
    createTime: CREATED,
  };
}

/** Version 1 has no folders; version 2 and 3 show the same of them. */
function folder(state: State, call: Call): Json {
  const parent = lookup(state.parents, call.name);
  return { name: call.name, parent, displayName: call.params.folder, state: "ACTIVE", createTime: CREATED };
}

function organization(call: Call): Json {
  const shown = { name: call.name, displayName: "example.com", creationTime: CREATED };
  return call.version === "v3" ? { ...shown, state: "ACTIVE" } : { ...shown, lifecycleState: "ACTIVE" };
}
