import { showTarget } from "../admission/targets";
import type { Diagnosis, ImageVerdict, Outcome, Verdict } from "../admission/types";
import { type ChainTarget, type Images, inBrief, type PodOptions } from "./chain-target";
import { countingFindings, type FindingsExpectation } from "./findings";
import { compareGrants, grantedTo, membersOf, showGrants } from "./granted";
import type { TrustChain } from "./trust-chain";

/** Options of `toAdmit`. */
export interface AdmitExpectation extends PodOptions {
  /**
   * Whether the pod runs only because of break-glass or a dry run; `false` where its images have to be admitted by
   * themselves.
   * @default - either way
   */
  readonly overriddenBy?: "break-glass" | "dry-run" | false;
}

/** Options of `toDeny`. */
export interface DenyExpectation extends PodOptions {
  /**
   * What Google's message, or one line of our diagnosis, has to match, or contain where it is a text. A line of diagnosis
   * ends with its code: `(other-note)`.
   * @default - any reason
   */
  readonly reason?: RegExp | string;
}

/** What jest, and others with the same `expect.extend`, hand to a matcher. */
export interface MatcherContext {
  readonly isNot?: boolean;
}

/** What a matcher answers. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * The matchers, for `expect.extend`. The entry hands them to the global `expect` by itself, where there is one.
 *
 * What is undecided satisfies neither `toAdmit` nor `toDeny`, nor their negations: what is not known is no assurance.
 */
export const matchers = {
  /** A pod with these images runs. */
  toAdmit(this: MatcherContext, received: unknown, images: Images, options: AdmitExpectation = {}): MatcherResult {
    const { overriddenBy, ...pod } = options;
    const verdict = targetOf("toAdmit", received).decide(images, pod);
    const expected = new Expected(this, verdict, "admitted", pod);
    if (overriddenBy === undefined || verdict.verdict !== "admitted") {
      return expected.outcome();
    }
    if (this.isNot) {
      return expected.refused('.not.toAdmit with "overriddenBy" says two things at once: say what should happen');
    }
    const found = verdict.overriddenBy ?? false;
    const because = overriddenBy === false ? "by itself" : `because of ${overriddenBy}`;
    return expected.that(found === overriddenBy, because, found === false ? "by itself" : `because of ${found}`);
  },

  /** A pod with these images is refused. */
  toDeny(this: MatcherContext, received: unknown, images: Images, options: DenyExpectation = {}): MatcherResult {
    const { reason, ...pod } = options;
    if (reason !== undefined && !isReason(reason)) {
      throw new TypeError(`a reason is a regular expression or a text that is not empty, got ${inBrief(reason)}`);
    }
    const verdict = targetOf("toDeny", received).decide(images, pod);
    const expected = new Expected(this, verdict, "denied", pod);
    if (reason === undefined || verdict.verdict !== "denied") {
      return expected.outcome();
    }
    if (this.isNot) {
      return expected.refused('.not.toDeny with "reason" says two things at once: say what should happen');
    }
    const fits = reasonsOf(verdict).some((text) => textMatches(text, reason));
    const shown = typeof reason === "string" ? JSON.stringify(reason) : String(reason);
    return expected.that(
      fits,
      `for a reason that ${typeof reason === "string" ? "contains" : "matches"} ${shown}`,
      "for another one",
    );
  },

  /** Whether a pod with these images runs depends on what is not known. */
  toBeUndecided(this: MatcherContext, received: unknown, images: Images, options: PodOptions = {}): MatcherResult {
    const verdict = targetOf("toBeUndecided", received).decide(images, options);
    return new Expected(this, verdict, "undecided", options).outcome();
  },

  /** A member is given exactly these roles on exactly these resources: `roles/cloudkms.signer on key build-signer-key`. */
  toGrantOnly(this: MatcherContext, received: unknown, member: string, grants: readonly string[]): MatcherResult {
    return grantOnly(this, chainOf(received), member, grants);
  },

  /** `binauthz check` has nothing to say about a chain of trust; what is undecided and could count is a finding too. */
  toHaveNoFindings(this: MatcherContext, received: unknown, options: FindingsExpectation = {}): MatcherResult {
    const found = countingFindings(chainOf(received, "toHaveNoFindings").model, options);
    const listed = found.map((finding) => `\n  ${finding}`).join("");
    return {
      pass: found.length === 0,
      message: () =>
        found.length === 0
          ? "Expected the chain of trust to have findings, but there is none."
          : `Expected the chain of trust to have no findings, but it has ${found.length}:${listed}`,
    };
  },
};

