import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A program that a variable names, or that is on the PATH; undefined where there is none. */
export function findCommand(name, variable) {
  const asked = process.env[variable];
  if (asked) {
    if (!existsSync(asked)) {
      throw new Error(`${variable} names ${asked}, which does not exist`);
    }
    return asked;
  }
  const found = (process.env.PATH ?? "").split(delimiter).map((dir) => join(dir, name));
  return found.find((path) => existsSync(path));
}

/**
 * Runs a command of any language: wall time in ms, and the peak memory of its largest process in MB, where there is a
 * /proc that says so. What a scanner finds may be its exit code: `codes` are those that mean that it ran.
 */
export function runCommand([program, ...args], codes) {
  const home = mkdtempSync(join(tmpdir(), "cdktf-binauthz-bench-"));
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const child = spawn(program, args, {
      cwd: home,
      env: { PATH: process.env.PATH, HOME: home },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let rss = 0;
    const watch = setInterval(() => {
      rss = Math.max(rss, ...treeOf(child.pid).map(peakOf));
    }, 10);
    const output = [[], []];
    child.stdout.on("data", (part) => output[0].push(part));
    child.stderr.on("data", (part) => output[1].push(part));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearInterval(watch);
      rmSync(home, { recursive: true, force: true });
      const [stdout, stderr] = output.map((parts) => Buffer.concat(parts).toString());
      if (!codes.includes(code)) {
        reject(new Error(`${program} ended with ${code ?? signal}:\n${stderr.slice(-2000)}`));
        return;
      }
      const wall = Number(process.hrtime.bigint() - start) / 1e6;
      resolve({ wall, rss: rss === 0 ? undefined : rss, stdout });
    });
  });
}

/** As `interleave` of measure.mjs, for commands: in turn, every second round the other way around. */
export async function interleaveCommands(rounds, commands) {
  const results = commands.map(() => []);
  for (let round = -1; round < rounds; round++) {
    const order = [...commands.keys()];
    for (const index of round % 2 === 0 ? order : order.reverse()) {
      const { argv, codes } = commands[index];
      const result = await runCommand(argv, codes);
      if (round >= 0) {
        results[index].push(result);
      }
    }
  }
  return results;
}

function treeOf(pid) {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const children = tasks.flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean),
    );
    return [pid, ...children.flatMap(treeOf)];
  } catch {
    return [];
  }
}

/** The high-water mark of a process's memory in MB: it only grows, so that the last look counts. */
function peakOf(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
