import type { Policy } from "../trust/model";
import { exemptionMatches, exemptionPatternDoubt, exemptionPatternError } from "../vocabulary/exemption-pattern";
import { imageParts, withoutScheme } from "./image";
import { REASON_NO_ATTESTATION, REASON_NO_DIGEST } from "./messages";
import type { Evidence, ImageVerdict, Target } from "./types";

/** What hints are drawn from. */
export interface HintContext {
  readonly policy: Policy;
  readonly target: Target;
  readonly evidence: Evidence;
  /** The verdict for the same container with another image. */
  readonly judge: (image: string) => ImageVerdict["verdict"];
}

/** More digests of one repository than these are not tried. */
const MAX_DIGESTS_TRIED = 8;

/** What would mend a verdict, or looks like a mistake behind it. */
export function hintsFor(verdict: ImageVerdict, context: HintContext): string[] {
  if (verdict.decidedBy === "exempt-image") {
    const doubt = exemptionPatternDoubt(verdict.pattern as string);
    return doubt === undefined ? [] : [`the exempt image ${verdict.pattern} ${doubt}`];
  }
  if (verdict.verdict === "admitted") {
    return verdict.decidedBy === "rule" ? otherLocations(verdict, context) : [];
  }
  return [
    ...nearPatterns(verdict.image, context.policy),
    ...digestForm(verdict),
    ...attestedDigests(verdict, context),
    ...otherLocations(verdict, context),
    ...childDigest(verdict, context.target),
  ];
}

/** Exempt images that would match if pod or pattern were written a little differently. */
function nearPatterns(image: string, policy: Policy): string[] {
  const list = policy.exemptImages.state === "known" ? policy.exemptImages.value : [];
  const { repository } = imageParts(image);
  const full = dockerHubName(image);
  return list.flatMap((value) => {
    if (value.state !== "known" || exemptionPatternError(value.value) !== undefined) {
      return [];
    }
    const pattern = value.value;
    if (full !== undefined && exemptionMatches(pattern, full)) {
      return [`the exempt image ${pattern} matches only if the pod writes ${full}`];
    }
    // The pattern names this repository, and covers other tags or digests of it.
    const stem = pattern.replace(/\*$/, "");
    if (imageParts(stem).repository === repository && stem.length >= repository.length) {
      return [
        stem === repository
          ? `the exempt image ${pattern} matches only an image written without tag and digest; ${pattern}:* or ${pattern}@* covers those`
          : `the exempt image ${pattern} covers other tags or digests of ${repository}`,
      ];
    }
    return [];
  });
}

/** The name that a node pulls for a short one; undefined for a name with a registry. */
function dockerHubName(image: string): string | undefined {
  const { repository, tag, reference } = imageParts(image);
  const [host, ...path] = repository.split("/");
  if (repository === "" || (path.length > 0 && (/[.:]/.test(host) || host === "localhost"))) {
    return undefined;
  }
  const name = path.length > 0 ? repository : `library/${repository}`;
  const version = tag === undefined && reference === undefined ? ":latest" : image.slice(repository.length);
  return `docker.io/${name}${version}`;
}

/** A digest that is there, and not of the form that counts. */
function digestForm(verdict: ImageVerdict): string[] {
  const { reference } = imageParts(verdict.image);
  if (reference === undefined || !wants(verdict, REASON_NO_DIGEST)) {
    return [];
  }
  return [
    /^sha256:[0-9a-fA-F]{64}$/.test(reference)
      ? "the digest has upper-case letters, or the image is no name that can be pulled; a digest has lower-case ones"
      : "what follows the @ is not sha256: and 64 lower-case hexadecimal digits",
  ];
}

/** A tag, while a digest of the same repository would be admitted. */
function attestedDigests(verdict: ImageVerdict, { evidence, judge }: HintContext): string[] {
  if (!Array.isArray(evidence?.occurrences) || !wants(verdict, REASON_NO_DIGEST)) {
    return [];
  }
  const { repository } = imageParts(verdict.image);
  const pinned = new Set<string>();
  for (const occurrence of evidence.occurrences) {
    const uri: unknown = occurrence?.resourceUri;
    if (pinned.size < MAX_DIGESTS_TRIED && typeof uri === "string") {
      const parts = imageParts(withoutScheme(uri));
      if (parts.repository === repository && parts.digest !== undefined) {
        pinned.add(`${repository}@${parts.digest}`);
      }
    }
  }
  return [...pinned]
    .filter((image) => judge(image) === "admitted")
    .map((image) => `a digest of this repository is attested: ${image} would be admitted`);
}

/** A cluster of the same name that has a rule, while this one falls to the default rule. */
function otherLocations(verdict: ImageVerdict, { policy, target }: HintContext): string[] {
  const { specificRules } = policy;
  const misses = target.kind === "gke" && verdict.rule?.kind === "default" && specificRules.state === "known";
  if (!misses || specificRules.value.kind !== "cluster") {
    return [];
  }
  const suffix = `.${target.name}`;
  return specificRules.value.rules.flatMap(({ key }) => {
    // Locations have no dot.
    if (
      key.state !== "known" ||
      !key.value.endsWith(suffix) ||
      key.value.indexOf(".") + suffix.length !== key.value.length
    ) {
      return [];
    }
    return [
      `the policy has a rule for ${key.value}, but this cluster is in ${target.location}, so that the default rule applies`,
    ];
  });
}

/** Logged by users: Cloud Run asks for the digest of the platform's image, where the pod names the index. */
function childDigest(verdict: ImageVerdict, target: Target): string[] {
  return target.kind === "cloud-run" && wants(verdict, REASON_NO_ATTESTATION)
    ? [
        "of a multi-platform image Cloud Run verifies the digest of the platform's own image, not that of the index: attest that one too",
      ]
    : [];
}

function wants(verdict: ImageVerdict, reason: string): boolean {
  return verdict.attestors.some((attestor) => attestor.reason === reason);
}
