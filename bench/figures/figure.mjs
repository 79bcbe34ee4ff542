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
  const of = (measure) => median(results.map((result) => result[measure])).toFixed(0);
  const best = Math.min(...pluck(results, "wall")).toFixed(0);
  return `${name}: ${of("wall")} ms (fastest ${best} ms), ${of("cpu")} ms CPU, ${of("rss")} MB peak`;
}

/** How many stack traces CDKTF captured, and how many frames they hold; exact, the same in every run. */
export function traceFigures(figure, ours, theirs) {
  return [
    {
      figure: `${figure}: stack traces`,
      against: "by hand",
      goal: "not more",
      measured: `${ours.traces} to ${theirs.traces}`,
      ok: ours.traces <= theirs.traces,
    },
    {
      figure: `${figure}: frames in them`,
      against: "by hand",
      goal: "",
      measured: (ours.frames / theirs.frames).toFixed(3),
    },
  ];
}

export function pluck(results, measure) {
  return results.map((result) => result[measure]);
}
