/** Which versions of images a cleanup policy means, by their tags. */
export enum TagState {
  /** Those with a tag. */
  TAGGED = "TAGGED",
  /** Those without one; the images in an index have none of their own, unless they were given one. */
  UNTAGGED = "UNTAGGED",
  /** All of them. */
  ANY = "ANY",
}

/** Which images a cleanup policy deletes: those that fit everything that is given. */
export interface DeleteOlderOptions {
  /** How old an image has to be, in seconds: ninety days are `7776000s`. Its age counts from the push, not from its use. */
  readonly olderThan: string;
  /**
   * With or without tags.
   * @default TagState.ANY
   */
  readonly tagState?: TagState;
  /**
   * The beginnings of tags; only with `TagState.TAGGED`.
   * @default - all tags
   */
  readonly tagPrefixes?: string[];
  /**
   * The beginnings of the names of images in the repository: `web`.
   * @default - all images
   */
  readonly packageNamePrefixes?: string[];
}

/** Which images a cleanup policy keeps, whatever others would delete: those that fit everything that is given. */
export interface KeepMatchingOptions {
  /**
   * With or without tags.
   * @default TagState.ANY
   */
  readonly tagState?: TagState;
  /**
   * The beginnings of tags: `release-`; only with `TagState.TAGGED`.
   * @default - all tags
   */
  readonly tagPrefixes?: string[];
  /**
   * The beginnings of the names of images in the repository: `web`.
   * @default - all images
   */
  readonly packageNamePrefixes?: string[];
  /**
   * How young an image has to be, in seconds.
   * @default - of any age
   */
  readonly newerThan?: string;
}

/** How many images a cleanup policy keeps. */
export interface KeepMostRecentOptions {
  /** How many of the youngest versions of each image are kept. */
  readonly keepCount: number;
  /**
   * The beginnings of the names of images in the repository: `web`.
   * @default - all images
   */
  readonly packageNamePrefixes?: string[];
}

/** A cleanup policy, not yet checked. */
export type CleanupRule =
  | ({ readonly kind: "delete"; readonly id: string } & DeleteOlderOptions)
  | ({ readonly kind: "keep"; readonly id: string } & KeepMatchingOptions)
  | ({ readonly kind: "keep-most-recent"; readonly id: string } & KeepMostRecentOptions);

/**
 * What Artifact Registry deletes of a repository by itself, and what it keeps. Where an image fits both, it is kept.
 *
 * None of them knows what runs: an image that is deleted still runs where it was pulled, and starts nowhere else.
 *
 * Source: https://docs.cloud.google.com/artifact-registry/docs/repositories/cleanup-policy-overview
 */
export class CleanupPolicy {
  /**
   * Deletes what is older than an age.
   * @param id the policy's name in the repository
   * @param options which images
   */
  public static deleteOlder(id: string, options: DeleteOlderOptions): CleanupPolicy {
    return new CleanupPolicy({ kind: "delete", id, ...options });
  }

  /**
   * Keeps what would be deleted otherwise.
   * @param id the policy's name in the repository
   * @param options which images
   */
  public static keepMatching(id: string, options: KeepMatchingOptions): CleanupPolicy {
    return new CleanupPolicy({ kind: "keep", id, ...options });
  }

  /**
   * Keeps the youngest versions of each image.
   * @param id the policy's name in the repository
   * @param options how many, of which images
   */
  public static keepMostRecent(id: string, options: KeepMostRecentOptions): CleanupPolicy {
    return new CleanupPolicy({ kind: "keep-most-recent", id, ...options });
  }

  /** @internal */
  public readonly _rule: CleanupRule;

  private constructor(rule: CleanupRule) {
    this._rule = rule;
  }
}
