import type { IBuildPipeline } from "./build-pipeline";
import type { ImagePlatform } from "./image-platform";

/** Which builds of a pipeline of this program are signed. */
export interface SignedPipelineOptions {
  /** The repository that is built, as a browser shows it: `https://github.com/my-org/web`. */
  readonly repositoryUrl: string;
  /**
   * The branches whose builds are signed, as a regular expression (RE2) that is anchored: `^main$`. Not together with
   * `tag`.
   * @default - the branches that the pipeline builds
   */
  readonly branch?: string;
  /**
   * The tags whose builds are signed, as a regular expression (RE2) that is anchored: `^v[0-9.]+$`.
   * @default - the tags that the pipeline builds
   */
  readonly tag?: string;
  /**
   * Whether the image of each platform is signed as well as the index, where the build is of several platforms: Cloud Run
   * asks for the attestation of the image that it runs, GKE for that of the digest in the pod.
   * @default false
   */
  readonly signPlatformImages?: boolean;
}

/** Which builds of a trigger that is managed elsewhere are signed. */
export interface SignedTriggerOptions {
  /** The full name of the trigger: `projects/P/locations/L/triggers/NAME`. */
  readonly triggerName: string;
  /** The e-mail address of the identity that builds. */
  readonly serviceAccountEmail: string;
  /** The repository that is built, as a browser shows it: `https://github.com/my-org/web`. */
  readonly repositoryUrl: string;
  /** The image path in Artifact Registry that is signed, with everything below it; no other image of the build is. */
  readonly image: string;
  /**
   * The branches whose builds are signed, as a regular expression (RE2) that is anchored: `^main$`. Not together with
   * `tag`.
   * @default - none; a tag then has to be given
   */
  readonly branch?: string;
  /**
   * The tags whose builds are signed, as a regular expression (RE2) that is anchored: `^v[0-9.]+$`.
   * @default - none; a branch then has to be given
   */
  readonly tag?: string;
  /**
   * How many images a build has, each to be signed. A build with another number of them is not signed. Not together with
   * `platforms`.
   * @default 1
   */
  readonly imageCount?: number;
  /**
   * The platforms of a build of several: it has one image for each, all under one path, and a step that writes the index,
   * `IMAGE@sha256:DIGEST`, to `$BUILDER_OUTPUT/output`. The index is signed where these images are what is in it, and
   * nothing else is.
   * @default - a build of one platform
   */
  readonly platforms?: ImagePlatform[];
  /**
   * Whether the image of each platform is signed as well as the index, where the build is of several platforms: Cloud Run
   * asks for the attestation of the image that it runs, GKE for that of the digest in the pod.
   * @default false
   */
  readonly signPlatformImages?: boolean;
}

/** A row as it is written into the table, not yet checked. */
export interface SignedBuildRow {
  readonly triggerName: string | undefined;
  readonly serviceAccountEmail: string;
  readonly repositoryUrl: string;
  readonly image: string;
  readonly branch?: string;
  readonly tag?: string;
  /** Undefined where it was left out. */
  readonly imageCount?: number;
  readonly platforms?: readonly ImagePlatform[];
  readonly signPlatformImages?: boolean;
  /** The pipeline of this program; its stack is the one that opens its project. */
  readonly pipeline?: IBuildPipeline;
}

/**
 * One row of a signer's table: builds of which trigger, from which repository and which branch or tag, may have which
 * images signed.
 */
export class SignedBuild {
  /**
   * The builds of a pipeline of this program, its image and everything below the image's path.
   * @param pipeline the pipeline; not one with `PipelineSource.ownTrigger()`
   * @param options which of its builds
   */
  public static ofPipeline(pipeline: IBuildPipeline, options: SignedPipelineOptions): SignedBuild {
    return new SignedBuild({
      triggerName: pipeline.triggerName,
      serviceAccountEmail: pipeline.serviceAccountEmail,
      repositoryUrl: options.repositoryUrl,
      image: pipeline.image,
      ...refOf(pipeline, options),
      platforms: pipeline.platforms,
      signPlatformImages: options.signPlatformImages,
      pipeline,
    });
  }

  /**
   * The builds of a trigger that is managed elsewhere.
   * @param options the trigger, and which of its builds
   */
  public static ofTrigger(options: SignedTriggerOptions): SignedBuild {
    return new SignedBuild({ ...options });
  }

  /** @internal */
  public readonly _row: SignedBuildRow;

  private constructor(row: SignedBuildRow) {
    this._row = row;
  }
}

function refOf(pipeline: IBuildPipeline, options: SignedPipelineOptions): Pick<SignedBuildRow, "branch" | "tag"> {
  if (options.branch !== undefined || options.tag !== undefined) {
    return { branch: options.branch, tag: options.tag };
  }
  const source = pipeline.source._source;
  switch (source.kind) {
    case "push":
    case "github-app":
      return { branch: source.branch, tag: source.tag };
    case "manual":
    case "webhook":
    case "pubsub":
      return exactly(source.ref);
    case "own-trigger":
      return {};
  }
}

/** A branch or tag by its full name, as an expression. */
function exactly(ref: string): Pick<SignedBuildRow, "branch" | "tag"> {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
  const expression = name === undefined ? undefined : `^${name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`;
  return kind === "tags" ? { tag: expression } : { branch: expression };
}
