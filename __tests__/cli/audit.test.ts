import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import { LOG_KINDS } from "../../lib/audit/kinds";
import type { AuditJson } from "../../lib/cli/audit/json";
import { putPolicy, startSandbox } from "../../lib/sandbox";
import schema from "../../schemas/audit.json";
import ENTRIES from "../fixtures/audit-log-entries.json";
import { logMatches } from "../support/logging-query";
import { binauthz, scratch } from "./support";

type Name = keyof typeof ENTRIES;

const validate = new Ajv({ strict: true, allErrors: true }).compile(schema);
const { path: root, write } = scratch();
const all = write("all.json", Object.values(ENTRIES));
const SIGNER = "serviceAccount:signer@my-secure-project.iam.gserviceaccount.com";

const audit = (...argv: readonly string[]) => binauthz(["audit", ...argv]);

/** The JSON, of the described shape. */
async function answer(...argv: readonly string[]): Promise<AuditJson & { readonly code: number }> {
  const { code, out, err } = await audit(...argv, "--format", "json");
  expect(err).toBe("");
  const json = JSON.parse(out) as AuditJson;
  expect({ valid: validate(json), errors: validate.errors }).toEqual({ valid: true, errors: null });
  return { ...json, code };
}

const samples = (...names: readonly Name[]) =>
  write(
    `${names.join("-").replace(/\W/g, "-").slice(0, 80)}.json`,
    names.map((name) => ENTRIES[name]),
  );

test("JSON has the shape of its schema, and the schema refuses other words", async () => {
  const { code, result, findings, events, coverage, schemaVersion, ...json } = await answer(all, "--signer", SIGNER);
  expect([code, result, schemaVersion]).toEqual([2, "fail", 1]);
  expect(events).toHaveLength(48);
  expect(findings.reduce((sum, { count }) => sum + count, 0)).toBe(48);
  expect(coverage.map(({ log, entries }) => [log, entries])).toEqual([
    ["clusters", 25],
    ["cloud-run", 9],
    ["enforcement", 7],
    ["policy", 7],
    ["keys", 8],
    ["signatures", 7],
  ]);
  for (const wrong of [
    { ...json, schemaVersion: 2, result, findings, events, coverage },
    { ...json, schemaVersion, result: "ok", findings, events, coverage },
    { ...json, schemaVersion, result, findings: [{ ...findings[0], kind: "other" }], events, coverage },
    { ...json, schemaVersion, result, findings: [{ ...findings[0], first: "2026-11-02" }], events, coverage },
  ]) {
    expect(validate(wrong)).toBe(false);
  }
  await answer(write("none.json", []));
});

describe("exit codes", () => {
  const quiet = samples("pod admitted", "Cloud Run revision deployed", "cluster logging changed", "policy updated");
  test.each<[string, readonly string[], number, string]>([
    [
      "nothing that fails",
      [quiet],
      0,
      "PASS  none found of: break-glass, failed-open, enforcement-off, policy-opened\n",
    ],
    ["break-glass", [samples("pod admitted by break-glass")], 2, "FAIL  break-glass 1\n"],
    ["nothing is asked", [all, "--fail-on", "none"], 0, "PASS  nothing was asked to fail\n"],
    ["something else is asked", [quiet, "--fail-on", "change,denied"], 2, "FAIL  change 1\n"],
    [
      "a log is missing",
      [samples("pod admitted")],
      3,
      "UNDECIDED  nothing that fails was found, and the logs in which it would be are not all there: cloud-run, enforcement, policy\n",
    ],
    [
      "it was asked for",
      [samples("pod admitted"), "--covers", "cloud-run,enforcement", "--covers", "policy"],
      0,
      "PASS",
    ],
    ["no entries", [write("none.json", "[]")], 3, "UNDECIDED"],
    ["no entries, and all were asked for", [write("none.json", "[]"), "--covers", "all"], 0, "PASS"],
    ["signatures are to be judged, and not logged", [quiet, "--signer", SIGNER], 3, "are not all there: signatures\n"],
    ["somebody else signed", [samples("signature by a person"), "--signer", SIGNER], 2, "FAIL  foreign-signature 1\n"],
    [
      "somebody else changed something",
      [samples("attestor deleted"), "--operator", "user:bob@example.com"],
      2,
      "FAIL  foreign-change 1\n",
    ],
  ])("%s: %s", async (_, argv, code, text) => {
    const ran = await audit(...argv);
    expect([ran.code, ran.err]).toEqual([code, ""]);
    expect(ran.out).toContain(text);
    expect((await answer(...argv)).code).toBe(code);
  });
});

test("what is not logged is said to be unknown, not to be none", async () => {
  const { out } = await audit(samples("pod admitted"));
  expect(out).toContain(
    "signatures   no entries: who signed is not known: it takes the Data Access log of Cloud KMS\n",
  );
  expect(out).toContain("if the query asked for them, say so with --covers cloud-run,enforcement,policy\n");
  const asked = await audit(samples("pod admitted"), "--covers", "all");
  expect(asked.out).toContain("signatures   no entries, and they were asked for\n");
  const none = await audit(write("none.json", "[]"));
  expect(none.out).toContain("the input has no entries, so that no window of time is known\n");
});

