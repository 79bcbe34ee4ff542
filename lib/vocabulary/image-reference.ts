/** The parts of an image name as a pod writes it. */
export interface ImageReference {
  /** Everything before tag and digest: `us-central1-docker.pkg.dev/p/r/app`. */
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:` and 64 lower-case hexadecimal digits. */
  readonly digest?: string;
}

// Each separator in one branch only: with two ways to read a hyphen, hostile text would take exponential time.
const REPOSITORY = /^(?:[a-zA-Z0-9.-]+(?::[0-9]+)?\/)?[a-z0-9]+(?:(?:[./]|__?|-+)[a-z0-9]+)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * Reads an image name; undefined where it is none.
 * Source: https://github.com/distribution/reference (grammar of names, tags and digests).
 */
export function parseImageReference(image: string): ImageReference | undefined {
  const [named, digest, ...more] = image.split("@");
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest))) {
    return undefined;
  }
  const colon = named.lastIndexOf(":");
  const tagged = colon > named.lastIndexOf("/");
  const repository = tagged ? named.slice(0, colon) : named;
  const tag = tagged ? named.slice(colon + 1) : undefined;
  if (!REPOSITORY.test(repository) || (tag !== undefined && !TAG.test(tag))) {
    return undefined;
  }
  return { repository, tag, digest };
}

/** The parts of an image path in Artifact Registry. */
export interface ArtifactRegistryImage {
  readonly location: string;
  readonly project: string;
  readonly repositoryId: string;
  /** What follows the repository: one segment or several. */
  readonly image: string;
}

/** How an image path in Artifact Registry has to look. */
export const ARTIFACT_REGISTRY_IMAGE_FORM = "LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE, without tag and digest";

const ARTIFACT_REGISTRY =
  /^([a-z]+(?:-[a-z]+[0-9]+)?)-docker\.pkg\.dev\/((?:[a-z0-9-]+(?:\.[a-z0-9-]+)+\/)?[a-z][a-z0-9-]{4,28}[a-z0-9])\/([a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)\/(.+)$/;

/** Reads an image path in Artifact Registry without tag and digest; undefined for anything else. */
export function parseArtifactRegistryImage(path: string): ArtifactRegistryImage | undefined {
  const reference = parseImageReference(path);
  if (!reference || reference.tag !== undefined || reference.digest !== undefined) {
    return undefined;
  }
  const match = ARTIFACT_REGISTRY.exec(path);
  if (!match) {
    return undefined;
  }
  const [, location, project, repositoryId, image] = match;
  // A domain-scoped project `example.com:app` is written `example.com/app` in a path.
  return { location, project: project.replace("/", ":"), repositoryId, image };
}
