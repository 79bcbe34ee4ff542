import { CloudbuildTrigger, type CloudbuildTriggerConfig } from "@cdktf/provider-google/lib/cloudbuild-trigger";
import type { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import type { TerraformProvider, TerraformResource } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import type { ArtifactRegistryImage } from "../vocabulary/image-reference";
import { parseRegionOrZone } from "../vocabulary/location";
import { ProblemCode, show } from "../vocabulary/problem";
import { PROJECT_NUMBER, serviceAccountEmail, TRIGGER_NAME } from "../vocabulary/resource-name";
import { ROLES } from "../vocabulary/roles";
import type { ISigningAttestor } from "./attestor";
import { claim, fixAddress, logicalId, unclaim, waitFor, waitForNamed } from "./private/addressing";
import { apiOfStack, enabledApi } from "./private/apis";
import { signerThatBuilds } from "./private/builders";
import { type BuildConfig, type BuildStep, toTriggerBuild } from "./private/cloud-build-config";
import { registerBuiltImage } from "./private/exemptions";
import { editableEvidence, grantBinding, grantedTo, releaseBindings } from "./private/iam";
import {
  accountIdFor,
  accountResource,
  checkApprovers,
  checkRepository,
  checkStepImages,
  checkTimeout,
  checkWorkerPool,
  identityOf,
  inStackOf,
  renderBuild,
  SIGNER_IMAGE,
  warnOfUnpinned,
} from "./private/pipeline";
import { resolveProject } from "./private/project";
import { pathOf, Refusals } from "./private/refusals";
import { repeated } from "./private/repeated";
import { type CheckedRow, checkRow } from "./private/signed-build-rows";
import { REPORT_SCRIPT, SIGN_LIST_SCRIPT } from "./private/signer-scripts";
import { attestorEnv, checkSigningAttestors, grantSigning } from "./private/signing-attestors";
import { checkGates, gateStep, gatesOf, seconds } from "./private/signing-gates";
import { checkBuildScript, PROVENANCE_SCRIPT } from "./private/signing-scripts";
import { forget } from "./private/terraform-block";
import type { SignedBuild, SignedBuildRow } from "./signed-build";
import type { SigningGate } from "./signing-gate";
import { SigningStart } from "./signing-start";

/** A build that signs what other builds pushed. */
export interface ISigningTrigger extends IConstruct {
  /** The e-mail address of the identity that signs. */
  readonly serviceAccountEmail: string;
}

/** What a signing trigger is made of. */
export interface SigningTriggerProps {
  /** The name of the trigger; the service account is named after it. One trigger is made for each project that builds. */
  readonly triggerName: string;

  /** The region of the trigger: `us-central1`; that of the worker pool or connected repository, where there is one. */
  readonly location: string;

  /** The attestors that attest each image, each with the key to sign with. */
  readonly attestors: ISigningAttestor[];

  /** The table: builds of which trigger and which branch may have which images signed. Nothing else is. */
  readonly builds: SignedBuild[];

  /**
   * What starts a signing build.
   * @default SigningStart.afterBuild()
   */
  readonly start?: SigningStart;

  /**
   * What has to hold before an image is signed, on top of the build and its provenance, which are always checked.
   * @default - nothing more
   */
  readonly gates?: SigningGate[];

  /**
   * Who may approve, in IAM's form: `group:EMAIL`. Each signing build then waits for an approval; the role lets them approve
   * any waiting build of the project. An empty list: builds wait, and the role is granted elsewhere.
   * @default - no approval is needed
   */
  readonly approvers?: string[];

  /**
   * The number of the project that signs, literal. Needed where it is not the project that builds: its Cloud Build service
   * agent has to be let subscribe to the topic there.
   * @default - none, builds are of the same project
   */
  readonly projectNumber?: string;

  /**
   * How long a signing build may take, in seconds.
   * @default "1800s"
   */
  readonly timeout?: string;

  /**
   * How long the build waits for the provenance of an image, in seconds.
   * @default "120s"
   */
  readonly provenanceTimeout?: string;

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
   * Whether the identity may only create attestations, see `AttestOptions.createOnly`. `false` is refused where images or
   * their scans are in the project of an attestor: the signer could change what it is to check.
   * @default true
   */
  readonly createOnly?: boolean;

  /**
   * The project that signs. A project of its own keeps its builds' administrators apart from those who build.
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

// Kept apart from a source that may be checked out in /workspace.
const VOLUME = { name: "binauthz", path: "/binauthz" };
const IMAGES_FILE = `${VOLUME.path}/images`;
// What the build pushed: provenance and scans are about these. An index of them is signed, and has neither.
const BUILT_FILE = `${VOLUME.path}/built`;
const BUILD_FILE = `${VOLUME.path}/build.json`;

abstract class SigningTriggerBase extends Construct implements ISigningTrigger {
  public abstract readonly serviceAccountEmail: string;
}

/**
 * A Cloud Build trigger that signs what other builds pushed, with an identity that those builds do not have.
 *
 * Of the message that starts it, it takes the id of a build and nothing else. It reads that build again from Cloud Build,
 * checks that it ended well and that a row of the table has its trigger, its branch or tag and its identity, takes the
 * digests from the build's results, checks what Cloud Build's provenance says of each, asks the gates, and signs. Whatever
 * cannot be read or is not understood ends the build before it signs.
 *
 * @exampleMetadata fixture=part
 * @example
 * declare const build: BuildPipeline;
 * declare const attestor: Attestor;
 * new SigningTrigger(stack, "Signer", {
 *   triggerName: "sign-web",
 *   location: "us-central1",
 *   attestors: [attestor],
 *   builds: [SignedBuild.ofPipeline(build, { repositoryUrl: "https://github.com/my-org/web" })],
 *   gates: [SigningGate.vulnerabilities({ severity: VulnerabilitySeverity.HIGH, fixableOnly: true })],
 * });
 */
export class SigningTrigger extends SigningTriggerBase {
  public readonly serviceAccountEmail: string;
  /** The project that signs. */
  public readonly project: string;
  /** The name of the trigger. */
  public readonly triggerName: string;
  /** The attestors that attest each image. */
  public readonly attestors: ISigningAttestor[];
  /** The resources of the triggers, one for each project that builds; none with `SigningStart.ownTrigger()`. */
  public readonly triggers: CloudbuildTrigger[];
  /** The resource of the identity; undefined where an existing one was given. */
  public readonly serviceAccount?: ServiceAccount;

  private readonly config: BuildConfig;
  private released = false;

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props the trigger
   */
  public constructor(scope: Construct, id: string, props: SigningTriggerProps) {
    super(scope, id);
    const valid = validate(scope, id, props);
    this.project = valid.project;
    this.triggerName = props.triggerName;
    this.attestors = [...props.attestors];
    for (const { row } of valid.rows) {
      if (row.pipeline === undefined) {
        registerBuiltImage(this, row.image);
      }
    }
    warnOfUnpinned(this, { signerImage: props.signerImage ?? SIGNER_IMAGE });

    const placement = { project: this.project, provider: props.provider, enableApis: props.enableApis };
    const identity = identityOf(this, props.serviceAccountEmail, {
      ...placement,
      accountId: accountIdFor(this.triggerName),
      displayName: `Signs for ${this.triggerName}`,
    });
    this.serviceAccount = identity.account;
    this.serviceAccountEmail = identity.email;
    const grants = this.grant(props, valid.rows);
    this.config = this.buildConfig(props, valid.rows);
    this.triggers = this.createTriggers(props, valid.rows);
    const start = (props.start ?? SigningStart.afterBuild())._start;
    if (start.kind === "manual") {
      for (const trigger of this.triggers) {
        waitForNamed(trigger, "connected repository", start.repository);
      }
    }
    for (const trigger of this.triggers) {
      waitFor(trigger, this.serviceAccount, enabledApi(this, "cloudbuild", placement), ...inStackOf(this, grants));
    }
    this.node.addValidation({ validate: () => this.notSeparate(props, valid.rows) });
  }

  /**
   * The signing build as the text of a `cloudbuild.yaml`: for a trigger of the caller's own, and for reading. The trigger
   * has to declare the substitution `_BUILD_ID`, and to run the build as `serviceAccountEmail`.
   */
  public renderCloudBuildConfig(): string {
    return renderBuild(this.config);
  }

  /**
   * Leaves triggers, identity, and its grants outside of key, note and attestor alone from now on: the next apply forgets
   * them and destroys nothing. Terraform 1.7 or newer.
   */
  public release(): void {
    if (this.released) {
      return;
    }
    this.released = true;
    unclaim(this);
    releaseBindings(this);
    forget(...this.triggers, this.serviceAccount);
  }

  /** Everything the identity needs, on the narrowest resource that carries it, in the stack of that resource. */
  private grant(props: SigningTriggerProps, rows: readonly CheckedRow[]): TerraformResource[] {
    const member = `serviceAccount:${this.serviceAccountEmail}`;
    const dependsOn = this.serviceAccount ? [this.serviceAccount] : [];
    const placement = { project: this.project, provider: props.provider, enableApis: props.enableApis };
    const createOnly = props.createOnly !== false;
    const onProject = (scope: Construct | undefined, project: string, role: string, who = member) => {
      const api = project === this.project ? enabledApi(this, "cloudresourcemanager", placement) : undefined;
      // A pipeline's project is opened in its stack, by the provider of that stack.
      return grantBinding(scope ?? this, {
        opened: { kind: "project", project },
        role,
        member: who,
        provider: scope ? undefined : props.provider,
        after: [...dependsOn, scope ? apiOfStack(scope, "cloudresourcemanager", project) : api],
      });
    };
    return [
      ...grantSigning(member, props.attestors, createOnly, dependsOn),
      ...gatesOf(props.gates).flatMap((gate) =>
        gate.kind === "attested-by" ? gate.attestor.grants.viewAttestations(member, { dependsOn }).resources : [],
      ),
      ...rows.flatMap(({ row, trigger, imageProject }) => [
        onProject(row.pipeline, trigger.project, ROLES.BUILDS_VIEWER),
        onProject(row.pipeline, imageProject, ROLES.OCCURRENCES_VIEWER),
      ]),
      ...rows.flatMap(({ row, image }) => (row.platforms === undefined ? [] : [this.readIndex(props, row, image)])),
      onProject(undefined, this.project, ROLES.LOG_WRITER),
      ...(props.approvers ?? []).map((approver) => onProject(undefined, this.project, ROLES.BUILDS_APPROVER, approver)),
    ];
  }

  /** Lets the signer read which images are in an index. */
  private readIndex(props: SigningTriggerProps, row: SignedBuildRow, image: ArtifactRegistryImage): TerraformResource {
    const { project, location, repositoryId } = image;
    const binding = grantBinding(row.pipeline ?? this, {
      opened: { kind: "repository", project, location, repositoryId },
      role: ROLES.REPOSITORY_READER,
      member: `serviceAccount:${this.serviceAccountEmail}`,
      provider: row.pipeline ? undefined : props.provider,
      after: [this.serviceAccount],
    });
    waitForNamed(binding, "repository", `projects/${project}/locations/${location}/repositories/${repositoryId}`);
    return binding;
  }

  private buildConfig(props: SigningTriggerProps, rows: readonly CheckedRow[]): BuildConfig {
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
        // The only value from outside; everything else is in the scripts.
        step("check-build", checkBuildScript(rows.map(({ table }) => table)), {
          REQUESTED_BUILD: "$_BUILD_ID",
          BUILD_FILE,
          BUILT_FILE,
          IMAGES_FILE,
        }),
        step("provenance", PROVENANCE_SCRIPT, {
          BUILD_FILE,
          IMAGES_FILE: BUILT_FILE,
          PROVENANCE_TIMEOUT: seconds(props.provenanceTimeout ?? "120s"),
        }),
        ...gatesOf(props.gates).map((gate, index) =>
          gateStep(gate, index, step, { built: BUILT_FILE, images: IMAGES_FILE }),
        ),
        ...props.attestors.map((attestor) =>
          step(`sign-${attestor.attestorName}`, SIGN_LIST_SCRIPT, {
            ...attestorEnv(attestor),
            KEY_VERSION: attestor.signingTrustRoot.signingKeyVersion,
            IMAGES_FILE,
          }),
        ),
        step("report", REPORT_SCRIPT, { IMAGES_FILE }),
      ],
      images: [],
      serviceAccount: accountResource(this.serviceAccountEmail, this.project),
      timeout: props.timeout ?? "1800s",
      workerPool: props.workerPool,
    };
  }

  private createTriggers(props: SigningTriggerProps, rows: readonly CheckedRow[]): CloudbuildTrigger[] {
    const start = (props.start ?? SigningStart.afterBuild())._start;
    switch (start.kind) {
      case "own-trigger":
        return [];
      case "manual":
        return [
          this.createTrigger(props, this.triggerName, {
            sourceToBuild: { repository: start.repository, ref: start.ref, repoType: start.repositoryType },
            // Declared, so that a run without it is refused by the first step and not by nobody.
            substitutions: { _BUILD_ID: "" },
          }),
        ];
      case "after-build":
        return [...new Set(rows.map(({ trigger }) => trigger.project))].map((project) =>
          this.createTrigger(
            props,
            project === this.project ? this.triggerName : triggerNameFor(this.triggerName, project),
            {
              pubsubConfig: { topic: `projects/${project}/topics/cloud-builds` },
              substitutions: {
                _BUILD_ID: "$(body.message.attributes.buildId)",
                _STATUS: "$(body.message.attributes.status)",
                _TRIGGER_NAME: "$(body.message.data.substitutions.TRIGGER_NAME)",
              },
              // Spares builds, the signing builds' own messages first of all; decides nothing: the build is read again.
              filter: `_STATUS == "SUCCESS" && _TRIGGER_NAME.matches("^(${triggersIn(rows, project).join("|")})$")`,
            },
            this.subscription(props, project, rows),
          ),
        );
    }
  }

  private createTrigger(
    props: SigningTriggerProps,
    name: string,
    start: Partial<CloudbuildTriggerConfig>,
    after: readonly TerraformResource[] = [],
  ): CloudbuildTrigger {
    claim(this, "trigger", `projects/${this.project}/locations/${props.location}/triggers/${name}`);
    const id = logicalId(this.project, props.location, name);
    const trigger = fixAddress(
      new CloudbuildTrigger(this, `Trigger-${name}`, {
        project: this.project,
        location: props.location,
        name,
        description: `Signs with ${this.attestors.map((attestor) => attestor.attestorName).join(", ")}`,
        serviceAccount: this.config.serviceAccount,
        buildAttribute: toTriggerBuild(this.config),
        approvalConfig: props.approvers === undefined ? undefined : { approvalRequired: true },
        ...start,
        provider: props.provider,
      }),
      id,
    );
    waitFor(trigger, ...inStackOf(this, after));
    return trigger;
  }

  /** Lets Cloud Build of this project subscribe to the topic of another one; in its own project it may already. */
  private subscription(
    props: SigningTriggerProps,
    project: string,
    rows: readonly CheckedRow[],
  ): readonly TerraformResource[] {
    if (project === this.project) {
      return [];
    }
    const pipeline = rows.find(({ trigger }) => trigger.project === project)?.row.pipeline;
    return [
      grantBinding(pipeline ?? this, {
        opened: { kind: "topic", project, topic: "cloud-builds" },
        role: ROLES.TOPIC_SUBSCRIBER,
        member: `serviceAccount:service-${props.projectNumber}@gcp-sa-cloudbuild.iam.gserviceaccount.com`,
        provider: pipeline ? undefined : props.provider,
      }),
    ];
  }

  /** What later lines of the program opened: noticed when the app is synthesized. */
  private notSeparate(props: SigningTriggerProps, rows: readonly CheckedRow[]): string[] {
    const found = signerThatBuilds(this, this.serviceAccountEmail);
    const signer = `serviceAccount:${this.serviceAccountEmail}`;
    const evidence = new Set(rows.map(({ imageProject }) => imageProject));
    for (const project of editableEvidence(this, signer, evidence)) {
      found.push(
        `[${ProblemCode.EVIDENCE_NOT_INDEPENDENT}] the signer is granted ${ROLES.OCCURRENCES_EDITOR} on ${project} by another construct as well, got ${signer}: it could change the provenance and the scans that it checks; allowed: an identity of the trigger's own`,
      );
    }
    for (const builder of new Set(rows.map(({ row }) => `serviceAccount:${row.serviceAccountEmail}`))) {
      for (const project of editableEvidence(this, builder, evidence)) {
        found.push(
          `[${ProblemCode.EVIDENCE_NOT_INDEPENDENT}] the builder is granted ${ROLES.OCCURRENCES_EDITOR} on ${project}, got ${builder}: it could change the provenance and the scans of what it built; allowed: createOnly where it attests`,
        );
      }
    }
    for (const builder of new Set(rows.map(({ row }) => row.serviceAccountEmail))) {
      const keys = grantedTo(this, `serviceAccount:${builder}`).filter(({ role }) => role === ROLES.KMS_SIGNER);
      const own = props.attestors.map((attestor) => attestor.signingTrustRoot.cryptoKeyId);
      for (const { opened } of keys) {
        if (opened.kind === "key" && own.includes(opened.cryptoKeyId)) {
          found.push(
            `[${ProblemCode.SIGNER_NOT_SEPARATE}] the builder ${builder} may sign with ${opened.cryptoKeyId} itself: whatever runs in its builds could sign anything; allowed: a builder without access to the key`,
          );
        }
      }
    }
    return found;
  }
}

