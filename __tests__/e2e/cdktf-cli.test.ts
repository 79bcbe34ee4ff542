import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { putCluster, startSandbox, storedPolicy } from "../../lib/sandbox";
import { describeUnless, findTerraform, run, terraformMissing } from "../support/terraform";

const ROOT = join(__dirname, "..", "..");
const CDKTF = join(ROOT, "node_modules", ".bin", "cdktf");

/** A project of its own, with the sources and packages of this one: the command leaves state and output where it runs. */
function project(): string {
  const folder = mkdtempSync(join(tmpdir(), "cdktf-project-"));
  for (const name of ["node_modules", "lib", "main.ts", "package.json"]) {
    symlinkSync(join(ROOT, name), join(folder, name));
  }
  writeFileSync(join(folder, "cdktf.json"), readFileSync(join(ROOT, "cdktf.json")));
  return folder;
}

const ENV = { CI: "1", CHECKPOINT_DISABLE: "1", GOOGLE_PROJECT: "my-secure-project" };

describe("cdktf, the command", () => {
  let folder: string;

  beforeEach(() => {
    folder = project();
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("synthesizes the reference deployment where there is no terraform", async () => {
    // A PATH with what cdktf.json starts, and nothing else.
    const bin = join(folder, "bin");
    mkdirSync(bin);
    for (const program of ["sh", "env"]) {
      symlinkSync(`/usr/bin/${program}`, join(bin, program));
    }
    const path = [bin, dirname(process.execPath), join(ROOT, "node_modules", ".bin")].join(delimiter);
    const result = await run(CDKTF, ["synth"], { cwd: folder, env: { ...ENV, PATH: path } });
    expect(result.output).toContain("Generated Terraform code for the stacks: binauthz");
    const json = JSON.parse(readFileSync(join(folder, "cdktf.out/stacks/binauthz/cdk.tf.json"), "utf8"));
    expect(Object.keys(json.resource.google_binary_authorization_policy)).toEqual(["my-secure-project"]);
  }, 120_000);
});

/** The command reads main.ts itself, which names the version of the bindings. */
const OTHER_PROVIDER = process.env.BINAUTHZ_GOOGLE_PROVIDER
  ? "another version of the provider is asked for"
  : undefined;

describeUnless(terraformMissing() ?? OTHER_PROVIDER, "cdktf diff and deploy", () => {
  it("work on the reference deployment as it is", async () => {
    const google = await startSandbox();
    const folder = project();
    try {
      putCluster(google.state, "my-secure-project", "us-central1", "my-cluster");
      const env = {
        ...ENV,
        ...google.environment(),
        TERRAFORM_BINARY_NAME: findTerraform()?.path ?? "",
      };
      // Without a registry the lock of other platforms cannot be written.
      const diff = await run(CDKTF, ["diff", "--skip-provider-lock"], { cwd: folder, env, timeout: 300_000 });
      // The one change is the policy's: adopted, and no longer open.
      expect(stripVTControlCharacters(diff.output)).toMatch(
        /Plan: 1 to import, [0-9]+ to add, 1 to change, 0 to destroy/,
      );
      const deploy = await run(CDKTF, ["deploy", "--auto-approve", "--skip-provider-lock"], {
        cwd: folder,
        env,
        timeout: 300_000,
      });
      expect(stripVTControlCharacters(deploy.output)).toContain("Apply complete!");
      expect(deploy.exitCode).toBe(0);
      expect(storedPolicy(google.state, "my-secure-project")).toMatchObject({
        defaultAdmissionRule: { evaluationMode: "ALWAYS_DENY" },
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await google.close();
    }
  }, 600_000);
});