test("the person is named where the log names them, and looked for where it does not", async () => {
  const pod = await audit(samples("pod admitted by break-glass"));
  expect(pod.out).toContain("the person is not in these entries: look for who deployed the workload\n");
  const person = await audit(samples("deployment created with the label"));
  expect(person.out).toContain("by alice@example.com\n");
  expect(person.out).not.toContain("look for who");
  const run = await audit(samples("Cloud Run revision by break-glass"), "--format", "markdown");
  expect(run.out).toContain("the person is not in this log&#58; look for who deployed the service or job");
});

test("Markdown and text say the same", async () => {
  const file = join(root, "report.md");
  const { code, out } = await audit(all, "--format", "text", "--format", `markdown=${file}`);
  const report = readFileSync(file, "utf8");
  expect(code).toBe(2);
  for (const title of [
    "Break-glass used",
    "Admitted without an answer",
    "Denied",
    "Signatures",
    "By person and account",
    "Logs",
  ]) {
    expect(out).toMatch(new RegExp(`^${title}$`, "m"));
    expect(report).toContain(`\n#### ${title}\n`);
  }
  expect(report).toMatch(/^### binauthz audit: break-glass 10, failed-open 4, enforcement-off 3, policy-opened 2$/m);
  const widths = report
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split(" | ").length);
  expect(new Set(widths)).toEqual(new Set([2, 3, 7]));
});

test("many rows are cut, and counted", async () => {
  const many = Array.from({ length: 130 }, (_, index) => ({
    ...ENTRIES["pod denied"],
    insertId: `${index}`,
    protoPayload: {
      ...ENTRIES["pod denied"].protoPayload,
      request: {},
      resourceName: `core/v1/namespaces/prod/pods/web-${index}`,
    },
  }));
  const file = write("many.json", many);
  const { out } = await audit(file, "--format", "markdown");
  expect(out).toContain("30 more rows; all of them are in `--format json`");
  expect(out.length).toBeLessThan(65_536);
  expect((await answer(file)).findings).toHaveLength(130);
});

