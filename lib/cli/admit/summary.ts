import { showTarget } from "../../admission/targets";
import type { Category, Decision, SurveyReport } from "../../workloads/survey";

/** How many decisions came to what. A decision is one container's image of one workload at one place. */
export interface Summary {
  readonly decisions: number;
  /** How many workloads, or images that were named by themselves. */
  readonly workloads: number;
  readonly targets: number;
  readonly admitted: number;
  readonly exempt: number;
  readonly notEnforced: number;
  readonly dryRun: number;
  readonly breakGlass: number;
  readonly deniedByTag: number;
  readonly unsigned: number;
  readonly otherwiseDenied: number;
  readonly undecided: number;
  /** How many of those that are not admitted as they are written would be with the digest that runs. */
  readonly admittedIfPinned: number;
  /** Objects that carry no pod. */
  readonly passedOver: number;
}

export function summaryOf({ decisions, passedOver }: SurveyReport): Summary {
  const count = (category: Category) => decisions.filter((decision) => decision.category === category).length;
  return {
    decisions: decisions.length,
    workloads: new Set(decisions.map(workloadKey)).size,
    targets: new Set(decisions.map(({ target }) => showTarget(target))).size,
    admitted: count("admitted"),
    exempt: count("exempt"),
    notEnforced: count("not-enforced"),
    dryRun: count("dry-run"),
    breakGlass: count("break-glass"),
    deniedByTag: count("denied-by-tag"),
    unsigned: count("unsigned"),
    otherwiseDenied: count("denied"),
    undecided: count("undecided"),
    admittedIfPinned: decisions.filter(({ pinned }) => pinned?.verdict === "admitted").length,
    passedOver: passedOver.reduce((sum, object) => sum + object.count, 0),
  };
}

/** What tells workloads apart. */
export function workloadKey({ pod, asked }: Decision): string {
  const { namespace, workload } = pod;
  return JSON.stringify(workload ? [namespace ?? null, workload.kind, workload.name] : [asked.image]);
}

/** The counts in words, without those that are none. */
function summaryParts(summary: Summary): string[] {
  const parts: readonly (readonly [number, string])[] = [
    [summary.admitted, "admitted"],
    [summary.exempt, "exempt"],
    [summary.notEnforced, "not enforced"],
    [summary.deniedByTag, "denied by tag"],
    [summary.unsigned, "unsigned"],
    [summary.otherwiseDenied, "otherwise denied"],
    [summary.dryRun, "let through by a dry run"],
    [summary.breakGlass, "let through by break-glass"],
    [summary.undecided, "undecided"],
  ];
  return parts.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
}

/** The objects that carry no pod, by kind; those that may make some have a note each. */
export function passedOverParts({ passedOver }: SurveyReport): string[] {
  return passedOver.filter(({ reason }) => reason === undefined).map(({ kind, count }) => `${count} ${kind}`);
}

/** What the decisions are about: images that were named by themselves, or workloads. */
function thingOf(decisions: readonly Decision[]): string {
  return decisions.every(({ pod }) => pod.workload === undefined) ? "image" : "workload";
}

/** What was decided, and how it came out. */
export function countsOf(report: SurveyReport): string {
  const summary = summaryOf(report);
  const about = plural(summary.workloads, thingOf(report.decisions));
  return `${plural(summary.decisions, "decision")} about ${about} at ${plural(summary.targets, "place")}: ${summaryParts(summary).join(", ")}`;
}

/** The result in one sentence: of how many workloads, and at how many places. */
export function headline({ decisions }: SurveyReport): string {
  const thing = thingOf(decisions);
  const all = new Set(decisions.map(workloadKey)).size;
  const places = new Set(decisions.map(({ target }) => showTarget(target))).size;
  const share = (some: readonly Decision[], what: string) => {
    const count = new Set(some.map(workloadKey)).size;
    const at = new Set(some.map(({ target }) => showTarget(target))).size;
    return `${count} of ${plural(all, thing)} ${what}${places > 1 ? `, at ${at} of ${places} places` : ""}`;
  };
  const denied = decisions.filter(({ verdict }) => verdict === "denied");
  const deniedKeys = new Set(denied.map(workloadKey));
  const undecided = decisions.filter(
    (decision) => decision.verdict === "undecided" && !deniedKeys.has(workloadKey(decision)),
  );
  const through = decisions.filter(({ overriddenBy }) => overriddenBy !== undefined);
  if (denied.length + undecided.length > 0) {
    return [
      ...(denied.length > 0 ? [share(denied, "would not run")] : []),
      ...(undecided.length > 0 ? [share(undecided, "cannot be decided")] : []),
    ].join("; ");
  }
  const ways = [
    ...new Set(through.map(({ overriddenBy }) => (overriddenBy === "dry-run" ? "a dry run" : "break-glass"))),
  ];
  return through.length > 0
    ? share(through, `would run only because of ${ways.sort().join(" or ")}`)
    : `${all === 1 ? `the ${thing}` : `all ${all} ${thing}s`} would run`;
}

/** A number of things: `1 pod`, `2 pods`. */
export function plural(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
