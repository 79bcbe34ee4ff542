import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { readSettings } from "../../lib/review/settings";
import { ensureBuilt, root } from "../support/build";
import { describeUnless, findProgram, run } from "../support/terraform";

const recipes = join(root, "docs/recipes");
const fixture = (name: string) => join(root, "__tests__/fixtures/plans", `${name}.plan.json`);
const NOTHING = fixture("01-no-trust-change");
const OPENED = fixture("02-trust-chain-opened");

test.each(readdirSync(recipes).filter((name) => /\.ya?ml$/.test(name)))("%s is YAML", (name) => {
  const documents = parseAllDocuments(readFileSync(join(recipes, name), "utf8"));
  expect(documents).toHaveLength(1);
  expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
});

test.each(readdirSync(recipes).filter((name) => /^(?!.*\.sh$).*\.ya?ml$/.test(name)))(
  "%s calls scripts that are there",
  (name) => {
    const text = readFileSync(join(recipes, name), "utf8");
    for (const [script] of text.matchAll(/[\w-]+\.sh\b/g)) {
      expect(readdirSync(recipes)).toContain(script);
    }
  },
);

test("the settings of the recipe are valid", () => {
  expect(readSettings("binauthz.yaml", readFileSync(join(recipes, "binauthz.yaml"), "utf8")).suppressions).toHaveLength(
    1,
  );
});

test("no job that runs the code of a pull request has credentials, and no job with credentials runs it", () => {
  const read = (name: string) => parseAllDocuments(readFileSync(join(recipes, name), "utf8"))[0].toJS();
  const synthesize = read("github-synthesize.yaml");
  expect(synthesize.permissions).toEqual({ contents: "read" });
  expect(JSON.stringify(synthesize)).not.toMatch(/secrets\.|id-token/);
  const review = read("github-review.yaml");
  expect(Object.keys(review.on)).toEqual(["workflow_run"]);
  const steps: { readonly run?: string; readonly with?: { readonly ref?: string } }[] = review.jobs.review.steps;
  expect(steps.every((step) => step.with?.ref === undefined || step.with.ref.startsWith("refs/pull/"))).toBe(true);
  // Values of others come through the environment, never into the text of a script.
  expect(steps.every((step) => !step.run?.includes("${{"))).toBe(true);
});