/** The trigger for the builds of another project. */
function triggerNameFor(triggerName: string, project: string): string {
  return `${triggerName}-${project.replace(/[^a-z0-9-]/g, "-")}`;
}

function triggersIn(rows: readonly CheckedRow[], project: string): string[] {
  return [...new Set(rows.filter(({ trigger }) => trigger.project === project).map(({ trigger }) => trigger.name))];
}

interface ValidatedTrigger {
  readonly project: string;
  readonly rows: readonly CheckedRow[];
}

function validate(scope: Construct, id: string, props: SigningTriggerProps): ValidatedTrigger {
  const refusals = new Refusals(pathOf(scope, id));
  const project = resolveProject(refusals, scope, props);
  refusals.name("triggerName", props.triggerName, TRIGGER_NAME);
  if (refusals.literal("location", props.location) && parseRegionOrZone(props.location)?.kind !== "region") {
    refusals.add(
      ProblemCode.INVALID_LOCATION,
      `"location" is no region, got ${show(props.location)}; allowed: a region such as "us-central1"`,
    );
  }
  checkSigningAttestors(refusals, props.attestors, "trigger");
  const rows = props.builds.flatMap((build, index) => checkRow(refusals, build._row, `builds[${index}]`));
  checkTable(refusals, props, project, rows);
  const email = props.serviceAccountEmail ?? serviceAccountEmail(accountIdFor(props.triggerName), project);
  if (props.serviceAccountEmail !== undefined) {
    refusals.email("serviceAccountEmail", props.serviceAccountEmail);
  }
  checkSeparation(refusals, props, email, rows);
  for (const [property, value] of Object.entries({
    timeout: props.timeout,
    provenanceTimeout: props.provenanceTimeout,
  })) {
    checkTimeout(refusals, value, property);
  }
  checkProvenanceTimeout(refusals, props);
  checkGates(refusals, props);
  checkStart(refusals, props);
  checkWorkerPool(refusals, props.workerPool, props.location);
  checkStepImages(refusals, (props.start ?? SigningStart.afterBuild())._start, { signerImage: props.signerImage });
  refusals.throwIfAny();
  return { project, rows };
}

