import type {
  CloudbuildTriggerConfig,
  CloudbuildTriggerSourceToBuild,
} from "@cdktf/provider-google/lib/cloudbuild-trigger";
import { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import { type TerraformProvider, type TerraformResource, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import {
  ARTIFACT_REGISTRY_IMAGE_FORM,
  type ArtifactRegistryImage,
  parseArtifactRegistryImage,
} from "../../vocabulary/image-reference";
import { parseRegionOrZone } from "../../vocabulary/location";
import { ProblemCode, show } from "../../vocabulary/problem";
import { PROJECT_ID, PROJECT_NUMBER, serviceAccountEmail, TRIGGER_NAME } from "../../vocabulary/resource-name";
import { ROLES } from "../../vocabulary/roles";
import { shortHash } from "../../vocabulary/short-hash";
import type { PipelineSource } from "../pipeline-source";
import { claim, fixAddress, logicalId, waitFor, waitForNamed } from "./addressing";
import { enabledApi } from "./apis";
import type { BuildConfig } from "./cloud-build-config";
import { grantBinding } from "./iam";
import { type Refusals, warn } from "./refusals";

// What the pipelines that build, that sign, and that do both have in common.

/** The image of steps that build and push: bash and docker. */
export const BUILDER_IMAGE = "gcr.io/cloud-builders/docker";
/** The image of steps that sign: bash, curl, python3 and gcloud with its beta commands. */
export const SIGNER_IMAGE = "gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-slim";

/** A version of a secret, by number. */
export const SECRET_VERSION = /^projects\/([^/]+)\/secrets\/([A-Za-z0-9_-]+)\/versions\/[1-9][0-9]*$/;
const TOPIC = /^projects\/([^/]+)\/topics\/([A-Za-z][A-Za-z0-9._~+%-]{2,254})$/;
const REPOSITORY = /^projects\/[^/]+\/locations\/([^/]+)\/connections\/[^/]+\/repositories\/[^/]+$/;

/** Approvers are members, and none of them is an identity whose builds they are to judge. */
export function checkApprovers(
  refusals: Refusals,
  approvers: readonly string[] | undefined,
  emails: readonly string[],
  who: string,
): void {
  const machines = emails.map((email) => `serviceAccount:${email}`);
  for (const approver of approvers ?? []) {
    refusals.member("approvers", approver);
    if (machines.includes(approver)) {
      refusals.add(
        ProblemCode.SIGNER_NOT_SEPARATE,
        `an approver is ${who} itself, got ${show(approver)}; allowed: people, or a group of them`,
      );
    }
  }
}

/** An identity's name for a pipeline's name: six to thirty characters. */
export function accountIdFor(pipelineName: string): string {
  const plain = pipelineName.toLowerCase();
  const fits = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(plain);
  // A shortened name keeps apart from others by a hash.
  return fits ? plain : `b-${plain.slice(0, 19).replace(/-+$/, "")}-${shortHash(pipelineName)}`;
}

/** Where a pipeline is, and by which provider it is made. */
interface Placement {
  readonly project: string;
  readonly provider?: TerraformProvider;
  readonly enableApis?: boolean;
}

/** What an identity of a pipeline's own is made of. */
interface IdentityOptions extends Placement {
  readonly accountId: string;
  readonly displayName: string;
}

/** The identity of a pipeline, as a child of it. */
export function createIdentity(scope: Construct, options: IdentityOptions): ServiceAccount {
  const { project, accountId, displayName, provider } = options;
  claim(scope, "service account", serviceAccountEmail(accountId, project));
  const account = fixAddress(
    new ServiceAccount(scope, "ServiceAccount", { project, accountId, displayName, provider }),
    logicalId(project, accountId),
  );
  waitFor(account, enabledApi(scope, "iam", options));
  return account;
}

/** Who runs the builds: the account that was given, or one of the pipeline's own. */
export function identityOf(
  scope: Construct,
  given: string | undefined,
  options: IdentityOptions,
): { readonly email: string; readonly account?: ServiceAccount } {
  return given === undefined
    ? { email: serviceAccountEmail(options.accountId, options.project), account: createIdentity(scope, options) }
    : { email: given };
}

/** Lets a member write the logs of its builds: without that a build of an identity of its own does not start. */
export function grantLogging(
  scope: Construct,
  member: string,
  options: Placement & { readonly dependsOn: readonly TerraformResource[] },
): TerraformResource {
  return grantBinding(scope, {
    opened: { kind: "project", project: options.project },
    role: ROLES.LOG_WRITER,
    member,
    provider: options.provider,
    after: [...options.dependsOn, enabledApi(scope, "cloudresourcemanager", options)],
  });
}

/** Lets a member push to the repository of an image, and to no other. */
export function grantPush(
  scope: Construct,
  member: string,
  image: Pick<ArtifactRegistryImage, "project" | "location" | "repositoryId">,
  options: { readonly provider?: TerraformProvider; readonly dependsOn: readonly (TerraformResource | undefined)[] },
): TerraformResource {
  const { project, location, repositoryId } = image;
  return grantBinding(scope, {
    opened: { kind: "repository", project, location, repositoryId },
    role: ROLES.REPOSITORY_WRITER,
    member,
    provider: options.provider,
    after: [...options.dependsOn],
  });
}

/** Those in the stack of a construct: waiting for grants of another stack would make each stack wait for the other. */
export function inStackOf(scope: Construct, resources: readonly TerraformResource[]): TerraformResource[] {
  const here = TerraformStack.of(scope);
  return resources.filter((resource) => TerraformStack.of(resource) === here);
}

/** The build as the text of a `cloudbuild.yaml`. */
export function renderBuild(config: BuildConfig): string {
  // Loaded when first used: a deployment needs no YAML.
  const { toYaml } = require("./cloud-build-yaml") as typeof import("./cloud-build-yaml");
  return toYaml(config);
}

/** The full id of an account, as a trigger names it. */
export function accountResource(email: string, fallbackProject: string): string {
  return `projects/${projectOf(email) ?? fallbackProject}/serviceAccounts/${email}`;
}

/** The project that an account belongs to; undefined where its address does not say. */
function projectOf(email: string): string | undefined {
  const host = /@(.+)\.iam\.gserviceaccount\.com$/.exec(email)?.[1];
  if (host === undefined) {
    return undefined;
  }
  // `app.example.com` is the domain-scoped project `example.com:app`.
  const dot = host.indexOf(".");
  return dot < 0 ? host : `${host.slice(dot + 1)}:${host.slice(0, dot)}`;
}

/** The arguments of a trigger that say where its source comes from. */
export function triggerSource(source: PipelineSource): Partial<CloudbuildTriggerConfig> {
  const trigger = source._source;
  switch (trigger.kind) {
    case "manual":
      return { sourceToBuild: sourceToBuild(trigger) };
    case "webhook":
      return { webhookConfig: { secret: trigger.secretVersion }, sourceToBuild: sourceToBuild(trigger) };
    case "pubsub":
      return { pubsubConfig: { topic: trigger.topic }, sourceToBuild: sourceToBuild(trigger) };
    case "push":
      return {
        repositoryEventConfig: {
          repository: trigger.repository,
          push: { branch: trigger.branch, tag: trigger.tag },
        },
      };
    case "github-app":
      return {
        github: { owner: trigger.owner, name: trigger.name, push: { branch: trigger.branch, tag: trigger.tag } },
      };
    case "own-trigger":
      return {};
  }
}

function sourceToBuild(trigger: {
  readonly repository: string;
  readonly ref: string;
  readonly repositoryType: string;
}): CloudbuildTriggerSourceToBuild {
  return { repository: trigger.repository, ref: trigger.ref, repoType: trigger.repositoryType };
}

/** Makes a trigger wait for its repository, where the app connects it. */
export function waitForSource(trigger: TerraformResource, source: PipelineSource): void {
  const from = source._source;
  if ("repository" in from) {
    waitForNamed(trigger, "connected repository", from.repository);
  }
}

/** What Cloud Build itself needs to start builds: the secret of a webhook, the topic of another project. */
export function grantSource(
  scope: Construct,
  source: PipelineSource,
  options: { readonly project: string; readonly provider?: TerraformProvider },
): TerraformResource[] {
  const trigger = source._source;
  const agent = (projectNumber: string | undefined) =>
    `serviceAccount:service-${projectNumber}@gcp-sa-cloudbuild.iam.gserviceaccount.com`;
  if (trigger.kind === "webhook") {
    const [, project, secret] = SECRET_VERSION.exec(trigger.secretVersion) as RegExpExecArray;
    return [
      grantBinding(scope, {
        opened: { kind: "secret", project, secret },
        role: ROLES.SECRET_ACCESSOR,
        member: agent(trigger.projectNumber),
        provider: options.provider,
      }),
    ];
  }
  if (trigger.kind === "pubsub") {
    const [, project, topic] = TOPIC.exec(trigger.topic) as RegExpExecArray;
    return project === options.project
      ? []
      : [
          grantBinding(scope, {
            opened: { kind: "topic", project, topic },
            role: ROLES.TOPIC_SUBSCRIBER,
            member: agent(trigger.projectNumber),
            provider: options.provider,
          }),
        ];
  }
  return [];
}

/** An image path in Artifact Registry that can be pushed to and signed. */
export function checkImage(refusals: Refusals, text: string, property = "image"): ArtifactRegistryImage | undefined {
  if (!refusals.literal(property, text)) {
    return undefined;
  }
  const image = parseArtifactRegistryImage(text);
  if (!image) {
    refusals.add(
      ProblemCode.INVALID_IMAGE,
      `"${property}" is no image path in Artifact Registry, got ${show(text)}; allowed: ${ARTIFACT_REGISTRY_IMAGE_FORM}`,
    );
  } else if (!PROJECT_ID.pattern.test(image.project)) {
    refusals.add(
      ProblemCode.INVALID_PROJECT,
      `"${property}" names no valid project, got ${show(image.project)}; allowed: ${PROJECT_ID.allowed}`,
    );
  }
  return image;
}

/** The name that was given, or the one that follows from the image; the latter is nothing to complain of. */
export function checkPipelineName(
  refusals: Refusals,
  given: string | undefined,
  image: ArtifactRegistryImage | undefined,
  suffix: string,
): string {
  if (given !== undefined) {
    refusals.name("pipelineName", given, TRIGGER_NAME);
    return given;
  }
  if (!image) {
    return "";
  }
  const name = `${image.image
    .split("/")
    .pop()
    ?.replace(/[^a-zA-Z0-9-]/g, "-")}-${suffix}`;
  return TRIGGER_NAME.pattern.test(name) ? name : `${shortHash(image.image)}-${suffix}`;
}

/** What a build is told by substitutions. */
interface SubstitutedProps {
  readonly source: PipelineSource;
  readonly tag?: string;
  readonly dockerfile?: string;
  readonly buildContext?: string;
}

/** An unknown `$_NAME` becomes nothing, silently: builds of triggers are always run that way. */
export function checkSubstitutions(refusals: Refusals, props: SubstitutedProps): void {
  const { tag, dockerfile, buildContext } = props;
  if (tag !== undefined && !/^(?:[\w.-]|\$\w+|\$\{\w+\})+$/.test(tag)) {
    refusals.add(
      ProblemCode.INVALID_IMAGE,
      `"tag" is no tag, got ${show(tag)}; allowed: letters, digits, underscores, full stops and hyphens, with substitutions of Cloud Build such as "$COMMIT_SHA"`,
    );
  }
  if (props.source._source.kind === "own-trigger") {
    return;
  }
  for (const [property, value] of Object.entries({ tag, dockerfile, buildContext })) {
    refuseUndeclared(refusals, property, value);
  }
}

/** Cloud Build substitutes in the images of steps as well; a trigger of the caller's own may declare what it likes. */
export function checkStepImages(
  refusals: Refusals,
  startedBy: { readonly kind: string },
  images: Readonly<Record<string, string | undefined>>,
): void {
  for (const [property, value] of Object.entries(images)) {
    refuseBrokenDigest(refusals, property, value);
  }
  if (startedBy.kind === "own-trigger") {
    return;
  }
  for (const [property, value] of Object.entries(images)) {
    refuseUndeclared(refusals, property, value);
  }
}

/** A variable that was empty or not set makes such a text: the build would fail at its first step. */
function refuseBrokenDigest(refusals: Refusals, property: string, value: string | undefined): void {
  const [, digest] = /@(.*)$/s.exec(value ?? "") ?? [];
  if (digest !== undefined && !digest.includes("$") && !/^sha256:[0-9a-f]{64}$/.test(digest)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" has no digest behind its @, got ${show(value)}; allowed: IMAGE@sha256: with 64 hexadecimal digits`,
    );
  }
}

function refuseUndeclared(refusals: Refusals, property: string, value: string | undefined): void {
  const undeclared = /\$\{?(_[A-Z0-9_]+)/.exec(value ?? "")?.[1];
  if (undeclared) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" uses the substitution $${undeclared}, which the pipeline's trigger does not have, got ${show(value)}; allowed: the built-in substitutions of Cloud Build, or a trigger of your own`,
    );
  }
}

