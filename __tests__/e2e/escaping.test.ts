import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { Attestor } from "../../lib/constructs/attestor";
import { BuildPipeline } from "../../lib/constructs/build-pipeline";
import { PipelineSource } from "../../lib/constructs/pipeline-source";
import { SignedBuild } from "../../lib/constructs/signed-build";
import { SigningGate } from "../../lib/constructs/signing-gate";
import { SigningTrigger } from "../../lib/constructs/signing-trigger";
import { TrustRoot } from "../../lib/constructs/trust-root";
import type { Json } from "../support/template";
import { describeIfTerraform, run, TerraformDir } from "../support/terraform";
import { PROJECT, synthesizeStack } from "./support";

// Text goes through three hands: Terraform evaluates it, Cloud Build substitutes in it, bash reads it.

// What each of them would take for something.
const NASTY = [
  `\${HOME} $HOME $$HOME $\${HOME} $(id) \`id\``,
  "%{ if true }x%{ endif } %%{x}",
  'it\'s "quoted" \\ and \\\\ and \t tab',
  `$_BUILD_ID \${_BUILD_ID} $PROJECT_ID`,
  "DATA PYTHON EOF <<'DATA'",
  "ünïcödé 漢字",
].join(" | ");

/** What Cloud Build makes of an environment: https://docs.cloud.google.com/build/docs/configuring-builds/substitute-variable-values */
function substitute(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\{([A-Z_][A-Z0-9_]*)\}|\$([A-Z_][A-Z0-9_]*)/g, (all, braced, plain) =>
    all === "$$" ? "$" : (values[braced ?? plain] ?? ""),
  );
}

describeIfTerraform("through Terraform, Cloud Build and bash", () => {
  let terraform: TerraformDir;
  let trigger: Json;
  let rendered: Json;

  beforeAll(async () => {
    const stack = synthesizeStack((scope) => {
      const trustRoot = new TrustRoot(scope, "TrustRoot", { keyRingName: "r", keyName: "k", location: "global" });
      const build = new BuildPipeline(scope, "Build", {
        image: `us-central1-docker.pkg.dev/${PROJECT}/apps/app`,
        source: PipelineSource.push({
          repository: `projects/${PROJECT}/locations/us-central1/connections/c/repositories/r`,
        }),
        tag: `\${BRANCH_NAME}-$SHORT_SHA`,
      });
      const signer = new SigningTrigger(scope, "Sign", {
        triggerName: "sign",
        location: "us-central1",
        attestors: [new Attestor(scope, "Attestor", { attestorName: "a", keys: [trustRoot] })],
        builds: [
          SignedBuild.ofPipeline(build, { repositoryUrl: "https://github.com/o/r", branch: "^(main|release-.*)$" }),
        ],
        gates: [
          SigningGate.vulnerabilities({
            exceptions: [{ vulnerability: "CVE-2026-1", until: "2999-12-31", reason: NASTY }],
          }),
        ],
      });
      rendered = { sign: parse(signer.renderCloudBuildConfig()), build: parse(build.renderCloudBuildConfig()) };
    });
    // The triggers' own text, evaluated by the real Terraform as the values of outputs.
    const triggers = Object.values(stack.resource?.google_cloudbuild_trigger ?? {}) as Json[];
    terraform = TerraformDir.temporary({});
    terraform.write({
      output: Object.fromEntries(
        triggers.map(({ name, build }) => [name, { value: { step: build.step, images: build.images ?? [] } }]),
      ),
    });
    await terraform.init();
    await terraform.apply();
    trigger = await terraform.outputs();
  }, 60_000);

  afterAll(() => terraform.remove());

  test("a script arrives as it was written", () => {
    expect(trigger.sign.step.map(({ script }: Json) => script)).toEqual(
      rendered.sign.steps.map(({ script }: Json) => script),
    );
  });

  test("data inside a script is read by the step as it was given", async () => {
    const { script } = trigger.sign.step.find(({ id }: Json) => id === "gate-1-vulnerabilities");
    // The step as it is, but for its program: this one prints what it reads.
    const printing = script.replace(
      /(<<'PYTHON'\n)[\s\S]*?\n(PYTHON\n)/,
      "$1import sys\nsys.stdout.write(open(sys.argv[1], encoding='utf-8').read())\n$2",
    );
    expect(printing).not.toBe(script);
    const bin = join(terraform.dir, "gcloud");
    writeFileSync(bin, "#!/bin/sh\necho x\n", { mode: 0o755 });
    const file = join(terraform.dir, "step.sh");
    writeFileSync(file, printing);
    const env = { PATH: `${terraform.dir}:${process.env.PATH}` };
    const { stdout, stderr } = await run("bash", [file], { cwd: terraform.dir, env });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({ id: "CVE-2026-1", until: "2999-12-31", reason: NASTY });
  });

  test("substitutions are left to Cloud Build, and nothing else is one", () => {
    const [build] = trigger["app-build"].step;
    const values = { BRANCH_NAME: "main", SHORT_SHA: "c0ffee" };
    expect(
      substitute(
        build.env.find((entry: string) => entry.startsWith("TAG=")),
        values,
      ),
    ).toBe("TAG=main-c0ffee");
    expect(substitute(trigger["app-build"].images[0], values)).toMatch(/:main-c0ffee$/);
    const env: string[] = trigger.sign.step.flatMap((step: Json) => step.env);
    const id = "9c11d255-0469-4a6a-b7d0-d510c6697c54";
    for (const entry of env) {
      const expected = entry === "REQUESTED_BUILD=$_BUILD_ID" ? `REQUESTED_BUILD=${id}` : entry;
      expect(substitute(entry, { _BUILD_ID: id })).toBe(expected);
    }
  });

  test("a value that comes in by substitution is one value to bash, whatever it holds", async () => {
    const script = 'printf "%s" "$REQUESTED_BUILD"';
    const value = substitute("$_BUILD_ID", { _BUILD_ID: NASTY });
    const { stdout } = await run("bash", ["-c", script], { env: { REQUESTED_BUILD: value } });
    expect(stdout).toBe(NASTY);
  });
});
