import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type JsonObject, METHODS, readSeed, startSandbox } from "../../lib/sandbox";
import { describeUnless, findProgram, run, terraformMissing } from "../support/terraform";
import { binauthz } from "./support";

const text = readFileSync(resolve("docs/sandbox.md"), "utf8");
const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, content]) => ({ language, content }));
const block = (language: string, part: string): string => {
  const found = blocks.filter((one) => one.language === language && one.content.includes(part));
  expect(found).toHaveLength(1);
  return found[0].content;
};

test("every option of the page is there, and every option is on the page", async () => {
  const { out } = await binauthz(["sandbox", "--help"]);
  const options = (of: string) => new Set([...of.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([option]) => option));
  const documented = options(text.slice(text.indexOf("| option |"), text.indexOf("A seed:")));
  expect(documented).toEqual(new Set([...options(out)].filter((option) => option !== "--help")));
});

test("the seed of the page is one, and gives what it says", async () => {
  const sandbox = await startSandbox({ seed: readSeed("docs/sandbox.md", block("json", '"serviceAccounts"')) });
  try {
    expect(sandbox.state.projects).toEqual({ "demo-project": "123456789012" });
    expect(Object.keys(sandbox.state.clusters)).toEqual([
      "projects/demo-project/locations/us-central1/clusters/my-cluster",
    ]);
    expect(Object.keys(sandbox.state.iamPolicies)).toEqual(["projects/demo-project"]);
  } finally {
    await sandbox.close();
  }
});

test("the fault of the page is one, of a method that there is", async () => {
  const sandbox = await startSandbox();
  try {
    const body = /-d '(.*)'/.exec(block("sh", "/sandbox/faults"))?.[1] ?? "";
    const answer = await fetch(`${sandbox.url}/sandbox/faults`, { method: "POST", body });
    expect((await answer.json()) as JsonObject).toEqual({ faults: [JSON.parse(body)] });
    expect(METHODS).toHaveProperty(["cloudkms.cryptoKeyVersions.asymmetricSign"]);
    expect(text).toContain("`cloudkms.cryptoKeyVersions.asymmetricSign`");
  } finally {
    await sandbox.close();
  }
});

test("every failure of the table can be arranged, and its method is one that there is", async () => {
  const table = [...text.matchAll(/^\| [^|]+ \| `(\{.*\})` \|$/gm)].map(([, json]) => JSON.parse(json) as JsonObject);
  expect(table).toHaveLength(5);
  const sandbox = await startSandbox();
  try {
    for (const fault of table) {
      const body = JSON.stringify(fault);
      expect((await fetch(`${sandbox.url}/sandbox/faults`, { method: "POST", body })).status).toBe(200);
      const methods = [...Object.keys(METHODS), "sandbox.admission"];
      expect(methods.filter((method) => new RegExp(String(fault.match)).test(method))).toHaveLength(1);
    }
    const taken = sandbox.faults.take({ verb: "POST", path: "/admission", method: "sandbox.admission" });
    expect(taken).toBe("drop");
  } finally {
    await sandbox.close();
  }
});

const missing = ["gcloud", "curl", "bash"].find((program) => findProgram(program) === undefined);
describeUnless(missing && `${missing} was not found`, "the chain of the page, run with the real gcloud", () => {
  test("is denied first and admitted then", async () => {
    const folder = mkdtempSync(join(tmpdir(), "walk-"));
    try {
      writeFileSync(join(folder, "walk.sh"), block("bash", "sign-and-create"));
      const command = /run it with\n`binauthz (.*) -- bash walk\.sh`/.exec(text)?.[1] ?? "";
      const program = [resolve("node_modules/tsx/dist/cli.mjs"), resolve("lib/cli/binauthz.ts")];
      const ended = await run(process.execPath, [...program, ...command.split(" "), "--", "bash", "walk.sh"], {
        cwd: folder,
        env: { TSX_TSCONFIG_PATH: resolve("tsconfig.json") },
      });
      expect(ended.stderr).not.toContain("does not speak");
      expect(ended.exitCode).toBe(0);
      const answers = ended.stdout.split("\n").filter((line) => line.startsWith('{"apiVersion"'));
      expect(answers.map((line) => JSON.parse(line) as JsonObject)).toMatchObject([
        { status: { allowed: false, reason: expect.stringContaining("No attestations found that were valid") } },
        { status: { allowed: true } },
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);
});

const absent =
  terraformMissing() ?? (findProgram("gcloud") && findProgram("bash") ? undefined : "gcloud or bash was not found");
describeUnless(absent, "the first steps without an account, run as they are written", () => {
  test("apply, sign, admit and deny", async () => {
    const page = readFileSync(resolve("docs/getting-started.md"), "utf8");
    const written = (language: string, part: string) =>
      [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].find(
        ([, is, content]) => is === language && content.includes(part),
      )?.[2];
    const folder = mkdtempSync(join(tmpdir(), "first-steps-"));
    try {
      writeFileSync(join(folder, "main.ts"), written("ts", "app.synth();") ?? "");
      writeFileSync(join(folder, "walk.sh"), written("bash", "sign-and-create") ?? "");
      symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
      // The package as it is in this checkout, in the place of an installed one.
      const tsx = `"${process.execPath}" "${resolve("node_modules/tsx/dist/cli.mjs")}"`;
      const npx = `#!/bin/sh\ncase "$1" in\ntsx) shift; exec ${tsx} "$@" ;;\nbinauthz) shift; exec ${tsx} "${resolve("lib/cli/binauthz.ts")}" "$@" ;;\nesac\n`;
      const { compilerOptions } = JSON.parse(readFileSync(resolve("tsconfig.json"), "utf8"));
      const paths = { "cdktf-binauthz": [resolve("lib/index.ts")] };
      const tsconfig = join(folder, "tsconfig.json");
      writeFileSync(tsconfig, JSON.stringify({ compilerOptions: { ...compilerOptions, paths } }));
      mkdirSync(join(folder, "bin"));
      writeFileSync(join(folder, "bin/npx"), npx, { mode: 0o755 });
      const ended = await run("bash", ["walk.sh"], {
        cwd: folder,
        env: { TSX_TSCONFIG_PATH: tsconfig, PATH: `${join(folder, "bin")}:${process.env.PATH}` },
      });
      expect(ended.stdout).toMatch(/Apply complete! Resources: 1 imported, 28 added, 1 changed, 0 destroyed/);
      expect(ended.stdout).toMatch(/^ {4}admitted {2}us-central1\.prod {2}attested by built-by-ci$/m);
      expect(ended.stdout).toMatch(/^Denied\n {2}nginx:latest$/m);
      expect(ended.exitCode).toBe(2);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 180_000);
});
