/** The kind of a connected repository. */
export enum RepositoryType {
  /** GitHub. */
  GITHUB = "GITHUB",
  /** Any other host; Terraform's name for it. */
  OTHER = "UNKNOWN",
}

/** A repository that a build can be started from by hand. */
export interface ManualSourceOptions {
  /** The connected repository: `projects/P/locations/L/connections/C/repositories/R`. */
  readonly repository: string;
  /** The branch or tag that is built: `refs/heads/main`. */
  readonly ref: string;
  /**
   * The kind of the repository.
   * @default RepositoryType.GITHUB
   */
  readonly repositoryType?: RepositoryType;
}

/** A repository of which every push starts a build. */
export interface PushSourceOptions {
  /** The connected repository: `projects/P/locations/L/connections/C/repositories/R`. */
  readonly repository: string;
  /**
   * The branches, as a regular expression (RE2) that is anchored: `^main$`. Not together with `tag`.
   * @default - "^main$", unless a tag is given
   */
  readonly branch?: string;
  /**
   * The tags, as a regular expression (RE2) that is anchored: `^v[0-9.]+$`.
   * @default - none
   */
  readonly tag?: string;
}

/** A repository of GitHub that is connected by the Cloud Build GitHub App (first generation). */
export interface GithubAppSourceOptions {
  /** The owner of the repository: `my-org`. */
  readonly owner: string;
  /** The name of the repository: `web`. */
  readonly name: string;
  /**
   * The branches, as a regular expression (RE2) that is anchored: `^main$`. Not together with `tag`.
   * @default - "^main$", unless a tag is given
   */
  readonly branch?: string;
  /**
   * The tags, as a regular expression (RE2) that is anchored: `^v[0-9.]+$`.
   * @default - none
   */
  readonly tag?: string;
  /**
   * The location of the trigger: a region, or `global`. A worker pool has to be in the same region.
   * @default "global"
   */
  readonly location?: string;
}

/** A request by HTTP that starts a build of a connected repository. */
export interface WebhookSourceOptions extends ManualSourceOptions {
  /**
   * The version of a secret in Secret Manager, by number, that a request has to name: `projects/P/secrets/S/versions/7`.
   * `latest` would change under those who call.
   */
  readonly secretVersion: string;
  /** The number of the project that builds, literal: its Cloud Build service agent is let read the secret. */
  readonly projectNumber: string;
}

/** A message of Pub/Sub that starts a build of a connected repository. */
export interface PubsubSourceOptions extends ManualSourceOptions {
  /** The topic: `projects/P/topics/T`. Nothing of a message is used but that it came. */
  readonly topic: string;
  /**
   * The number of the project that builds, literal. Needed where the topic is of another project: the Cloud Build service
   * agent has to be let subscribe to it.
   * @default - none, the topic is of the same project
   */
  readonly projectNumber?: string;
}

/** One branch or tag of a connected repository, whoever starts the build. */
interface FixedSource {
  readonly repository: string;
  readonly ref: string;
  readonly repositoryType: string;
}

/** How a trigger finds its source. */
export type TriggerSource =
  | ({ readonly kind: "manual" } & FixedSource)
  | ({ readonly kind: "webhook"; readonly secretVersion: string; readonly projectNumber: string } & FixedSource)
  | ({ readonly kind: "pubsub"; readonly topic: string; readonly projectNumber?: string } & FixedSource)
  | { readonly kind: "push"; readonly repository: string; readonly branch?: string; readonly tag?: string }
  | {
      readonly kind: "github-app";
      readonly owner: string;
      readonly name: string;
      readonly branch?: string;
      readonly tag?: string;
      readonly location: string;
    }
  | { readonly kind: "own-trigger" };

/**
 * Where a pipeline's source comes from, and what starts it. Repositories are those of a Cloud Build connection (second
 * generation), where trigger, connection and repository are in one region; or of the GitHub App (first generation)
 * (https://docs.cloud.google.com/build/docs/repositories).
 */
export class PipelineSource {
  /**
   * Builds are started by hand, or by another program.
   * @param options the repository and what of it is built
   */
  public static manual(options: ManualSourceOptions): PipelineSource {
    const { repository, ref, repositoryType = RepositoryType.GITHUB } = options;
    return new PipelineSource({ kind: "manual", repository, ref, repositoryType });
  }

  /**
   * Every push to a branch or tag starts a build.
   * @param options the repository and which of its pushes count
   */
  public static push(options: PushSourceOptions): PipelineSource {
    const branch = options.branch ?? (options.tag === undefined ? "^main$" : undefined);
    return new PipelineSource({ kind: "push", repository: options.repository, branch, tag: options.tag });
  }

  /**
   * Every push to a branch or tag of a repository that somebody has connected in the console, with the Cloud Build GitHub App
   * (first generation).
   * @param options the repository and which of its pushes count
   */
  public static githubApp(options: GithubAppSourceOptions): PipelineSource {
    const { owner, name, tag, location = "global" } = options;
    const branch = options.branch ?? (tag === undefined ? "^main$" : undefined);
    return new PipelineSource({ kind: "github-app", owner, name, branch, tag, location });
  }

  /**
   * Every request to the trigger's address that names the secret starts a build of one branch or tag. Whoever knows the
   * secret can start that build, and can change nothing of it: nothing of the request gets into it.
   *
   * Source: https://docs.cloud.google.com/build/docs/automate-builds-webhook-events
   *
   * @param options the repository, what of it is built, and the secret
   */
  public static webhook(options: WebhookSourceOptions): PipelineSource {
    const { repository, ref, repositoryType = RepositoryType.GITHUB, secretVersion, projectNumber } = options;
    return new PipelineSource({ kind: "webhook", repository, ref, repositoryType, secretVersion, projectNumber });
  }

  /**
   * Every message on a topic starts a build of one branch or tag. Whoever may publish there can start that build, and can
   * change nothing of it: nothing of the message gets into it.
   *
   * Source: https://docs.cloud.google.com/build/docs/automate-builds-pubsub-events
   *
   * @param options the repository, what of it is built, and the topic
   */
  public static pubsub(options: PubsubSourceOptions): PipelineSource {
    const { repository, ref, repositoryType = RepositoryType.GITHUB, topic, projectNumber } = options;
    return new PipelineSource({ kind: "pubsub", repository, ref, repositoryType, topic, projectNumber });
  }

  /** The caller has a trigger already: none is made, and `renderCloudBuildConfig()` gives the build it has to run. */
  public static ownTrigger(): PipelineSource {
    return new PipelineSource({ kind: "own-trigger" });
  }

  /** @internal */
  public readonly _source: TriggerSource;

  private constructor(source: TriggerSource) {
    this._source = source;
  }
}
