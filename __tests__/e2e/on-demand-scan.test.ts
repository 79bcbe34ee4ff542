import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parse } from "yaml";
import { BuildPipeline, type OnDemandScanOptions, PipelineSource, VulnerabilitySeverity } from "../../lib";
import { createAccount, grant, type Sandbox, startSandbox } from "../../lib/sandbox";
import { pythonMissing } from "../support/recorded-apis";
import type { Json } from "../support/template";
import { type CommandResult, describeUnless, findProgram, run } from "../support/terraform";
import { PROJECT, synthesizeStack } from "./support";

// The scan before the push, by the real gcloud and its real component local-extract.

function missing(): string | undefined {
  const gcloud = findProgram("gcloud")?.path;
  const extract = gcloud && findProgram("local-extract");
  return extract === undefined ? "gcloud with its component local-extract was not found" : pythonMissing();
}

/** What the component makes up when it is asked for an extraction that is not one. */
const FAKE = { packageName: "fake-vulnz-package", id: "CVE-2026-1", severity: "HIGH", fixable: true };
const BUILDER = `serviceAccount:app-build@${PROJECT}.iam.gserviceaccount.com`;

function scanStep(scanBeforePush: OnDemandScanOptions): { readonly script: string; readonly env: string[] } {
  let config = "";
  synthesizeStack((stack) => {
    config = new BuildPipeline(stack, "Build", {
      image: `us-central1-docker.pkg.dev/${PROJECT}/apps/app`,
      source: PipelineSource.ownTrigger(),
      tag: "c0ffee",
      scanBeforePush,
    }).renderCloudBuildConfig();
  });
  return parse(config).steps.find(({ id }: Json) => id === "scan");
}

describeUnless(missing(), "a scan before the push, with the real gcloud", () => {
  let google: Sandbox;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "scan-"));
    google = await startSandbox({ seed: { packageVulnerabilities: [FAKE] } });
    createAccount(google.state, PROJECT, "app-build");
    grant(google.state, `projects/${PROJECT}`, "roles/ondemandscanning.admin", BUILDER);
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    await google.close();
  });

  /** Runs the step as the builder; there is no docker here, so that packages are made up, or are asked for in vain. */
  function scan(options: OnDemandScanOptions, extraction: "made-up" | "real" = "made-up"): Promise<CommandResult> {
    const { script, env } = scanStep(options);
    const file = join(folder, "scan.sh");
    const gcloud = findProgram("gcloud")?.path;
    writeFileSync(file, script, { mode: 0o755 });
    const flag = extraction === "made-up" ? "--fake-extraction" : "";
    writeFileSync(
      join(folder, "gcloud"),
      `#!/bin/sh\ncase "$*" in "artifacts docker images scan "*) exec "${gcloud}" "$@" ${flag} ;; esac\nexec "${gcloud}" "$@"\n`,
      { mode: 0o755 },
    );
    const declared = Object.fromEntries(env.map((entry) => entry.split(/=(.*)/s).slice(0, 2)));
    const path = [folder, dirname(gcloud ?? ""), process.env.PATH].join(delimiter);
    return run(file, [], { cwd: folder, env: { ...google.environment(BUILDER), ...declared, PATH: path } });
  }

  test("finds what is known of the image's packages, and ends the build", async () => {
    const result = await scan({ severity: VulnerabilitySeverity.HIGH });
    expect(result.stderr).toContain(`app:c0ffee has CVE-2026-1 (HIGH, fixable)`);
    expect(result.exitCode).toBe(1);
    expect(google.unknownRoutes).toEqual([]);
  }, 60_000);

  test("lets through what is below the threshold", async () => {
    const result = await scan({ severity: VulnerabilitySeverity.CRITICAL });
    expect(result.stdout).toContain("was scanned, with 1 findings");
    expect(result.exitCode).toBe(0);
  }, 60_000);

  test("ends the build where the image cannot be looked into", async () => {
    const result = await scan({}, "real");
    expect(result.stderr).toMatch(/could not be scanned|was not scanned/);
    expect(result.exitCode).toBe(1);
    expect(google.state.scans).toEqual({});
  }, 60_000);

  test("ends the build where the identity may not scan", async () => {
    google.state.iamPolicies[`projects/${PROJECT}`] = {};
    const result = await scan({});
    expect(result.output).toContain("ondemandscanning.scans.analyzePackages");
    expect(result.exitCode).toBe(1);
  }, 60_000);
});
