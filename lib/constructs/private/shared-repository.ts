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
  /** Whether a tag, once pushed, means the same image for ever. */
  readonly immutableTags?: boolean;
  /** Whether Artifact Analysis scans what is pushed; the setting of the project where it is left out. */
  readonly scanning?: boolean;
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
    repository.configure(options);
    return repository;
  }

  public readonly resource: ArtifactRegistryRepository;

  /** One user that asks for it is enough: none of them is worse off. */
  private configure(options: SharedRepositoryOptions): void {
    if (options.immutableTags) {
      this.resource.putDockerConfig({ immutableTags: true });
    }
    if (options.scanning) {
      this.resource.putVulnerabilityScanningConfig({ enablementConfig: "INHERITED" });
      waitFor(this.resource, enabledApi(this, "containerscanning", options));
    }
  }

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
