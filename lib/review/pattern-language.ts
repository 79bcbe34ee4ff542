import { SystemImages } from "../vocabulary/system-images";

/**
 * The images that exempt patterns admit, as languages.
 *
 * A pattern is a stem, then nothing, `*` (any text without `/`) or `**` (any text). So every language is one text, or the
 * extensions of one, and inclusion is decided exactly by comparing the stems.
 */

interface Language {
  readonly stem: string;
  readonly wildcard: "" | "*" | "**";
}

function languageOf(pattern: string): Language {
  const wildcard = /\*{0,2}$/.exec(pattern)?.[0] as Language["wildcard"];
  const stem = pattern.slice(0, pattern.length - wildcard.length);
  // A tag or digest has begun after the last slash: no image has another slash behind it, so that `**` is `*`.
  const ended = stem.includes("/") && /[:@][^/]*$/.test(stem);
  return { stem, wildcard: wildcard === "**" && ended ? "*" : wildcard };
}

/** Whether every image of the second pattern is one of the first. */
export function covers(wide: string, narrow: string): boolean {
  const [outer, inner] = [languageOf(wide), languageOf(narrow)];
  if (outer.wildcard === "") {
    return inner.wildcard === "" && inner.stem === outer.stem;
  }
  if (!inner.stem.startsWith(outer.stem)) {
    return false;
  }
  return outer.wildcard === "**" || (inner.wildcard !== "**" && !inner.stem.slice(outer.stem.length).includes("/"));
}

/** The patterns of the first list that no pattern of the second one covers. */
export function uncovered(patterns: readonly string[], by: readonly string[]): string[] {
  return patterns.filter((pattern) => !by.some((wide) => covers(wide, pattern)));
}

/** How far a pattern reaches beyond what one owner decides. */
export type Breadth =
  /** Others may push what it admits: it leaves open whose part of a shared registry it means. */
  | "shared-registry"
  /** All of a registry of which nothing is known here. */
  | "whole-registry"
  /** What Google publishes for GKE itself. */
  | "system-images"
  | "owned";

/** Registries in which everybody may have a part of their own, named by the segment after the host. */
const SHARED =
  /^(?:(?:[a-z]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev|(?:index\.|registry-1\.)?docker\.io|quay\.io|ghcr\.io|registry\.gitlab\.com|public\.ecr\.aws)$/;
/** Registries of one owner, by the look of their host among the shared ones: those of Kubernetes and of GKE. */
const OWNED: ReadonlySet<string> = new Set(["k8s.gcr.io", "gke.gcr.io"]);

/** The documented ones, their older name, and where those of Kubernetes moved to. */
const SYSTEM_IMAGE_PATTERNS = [...SystemImages.GKE_DOCUMENTED, "gcr.io/google_containers/*", "registry.k8s.io/**"];

export function breadthOf(pattern: string): Breadth {
  const { stem, wildcard } = languageOf(pattern);
  if (SYSTEM_IMAGE_PATTERNS.some((documented) => covers(documented, pattern))) {
    return "system-images";
  }
  const [host, owner, ...rest] = stem.split("/");
  if (owner === undefined) {
    // A local name, or one of Docker Hub: it goes on into registries only with **.
    return wildcard === "**" ? "shared-registry" : "owned";
  }
  const isHost = host.includes(".") || host.includes(":") || host === "localhost";
  if (wildcard === "" || !isHost || rest.length > 0) {
    return "owned";
  }
  if (!SHARED.test(host) || OWNED.has(host)) {
    return owner === "" ? (OWNED.has(host) ? "owned" : "whole-registry") : "owned";
  }
  // The owner is named by all of the segment: cut short, others can choose one that begins like it.
  return wildcard === "**" || owner === "" ? "shared-registry" : "owned";
}