const tools = ["bash", "jq", "curl"].filter((name) => findProgram(name) === undefined);
describeUnless(tools.length === 0 ? undefined : `${tools.join(", ")} not found`, "the scripts", () => {
  let folder: string;
  let bin: string;
  beforeAll(() => {
    ensureBuilt();
    folder = mkdtempSync(join(tmpdir(), "binauthz-recipes-"));
    bin = join(folder, "bin");
    program("binauthz", `exec '${process.execPath}' '${join(root, "dist/cli/binauthz.js")}' "$@"`);
    // Stands in for terraform: it plans what the variable names, and keeps what it was asked.
    program(
      "terraform",
      `echo "$*" >> "$LOG"; chdir=\${1#-chdir=}
       case "$2" in
         plan) echo plan > "$chdir/plan.tfplan" ;;
         show) cat "$PLAN" ;;
         init) if [ -n "\${BROKEN:-}" ]; then exit 2; fi ;;
         apply) cat "\${@: -1}" >> "$LOG" ;;
       esac`,
    );
    // Stands in for gh: comments are files.
    program(
      "gh",
      `echo "$*" >> "$LOG"
       case "$*" in
         *--paginate*) cat "$COMMENTS" ;;
         *) cat > "$SENT" ;;
       esac`,
    );
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function program(name: string, text: string): void {
    const file = join(folder, "bin", name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/usr/bin/env bash\n${text}\n`);
    chmodSync(file, 0o755);
  }

  const write = (name: string, content: unknown) => {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  };
  const environment = (env: Record<string, string>) => ({
    ...process.env,
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    LOG: join(folder, "log"),
    ...env,
  });
  const script = (name: string, args: readonly string[], env: Record<string, string> = {}): SpawnSyncReturns<string> =>
    spawnSync(join(recipes, name), args, { cwd: folder, encoding: "utf8", env: environment(env) });

  const STACK = {
    terraform: {
      required_providers: { google: { source: "google", version: "6.50.0" } },
      backend: { gcs: { bucket: "b" } },
    },
    provider: { google: [{ project: "p" }] },
    resource: { google_project_service: { a: { "//": { metadata: {} }, service: "x" } } },
  };

  describe("refuse-unexpected.sh", () => {
    const refuse = (stack: unknown) => script("refuse-unexpected.sh", [write("one/cdk.tf.json", stack)]);

    test("lets through what the constructs write", () => {
      expect(refuse(STACK)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    });

    test.each([
      [
        "another provider",
        { terraform: { required_providers: { null: { source: "hashicorp/null" } } } },
        "the provider hashicorp/null",
      ],
      [
        "a provider of the same name from elsewhere",
        { terraform: { required_providers: { google: { source: "evil.example/x/google" } } } },
        "the provider evil.example/x/google",
      ],
      [
        "a second list of providers",
        { terraform: [{}, { required_providers: [{ shell: "1.0" }] }] },
        "the provider shell",
      ],
      ["a provider that nobody requires", { provider: { external: {} } }, "a provider external"],
      ["a program", { data: { external: { x: { program: ["sh"] } } } }, "type external"],
      ["a request", { data: { http: { x: {} } } }, "type http"],
      ["a resource that runs commands", { resource: { terraform_data: { x: {} } } }, "type terraform_data"],
      [
        "a provisioner",
        { resource: { google_kms_key_ring: { r: { provisioner: [{ "local-exec": { command: "x" } }] } } } },
        "a provisioner of google_kms_key_ring.r",
      ],
      [
        "a provisioner in a list",
        { resource: [{ google_kms_key_ring: [{ r: [{ provisioner: {} }] }] }] },
        "a provisioner of google_kms_key_ring.r",
      ],
      ["a module", { module: { m: { source: "git::https://evil.example" } } }, "the module m"],
      ["another backend", { terraform: { backend: { http: { address: "x" } } } }, "the backend http"],
      ["the cloud", { terraform: { cloud: { organization: "x" } } }, "the backend cloud"],
    ])("refuses %s", (_, stack, problem) => {
      const { status, stderr } = refuse(stack);
      expect(status).toBe(1);
      expect(stderr).toContain(problem);
    });

    test.each([
      ["text", "x"],
      ["a list", "[]"],
      ["nothing", ""],
      ["two documents", "{} {}"],
    ])("refuses %s", (_, text) => {
      expect(refuse(text).status).toBe(1);
    });

    test("what was looked at is what is planned, also of a key that is there twice", () => {
      const evil = '{"module":{"m":{"source":"x"}},"module":{},"provider":{"google":{"project":"p"}}}';
      expect(refuse(evil).status).toBe(0);
      expect(JSON.parse(readFileSync(join(folder, "one/cdk.tf.json"), "utf8"))).toEqual(JSON.parse(evil));
      expect(readFileSync(join(folder, "one/cdk.tf.json"), "utf8").match(/module/g)).toHaveLength(1);
    });

    test.each(["more.tf", "cdk_override.tf.json", ".terraform"])("refuses a folder with %s", (name) => {
      const other = write(`one/${name}`, "");
      expect(refuse(STACK)).toMatchObject({ status: 1, stderr: expect.stringContaining(name) });
      rmSync(other);
    });
  });

  describe("review-plan.sh", () => {
    const plan = (planned: string, env: Record<string, string> = {}) => {
      rmSync(join(folder, "reports"), { recursive: true, force: true });
      rmSync(join(folder, "log"), { force: true });
      write("stack/cdk.tf.json", STACK);
      write("stack/evil.tf", "resource {}");
      write("settings.yaml", "failOn: high\n");
      return script("review-plan.sh", ["stack", "settings.yaml", "prod", "reports"], { PLAN: planned, ...env });
    };

    test("a plan that passes leaves its file and its reports", () => {
      expect(plan(NOTHING)).toMatchObject({ status: 0, stdout: "PASS  nothing changes in the chain of trust\n" });
      expect(readdirSync(join(folder, "reports")).sort()).toEqual([
        "binauthz.sarif",
        "cdk.tf.json",
        "code-quality.json",
        "comment.md",
        "junit.xml",
        "plan.json",
        "plan.tfplan",
      ]);
      expect(script("apply-plan.sh", ["reports"])).toMatchObject({ status: 0 });
      expect(readFileSync(join(folder, "log"), "utf8")).toMatch(/apply -input=false .*reports\/plan\.tfplan\nplan\n$/);
    });

    test("a plan that gates ends with 2, and its reports are there", () => {
      expect(plan(OPENED).status).toBe(2);
      expect(readFileSync(join(folder, "reports/comment.md"), "utf8")).toMatch(/^<!-- binauthz-review:prod -->/);
    });

    test("terraform's own codes are no answer of the review", () => {
      const { status } = plan(NOTHING, { BROKEN: "1" });
      expect(status).toBe(1);
      expect(existsSync(join(folder, "reports/plan.tfplan"))).toBe(false);
    });

    test("what is refused is not planned", () => {
      write("bad/cdk.tf.json", { module: { m: { source: "x" } } });
      rmSync(join(folder, "log"), { force: true });
      expect(script("review-plan.sh", ["bad", "settings.yaml", "prod", "reports"], { PLAN: NOTHING }).status).toBe(1);
      expect(existsSync(join(folder, "log"))).toBe(false);
    });
  });

  describe("sticky-comment.sh", () => {
    const marker = "<!-- binauthz-review:prod -->";
    const comment = (body: string, comments: unknown) => {
      rmSync(join(folder, "log"), { force: true });
      rmSync(join(folder, "sent"), { force: true });
      const env = { COMMENTS: write("comments.json", comments), SENT: join(folder, "sent") };
      const ran = script("sticky-comment.sh", ["o/r", "7", write("c.md", body)], env);
      const sent = existsSync(env.SENT) ? JSON.parse(readFileSync(env.SENT, "utf8")).body : undefined;
      return { status: ran.status, sent, asked: readFileSync(join(folder, "log"), "utf8") };
    };
    const own = { id: 3, user: { login: "github-actions[bot]" }, body: `${marker}\nold` };

    test("makes a comment where there is none", () => {
      const { asked, sent, status } = comment(`${marker}\n## 1 critical\n`, []);
      expect({ status, sent }).toEqual({ status: 0, sent: `${marker}\n## 1 critical\n` });
      expect(asked).toContain("--method POST repos/o/r/issues/7/comments");
    });

    test("updates its own, and not what somebody else wrote with its marker", () => {
      const { asked } = comment(`${marker}\n## x: nothing changes\n`, [
        { ...own, id: 2, user: { login: "mallory" } },
        own,
      ]);
      expect(asked).toContain("--method PATCH repos/o/r/issues/comments/3");
    });

    test("is quiet where nothing changes and nothing was said", () => {
      expect(comment(`${marker}\n## x: nothing changes\n`, []).sent).toBeUndefined();
    });
  });

  describe("atlantis-check.sh", () => {
    const check = (file: string) =>
      script("atlantis-check.sh", [file, "prod"], { BINAUTHZ_SETTINGS: write("s.yaml", "failOn: high\n") });

    test("the word that Atlantis looks for is there exactly where the review does not pass", () => {
      expect(check(NOTHING)).toMatchObject({ status: 0, stdout: expect.not.stringMatching(/fail/i) });
      expect(check(OPENED)).toMatchObject({
        status: 2,
        stdout: expect.stringContaining("fail: binauthz review ended with 2"),
      });
      expect(check("nowhere.json")).toMatchObject({
        status: 1,
        stdout: expect.stringContaining("fail: binauthz review ended with 1"),
      });
    });
  });

  describe("hcp-terraform.sh", () => {
    test.each([
      ["a plan that passes is applied", NOTHING, 0, "POST /api/v2/runs/run-1/actions/apply"],
      ["a plan that gates is discarded", OPENED, 2, "POST /api/v2/runs/run-1/actions/discard"],
    ])("%s", async (_, plan, code, last) => {
      const asked: string[] = [];
      const server = createServer((request, response) => {
        asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
        request.resume().on("end", () => {
          if (request.url?.endsWith("/runs/run-1")) {
            response.end(JSON.stringify({ data: { relationships: { plan: { data: { id: "plan-1" } } } } }));
          } else {
            response.end(request.url?.endsWith("json-output") ? readFileSync(plan) : "{}");
          }
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      try {
        const { port } = server.address() as AddressInfo;
        const env = environment({ TFE_ADDRESS: `http://127.0.0.1:${port}`, TFE_TOKEN: "token", no_proxy: "127.0.0.1" });
        const settings = write("hcp.yaml", "failOn: high\n");
        const { exitCode } = await run(join(recipes, "hcp-terraform.sh"), ["run-1", settings], {
          env: env as Record<string, string>,
        });
        expect(exitCode).toBe(code);
        expect(asked.at(-1)).toBe(`${last} Bearer token`);
        expect(asked).toHaveLength(3);
      } finally {
        server.close();
      }
    });
  });

  test("pre-commit.sh checks what was synthesized", () => {
    const policy = (mode: string) => ({
      resource: {
        google_binary_authorization_policy: {
          p: {
            project: "my-project",
            default_admission_rule: { evaluation_mode: mode, enforcement_mode: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
          },
        },
      },
    });
    for (const [mode, status] of [
      ["ALWAYS_DENY", 0],
      ["ALWAYS_ALLOW", 2],
    ] as const) {
      const out = dirname(write("out/cdk.tf.json", policy(mode)));
      expect(script("pre-commit.sh", [], { SYNTH: "true", CDKTF_OUTDIR: out }).status).toBe(status);
    }
  });
});
