import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** How a program ended, and what it printed. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** True where it was stopped since it took too long. */
  readonly tooLong: boolean;
}

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment. */
  readonly env: Record<string, string>;
  /** Stops the program, and everything that it started. */
  readonly signal: AbortSignal;
  /** Milliseconds after which it is stopped. */
  readonly limit: number;
  readonly onOutput?: (text: string) => void;
}

/** The demonstration was stopped from outside. */
export class Stopped extends Error {}

/** Looks a program up on the PATH, as a shell does. */
export function findProgram(name: string): string | undefined {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  return (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, file))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * Runs a program to its end. It gets a group of its own: Ctrl-C reaches this process alone, which then stops the group, the
 * plugins of terraform included.
 */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  const { cwd, env, signal, limit, onOutput } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new Stopped());
      return;
    }
    const child = spawn(program, args, {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    let tooLong = false;
    const stop = () => {
      try {
        process.kill(-(child.pid ?? 0) || Number.NaN, "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
    };
    const timer = setTimeout(() => {
      tooLong = true;
      stop();
    }, limit);
    signal.addEventListener("abort", stop, { once: true });
    const printed = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        printed[stream] += text;
        onOutput?.(text);
      });
    }
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    };
    child.once("error", (error) => {
      over();
      reject(error);
    });
    child.once("close", (code) => {
      over();
      if (signal.aborted) {
        reject(new Stopped());
      } else {
        resolve({ code: code ?? -1, ...printed, tooLong });
      }
    });
  });
}
