import { type ArtifactRegistryImage, parseArtifactRegistryImage } from "../../vocabulary/image-reference";
import { ProblemCode, show } from "../../vocabulary/problem";
import { TRIGGER_NAME } from "../../vocabulary/resource-name";
import type { SignedBuildRow } from "../signed-build";
import { checkAnchored, checkImage } from "./pipeline";
import { checkOnlyWithPlatforms, checkPlatforms } from "./platforms";
import type { Refusals } from "./refusals";
import type { BuildRow } from "./signing-scripts";

const TRIGGER = /^projects\/([^/]+)\/locations\/([a-z0-9-]+)\/triggers\/([^/]+)$/;
// As a browser shows it; no port, no user, no query: provenance has none either.
const REPOSITORY_URL = /^https:\/\/[a-z0-9.-]+(?:\/[A-Za-z0-9._-]+)+$/;

/** A row of the table, and what its names say. */
export interface CheckedRow {
  readonly row: SignedBuildRow;
  readonly trigger: { readonly project: string; readonly location: string; readonly name: string };
  readonly imageProject: string;
  readonly image: ArtifactRegistryImage;
  /** As the script reads it. */
  readonly table: BuildRow;
}

/** A row as the script reads it; none where it was refused. */
export function checkRow(refusals: Refusals, row: SignedBuildRow, property: string): CheckedRow[] {
  const before = refusals.count;
  const trigger = checkTriggerName(refusals, row, property);
  checkImage(refusals, row.image, `${property}.image`);
  refusals.email(`${property}.serviceAccountEmail`, row.serviceAccountEmail);
  const repository = row.repositoryUrl.replace(/\.git$/, "");
  if (refusals.literal(`${property}.repositoryUrl`, row.repositoryUrl) && !REPOSITORY_URL.test(repository)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}.repositoryUrl" is no address of a repository, got ${show(row.repositoryUrl)}; allowed: https://HOST/PATH, as a browser shows it`,
    );
  }
  checkRef(refusals, row, property);
  checkImages(refusals, row, property);
  const image = parseArtifactRegistryImage(row.image);
  if (refusals.count > before || trigger === undefined || image === undefined) {
    return [];
  }
  const table: BuildRow = {
    trigger: `projects/${trigger.project}/locations/${trigger.location}/triggers/${trigger.name}`,
    serviceAccount: row.serviceAccountEmail,
    repository,
    branch: row.branch,
    tag: row.tag,
    image: row.image,
    images: row.platforms?.length ?? row.imageCount ?? 1,
    ...(row.platforms && { platforms: [...row.platforms].sort(), platformImages: row.signPlatformImages === true }),
  };
  return [{ row, trigger, imageProject: image.project, image, table }];
}

/** How many images a build has: that many, or one for each platform. */
function checkImages(refusals: Refusals, row: SignedBuildRow, property: string): void {
  const { imageCount, platforms } = row;
  if (imageCount !== undefined && (!Number.isInteger(imageCount) || imageCount < 1)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}.imageCount" is no number of images, got ${show(imageCount)}; allowed: 1 or more`,
    );
  }
  if (imageCount !== undefined && platforms !== undefined) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" has both a number of images and platforms, got ${imageCount} and ${show(platforms)}; allowed: one of them, since a build of several platforms has one image for each`,
    );
  }
  checkPlatforms(refusals, platforms, `${property}.platforms`);
  checkOnlyWithPlatforms(refusals, platforms, `${property}.signPlatformImages`, row.signPlatformImages);
}

function checkTriggerName(
  refusals: Refusals,
  row: SignedBuildRow,
  property: string,
): CheckedRow["trigger"] | undefined {
  if (row.triggerName === undefined) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" is a pipeline that has no trigger of its own, got ${row.pipeline?.node.path}; allowed: SignedBuild.ofTrigger with the name of the trigger that runs it`,
    );
    return undefined;
  }
  if (!refusals.literal(`${property}.triggerName`, row.triggerName)) {
    return undefined;
  }
  const [, project, location, name] = TRIGGER.exec(row.triggerName) ?? [];
  if (name === undefined || !TRIGGER_NAME.pattern.test(name)) {
    refusals.add(
      ProblemCode.INVALID_NAME,
      `"${property}.triggerName" is no full name of a trigger, got ${show(row.triggerName)}; allowed: projects/PROJECT/locations/LOCATION/triggers/NAME`,
    );
    return undefined;
  }
  return { project, location, name };
}

function checkRef(refusals: Refusals, row: SignedBuildRow, property: string): void {
  if ((row.branch === undefined) === (row.tag === undefined)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" has to name a branch or a tag, got ${row.branch === undefined ? "neither" : "both"}; allowed: one of them, and a second row for the other`,
    );
  }
  for (const [kind, expression] of Object.entries({ branch: row.branch, tag: row.tag })) {
    if (expression !== undefined && refusals.literal(`${property}.${kind}`, expression)) {
      checkAnchored(refusals, `${property}.${kind}`, expression);
      checkDialect(refusals, `${property}.${kind}`, expression);
    }
  }
}

/**
 * The expression is read by Python: what Python refuses would stop every signature, and what it reads otherwise would mean
 * other names. Sources: https://github.com/google/re2/wiki/Syntax and https://docs.python.org/3/library/re.html
 */
function checkDialect(refusals: Refusals, property: string, expression: string): void {
  if (/\\[ACEPQZpz]|\[:|\(\?(?!:)/.test(expression.replace(/\\\\/g, ""))) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" has the expression ${show(expression)}, which Cloud Build (RE2) and the signing build (Python) read differently; allowed: classes such as [0-9], groups and repetitions, without \\A, \\C, \\E, \\p, \\Q, \\z, [:…:] and flags`,
    );
  }
}
