/** How an exempt image pattern has to look. */
export const EXEMPTION_PATTERN_FORM =
  "an image path, optionally ending with '*' (stays within one path segment) or '**' (crosses '/'), with the wildcard after the registry part";

/**
 * Why a pattern is outside the documented grammar; undefined where it is inside.
 *
 * Source: https://docs.cloud.google.com/binary-authorization/docs/policy-yaml-reference (`admissionWhitelistPatterns`):
 * wildcards are valid only at the end, and only after the `registry/` part.
 */
export function exemptionPatternError(pattern: string): string | undefined {
  if (pattern === "") {
    return "is empty";
  }
  if (/\s/.test(pattern)) {
    return "contains white space";
  }
  if (/[^\x21-\x7e]|[${}"'\\]/.test(pattern)) {
    return "contains a character that no image name has";
  }
  const stem = pattern.replace(/\*{1,2}$/, "");
  if (stem.includes("*")) {
    return "has a wildcard that is not at the end";
  }
  if (stem === "") {
    return "would exempt every image";
  }
  // Local images (`nginx:1.*`) are written without registry, so '*' needs no '/' before it; '**' would cross into registries.
  const host = stem.split(/[:@/]/)[0];
  if (stem !== pattern && !stem.includes("/") && (host.includes(".") || pattern.endsWith("**"))) {
    return "has a wildcard in the registry part";
  }
  return undefined;
}

/**
 * Whether a pattern exempts an image, both as they are written: no Docker Hub name is completed.
 * Source: https://docs.cloud.google.com/binary-authorization/docs/policy-yaml-reference (`*` stops at `/`, `**` does not).
 */
export function exemptionMatches(pattern: string, image: string): boolean {
  if (!pattern.endsWith("*")) {
    return image === pattern;
  }
  const deep = pattern.endsWith("**");
  const stem = pattern.length - (deep ? 2 : 1);
  return beginsAlike(pattern, image, stem) && (deep || image.indexOf("/", stem) < 0);
}

/** Nearly all pairs differ early: nothing is cut out of them to find that. */
function beginsAlike(one: string, other: string, length: number): boolean {
  for (let index = 0; index < length; index++) {
    // Past the end of a text this is NaN, which equals nothing.
    if (one.charCodeAt(index) !== other.charCodeAt(index)) {
      return false;
    }
  }
  return true;
}

/** Whether a pattern exempts some tag or digest of a repository, so that what is pushed there may run unsigned. */
export function exemptionCoversRepository(pattern: string, repository: string): boolean {
  if (!pattern.endsWith("*")) {
    return pattern === repository || pattern.startsWith(`${repository}:`) || pattern.startsWith(`${repository}@`);
  }
  const stem = pattern.replace(/\*{1,2}$/, "");
  return (
    exemptionMatches(pattern, repository) || stem.startsWith(`${repository}:`) || stem.startsWith(`${repository}@`)
  );
}

/** Whether a pattern exempts some image below a path, whatever its name there is. */
export function exemptionReachesBelow(pattern: string, path: string): boolean {
  const folder = `${path}/`;
  const stem = pattern.replace(/\*{1,2}$/, "");
  // One star ends at the next '/': of a pattern that begins above the path it never gets below it.
  return stem.startsWith(folder) || (pattern.endsWith("**") && folder.startsWith(stem));
}

/** What a valid pattern probably does not mean to say; undefined where it is clear. */
export function exemptionPatternDoubt(pattern: string): string | undefined {
  const stem = pattern.replace(/\*{1,2}$/, "");
  if (pattern.endsWith("**") && !/[/:@]$/.test(stem)) {
    return `also exempts paths that only begin alike, such as "${stem}-other/image"; end it with "/**"`;
  }
  if (stem === pattern && !/[@:][^/]*$/.test(pattern)) {
    return 'matches only an image written without tag and digest; add ":*", "@*" or "*" to cover those';
  }
  return undefined;
}
