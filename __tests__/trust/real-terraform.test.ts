import { readFileSync } from "node:fs";
import { join } from "node:path";
import { putCluster, type Sandbox, startSandbox } from "../../lib/sandbox";
import { isFullName, readPlan, readState, readTerraformJson, type TrustModel } from "../../lib/trust";
import { referenceDeployment } from "../support/reference-deployment";
import { describeIfTerraform, TerraformDir } from "../support/terraform";
import { plain, schemaViolations } from "./support";

const P = "my-secure-project";
const ATTESTOR = `projects/${P}/attestors/build-attestor`;
const VERSION = `projects/${P}/locations/global/keyRings/binauthz-ring/cryptoKeys/build-signer-key/cryptoKeyVersions/1`;

/** Policy, powers and notes of a model, without where they were read and without order. */
function facts(model: TrustModel) {
  const bare = (things: readonly object[]) =>
    things.map((thing) => JSON.stringify(plain({ ...thing, origin: undefined }))).sort();
  const policies = model.policies.map(({ specificRules, ...policy }) => policy);
  return { policies: bare(policies), powers: bare(model.powers), notes: bare(model.notes) };
}

/** The modes of the clusters, by their keys. */
function clusters(model: TrustModel): Record<string, unknown> {
  return Object.fromEntries(
    model.clusters.map(({ location, name, evaluationMode }) => [`${location}.${name}`, plain(evaluationMode)]),
  );
}

describeIfTerraform("the reference deployment in real plans and states", () => {
  let google: Sandbox;
  let terraform: TerraformDir;
  let configured: TrustModel;
  // biome-ignore lint/suspicious/noExplicitAny: what terraform prints
  let first: any;
  // biome-ignore lint/suspicious/noExplicitAny: what terraform prints
  let second: any;
  // biome-ignore lint/suspicious/noExplicitAny: what terraform keeps
  let stored: any;

  beforeAll(async () => {
    google = await startSandbox();
    putCluster(google.state, P, "us-central1", "my-cluster");
    const { json } = referenceDeployment(P).template;
    configured = readTerraformJson("cdk.tf.json", json);
    terraform = TerraformDir.temporary(google.environment());
    const { backend: _, ...settings } = json.terraform;
    terraform.write({ ...json, terraform: settings }, "cdk.tf.json");
    await terraform.init();
    first = (await terraform.plan()).json;
    await terraform.apply();
    second = (await terraform.plan()).json;
    stored = JSON.parse(readFileSync(join(terraform.dir, "terraform.tfstate"), "utf8"));
  }, 300_000);

  afterAll(async () => {
    terraform?.remove();
    await google?.close();
  });

  test("the first plan: what is configured, and what is unknown says so", () => {
    const { before, after, changes, complete } = readPlan("plan.json", first);
    expect([before, after].flatMap(schemaViolations)).toEqual([]);
    expect(complete).toBe(true);
    expect(changes.find(({ type }) => type === "google_binary_authorization_policy")?.imported).toBe(true);
    expect(facts(after)).toEqual(facts(configured));
    expect(clusters(after)["us-central1-a.prod"]).toBe("PROJECT_SINGLETON_POLICY_ENFORCE");
    expect(plain(after.attestors)).toMatchObject([
      {
        name: ATTESTOR,
        publicKeys: [{ id: `//cloudkms.googleapis.com/v1/${VERSION}`, material: "?" }],
      },
    ]);
    expect(after.keyVersions.filter(({ name }) => isFullName(name))).toEqual([]);
    expect(plain(after.policies[0].specificRules)).toMatchObject({
      rules: [{ rule: { requireAttestationsBy: [ATTESTOR] } }, { rule: { requireAttestationsBy: [ATTESTOR] } }],
    });
  });

  test("the second plan: the same before and after, with the key that signs", () => {
    const { before, after } = readPlan("plan.json", second);
    expect([before, after].flatMap(schemaViolations)).toEqual([]);
    expect(after).toEqual(before);
    expect(facts(after)).toEqual(facts(configured));
    const [version] = after.keyVersions;
    expect(plain(after.keyVersions)).toMatchObject([{ name: VERSION, state: "ENABLED", publicKey: { format: "pem" } }]);
    expect(plain(after.attestors)).toMatchObject([{ publicKeys: [{ material: plain(version.publicKey) }] }]);
    expect(clusters(after)).toEqual({
      "us-central1-a.prod": "PROJECT_SINGLETON_POLICY_ENFORCE",
      "us-central1.my-cluster": "DISABLED",
    });
  });

  test("the state, in both forms, says what the second plan starts from", () => {
    const { before } = readPlan("plan.json", second);
    const raw = readState("terraform.tfstate", stored);
    const shown = readState("state.json", second.prior_state);
    expect([raw, shown].flatMap(schemaViolations)).toEqual([]);
    for (const model of [raw, shown]) {
      expect(facts(model)).toEqual(facts(before));
      expect(plain(model.attestors.map(({ publicKeys }) => publicKeys))).toEqual(
        plain(before.attestors.map(({ publicKeys }) => publicKeys)),
      );
    }
  });
});
