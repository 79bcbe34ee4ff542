import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Template, withoutMetadata } from "./template";

const ROOT = join(__dirname, "..", "..");

/** What main.ts came to, and what it printed. */
export interface ReferenceDeployment {
  readonly template: Template;
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

/**
 * Runs main.ts in a process of its own, as `cdktf synth` does: it reads its environment and synthesizes when it is
 * loaded.
 *
 * @param googleProject the value of GOOGLE_PROJECT; undefined leaves it out
 */
export function referenceDeployment(googleProject?: string): ReferenceDeployment {
  const outdir = mkdtempSync(join(tmpdir(), "binauthz-main-"));
  try {
    const { GOOGLE_PROJECT: _, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [require.resolve("tsx/cli"), "main.ts"], {
      cwd: ROOT,
      encoding: "utf8",
      env: {
        ...env,
        CDKTF_OUTDIR: outdir,
        ...(googleProject !== undefined && { GOOGLE_PROJECT: googleProject }),
      },
    });
    if (status !== 0) {
      throw new Error(`main.ts ended with ${status}:\n${stdout}${stderr}`);
    }
    const text = readFileSync(join(outdir, "stacks", "binauthz", "cdk.tf.json"), "utf8");
    return { template: new Template(withoutMetadata(JSON.parse(text))), stdout, stderr, status };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