function targetOf(matcher: string, received: unknown): ChainTarget {
  if (typeof (received as Partial<ChainTarget> | null | undefined)?.decide !== "function") {
    throw new Error(
      `${matcher} is about a target, such as expect(chain.cluster("us-central1.prod")) or expect(chain.defaultRule())`,
    );
  }
  return received as ChainTarget;
}

function chainOf(received: unknown, matcher = "toGrantOnly"): TrustChain {
  const { testSigner, model } = (received ?? {}) as Partial<TrustChain>;
  if (typeof testSigner !== "function" || typeof model !== "object") {
    throw new Error(`${matcher} is about a chain of trust, such as expect(trustChainOf(stack))`);
  }
  return received as TrustChain;
}

/** What a test expected of a verdict. */
class Expected {
  private readonly isNot: boolean;

  public constructor(
    context: MatcherContext,
    private readonly verdict: Verdict,
    private readonly wanted: Outcome,
    private readonly pod: PodOptions,
  ) {
    this.isNot = context.isNot === true;
  }

  public outcome(): MatcherResult {
    const { verdict } = this.verdict;
    if (verdict === "undecided" && this.wanted !== "undecided") {
      return this.failure(`${this.expectation()}, but it is undecided, which is neither admitted nor denied`);
    }
    return { pass: verdict === this.wanted, message: () => this.report(`${this.expectation()}, but it is ${verdict}`) };
  }

  public that(holds: boolean, wanted: string, found: string): MatcherResult {
    return {
      pass: holds,
      message: () => this.report(`${this.expectation()} ${wanted}, but it is ${this.verdict.verdict} ${found}`),
    };
  }

  public refused(sentence: string): MatcherResult {
    return this.failure(sentence);
  }

  /** Fails with `.not` as well. */
  private failure(sentence: string): MatcherResult {
    return { pass: this.isNot, message: () => this.report(sentence) };
  }

  private expectation(): string {
    const images = this.verdict.images.map(({ image }) => image).join(", ") || "a pod without images";
    return `Expected ${images} ${this.isNot ? "not " : ""}to be ${this.wanted} on ${showTarget(this.verdict.target)}`;
  }

  private report(sentence: string): string {
    return explain(this.verdict, this.pod, sentence);
  }
}

/** Google's words first, then ours, then what was expected. */
function explain(verdict: Verdict, pod: PodOptions, sentence: string): string {
  const labels = Object.entries(verdict.auditLabels).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const hints = verdict.images.flatMap((image) => image.hints.map((hint) => ofImage(verdict, image, hint)));
  if (pod.attestations === undefined && verdict.verdict === "undecided" && nobodyLooked(verdict)) {
    hints.push(
      "say which attestations there are: { attestations: [signer.attest(image)] }, or none: { attestations: [] }",
    );
  }
  return [
    ...(verdict.message === undefined ? [] : [verdict.message, ""]),
    ...section("Overridden by", verdict.overriddenBy === undefined ? [] : [verdict.overriddenBy]),
    ...section("Audit labels", labels),
    ...section(
      "Diagnosis",
      verdict.images.flatMap((image) => diagnosisOf(verdict, image)),
    ),
    ...section("Hints", hints),
    ...section("Taken for granted", verdict.assumptions),
    `${sentence}.`,
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`), ""];
}

function diagnosisOf(verdict: Verdict, image: ImageVerdict): string[] {
  const lines = image.verdict === "admitted" ? [whyAdmitted(image)] : linesOf(image);
  return lines.map((line) => ofImage(verdict, image, line));
}

function linesOf({ attestors, diagnosis }: ImageVerdict): string[] {
  return [
    ...attestors.flatMap((attestor) =>
      attestor.diagnosis.map((entry) => `${attestor.attestor}: ${showDiagnosis(entry)}`),
    ),
    ...diagnosis.map(showDiagnosis),
  ];
}

function showDiagnosis({ code, detail }: Diagnosis): string {
  return `${detail} (${code})`;
}

function whyAdmitted({ decidedBy, pattern, rule, attestors }: ImageVerdict): string {
  switch (decidedBy) {
    case "not-enforced":
      return "nothing enforces the project's policy here";
    case "system-policy":
      return `Google's system policy admits ${pattern}`;
    case "exempt-image":
      return `the policy exempts ${pattern} from its rules`;
    default:
      break;
  }
  if (attestors.length > 0) {
    return `attested by ${attestors.map(({ attestor }) => attestor).join(", ")}`;
  }
  return rule?.evaluationMode === undefined
    ? "every rule that may apply admits it"
    : `the rule says ${rule.evaluationMode}`;
}