/** Checks where the source comes from; the region that the trigger has to be in. */
export function checkSource(refusals: Refusals, source: PipelineSource, project: string): string | undefined {
  const trigger = source._source;
  if (trigger.kind === "own-trigger") {
    return undefined;
  }
  if (trigger.kind === "github-app") {
    checkPush(refusals, trigger.branch, trigger.tag);
    return checkGithubApp(refusals, trigger);
  }
  const location = checkRepository(refusals, "source.repository", trigger.repository);
  switch (trigger.kind) {
    case "push":
      checkPush(refusals, trigger.branch, trigger.tag);
      return location;
    case "webhook":
      checkSecretVersion(refusals, "source.secretVersion", trigger.secretVersion);
      refusals.name("source.projectNumber", trigger.projectNumber, PROJECT_NUMBER, ProblemCode.INVALID_PROJECT);
      break;
    case "pubsub":
      checkTopic(refusals, trigger.topic, trigger.projectNumber, project);
      break;
    case "manual":
      break;
  }
  refusals.form("source.ref", trigger.ref, /^refs\/[^\s/]\S*$/, 'a full name such as "refs/heads/main"');
  return location;
}

/** A version of a secret by its number: `latest` would be another one without any change here. */
export function checkSecretVersion(refusals: Refusals, property: string, versionName: string): void {
  if (refusals.literal(property, versionName) && !SECRET_VERSION.test(versionName)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" names no version of a secret, got ${show(versionName)}; allowed: projects/PROJECT/secrets/SECRET/versions/NUMBER, never latest`,
    );
  }
}

