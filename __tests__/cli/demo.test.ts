import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { clientOf } from "../../lib/cli/demo/client";
import { chainOf, opened, type Synthesized } from "../../lib/cli/demo/configuration";
import { type Demonstration, demonstrate } from "../../lib/cli/demo/demonstration";
import { applyByRest } from "../../lib/cli/demo/rest-apply";
import { reviewConfigurations } from "../../lib/cli/demo/review";
import { firstError, Terraform } from "../../lib/cli/demo/terraform";
import { type JsonObject, type Sandbox, type State, startSandbox } from "../../lib/sandbox";
import { list, obj } from "../../lib/sandbox/json";
import { describeIfTerraform, describeUnless, findProgram, run } from "../support/terraform";
import { binauthz, scratch } from "./support";

const ROOT = resolve(__dirname, "../..");
const TSX = require.resolve("tsx/cli");
const folder = scratch();
const DENIED_TAG =
  "Image nginx:latest denied by Binary Authorization cluster admission rule for us-central1-a.prod. Image nginx:latest denied by attestor projects/my-secure-project/attestors/build-attestor: Expected digest with sha256 scheme, but got tag or malformed digest";
const NO_ATTESTATION = "No attestations found that were valid and signed by a key trusted by the attestor";

let reference: JsonObject;

beforeAll(async () => {
  const outdir = join(folder.path, "out");
  const { exitCode, output } = await run(process.execPath, [TSX, "main.ts"], {
    cwd: ROOT,
    env: { CDKTF_OUTDIR: outdir, GOOGLE_PROJECT: "" },
  });
  expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
  reference = JSON.parse(readFileSync(join(outdir, "stacks/binauthz/cdk.tf.json"), "utf8"));
}, 120_000);

/** What is as wide as it is: names of resources, images and commands have no place to break. */
const UNBREAKABLE = /^\s*(\S+|npx .*)$/;

