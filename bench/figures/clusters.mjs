import { interleave, run } from "../measure.mjs";
import { assertSame } from "../sameness.mjs";
import { detail, pluck, ratioFigure, traceFigures } from "./figure.mjs";

const KINDS = {
  autopilot: "Autopilot clusters, one service account",
  standard: "zonal clusters, all defaults",
};
const COUNTS = [1, 100, 1000];

/** Many clusters, ours and by hand: what each one costs, and whether the cost stays the same. */
export function clusterFigures(programs, runs) {
  const groups = Object.keys(KINDS).map((kind) => kindFigures(programs, runs, kind));
  return { figures: groups.flatMap(({ figures }) => figures), details: groups.flatMap(({ details }) => details) };
}

function kindFigures(programs, runs, kind) {
  const sides = (env) => [
    { program: programs.clusters, env: { BENCH_KIND: kind, ...env } },
    { program: programs.clustersByHand, env: { BENCH_KIND: kind, ...env } },
  ];
  for (const count of COUNTS) {
    const [ours, byHand] = sides({ BENCH_CLUSTERS: `${count}`, BENCH_KEEP_STACK: "clusters" });
    assertSame(`${count} ${KINDS[kind]}`, run(ours.program, ours.env).stack, run(byHand.program, byHand.env).stack);
  }
  const measured = COUNTS.map((count) => interleave(runs, sides({ BENCH_CLUSTERS: `${count}` })));
  const [one, hundred, thousand] = measured;
  const traces = sides({ BENCH_CLUSTERS: "100", BENCH_COUNT_TRACES: "1" }).map(({ program, env }) => run(program, env));
  return {
    figures: [
      ...["wall", "cpu"].map((measure) =>
        ratioFigure({
          figure: `1,000 ${KINDS[kind]}: ${measure === "cpu" ? "CPU time" : "time"} per cluster`,
          against: "by hand",
          goal: 1.05,
          ours: costs(one[0], thousand[0], 1000, measure),
          theirs: costs(one[1], thousand[1], 1000, measure),
        }),
      ),
      ratioFigure({
        figure: `1,000 ${KINDS[kind]}: peak memory`,
        against: "by hand",
        ours: pluck(thousand[0], "rss"),
        theirs: pluck(thousand[1], "rss"),
      }),
      ...["ours", "by hand"].map((side, index) =>
        ratioFigure({
          figure: `${KINDS[kind]}: CPU time per cluster at 1,000`,
          against: `at 100, ${side}`,
          // Linear; by hand it is CDKTF's own affair.
          goal: index === 0 ? 1.1 : undefined,
          ours: costs(one[index], thousand[index], 1000, "cpu"),
          theirs: costs(one[index], hundred[index], 100, "cpu"),
        }),
      ),
      ...traceFigures(`100 ${KINDS[kind]}`, ...traces),
    ],
    details: COUNTS.flatMap((count, index) => [
      detail(`${count} ${KINDS[kind]}, ours`, measured[index][0]),
      detail(`${count} ${KINDS[kind]}, by hand`, measured[index][1]),
    ]),
  };
}

/** What one cluster more costs, round by round. */
function costs(one, many, count, measure) {
  return many.map((result, round) => (result[measure] - one[round][measure]) / (count - 1));
}
