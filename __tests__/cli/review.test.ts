import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020";
import schema from "../../schemas/review.json";
import { binauthz, type Ran, scratch, type Terminal } from "./support";

const { path: root, write } = scratch();
const fixture = (name: string) => join(__dirname, "../fixtures/plans", `${name}.plan.json`);
const NOTHING = fixture("01-no-trust-change");
const OPENED = fixture("02-trust-chain-opened");
const TWO_POLICIES = fixture("18-two-policies-one-project");

const review = (...argv: readonly string[]): Promise<Ran> =>
  // Not what lies in the folder that the tests run in.
  binauthz(["review", ...argv, ...(argv.includes("--config") ? [] : ["--no-config"])]);
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);

interface Answer {
  readonly result: string;
  readonly findings: readonly { readonly id: string; readonly [field: string]: string | undefined }[];
  readonly suppressed: readonly { readonly id: string; readonly by: string; readonly reason: string }[];
  readonly targets: readonly { readonly target: string; readonly before?: string; readonly after?: string }[];
}

/** What a run answers as data; every one of them is valid. */
async function answer(...argv: readonly string[]): Promise<Answer & { readonly code: number }> {
  const { code, err, out } = await review(...argv, "--format", "json");
  expect(err).toBe("");
  const json = JSON.parse(out);
  validate(json);
  expect(validate.errors).toBeNull();
  return { ...json, code };
}

/** The plan in which only the mode of the default rule is known after the apply. */
const UNDECIDED = write("undecided.json", {
  format_version: "1.2",
  terraform_version: "1.11.4",
  complete: true,
  errored: false,
  resource_changes: [
    {
      address: "google_binary_authorization_policy.p",
      mode: "managed",
      type: "google_binary_authorization_policy",
      name: "p",
      provider_name: "registry.terraform.io/hashicorp/google",
      change: {
        actions: ["update"],
        ...Object.fromEntries(
          (["before", "after"] as const).map((side) => [
            side,
            {
              project: "p",
              id: "projects/p",
              default_admission_rule: [
                {
                  ...(side === "before" && { evaluation_mode: "ALWAYS_DENY" }),
                  enforcement_mode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
                  require_attestations_by: [],
                },
              ],
              cluster_admission_rules: [],
              admission_whitelist_patterns: [],
              global_policy_evaluation_mode: "ENABLE",
            },
          ]),
        ),
        after_unknown: { default_admission_rule: [{ evaluation_mode: true }] },
      },
    },
  ],
});

