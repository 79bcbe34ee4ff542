// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Terraform writes them

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AdmissionPolicy, Attestor, ExistingPolicy, KeyVersion, TrustRoot } from "../../lib";
import { readCdktfOut } from "../../lib/trust/cdktf-out";
import { testApp, testStack } from "../support/synth";
import { plain, readError, schemaViolations } from "./support";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "binauthz-cdktf-out-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(stacks: Record<string, object>): void {
  const entries = Object.keys(stacks).map((name) => [name, { synthesizedStackPath: `stacks/${name}/cdk.tf.json` }]);
  writeFileSync(
    join(folder, "manifest.json"),
    JSON.stringify({ version: "0.21.0", stacks: Object.fromEntries(entries) }),
  );
  for (const [name, json] of Object.entries(stacks)) {
    mkdirSync(join(folder, "stacks", name), { recursive: true });
    writeFileSync(join(folder, "stacks", name, "cdk.tf.json"), JSON.stringify(json));
  }
}

test("all stacks of an app, with the paths of their constructs", () => {
  const app = testApp();
  const keys = testStack({ app, id: "keys" });
  const trustRoot = new TrustRoot(keys, "Root", {
    keyRingName: "ring",
    keyName: "key",
    location: "global",
    versions: [KeyVersion.signing("first", { number: 1 })],
  });
  const attestor = new Attestor(keys, "Attestor", { attestorName: "att", keys: [trustRoot] });
  const policies = testStack({ app, id: "policies" });
  const policy = new AdmissionPolicy(policies, "Policy", { existing: ExistingPolicy.ADOPT });
  policy.addClusterRule({ location: "us-central1", clusterName: "c", requiredAttestors: [attestor] });
  app.synth();

  const model = readCdktfOut(app.outdir);
  expect(schemaViolations(model)).toEqual([]);
  expect(model.attestors).toHaveLength(1);
  expect(model.attestors[0].origin).toEqual({
    source: join(app.outdir, "stacks/keys/cdk.tf.json"),
    address: "google_binary_authorization_attestor.my-secure-project_att",
    constructPath: "keys/Attestor/Attestor",
  });
  expect(plain(model.policies[0].specificRules)).toMatchObject({
    rules: [{ key: "us-central1.c", rule: { requireAttestationsBy: [model.attestors[0].name] } }],
  });
});

test("a reference to another stack is resolved through its outputs", () => {
  write({
    one: {
      provider: { google: { project: "sec-proj" } },
      resource: { google_container_analysis_note: { n: { name: "note" } } },
      output: { "cross-stack-output-n": { value: "${google_container_analysis_note.n.id}", sensitive: true } },
    },
    two: {
      provider: { google: { project: "other-proj" } },
      data: { terraform_remote_state: { "cross-stack-reference-input-one": { backend: "local" } } },
      resource: {
        google_binary_authorization_attestor: {
          a: {
            name: "a",
            attestation_authority_note: {
              note_reference:
                "${data.terraform_remote_state.cross-stack-reference-input-one.outputs.cross-stack-output-n}",
            },
          },
        },
      },
    },
  });
  expect(plain(readCdktfOut(folder).attestors)).toMatchObject([
    { name: "projects/other-proj/attestors/a", noteName: "projects/sec-proj/notes/note" },
  ]);
});

test("what two stacks say of one thing has to agree", () => {
  const stack = (mode: string) => ({
    provider: { google: { project: "sec-proj" } },
    resource: { google_binary_authorization_policy: { p: { global_policy_evaluation_mode: mode } } },
  });
  write({ one: stack("ENABLE"), two: stack("DISABLE") });
  const [one, two] = ["one", "two"].map((name) => join(folder, "stacks", name, "cdk.tf.json"));
  expect(readError(() => readCdktfOut(folder))).toBe(
    `${one}: policy projects/sec-proj is there twice, and ${one}, google_binary_authorization_policy.p and ${two}, google_binary_authorization_policy.p contradict each other in its globalPolicyEvaluationMode; allowed: one description of each thing, or several that agree`,
  );
  write({ one: stack("ENABLE"), two: stack("${var.mode}") });
  expect(plain(readCdktfOut(folder).policies)).toMatchObject([{ globalPolicyEvaluationMode: "ENABLE" }]);
});

test.each<[string, string, string]>([
  ["no JSON", "{", ", line 1: is no JSON; allowed: one JSON document"],
  ["no JSON further down", '{\n"a": 1,\n]', ", line 3: is no JSON; allowed: one JSON document"],
  ["nothing", "", ", line 1: is empty; allowed: one JSON document"],
  ["no stacks", "{}", ': "stacks" is not valid; allowed: the stacks of a CDKTF application by name'],
  [
    "a stack outside of it",
    '{"stacks":{"s":{"synthesizedStackPath":"stacks/../cdk.tf.json"}}}',
    ', stack s: "synthesizedStackPath" is not valid, got "stacks/../cdk.tf.json"; allowed: stacks/NAME/cdk.tf.json, as cdktf synth writes JSON',
  ],
])("a manifest with %s", (_, text, message) => {
  const manifest = join(folder, "manifest.json");
  writeFileSync(manifest, text);
  expect(readError(() => readCdktfOut(folder))).toBe(manifest + message);
});

test("a manifest whose stack is not there", () => {
  write({ one: {} });
  rmSync(join(folder, "stacks"), { recursive: true });
  expect(readError(() => readCdktfOut(folder))).toBe(
    `${join(folder, "stacks/one/cdk.tf.json")}: does not exist; allowed: a file that can be read`,
  );
});
