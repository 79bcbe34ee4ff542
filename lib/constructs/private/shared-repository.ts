import {
  ArtifactRegistryRepository,
  type ArtifactRegistryRepositoryCleanupPolicies,
} from "@cdktf/provider-google/lib/artifact-registry-repository";
import type { TerraformProvider } from "cdktf";
import type { Construct, IConstruct } from "constructs";
import { ProblemCode, show } from "../../vocabulary/problem";
import { claim, fixAddress, getOrCreate, logicalId, provide, stackChild, waitFor } from "./addressing";
import { enabledApi } from "./apis";
import { refuse } from "./refusals";
import { type SharedDescription, SharedResource } from "./shared-resource";

/** What Artifact Registry deletes by itself. */
export interface Cleanup {
  readonly policies: readonly ArtifactRegistryRepositoryCleanupPolicies[];
  readonly dryRun: boolean;
}

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
  /** What is deleted and what is kept; nothing is deleted where it is left out. */
  readonly cleanup?: Cleanup;
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
    repository.configure(user, options);
    return repository;
  }

  public readonly resource: ArtifactRegistryRepository;

  private scanned = false;
  private cleanup?: { readonly text: string; readonly user: string };

  /** One user that asks for it is enough: none of them is worse off. */
  private configure(user: IConstruct, options: SharedRepositoryOptions): void {
    if (options.immutableTags) {
      this.resource.putDockerConfig({ immutableTags: true });
    }
    if (options.scanning) {
      this.scanned = true;
      this.resource.putVulnerabilityScanningConfig({ enablementConfig: "INHERITED" });
      waitFor(this.resource, enabledApi(this, "containerscanning", options));
    } else if (options.scanning === false && !this.scanned) {
      this.resource.putVulnerabilityScanningConfig({ enablementConfig: "DISABLED" });
    }
    if (options.cleanup) {
      this.cleanUp(user, options.cleanup);
    }
  }

  /** What one user lets be deleted is deleted for all: they have to say the same. */
  private cleanUp(user: IConstruct, { policies, dryRun }: Cleanup): void {
    const text = JSON.stringify({ policies, dryRun });
    if (this.cleanup !== undefined && this.cleanup.text !== text) {
      refuse(
        user.node.path,
        ProblemCode.INVALID_OPTIONS,
        `"cleanupPolicies" of the repository ${this.description.name} are others at ${this.cleanup.user}, got ${show(policies)}; allowed: the same, or in one place`,
      );
    }
    this.cleanup = { text, user: user.node.path };
    this.resource.putCleanupPolicies([...policies]);
    this.resource.cleanupPolicyDryRun = dryRun;
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
