import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSource, openSourceText, readSource, readSources } from "../../lib/trust";
import { plain, planJson, readError } from "./support";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "binauthz-source-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" || Buffer.isBuffer(content) ? content : JSON.stringify(content));
  return path;
}

const ATTESTOR = {
  name: "projects/sec-proj/attestors/old",
  userOwnedGrafeasNote: { noteReference: "projects/sec-proj/notes/n" },
};

test.each<[string, string, unknown]>([
  ["plan", "plan.json", planJson("15")],
  ["state", "state.json", planJson("15").prior_state],
  ["state", "terraform.tfstate", { version: 4, terraform_version: "1.11.4", resources: [] }],
  ["terraform-json", "cdk.tf.json", { "//": {}, terraform: {} }],
  ["attestors", "attestors.json", [ATTESTOR]],
  ["attestors", "attestor.yaml", `name: ${ATTESTOR.name}\nuserOwnedGrafeasNote:\n  noteReference: n\n`],
  [
    "policy",
    "policy.json",
    {
      name: "projects/sec-proj/policy",
      defaultAdmissionRule: { evaluationMode: "ALWAYS_DENY", enforcementMode: "DRYRUN_AUDIT_LOG_ONLY" },
    },
  ],
])("a %s is known by its content: %s", (kind, name, content) => {
  expect(openSource(file(name, content)).kind).toBe(kind);
});

test("of a plan, the model is what will be", () => {
  const path = file("plan.json", planJson("15"));
  const { model, plan } = openSource(path);
  expect(model).toBe(plan?.after);
  expect(readSource(path)).toEqual(model);
});

test("folders: what cdktf wrote, one of its stacks, and anything else", () => {
  expect(readError(() => readSource(folder))).toBe(
    `${folder}: is a folder without manifest.json; allowed: the folder that cdktf synth writes, usually cdktf.out`,
  );
  file("cdk.tf.json", { terraform: {} });
  expect(openSource(folder).kind).toBe("terraform-json");
  file("manifest.json", { stacks: {} });
  expect(openSource(folder).kind).toBe("cdktf-out");
});

test("several sources are one model", () => {
  const policy = file("plan.json", planJson("15"));
  const attestors = file("attestors.json", [ATTESTOR]);
  const model = readSources([policy, attestors]);
  expect(plain(model)).toMatchObject({ policies: [{ project: "sec-proj" }], attestors: [{ name: ATTESTOR.name }] });
});

test.each<[string, (text: string) => Buffer]>([
  ["UTF-8 with a mark", (text) => Buffer.from(`\ufeff${text}`)],
  ["UTF-16, little end first", (text) => Buffer.from(`\ufeff${text}`, "utf16le")],
  ["UTF-16, big end first", (text) => Buffer.from(`\ufeff${text}`, "utf16le").swap16()],
])("%s", (_, encode) => {
  expect(openSource(file("plan.json", encode(JSON.stringify(planJson("15"))))).kind).toBe("plan");
});

const UNDERSTOOD =
  "; allowed: a cdktf.out folder, a cdk.tf.json, terraform show -json of a plan or a state, a state file of version 4, or a policy or attestors as gcloud container binauthz prints them";

test.each([
  ["", ": holds nothing"],
  ["[]", ": is nothing that is understood, got a list of 0"],
  ["{}", ": is nothing that is understood, got an object with no fields"],
  ["apiVersion: v1", ": is nothing that is understood, got an object with apiVersion"],
  ["- 1", ": is nothing that is understood, got a list of 1"],
  ["text", ': is nothing that is understood, got "text"'],
])("%j is refused", (text, message) => {
  expect(readError(() => openSourceText("x", text))).toBe(`x${message}${UNDERSTOOD}`);
});

test("a plan in Terraform's own format is refused, with the command that makes JSON of it", () => {
  const path = file("plan.tfplan", Buffer.from("PK\u0003\u0004\u0014\u0000"));
  expect(readError(() => openSource(path))).toBe(
    `${path}: is a plan in Terraform's own format; allowed: terraform show -json ${path} > plan.json, and then plan.json`,
  );
});

test.each([
  ["{", "x, line 1: is no JSON; allowed: one JSON document"],
  ['{\n"a": x,\n"b": 1\n}\n', "x, line 2: is no JSON; allowed: one JSON document"],
  ["[1,\n2\n]\n]\n", "x, line 4: is no JSON; allowed: one JSON document"],
  ['{\n"a": [\n\n', "x, line 2: is no JSON; allowed: one JSON document"],
  ['{\n"a":\n}', "x, line 3: is no JSON; allowed: one JSON document"],
  ["a: b\na: c", "x, line 2: is no YAML (Map keys must be unique); allowed: one YAML document"],
  [
    "a: !!js/function 1",
    "x, line 1: is no YAML (Unresolved tag: tag:yaml.org,2002:js/function); allowed: one YAML document",
  ],
  [
    '{"version":3,"terraform_version":"0.11.14","serial":1,"modules":[]}',
    'x: "version" of the state is not valid, got 3; allowed: 4, which Terraform writes since 0.12',
  ],
])("%j is refused with its line", (text, message) => {
  expect(readError(() => openSourceText("x", text))).toBe(message);
});

test("YAML that multiplies, or nests without end, is refused", () => {
  const bomb = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
  for (const [name, before] of ["ba", "cb", "dc", "ed", "fe"]) {
    bomb.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join(",")}]`);
  }
  expect(readError(() => openSourceText("x", bomb.join("\n")))).toMatch(/^x: is no YAML \(.*\); allowed/);
  expect(readError(() => openSourceText("x", `a: ${"[".repeat(20_000)}`))).toMatch(/^x(, line \d+)?: is no YAML/);
});

test("a file that is not there, or none", () => {
  expect(readError(() => readSource(join(folder, "none")))).toBe(
    `${join(folder, "none")}: does not exist; allowed: a file that can be read`,
  );
});
