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

/**
 * Whether everybody may push to what a pattern admits, or to most of it: it names no project or repository of a registry
 * that is shared, or it names Docker Hub.
 */
export function isPublic(pattern: string): boolean {
  const { stem, wildcard } = languageOf(pattern);
  const [host, owner] = stem.split("/");
  if (!host.includes(".") && !host.includes(":") && host !== "localhost") {
    // A name without registry is looked up at Docker Hub; a bare local name with a tag is somebody's own.
    return stem === "" || stem.includes("/");
  }
  if (/(?:^|\.)docker\.io$/.test(host) || host === "quay.io" || host === "ghcr.io" || host === "public.ecr.aws") {
    return wildcard !== "" || host.endsWith("docker.io");
  }
  // The part before the second slash names the project: cut short, others can choose one that begins like it.
  return wildcard === "**" && stem.split("/").length <= 2 && (owner ?? "") === "";
}
