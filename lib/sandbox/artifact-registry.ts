import { type Context, doneOperation, members, newId, now, page } from "./context";
import { ApiError, invalid } from "./errors";
import { iamRoutes } from "./iam-policies";
import { applyMask, clone, type Json, type JsonObject, obj, str } from "./json";
import { manifestOf } from "./manifests";
import { type Call, type Route, routesOf } from "./routes";
import { lookup, type State } from "./state";

const LOCATION = "projects/{project}/locations/{location}";
const REPOSITORIES = `${LOCATION}/repositories`;
const REPOSITORY = `${REPOSITORIES}/{repository}`;

/** Artifact Registry, as far as Docker repositories need it; of images, manifests are kept alone. */
export function artifactRegistryRoutes(context: Context): Route[] {
  const { state } = context;
  return routesOf("artifactregistry", (on) => {
    on("POST", REPOSITORIES, "artifactregistry.repositories.create", (call) => create(state, call));
    on("GET", REPOSITORIES, "artifactregistry.repositories.list", (call) => {
      const all = members(state.repositories, call.name);
      const { items, nextPageToken } = page(call, all, { normal: 100, most: 1000 });
      return { repositories: items.map(([, found]) => clone(found)), nextPageToken };
    });
    on("GET", REPOSITORY, "artifactregistry.repositories.get", (call) => clone(repository(state, call.name)));
    on("PATCH", REPOSITORY, "artifactregistry.repositories.patch", (call) => {
      const found = repository(state, call.name);
      applyMask(found, call.body, call.query.get("updateMask") ?? "");
      return clone(Object.assign(found, { name: call.name, updateTime: now() }));
    });
    on("DELETE", REPOSITORY, "artifactregistry.repositories.delete", (call) => {
      repository(state, call.name);
      delete state.repositories[call.name];
      delete state.iamPolicies[call.name];
      return doneOperation(operationName(call.name));
    });
    on("GET", `${LOCATION}/operations/{operation}`, "artifactregistry.operations.get", (call) =>
      doneOperation(call.name),
    );
    on("GET", "{path=.+/manifests/sha256:[0-9a-f]+}", "artifactregistry.manifests.get", (call) =>
      manifestOf(context, call),
    );
    iamRoutes(context, on, REPOSITORY, "artifactregistry.repositories", (name) => void repository(state, name));
  });
}

function repository(state: State, name: string): JsonObject {
  const found = lookup(state.repositories, name);
  if (found === undefined) {
    throw new ApiError("NOT_FOUND", `Requested entity was not found: ${name}`);
  }
  return found;
}

function create(state: State, call: Call): Json {
  const id = call.query.get("repository_id") ?? call.query.get("repositoryId") ?? "";
  const { project, location } = call.params;
  const name = `${call.name}/${id}`;
  if (!/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(id)) {
    throw invalid(`repository_id ${JSON.stringify(id)} is not valid`, "repository_id");
  }
  if (lookup(state.repositories, name) !== undefined) {
    throw new ApiError("ALREADY_EXISTS", "the repository already exists");
  }
  const made: JsonObject = {
    ...call.body,
    name,
    // gcloud writes the mode that says nothing.
    mode: (str(call.body.mode) || "MODE_UNSPECIFIED").replace("MODE_UNSPECIFIED", "STANDARD_REPOSITORY"),
    createTime: now(),
    updateTime: now(),
    registryUri: `${location}-docker.pkg.dev/${project}/${id}`,
    vulnerabilityScanningConfig: {
      enablementConfig: "INHERITED",
      enablementState: "SCANNING_DISABLED",
      ...obj(call.body.vulnerabilityScanningConfig),
    },
  };
  state.repositories[name] = made;
  return doneOperation(operationName(name), clone(made));
}

function operationName(repositoryName: string): string {
  return `${repositoryName.split("/").slice(0, 4).join("/")}/operations/${newId()}`;
}