describe("exit codes", () => {
  test.each([
    ["nothing changes", [NOTHING], 0],
    ["the chain is opened", [OPENED], 2],
    ["a finding gates, and the step is to end with 0", [OPENED, "--exit-zero"], 0],
    ["an effect that no finding has", [TWO_POLICIES, "--fail-on-effect", "blocks"], 0],
    ["an effect that a finding has", [TWO_POLICIES, "--fail-on-effect", "blocks,opens"], 2],
    ["not decided", [UNDECIDED], 3],
    ["not decided, and a warning is enough", [UNDECIDED, "--undecided", "warn"], 0],
    ["not decided, and nobody minds", [UNDECIDED, "--undecided", "ignore"], 0],
    ["not decided, and a finding gates", [UNDECIDED, OPENED], 2],
    ["not decided, and the step is to end with 0", [UNDECIDED, "--exit-zero"], 0],
  ])("%s", async (_, argv, code) => {
    const ran = await review(...argv);
    expect(ran.err).toBe("");
    expect(ran.code).toBe(code);
  });

  const state = write("state.json", {
    format_version: "1.0",
    terraform_version: "1.11.4",
    values: { root_module: {} },
  });
  const truncated = join(root, "truncated.json");
  writeFileSync(truncated, readFileSync(OPENED, "utf8").slice(0, 4_000));
  const binary = join(root, "plan.tfplan");
  writeFileSync(binary, "PK\u0003\u0004 something");
  test.each([
    ["no plan", [], /missing required argument 'plan'/],
    ["a file that is not there", ["nowhere.json"], /^error: nowhere\.json: does not exist; allowed: /],
    ["a plan that was cut off", [truncated], /truncated\.json, line \d+: is no JSON; allowed: /],
    ["a state", [state], /state\.json is no plan but a state; allowed: .*--context/],
    [
      "a plan in Terraform's own format",
      [binary],
      /is a plan in Terraform's own format; allowed: terraform show -json/,
    ],
    [
      "a version that is not known",
      [write("v9.json", { format_version: "9.0", resource_changes: [] })],
      /v9\.json.*9\.0/,
    ],
    [
      "a severity that there is not",
      [NOTHING, "--fail-on", "severe"],
      /--fail-on severe is not understood; allowed: critical, high/,
    ],
    [
      "an effect that never gates",
      [NOTHING, "--fail-on-effect", "narrows"],
      /--fail-on-effect narrows .*allowed: opens, blocks, blind/,
    ],
    ["a way that there is not", [NOTHING, "--undecided", "maybe"], /--undecided maybe .*allowed: fail, warn, ignore/],
    [
      "a format that there is not",
      [NOTHING, "--format", "pdf"],
      /--format pdf is not understood; allowed: text, markdown, json, sarif, junit, code-quality/,
    ],
    [
      "two formats on one output",
      [NOTHING, "--format", "text", "--format", "json"],
      /writes twice to the standard output/,
    ],
    ["an acceptance that is none", [NOTHING, "--accept", "abc=INC"], /--accept abc=INC: the hash is not valid/],
    [
      "an acceptance without reason",
      [NOTHING, "--accept", "a".repeat(64)],
      /the reason is missing; allowed: HASH=REASON/,
    ],
    ["a name that would end a comment", [NOTHING, "--name", "x-->"], /--name x--> is not valid/],
    ["a plan twice", [NOTHING, NOTHING], /a plan is given twice/],
    [
      "settings with a typing error",
      [NOTHING, "--config", write("bad.yaml", "failOn: high\nsupress: []\n")],
      /bad\.yaml, line 2: the key "supress" is not known/,
    ],
    [
      "an inventory that is none",
      [NOTHING, "--inventory", write("x.json", { kind: "Service", apiVersion: "v1" })],
      /x\.json/,
    ],
    ["attestors that are none", [NOTHING, "--attestors", NOTHING], /is no list of attestors/],
  ])("%s: one sentence and 1, also with --exit-zero", async (_, argv, message) => {
    const ran = await binauthz(["review", ...argv, "--exit-zero"]);
    expect(ran.code).toBe(1);
    expect(ran.out).toBe("");
    expect(ran.err).toMatch(message);
    expect(ran.err).not.toMatch(/internal error|\n\s+at /);
  });
});