function checkTable(
  refusals: Refusals,
  props: SigningTriggerProps,
  project: string,
  rows: readonly CheckedRow[],
): void {
  if (props.builds.length === 0) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      '"builds" is empty: the trigger would sign nothing; allowed: at least one row',
    );
  }
  for (const same of repeated(rows.map(({ table }) => [table.trigger, table.branch, table.tag].join(" ")))) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"builds" is there twice for ${show(same.trim())}: nothing of either row would be signed; allowed: one row for a trigger and its branch or tag`,
    );
  }
  const others = rows.filter(({ trigger }) => trigger.project !== project).map(({ trigger }) => trigger.project);
  const start = (props.start ?? SigningStart.afterBuild())._start;
  if (props.projectNumber !== undefined) {
    refusals.name("projectNumber", props.projectNumber, PROJECT_NUMBER, ProblemCode.INVALID_PROJECT);
  } else if (start.kind === "after-build" && others.length > 0 && project !== "") {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"projectNumber" is needed for the messages of builds in ${others[0]}, got nothing; allowed: the number of ${project}`,
    );
  }
  for (const other of start.kind === "after-build" ? new Set(others) : []) {
    const name = triggerNameFor(props.triggerName, other);
    if (TRIGGER_NAME.pattern.test(props.triggerName) && !TRIGGER_NAME.pattern.test(name)) {
      refusals.add(
        ProblemCode.INVALID_NAME,
        `"triggerName" makes the name of the trigger for ${other} too long, got ${show(name)}; allowed: 64 characters together`,
      );
    }
  }
  const own = rows.find(
    ({ trigger }) =>
      trigger.project === project && trigger.location === props.location && trigger.name === props.triggerName,
  );
  if (own) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"builds" names the signing trigger itself, got ${show(own.table.trigger)}; allowed: the triggers that build`,
    );
  }
}

function checkSeparation(
  refusals: Refusals,
  props: SigningTriggerProps,
  email: string,
  rows: readonly CheckedRow[],
): void {
  if (rows.some(({ row }) => row.serviceAccountEmail === email)) {
    refusals.add(
      ProblemCode.SIGNER_NOT_SEPARATE,
      `the signer is the builder of a row, got ${email} for both: whatever runs in its builds could sign anything; allowed: an identity of the signer's own`,
    );
  }
  const machines = [email, ...rows.map(({ row }) => row.serviceAccountEmail)];
  checkApprovers(refusals, props.approvers, machines, "the signer or a builder");
  if (props.createOnly !== false) {
    return;
  }
  const projects = new Set(props.attestors.map((attestor) => attestor.project));
  const shared = rows.find(({ imageProject }) => projects.has(imageProject));
  if (shared) {
    refusals.add(
      ProblemCode.EVIDENCE_NOT_INDEPENDENT,
      `"createOnly" is false, and provenance and scans of ${shared.row.image} are in the project of an attestor, got ${shared.imageProject} for both: the signer could change what it is to check; allowed: createOnly, or attestors in a project without images`,
    );
  }
}

