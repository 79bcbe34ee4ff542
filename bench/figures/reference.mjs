import { interleave, run } from "../measure.mjs";
import { assertSame } from "../sameness.mjs";
import { detail, pluck, ratioFigure, traceFigures } from "./figure.mjs";

const FIGURE = "reference deployment, whole process";

/** The reference deployment: ours, the same by hand, and the same by hand with the provider's index. */
export function referenceFigures(programs, runs) {
  const stacks = [programs.ours, programs.byHand, programs.byIndex].map(
    (program) => run(program, { BENCH_KEEP_STACK: "binauthz" }).stack,
  );
  assertSame(FIGURE, stacks[0], stacks[1]);
  assertSame(FIGURE, stacks[0], stacks[2]);

  // Short processes: many more runs, for a difference of a few hundredths.
  const [ours, byHand] = interleave(9 * runs, [{ program: programs.ours }, { program: programs.byHand }]);
  const [oursToo, byIndex] = interleave(runs, [{ program: programs.ours }, { program: programs.byIndex }]);
  const traces = [programs.ours, programs.byHand].map((program) => run(program, { BENCH_COUNT_TRACES: "1" }));
  const figure = (measure, name, goal) => ({ figure: `${FIGURE}: ${name}`, measure, goal });
  return {
    figures: [
      ...[figure("wall", "time", 1.05), figure("cpu", "CPU time", 1.05), figure("rss", "peak memory")].map((one) =>
        ratioFigure({ ...one, against: "by hand", ours: pluck(ours, one.measure), theirs: pluck(byHand, one.measure) }),
      ),
      ...[figure("wall", "time", 0.25), figure("cpu", "CPU time", 0.25), figure("rss", "peak memory", 0.25)].map(
        (one) =>
          ratioFigure({
            ...one,
            against: "by hand, provider's index",
            ours: pluck(oursToo, one.measure),
            theirs: pluck(byIndex, one.measure),
          }),
      ),
      ...traceFigures(FIGURE, ...traces),
    ],
    details: [
      detail("reference deployment, ours", ours),
      detail("reference deployment, by hand", byHand),
      detail("reference deployment, by hand with the provider's index", byIndex),
    ],
  };
}
