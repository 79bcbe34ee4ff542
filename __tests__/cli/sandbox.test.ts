import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join, resolve } from "node:path";
import { run } from "../../lib/cli/program";
import { type JsonObject, startSandbox } from "../../lib/sandbox";
import { binauthz, scratch } from "./support";

const root = resolve(__dirname, "../..");
const COMMAND = [resolve("node_modules/tsx/dist/cli.mjs"), resolve("lib/cli/binauthz.ts"), "sandbox"];
const folder = scratch();

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a process: what it starts writes to the terminal by itself. */
function sandbox(args: readonly string[], env: Record<string, string> = {}): Ended {
  return spawnSync(process.execPath, [...COMMAND, ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
}

/** A program of node that is run with the sandbox's environment. */
const node = (program: string) => ["--", process.execPath, "-e", program];

const GET_POLICY = `
  const url = process.env.GOOGLE_BINARY_AUTHORIZATION_CUSTOM_ENDPOINT + "projects/demo-project/policy";
  const headers = { Authorization: "Bearer " + process.env.GOOGLE_OAUTH_ACCESS_TOKEN };
  fetch(url, { headers }).then(async (answer) => console.log(answer.status, await answer.text()));
`;

describe("sandbox -- COMMAND", () => {
  test("points the command at the sandbox, and prints nothing of its own", () => {
    const ended = sandbox(node(GET_POLICY));
    expect(ended).toMatchObject({ status: 0, stderr: "" });
    expect(ended.stdout).toMatch(/^200 .*"name": ?"projects\/demo-project\/policy"/s);
  }, 60_000);

  test.each([0, 1, 2, 3, 42, 255])(
    "ends with the command's own %i",
    (code) => {
      expect(sandbox(node(`process.exit(${code})`)).status).toBe(code);
    },
    60_000,
  );

  test.each([
    ["SIGKILL", 137],
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ])(
    "ends with 128 and the number of %s",
    (signal, code) => {
      const ended = sandbox(node(`process.kill(process.pid, "${signal}"); setTimeout(() => {}, 10000)`));
      expect(ended.status).toBe(code);
    },
    60_000,
  );

  test.each([
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)(
    "%s ends the command and the sandbox, and leaves nothing behind",
    async (signal, code) => {
      const state = join(folder.path, `${signal}.state`);
      const program =
        "console.log(process.pid, process.ppid, process.env.CLOUDSDK_CONFIG); setTimeout(() => {}, 60000)";
      const child = spawn(process.execPath, [...COMMAND, "--state", state, ...node(program)], { cwd: root });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      const line = await new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data))));
      const [pid, parent, config] = line.trim().split(" ");
      expect(existsSync(config)).toBe(true);
      // tsx passes no SIGHUP on, so it goes to the process of the command.
      process.kill(Number(parent), signal);
      expect(await ended).toBe(code);
      expect([config, `${state}.lock`].filter((path) => existsSync(path))).toEqual([]);
      expect(() => process.kill(Number(pid), 0)).toThrow("ESRCH");
    },
    60_000,
  );

  test("a command that is not there: 1, and one sentence", () => {
    expect(sandbox(["--", "no-such-command", "--version"])).toMatchObject({
      status: 1,
      stdout: "",
      stderr: "error: the command no-such-command was not found\n",
    });
  }, 60_000);

  test("the command's options are the command's, also those that the sandbox has as well", () => {
    const ended = sandbox([
      "--",
      process.execPath,
      "-p",
      "process.argv.slice(1).join()",
      "--",
      "--port",
      "x",
      "-V",
      "--help",
    ]);
    expect(ended).toMatchObject({ status: 0, stdout: "--port,x,-V,--help\n", stderr: "" });
  }, 60_000);

  test("no real account is in reach: its variables are gone", () => {
    const real = {
      GOOGLE_CREDENTIALS: "secret-1",
      GOOGLE_APPLICATION_CREDENTIALS: "secret-2",
      GOOGLE_OAUTH_ACCESS_TOKEN: "secret-3",
      GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: "secret-4",
      CLOUDSDK_CONFIG: "secret-5",
      CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: "secret-6",
      CLOUDSDK_CORE_ACCOUNT: "secret-7",
      CLOUDSDK_PROXY_ADDRESS: "secret-8",
    };
    const ended = sandbox(node("console.log(JSON.stringify(process.env))"), { ...real, KEPT: "kept" });
    expect(ended.stdout).not.toContain("secret-");
    const env = JSON.parse(ended.stdout) as Record<string, string>;
    expect(env).toMatchObject({
      KEPT: "kept",
      GOOGLE_OAUTH_ACCESS_TOKEN: "principal:user:owner@example.com",
      GOOGLE_KMS_CUSTOM_ENDPOINT: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/cloudkms\/v1\/$/),
      CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/cloudkms\/$/),
      CLOUDSDK_CORE_CHECK_GCE_METADATA: "false",
      NO_GCE_CHECK: "true",
    });
    // What was written for gcloud is gone with the sandbox.
    expect(existsSync(env.CLOUDSDK_CONFIG)).toBe(false);
  }, 60_000);

  test("seeds and principals: a project with its number, a cluster that enforces, an account with a grant", () => {
    const member = "serviceAccount:ci-signer@demo-project.iam.gserviceaccount.com";
    const seed = folder.write("seed.json", {
      projects: { "demo-project": "123456789012" },
      serviceAccounts: [{ project: "demo-project", accountId: "ci-signer" }],
      grants: [{ resource: "projects/demo-project", role: "roles/viewer", member }],
    });
    const program = `
      const get = (path) => fetch(process.env.BINAUTHZ_SANDBOX + "/" + path, { headers: { Authorization: "Bearer " + process.env.GOOGLE_OAUTH_ACCESS_TOKEN } }).then((answer) => answer.json());
      (async () => {
        const project = await get("cloudresourcemanager/v1/projects/demo-project");
        const clusters = await get("container/v1/projects/demo-project/locations/-/clusters");
        const policy = await get("binaryauthorization/v1/projects/other-project/policy");
        console.log(JSON.stringify([project.projectNumber, clusters.clusters.map((c) => [c.name, c.binaryAuthorization]), policy.error.code]));
      })();
    `;
    const options = ["--seed", seed, "--cluster", "demo-project/us-central1/my-cluster", "--as", member];
    const ended = sandbox([...options, ...node(program)]);
    expect(ended.stderr).toBe("");
    expect(JSON.parse(ended.stdout)).toEqual([
      "123456789012",
      [["my-cluster", { evaluationMode: "PROJECT_SINGLETON_POLICY_ENFORCE" }]],
      403,
    ]);
  }, 60_000);

  test("what is not spoken is listed at the end, and every request is in the log", () => {
    const log = join(folder.path, "requests.jsonl");
    const program = `fetch(process.env.BINAUTHZ_SANDBOX + "/monitoring/v3/projects/p/groups")`;
    const ended = sandbox(["--log", log, ...node(program)]);
    expect(ended).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "The sandbox was asked for what it does not speak:\n  GET monitoring/v3/projects/p/groups\n",
    });
    const lines = readFileSync(log, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as JsonObject)).toMatchObject([
      { verb: "GET", path: "/monitoring/v3/projects/p/groups", status: 501 },
    ]);
  }, 60_000);
});

