import { RepositoryType } from "./pipeline-source";

/** What a signing build that is started by hand needs. */
export interface ManualSigningOptions {
  /**
   * A connected repository of the trigger's region: a trigger that is started by hand needs one. Nothing of it is run or
   * read. `projects/P/locations/L/connections/C/repositories/R`.
   */
  readonly repository: string;
  /**
   * The branch or tag of it that is checked out.
   * @default "refs/heads/main"
   */
  readonly ref?: string;
  /**
   * The kind of the repository.
   * @default RepositoryType.GITHUB
   */
  readonly repositoryType?: RepositoryType;
}

/** What starts a signing build. */
export type SigningStartKind =
  | { readonly kind: "after-build" }
  | { readonly kind: "manual"; readonly repository: string; readonly ref: string; readonly repositoryType: string }
  | { readonly kind: "own-trigger" };

/** What starts a signing build. Of whatever starts it, it takes the id of a build and nothing else. */
export class SigningStart {
  /**
   * Every build that ends well, by the messages that Cloud Build publishes on the topic `cloud-builds` of the project that
   * builds. The topic has to exist: `gcloud pubsub topics create cloud-builds`.
   *
   * Source: https://docs.cloud.google.com/build/docs/subscribe-build-notifications
   */
  public static afterBuild(): SigningStart {
    return new SigningStart({ kind: "after-build" });
  }

  /**
   * Somebody who starts it by hand, with `gcloud builds triggers run NAME --substitutions=_BUILD_ID=…`.
   * @param options the repository that such a trigger needs
   */
  public static manual(options: ManualSigningOptions): SigningStart {
    const { repository, ref = "refs/heads/main", repositoryType = RepositoryType.GITHUB } = options;
    return new SigningStart({ kind: "manual", repository, ref, repositoryType });
  }

  /**
   * The caller has a trigger already: none is made, and `renderCloudBuildConfig()` gives the build it has to run, with the
   * substitution `_BUILD_ID`.
   */
  public static ownTrigger(): SigningStart {
    return new SigningStart({ kind: "own-trigger" });
  }

  /** @internal */
  public readonly _start: SigningStartKind;

  private constructor(start: SigningStartKind) {
    this._start = start;
  }
}
