import { ArtifactRegistryRepository } from "@cdktf/provider-google/lib/artifact-registry-repository";
import type { TerraformProvider } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { ProblemCode } from "../../vocabulary/problem";
import { claim, fixAddress, getOrCreate, logicalId, provide, stackChild, unclaim, waitFor } from "./addressing";
import { enabledApi } from "./apis";
import { refuse } from "./refusals";
import { forget } from "./terraform-block";

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
    if (repository.released) {
      refuse(
        user.node.path,
        ProblemCode.INVALID_STATE,
        `the repository ${repository.name} was released with its last pipeline; allowed: pipelines of the repository before release(), or "createRepository: false"`,
      );
    }
    repository.users.add(user);
    if (options.protect) {
      repository.resource.lifecycle = { preventDestroy: true };
    }
    return repository;
  }

  public readonly resource: ArtifactRegistryRepository;
  private readonly name: string;
  private readonly users = new Set<IConstruct>();
  private released = false;

  private constructor(scope: Construct, id: string, options: SharedRepositoryOptions) {
    super(scope, id);
    const { project, location, repositoryId, provider } = options;
    this.name = `projects/${project}/locations/${location}/repositories/${repositoryId}`;
    claim(this, "repository", this.name);
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
    provide(this, "repository", this.name, () => (this.released ? [] : [this.resource]));
  }

  /** Forgets the repository once its last pipeline is released. */
  public release(user: IConstruct): void {
    this.users.delete(user);
    if (this.users.size === 0) {
      this.released = true;
      unclaim(this);
      forget(this.resource);
    }
  }
}
