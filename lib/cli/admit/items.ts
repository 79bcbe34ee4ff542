import { showTarget } from "../../admission/targets";
import type { Target } from "../../admission/types";
import type { Decision, ExplainedDecision, SurveyReport } from "../../workloads/survey";
import { remediesOf, whyOf } from "./advice";
import { workloadKey } from "./summary";

/** One image of one container of a workload: what is read as one thing, however many places it was decided for. */
export interface Item {
  readonly workload: string;
  readonly first: Decision;
  readonly decisions: readonly Decision[];
}

/** What holds at one or several places. */
export interface Answer {
  readonly places: readonly string[];
  readonly verdict: string;
  readonly decision: ExplainedDecision;
  readonly why: string;
  readonly remedies: readonly string[];
}

/** What is worst about an item, the worst first. */
export const URGENCY = ["denied", "undecided", "overridden", "admitted"] as const;
export type Urgency = (typeof URGENCY)[number];

/** The items of this urgency, one at a time. Their decisions follow one another in a report. */
export function* itemsOf({ decisions }: SurveyReport, urgency: Urgency): Generator<Item> {
  let open = new Map<string, Decision[]>();
  let shared: string | undefined;
  for (const decision of decisions) {
    const { asked } = decision;
    const workload = workloadKey(decision);
    const next = JSON.stringify([workload, asked.kind, asked.container, asked.image]);
    if (next !== shared) {
      yield* urgentOf(open, urgency);
      open = new Map();
      shared = next;
    }
    // Replicas may run different digests of one image.
    const digest = asked.runningDigest ?? "";
    open.set(digest, [...(open.get(digest) ?? []), decision]);
  }
  yield* urgentOf(open, urgency);
}

function* urgentOf(open: ReadonlyMap<string, readonly Decision[]>, urgency: Urgency): Generator<Item> {
  for (const decisions of open.values()) {
    if (urgencyOf(decisions) === urgency) {
      yield { workload: workloadKey(decisions[0]), first: decisions[0], decisions };
    }
  }
}

/** What holds for an item; decisions that say the same are one answer for several places. */
export function answersOf(
  { decisions }: Item,
  { explained }: SurveyReport,
  names: (target: Target) => string,
): Answer[] {
  const answers = new Map<string, Answer>();
  for (const decision of decisions.map(explained)) {
    const why = whyOf(decision);
    const remedies = remediesOf(decision);
    const key = JSON.stringify([decision.category, why, remedies]);
    const places = [...(answers.get(key)?.places ?? []), names(decision.target)];
    answers.set(key, { places: [...new Set(places)], verdict: VERDICTS[decision.category], decision, why, remedies });
  }
  return [...answers.values()];
}

const VERDICTS: Readonly<Record<Decision["category"], string>> = {
  admitted: "admitted",
  exempt: "exempt",
  "not-enforced": "not enforced",
  "dry-run": "dry run",
  "break-glass": "break-glass",
  "denied-by-tag": "denied",
  unsigned: "denied",
  denied: "denied",
  undecided: "undecided",
};

/** Clusters by the short name that `--target` takes, where all are of one project. */
export function placeNames({ decisions }: SurveyReport): (target: Target) => string {
  const single = new Set(decisions.map(({ target }) => target.project)).size === 1;
  return (target) => (single ? showTarget(target).replace(/^(?:gke:[^/]+\/|(default):.*)/, "$1") : showTarget(target));
}

/** As urgent as the worst of them. */
function urgencyOf(decisions: readonly Decision[]): Urgency {
  return URGENCY.find((urgency) => decisions.some((decision) => urgencyOfDecision(decision) === urgency)) ?? "admitted";
}

function urgencyOfDecision({ verdict, overriddenBy }: Decision): Urgency {
  return verdict === "admitted" ? (overriddenBy === undefined ? "admitted" : "overridden") : verdict;
}
