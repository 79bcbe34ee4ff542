import { admit } from "../admission/admit";
import { imageParts } from "../admission/image";
import {
  BREAK_GLASS_ANNOTATION,
  BREAK_GLASS_LABEL,
  REASON_NO_ATTESTATION,
  REASON_NO_DIGEST,
} from "../admission/messages";
import { showTarget } from "../admission/targets";
import type { Evidence, ImageVerdict, Outcome, SignatureVerifier, Target, Verdict } from "../admission/types";
import type { TrustModel } from "../trust/model";
import { shortHash } from "../vocabulary/short-hash";
import type { PassedOver, Pod, PodImage } from "./pods";

/** What came of an image at a place, for counting. */
export type Category =
  /** The rule admits it. */
  | "admitted"
  /** An exempt image of the policy, or of Google's system policy. */
  | "exempt"
  /** The policy is not enforced there. */
  | "not-enforced"
  /** The policy denies it, or may; the rule's dry run lets it run. */
  | "dry-run"
  /** The policy denies it, or may; break-glass lets it run. */
  | "break-glass"
  /** Denied because it is not written with a digest. */
  | "denied-by-tag"
  /** Denied because nothing that counts vouches for its digest. */
  | "unsigned"
  /** Denied by a rule that denies everything. */
  | "denied"
  | "undecided";

/** What would be if the image were written with the digest that runs. */
export interface Pinned {
  readonly image: string;
  /** What the policy says of it, before break-glass and dry run. */
  readonly verdict: Outcome;
}

/** One container's image of one workload at one place. */
export interface Decision {
  /** Stays the same from run to run: a hash over what is asked, not over what is answered. */
  readonly id: string;
  readonly target: Target;
  readonly pod: Pick<Pod, "workload" | "namespace" | "serviceAccount" | "running" | "mirror">;
  readonly asked: PodImage;
  /** Whether the pod runs as far as this image is concerned, after break-glass and dry run. */
  readonly verdict: Outcome;
  readonly category: Category;
  readonly overriddenBy?: "break-glass" | "dry-run";
  /** What the policy says, before break-glass and dry run. */
  readonly policy: ImageVerdict;
  readonly pinned?: Pinned;
  /** How many objects of the input it stands for. */
  readonly count: number;
  /** The files it was read from, some of them where there are many. */
  readonly sources: readonly string[];
}

/** What a survey is held against. */
export interface Question {
  readonly model: TrustModel;
  /** Where pods would run. */
  readonly targets: readonly Target[];
  readonly evidence: Evidence;
  readonly verifier: SignatureVerifier;
  /** How many places are left out because their names are not known: with any, nothing passes for certain. */
  readonly leftOut?: number;
}

/** A kind of object that was passed over, and how many there were. */
export interface PassedOverCount extends PassedOver {
  readonly count: number;
}

/** What came of everything that was added. */
export interface SurveyReport {
  readonly result: "pass" | "fail" | "undecided";
  /** In an order that does not depend on that of the input. */
  readonly decisions: readonly Decision[];
  readonly passedOver: readonly PassedOverCount[];
  /** What was not judged, or judged in a way that may surprise; sentences without full stop. */
  readonly notes: readonly string[];
  /** What was taken for granted; sentences without full stop. */
  readonly assumptions: readonly string[];
}

const MOST_SOURCES = 5;

/**
 * Decides about pods one by one, and keeps what came of them by workload: replicas are one decision with a count, and
 * neither pods nor the files they are from are kept.
 */
export class Survey {
  private readonly groups = new Map<string, readonly string[]>();
  private readonly decisions = new Map<string, Decision>();
  private readonly passed = new Map<string, PassedOverCount>();
  private readonly assumptions = new Set<string>();
  private pods = 0;
  private written = 0;
  private mirrors = 0;
  private imageVolumes = 0;

  public constructor(private readonly question: Question) {}

  /** How many pods were added. */
  public get size(): number {
    return this.pods;
  }

  public add(pod: Pod, targets: readonly Target[] = this.question.targets): void {
    this.pods += 1;
    this.written += pod.running || pod.workload === undefined ? 0 : 1;
    this.mirrors += pod.mirror ? 1 : 0;
    this.imageVolumes += pod.imageVolumes;
    for (const target of targets) {
      this.count(this.decisionsFor(pod, target), pod.source);
    }
  }

