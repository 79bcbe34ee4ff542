/** Which jobs of GitHub Actions sign. */
export interface GithubIdentityOptions {
  /**
   * The number of the owner of the repository, as text: `gh api users/my-org --jq .id`. Names can be given up and taken by
   * somebody else; numbers cannot.
   */
  readonly ownerId: string;
  /** The number of the repository, as text: `gh api repos/my-org/web --jq .id`. */
  readonly repositoryId: string;
  /** The branch or tag by its full name: `refs/heads/main`. */
  readonly ref: string;
  /**
   * The reusable workflow that alone may sign: `my-org/workflows/.github/workflows/sign.yml@refs/heads/main`.
   * @default - any job of the repository at this ref
   */
  readonly workflowRef?: string;
  /**
   * The environment that the job has to be in, with its protection rules.
   * @default - none
   */
  readonly environment?: string;
  /**
   * The issuer of the tokens: that of an enterprise with an issuer of its own, or of a GitHub Enterprise Server.
   * @default "https://token.actions.githubusercontent.com"
   */
  readonly issuerUri?: string;
}

/** Which jobs of GitLab sign. */
export interface GitlabIdentityOptions {
  /** The number of the group or user that has the project, as text. */
  readonly namespaceId: string;
  /** The number of the project, as text. */
  readonly projectId: string;
  /**
   * The branch, by its short name: `main`. It has to be a protected one. Not together with `tag`.
   * @default - none; a tag then has to be given
   */
  readonly branch?: string;
  /**
   * The tag, by its short name. It has to be a protected one.
   * @default - none; a branch then has to be given
   */
  readonly tag?: string;
  /**
   * The environment that the job has to be in.
   * @default - none
   */
  readonly environment?: string;
  /**
   * The address of the GitLab; its certificate has to be one that Google's servers trust.
   * @default "https://gitlab.com"
   */
  readonly issuerUri?: string;
  /**
   * The audience of the token, as the job asks for it (`id_tokens: … aud`).
   * @default - the issuer
   */
  readonly audience?: string;
}

/** A federated identity, as far as it is checked and written down. */
export type FederatedIdentityKind =
  | { readonly kind: "github"; readonly options: GithubIdentityOptions; readonly issuerUri: string }
  | {
      readonly kind: "gitlab";
      readonly options: GitlabIdentityOptions;
      readonly issuerUri: string;
      readonly audience: string;
    };

/** Who outside of Google Cloud signs: jobs of one repository at one ref. */
export class FederatedIdentity {
  /**
   * Jobs of GitHub Actions.
   *
   * Source: https://docs.github.com/en/actions/reference/security/oidc
   *
   * @param options which jobs
   */
  public static github(options: GithubIdentityOptions): FederatedIdentity {
    const issuerUri = options.issuerUri ?? "https://token.actions.githubusercontent.com";
    return new FederatedIdentity({ kind: "github", options, issuerUri });
  }

  /**
   * Jobs of GitLab, gitlab.com or an own one.
   *
   * Source: https://docs.gitlab.com/ci/secrets/id_token_authentication/
   *
   * @param options which jobs
   */
  public static gitlab(options: GitlabIdentityOptions): FederatedIdentity {
    const issuerUri = options.issuerUri ?? "https://gitlab.com";
    return new FederatedIdentity({ kind: "gitlab", options, issuerUri, audience: options.audience ?? issuerUri });
  }

  /** @internal */
  public readonly _identity: FederatedIdentityKind;

  private constructor(identity: FederatedIdentityKind) {
    this._identity = identity;
  }
}
