import { availableParallelism, loadavg } from "node:os";
import Table from "cli-table3";
import { clusterFigures } from "./figures/clusters.mjs";
import { referenceFigures } from "./figures/reference.mjs";
import { requireFigures } from "./figures/require.mjs";
import { compilePrograms } from "./programs.mjs";

// Every figure is a ratio of two sides that are measured in turn in this one run: seconds depend on the machine.

const GROUPS = { reference: referenceFigures, require: requireFigures, clusters: clusterFigures };

const runs = Number(process.env.BENCH_RUNS ?? 7);
const wanted = (process.env.BENCH_ONLY ?? Object.keys(GROUPS).join(",")).split(",");

const programs = await compilePrograms();
console.log(`${availableParallelism()} cores, Node.js ${process.version}, ${runs} runs, load ${load()}`);
const table = new Table({
  head: ["figure", "against", "goal", "measured", "ok?"],
  style: { head: [], border: [], compact: true },
});
const details = [];
for (const name of wanted) {
  const group = GROUPS[name](programs, runs);
  table.push(...group.figures.map(row));
  details.push(...group.details);
}
console.log(table.toString());
console.log(details.join("\n"));
console.log(`load at the end ${load()}`);

function row({ figure, against, goal, measured, ok }) {
  return [figure, against, goal, measured, ok === undefined ? "" : ok ? "yes" : "no"];
}

/** How much else the machine was doing. */
function load() {
  return loadavg()[0].toFixed(1);
}