test("the default rule that opens is found, with what it was and will be", async () => {
  const { findings, result, targets } = await answer(OPENED);
  expect(result).toBe("fail");
  expect(findings[0]).toMatchObject({
    severity: "critical",
    gates: "yes",
  });
  expect(findings.find(({ id }) => id === "P007")).toMatchObject({
    effects: ["opens"],
    address: "google_binary_authorization_policy.p",
    target: "default:sec-proj",
    acceptHash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(targets.find(({ target }) => target === "default:sec-proj")).toMatchObject({
    before: "deny",
    after: "allow all",
    changed: true,
  });
});

describe("several outputs of one run", () => {
  test("files, and one on the standard output", async () => {
    const file = (name: string) => join(root, name);
    const { code, out } = await review(
      OPENED,
      ...["text", `markdown=${file("c.md")}`, `sarif=${file("s.sarif")}`, `junit=${file("j.xml")}`]
        .concat(`code-quality=${file("q.json")}`, `json=${file("r.json")}`)
        .flatMap((format) => ["--format", format]),
      "--name",
      "prod",
    );
    expect(code).toBe(2);
    expect(out.trimEnd().split("\n").at(-1)).toMatch(/^FAIL {2}/);
    expect(readFileSync(file("c.md"), "utf8")).toMatch(
      /^<!-- binauthz-review:prod -->\n## Binary Authorization review of prod: 🔴 /,
    );
    const [run] = JSON.parse(readFileSync(file("s.sarif"), "utf8")).runs;
    expect(run.automationDetails.id).toBe("binauthz-review/prod/");
    expect(run.results.map(({ ruleId }: { ruleId: string }) => ruleId)).toContain("P007");
    expect(run.tool.driver.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(readFileSync(file("j.xml"), "utf8")).toContain("<failure ");
    expect(JSON.parse(readFileSync(file("q.json"), "utf8")).length).toBeGreaterThan(0);
    expect(JSON.parse(readFileSync(file("r.json"), "utf8")).result).toBe("fail");
  });

  test("where it passes, neither text nor Markdown has the word for the other result", async () => {
    const file = join(root, "pass.md");
    const { code, out } = await review(NOTHING, "--format", "text", "--format", `markdown=${file}`);
    expect(code).toBe(0);
    expect(out).toBe("PASS  nothing changes in the chain of trust\n");
    expect(readFileSync(file, "utf8")).not.toMatch(/fail/i);
  });
});

describe("the standard input", () => {
  const piped = (stdin: string | Uint8Array, ...argv: readonly string[]): Promise<Ran> => {
    const terminal: Terminal = { stdin };
    return binauthz(["review", "-", "--no-config", ...argv], terminal);
  };

  test("holds a plan, with the same hash as the file", async () => {
    const { code, out } = await piped(readFileSync(OPENED, "utf8"), "--format", "json");
    expect(code).toBe(2);
    const file = await answer(OPENED);
    expect(JSON.parse(out).findings[0].acceptHash).toBe(file.findings[0].acceptHash);
  });

  const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, "utf16le");
  test.each([
    ["UTF-8 with its mark", (text: string) => Buffer.from(`\ufeff${text}`)],
    ["UTF-16, little end first", utf16],
    ["UTF-16, big end first", (text: string) => utf16(text).swap16()],
  ])("is read as a file with the same bytes: %s", async (name, encode) => {
    const bytes = encode(readFileSync(OPENED, "utf8"));
    const file = join(root, `${name}.json`);
    writeFileSync(file, bytes);
    const { code, out } = await piped(bytes, "--format", "json");
    const { code: fileCode, findings } = await answer(file);
    expect(code).toBe(fileCode);
    expect(JSON.parse(out).findings).toEqual(findings);
    expect(findings[0].acceptHash).toMatch(/^[0-9a-f]{64}$/);
  });

  test("in Terraform's own format is refused, with what to do", async () => {
    const { code, err } = await piped(Buffer.from("PK\u0003\u0004rest"));
    expect(code).toBe(1);
    expect(err).toMatch(/^error: standard input is a plan in Terraform's own format; allowed: terraform show -json /);
  });

  test("that is closed is one sentence", async () => {
    const { code, err } = await binauthz(["review", "-"]);
    expect(code).toBe(1);
    expect(err).toMatch(/^error: standard input: cannot be read \(EBADF\); allowed: /);
  });
});

describe("what somebody answers for", () => {
  const gating = async (plan: string) => (await answer(plan)).findings.filter(({ gates }) => gates !== "no");

  test("findings of this very plan are accepted by their hashes, and of no other plan", async () => {
    const accepts = (await gating(OPENED)).flatMap(({ acceptHash }) => ["--accept", `${acceptHash}=INC-7 key leaked`]);
    expect(accepts.length).toBeGreaterThan(0);
    const accepted = await answer(OPENED, ...accepts);
    expect(accepted.code).toBe(0);
    expect(accepted.suppressed.map(({ by, reason }) => `${by}: ${reason}`)).toContain("acceptance: INC-7 key leaked");
    // The same plan with one more space is another file, and nobody has looked at it.
    const other = join(root, "other.json");
    writeFileSync(other, `${readFileSync(OPENED, "utf8")} `);
    const again = await answer(other, ...accepts);
    expect(again.code).toBe(2);
    expect(again.findings.map(({ id }) => id)).toContain("S004");
  });

  const settings = async (name: string, expires: string) => {
    const found = await gating(TWO_POLICIES);
    const entries = found.map(
      ({ address, fingerprint, id }) =>
        `  - id: ${id}\n    address: ${address}\n    match: { fingerprint: ${fingerprint} }\n    reason: INC-1\n    owner: security@example.com\n    expires: ${expires}\n`,
    );
    return write(name, `suppress:\n${entries.join("")}`);
  };

  test("suppressed findings do not gate, and are in the report", async () => {
    const { code, suppressed } = await answer(TWO_POLICIES, "--config", await settings("ok.yaml", "2999-12-31"));
    expect(code).toBe(0);
    expect(suppressed.map(({ id }) => id)).toContain("P007");
  });

  test("what expired gates again, and is a finding of its own", async () => {
    const { code, findings } = await answer(TWO_POLICIES, "--config", await settings("old.yaml", "2020-12-31"));
    expect(code).toBe(2);
    expect(findings.map(({ id }) => id)).toContain("S001");
  });

  test("the command line counts before the settings", async () => {
    const config = ["--config", write("lenient.yaml", "failOnEffect: [blocks]\n")];
    expect((await answer(TWO_POLICIES, ...config)).code).toBe(0);
    expect((await answer(TWO_POLICIES, ...config, "--fail-on-effect", "opens")).code).toBe(2);
  });

  test(".binauthz.yaml is read where it is there, unless it is not wanted", async () => {
    const before = process.cwd();
    write("here/.binauthz.yaml", "failOnEffect: [blocks]\n");
    process.chdir(join(root, "here"));
    try {
      expect((await binauthz(["review", TWO_POLICIES])).code).toBe(0);
      expect((await binauthz(["review", TWO_POLICIES, "--no-config"])).code).toBe(2);
    } finally {
      process.chdir(before);
    }
  });
});

describe("what a plan does not say", () => {
  test("of another stack comes from the context", async () => {
    const plan = fixture("19-gke-disabled");
    const policy = write(
      "policy.yaml",
      "name: projects/sec-proj/policy\ndefaultAdmissionRule:\n  evaluationMode: ALWAYS_DENY\n  enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG\n",
    );
    const prod = ({ targets }: Answer) => targets.find(({ target }) => target === "gke:sec-proj/us-central1.prod");
    expect(prod(await answer(plan))?.before).toMatch(/^not decided: .*not in these files/);
    expect(prod(await answer(plan, "--context", policy))?.before).toBe("deny");
  });

  test("of grants that are elsewhere comes from the organization's", async () => {
    const grant = (resource: string, role: string, member: string) => ({
      resource,
      assetType: "x",
      project: "projects/1",
      policy: { bindings: [{ role, members: [member] }] },
    });
    const attacker = "serviceAccount:attacker@sec-proj.iam.gserviceaccount.com";
    const ci = "serviceAccount:ci@sec-proj.iam.gserviceaccount.com";
    const key = "projects/sec-proj/locations/us-central1/keyRings/binauthz/cryptoKeys/signer";
    const file = write("iam.json", [
      grant(
        "//cloudresourcemanager.googleapis.com/projects/sec-proj",
        "roles/containeranalysis.notes.attacher",
        attacker,
      ),
      grant("//cloudresourcemanager.googleapis.com/projects/sec-proj", "roles/containeranalysis.notes.attacher", ci),
      // What the plan takes away is there as long as it is not applied.
      grant(`//cloudkms.googleapis.com/${key}`, "roles/cloudkms.signer", ci),
      grant("//storage.googleapis.com/bucket", "roles/owner", "user:x@example.com"),
    ]);
    const { out } = await review(OPENED, "--iam", file, "--format", "json");
    const { allGrants, signers } = JSON.parse(out);
    expect(allGrants).toBe(true);
    expect(signers).toContainEqual(expect.objectContaining({ principal: attacker, before: "half", after: "full" }));
    expect(signers).toContainEqual(expect.objectContaining({ principal: ci, before: "full", after: "half" }));
    const { out: text } = await review(OPENED, "--iam", file);
    expect(text).toContain("\nWho can sign\n");
  });

  test.each([
    ["something else", { a: 1 }, /is no list of IAM policies/],
    ["one page", { results: [], nextPageToken: "x" }, /one page of several/],
    ["a policy without resource", [{ policy: {} }], /policy 1: has no resource/],
    [
      "a binding without members",
      [{ resource: "//x", policy: { bindings: [{ role: "x" }] } }],
      /policy 1: has a binding without/,
    ],
  ])("grants that are %s are an error", async (_, content, message) => {
    const { code, err } = await review(NOTHING, "--iam", write("bad-iam.json", content));
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });

  const synth = (acknowledged: readonly object[]) =>
    write("cdk.tf.json", {
      resource: {
        google_binary_authorization_policy: {
          q: { "//": { metadata: { path: "App/Policy", uniqueId: "q" }, binauthz: { acknowledged } } },
        },
      },
    });

  test("its construct paths come from the synthesized configuration", async () => {
    const { findings } = await answer(TWO_POLICIES, "--synth", synth([]));
    expect(findings.find(({ id }) => id === "P007")?.constructPath).toBe("App/Policy");
  });

  const guarded = (name: string, lifecycle?: object) =>
    write(`${name}/cdk.tf.json`, {
      resource: { google_binary_authorization_policy: { p: { ...(lifecycle && { lifecycle }) } } },
    });

  test("a guard that goes is seen with the configurations of now and of before", async () => {
    const [before, now] = [guarded("before", { prevent_destroy: true }), guarded("now")];
    const { findings } = await answer(NOTHING, "--synth", now, "--synth-before", before);
    expect(findings).toMatchObject([
      { id: "P023", address: "google_binary_authorization_policy.p", before: "prevent_destroy" },
    ]);
    expect((await answer(NOTHING, "--synth", before, "--synth-before", now)).findings).toEqual([]);
    expect((await answer(NOTHING, "--synth", now)).findings).toEqual([]);
    const { code, err } = await review(NOTHING, "--synth-before", before);
    expect(code).toBe(1);
    expect(err).toMatch(/^error: --synth-before says what was there before/);
  });

  test("the version of the provider is that of the lock file, named or beside what was synthesized", async () => {
    const lock = (version: string) =>
      `provider "registry.terraform.io/hashicorp/google" {\n  version = "${version}"\n}\n`;
    const named = write("named.hcl", lock("7.0.1"));
    const outdated = await answer(NOTHING, "--lock", named);
    expect(outdated.findings).toMatchObject([{ id: "M006", after: "7.0.1" }]);
    const path = guarded("locked");
    write("locked/.terraform.lock.hcl", lock("5.45.2"));
    expect((await answer(NOTHING, "--synth", path)).findings).toMatchObject([{ id: "M006", after: "5.45.2" }]);
    write("locked/.terraform.lock.hcl", lock("6.50.0"));
    expect((await answer(NOTHING, "--synth", path)).findings).toEqual([]);
    const { code, err } = await review(NOTHING, "--lock", write("empty.hcl", ""));
    expect(code).toBe(1);
    expect(err).toMatch(/^error: .*empty\.hcl, line 1: is no lock file: /);
  });

  test("what the configuration acknowledges counts only where the settings list it, and never for a critical opening", async () => {
    const path = synth([
      { id: "P006", reason: "known" },
      { id: "P007", reason: "known" },
    ]);
    const alone = await answer(TWO_POLICIES, "--synth", path);
    expect(alone.findings.filter(({ id }) => id === "S005").length).toBeGreaterThan(0);
    expect(alone.suppressed).toEqual([]);
    const config = write(
      "list.yaml",
      "acknowledge:\n  - { id: P006, constructPath: App/Policy }\n  - { id: P007, constructPath: App/Policy }\n",
    );
    const listed = await answer(TWO_POLICIES, "--synth", path, "--config", config);
    expect(listed.findings.map(({ id }) => id)).toContain("P007");
    expect(listed.suppressed.map(({ id }) => id)).not.toContain("P007");
    expect(listed.code).toBe(2);
  });
});

test("the help names every option and the exit codes", async () => {
  const { code, out } = await binauthz(["review", "--help"]);
  expect(code).toBe(0);
  for (const option of [
    "--context",
    "--synth",
    "--synth-before",
    "--lock",
    "--fail-on ",
    "--fail-on-effect",
    "--undecided",
    "--inventory",
    "--accept",
    "--config",
    "--no-config",
    "--exit-zero",
    "--format",
    "--name",
  ]) {
    expect(out).toContain(option);
  }
  expect(out).toContain("Exit codes: 0 nothing gates; 1 ");
});
