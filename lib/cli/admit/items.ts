import { showTarget } from "../../admission/targets";
import type { Target } from "../../admission/types";
import type { Decision } from "../../workloads/survey";
import { remediesOf, whyOf } from "./advice";
import { workloadKey } from "./summary";

/** One image of one container of a workload: what is read as one thing, however many places it was decided for. */
export interface Item {
  readonly workload: string;
  readonly first: Decision;
  /** Decisions that say the same are one answer for several places. */
  readonly answers: readonly Answer[];
}

/** What holds at one or several places. */
export interface Answer {
  readonly places: readonly string[];
  readonly verdict: string;
  readonly decision: Decision;
  readonly why: string;
  readonly remedies: readonly string[];
}

/** What is worst about an item, the worst first. */
export const URGENCY = ["denied", "undecided", "overridden", "admitted"] as const;
export type Urgency = (typeof URGENCY)[number];

export function itemsOf(decisions: readonly Decision[]): Item[] {
  const names = placeNames(decisions.map(({ target }) => target));
  const byItem = new Map<string, Decision[]>();
  for (const decision of decisions) {
    const { asked } = decision;
    const key = JSON.stringify([workloadKey(decision), asked.kind, asked.container, asked.image, asked.runningDigest]);
    byItem.set(key, [...(byItem.get(key) ?? []), decision]);
  }
  return [...byItem.values()].map((all) => ({
    workload: workloadKey(all[0]),
    first: all[0],
    answers: answersOf(all, names),
  }));
}

function answersOf(decisions: readonly Decision[], names: (target: Target) => string): Answer[] {
  const answers = new Map<string, Answer>();
  for (const decision of decisions) {
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
function placeNames(targets: readonly Target[]): (target: Target) => string {
  const single = new Set(targets.map(({ project }) => project)).size === 1;
  return (target) => (single ? showTarget(target).replace(/^(?:gke:[^/]+\/|(default):.*)/, "$1") : showTarget(target));
}

/** How urgent an item is: as urgent as its worst answer. */
export function urgencyOf({ answers }: Item): Urgency {
  return (
    URGENCY.find((urgency) => answers.some(({ decision }) => urgencyOfDecision(decision) === urgency)) ?? "admitted"
  );
}

function urgencyOfDecision({ verdict, overriddenBy }: Decision): Urgency {
  return verdict === "admitted" ? (overriddenBy === undefined ? "admitted" : "overridden") : verdict;
}