describe("hostile text", () => {
  const EVIL = "\u001b[2J\u202e](http://evil.example) <img src=x> @everyone | `x`\n## heading";
  const entry = structuredClone(ENTRIES["pod admitted by break-glass"]);
  entry.resource.labels.cluster_name = EVIL;
  entry.labels["imagepolicywebhook.image-policy.k8s.io/overridden-verification-result"] =
    `'${EVIL.replace("\n", "")}' : ${EVIL}`;
  entry.protoPayload.authenticationInfo.principalEmail = EVIL;
  const name = EVIL.replace(/\//g, "");
  entry.protoPayload.resourceName = `core/v1/namespaces/${name}/pods/${name}`;
  entry.protoPayload.request.metadata.name = name;
  entry.protoPayload.response.metadata.name = name;
  const file = write("evil.json", [entry]);

  test.each(["text", "markdown", "json"])("%s", async (format) => {
    const { code, out } = await audit(file, "--format", format, "--covers", "all");
    expect(code).toBe(2);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(out).not.toMatch(/^\s*#+ heading/m);
    // It is there, and escaped: in text as \u{1b}.
    expect(out.match(/\\u(\{1b\}|001b)\[|&#92;u&#123;1b&#125;&#91;/g)?.length).toBeGreaterThan(4);
    if (format === "markdown") {
      expect(out).not.toMatch(/<img|\]\(|@everyone/);
    }
    if (format === "json") {
      expect((JSON.parse(out) as AuditJson).people[0].name).toBe(EVIL);
    }
  });

  test("in what cannot be read", async () => {
    const { code, out, err } = await audit(write("bad.json", [{ ...entry, timestamp: EVIL }]));
    expect([code, out]).toEqual([1, ""]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(err.split("\n")).toHaveLength(2);
  });
});

describe("called wrongly", () => {
  test.each<[readonly string[], string]>([
    [["missing.json"], "missing.json: does not exist; allowed: a file that can be read"],
    [["-", "-"], "- is given twice, and the standard input can be read once; allowed: - once"],
    [["-"], "standard input: cannot be read (EBADF); allowed: log entries"],
    [
      [all, "--format", "xml"],
      "--format xml is not understood; allowed: text, json, markdown, or one of them and =PATH",
    ],
    [
      [all, "--covers", "clusters,pods"],
      "--covers pods is not understood; allowed: clusters, cloud-run, enforcement, policy, keys, signatures, or all alone",
    ],
    [
      [all, "--covers", "clusters,all"],
      "--covers all stands by itself; allowed: clusters, cloud-run, enforcement, policy, keys, signatures, or all alone",
    ],
    [
      [all, "--fail-on", "foreign-signature"],
      "--fail-on foreign-signature needs to know whose are not foreign; allowed: --signer MEMBER beside it",
    ],
    [
      [all, "--fail-on", "foreign-change", "--signer", SIGNER],
      "--fail-on foreign-change needs to know whose are not foreign; allowed: --operator MEMBER beside it",
    ],
    [
      [all, "--signer", "group:team@example.com"],
      "--signer group:team@example.com is no single principal; allowed: serviceAccount:EMAIL, user:EMAIL or principal://…",
    ],
    [
      [all, "--operator", "alice@example.com"],
      "--operator alice@example.com is no single principal; allowed: serviceAccount:EMAIL, user:EMAIL or principal://…",
    ],
    [
      [all, "--key", "build-signer"],
      "--key build-signer is no key; allowed: projects/P/locations/L/keyRings/R/cryptoKeys/K",
    ],
  ])("%j", async (argv, message) => {
    expect(await audit(...argv)).toEqual({ code: 1, out: "", err: `error: ${message}\n` });
  });

  test("no file, and an empty word", async () => {
    expect((await audit()).code).toBe(1);
    expect((await audit(all, "--fail-on", "")).err).toMatch(
      /^error: --fail-on {2}is not understood; allowed: break-glass, /,
    );
  });

  test("one bad file among good ones, and nothing is judged", async () => {
    const bad = write("cut.json", JSON.stringify(Object.values(ENTRIES)).slice(0, 5000));
    const { code, out, err } = await audit(all, bad, "--format", `json=${join(root, "never.json")}`);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/cut\.json, line 1: is no JSON; allowed: one JSON document\n$/);
    expect(() => readFileSync(join(root, "never.json"))).toThrow("ENOENT");
  });
});

test("reads the standard input, beside files", async () => {
  const stdin = JSON.stringify(ENTRIES["signature by a person"]);
  const { code, out } = await binauthz(["audit", "-", samples("pod admitted by dry run"), "--fail-on", "none"], {
    stdin,
  });
  expect([code, out]).toEqual([0, expect.stringMatching(/^Admitted by a dry run only$[\s\S]*^Signatures$/m)]);
});

test("lines fit a terminal, but for names that are to be copied", async () => {
  const { out } = await binauthz(["audit", all], { columns: 80 });
  const long = out
    .split("\n")
    .filter((line) => line.length > 80 && line.trim().includes(" ") && !/projects\/|gke:/.test(line));
  expect(long).toEqual([]);
});

test("what the sandbox logs can be read: break-glass, dry run, refusals", async () => {
  const project = "demo-project";
  const sandbox = await startSandbox({ seed: { clusters: [{ project, location: "us-central1", name: "prod" }] } });
  const policy = (enforcementMode: string) =>
    putPolicy(sandbox.state, project, { defaultAdmissionRule: { evaluationMode: "ALWAYS_DENY", enforcementMode } });
  const post = async (name: string, username: string, labels = {}) => {
    const object = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, labels },
      spec: { containers: [{ name: "main", image: "nginx:1.29" }] },
    };
    const request = {
      uid: name,
      kind: { group: "", version: "v1", kind: "Pod" },
      operation: "CREATE",
      namespace: "shop",
      userInfo: { username },
      object,
    };
    const body = JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });
    expect((await fetch(`${sandbox.url}/admission`, { method: "POST", body })).status).toBe(200);
  };
  try {
    policy("ENFORCED_BLOCK_AND_AUDIT_LOG");
    await post("refused", "alice@example.com");
    await post("urgent", "alice@example.com", { "image-policy.k8s.io/break-glass": "true" });
    policy("DRYRUN_AUDIT_LOG_ONLY");
    await post("tried", "bob@example.com");
    const logs = await (await fetch(`${sandbox.url}/logs`)).text();
    const { code, findings, coverage } = await answer(write("sandbox.json", logs));
    expect(code).toBe(2);
    expect(
      findings.map(({ kind, place, namespace, subject, by, images }) => [
        kind,
        place,
        namespace,
        subject,
        by[0].name,
        images,
      ]),
    ).toEqual([
      ["break-glass", "gke:demo-project/us-central1.prod", "shop", "Pod urgent", "alice@example.com", ["nginx:1.29"]],
      ["denied", "gke:demo-project/us-central1.prod", "shop", "Pod refused", "alice@example.com", ["nginx:1.29"]],
      ["dry-run", "gke:demo-project/us-central1.prod", "shop", "Pod tried", "bob@example.com", ["nginx:1.29"]],
    ]);
    expect(coverage[0]).toMatchObject({ log: LOG_KINDS[0], entries: 3, projects: [project] });
    // The entries are those that Google's filters find as well.
    expect(
      JSON.parse(logs).entries.every((entry: object) =>
        logMatches('resource.type="k8s_cluster"', entry as never, { textInNames: false }),
      ),
    ).toBe(true);
  } finally {
    await sandbox.close();
  }
});
