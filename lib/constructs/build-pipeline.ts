import { CloudbuildTrigger } from "@cdktf/provider-google/lib/cloudbuild-trigger";
import type { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import type { TerraformProvider, TerraformResource } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import type { ArtifactRegistryImage } from "../vocabulary/image-reference";
import { ProblemCode, show } from "../vocabulary/problem";
import { ROLES } from "../vocabulary/roles";
import type { ImagePlatform } from "./image-platform";
import type { OnDemandScanOptions } from "./on-demand-scan";
import type { PipelineSource } from "./pipeline-source";
import { claim, fixAddress, logicalId, unclaim, waitFor } from "./private/addressing";
import { enabledApi } from "./private/apis";
import { registerBuilder } from "./private/builders";
import { type BuildConfig, type BuildStep, toTriggerBuild } from "./private/cloud-build-config";
import { registerBuiltImage } from "./private/exemptions";
import { grantBinding, releaseBindings } from "./private/iam";
import { checkScan, grantScan, SCANNER_IMAGE, scanSteps } from "./private/on-demand-scan";
import {
  accountIdFor,
  accountResource,
  BUILDER_IMAGE,
  checkImage,
  checkPipelineName,
  checkSecretVersion,
  checkSource,
  checkStepImages,
  checkSubstitutions,
  checkTimeout,
  checkWorkerPool,
  grantLogging,
  grantPush,
  grantSource,
  identityOf,
  inStackOf,
  renderBuild,
  SECRET_VERSION,
  triggerSource,
  waitForSource,
  warnOfUnpinned,
} from "./private/pipeline";
import {
  BUILD_PLATFORMS_SCRIPT,
  BUILD_PLATFORMS_WITH_SECRETS_SCRIPT,
  INDEX_OUTPUT_SCRIPT,
} from "./private/platform-scripts";
import { builtImages, checkOnlyWithPlatforms, checkPlatforms, emulationSteps } from "./private/platforms";
import { resolveProject } from "./private/project";
import { pathOf, Refusals } from "./private/refusals";
import { repeated } from "./private/repeated";
import { checkRepositoryOptions, repositoryOf } from "./private/repository";
import type { SharedRepository } from "./private/shared-repository";
import { BUILD_SCRIPT, BUILD_WITH_SECRETS_SCRIPT } from "./private/signer-scripts";
import { forget } from "./private/terraform-block";
import type { RepositoryOptions } from "./repository-options";

/** A build whose images another one signs. */
export interface IBuildPipeline extends IConstruct {
  /** The image path that is built, without tag. */
  readonly image: string;
  /** The e-mail address of the identity that builds. */
  readonly serviceAccountEmail: string;
  /** The full name of the trigger: `projects/P/locations/L/triggers/NAME`; undefined where the caller has one. */
  readonly triggerName?: string;
  /** Where the source comes from, and what starts a build. */
  readonly source: PipelineSource;
  /** The platforms that are built, where there are several; the images of them are then in an index. */
  readonly platforms?: ImagePlatform[];
}

/** A secret that the Dockerfile may use. */
export interface BuildSecret {
  /** Its id for `RUN --mount=type=secret,id=…`: upper-case letters, digits and underscores. */
  readonly id: string;
  /** The version in Secret Manager, by number: `projects/P/secrets/S/versions/7`. `latest` would change between builds. */
  readonly versionName: string;
}

/** What a building pipeline is made of. */
export interface BuildPipelineProps extends RepositoryOptions {
  /** The image path in Artifact Registry, without tag: `us-central1-docker.pkg.dev/P/REPOSITORY/IMAGE`. */
  readonly image: string;

  /** Where the source comes from, and what starts a build. */
  readonly source: PipelineSource;

  /**
   * The name of the trigger; the service account is named after it.
   * @default - the last part of the image path, followed by "-build"
   */
  readonly pipelineName?: string;

  /**
   * The tag that is pushed, with substitutions of Cloud Build.
   * @default "$COMMIT_SHA"
   */
  readonly tag?: string;

  /**
   * The Dockerfile, relative to the root of the source.
   * @default "Dockerfile"
   */
  readonly dockerfile?: string;

  /**
   * The folder that is handed to docker, relative to the root of the source.
   * @default "."
   */
  readonly buildContext?: string;

  /**
   * The platforms that are built; the tag then is an index of their images. Each image keeps a tag of its own, such as
   * `$COMMIT_SHA-arm64`, since Cloud Build makes provenance for what it pushes, and cannot push an index.
   * @default - one platform, that of the machine: linux/amd64
   */
  readonly platforms?: ImagePlatform[];

  /**
   * The image that lets the machine run commands of other architectures, for what the Dockerfile runs: that of
   * `tonistiigi/binfmt`. It runs privileged. Pin it by digest. Only together with `platforms`.
   * @default - none: the Dockerfile runs nothing that is of another architecture (`FROM --platform=$BUILDPLATFORM`)
   */
  readonly emulatorImage?: string;

  /**
   * Secrets for `RUN --mount=type=secret` of the Dockerfile, which then are in no layer. The identity is let read them.
   * Whatever the Dockerfile runs with them can also send them away.
   * @default - none
   */
  readonly secrets?: BuildSecret[];

  /**
   * How long a build may take, in seconds: half an hour is `1800s`.
   * @default "1800s"
   */
  readonly timeout?: string;

  /**
   * The machine type of the build.
   * @default - Cloud Build's own
   */
  readonly machineType?: string;

  /**
   * The private worker pool: `projects/P/locations/L/workerPools/W`, in the region of the trigger.
   * @default - Cloud Build's shared pool
   */
  readonly workerPool?: string;

  /**
   * The image of the step that builds: needs bash and docker. Pin it by digest.
   * @default "gcr.io/cloud-builders/docker"
   */
  readonly builderImage?: string;

  /**
   * Scans the image in the build, after it was built and before it is pushed: what is bad is then not pushed at all. Costs a
   * fee for each scan. Whoever may edit the trigger can leave it out; `SigningGate.vulnerabilities` is asked by the signer.
   * @default - no scan before the push
   */
  readonly scanBeforePush?: OnDemandScanOptions;

  /**
   * The e-mail address of an identity that exists already; it gets the same grants.
   * @default - a service account of the pipeline's own
   */
  readonly serviceAccountEmail?: string;

  /**
   * The project that builds.
   * @default - the literal project of the google provider
   */
  readonly project?: string;

  /**
   * Whether the APIs of the pipeline are enabled here; `false` where an organisation does it elsewhere.
   * @default true
   */
  readonly enableApis?: boolean;

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

abstract class BuildPipelineBase extends Construct implements IBuildPipeline {
  public abstract readonly image: string;
  public abstract readonly serviceAccountEmail: string;
  public abstract readonly triggerName?: string;
  public abstract readonly source: PipelineSource;
  public abstract readonly platforms?: ImagePlatform[];
}

/**
 * A Cloud Build pipeline that builds an image and pushes it, and can sign nothing: its identity has no access to any key.
 * A {@link SigningTrigger} signs what it built.
 *
 * Cloud Build itself pushes the image, since only then does it make provenance for it, and the build fails where it
 * cannot (`requestedVerifyOption: VERIFIED`).
 *
 * Source: https://docs.cloud.google.com/build/docs/securing-builds/view-build-provenance
 *
 * @exampleMetadata fixture=part
 * @example
 * const build = new BuildPipeline(stack, "Build", {
 *   image: "us-central1-docker.pkg.dev/my-secure-project/apps/web",
 *   source: PipelineSource.push({
 *     repository: "projects/my-secure-project/locations/us-central1/connections/github/repositories/web",
 *   }),
 * });
 */
export class BuildPipeline extends BuildPipelineBase {
  public readonly image: string;
  public readonly serviceAccountEmail: string;
  public readonly triggerName?: string;
  public readonly source: PipelineSource;
  public readonly platforms?: ImagePlatform[];
  /** The project that builds. */
  public readonly project: string;
  /** The short name of the trigger. */
  public readonly pipelineName: string;
  /** The resource of the trigger; undefined with `PipelineSource.ownTrigger()`. */
  public readonly trigger?: CloudbuildTrigger;
  /** The resource of the identity; undefined where an existing one was given. */
  public readonly serviceAccount?: ServiceAccount;

  private readonly config: BuildConfig;
  private readonly repository?: SharedRepository;
  private released = false;

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props the pipeline
   */
  public constructor(scope: Construct, id: string, props: BuildPipelineProps) {
    super(scope, id);
    const valid = validate(scope, id, props);
    this.project = valid.project;
    this.image = props.image;
    this.source = props.source;
    this.platforms = props.platforms && [...props.platforms];
    this.pipelineName = valid.pipelineName;
    registerBuiltImage(this, this.image);
    warnOfUnpinned(this, {
      builderImage: props.builderImage ?? BUILDER_IMAGE,
      ...(props.scanBeforePush && {
        "scanBeforePush.scannerImage": props.scanBeforePush.scannerImage ?? SCANNER_IMAGE,
      }),
      ...(props.emulatorImage !== undefined && { emulatorImage: props.emulatorImage }),
    });

    const placement = { project: this.project, provider: props.provider, enableApis: props.enableApis };
    const identity = identityOf(this, props.serviceAccountEmail, {
      ...placement,
      accountId: accountIdFor(this.pipelineName),
      displayName: `Builds ${this.image.split("/").pop()}`,
    });
    this.serviceAccount = identity.account;
    this.serviceAccountEmail = identity.email;
    registerBuilder(this, this.serviceAccountEmail);
    this.repository = repositoryOf(this, valid.image, props);
    const grants = this.grant(props, valid.image);
    this.config = this.buildConfig(props);
    if (valid.location !== undefined) {
      this.triggerName = `projects/${this.project}/locations/${valid.location}/triggers/${this.pipelineName}`;
      this.trigger = this.createTrigger(props, valid.location);
      // Provenance is stored by Artifact Analysis.
      const apis = (["cloudbuild", "containeranalysis"] as const).map((api) => enabledApi(this, api, placement));
      waitForSource(this.trigger, props.source);
      waitFor(this.trigger, this.serviceAccount, ...apis, ...inStackOf(this, grants));
    }
  }

  /** The pipeline's build as the text of a `cloudbuild.yaml`: for a trigger of the caller's own, and for reading. */
  public renderCloudBuildConfig(): string {
    return renderBuild(this.config);
  }

  /**
   * Leaves trigger, identity, its grants, and the repository with its images alone from now on: the next apply forgets
   * them and destroys nothing. Terraform 1.7 or newer.
   */
  public release(): void {
    if (this.released) {
      return;
    }
    this.released = true;
    unclaim(this);
    releaseBindings(this);
    forget(this.trigger, this.serviceAccount);
    this.repository?.release(this);
  }

  /** What the identity needs to push and to log; nothing of keys, notes and attestors. */
  private grant(props: BuildPipelineProps, image: ArtifactRegistryImage): TerraformResource[] {
    const member = `serviceAccount:${this.serviceAccountEmail}`;
    const placement = { project: this.project, provider: props.provider, enableApis: props.enableApis };
    const dependsOn = this.serviceAccount ? [this.serviceAccount] : [];
    const push = grantPush(this, member, image, {
      provider: props.provider,
      dependsOn: [...dependsOn, this.repository?.resource],
    });
    const log = grantLogging(this, member, { ...placement, dependsOn });
    const read = (props.secrets ?? []).map(({ versionName }) => {
      const [, secretProject, secret] = SECRET_VERSION.exec(versionName) as RegExpExecArray;
      return grantBinding(this, {
        opened: { kind: "secret", project: secretProject, secret },
        role: ROLES.SECRET_ACCESSOR,
        member,
        provider: props.provider,
        after: dependsOn,
      });
    });
    const { serviceAccount } = this;
    const scan = props.scanBeforePush ? [grantScan(this, { ...placement, member, serviceAccount })] : [];
    return [push, log, ...read, ...scan, ...grantSource(this, props.source, placement)];
  }

  private buildConfig(props: BuildPipelineProps): BuildConfig {
    const tag = props.tag ?? "$COMMIT_SHA";
    const secrets = props.secrets ?? [];
    const ids = secrets.map((secret) => secret.id);
    return {
      steps: this.buildSteps(props, tag, ids),
      images: builtImages(this.image, tag, props.platforms),
      secrets:
        ids.length > 0 ? Object.fromEntries(secrets.map((secret) => [secret.id, secret.versionName])) : undefined,
      verified: true,
      serviceAccount: accountResource(this.serviceAccountEmail, this.project),
      timeout: props.timeout ?? "1800s",
      machineType: props.machineType,
      workerPool: props.workerPool,
    };
  }

  private buildSteps(props: BuildPipelineProps, tag: string, secrets: readonly string[]): BuildStep[] {
    const image = props.builderImage ?? BUILDER_IMAGE;
    const build: BuildStep = {
      id: "build",
      image,
      script: buildScript(props.platforms !== undefined, secrets.length > 0),
      env: {
        IMAGE: this.image,
        TAG: tag,
        DOCKERFILE: props.dockerfile ?? "Dockerfile",
        CONTEXT: props.buildContext ?? ".",
        ...(props.platforms && { PLATFORMS: props.platforms.join(" ") }),
        ...(secrets.length > 0 && { SECRETS: secrets.join(" ") }),
      },
      secretEnv: secrets.length > 0 ? secrets : undefined,
    };
    const scan = scanSteps(props, { image: this.image, tag, project: this.project });
    if (props.platforms === undefined) {
      return [build, ...scan];
    }
    const env = { IMAGE: this.image, TAG: tag, PLATFORMS: props.platforms.join(" ") };
    return [...emulationSteps(props, image), build, ...scan, { id: "index", image, script: INDEX_OUTPUT_SCRIPT, env }];
  }

  private createTrigger(props: BuildPipelineProps, location: string): CloudbuildTrigger {
    claim(this, "trigger", `projects/${this.project}/locations/${location}/triggers/${this.pipelineName}`);
    return fixAddress(
      new CloudbuildTrigger(this, "Trigger", {
        project: this.project,
        location,
        name: this.pipelineName,
        description: `Builds and pushes ${this.image}`,
        serviceAccount: this.config.serviceAccount,
        buildAttribute: toTriggerBuild(this.config),
        ...triggerSource(props.source),
        provider: props.provider,
      }),
      logicalId(this.project, location, this.pipelineName),
    );
  }
}

function buildScript(platforms: boolean, secrets: boolean): string {
  if (platforms) {
    return secrets ? BUILD_PLATFORMS_WITH_SECRETS_SCRIPT : BUILD_PLATFORMS_SCRIPT;
  }
  return secrets ? BUILD_WITH_SECRETS_SCRIPT : BUILD_SCRIPT;
}

/** What validation found out. */
interface ValidatedPipeline {
  readonly project: string;
  readonly pipelineName: string;
  readonly image: ArtifactRegistryImage;
  /** The region of the trigger; undefined where none is made. */
  readonly location?: string;
}

function validate(scope: Construct, id: string, props: BuildPipelineProps): ValidatedPipeline {
  const refusals = new Refusals(pathOf(scope, id));
  const project = resolveProject(refusals, scope, props);
  const image = checkImage(refusals, props.image);
  const pipelineName = checkPipelineName(refusals, props.pipelineName, image, "build");
  checkSubstitutions(refusals, props);
  checkTimeout(refusals, props.timeout);
  checkSecrets(refusals, props.secrets ?? []);
  checkScan(refusals, props.scanBeforePush);
  checkStepImages(refusals, props.source._source, {
    builderImage: props.builderImage,
    "scanBeforePush.scannerImage": props.scanBeforePush?.scannerImage,
    emulatorImage: props.emulatorImage,
  });
  checkRepositoryOptions(refusals, props);
  checkPlatforms(refusals, props.platforms, "platforms");
  checkOnlyWithPlatforms(refusals, props.platforms, "emulatorImage", props.emulatorImage);
  if (props.serviceAccountEmail !== undefined) {
    refusals.email("serviceAccountEmail", props.serviceAccountEmail);
  }
  const location = checkSource(refusals, props.source, project);
  checkWorkerPool(refusals, props.workerPool, location);
  refusals.throwIfAny();
  return { project, pipelineName, image: image as ArtifactRegistryImage, location };
}

function checkSecrets(refusals: Refusals, secrets: readonly BuildSecret[]): void {
  const own = ["IMAGE", "TAG", "DOCKERFILE", "CONTEXT", "PLATFORMS", "SECRETS"];
  for (const { id, versionName } of secrets) {
    if (refusals.literal("secrets.id", id) && (!/^[A-Z][A-Z0-9_]*$/.test(id) || own.includes(id))) {
      refusals.add(
        ProblemCode.INVALID_OPTIONS,
        `"secrets" has an id that is not valid, got ${show(id)}; allowed: upper-case letters, digits and underscores, and none of ${own.join(", ")}`,
      );
    }
    checkSecretVersion(refusals, "secrets", versionName);
  }
  for (const id of repeated(secrets.map((secret) => secret.id))) {
    refusals.add(ProblemCode.INVALID_OPTIONS, `"secrets" is there twice for the id ${show(id)}; allowed: each id once`);
  }
}
