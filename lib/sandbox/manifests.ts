import { createHash } from "node:crypto";
import { parseArtifactRegistryImage } from "../vocabulary/image-reference";
import { alsoNeeds, type Context } from "./context";
import { notFound } from "./errors";
import { isObject, type Json, str } from "./json";
import { ALSO_NEEDED } from "./permissions";
import { type Call, TextAnswer } from "./routes";
import { requireEnabled } from "./service-usage";
import type { State } from "./state";

/** An image in Artifact Registry: its manifest, or the index of those of several platforms. */
export interface ImageManifest {
  /** `LOCATION-docker.pkg.dev/P/REPOSITORY/IMAGE@sha256:…`. */
  readonly image: string;
  /** The text whose digest that is, to the byte. */
  readonly manifest: string;
}

/** How a manifest has to look. */
export const MANIFEST_FORM =
  "an image (LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE@sha256:…) and its manifest, the text of a JSON object with that digest";

/** Whether the text is JSON, and has the digest that the image is named by. */
export function isManifest(image: Json | undefined, manifest: Json | undefined): boolean {
  const [path = "", digest = ""] = str(image).split("@");
  return (
    parseArtifactRegistryImage(path) !== undefined &&
    isObject(document(str(manifest))) &&
    digest === `sha256:${createHash("sha256").update(str(manifest)).digest("hex")}` &&
    image === `${path}@${digest}`
  );
}

/**
 * Puts the manifest of an image into the registry, as a push does.
 * @throws RangeError for an image without digest, or a text that has another one
 */
export function putManifest(state: State, { image, manifest }: ImageManifest): void {
  if (!isManifest(image, manifest)) {
    throw new RangeError(`no manifest of an image, got ${JSON.stringify(image)}; allowed: ${MANIFEST_FORM}`);
  }
  state.manifests[image] = manifest;
}

/**
 * The manifest of an image, by its digest. The address says no location: the host does in Google's registry.
 * Source: https://docs.cloud.google.com/artifact-registry/docs/reference/docker-api
 */
export function manifestOf(context: Context, call: Call): TextAnswer {
  const [path, digest] = call.name.split("/manifests/");
  const found = Object.entries(context.state.manifests).filter(
    ([image]) => image.slice(image.indexOf("/") + 1) === `${path}@${digest}`,
  );
  if (found.length === 0) {
    throw notFound(`the manifest ${digest} of ${path}`);
  }
  // The same bytes in several locations: whoever may not read all of them is refused.
  for (const [image] of found) {
    const named = parseArtifactRegistryImage(image.split("@")[0]);
    const { project, location, repositoryId } = named ?? { project: "", location: "", repositoryId: "" };
    requireEnabled(context, "artifactregistry", project);
    const repository = `projects/${project}/locations/${location}/repositories/${repositoryId}`;
    alsoNeeds(context, call, ALSO_NEEDED.downloadArtifacts.permission, repository);
  }
  const [[, text]] = found;
  return new TextAnswer(text, typeOf(document(text)));
}

function document(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** An OCI document may leave its type out. */
function typeOf(manifest: Json | undefined): string {
  if (!isObject(manifest)) {
    return "application/octet-stream";
  }
  const kind = manifest.manifests === undefined ? "manifest" : "index";
  return str(manifest.mediaType) || `application/vnd.oci.image.${kind}.v1+json`;
}