/** A provenance that is waited for within the time of the build, which could not say why it ends otherwise. */
function checkProvenanceTimeout(
  refusals: Refusals,
  { provenanceTimeout, timeout = "1800s" }: SigningTriggerProps,
): void {
  if (provenanceTimeout !== undefined && Number.parseInt(provenanceTimeout, 10) >= Number.parseInt(timeout, 10)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"provenanceTimeout" is not shorter than the build's own timeout, got ${provenanceTimeout} of ${timeout}; allowed: a longer "timeout"`,
    );
  }
}

function checkStart(refusals: Refusals, props: SigningTriggerProps): void {
  const start = (props.start ?? SigningStart.afterBuild())._start;
  if (start.kind === "own-trigger" && props.approvers !== undefined) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      '"approvers" is for a trigger of the construct, got SigningStart.ownTrigger: no build would wait; allowed: approval_config of the trigger of your own, and no approvers here',
    );
  }
  if (start.kind !== "manual") {
    return;
  }
  const location = checkRepository(refusals, "start.repository", start.repository);
  if (location !== undefined && location !== props.location) {
    refusals.add(
      ProblemCode.INVALID_LOCATION,
      `"start.repository" is not in the region of the trigger, got ${location}; allowed: a repository in ${props.location}`,
    );
  }
}
