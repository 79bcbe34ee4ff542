import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The first command of the README, as far as npm itself is not the matter.

const ROOT = join(__dirname, "..");

function start(env: Record<string, string>) {
  const { GOOGLE_PROJECT: _, ...inherited } = process.env;
  return spawnSync(process.execPath, [require.resolve("tsx/cli"), "scripts/start.ts"], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...inherited, ...env },
  });
}

describe("npm start", () => {
  let outdir: string;

  beforeEach(() => {
    outdir = mkdtempSync(join(tmpdir(), "binauthz-start-"));
  });

  afterEach(() => {
    rmSync(outdir, { recursive: true, force: true });
  });

  test("prints the chain from the key to the clusters, and where its Terraform JSON lies", () => {
    const { status, stdout, stderr } = start({ CDKTF_OUTDIR: outdir });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const lines = stdout.split("\n").map((line) => line.trim().replace(/ {2,}/g, " | "));
    expect(lines).toEqual(
      expect.arrayContaining([
        'binauthz-ring/build-signer-key | global | 1 "first" | signing | RSA_SIGN_PKCS1_4096_SHA512 | HSM',
        "build-attestor | build-provenance-note | CI/CD Build Pipeline | build-signer-key version 1",
        "prod (us-central1-a) | REQUIRE_ATTESTATION | build-attestor | refused | by this program",
        "my-cluster (us-central1) | REQUIRE_ATTESTATION | build-attestor | refused | elsewhere, checked",
        "all others (default) | ALWAYS_DENY | refused",
        "quay.io/example-monitor/*",
        "serviceAccount:my-app-signed@my-secure-project.iam.gserviceaccount.com",
        "roles/cloudkms.signer | key build-signer-key",
        "roles/containeranalysis.occurrences.editor | project my-secure-project",
      ]),
    );
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100 + outdir.length);
    const json = join(outdir, "stacks", "binauthz", "cdk.tf.json");
    expect(stdout).toContain(json);
    expect(existsSync(json)).toBe(true);
  });

  test("says what it warns of, once", () => {
    const { stdout } = start({ CDKTF_OUTDIR: outdir });
    expect(stdout.match(/\[UNPINNED_STEP_IMAGE\]/g)).toHaveLength(1);
  });

  test("takes the project from the environment", () => {
    const { stdout } = start({ CDKTF_OUTDIR: outdir, GOOGLE_PROJECT: "another-project" });
    expect(stdout).toContain("The chain of trust of another-project");
    expect(stdout).not.toContain("my-secure-project");
  });

  test("answers a wrong project with one line and no stack trace", () => {
    const { status, stderr } = start({ CDKTF_OUTDIR: outdir, GOOGLE_PROJECT: "x" });
    expect(status).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain('[INVALID_PROJECT] binauthz/TrustRoot: "project" is not valid, got "x"');
  });
});
