import { BREAK_GLASS, OLD_BREAK_GLASS } from "../vocabulary/audit-log";
import type { AppliedRule, AttestorVerdict, ImageVerdict, Target } from "./types";

/**
 * Google's texts. How well each is known is said beside it: "logged" texts were seen in logs and threads of users,
 * "inferred" ones are composed from such.
 */

/** Logged, many times: the image has no `@sha256:` and 64 hexadecimal digits. Said per attestor, before any lookup. */
export const REASON_NO_DIGEST = "Expected digest with sha256 scheme, but got tag or malformed digest";

/** Logged, many times: nothing verifies. It covers everything that {@link Diagnosis} tells apart. */
export const REASON_NO_ATTESTATION =
  "No attestations found that were valid and signed by a key trusted by the attestor";

/** Logged: the webhook's words before its message. */
export const WEBHOOK_PREFIX = 'admission webhook "imagepolicywebhook.image-policy.k8s.io" denied the request: ';

/** Logged: the labels of the audit log are named like this. */
export const AUDIT_LABEL_PREFIX = "imagepolicywebhook.image-policy.k8s.io/";

/** Official: https://docs.cloud.google.com/binary-authorization/docs/using-breakglass */
export const BREAK_GLASS_LABEL = BREAK_GLASS;

/** Logged in 2024: the old annotation still works. */
export const BREAK_GLASS_ANNOTATION = OLD_BREAK_GLASS;

/** Logged. In a webhook message always deny is spelled like this, in causes, labels and by Cloud Run in upper case. */
const ALWAYS_DENY_IN_WEBHOOK = "Denied by always_deny admission rule";
const ALWAYS_DENY_IN_DETAIL = "Denied by an ALWAYS_DENY admission rule";

/** How a rule is called. Logged for the default rule and rules of clusters; for the others not known, so undefined. */
function ruleText(rule: AppliedRule): string | undefined {
  switch (rule.kind) {
    case "default":
      return "default admission rule";
    case "cluster":
      return `cluster admission rule for ${rule.key}`;
    default:
      return undefined;
  }
}

/** Messages have the full name. */
const ATTESTOR_NAME = /^projects\/[^/]+\/attestors\/[^/]+$/;

/** What a message about a denied image is made of. */
export interface DeniedImage {
  readonly image: string;
  readonly attestors: readonly AttestorVerdict[];
}

/**
 * Why an image is denied, without the rule. Logged for one attestor; that several are joined with ". ", in the order of
 * the rule, is inferred from the grammar of before 2021. Undefined where an attestor is undecided or its name not known.
 */
export function denialDetail(denied: DeniedImage): string | undefined {
  const failing = denied.attestors.filter(({ verdict }) => verdict !== "satisfied");
  if (failing.length === 0) {
    return ALWAYS_DENY_IN_DETAIL;
  }
  return failing.every(({ attestor, verdict }) => verdict === "unsatisfied" && ATTESTOR_NAME.test(attestor))
    ? failing
        .map(({ attestor, reason }) => `Image ${denied.image} denied by attestor ${attestor}: ${reason}`)
        .join(". ")
    : undefined;
}

/** The text about one denied image. Logged, for GKE and for Cloud Run. */
export function denialMessage(target: Target, rule: AppliedRule, denied: DeniedImage): string | undefined {
  const detail = denialDetail(denied);
  if (detail === undefined) {
    return undefined;
  }
  if (target.kind === "cloud-run") {
    return `Container image '${denied.image}' is not authorized by policy. ${detail}`;
  }
  const name = ruleText(rule);
  const text = detail === ALWAYS_DENY_IN_DETAIL ? ALWAYS_DENY_IN_WEBHOOK : detail;
  return name && `Image ${denied.image} denied by Binary Authorization ${name}. ${text}`;
}

/**
 * The text about a pod: logged for one image. That several are joined with ". ", in the order of the containers, is
 * inferred. Undefined where no image is denied, or where some image's text is not known.
 */
export function podMessage(target: Target, images: readonly ImageVerdict[]): string | undefined {
  const messages = images.filter(({ verdict }) => verdict !== "admitted").map(({ message }) => message);
  if (messages.length === 0 || messages.includes(undefined)) {
    return undefined;
  }
  return `${target.kind === "cloud-run" ? "" : WEBHOOK_PREFIX}${messages.join(". ")}`;
}

/**
 * What kubectl prints for the message of a pod; logged.
 * @param file what `-f` was given, `STDIN` for `-`; undefined for `kubectl run` and the like
 */
export function kubectlMessage(message: string, file?: string): string {
  const creating = file === undefined ? "" : `error when creating "${file}": `;
  return `Error from server (VIOLATES_POLICY): ${creating}${message}`;
}

/** What Cloud Run puts before its text, with the name of the revision; official and logged. */
export function cloudRunMessage(message: string, revision: string): string {
  return `Service update rejected by Binary Authorization policy: Revision ${revision} uses unauthorized container image. ${message}`;
}

/**
 * `overridden-verification-result`: logged for one image; that several follow each other is inferred. Undefined where an
 * image is undecided, or its text is.
 */
export function overriddenResult(images: readonly ImageVerdict[]): string | undefined {
  const parts: string[] = [];
  for (const image of images.filter(({ verdict }) => verdict !== "admitted")) {
    const detail = image.verdict === "denied" ? denialDetail(image) : undefined;
    if (detail === undefined) {
      return undefined;
    }
    parts.push(`'${image.image}' : ${detail}\n`);
  }
  return parts.join("");
}