function checkTopic(refusals: Refusals, topic: string, projectNumber: string | undefined, project: string): void {
  if (!refusals.form("source.topic", topic, TOPIC, "projects/PROJECT/topics/TOPIC")) {
    return;
  }
  const [, owner, name] = TOPIC.exec(topic) as RegExpExecArray;
  if (name === "cloud-builds") {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"source.topic" is the one on which Cloud Build publishes every build, got ${show(topic)}: each build would start the next one; allowed: another topic`,
    );
  }
  if (projectNumber !== undefined) {
    refusals.name("source.projectNumber", projectNumber, PROJECT_NUMBER, ProblemCode.INVALID_PROJECT);
  } else if (project !== "" && owner !== project) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"source.projectNumber" is needed for a topic of ${owner}, got nothing; allowed: the number of ${project}`,
    );
  }
}

/** Checks a repository of the GitHub App; the location of its trigger. */
function checkGithubApp(
  refusals: Refusals,
  trigger: { readonly owner: string; readonly name: string; readonly location: string },
): string {
  const { owner, name, location } = trigger;
  for (const [property, value] of Object.entries({ "source.owner": owner, "source.name": name })) {
    if (refusals.literal(property, value) && !/^[A-Za-z0-9._-]+$/.test(value)) {
      refusals.add(
        ProblemCode.INVALID_OPTIONS,
        `"${property}" is not valid, got ${show(value)}; allowed: a name as in github.com/OWNER/NAME`,
      );
    }
  }
  if (location !== "global" && parseRegionOrZone(location)?.kind !== "region") {
    refusals.add(
      ProblemCode.INVALID_LOCATION,
      `"source.location" is no location of a trigger, got ${show(location)}; allowed: a region, or global`,
    );
  }
  return location;
}