describe("sandbox that serves", () => {
  async function serving(args: readonly string[]): Promise<{ child: ChildProcess; text: string }> {
    const child = spawn(process.execPath, [...COMMAND, ...args], { cwd: root });
    let text = "";
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk) => {
        text += chunk;
        if (text.includes("METADATA_SERVER_DETECTION") && text.endsWith("\n")) {
          resolve();
        }
      });
      child.once("exit", (code) => reject(new Error(`ended with ${code}`)));
    });
    return { child, text };
  }

  test.each(["SIGINT", "SIGTERM"] as const)(
    "prints what a shell needs, answers it, and ends with 0 on %s",
    async (signal) => {
      const { child, text } = await serving([]);
      const shell = spawnSync(
        "sh",
        ["-c", `${text}\necho "$BINAUTHZ_SANDBOX $GOOGLE_OAUTH_ACCESS_TOKEN"; cat "$CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"`],
        {
          encoding: "utf8",
        },
      );
      expect(shell.stderr).toBe("");
      const [line, token] = shell.stdout.split("\n");
      const [url, bearer] = line.split(" ");
      expect(token).toBe(bearer);
      const answer = await fetch(`${url}/cloudresourcemanager/v1/projects/demo-project`, {
        headers: { Authorization: `Bearer ${bearer}` },
      });
      expect(answer.status).toBe(200);
      const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
      child.kill(signal);
      expect(await ended).toBe(0);
    },
    60_000,
  );
});

