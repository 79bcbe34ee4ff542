import { CloudbuildTrigger } from "@cdktf/provider-google/lib/cloudbuild-trigger";
import type { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import type { TerraformProvider, TerraformResource } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import type { ArtifactRegistryImage } from "../vocabulary/image-reference";
import { ProblemCode, show } from "../vocabulary/problem";
import type { ISigningAttestor } from "./attestor";
import type { ImagePlatform } from "./image-platform";
import type { OnDemandScanOptions } from "./on-demand-scan";
import type { PipelineSource } from "./pipeline-source";
import { claim, fixAddress, logicalId, unclaim, waitFor } from "./private/addressing";
import { enabledApi } from "./private/apis";
import { registerBuilder } from "./private/builders";
import { type BuildConfig, type BuildStep, toTriggerBuild } from "./private/cloud-build-config";
import { registerBuiltImage } from "./private/exemptions";
import { releaseBindings } from "./private/iam";
import { checkScan, grantScan, SCANNER_IMAGE, scanSteps } from "./private/on-demand-scan";
import {
  accountIdFor,
  accountResource,
  BUILDER_IMAGE,
  checkImage,
  checkPipelineName,
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
  SIGNER_IMAGE,
  triggerSource,
  waitForSource,
  warnOfUnpinned,
} from "./private/pipeline";
import { builtImages, checkOnlyWithPlatforms, checkPlatforms, emulationSteps } from "./private/platforms";
import { resolveProject } from "./private/project";
import { pathOf, Refusals } from "./private/refusals";
import { repeated } from "./private/repeated";
import { checkRepositoryOptions, repositoryOf } from "./private/repository";
import type { SharedRepository } from "./private/shared-repository";
import { BUILD_SCRIPT, PUSH_SCRIPT, SIGN_LIST_SCRIPT, SIGN_SCRIPT } from "./private/signer-scripts";
import { forget } from "./private/terraform-block";
import type { RepositoryOptions } from "./repository-options";

/** A build that signs what it pushed. */
export interface ISignerPipeline extends IConstruct {
  /** The image path that is built, without tag. */
  readonly image: string;
  /** The e-mail address of the identity that builds and signs. */
  readonly serviceAccountEmail: string;
}

/** What a signing pipeline is made of. */
export interface SignerPipelineProps extends RepositoryOptions {
  /** The attestors that attest each image, each with the key to sign with. */
  readonly attestors: ISigningAttestor[];

  /** The image path in Artifact Registry, without tag: `us-central1-docker.pkg.dev/P/REPOSITORY/IMAGE`. */
  readonly image: string;

  /** Where the source comes from, and what starts a build. */
  readonly source: PipelineSource;

  /**
   * The name of the trigger; the service account is named after it.
   * @default - the last part of the image path, followed by "-signed"
   */
  readonly pipelineName?: string;

  /**
   * The tag that is pushed, with substitutions of Cloud Build. The digest is signed, never the tag.
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
   * Whether the image of each platform is signed as well as the index: Cloud Run asks for the attestation of the image that
   * it runs, GKE for that of the digest in the pod. Only together with `platforms`.
   * @default false
   */
  readonly signPlatformImages?: boolean;

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
   * The image of the steps that build and push: needs bash and docker. Pin it by digest.
   * @default "gcr.io/cloud-builders/docker"
   */
  readonly builderImage?: string;

  /**
   * The image of the steps that sign: needs bash, curl and gcloud with its beta commands. Pin it by digest.
   * @default "gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-slim"
   */
  readonly signerImage?: string;

  /**
   * Scans the image in the build, after it was built and before it is pushed: what is bad is then not pushed at all. Costs a
   * fee for each scan. Source: https://docs.cloud.google.com/artifact-analysis/docs/ods-cloudbuild
   * @default - no scan before the push
   */
  readonly scanBeforePush?: OnDemandScanOptions;

  /**
   * The e-mail address of an identity that exists already; it gets the same grants. Needed where the pipeline's stack
   * waits for the stack of its attestors, which the grants in there would otherwise have to wait for.
   * @default - a service account of the pipeline's own
   */
  readonly serviceAccountEmail?: string;

  /**
   * Whether the identity may only create attestations, and not change or delete those of others, see
   * `AttestOptions.createOnly`.
   * @default false
   */
  readonly createOnly?: boolean;

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

// Kept apart from the source, which is in /workspace: no file of a repository can pose as the digest.
const DIGEST_VOLUME = { name: "binauthz", path: "/binauthz" };
const DIGEST_FILE = `${DIGEST_VOLUME.path}/digest`;
const IMAGES_FILE = `${DIGEST_VOLUME.path}/images`;

abstract class SignerPipelineBase extends Construct implements ISignerPipeline {
  public abstract readonly image: string;
  public abstract readonly serviceAccountEmail: string;
}

/**
 * A Cloud Build pipeline that builds an image, pushes it, takes the digest of what it pushed and signs that digest for
 * every attestor: all in one build, with an identity of its own.
 *
 * Whatever runs in this build can sign with its identity. Where the source is not trusted that far, let a separate build
 * sign.
 */
export class SignerPipeline extends SignerPipelineBase {
  public readonly image: string;
  public readonly serviceAccountEmail: string;
  /** The project that builds. */
  public readonly project: string;
  /** The name of the trigger. */
  public readonly pipelineName: string;
  /** The attestors that attest each image. */
  public readonly attestors: ISigningAttestor[];
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
  public constructor(scope: Construct, id: string, props: SignerPipelineProps) {
    super(scope, id);
    const valid = validate(scope, id, props);
    this.project = valid.project;
    this.image = props.image;
    this.attestors = [...props.attestors];
    this.pipelineName = valid.pipelineName;
    registerBuiltImage(this, this.image);
    warnOfUnpinned(this, {
      builderImage: props.builderImage ?? BUILDER_IMAGE,
      signerImage: props.signerImage ?? SIGNER_IMAGE,
      ...(props.scanBeforePush && {
        "scanBeforePush.scannerImage": props.scanBeforePush.scannerImage ?? SCANNER_IMAGE,
      }),
      ...(props.emulatorImage !== undefined && { emulatorImage: props.emulatorImage }),
    });

    const identity = identityOf(this, props.serviceAccountEmail, {
      ...this.placement(props),
      accountId: accountIdFor(this.pipelineName),
      displayName: `Builds and signs ${this.image.split("/").pop()}`,
    });
    this.serviceAccount = identity.account;
    this.serviceAccountEmail = identity.email;
    registerBuilder(this, this.serviceAccountEmail);
    this.repository = repositoryOf(this, valid.image, props);
    const grants = this.grant(props, valid.image);
    this.config = this.buildConfig(props);
    this.trigger = this.createTrigger(props, valid.location);
    if (this.trigger) {
      waitForSource(this.trigger, props.source);
      waitFor(
        this.trigger,
        this.serviceAccount,
        enabledApi(this, "cloudbuild", this.placement(props)),
        ...inStackOf(this, grants),
      );
    }
  }

  /**
   * The pipeline's build as the text of a `cloudbuild.yaml`: for a trigger of the caller's own, and for reading. Only
   * builds that run as `serviceAccountEmail` can push and sign.
   */
  public renderCloudBuildConfig(): string {
    return renderBuild(this.config);
  }

  /**
   * Leaves trigger, identity, its grants on repository and project, and the repository with its images alone from now on:
   * the next apply forgets them and destroys nothing. The grants on key, note and attestor are those of trust root and
   * attestor, and stay. Terraform 1.7 or newer.
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

  private placement(props: SignerPipelineProps) {
    return { project: this.project, provider: props.provider, enableApis: props.enableApis };
  }

  /** Everything the identity needs, on the narrowest resource that carries it. */
  private grant(props: SignerPipelineProps, image: ArtifactRegistryImage): TerraformResource[] {
    const member = `serviceAccount:${this.serviceAccountEmail}`;
    const dependsOn = this.serviceAccount ? [this.serviceAccount] : [];
    const signing = props.attestors.flatMap((attestor) => [
      ...attestor.signingTrustRoot.grants.sign(member, { dependsOn }).resources,
      ...attestor.grants.attest(member, { dependsOn, createOnly: props.createOnly }).resources,
    ]);
    const push = grantPush(this, member, image, {
      provider: props.provider,
      dependsOn: [...dependsOn, this.repository?.resource],
    });
    const log = grantLogging(this, member, { ...this.placement(props), dependsOn });
    const { serviceAccount } = this;
    const scan = props.scanBeforePush ? [grantScan(this, { ...this.placement(props), member, serviceAccount })] : [];
    return [...signing, push, log, ...scan, ...grantSource(this, props.source, this.placement(props))];
  }

  private buildConfig(props: SignerPipelineProps): BuildConfig {
    const tag = props.tag ?? "$COMMIT_SHA";
    return {
      steps: props.platforms === undefined ? this.steps(props, tag) : this.platformSteps(props, tag, props.platforms),
      // Listed as well: only then does Cloud Build make provenance for it.
      images: builtImages(this.image, tag, props.platforms),
      serviceAccount: accountResource(this.serviceAccountEmail, this.project),
      timeout: props.timeout ?? "1800s",
      machineType: props.machineType,
      workerPool: props.workerPool,
    };
  }

  private steps(props: SignerPipelineProps, tag: string): BuildStep[] {
    const builder = props.builderImage ?? BUILDER_IMAGE;
    return [
      {
        id: "build",
        image: builder,
        script: BUILD_SCRIPT,
        env: {
          IMAGE: this.image,
          TAG: tag,
          DOCKERFILE: props.dockerfile ?? "Dockerfile",
          CONTEXT: props.buildContext ?? ".",
        },
      },
      ...scanSteps(props, { image: this.image, tag, project: this.project }),
      {
        id: "push",
        image: builder,
        script: PUSH_SCRIPT,
        env: { IMAGE: this.image, TAG: tag, DIGEST_FILE },
        volume: DIGEST_VOLUME,
      },
      ...props.attestors.map((attestor) => signStep(this.image, props.signerImage ?? SIGNER_IMAGE, attestor)),
    ];
  }

  private platformSteps(props: SignerPipelineProps, tag: string, platforms: readonly ImagePlatform[]): BuildStep[] {
    // Loaded when first used: most builds are for one platform.
    const scripts = require("./private/platform-scripts") as typeof import("./private/platform-scripts");
    const builder = props.builderImage ?? BUILDER_IMAGE;
    const env = { IMAGE: this.image, TAG: tag, PLATFORMS: platforms.join(" ") };
    return [
      ...emulationSteps(props, builder),
      {
        id: "build",
        image: builder,
        script: scripts.BUILD_PLATFORMS_SCRIPT,
        env: { ...env, DOCKERFILE: props.dockerfile ?? "Dockerfile", CONTEXT: props.buildContext ?? "." },
      },
      ...scanSteps(props, { image: this.image, tag, project: this.project }),
      {
        id: "index",
        image: builder,
        script: scripts.INDEX_LIST_SCRIPT,
        env: { ...env, SIGN_PLATFORM_IMAGES: `${props.signPlatformImages === true}`, IMAGES_FILE },
        volume: DIGEST_VOLUME,
      },
      ...props.attestors.map((attestor) => ({
        id: `sign-${attestor.attestorName}`,
        image: props.signerImage ?? SIGNER_IMAGE,
        script: SIGN_LIST_SCRIPT,
        env: { ...attestorEnv(attestor), IMAGES_FILE },
        volume: DIGEST_VOLUME,
      })),
    ];
  }

  private createTrigger(props: SignerPipelineProps, location: string | undefined): CloudbuildTrigger | undefined {
    if (location === undefined) {
      return undefined;
    }
    claim(this, "trigger", `projects/${this.project}/locations/${location}/triggers/${this.pipelineName}`);
    return fixAddress(
      new CloudbuildTrigger(this, "Trigger", {
        project: this.project,
        location,
        name: this.pipelineName,
        description: `Builds, pushes and signs ${this.image}`,
        serviceAccount: this.config.serviceAccount,
        buildAttribute: toTriggerBuild(this.config),
        ...triggerSource(props.source),
        provider: props.provider,
      }),
      logicalId(this.project, location, this.pipelineName),
    );
  }
}

function signStep(image: string, signerImage: string, attestor: ISigningAttestor): BuildStep {
  return {
    id: `sign-${attestor.attestorName}`,
    image: signerImage,
    script: SIGN_SCRIPT,
    env: { IMAGE: image, ...attestorEnv(attestor), DIGEST_FILE },
    volume: DIGEST_VOLUME,
  };
}

function attestorEnv(attestor: ISigningAttestor): Record<string, string> {
  return {
    ATTESTATION_PROJECT: attestor.project,
    ATTESTOR: attestor.attestorId,
    NOTE: attestor.noteId,
    KEY_VERSION: attestor.signingTrustRoot.signingKeyVersion,
  };
}

/** What validation found out. */
interface ValidatedPipeline {
  readonly project: string;
  readonly pipelineName: string;
  readonly image: ArtifactRegistryImage;
  /** The region of the trigger; undefined where none is made. */
  readonly location?: string;
}

function validate(scope: Construct, id: string, props: SignerPipelineProps): ValidatedPipeline {
  const refusals = new Refusals(pathOf(scope, id));
  const project = resolveProject(refusals, scope, props);
  const image = checkImage(refusals, props.image);
  if (props.attestors.length === 0) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      '"attestors" is empty: the pipeline would sign nothing; allowed: at least one attestor',
    );
  }
  const names = props.attestors.map((attestor) => attestor.attestorName);
  for (const name of repeated(names)) {
    refusals.add(
      ProblemCode.AMBIGUOUS_ATTESTOR_NAME,
      `"attestors" holds two attestors of the short name ${show(name)}; allowed: each attestor once, and different short names`,
    );
  }
  const pipelineName = checkPipelineName(refusals, props.pipelineName, image, "signed");
  checkSubstitutions(refusals, props);
  checkTimeout(refusals, props.timeout);
  checkScan(refusals, props.scanBeforePush);
  checkStepImages(refusals, props.source._source, {
    builderImage: props.builderImage,
    signerImage: props.signerImage,
    "scanBeforePush.scannerImage": props.scanBeforePush?.scannerImage,
    emulatorImage: props.emulatorImage,
  });
  checkRepositoryOptions(refusals, props);
  checkPlatforms(refusals, props.platforms, "platforms");
  checkOnlyWithPlatforms(refusals, props.platforms, "emulatorImage", props.emulatorImage);
  checkOnlyWithPlatforms(refusals, props.platforms, "signPlatformImages", props.signPlatformImages);
  if (props.serviceAccountEmail !== undefined) {
    refusals.email("serviceAccountEmail", props.serviceAccountEmail);
  }
  const location = checkSource(refusals, props.source, project);
  checkWorkerPool(refusals, props.workerPool, location);
  refusals.throwIfAny();
  return { project, pipelineName, image: image as ArtifactRegistryImage, location };
}
