import { CloudbuildTrigger } from "@cdktf/provider-google/lib/cloudbuild-trigger";
import type { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import type { TerraformProvider, TerraformResource } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import {
  type ArtifactRegistryImage,
  parseArtifactRegistryImage,
  parseImageReference,
} from "../vocabulary/image-reference";
import { ProblemCode, show } from "../vocabulary/problem";
import { PROJECT_ID, serviceAccountEmail, TRIGGER_NAME } from "../vocabulary/resource-name";
import { ROLES } from "../vocabulary/roles";
import type { ISigningAttestor } from "./attestor";
import { ImagePlatform } from "./image-platform";
import type { PipelineSource } from "./pipeline-source";
import { claim, fixAddress, logicalId, unclaim, waitFor } from "./private/addressing";
import { enabledApi } from "./private/apis";
import { signerThatBuilds } from "./private/builders";
import { type BuildConfig, type BuildStep, toTriggerBuild } from "./private/cloud-build-config";
import { registerMirror } from "./private/exemptions";
import { editableEvidence, grantBinding, releaseBindings } from "./private/iam";
import {
  accountIdFor,
  accountResource,
  checkApprovers,
  checkListFile,
  checkSource,
  checkStepImages,
  checkTimeout,
  checkWorkerPool,
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
import { checkEachOnce } from "./private/platforms";
import { resolveProject } from "./private/project";
import { pathOf, Refusals, refuse } from "./private/refusals";
import { checkRepositoryOptions, repositoryOf } from "./private/repository";
import type { SharedRepository } from "./private/shared-repository";
import { PENDING_SCRIPT, REPORT_SCRIPT, SIGN_PENDING_SCRIPT } from "./private/signer-scripts";
import { attestorEnv, checkSigningAttestors, grantSigning } from "./private/signing-attestors";
import { checkGates, gateStep } from "./private/signing-gates";
import { forget } from "./private/terraform-block";
import { MIRROR_SCRIPT, READ_VETTED_SCRIPT, SELECT_SCRIPT, VETTED_IMAGES_SCRIPT } from "./private/vetted-scripts";
import type { RepositoryOptions } from "./repository-options";
import { SigningGate } from "./signing-gate";

/** Images of third parties that a reviewed list lets in. */
export interface IVettedImages extends IConstruct {
  /** Where the images are mirrored to: `us-central1-docker.pkg.dev/P/REPOSITORY`. */
  readonly repository: string;
  /** The e-mail address of the identity that mirrors and signs. */
  readonly serviceAccountEmail: string;
}

/** What vetted images are made of. */
export interface VettedImagesProps extends RepositoryOptions {
  /** The name of the trigger; the service account is named after it. */
  readonly triggerName: string;

  /**
   * The attestors that attest each image, each with the key to sign with. A key of its own keeps what a list lets in apart
   * from what was built: nobody else then signs with it.
   */
  readonly attestors: ISigningAttestor[];

  /** The repository that holds the list, and what starts the build. Whoever can change the list there can admit images. */
  readonly source: PipelineSource;

  /**
   * Where the images are mirrored to: `us-central1-docker.pkg.dev/P/REPOSITORY`, or a path below it. The name of an image
   * there is this, followed by its own name with its registry.
   */
  readonly repository: string;

  /**
   * The list, relative to the root of the source: one `REGISTRY/IMAGE@sha256:DIGEST` a line; `#` begins a comment. Only
   * pushes that change it start a build.
   * @default "vetted-images.txt"
   */
  readonly listFile?: string;

  /**
   * What the scan of an image may find: `SigningGate.vulnerabilities()`.
   * @default - SigningGate.vulnerabilities(): nothing critical
   */
  readonly gate?: SigningGate;

  /**
   * The platforms whose images are scanned, where an image is an index of several: those that clusters run. An index
   * without an image for one of them is refused; its images for other platforms are mirrored, and not scanned.
   * @default [ImagePlatform.LINUX_AMD64]
   */
  readonly platforms?: ImagePlatform[];

  /**
   * Whether the images of these platforms are signed as well as an index: Cloud Run asks for the attestation of the image
   * that it runs, GKE for that of the digest in the pod.
   * @default false
   */
  readonly signPlatformImages?: boolean;

  /**
   * Who may approve, in IAM's form: `group:EMAIL`. Each build then waits for an approval before its first step; the role lets
   * them approve any waiting build of the project. An empty list: builds wait, and the role is granted elsewhere.
   * @default - no approval is needed
   */
  readonly approvers?: string[];

  /**
   * How long the build may take, in seconds. It may be run again after an interruption: what is mirrored and signed is
   * passed over.
   * @default "3600s"
   */
  readonly timeout?: string;

  /**
   * The private worker pool: `projects/P/locations/L/workerPools/W`, in the region of the trigger. It has to reach the
   * registries of the list.
   * @default - Cloud Build's shared pool
   */
  readonly workerPool?: string;

  /**
   * The image of the step that copies: needs gcrane, and the shell of busybox at `/busybox/sh`. Pin it by digest.
   * @default "gcr.io/go-containerregistry/gcrane:debug"
   */
  readonly mirrorImage?: string;

  /**
   * The image of all other steps: needs bash, curl, python3 and gcloud with its beta commands. Pin it by digest.
   * @default "gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-slim"
   */
  readonly signerImage?: string;

  /**
   * The e-mail address of an identity that exists already; it gets the same grants.
   * @default - a service account of the construct's own
   */
  readonly serviceAccountEmail?: string;

  /**
   * Whether the identity may only create attestations, see `AttestOptions.createOnly`. `false` is refused where the images
   * and their scans are in the project of an attestor: the signer could change what it is to check.
   * @default true
   */
  readonly createOnly?: boolean;

  /**
   * The project that mirrors and signs.
   * @default - the literal project of the google provider
   */
  readonly project?: string;

  /**
   * Whether the APIs are enabled here; `false` where an organisation does it elsewhere.
   * @default true
   */
  readonly enableApis?: boolean;

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

const MIRROR_IMAGE = "gcr.io/go-containerregistry/gcrane:debug";
const LIST_FILE = "vetted-images.txt";
const TIMEOUT = "3600s";

// Kept apart from the source, which is in /workspace: of that, only the list is read.
const VOLUME = { name: "binauthz", path: "/binauthz" };
const FILES = {
  COPIES_FILE: `${VOLUME.path}/copies`,
  SCANS_FILE: `${VOLUME.path}/scans.json`,
  IMAGES_FILE: `${VOLUME.path}/images`,
  PENDING_FILE: `${VOLUME.path}/pending`,
  SCANNED_FILE: `${VOLUME.path}/scanned`,
  SIGNED_FILE: `${VOLUME.path}/signed`,
};

abstract class VettedImagesBase extends Construct implements IVettedImages {
  public abstract readonly repository: string;
  public abstract readonly serviceAccountEmail: string;
}

/**
 * A Cloud Build trigger over a reviewed list of images of third parties: it mirrors each without changing its digest, waits
 * for its scan, and signs it. What is signed already is passed over. One line that names no digest, a digest that changed
 * on the way, or a scan that is missing ends the build before anything is signed.
 *
 * Of the repository that holds the list nothing is run. Whoever can change the list there can admit images.
 *
 * @exampleMetadata fixture=part
 * @example
 * declare const vetted: Attestor;
 * new VettedImages(stack, "Vetted", {
 *   triggerName: "vetted-images",
 *   attestors: [vetted],
 *   source: PipelineSource.push({
 *     repository: "projects/my-secure-project/locations/us-central1/connections/github/repositories/platform",
 *   }),
 *   repository: "us-central1-docker.pkg.dev/my-secure-project/vetted",
 * });
 */
export class VettedImages extends VettedImagesBase {
  public readonly repository: string;
  public readonly serviceAccountEmail: string;
  /** The project that mirrors and signs. */
  public readonly project: string;
  /** The name of the trigger. */
  public readonly triggerName: string;
  /** The attestors that attest each image. */
  public readonly attestors: ISigningAttestor[];
  /** The resource of the trigger; undefined with `PipelineSource.ownTrigger()`. */
  public readonly trigger?: CloudbuildTrigger;
  /** The resource of the identity; undefined where an existing one was given. */
  public readonly serviceAccount?: ServiceAccount;

  private readonly config: BuildConfig;
  private readonly sharedRepository?: SharedRepository;
  private released = false;

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props the list, and where its images go
   */
  public constructor(scope: Construct, id: string, props: VettedImagesProps) {
    super(scope, id);
    const valid = validate(scope, id, props);
    this.project = valid.project;
    this.repository = props.repository;
    this.triggerName = props.triggerName;
    this.attestors = [...props.attestors];
    registerMirror(this, this.repository);
    warnOfUnpinned(this, {
      mirrorImage: props.mirrorImage ?? MIRROR_IMAGE,
      signerImage: props.signerImage ?? SIGNER_IMAGE,
    });

    const placement = { project: this.project, provider: props.provider, enableApis: props.enableApis };
    const identity = identityOf(this, props.serviceAccountEmail, {
      ...placement,
      accountId: accountIdFor(this.triggerName),
      displayName: `Mirrors and signs for ${this.triggerName}`,
    });
    this.serviceAccount = identity.account;
    this.serviceAccountEmail = identity.email;
    // Without a scan nothing would ever be signed.
    const scanned = props.createRepository === false ? undefined : (props.vulnerabilityScanning ?? true);
    this.sharedRepository = repositoryOf(this, valid.image, { ...props, vulnerabilityScanning: scanned });
    const grants = this.grant(props, valid.image);
    this.config = this.buildConfig(props);
    if (valid.location !== undefined) {
      this.trigger = this.createTrigger(props, valid.location);
      waitForSource(this.trigger, props.source);
      waitFor(this.trigger, this.serviceAccount, enabledApi(this, "cloudbuild", placement), ...inStackOf(this, grants));
    }
    this.node.addValidation({ validate: () => this.notIndependent(valid.image.project) });
  }

  /**
   * The name of an image where it is mirrored, for manifests.
   * @param image the image as the list has it, with its digest
   */
  public mirrorOf(image: string): string {
    const reference = parseImageReference(image);
    if (reference?.digest === undefined || !reference.repository.split("/")[0].includes(".")) {
      refuse(
        this.node.path,
        ProblemCode.INVALID_IMAGE,
        `"image" is no image with its registry and digest, got ${show(image)}; allowed: REGISTRY/IMAGE@sha256:DIGEST`,
      );
    }
    return `${this.repository}/${reference.repository}@${reference.digest}`;
  }

  /** The build as the text of a `cloudbuild.yaml`: for a trigger of the caller's own, and for reading. */
  public renderCloudBuildConfig(): string {
    return renderBuild(this.config);
  }

  /**
   * Leaves trigger, identity, its grants outside of key, note and attestor, and the repository with its images alone from
   * now on: the next apply forgets them and destroys nothing. Terraform 1.7 or newer.
   */
  public release(): void {
    if (this.released) {
      return;
    }
    this.released = true;
    unclaim(this);
    releaseBindings(this);
    forget(this.trigger, this.serviceAccount);
    this.sharedRepository?.release(this);
  }

  /** What later lines of the program opened: noticed when the app is synthesized. */
  private notIndependent(imageProject: string): string[] {
    const signer = `serviceAccount:${this.serviceAccountEmail}`;
    const found = editableEvidence(this, signer, new Set([imageProject])).map(
      (project) =>
        `[${ProblemCode.EVIDENCE_NOT_INDEPENDENT}] the signer is granted ${ROLES.OCCURRENCES_EDITOR} on ${project} by another construct as well, got ${signer}: it could change the scans that it checks; allowed: an identity of the trigger's own`,
    );
    return [...signerThatBuilds(this, this.serviceAccountEmail), ...found];
  }

  /** Everything the identity needs, on the narrowest resource that carries it. */
  private grant(props: VettedImagesProps, image: ArtifactRegistryImage): TerraformResource[] {
    const member = `serviceAccount:${this.serviceAccountEmail}`;
    const dependsOn = this.serviceAccount ? [this.serviceAccount] : [];
    const placement = { project: this.project, provider: props.provider, enableApis: props.enableApis };
    const onProject = (owner: string, role: string, who = member) =>
      grantBinding(this, {
        opened: { kind: "project", project: owner },
        role,
        member: who,
        provider: props.provider,
        after: [...dependsOn, owner === this.project ? enabledApi(this, "cloudresourcemanager", placement) : undefined],
      });
    return [
      ...grantSigning(member, props.attestors, props.createOnly !== false, dependsOn),
      grantPush(this, member, image, {
        provider: props.provider,
        dependsOn: [...dependsOn, this.sharedRepository?.resource],
      }),
      onProject(image.project, ROLES.OCCURRENCES_VIEWER),
      onProject(this.project, ROLES.LOG_WRITER),
      ...(props.approvers ?? []).map((approver) => onProject(this.project, ROLES.BUILDS_APPROVER, approver)),
      ...grantSource(this, props.source, placement),
    ];
  }

  private buildConfig(props: VettedImagesProps): BuildConfig {
    const { COPIES_FILE, SCANS_FILE, IMAGES_FILE, PENDING_FILE, SCANNED_FILE, SIGNED_FILE } = FILES;
    const image = props.signerImage ?? SIGNER_IMAGE;
    const step = (id: string, script: string, env: Record<string, string>): BuildStep => ({
      id,
      image,
      script,
      env,
      volume: VOLUME,
    });
    const platforms = { PLATFORMS: (props.platforms ?? [ImagePlatform.LINUX_AMD64]).join(" ") };
    const gate = gateStep(gateOf(props)._gate, 0, step, { built: SCANNED_FILE, images: IMAGES_FILE });
    const keyOf = (attestor: ISigningAttestor) => ({
      ...attestorEnv(attestor),
      KEY_VERSION: attestor.signingTrustRoot.signingKeyVersion,
    });
    return {
      steps: [
        step("read-list", READ_VETTED_SCRIPT, {
          LIST_FILE: props.listFile ?? LIST_FILE,
          REPOSITORY: this.repository,
          COPIES_FILE,
        }),
        { ...step("mirror", MIRROR_SCRIPT, { ...platforms, COPIES_FILE }), image: props.mirrorImage ?? MIRROR_IMAGE },
        step("images", VETTED_IMAGES_SCRIPT, {
          ...platforms,
          SIGN_PLATFORM_IMAGES: `${props.signPlatformImages === true}`,
          COPIES_FILE,
          SCANS_FILE,
          IMAGES_FILE,
          PENDING_FILE,
        }),
        ...props.attestors.map((attestor) =>
          step(`pending-${attestor.attestorName}`, PENDING_SCRIPT, {
            ...attestorEnv(attestor),
            // Not KEY_VERSION: who reads plans takes a step with that for one that signs.
            SIGNING_VERSION: attestor.signingTrustRoot.signingKeyVersion,
            IMAGES_FILE,
            PENDING_FILE,
          }),
        ),
        step("select", SELECT_SCRIPT, { SCANS_FILE, PENDING_FILE, SCANNED_FILE, SIGNED_FILE }),
        // Everything may be signed already.
        { ...gate, env: { ...gate.env, IF_EMPTY: "pass" } },
        ...props.attestors.map((attestor) =>
          step(`sign-${attestor.attestorName}`, SIGN_PENDING_SCRIPT, { ...keyOf(attestor), IMAGES_FILE: SIGNED_FILE }),
        ),
        step("report", REPORT_SCRIPT, { IMAGES_FILE }),
      ],
      images: [],
      serviceAccount: accountResource(this.serviceAccountEmail, this.project),
      timeout: props.timeout ?? TIMEOUT,
      workerPool: props.workerPool,
    };
  }

  private createTrigger(props: VettedImagesProps, location: string): CloudbuildTrigger {
    claim(this, "trigger", `projects/${this.project}/locations/${location}/triggers/${this.triggerName}`);
    const { kind } = props.source._source;
    return fixAddress(
      new CloudbuildTrigger(this, "Trigger", {
        project: this.project,
        location,
        name: this.triggerName,
        description: `Mirrors and signs the images of ${props.listFile ?? LIST_FILE}`,
        serviceAccount: this.config.serviceAccount,
        buildAttribute: toTriggerBuild(this.config),
        approvalConfig: props.approvers === undefined ? undefined : { approvalRequired: true },
        includedFiles: kind === "push" || kind === "github-app" ? [props.listFile ?? LIST_FILE] : undefined,
        ...triggerSource(props.source),
        provider: props.provider,
      }),
      logicalId(this.project, location, this.triggerName),
    );
  }
}

function gateOf(props: VettedImagesProps): SigningGate {
  return props.gate ?? SigningGate.vulnerabilities();
}

/** What validation found out. */
interface ValidatedImages {
  readonly project: string;
  readonly image: ArtifactRegistryImage;
  /** The region of the trigger; undefined where none is made. */
  readonly location?: string;
}

function validate(scope: Construct, id: string, props: VettedImagesProps): ValidatedImages {
  const refusals = new Refusals(pathOf(scope, id));
  const project = resolveProject(refusals, scope, props);
  refusals.name("triggerName", props.triggerName, TRIGGER_NAME);
  checkSigningAttestors(refusals, props.attestors, "trigger");
  const image = checkMirror(refusals, props.repository);
  checkListFile(refusals, props.listFile, LIST_FILE);
  checkScanned(refusals, props);
  checkRepositoryOptions(refusals, props);
  const before = refusals.count;
  checkTimeout(refusals, props.timeout);
  // A timeout that is none is said once.
  const timeout = refusals.count > before ? TIMEOUT : (props.timeout ?? TIMEOUT);
  checkGates(refusals, { gates: [gateOf(props)], attestors: props.attestors, timeout });
  if (props.serviceAccountEmail !== undefined) {
    refusals.email("serviceAccountEmail", props.serviceAccountEmail);
  }
  checkApproval(refusals, props, project);
  if (props.createOnly === false && props.attestors.some((attestor) => attestor.project === image?.project)) {
    refusals.add(
      ProblemCode.EVIDENCE_NOT_INDEPENDENT,
      `"createOnly" is false, and scans of the images are in the project of an attestor, got ${image?.project} for both: the signer could change what it is to check; allowed: createOnly, or attestors in a project without images`,
    );
  }
  const location = checkSource(refusals, props.source, project);
  checkWorkerPool(refusals, props.workerPool, location);
  checkStepImages(refusals, props.source._source, { mirrorImage: props.mirrorImage, signerImage: props.signerImage });
  refusals.throwIfAny();
  return { project, image: image as ArtifactRegistryImage, location };
}

function checkMirror(refusals: Refusals, repository: string): ArtifactRegistryImage | undefined {
  if (!refusals.literal("repository", repository)) {
    return undefined;
  }
  const image = parseArtifactRegistryImage(`${repository}/image`);
  if (image === undefined || !PROJECT_ID.pattern.test(image.project)) {
    refusals.add(
      ProblemCode.INVALID_IMAGE,
      `"repository" is no repository in Artifact Registry, got ${show(repository)}; allowed: LOCATION-docker.pkg.dev/PROJECT/REPOSITORY, or a path below it`,
    );
    return undefined;
  }
  return image;
}

/** Somebody else approves, and there is a trigger whose builds wait for it. */
function checkApproval(refusals: Refusals, props: VettedImagesProps, project: string): void {
  const email = props.serviceAccountEmail ?? serviceAccountEmail(accountIdFor(props.triggerName), project);
  checkApprovers(refusals, props.approvers, [email], "the signer");
  if (props.approvers !== undefined && props.source._source.kind === "own-trigger") {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      '"approvers" is for a trigger of the construct, got PipelineSource.ownTrigger: no build would wait; allowed: approval_config of the trigger of your own, and no approvers here',
    );
  }
}

/** What has to be scanned is, and a scan is what is asked for. */
function checkScanned(refusals: Refusals, props: VettedImagesProps): void {
  if (gateOf(props)._gate.kind === "attested-by") {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      '"gate" asks for an attestation, got SigningGate.attestedBy: nobody has attested an image of a third party; allowed: SigningGate.vulnerabilities',
    );
  }
  if (props.vulnerabilityScanning === false) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      '"vulnerabilityScanning" is off, got false: without a scan nothing would ever be signed; allowed: true, or nothing',
    );
  }
  if (props.platforms !== undefined && props.platforms.length === 0) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      '"platforms" is empty, got []: no image of an index would be scanned; allowed: at least one platform',
    );
  }
  checkEachOnce(refusals, props.platforms ?? [], "platforms");
}
