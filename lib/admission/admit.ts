import { type Policy, type TrustModel, valueOf as valueIfKnown } from "../trust/model";
import { SystemImages } from "../vocabulary/system-images";
import { type AttestationContext, judgeAttestor } from "./attestors";
import { breakGlassAt, type Enforcement, enforcementAt } from "./enforcement";
import { type HintContext, hintsFor } from "./hints";
import { type ImageParts, imageParts } from "./image";
import { AUDIT_LABEL_PREFIX, denialMessage, overriddenResult, podMessage } from "./messages";
import { type Exemption, exemptionOf, systemPolicyMode } from "./patterns";
import { type CandidateRule, chooseRule, type RuleChoice } from "./rules";
import type {
  AdmissionRequest,
  AdmitOptions,
  AppliedRule,
  AttestorVerdict,
  DecidedBy,
  Diagnosis,
  Evidence,
  ImageVerdict,
  Outcome,
  RequestedImage,
  SignatureVerifier,
  Target,
  Verdict,
} from "./types";
import { unknownValue } from "./unknown";

/**
 * Whether Binary Authorization would admit a pod, and why.
 *
 * It never guesses: what depends on something that is not known is undecided. Pure: nothing is read or asked but what is
 * handed in.
 *
 * @param request the images, and where they are to run
 * @param model the policy, attestors, clusters and services that are known
 * @param evidence the attestations; undefined where nobody looked
 * @param verifier verifies signatures, for example `nodeVerifier()`
 */
export function admit(
  request: AdmissionRequest,
  model: TrustModel,
  evidence: Evidence,
  verifier: SignatureVerifier,
  options: AdmitOptions = {},
): Verdict {
  const { target, pod } = request;
  const enforcement = enforcementAt(model, target);
  if (enforcement.enforced === "no") {
    return notEnforced(request);
  }
  const policies = model.policies.filter(({ project }) => project === target.project);
  const [policy] = policies;
  if (policies.length !== 1) {
    return withoutPolicy(request, policies.length);
  }
  const context: Context = {
    policy,
    target,
    breakGlass: breakGlassAt(model, target, pod),
    systemImagePatterns: options.systemImagePatterns ?? SystemImages.GKE_DOCUMENTED,
    attestations: { model, evidence, verifier },
  };
  const choice = chooseRule(policy, target);
  const under = (candidate: CandidateRule) => podUnder(candidate, pod.images, context);
  const decision = clouded(agreed(choice, choice.candidates.map(under)), enforcement, context);
  const [candidate, ...others] = choice.candidates;
  const hints: HintContext = {
    policy,
    target,
    evidence,
    judge: (image) =>
      others.length === 0 ? judgeImage(candidate, { ...pod.images[0], image }, context).verdict : "undecided",
  };
  const images = decision.images.map((image) => {
    const found = hintsFor(image, hints);
    return found.length === 0 ? image : { ...image, hints: [...image.hints, ...found] };
  });
  return verdictOf(decision, target, images, assumptionsOf(decision.images, enforcement, context, options));
}

/** Written out, not spread, like {@link imageVerdict}. What there is not is absent. */
function verdictOf(
  { verdict, message, auditLabels, overriddenBy }: Decision,
  target: Target,
  images: readonly ImageVerdict[],
  assumptions: readonly string[],
): Verdict {
  if (message === undefined && overriddenBy === undefined) {
    return { target, verdict, auditLabels, images, assumptions };
  }
  return {
    target,
    verdict,
    ...(message !== undefined && { message }),
    auditLabels,
    ...(overriddenBy && { overriddenBy }),
    images,
    assumptions,
  };
}

/** What every image of a pod is held against. */
interface Context {
  readonly policy: Policy;
  readonly target: Target;
  readonly breakGlass: "yes" | "no" | "unknown";
  readonly systemImagePatterns: readonly string[];
  readonly attestations: AttestationContext;
}

/** A verdict before target and assumptions are added. */
type Decision = Omit<Verdict, "target" | "assumptions">;

function notEnforced({ target, pod }: AdmissionRequest): Verdict {
  return {
    target,
    verdict: "admitted",
    auditLabels: {},
    images: pod.images.map((image) => imageVerdict(image, { verdict: "admitted", decidedBy: "not-enforced" })),
    assumptions: [],
  };
}

