import type { Policy, Value } from "../trust/model";
import { exemptionMatches, exemptionPatternError } from "../vocabulary/exemption-pattern";
import type { ImageParts } from "./image";
import type { Diagnosis, Target } from "./types";
import { unknownValue } from "./unknown";

/** Whether a pattern admits an image before any rule is looked at; where none does, what could change that. */
export type Exemption =
  | { readonly by: "system-policy" | "exempt-image"; readonly pattern: string }
  | { readonly by: "none"; readonly doubts: readonly Diagnosis[] };

/** Whether the policy asks for Google's system policy. Cloud Run runs no system images. */
export function systemPolicyMode(policy: Policy, target: Target): Value<"ENABLE" | "DISABLE"> {
  return target.kind === "cloud-run" ? { state: "known", value: "DISABLE" } : policy.globalPolicyEvaluationMode;
}

/** First the system policy, then the exempt images of the policy. Images are compared as they are written. */
export function exemptionOf(
  policy: Policy,
  target: Target,
  systemImagePatterns: readonly string[],
  image: string,
  { possible }: Pick<ImageParts, "possible">,
): Exemption {
  const doubts: Diagnosis[] = [];
  const mode = systemPolicyMode(policy, target);
  if (mode.state !== "known" || mode.value === "ENABLE") {
    const pattern = systemImagePatterns.find((candidate) => possible && matches(candidate, image) === "yes");
    if (pattern !== undefined && mode.state === "known") {
      return { by: "system-policy", pattern };
    }
    if (pattern !== undefined) {
      doubts.push(unknownValue("globalPolicyEvaluationMode", mode));
    }
  }
  const { exemptImages } = policy;
  if (exemptImages.state !== "known") {
    return { by: "none", doubts: [...doubts, unknownValue("the list of exempt images", exemptImages)] };
  }
  for (const pattern of exemptImages.value) {
    if (pattern.state !== "known") {
      doubts.push(unknownValue("an exempt image", pattern));
      continue;
    }
    const match = possible ? matches(pattern.value, image) : "no";
    if (match === "yes") {
      return { by: "exempt-image", pattern: pattern.value };
    }
    if (match === "invalid") {
      const error = exemptionPatternError(pattern.value);
      doubts.push({ code: "invalid-policy", detail: `the exempt image ${JSON.stringify(pattern.value)} ${error}` });
    }
  }
  return { by: "none", doubts };
}

/**
 * Whether a pattern admits an image. The API refuses a pattern outside its grammar, so that nobody knows what one would
 * admit: it counts as a doubt where it would match.
 */
function matches(pattern: string, image: string): "yes" | "no" | "invalid" {
  if (!exemptionMatches(pattern, image)) {
    return "no";
  }
  return exemptionPatternError(pattern) === undefined ? "yes" : "invalid";
}
