import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCommand, interleaveCommands, runCommand } from "../commands.mjs";
import { median } from "../measure.mjs";
import { writePlan } from "../plans.mjs";
import { ROOT } from "../programs.mjs";
import { pluck, ratioFigure } from "./figure.mjs";

const SIZES = [10, 1000];
/** 300 MB of plan. */
const LARGE = 18_100;

const ours = {
  name: "binauthz review",
  argv: (plan) => [process.execPath, join(ROOT, "dist/cli/binauthz.js"), "review", plan, "--format", "json"],
  // Findings gate: that is no failure here.
  codes: [0, 2, 3],
  findings: (stdout) => JSON.parse(stdout).findings.map(({ id }) => id),
};

/** What others put before an apply. */
const OTHERS = [
  {
    name: "checkov",
    variable: "BINAUTHZ_CHECKOV",
    goal: 1 / 50,
    argv: (program, plan) => [
      program,
      ...["-f", plan, "--framework", "terraform_plan", "-o", "json", "--compact", "--quiet", "--soft-fail"],
      "--skip-download",
    ],
    codes: [0],
    findings: (stdout) => JSON.parse(stdout).results.failed_checks.map(({ check_id: id }) => id),
  },
  {
    name: "conftest",
    variable: "BINAUTHZ_CONFTEST",
    goal: 1,
    argv: (program, plan) => [program, "test", plan, "--policy", join(ROOT, "bench/conftest"), "--output", "json"],
    codes: [0, 1],
    findings: (stdout) =>
      JSON.parse(stdout).flatMap(({ failures = [] }) => failures.map(({ msg }) => msg.replace(/^.*?: /, ""))),
  },
];

/** `binauthz review` beside a general scanner and a policy engine, on the same plans. */
export async function reviewFigures(_, runs) {
  const folder = mkdtempSync(join(tmpdir(), "cdktf-binauthz-bench-"));
  try {
    const found = OTHERS.map((other) => ({ ...other, program: findCommand(other.name, other.variable) }));
    const skipped = found.filter(({ program }) => program === undefined);
    const others = found
      .filter(({ program }) => program !== undefined)
      .map((other) => ({
        ...other,
        argv: (plan) => OTHERS.find(({ name }) => name === other.name).argv(other.program, plan),
      }));
    const parts = [];
    for (const clusters of SIZES) {
      parts.push(await sideBySide(folder, clusters, others, runs));
    }
    parts.push(await largePlan(folder, runs));
    return {
      figures: parts.flatMap(({ figures }) => figures),
      details: [
        ...parts.flatMap(({ details }) => details),
        ...skipped.map(({ name, variable }) => `skipped: ${name} is not on the PATH, and ${variable} names none`),
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function sideBySide(folder, clusters, others, runs) {
  const [harmless, weakened] = ["harmless", "weakened"].map((name) => {
    const path = join(folder, `${name}-${clusters}.json`);
    writePlan(path, name, clusters);
    return path;
  });
  const sides = [ours, ...others];
  const details = [];
  for (const { argv, codes, findings, name } of sides) {
    const [quiet, loud] = [
      findings((await runCommand(argv(harmless), codes)).stdout),
      findings((await runCommand(argv(weakened), codes)).stdout),
    ];
    details.push(
      `${clusters} clusters, ${name} finds on the harmless plan: ${counted(quiet)}; on the weakened one: ${counted(loud)}`,
    );
  }
  const figures = [];
  for (const other of others) {
    // A process of more than a minute needs no seven rounds to be told from one of two seconds.
    const rounds = clusters > 100 ? Math.min(runs, 3) : runs;
    const commands = [ours, other].map(({ argv, codes }) => ({ argv: argv(weakened), codes }));
    const [mine, theirs] = await interleaveCommands(rounds, commands);
    const figure = (measure, name, goal) =>
      ratioFigure({
        figure: `review of a plan with ${clusters} clusters (${megabytes(weakened)} MB): ${name}`,
        against: other.name,
        goal,
        ours: pluck(mine, measure),
        theirs: pluck(theirs, measure),
      });
    figures.push(figure("wall", "time", clusters === 1000 ? other.goal : undefined));
    if (mine[0].rss !== undefined) {
      figures.push(figure("rss", "peak memory"));
    }
    details.push(took(`${clusters} clusters, ${ours.name}`, mine), took(`${clusters} clusters, ${other.name}`, theirs));
  }
  if (others.length === 0) {
    const [alone] = await interleaveCommands(runs, [{ argv: ours.argv(weakened), codes: ours.codes }]);
    details.push(took(`${clusters} clusters (${megabytes(weakened)} MB), ${ours.name}`, alone));
  }
  return { figures, details };
}

/** Peak memory over the size of the file. */
async function largePlan(folder, runs) {
  const plan = join(folder, "large.json");
  writePlan(plan, "weakened", LARGE);
  const size = statSync(plan).size / 2 ** 20;
  const [results] = await interleaveCommands(Math.min(runs, 3), [{ argv: ours.argv(plan), codes: ours.codes }]);
  const details = [took(`${LARGE} clusters (${megabytes(plan)} MB), ${ours.name}`, results)];
  if (results[0].rss === undefined) {
    return { figures: [], details };
  }
  const ratio = median(pluck(results, "rss")) / size;
  const figure = `review of a plan with ${LARGE} clusters (${megabytes(plan)} MB): peak memory`;
  return {
    figures: [{ figure, against: "size of the plan", goal: "≤ 4", measured: ratio.toFixed(2), ok: ratio <= 4 }],
    details,
  };
}

function megabytes(path) {
  return (statSync(path).size / 1e6).toFixed(1);
}

function took(what, results) {
  const memory =
    results[0].rss === undefined ? "memory not known" : `${median(pluck(results, "rss")).toFixed(0)} MB peak`;
  return `${what}: ${median(pluck(results, "wall")).toFixed(0)} ms, ${memory}`;
}

/** `P007, P010 × 10`: how often each was found. */
function counted(ids) {
  const counts = new Map();
  for (const id of ids) {
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
  return sorted.map(([id, count]) => (count === 1 ? id : `${id} × ${count}`)).join(", ") || "nothing";
}