function withoutPolicy({ target, pod }: AdmissionRequest, count: number): Verdict {
  const value = `the policy of ${target.project}`;
  const detail = count === 0 ? `${value} is not in what was read` : `${value} was read ${count} times`;
  const diagnosis: Diagnosis = { code: "value-unknown", value, detail };
  return {
    target,
    verdict: "undecided",
    auditLabels: {},
    images: pod.images.map((image) =>
      imageVerdict(image, { verdict: "undecided", decidedBy: "unknown", diagnosis: [diagnosis] }),
    ),
    assumptions: [],
  };
}

/** What was found out about an image. Written out, not spread: this is what a decision spends its time with. */
interface Finding {
  readonly verdict: Outcome;
  readonly decidedBy: DecidedBy;
  readonly pattern?: string;
  readonly rule?: AppliedRule;
  readonly attestors?: readonly AttestorVerdict[];
  readonly diagnosis?: readonly Diagnosis[];
  readonly hints?: readonly string[];
}

const NONE: readonly never[] = [];
const NO_LABELS: Readonly<Record<string, string>> = Object.freeze({});

function imageVerdict({ image, container, kind }: RequestedImage, finding: Finding): ImageVerdict {
  const { verdict, decidedBy, pattern, rule, attestors = NONE, diagnosis = NONE, hints = NONE } = finding;
  if (pattern === undefined) {
    return { image, container, kind, verdict, decidedBy, rule, attestors, diagnosis, hints };
  }
  return { image, container, kind, verdict, decidedBy, pattern, rule, attestors, diagnosis, hints };
}

/** A pod if this rule is the one that applies. */
function podUnder(candidate: CandidateRule, requested: readonly RequestedImage[], context: Context): Decision {
  const images = requested.map((image) => judgeImage(candidate, image, context));
  const message = podMessage(context.target, images);
  const decision: Decision = { verdict: together(images), message, auditLabels: NO_LABELS, images };
  if (context.breakGlass === "yes") {
    return overridden(decision, "break-glass", context.target);
  }
  if (decision.verdict === "admitted") {
    return decision;
  }
  const { enforcementMode } = candidate.rule;
  if (enforcementMode.state === "known" && enforcementMode.value === "DRYRUN_AUDIT_LOG_ONLY") {
    // A rule that the API refuses is in force nowhere: that it would be a dry run says nothing about the one that is.
    return invalidity(candidate) !== undefined
      ? { ...decision, verdict: "undecided", message: undefined }
      : overridden(decision, "dry-run", context.target);
  }
  const doubts: Diagnosis[] = [];
  if (enforcementMode.state !== "known") {
    doubts.push(unknownValue(`the enforcement mode of ${candidate.name}`, enforcementMode));
  } else if (enforcementMode.value !== "ENFORCED_BLOCK_AND_AUDIT_LOG") {
    const mode = JSON.stringify(enforcementMode.value);
    doubts.push({ code: "invalid-policy", detail: `${candidate.name} has the enforcement mode ${mode}` });
  }
  if (context.breakGlass === "unknown") {
    const value = "the break-glass justification of the service";
    doubts.push({ code: "value-unknown", value, detail: `${value} is not known, or not the same everywhere` });
  }
  if (doubts.length === 0) {
    return decision;
  }
  return {
    ...decision,
    verdict: "undecided",
    images: images.map((image) =>
      image.verdict === "admitted" ? image : { ...image, diagnosis: [...image.diagnosis, ...doubts] },
    ),
  };
}

/** A pod runs if every one of its images may; one that has none is no pod. */
function together(images: readonly ImageVerdict[]): Outcome {
  if (images.some(({ verdict }) => verdict === "denied")) {
    return "denied";
  }
  return images.length === 0 || images.some(({ verdict }) => verdict === "undecided") ? "undecided" : "admitted";
}

