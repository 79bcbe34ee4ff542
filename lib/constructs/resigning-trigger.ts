import { CloudbuildTrigger } from "@cdktf/provider-google/lib/cloudbuild-trigger";
import type { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import type { TerraformProvider } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { TRIGGER_NAME } from "../vocabulary/resource-name";
import type { ISigningAttestor } from "./attestor";
import type { PipelineSource } from "./pipeline-source";
import { claim, fixAddress, logicalId, unclaim, waitFor } from "./private/addressing";
import { enabledApi } from "./private/apis";
import { type BuildConfig, type BuildStep, toTriggerBuild } from "./private/cloud-build-config";
import { releaseBindings } from "./private/iam";
import {
  accountIdFor,
  accountResource,
  checkListFile,
  checkSource,
  checkStepImages,
  checkTimeout,
  checkWorkerPool,
  grantLogging,
  grantSource,
  identityOf,
  inStackOf,
  renderBuild,
  SIGNER_IMAGE,
  triggerSource,
  waitForSource,
  warnOfUnpinned,
} from "./private/pipeline";
import { resolveProject } from "./private/project";
import { pathOf, Refusals } from "./private/refusals";
import { REMAINING_SCRIPT, RESIGN_SCRIPT } from "./private/signer-scripts";
import { checkSigningAttestors, grantSigning } from "./private/signing-attestors";
import { READ_LIST_SCRIPT } from "./private/signing-scripts";
import { forget } from "./private/terraform-block";

/** A build that signs again what was signed before. */
export interface IResigningTrigger extends IConstruct {
  /** The e-mail address of the identity that signs. */
  readonly serviceAccountEmail: string;
}

/** What a trigger that signs again is made of. */
export interface ResigningTriggerProps {
  /** The name of the trigger; the service account is named after it. */
  readonly triggerName: string;

  /** The attestors whose images are signed again, each with the key to sign with: its new signing version. */
  readonly attestors: ISigningAttestor[];

  /** The repository that holds the list, and what starts the build: a person, or a push. */
  readonly source: PipelineSource;

  /**
   * The list, relative to the root of the source: one `IMAGE@sha256:DIGEST` a line, `#` begins a comment; or what
   * `binauthz admit --format json` printed of the running pods.
   * @default "images.txt"
   */
  readonly listFile?: string;

  /**
   * How long the build may take, in seconds. It may be run again after an interruption: what is signed is not signed twice.
   * @default "3600s"
   */
  readonly timeout?: string;

  /**
   * The private worker pool: `projects/P/locations/L/workerPools/W`, in the region of the trigger.
   * @default - Cloud Build's shared pool
   */
  readonly workerPool?: string;

  /**
   * The image of all steps: needs bash, curl, python3 and gcloud with its beta commands. Pin it by digest.
   * @default "gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-slim"
   */
  readonly signerImage?: string;

  /**
   * The e-mail address of an identity that exists already; it gets the same grants.
   * @default - a service account of the trigger's own
   */
  readonly serviceAccountEmail?: string;

  /**
   * Whether the identity may only create attestations, see `AttestOptions.createOnly`.
   * @default true
   */
  readonly createOnly?: boolean;

  /**
   * The project that signs.
   * @default - the literal project of the google provider
   */
  readonly project?: string;

  /**
   * Whether the APIs of the trigger are enabled here; `false` where an organisation does it elsewhere.
   * @default true
   */
  readonly enableApis?: boolean;

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

// Kept apart from the source, which is in /workspace: of that, only the list is read.
const VOLUME = { name: "binauthz", path: "/binauthz" };
const IMAGES_FILE = `${VOLUME.path}/images`;
const REMAINING_FILE = `${VOLUME.path}/remaining`;

abstract class ResigningTriggerBase extends Construct implements IResigningTrigger {
  public abstract readonly serviceAccountEmail: string;
}

/**
 * A Cloud Build trigger for the middle of a rotation: it signs, with the version that signs now, what an attestor has
 * attested before with another version of the same key. What the attestor has never attested is not signed, nor what another
 * of its keys vouches for: that needs no signature of this one. The build fails as long as an image of the list remains; once
 * it succeeds, the old version may be retired as far as the list goes.
 *
 * @exampleMetadata fixture=part
 * @example
 * declare const attestor: Attestor;
 * new ResigningTrigger(stack, "Resign", {
 *   triggerName: "resign",
 *   attestors: [attestor],
 *   source: PipelineSource.manual({
 *     repository: "projects/my-secure-project/locations/us-central1/connections/github/repositories/platform",
 *     ref: "refs/heads/main",
 *   }),
 * });
 */
export class ResigningTrigger extends ResigningTriggerBase {
  public readonly serviceAccountEmail: string;
  /** The project that signs. */
  public readonly project: string;
  /** The name of the trigger. */
  public readonly triggerName: string;
  /** The attestors whose images are signed again. */
  public readonly attestors: ISigningAttestor[];
  /** The resource of the trigger; undefined with `PipelineSource.ownTrigger()`. */
  public readonly trigger?: CloudbuildTrigger;
  /** The resource of the identity; undefined where an existing one was given. */
  public readonly serviceAccount?: ServiceAccount;

  private readonly config: BuildConfig;
  private released = false;

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props the trigger
   */
  public constructor(scope: Construct, id: string, props: ResigningTriggerProps) {
    super(scope, id);
    const valid = validate(scope, id, props);
    this.project = valid.project;
    this.triggerName = props.triggerName;
    this.attestors = [...props.attestors];
    warnOfUnpinned(this, { signerImage: props.signerImage ?? SIGNER_IMAGE });

    const placement = { project: this.project, provider: props.provider, enableApis: props.enableApis };
    const identity = identityOf(this, props.serviceAccountEmail, {
      ...placement,
      accountId: accountIdFor(this.triggerName),
      displayName: `Signs again for ${this.triggerName}`,
    });
    this.serviceAccount = identity.account;
    this.serviceAccountEmail = identity.email;
    const member = `serviceAccount:${this.serviceAccountEmail}`;
    const dependsOn = this.serviceAccount ? [this.serviceAccount] : [];
    const grants = [
      ...grantSigning(member, props.attestors, props.createOnly !== false, dependsOn),
      grantLogging(this, member, { ...placement, dependsOn }),
      ...grantSource(this, props.source, placement),
    ];
    this.config = this.buildConfig(props);
    if (valid.location !== undefined) {
      this.trigger = this.createTrigger(props, valid.location);
      waitForSource(this.trigger, props.source);
      waitFor(this.trigger, this.serviceAccount, enabledApi(this, "cloudbuild", placement), ...inStackOf(this, grants));
    }
  }

  /** The build as the text of a `cloudbuild.yaml`: for a trigger of the caller's own, and for reading. */
  public renderCloudBuildConfig(): string {
    return renderBuild(this.config);
  }

  /**
   * Leaves trigger, identity and its grant on the project alone from now on: the next apply forgets them and destroys
   * nothing. Terraform 1.7 or newer.
   */
  public release(): void {
    if (this.released) {
      return;
    }
    this.released = true;
    unclaim(this);
    releaseBindings(this);
    forget(this.trigger, this.serviceAccount);
  }

  private buildConfig(props: ResigningTriggerProps): BuildConfig {
    const image = props.signerImage ?? SIGNER_IMAGE;
    const step = (id: string, script: string, env: Record<string, string>): BuildStep => ({
      id,
      image,
      script,
      env,
      volume: VOLUME,
    });
    return {
      steps: [
        step("read-list", READ_LIST_SCRIPT, {
          LIST_FILE: props.listFile ?? "images.txt",
          IMAGES_FILE,
          REMAINING_FILE,
        }),
        ...props.attestors.map((attestor) =>
          step(`resign-${attestor.attestorName}`, RESIGN_SCRIPT, {
            ATTESTATION_PROJECT: attestor.project,
            ATTESTOR: attestor.attestorId,
            NOTE: attestor.noteId,
            KEY_VERSION: attestor.signingTrustRoot.signingKeyVersion,
            IMAGES_FILE,
            REMAINING_FILE,
          }),
        ),
        step("remaining", REMAINING_SCRIPT, { REMAINING_FILE }),
      ],
      images: [],
      serviceAccount: accountResource(this.serviceAccountEmail, this.project),
      timeout: props.timeout ?? "3600s",
      workerPool: props.workerPool,
    };
  }

  private createTrigger(props: ResigningTriggerProps, location: string): CloudbuildTrigger {
    claim(this, "trigger", `projects/${this.project}/locations/${location}/triggers/${this.triggerName}`);
    return fixAddress(
      new CloudbuildTrigger(this, "Trigger", {
        project: this.project,
        location,
        name: this.triggerName,
        description: `Signs again with ${this.attestors.map((attestor) => attestor.attestorName).join(", ")}`,
        serviceAccount: this.config.serviceAccount,
        buildAttribute: toTriggerBuild(this.config),
        ...triggerSource(props.source),
        provider: props.provider,
      }),
      logicalId(this.project, location, this.triggerName),
    );
  }
}

function validate(
  scope: Construct,
  id: string,
  props: ResigningTriggerProps,
): { readonly project: string; readonly location?: string } {
  const refusals = new Refusals(pathOf(scope, id));
  const project = resolveProject(refusals, scope, props);
  refusals.name("triggerName", props.triggerName, TRIGGER_NAME);
  checkSigningAttestors(refusals, props.attestors, "trigger");
  checkListFile(refusals, props.listFile, "images.txt");
  checkTimeout(refusals, props.timeout);
  if (props.serviceAccountEmail !== undefined) {
    refusals.email("serviceAccountEmail", props.serviceAccountEmail);
  }
  const location = checkSource(refusals, props.source, project);
  checkWorkerPool(refusals, props.workerPool, location);
  checkStepImages(refusals, props.source._source, { signerImage: props.signerImage });
  refusals.throwIfAny();
  return { project, location };
}