test("on a terminal there is a line per request, which moves no cursor", async () => {
  const printed = { out: "", err: "" };
  const print = (stream: "out" | "err") => (text: string) => {
    printed[stream] += text;
  };
  const running = run(["sandbox"], {
    stdin: () => "",
    out: print("out"),
    err: print("err"),
    color: false,
    columns: 80,
  });
  while (!printed.out.includes("export BINAUTHZ_SANDBOX")) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const url = /export BINAUTHZ_SANDBOX='(.*)'/.exec(printed.out)?.[1];
  const Authorization = "Bearer principal:user:owner@example.com";
  await fetch(`${url}/cloudkms/v1/projects/demo-project/locations/global/keyRings/none%1b%5b2J`, {
    headers: { Authorization },
  });
  await fetch(`${url}/cloudresourcemanager/v1/projects/demo-project`, { headers: { Authorization } });
  process.emit("SIGHUP");
  expect(await running).toBe(0);
  const [missing, found, ...more] = printed.err.split("\n");
  expect(missing).toMatch(/^\d\d:\d\d:\d\d 404 cloudkms\.keyRings\.get \/cloudkms\/v1\/.* {2}KeyRing .* not found\.$/);
  expect(found).toMatch(
    / 200 cloudresourcemanager\.projects\.get \/cloudresourcemanager\/v1\/projects\/demo-project user:owner@example\.com$/,
  );
  expect(more).toEqual([""]);
  expect(printed.err).not.toContain("\u001b");
});

