import { type Context, doneOperation, newId, now, requireProject } from "./context";
import { ApiError } from "./errors";
import { applyMask, clone, type Json, type JsonObject, obj } from "./json";
import type { Call } from "./router";

/** Artifact Registry, as far as Docker repositories need it. */
export class ArtifactRegistry {
  private readonly repositories = new Map<string, JsonObject>();

  constructor(private readonly context: Context) {
    const on = context.router.forService("artifactregistry");
    const repository = "projects/{project}/locations/{location}/repositories/{repository}";
    on("POST", "projects/{project}/locations/{location}/repositories", (call) => this.create(call));
    on("GET", repository, (call) => clone(this.require(call.name)));
    on("PATCH", repository, (call) => this.update(call));
    on("DELETE", repository, (call) => {
      this.require(call.name);
      this.repositories.delete(call.name);
      context.iam.delete(call.name);
      return doneOperation(operationName(call.name));
    });
    on("GET", "projects/{project}/locations/{location}/operations/{operation}", (call) => doneOperation(call.name));
    context.iam.routes(on, repository, (name) => void this.require(name));
  }

  repository(name: string): JsonObject | undefined {
    return clone(this.repositories.get(name));
  }

  private require(name: string): JsonObject {
    const repository = this.repositories.get(name);
    if (repository === undefined) {
      throw new ApiError("NOT_FOUND", `Requested entity was not found: ${name}`);
    }
    return repository;
  }

  private create(call: Call): Json {
    const id = call.query.get("repository_id") ?? call.query.get("repositoryId") ?? "";
    const { project = "", location = "" } = call.params;
    requireProject(this.context, project);
    const name = `${call.name}/${id}`;
    if (this.repositories.has(name)) {
      throw new ApiError("ALREADY_EXISTS", "the repository already exists");
    }
    const repository: JsonObject = {
      ...call.body,
      name,
      mode: call.body.mode ?? "STANDARD_REPOSITORY",
      createTime: now(),
      updateTime: now(),
      registryUri: `${location}-docker.pkg.dev/${project}/${id}`,
      vulnerabilityScanningConfig: {
        enablementConfig: "INHERITED",
        enablementState: "SCANNING_DISABLED",
        ...obj(call.body.vulnerabilityScanningConfig),
      },
    };
    this.repositories.set(name, repository);
    return doneOperation(operationName(name), clone(repository));
  }

  private update(call: Call): Json {
    const repository = this.require(call.name);
    applyMask(repository, call.body, call.query.get("updateMask") ?? "");
    repository.updateTime = now();
    return clone(repository);
  }
}

function operationName(repository: string): string {
  return `${repository.split("/").slice(0, 4).join("/")}/operations/${newId()}`;
}
