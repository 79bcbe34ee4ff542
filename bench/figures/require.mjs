import { interleave, median } from "../measure.mjs";

const GOAL = 15;

/** Loading the library, before a construct of it is used. */
export function requireFigures(programs, runs) {
  const [results] = interleave(3 * runs, [{ program: programs.require }]);
  const milliseconds = median(results.map(({ stdout }) => Number(stdout)));
  const { providerFiles } = results[0];
  return {
    figures: [
      {
        figure: 'require("cdktf-binauthz"): time',
        against: "on top of cdktf",
        goal: `≤ ${GOAL} ms`,
        measured: `${milliseconds.toFixed(1)} ms`,
        ok: milliseconds <= GOAL,
      },
      {
        figure: 'require("cdktf-binauthz"): provider files',
        against: "on top of cdktf",
        goal: "none",
        measured: `${providerFiles}`,
        ok: providerFiles === 0,
      },
    ],
    details: [],
  };
}
