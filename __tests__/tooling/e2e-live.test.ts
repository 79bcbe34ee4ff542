import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings, signingGrants, synthesizeChain } from "../../scripts/e2e-live";
import { run } from "../support/terraform";

const ROOT = join(__dirname, "..", "..");
const IMAGE = `us-docker.pkg.dev/google-samples/containers/gke/hello-app@sha256:${"ab".repeat(32)}`;
const ALL = {
  BINAUTHZ_LIVE_PROJECT: "scratch-project",
  BINAUTHZ_LIVE_CONFIRM: "scratch-project",
  BINAUTHZ_LIVE_REGION: "us-central1",
  BINAUTHZ_LIVE_IMAGE: IMAGE,
};

describe("the live test", () => {
  it("refuses with one sentence, and calls nothing, where nobody asked for it", async () => {
    const env = { PATH: "", ...Object.fromEntries(Object.keys(ALL).map((name) => [name, ""])) };
    const args = [require.resolve("tsx/cli"), join(ROOT, "scripts", "e2e-live.ts")];
    expect(await run(process.execPath, args, { cwd: ROOT, env })).toMatchObject({
      exitCode: 2,
      stdout: "",
      stderr:
        "The live test changes a real project and costs money: BINAUTHZ_LIVE_PROJECT is not set; allowed: the id of a project that serves no purpose (docs/live-test.md).\n",
    });
  }, 60_000);

  it.each([
    ["BINAUTHZ_LIVE_PROJECT", "Not a project"],
    ["BINAUTHZ_LIVE_CONFIRM", ""],
    ["BINAUTHZ_LIVE_CONFIRM", "other-project"],
    ["BINAUTHZ_LIVE_REGION", "us-central1-a"],
    ["BINAUTHZ_LIVE_IMAGE", "us-docker.pkg.dev/google-samples/containers/gke/hello-app:1.0"],
  ])("refuses %s=%j", (name, value) => {
    expect(readSettings({ ...ALL, [name]: value })).toMatch(
      new RegExp(`^The live test .*${name} is .*; allowed: .*\\.$`),
    );
  });

  it("reads the settings where all of them are there", () => {
    expect(readSettings(ALL)).toEqual({ project: "scratch-project", region: "us-central1", image: IMAGE });
  });

  it("makes nothing that cannot be removed again, and everything in the project itself", () => {
    const outdir = mkdtempSync(join(tmpdir(), "live-"));
    try {
      const name = "live-2611210000";
      const settings = readSettings(ALL);
      if (typeof settings === "string") {
        throw new Error(settings);
      }
      const chain = synthesizeChain(settings, { key: name, attestor: name, cluster: name, pipeline: name }, outdir);
      const text = readFileSync(join(chain.folder, "cdk.tf.json"), "utf8");
      expect(text).not.toContain("prevent_destroy");
      expect(text).not.toContain("google-samples");
      expect(chain.step.script).toContain("sign-and-create");
      expect(
        signingGrants(chain)
          .map(({ role }) => role)
          .sort(),
      ).toEqual([
        "roles/binaryauthorization.attestorsVerifier",
        "roles/cloudkms.publicKeyViewer",
        "roles/cloudkms.signer",
        "roles/containeranalysis.notes.attacher",
        "roles/containeranalysis.notes.occurrences.viewer",
        "roles/containeranalysis.occurrences.editor",
      ]);
    } finally {
      rmSync(outdir, { recursive: true, force: true });
    }
  });
});