  public passOver(object: PassedOver): void {
    const key = JSON.stringify([object.apiVersion, object.kind, object.reason]);
    this.passed.set(key, { ...object, count: (this.passed.get(key)?.count ?? 0) + 1 });
  }

  public report(): SurveyReport {
    const decisions = [...this.decisions.values()].sort(inOrder);
    const passedOver = [...this.passed.values()].sort(by((object) => [object.kind, object.apiVersion, object.reason]));
    return {
      result: resultOf(decisions, this.question.leftOut ?? 0),
      decisions,
      passedOver,
      notes: this.notes(passedOver),
      assumptions: [...this.assumptions].sort(),
    };
  }

  /** The ids of the decisions about a pod; decided once for all that are alike. */
  private decisionsFor(pod: Pod, target: Target): readonly string[] {
    const asked = [target, ...identity(pod), pod.running, pod.mirror, pod.images];
    const key = JSON.stringify(asked);
    const present = this.groups.get(key);
    if (present !== undefined) {
      return present;
    }
    const made = this.decide(pod, target);
    for (const decision of made) {
      this.decisions.set(decision.id, this.decisions.get(decision.id) ?? decision);
    }
    const ids = made.map(({ id }) => id);
    this.groups.set(key, ids);
    return ids;
  }

  private count(ids: readonly string[], source: string): void {
    for (const id of ids) {
      const decision = this.decisions.get(id) as Decision;
      const { sources } = decision;
      const more = sources.includes(source) || sources.length === MOST_SOURCES ? sources : [...sources, source].sort();
      this.decisions.set(id, { ...decision, count: decision.count + 1, sources: more });
    }
  }

  private decide(pod: Pod, target: Target): Decision[] {
    const verdict = this.ask(pod, pod.images, target);
    for (const assumption of verdict.assumptions) {
      this.assumptions.add(assumption);
    }
    const pinned = this.askPinned(pod, verdict, target);
    const { workload, namespace, serviceAccount, running, mirror } = pod;
    return verdict.images.map((policy, index) => {
      const asked = pod.images[index];
      const outcome = outcomeOf(policy, verdict);
      return {
        id: idOf(pod, asked, target),
        target,
        pod: { workload, namespace, serviceAccount, running, mirror },
        asked,
        verdict: outcome,
        category: categoryOf(policy, verdict, outcome),
        ...(policy.verdict !== "admitted" && verdict.overriddenBy && { overriddenBy: verdict.overriddenBy }),
        policy,
        ...(pinned[index] && { pinned: pinned[index] }),
        count: 0,
        sources: [],
      };
    });
  }

  private ask(pod: Pod, images: readonly PodImage[], target: Target): Verdict {
    const { namespace, serviceAccount, labels, annotations } = pod;
    const place =
      target.kind === "gke"
        ? {
            ...target,
            ...(namespace !== undefined && { namespace }),
            ...(serviceAccount !== undefined && { serviceAccount }),
          }
        : target;
    const { model, evidence, verifier } = this.question;
    return admit({ target: place, pod: { images, labels, annotations } }, model, evidence, verifier);
  }

  /** What would be if every image were written with the digest that runs; for those only that are not admitted as they are. */
  private askPinned(pod: Pod, { images }: Verdict, target: Target): (Pinned | undefined)[] {
    const written = pod.images.map((image) => pinnedImage(image));
    const helps = written.map((image, index) => image !== undefined && images[index].verdict !== "admitted");
    if (!helps.includes(true)) {
      return [];
    }
    const asked = pod.images.map((image, index) => ({ ...image, image: written[index] ?? image.image }));
    const verdict = this.ask(pod, asked, target);
    return verdict.images.map((image, index) =>
      helps[index] ? { image: image.image, verdict: image.verdict } : undefined,
    );
  }

  private notes(passedOver: readonly PassedOverCount[]): string[] {
    const unjudged = passedOver.filter(({ reason }) => reason !== undefined);
    const { leftOut = 0 } = this.question;
    return [
      ...(leftOut > 0
        ? [
            `nothing was decided for ${plural(leftOut, "cluster or service", "clusters or services")} whose name is not known`,
          ]
        : []),
      ...(this.written > 0
        ? ["containers that are added when a pod is made, a sidecar of a service mesh for example, are in no manifest"]
        : []),
      ...unjudged.map(
        ({ kind, apiVersion, count, reason }) => `${count} ${kind} of ${apiVersion} not judged: ${reason}`,
      ),
      ...(this.mirrors > 0
        ? [
            `${plural(this.mirrors, "static pod is", "static pods are")} judged like others; a node starts them from its own files, and asks nobody (kubernetes.io/config.mirror)`,
          ]
        : []),
      ...(this.imageVolumes > 0
        ? [
            `${plural(this.imageVolumes, "image volume is", "image volumes are")} not judged: nothing says whether Binary Authorization looks at them`,
          ]
        : []),
    ];
  }
}

