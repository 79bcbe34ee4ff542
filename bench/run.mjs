import { availableParallelism, loadavg } from "node:os";
import Table from "cli-table3";
import { admissionFigures } from "./figures/admission.mjs";
import { clusterFigures } from "./figures/clusters.mjs";
import { manifestFigures } from "./figures/manifests.mjs";
import { referenceFigures } from "./figures/reference.mjs";
import { requireFigures } from "./figures/require.mjs";
import { reviewFigures } from "./figures/review.mjs";
import { compilePrograms } from "./programs.mjs";

// Every figure is a ratio of two sides that are measured in turn in this one run: seconds depend on the machine.

const GROUPS = {
  reference: referenceFigures,
  require: requireFigures,
  admission: admissionFigures,
  manifests: manifestFigures,
  review: reviewFigures,
  clusters: clusterFigures,
};

const runs = Number(process.env.BENCH_RUNS ?? 7);
const wanted = (process.env.BENCH_ONLY ?? Object.keys(GROUPS).join(",")).split(",");

try {
  await bench();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function bench() {
  const programs = await compilePrograms();
  console.log(`${availableParallelism()} cores, Node.js ${process.version}, ${runs} runs, load ${load()}`);
  const groups = [];
  for (const name of wanted) {
    groups.push(await GROUPS[name](programs, runs));
  }
  const table = new Table({
    head: ["figure", "against", "goal", "measured", "ok?"],
    style: { head: [], border: [], compact: true },
  });
  table.push(...groups.flatMap(({ figures }) => figures.map(row)));
  console.log(table.toString());
  console.log(groups.flatMap(({ details }) => details).join("\n"));
  console.log(`load at the end ${load()}`);
}

function row({ figure, against, goal, measured, ok }) {
  return [figure, against, goal, measured, ok === undefined ? "" : ok ? "yes" : "no"];
}

/** How much else the machine was doing. */
function load() {
  return loadavg()[0].toFixed(1);
}
