import type { CloudbuildTriggerConfig } from "@cdktf/provider-google/lib/cloudbuild-trigger";
import { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import type { TerraformProvider } from "cdktf";
import type { Construct } from "constructs";
import {
  ARTIFACT_REGISTRY_IMAGE_FORM,
  type ArtifactRegistryImage,
  parseArtifactRegistryImage,
} from "../../vocabulary/image-reference";
import { parseRegionOrZone } from "../../vocabulary/location";
import { ProblemCode, show } from "../../vocabulary/problem";
import { PROJECT_ID, serviceAccountEmail, TRIGGER_NAME } from "../../vocabulary/resource-name";
import { shortHash } from "../../vocabulary/short-hash";
import type { PipelineSource } from "../pipeline-source";
import { claim, fixAddress, logicalId, waitFor } from "./addressing";
import { enabledApi } from "./apis";
import { type Refusals, warn } from "./refusals";

// What the pipelines that build, that sign, and that do both have in common.

/** The image of steps that build and push: bash and docker. */
export const BUILDER_IMAGE = "gcr.io/cloud-builders/docker";
/** The image of steps that sign: bash, curl, python3 and gcloud with its beta commands. */
export const SIGNER_IMAGE = "gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-slim";

const REPOSITORY = /^projects\/[^/]+\/locations\/([^/]+)\/connections\/[^/]+\/repositories\/[^/]+$/;

/** An identity's name for a pipeline's name: six to thirty characters. */
export function accountIdFor(pipelineName: string): string {
  const plain = pipelineName.toLowerCase();
  const fits = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(plain);
  // A shortened name keeps apart from others by a hash.
  return fits ? plain : `b-${plain.slice(0, 19).replace(/-+$/, "")}-${shortHash(pipelineName)}`;
}

/** What an identity of a pipeline's own is made of. */
export interface IdentityOptions {
  readonly project: string;
  readonly accountId: string;
  readonly displayName: string;
  readonly provider?: TerraformProvider;
  readonly enableApis?: boolean;
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
      return {
        sourceToBuild: { repository: trigger.repository, ref: trigger.ref, repoType: trigger.repositoryType },
      };
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
    const undeclared = /\$\{?(_[A-Z0-9_]+)/.exec(value ?? "")?.[1];
    if (undeclared) {
      refusals.add(
        ProblemCode.INVALID_OPTIONS,
        `"${property}" uses the substitution $${undeclared}, which the pipeline's trigger does not have, got ${show(value)}; allowed: the built-in substitutions of Cloud Build, or a trigger of your own`,
      );
    }
  }
}

/** Checks where the source comes from; the region that the trigger has to be in. */
export function checkSource(refusals: Refusals, source: PipelineSource): string | undefined {
  const trigger = source._source;
  if (trigger.kind === "own-trigger") {
    return undefined;
  }
  if (trigger.kind === "github-app") {
    checkPush(refusals, trigger.branch, trigger.tag);
    return checkGithubApp(refusals, trigger);
  }
  const location = checkRepository(refusals, "source.repository", trigger.repository);
  if (trigger.kind === "push") {
    checkPush(refusals, trigger.branch, trigger.tag);
  }
  return location;
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

/** An expression for branches or tags that means all of the name. */
export function checkAnchored(refusals: Refusals, property: string, expression: string): void {
  // Anchored as a whole: in "^a|b$" each anchor holds for one side only.
  if (!/^\^(?:[^|]*|\([^()]*\))(?<!\\)\$$/.test(expression)) {
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
      `the steps run in ${unpinned.map(([, image]) => image).join(" and ")}, tags that may change between two builds: pin them by digest with ${Object.keys(
        images,
      )
        .map((property) => `"${property}"`)
        .join(" and ")}`,
    );
  }
}
