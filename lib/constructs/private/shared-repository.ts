import { ArtifactRegistryRepository } from "@cdktf/provider-google/lib/artifact-registry-repository";
import type { TerraformProvider } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { claim, fixAddress, getOrCreate, logicalId, provide, stackChild, waitFor } from "./addressing";
import { enabledApi } from "./apis";

/** What a repository is made of. */
export interface SharedRepositoryOptions {
  readonly project: string;
  readonly location: string;
  readonly repositoryId: string;
  readonly protect: boolean;
  readonly enableApis?: boolean;
  readonly provider?: TerraformProvider;
}

/** The repository of one or several pipelines of a stack, at a fixed path: none of them owns it. */
export class SharedRepository extends Construct {
  public static of(user: IConstruct, options: SharedRepositoryOptions): SharedRepository {
    const repositories = stackChild(user, "Repositories");
    const id = logicalId(options.project, options.location, options.repositoryId);
    const repository = getOrCreate(repositories, id, () => new SharedRepository(repositories, id, options));
    if (options.protect) {
      repository.resource.lifecycle = { preventDestroy: true };
    }
    return repository;
  }

  public readonly resource: ArtifactRegistryRepository;

  private constructor(scope: Construct, id: string, options: SharedRepositoryOptions) {
    super(scope, id);
    const { project, location, repositoryId, provider } = options;
    const name = `projects/${project}/locations/${location}/repositories/${repositoryId}`;
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
    provide(this, "repository", name, () => [this.resource]);
  }
}