/** Checks the name of a connected repository; its region. */
export function checkRepository(refusals: Refusals, property: string, repository: string): string | undefined {
  if (!refusals.literal(property, repository)) {
    return undefined;
  }
  const location = REPOSITORY.exec(repository)?.[1];
  if (location === undefined || parseRegionOrZone(location)?.kind !== "region") {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" is no connected repository of a region, got ${show(repository)}; allowed: projects/PROJECT/locations/REGION/connections/CONNECTION/repositories/REPOSITORY`,
    );
  }
  return location;
}

/** A worker pool in the region of the trigger, where one is given. */
export function checkWorkerPool(
  refusals: Refusals,
  workerPool: string | undefined,
  location: string | undefined,
): void {
  if (workerPool === undefined || !refusals.literal("workerPool", workerPool)) {
    return;
  }
  const region = /^projects\/[^/]+\/locations\/([^/]+)\/workerPools\/[^/]+$/.exec(workerPool)?.[1];
  if (region === undefined || (location !== undefined && region !== location)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"workerPool" is no worker pool of the trigger's region, got ${show(workerPool)}; allowed: projects/PROJECT/locations/${location ?? "REGION"}/workerPools/NAME`,
    );
  }
}

/** A file of the source, relative to its root. */
export function checkListFile(refusals: Refusals, list: string | undefined, example: string): void {
  if (list !== undefined && refusals.literal("listFile", list) && !/^(?!.*\.\.)[\w.-]+(?:\/[\w.-]+)*$/.test(list)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"listFile" is no file of the source, got ${show(list)}; allowed: a path relative to its root, such as "${example}"`,
    );
  }
}

/** How long a build may take. */
export function checkTimeout(refusals: Refusals, timeout: string | undefined, property = "timeout"): void {
  if (timeout !== undefined && !/^[1-9][0-9]*s$/.test(timeout)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" is not valid, got ${show(timeout)}; allowed: seconds such as "1800s"`,
    );
  }
}