/** Break-glass is logged in any case, a dry run where a check failed. Cloud Run logs differently. */
function overridden(decision: Decision, by: "break-glass" | "dry-run", target: Target): Decision {
  const { verdict, images } = decision;
  const result = overriddenResult(images);
  // Whether a dry run is logged is not known while it is not known whether a check failed.
  const logged = target.kind !== "cloud-run" && (by === "break-glass" || verdict === "denied");
  return {
    ...decision,
    verdict: "admitted",
    ...(verdict !== "admitted" && { overriddenBy: by }),
    auditLabels: {
      ...(logged && { [`${AUDIT_LABEL_PREFIX}${by}`]: "true" }),
      ...(logged && result && { [`${AUDIT_LABEL_PREFIX}overridden-verification-result`]: result }),
    },
  };
}

/** One image if this rule is the one that applies. */
function judgeImage(candidate: CandidateRule, requested: RequestedImage, context: Context): ImageVerdict {
  const rule = appliedRule(candidate);
  const parts = imageParts(requested.image);
  const exemption = exemptionOf(context.policy, context.target, context.systemImagePatterns, requested.image, parts);
  if (exemption.by !== "none") {
    const { by, pattern } = exemption;
    return imageVerdict(requested, { verdict: "admitted", decidedBy: by, pattern, rule });
  }
  const { verdict, attestors, diagnosis, hints } = judgeByRule(candidate, parts, context);
  const judged = imageVerdict(requested, { verdict, decidedBy: "rule", rule, attestors, diagnosis, hints });
  return inDoubt(judged, rule, exemption, context.target);
}

function appliedRule({ applied, rule }: CandidateRule): AppliedRule {
  return {
    kind: applied.kind,
    key: applied.key,
    evaluationMode: valueIfKnown(rule.evaluationMode),
    enforcementMode: valueIfKnown(rule.enforcementMode),
  };
}

type ByRule = Partial<Pick<ImageVerdict, "attestors" | "diagnosis" | "hints">> & { readonly verdict: Outcome };

function judgeByRule(candidate: CandidateRule, image: ImageParts, context: Context): ByRule {
  const { evaluationMode } = candidate.rule;
  if (evaluationMode.state !== "known") {
    return undecided(unknownValue(`the evaluation mode of ${candidate.name}`, evaluationMode));
  }
  const detail = invalidity(candidate);
  if (detail !== undefined) {
    return undecided({ code: "invalid-policy", detail });
  }
  switch (evaluationMode.value) {
    case "ALWAYS_ALLOW":
      return { verdict: "admitted" };
    case "ALWAYS_DENY":
      return { verdict: "denied" };
    default:
      return judgeByAttestors(candidate, image, context);
  }
}

/** Why the API would refuse a rule; undefined where it would not, as far as the rule is known. */
function invalidity({ name, rule: { evaluationMode, requireAttestationsBy } }: CandidateRule): string | undefined {
  if (evaluationMode.state !== "known") {
    return undefined;
  }
  const attestors = requireAttestationsBy.state === "known" ? requireAttestationsBy.value.length : undefined;
  switch (evaluationMode.value) {
    case "ALWAYS_DENY":
      // With attestors it is refused too. Whoever writes it wants nothing to run, and nothing does.
      return undefined;
    case "ALWAYS_ALLOW":
      return (attestors ?? 0) > 0 ? `${name} names attestors, and requires no attestations` : undefined;
    case "REQUIRE_ATTESTATION":
      return attestors === 0 ? `${name} requires attestations, and names no attestor` : undefined;
    default:
      return `${name} has the evaluation mode ${JSON.stringify(evaluationMode.value)}`;
  }
}

function undecided(diagnosis: Diagnosis): ByRule {
  return { verdict: "undecided", diagnosis: [diagnosis] };
}

/** All attestors have to be satisfied, and all that are not are told. */
function judgeByAttestors(candidate: CandidateRule, image: ImageParts, context: Context): ByRule {
  const { requireAttestationsBy } = candidate.rule;
  if (requireAttestationsBy.state !== "known") {
    return undecided(unknownValue(`the list of attestors of ${candidate.name}`, requireAttestationsBy));
  }
  const judged = requireAttestationsBy.value.map((name) => judgeAttestor(name, image, context.attestations));
  const attestors = judged.map(({ verdict }) => verdict);
  return { verdict: allOf(attestors), attestors, hints: judged.flatMap(({ hints }) => hints) };
}