describe("called wrongly", () => {
  test.each([
    [
      ["--host", "0.0.0.0"],
      "error: the sandbox listens on loopback only, got 0.0.0.0; allowed: 127.0.0.1, ::1, localhost",
    ],
    [
      ["--port", "x"],
      "error: option '--port <number>' argument 'x' is invalid. It has to be a number from 0 to 65535.",
    ],
    [["--port", "65536"], "argument '65536' is invalid"],
    [["--tls-cert", "cert.pem"], "error: --tls-cert and --tls-key belong together, and one of them is missing"],
    [["--tls-port", "8443"], "error: --tls-port is for https, and there is no certificate; allowed: with --tls-cert"],
    [["--seed", "/no/such/file"], "error: /no/such/file: does not exist; allowed: a file that can be read"],
    [
      ["--log", "/no/such/folder/log"],
      "error: /no/such/folder/log: cannot be written (ENOENT); allowed: a file for --log",
    ],
    [["--cluster", "my-cluster"], "argument 'my-cluster' is invalid. It has to be PROJECT/LOCATION/NAME."],
    [["--project", "P"], "argument 'P' is invalid. It has to be PROJECT or PROJECT=NUMBER"],
    [["--as", "somebody"], "argument 'somebody' is invalid. \"somebody\" is no principal"],
  ])("%j: 1, and one sentence", async (args, sentence) => {
    const ran = await binauthz(["sandbox", ...args, "--", process.execPath, "-e", "process.exit(0)"]);
    expect(ran.code).toBe(1);
    expect(ran.out).toBe("");
    expect(ran.err).toContain(sentence);
    expect(ran.err).not.toMatch(/^\s+at /m);
  });

  test("its help shows no default of an empty list", async () => {
    const { code, out } = await binauthz(["sandbox", "--help"]);
    expect(code).toBe(0);
    expect(out).not.toContain("[]");
    expect(out).toContain("Exit codes: that of the command");
  });

  test("a port that is in use", async () => {
    const other = await startSandbox();
    try {
      const ran = await binauthz(["sandbox", "--port", new URL(other.url).port, "--", process.execPath, "-e", ""]);
      expect(ran).toMatchObject({
        code: 1,
        err: expect.stringContaining(`error: the port ${new URL(other.url).port} is in use; allowed: `),
      });
    } finally {
      await other.close();
    }
  });

  test("a certificate that is none", async () => {
    const file = folder.write("none.pem", "none");
    const ran = await binauthz(["sandbox", "--tls-cert", file, "--tls-key", file, "--", process.execPath, "-e", ""]);
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining(`error: ${file}: is no certificate in PEM`) });
  });

  test("a folder for temporary files that is not there: 1, one sentence, and nothing listens on", async () => {
    const listening = () => process.getActiveResourcesInfo().filter((name) => /Server/.test(name));
    const [before, state] = [listening(), join(folder.path, "nowhere.state")];
    const tmpdir = jest.spyOn(os, "tmpdir").mockReturnValue(join(folder.path, "no-such-folder"));
    const ran = await binauthz(["sandbox", "--state", state, "--", process.execPath, "-e", ""]);
    tmpdir.mockRestore();
    expect(ran).toEqual({
      code: 1,
      out: "",
      err: `error: ${folder.path}/no-such-folder: cannot hold temporary files (ENOENT); allowed: a folder that is there and that you may write to; the environment variable TMPDIR names it\n`,
    });
    expect(listening()).toEqual(before);
    expect(existsSync(`${state}.lock`)).toBe(false);
  });

  test.each([
    ["UTF-8 with a mark and the line ends of Windows", (text: string) => Buffer.from(`\ufeff${text}\r\n`)],
    ["UTF-16, as PowerShell writes it", (text: string) => Buffer.from(`\ufeff${text}\r\n`, "utf16le")],
  ])("not called wrongly: a seed in %s", async (_, encode) => {
    const file = folder.write("encoded.json", "");
    writeFileSync(file, encode('{"projects": {"demo-project": "123456789012"}}'));
    const ran = await binauthz(["sandbox", "--seed", file, "--", process.execPath, "-e", ""]);
    expect(ran).toEqual({ code: 0, out: "", err: "" });
  });

  test.each<[unknown, string]>([
    ["{", "line 1: is no JSON"],
    [[], "is no seed"],
    [{ policies: [] }, "policies: is no part of a seed"],
    [{ projects: { "demo-project": 1 } }, "projects.demo-project: is not valid, got 1"],
    [
      { projects: { "demo-project": "1", "other-project": "1" } },
      "projects.other-project: has the number of another project",
    ],
    [{ clusters: {} }, "clusters: is no list"],
    [{ clusters: [{ project: "demo-project", name: "x" }] }, "clusters[0]: is not valid"],
    [{ clusters: [{ project: "demo-project", name: "X", location: "l" }] }, "clusters[0].name: is not valid"],
    [{ grants: ["x"] }, "grants[0]: is not valid"],
  ])("the seed %j", async (seed, sentence) => {
    const file = folder.write("wrong.json", seed);
    const ran = await binauthz(["sandbox", "--seed", file, "--", process.execPath, "-e", ""]);
    expect(ran).toMatchObject({ code: 1, out: "" });
    expect(ran.err).toMatch(/^error: /);
    expect(ran.err.replace(/, (?=\S+: )/, ": ")).toContain(sentence);
  });
});
