import { median, ratio } from "../measure.mjs";

/** One row of the table: how many times the other side's measure ours is. */
export function ratioFigure({ figure, against, goal, ours, theirs }) {
  const { value, low, high } = ratio(ours, theirs);
  return {
    figure,
    against,
    goal: goal === undefined ? "" : `≤ ${goal}`,
    measured: `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`,
    ok: goal === undefined ? undefined : value <= goal,
  };
}

/** The absolute medians behind the ratios, for those who know the machine. */
export function detail(name, results) {
  const of = (measure) => median(results.map((result) => result[measure]));
  return `${name}: ${of("wall").toFixed(0)} ms, ${of("cpu").toFixed(0)} ms CPU, ${of("rss").toFixed(0)} MB peak`;
}

export function pluck(results, measure) {
  return results.map((result) => result[measure]);
}
