import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./programs.mjs";

const PRELOAD = join(ROOT, "bench/preload.cjs");

/** Runs a program once, as a process of its own that has to end with `status`: wall and CPU time in ms, peak memory in MB. */
export function run(program, env = {}, { args = [], status = 0 } = {}) {
  const outdir = mkdtempSync(join(tmpdir(), "cdktf-binauthz-bench-"));
  try {
    const start = process.hrtime.bigint();
    const child = spawnSync(process.execPath, ["--require", PRELOAD, program, ...args], {
      cwd: outdir,
      // Nothing of the caller's environment may differ between two machines, or switch a side's path.
      env: { PATH: process.env.PATH, HOME: outdir, CDKTF_OUTDIR: join(outdir, "out"), ...env },
      stdio: ["ignore", "pipe", "inherit", "pipe"],
    });
    const wall = Number(process.hrtime.bigint() - start) / 1e6;
    if (child.status !== status) {
      throw new Error(`${program} ended with ${child.status ?? child.signal}`);
    }
    return { wall, ...JSON.parse(String(child.output[3])), stdout: String(child.stdout), ...synthesized(outdir, env) };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function synthesized(outdir, env) {
  return env.BENCH_KEEP_STACK
    ? { stack: JSON.parse(readFileSync(join(outdir, "out/stacks", env.BENCH_KEEP_STACK, "cdk.tf.json"), "utf8")) }
    : {};
}

/**
 * Runs several programs in turn, so that whatever else the machine does meets all of them; a first round that is not
 * counted fills the file cache. Returns for each program its measurements, round by round.
 */
export function interleave(rounds, programs) {
  const results = programs.map(() => []);
  for (let round = -1; round < rounds; round++) {
    // Every second round the other way around: the first of two has no advantage.
    const order = [...programs.keys()];
    for (const index of round % 2 === 0 ? order : order.reverse()) {
      const { program, env, ...how } = programs[index];
      const result = run(program, env, how);
      if (round >= 0) {
        results[index].push(result);
      }
    }
  }
  return results;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of the ratios of two sides, each taken within one round, and how far half of them lie apart. */
export function ratio(ours, theirs) {
  const ratios = ours.map((value, index) => value / theirs[index]).sort((a, b) => a - b);
  const quarter = Math.floor(ratios.length / 4);
  return { value: median(ratios), low: ratios[quarter], high: ratios[ratios.length - 1 - quarter] };
}
