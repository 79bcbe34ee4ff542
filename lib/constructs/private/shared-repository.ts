import { ArtifactRegistryRepository } from "@cdktf/provider-google/lib/artifact-registry-repository";
import type { TerraformProvider } from "cdktf";
import type { Construct, IConstruct } from "constructs";
import { claim, fixAddress, getOrCreate, logicalId, provide, stackChild, waitFor } from "./addressing";
import { enabledApi } from "./apis";
import { type SharedDescription, SharedResource } from "./shared-resource";

/** What a repository is made of. */
export interface SharedRepositoryOptions {
  readonly project: string;
  readonly location: string;
  readonly repositoryId: string;
  readonly protect: boolean;
  readonly enableApis?: boolean;
  readonly provider?: TerraformProvider;
}

/** The repository of one or several pipelines of a stack. */
export class SharedRepository extends SharedResource {
  public static of(user: IConstruct, options: SharedRepositoryOptions): SharedRepository {
    const repositories = stackChild(user, "Repositories");
    const id = logicalId(options.project, options.location, options.repositoryId);
    const repository = getOrCreate(repositories, id, () => new SharedRepository(repositories, id, options));
    repository.join(user, options.protect);
    return repository;
  }

  public readonly resource: ArtifactRegistryRepository;
  protected readonly description: SharedDescription;

  private constructor(scope: Construct, id: string, options: SharedRepositoryOptions) {
    super(scope, id);
    const { project, location, repositoryId, provider } = options;
    const name = `projects/${project}/locations/${location}/repositories/${repositoryId}`;
    this.description = { what: "repository", name, instead: "createRepository" };
    claim(this, "repository", name);
    this.resource = fixAddress(
      new ArtifactRegistryRepository(this, "Repository", {
        project,
        location,
        repositoryId,
        format: "DOCKER",
        provider,
      }),
      id,
    );
    waitFor(this.resource, enabledApi(this, "artifactregistry", options));
    provide(this, "repository", name, () => this.resources());
  }
}
