import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The first command of the README, as far as npm itself is not the matter, on a computer without terraform and gcloud. With
// both: __tests__/cli/demo.test.ts.

const ROOT = join(__dirname, "..");

describe("npm start", () => {
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "binauthz-start-"));
  });

  afterEach(() => {
    rmSync(home, { recursive: true, force: true });
  });

  function start(project?: string) {
    const { GOOGLE_PROJECT: _, ...env } = process.env;
    const own = {
      PATH: "",
      TMPDIR: home,
      CDKTF_OUTDIR: join(home, "out"),
      ...(project && { GOOGLE_PROJECT: project }),
    };
    const { status, stdout, stderr } = spawnSync(process.execPath, [require.resolve("tsx/cli"), "scripts/start.ts"], {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...env, ...own },
    });
    return { status, stdout: stdout.replace(/\s+/g, " "), stderr };
  }

  test("shows the chain of main.ts, and leaves nothing but what main.ts synthesizes and the map", () => {
    const { status, stdout, stderr } = start();
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("30 Terraform resources for the project my-secure-project, from main.ts.");
    expect(stdout).toContain("terraform is not on the PATH");
    expect(stdout).toMatch(
      /DENIED nginx:latest Image nginx:latest denied by Binary Authorization cluster admission rule/,
    );
    expect(stdout).toMatch(/Done in \d+ s/);
    expect(existsSync(join(home, "out/stacks/binauthz/cdk.tf.json"))).toBe(true);
    expect(existsSync(join(home, "out/map.html"))).toBe(true);
    // tsx keeps what it compiled among the temporary files.
    expect(readdirSync(home).filter((name) => !name.startsWith("tsx-"))).toEqual(["out"]);
  }, 60_000);

  test("takes the project from the environment", () => {
    const { status, stdout } = start("another-project");
    expect(status).toBe(0);
    expect(stdout).toContain("for the project another-project");
    expect(stdout).not.toContain("my-secure-project");
  }, 60_000);

  test("answers a wrong project with one line that names the step, and no stack trace", () => {
    const { status, stderr } = start("x");
    expect(status).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(
      /^error: step 1, synthesize: .*\[INVALID_PROJECT\] binauthz\/TrustRoot: "project" is not valid, got "x"/,
    );
    expect(stderr).toContain("; what to do: ");
  }, 60_000);
});