/** Which image a line is about, where there are several. */
function ofImage({ images }: Verdict, { image }: ImageVerdict, line: string): string {
  return images.length > 1 ? `${image}: ${line}` : line;
}

/** The evidence was left out, and it would have mattered. */
function nobodyLooked({ images }: Verdict): boolean {
  return images.some(({ attestors }) =>
    attestors.some(
      ({ verdict, diagnosis }) => verdict === "undecided" && diagnosis.some(({ code }) => code === "no-attestation"),
    ),
  );
}

function reasonsOf(verdict: Verdict): string[] {
  return [
    ...(verdict.message === undefined ? [] : [verdict.message]),
    ...verdict.images.flatMap((image) => [
      ...image.attestors.flatMap(({ reason }) => (reason === undefined ? [] : [reason])),
      ...linesOf(image),
    ]),
  ];
}

function isReason(reason: unknown): boolean {
  // Of whichever realm: a runner may give tests their own.
  return typeof reason === "string" ? reason !== "" : Object.prototype.toString.call(reason) === "[object RegExp]";
}

function textMatches(text: string, reason: RegExp | string): boolean {
  // A global or sticky expression remembers where it stopped.
  return typeof reason === "string"
    ? text.includes(reason)
    : new RegExp(reason.source, reason.flags.replace(/[gy]/g, "")).test(text);
}

function grantOnly(
  context: MatcherContext,
  chain: TrustChain,
  member: string,
  grants: readonly string[],
): MatcherResult {
  const isNot = context.isNot === true;
  const { granted, unknown } = grantedTo(chain.model, member);
  const { missing, unexpected } = compareGrants(granted, grants);
  const same = missing.length === 0 && unexpected.length === 0;
  const list = (title: string, lines: readonly string[], mark: string) =>
    lines.length === 0 ? [] : [`${title}:`, ...[...lines].sort().map((line) => `  ${mark} ${line}`), ""];
  const report = (sentence: string) => () =>
    [
      ...list("Missing", missing, "-"),
      ...list("Unexpected", unexpected, "+"),
      ...list("Not known, and maybe the same member's", unknown, "?"),
      ...(same ? list("Granted", showGrants(granted), " ") : []),
      ...(granted.length === 0 && !same ? list("Members that are granted something", membersOf(chain.model), " ") : []),
      sentence,
    ].join("\n");
  const expected = `Expected ${member} ${isNot ? "not " : ""}to be granted exactly ${count(grants.length)}`;
  // What differs already differs whatever else turns out; what is equal may still be too little.
  if (unknown.length > 0 && (same || !isNot)) {
    return { pass: isNot, message: report(`${expected}, but who is granted what is not known in full.`) };
  }
  return {
    pass: same,
    message: report(same ? `${expected}, but it is.` : `${expected}, but it is granted ${count(granted.length)}.`),
  };
}

function count(number: number): string {
  return number === 1 ? "1 role" : `${number} roles`;
}