/** Whether everything runs; certain denials count more than what is not known. */
function resultOf(decisions: readonly Decision[], leftOut: number): SurveyReport["result"] {
  if (decisions.some(({ verdict }) => verdict === "denied")) {
    return "fail";
  }
  return decisions.length === 0 || leftOut > 0 || decisions.some(({ verdict }) => verdict === "undecided")
    ? "undecided"
    : "pass";
}

/** Everything about a pod that a decision depends on, beside its images and the place. */
function identity({ workload, namespace, serviceAccount, labels, annotations }: Pod): readonly unknown[] {
  const label = Object.hasOwn(labels, BREAK_GLASS_LABEL) ? labels[BREAK_GLASS_LABEL] : null;
  const annotation = Object.hasOwn(annotations, BREAK_GLASS_ANNOTATION) ? annotations[BREAK_GLASS_ANNOTATION] : null;
  return [workload?.kind, workload?.name, namespace, serviceAccount, label, annotation].map((part) => part ?? null);
}

function idOf(pod: Pod, { kind, container, image, runningDigest }: PodImage, target: Target): string {
  return shortHash(
    showTarget(target),
    JSON.stringify(identity(pod)),
    JSON.stringify([pod.running, pod.mirror]),
    kind,
    container,
    image,
    runningDigest ?? "",
  );
}

/** An image with the digest that runs in the place of its tag; undefined where none is known, or where it has one. */
function pinnedImage({ image, runningDigest }: PodImage): string | undefined {
  const { repository, digest } = imageParts(image);
  return runningDigest === undefined || digest !== undefined ? undefined : `${repository}@${runningDigest}`;
}

/** Whether the pod runs as far as one of its images is concerned. */
function outcomeOf(image: ImageVerdict, pod: Verdict): Outcome {
  if (image.verdict === "admitted" || pod.verdict === "admitted") {
    return "admitted";
  }
  return pod.verdict === "undecided" ? "undecided" : image.verdict;
}

function categoryOf(image: ImageVerdict, pod: Verdict, outcome: Outcome): Category {
  if (image.verdict === "admitted") {
    const { decidedBy } = image;
    return decidedBy === "not-enforced" ? decidedBy : decidedBy === "rule" ? "admitted" : "exempt";
  }
  if (outcome !== "denied") {
    // Without a word on what overrode it, every rule that may apply lets it run.
    return outcome === "undecided" ? "undecided" : (pod.overriddenBy ?? "admitted");
  }
  const reasons = image.attestors.map(({ reason }) => reason);
  if (reasons.includes(REASON_NO_DIGEST)) {
    return "denied-by-tag";
  }
  return reasons.includes(REASON_NO_ATTESTATION) ? "unsigned" : "denied";
}

const KINDS = ["init", "container", "ephemeral"];

const inOrder = by(({ pod, asked, target, id }: Decision) => [
  pod.namespace,
  pod.workload?.kind,
  pod.workload?.name,
  String(KINDS.indexOf(asked.kind)),
  asked.container,
  asked.image,
  showTarget(target),
  id,
]);

/** By several texts, code unit by code unit: the same order on every machine. */
function by<T>(keys: (value: T) => readonly (string | undefined)[]): (left: T, right: T) => number {
  return (left, right) => {
    const [one, other] = [keys(left), keys(right)].map((list) => list.map((key) => key ?? ""));
    const index = one.findIndex((key, at) => key !== other[at]);
    return index < 0 ? 0 : one[index] < other[index] ? -1 : 1;
  };
}

function plural(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}

/** A pod with one image that was named by itself. */
export function podOfImage(image: string): Pod {
  return {
    labels: {},
    annotations: {},
    images: [{ image, container: "image", kind: "container" }],
    running: false,
    mirror: false,
    imageVolumes: 0,
    source: "command line",
  };
}