function allOf(attestors: readonly AttestorVerdict[]): Outcome {
  if (attestors.some(({ verdict }) => verdict === "unsatisfied")) {
    return "denied";
  }
  return attestors.some(({ verdict }) => verdict === "undecided") ? "undecided" : "admitted";
}

/** An image that a pattern may exempt, if only all of them were known, is not denied for certain. */
function inDoubt(
  judged: ImageVerdict,
  rule: AppliedRule,
  { doubts }: Extract<Exemption, { by: "none" }>,
  target: Target,
): ImageVerdict {
  if (judged.verdict === "admitted") {
    return judged;
  }
  if (doubts.length > 0) {
    return doubted(judged, doubts);
  }
  const message = judged.verdict === "denied" ? denialMessage(target, rule, judged) : undefined;
  return message === undefined ? judged : { ...judged, message };
}

function doubted({ message: _, ...judged }: ImageVerdict, doubts: readonly Diagnosis[]): ImageVerdict {
  return { ...judged, verdict: "undecided", decidedBy: "unknown", diagnosis: [...judged.diagnosis, ...doubts] };
}

/** What holds whichever of the candidates applies. */
function agreed({ candidates, diagnosis }: RuleChoice, decisions: readonly Decision[]): Decision {
  const [first] = decisions;
  if (candidates.length === 1) {
    if (diagnosis.length === 0) {
      return first;
    }
    const images = first.images.map((image) =>
      image.verdict === "undecided" ? { ...image, diagnosis: [...image.diagnosis, ...diagnosis] } : image,
    );
    return { ...first, images };
  }
  const everywhere = <T>(read: (decision: Decision) => T) => decisions.every((other) => read(other) === read(first));
  const verdict = everywhere((decision) => decision.verdict) ? first.verdict : "undecided";
  const images = first.images.map(({ rule: _, message: __, ...image }, index): ImageVerdict => {
    if (!everywhere((decision) => decision.images[index].verdict) || image.verdict === "undecided") {
      return doubted({ ...image, attestors: [], diagnosis: [] }, diagnosis);
    }
    // The image is denied in any case, and whether that holds for the pod differs: by a dry run, for example.
    return image.verdict === "denied" && verdict === "undecided" ? { ...image, diagnosis } : image;
  });
  const { overriddenBy } = first;
  return {
    verdict,
    ...(overriddenBy && everywhere((decision) => decision.overriddenBy) && { overriddenBy }),
    auditLabels: {},
    images,
  };
}

/** What holds although it is not known whether the policy is enforced. */
function clouded(decision: Decision, enforcement: Enforcement, { breakGlass }: Context): Decision {
  if (enforcement.enforced !== "unknown") {
    return decision;
  }
  const { diagnosis, otherwise } = enforcement;
  const images = decision.images.map((image) =>
    image.verdict === "admitted" && otherwise === "admitted" ? image : doubted(image, [diagnosis]),
  );
  const runs = decision.verdict === "admitted" && (otherwise === "admitted" || breakGlass === "yes");
  return {
    verdict: runs ? "admitted" : "undecided",
    ...(runs && decision.overriddenBy && { overriddenBy: decision.overriddenBy }),
    auditLabels: {},
    images,
  };
}

function assumptionsOf(
  images: readonly ImageVerdict[],
  enforcement: Enforcement,
  { policy, target }: Context,
  options: AdmitOptions,
): string[] {
  const mode = systemPolicyMode(policy, target);
  const mattered = images.some(({ verdict, decidedBy }) => verdict !== "admitted" || decidedBy === "system-policy");
  const approximated =
    options.systemImagePatterns === undefined && !(mode.state === "known" && mode.value !== "ENABLE");
  const assumptions: string[] = [];
  if (enforcement.enforced === "yes" && enforcement.assumption !== undefined) {
    assumptions.push(enforcement.assumption);
  }
  if (mattered && approximated) {
    assumptions.push(
      "Google's system policy is taken as the patterns that Google documents; the real one differs by region and release",
    );
  }
  return assumptions;
}