function checkPush(refusals: Refusals, branch: string | undefined, tag: string | undefined): void {
  if (branch !== undefined && tag !== undefined) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      '"source" names both a branch and a tag; allowed: one of them, and a second pipeline for the other',
    );
  }
  for (const expression of [branch, tag].filter((candidate) => candidate !== undefined)) {
    checkAnchored(refusals, "source", expression);
  }
}

/** Whether an expression is anchored as a whole: in "^a|b$" each anchor holds for one side only. */
export function isAnchored(expression: string): boolean {
  return /^\^(?:[^|]*|\([^()]*\))(?<!\\)\$$/.test(expression);
}

/** An expression for branches or tags that means all of the name. */
export function checkAnchored(refusals: Refusals, property: string, expression: string): void {
  if (!isAnchored(expression)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" has the expression ${show(expression)}, which is not anchored at both ends: builds of branches or tags that merely look alike would be signed; allowed: an expression such as "^main$" or "^(main|release)$"`,
    );
  }
}

/** Warns of step images that are tags, and of how to pin them. */
export function warnOfUnpinned(pipeline: Construct, images: Readonly<Record<string, string>>): void {
  const unpinned = Object.entries(images).filter(([, image]) => !/@sha256:[0-9a-f]{64}$/.test(image));
  if (unpinned.length > 0) {
    warn(
      pipeline,
      ProblemCode.UNPINNED_STEP_IMAGE,
      `the steps run in ${unpinned.map(([, image]) => image).join(" and ")}, tags that may change between two builds: pin them by digest with ${unpinned
        .map(([property]) => `"${property}"`)
        .join(" and ")}`,
    );
  }
}