interface Shown {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the demonstration in this process, on a terminal of any width that does not matter. */
async function demo(given: Partial<Demonstration> = {}): Promise<Shown> {
  const printed = { out: "", err: "" };
  const code = await demonstrate({
    io: {
      stdin: () => "",
      out: (text) => {
        printed.out += text;
      },
      err: (text) => {
        printed.err += text;
      },
      color: false,
      columns: undefined,
    },
    without: ["terraform", "gcloud"],
    synthesize: async () => ({ from: "a test", json: reference }),
    map: join(folder.path, "map.html"),
    next: [],
    ...given,
  });
  return { code, ...printed };
}

/** The text as one line, as it was before it was broken for the terminal. */
const folded = (text: string): string => text.replace(/\s+/g, " ");

/** The reference deployment, changed. */
function changed(change: (copy: JsonObject) => void): () => Promise<Synthesized> {
  const json = structuredClone(reference);
  change(json);
  return async () => ({ from: "a changed main.ts", json });
}

const policyIn = (json: JsonObject): JsonObject =>
  Object.values(obj(obj(json.resource).google_binary_authorization_policy)).map(obj)[0];

/** Programs of a test, found first on the PATH. */
async function withPath<T>(programs: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T> {
  const before = process.env.PATH;
  const bin = mkdtempSync(join(folder.path, "bin-"));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  process.env.PATH = `${bin}:/usr/bin:/bin`;
  try {
    return await work();
  } finally {
    process.env.PATH = before;
  }
}

describe("without terraform and gcloud", () => {
  test("denies, admits and reviews as Google and the review do, and says what it did without", async () => {
    const { code, out, err } = await demo();
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const text = folded(out);
    expect(text).toContain("terraform was left out, so the same REST calls were made without it: 30 of 30 resources.");
    expect(text).toContain(
      "gcloud was left out, so the same REST calls were made without it. They attested my-app@sha256:",
    );
    expect(text).toContain(`DENIED nginx:latest ${DENIED_TAG}`);
    expect(text).toMatch(/DENIED my-app@sha256:[0-9a-f]{12}…, which nobody signed Image us-central1-docker/);
    expect(text).toContain(NO_ATTESTATION);
    expect(text).toMatch(/ADMITTED my-app@sha256:[0-9a-f]{12}…, the signed digest ADMITTED nginx:latest in a pod/);
    expect(text).toContain('label imagepolicywebhook.image-policy.k8s.io/break-glass: "true"');
    expect(text).toContain("CRITICAL P009 Enforcement turned into a dry run");
    expect(text).toContain("INFO D002 Dry run without a date: nothing → dry run");
    expect(text).toMatch(/Done in \d+ s: REST calls applied and signed, and \d+ requests stayed on this computer\./);
    expect(out.match(/^\d\. .*/gm)).toEqual([
      "1. Synthesize",
      "2. Sandbox",
      "3. Apply",
      "4. Sign",
      "5. Admission",
      "6. Review",
      "7. Map",
    ]);
    expect(
      Math.max(
        ...out
          .split("\n")
          .filter((line) => !/@sha256:|image-policy/.test(line))
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(100);
  }, 60_000);
});

describe("a narrow terminal", () => {
  test("gets no line that it has to break, and colour for what stops alone", async () => {
    const next = [["A project of your own, with tests and a review", "npx cdktf-binauthz init my-chain"]] as const;
    let out = "";
    const print = (text: string) => {
      out += text;
    };
    const io = { stdin: () => "", out: print, err: () => undefined, color: true, columns: 60 };
    expect((await demo({ io, next })).code).toBe(0);
    expect(out).toContain("\u001b[31mCRITICAL");
    expect(out).not.toContain("\u001b[31mINFO");
    expect(out).toMatch(/^ {6}npx cdktf-binauthz init my-chain$/m);
    const lines = stripVTControlCharacters(out).split("\n");
    expect(lines.filter((line) => line.length > 60 && !UNBREAKABLE.test(line))).toEqual([]);
  }, 60_000);
});

describe("the map", () => {
  test("is drawn before and after the change, and drawn again over itself", async () => {
    const map = join(folder.path, "drawn.html");
    for (let round = 0; round < 2; round++) {
      const { code, out } = await demo({ map });
      expect(code).toBe(0);
      expect(folded(out)).toContain(`is drawn in ${map}: open it in a browser.`);
      expect(readFileSync(map, "utf8")).toMatch(/<title>Chain of trust, before and after<[\s\S]*P009/);
    }
  }, 60_000);

  test("never takes the place of something else", async () => {
    const map = join(folder.path, "mine.html");
    writeFileSync(map, "<h1>mine</h1>");
    const { code, out } = await demo({ map });
    expect(code).toBe(0);
    expect(folded(out)).toContain(`Not written: ${map} is there already, and is no map.`);
    expect(readFileSync(map, "utf8")).toBe("<h1>mine</h1>");
  }, 60_000);

  test("names the step and what to do where it cannot be written", async () => {
    const { code, err } = await demo({ map: join(folder.path, "no/such/folder/map.html") });
    expect(code).toBe(1);
    expect(err).toMatch(
      /^error: step 7, map: \S+map.html cannot be written \(ENOENT\); what to do: run it in a folder that you may write to$/m,
    );
  }, 60_000);
});

describe("a step that fails is named, with what to do", () => {
  const failing: readonly [string, string, () => Partial<Demonstration>][] = [
    [
      "the program refuses",
      "step 1, synthesize: [INVALID_PROJECT] no; what to do: ",
      () => ({
        synthesize: () => Promise.reject(new Error("[INVALID_PROJECT] no")),
      }),
    ],
    [
      "there is no policy",
      "step 1, synthesize: there is no admission policy; what to do: ",
      () => ({
        synthesize: changed((json) => delete obj(json.resource).google_binary_authorization_policy),
      }),
    ],
    [
      "a resource is refused",
      "step 3, apply: google_kms_key_ring.x: POST cloudkms/v1/projects/my-secure-project/locations/global/keyRings?keyRingId=a.b answered 400: ",
      () => ({
        synthesize: changed((json) => {
          obj(json.resource).google_kms_key_ring = {
            x: { name: "a.b", location: "global", project: "my-secure-project" },
          };
        }),
      }),
    ],
    [
      "the policy exempts what it is to deny",
      "step 5, admission: nginx:latest was admitted, and had to be denied; what to do: ",
      () => ({
        synthesize: changed((json) => {
          policyIn(json).admission_whitelist_patterns = [{ name_pattern: "nginx:*" }];
        }),
      }),
    ],
    [
      "the rule only logs already",
      "step 5, admission: nginx:latest was admitted, and had to be denied",
      () => ({
        synthesize: changed((json) => {
          for (const rule of list(policyIn(json).cluster_admission_rules)) {
            rule.enforcement_mode = "DRYRUN_AUDIT_LOG_ONLY";
          }
        }),
      }),
    ],
  ];
  test.each(failing)(
    "%s",
    async (_, sentence, given) => {
      const { code, err } = await demo(given());
      expect(code).toBe(1);
      expect(err).toContain(`error: ${sentence}`);
      expect(err.trimEnd().split("\n")).toHaveLength(1);
      expect(err).not.toMatch(/^\s+at /m);
    },
    60_000,
  );
});

describe("tools that are there, and cannot do it", () => {
  test("a terraform that gets no provider: said, and done without", async () => {
    const script =
      'echo "Error: Failed to query available provider packages" >&2\necho >&2\necho "no network" >&2\nexit 1';
    const { code, out } = await withPath({ terraform: script }, () => demo({ without: ["gcloud"] }));
    expect(code).toBe(0);
    expect(folded(out)).toContain(
      "terraform init did not get the google provider (Failed to query available provider packages no network), so the same REST calls were made without it",
    );
  }, 60_000);

  test("a terraform that cannot apply: the step, its error, and what to do", async () => {
    const script = 'case "$1" in apply) echo "Error: quota" >&2; exit 1 ;; version) echo "{}" ;; esac';
    const { code, err } = await withPath({ terraform: script }, () => demo({ without: ["gcloud"] }));
    expect(code).toBe(1);
    expect(err).toBe(
      "error: step 3, apply: terraform apply failed: quota; what to do: leave terraform out with --without terraform\n",
    );
  }, 60_000);

  test("a gcloud that cannot sign: said, and done without", async () => {
    const script = 'echo "ERROR: (gcloud.beta) component beta is not installed" >&2; exit 1';
    const { code, out } = await withPath({ gcloud: script }, () => demo({ without: ["terraform"] }));
    expect(code).toBe(0);
    expect(folded(out)).toContain(
      "gcloud could not ((gcloud.beta) component beta is not installed), so the same REST calls were made without it. They attested",
    );
  }, 60_000);

  test("neither on the PATH: said", async () => {
    const before = process.env.PATH;
    process.env.PATH = "";
    const shown = await demo({ without: [] }).finally(() => {
      process.env.PATH = before;
    });
    expect(shown).toMatchObject({ code: 0, err: "" });
    expect(folded(shown.out)).toContain("terraform is not on the PATH, so the same REST calls were made");
    expect(folded(shown.out)).toContain(
      "gcloud is not on the PATH, so the same REST calls were made without it. They attested",
    );
  }, 60_000);

  test.each([
    [
      "╷\n│ Error: Failed to query\n│ \n│ Could not retrieve\n╵\nError: another",
      "",
      "Failed to query Could not retrieve",
    ],
    ["ERROR: (gcloud) no\n", "", "(gcloud) no"],
    ["", "", "it said nothing"],
  ])("the error of %j in a line", (stderr, stdout, line) => {
    expect(firstError({ stderr, stdout })).toBe(line);
  });

  test("nothing of an account and nothing that changes terraform's arguments reaches it", async () => {
    const script = `case "$1" in init) env > ${folder.path}/env ;; apply) env > ${folder.path}/apply; exit 1 ;; esac; echo "{}"`;
    const secrets = { GOOGLE_CREDENTIALS: "secret-1", TF_CLI_ARGS_init: "secret-2", CLOUDSDK_CORE_ACCOUNT: "secret-3" };
    Object.assign(process.env, secrets);
    try {
      await withPath({ terraform: script }, () => demo({ without: ["gcloud"] }));
    } finally {
      for (const name of Object.keys(secrets)) {
        delete process.env[name];
      }
    }
    const seen = readFileSync(join(folder.path, "env"), "utf8");
    expect(seen).not.toContain("secret-");
    // The provider would ask Google for the owner of the token.
    expect(readFileSync(join(folder.path, "apply"), "utf8")).toMatch(/^HTTPS_PROXY=http:\/\/127\.0\.0\.1:9$/m);
    expect(seen).not.toMatch(/^HTTPS_PROXY=http:\/\/127/m);
    expect(seen).toMatch(/^NO_PROXY=.*127\.0\.0\.1,localhost$/m);
  }, 60_000);
});

describe("stopped on the way", () => {
  /** `npm start`, with a terraform that never ends and starts something that never ends. */
  async function started(): Promise<{ child: ChildProcess; tmp: string; plugin: number; printed: () => string }> {
    const home = mkdtempSync(join(folder.path, "stopped-"));
    const [bin, tmp] = [join(home, "bin"), join(home, "tmp")];
    mkdirSync(bin);
    mkdirSync(tmp);
    writeFileSync(join(bin, "terraform"), `#!/bin/sh\nsleep 300 & echo $! > ${home}/plugin\nwait\n`, { mode: 0o755 });
    const child = spawn(process.execPath, [TSX, "scripts/start.ts"], {
      cwd: ROOT,
      env: {
        ...process.env,
        PATH: `${bin}:/usr/bin:/bin`,
        TMPDIR: tmp,
        CDKTF_OUTDIR: join(home, "out"),
        GOOGLE_PROJECT: "",
      },
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        text += chunk;
      });
    }
    while (!existsSync(join(home, "plugin"))) {
      if (child.exitCode !== null) {
        throw new Error(text);
      }
      await new Promise((done) => setTimeout(done, 50));
    }
    return { child, tmp, plugin: Number(readFileSync(join(home, "plugin"), "utf8")), printed: () => text };
  }

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "%s ends what it started, removes what it wrote, and ends with %i",
    async (signal, expected) => {
      const { child, tmp, plugin, printed } = await started();
      const ended = new Promise((done) => child.once("close", done));
      child.kill(signal);
      expect(await ended).toBe(expected);
      expect(printed()).toContain("Stopped. Nothing is left behind.");
      // tsx keeps its cache where temporary files are.
      expect(readdirSync(tmp).filter((name) => name.startsWith("binauthz"))).toEqual([]);
      expect(alive(plugin)).toBe(false);
    },
    60_000,
  );

  /** A zombie has ended, and only waits to be counted. */
  function alive(pid: number): boolean {
    try {
      return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
      return false;
    }
  }
});

describe("called as a command", () => {
  test("another tool than the two is refused", async () => {
    const { code, err } = await binauthz(["demo", "--without", "docker"]);
    expect(code).toBe(1);
    expect(err).toContain("argument 'docker' is invalid. It has to be terraform or gcloud.");
  });

  test("in a checkout, where the package was not built: what to do instead", async () => {
    const { code, err } = await binauthz(["demo"]);
    expect(code).toBe(1);
    expect(err).toContain("in a checkout, run npm start");
  });
});

describe("the review without a plan", () => {
  test("finds what opens, and nothing where nothing changes", async () => {
    const google = await startSandbox({ seed: { clusters: chainOf(reference).othersClusters } });
    try {
      await applyByRest(reference, clientOf(google.url, google.state.owner, new AbortController().signal));
      const reviewed = (after: JsonObject) => reviewConfigurations(reference, after, google.state.attestors);
      const outcome = reviewed(opened(reference, chainOf(reference)));
      expect(outcome.verdict).toBe("fail");
      expect(outcome.findings.map(({ id }) => id)).toEqual(["P009", "D002"]);
      expect(reviewed(reference)).toMatchObject({ verdict: "pass", findings: [] });
    } finally {
      await google.close();
    }
  }, 60_000);
});

/** What is stored, without what differs from run to run: times, numbers, ids of operations and triggers. */
function comparable(state: State): JsonObject {
  const { keyRings, cryptoKeys, cryptoKeyVersions, notes, attestors, policies, iamPolicies, enabledServices } = state;
  const text = JSON.stringify({
    keyRings: Object.keys(keyRings),
    cryptoKeys: Object.entries(cryptoKeys).map(([name, { purpose, versionTemplate }]) => [
      name,
      purpose,
      versionTemplate,
    ]),
    cryptoKeyVersions: Object.entries(cryptoKeyVersions).map(([name, { algorithm, state: s }]) => [name, algorithm, s]),
    notes: Object.entries(notes).map(([name, { attestation }]) => [name, attestation]),
    attestors: Object.entries(attestors).map(([name, { userOwnedGrafeasNote }]) => [name, userOwnedGrafeasNote]),
    policies: Object.values(policies).map(({ etag: _, updateTime: __, ...policy }) => policy),
    bindings: Object.entries(iamPolicies)
      .flatMap(([name, { bindings }]) =>
        list(bindings).flatMap(({ role, members }) =>
          (members as string[]).map((member) => `${name} ${role} ${member}`),
        ),
      )
      .sort(),
    accounts: Object.keys(state.serviceAccounts).sort(),
    repositories: Object.keys(state.repositories),
    triggers: Object.values(state.triggers).map(({ name, build, serviceAccount, sourceToBuild }) => ({
      name,
      serviceAccount,
      sourceToBuild,
      steps: list(obj(build).steps).map(({ id, script, env }) => ({ id, script, env })),
    })),
    clusters: Object.entries(state.clusters).map(([name, { binaryAuthorization }]) => [name, binaryAuthorization]),
    services: Object.values(enabledServices).flat().sort(),
  });
  return JSON.parse(text) as JsonObject;
}

describeIfTerraform("the REST calls, held against the real terraform", () => {
  const sandboxes: Sandbox[] = [];
  afterAll(() => Promise.all(sandboxes.map((sandbox) => sandbox.close())));

  test("make the same chain", async () => {
    const signal = new AbortController().signal;
    const [byTerraform, byRest] = await Promise.all(
      [0, 1].map(() => startSandbox({ seed: { clusters: chainOf(reference).othersClusters } })),
    );
    sandboxes.push(byTerraform, byRest);
    const ready = await Terraform.ready(reference, join(folder.path, "tf"), byTerraform.environment(), signal);
    expect(ready).not.toHaveProperty("missing");
    let done = 0;
    if ("terraform" in ready) {
      await ready.terraform.apply(() => {
        done += 1;
      });
    }
    // One of them is imported, and then changed.
    expect(done).toBe(30);
    const applied = await applyByRest(reference, clientOf(byRest.url, byRest.state.owner, signal));
    expect(applied).toEqual({ made: 30, leftOut: [] });
    // Two sandboxes of one process have the same keys, so that the public keys can be compared too.
    expect(comparable(byRest.state)).toEqual(comparable(byTerraform.state));
    expect(byRest.unknownRoutes).toEqual([]);
  }, 180_000);
});

const missing = findProgram("gcloud") === undefined ? "gcloud was not found" : undefined;
describeIfTerraform("npm start", () => {
  describeUnless(missing, "with the real terraform, provider and gcloud", () => {
    test("ends with 0, and says that they did it", async () => {
      const { exitCode, stdout } = await run(process.execPath, [TSX, "scripts/start.ts"], {
        cwd: ROOT,
        env: { CDKTF_OUTDIR: join(folder.path, "started"), GOOGLE_PROJECT: "" },
      });
      expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
      const text = folded(stdout);
      expect(text).toMatch(
        /terraform \S+ with the google provider 6\.50\.0: 1 imported, 29 added, 1 changed, 0 destroyed\./,
      );
      expect(text).toContain("gcloud attested my-app@sha256:");
      expect(text).toContain(DENIED_TAG);
      expect(text).toContain("CRITICAL P009");
      expect(text).toMatch(/Done in \d+ s: terraform applied, gcloud signed/);
    }, 180_000);
  });
});
