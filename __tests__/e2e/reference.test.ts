import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { editCluster, putCluster, type Sandbox, startSandbox, storedPolicy } from "../../lib/sandbox";
import { describeUnless, PROVIDER_VERSION, providerFound, TerraformDir, terraformMissing } from "../support/terraform";
import { PROJECT, readStacks, type StackJson } from "./support";

const ROOT = join(__dirname, "..", "..");

function synthesizeMain(providerVersion: string): StackJson {
  const outdir = mkdtempSync(join(tmpdir(), "reference-"));
  try {
    execFileSync(process.execPath, [require.resolve("tsx/cli"), join(ROOT, "main.ts")], {
      cwd: ROOT,
      env: { ...process.env, CDKTF_OUTDIR: outdir, GOOGLE_PROJECT: PROJECT },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const json = readStacks(outdir).binauthz;
    json.terraform.required_providers = { google: { source: "hashicorp/google", version: providerVersion } };
    return json;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/**
 * The provider that the bindings were generated for, and a newer one where the computer has it: users of the bindings may
 * raise it. `BINAUTHZ_GOOGLE_PROVIDER` runs every other test with another one.
 */
const NEWER = "~> 7.0";
const newer = providerFound(NEWER);
const missing = terraformMissing();

const RUNS: readonly { readonly version: string; readonly missing?: string }[] = [
  { version: PROVIDER_VERSION, missing },
  ...(newer === PROVIDER_VERSION
    ? []
    : [
        {
          version: newer ?? NEWER,
          missing: missing ?? (newer ? undefined : `the google provider ${NEWER} was not found`),
        },
      ]),
];

describe.each(RUNS)("with the google provider $version", ({ version, missing }) => {
  describeUnless(missing, "the reference deployment, applied by terraform", () => {
    let google: Sandbox;
    let terraform: TerraformDir;
    let output: string;

    beforeAll(async () => {
      google = await startSandbox();
      putCluster(google.state, PROJECT, "us-central1", "my-cluster");
      terraform = TerraformDir.temporary(google.environment());
      terraform.write(synthesizeMain(version), "cdk.tf.json");
      await terraform.init();
      await terraform.validate();
      output = (await terraform.apply()).output;
    }, 300_000);

    afterAll(async () => {
      terraform.remove();
      await google.close();
    });

    it("is applied without a change by hand, and the second plan is empty", async () => {
      const plan = await terraform.plan();
      expect(plan.changes).toEqual([]);
      expect(plan.json.output_changes ?? {}).toEqual({});
      expect(google.unknownRoutes).toEqual([]);
    }, 120_000);

    it("puts the policy that the program describes", () => {
      const rule = {
        enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
        evaluationMode: "REQUIRE_ATTESTATION",
        requireAttestationsBy: [`projects/${PROJECT}/attestors/build-attestor`],
      };
      expect(storedPolicy(google.state, PROJECT)).toMatchObject({
        globalPolicyEvaluationMode: "ENABLE",
        defaultAdmissionRule: { enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG", evaluationMode: "ALWAYS_DENY" },
        clusterAdmissionRules: { "us-central1.my-cluster": rule, "us-central1-a.prod": rule },
      });
    });

    it("gives the attestor the public key of version 1 under the id that gcloud signs with", async () => {
      const version = `projects/${PROJECT}/locations/global/keyRings/binauthz-ring/cryptoKeys/build-signer-key/cryptoKeyVersions/1`;
      const attestor = google.state.attestors[`projects/${PROJECT}/attestors/build-attestor`] as {
        userOwnedGrafeasNote: { publicKeys: unknown[] };
      };
      expect(attestor.userOwnedGrafeasNote.publicKeys).toEqual([
        {
          id: `//cloudkms.googleapis.com/v1/${version}`,
          pkixPublicKey: {
            publicKeyPem: await google.publicKeyPem(version),
            signatureAlgorithm: "RSA_SIGN_PKCS1_4096_SHA512",
          },
        },
      ]);
    });

    it("has the rule in force before it switches the new cluster on", () => {
      const calls = google.requests.map((request) => `${request.verb} ${request.path}`);
      const lastPut = calls.length - 1 - [...calls].reverse().findIndex((call) => /^PUT .*\/policy$/.test(call));
      const create = calls.findIndex((call) => /^POST .*\/clusters$/.test(call));
      expect(lastPut).toBeLessThan(calls.length);
      expect(create).toBeGreaterThan(lastPut);
    });

    it("warns, with the command that mends it, that the cluster managed elsewhere does not enforce", async () => {
      expect(output.replace(/[\s│]+/g, " ")).toContain(
        `gcloud container clusters update my-cluster --project=${PROJECT} --location=us-central1 --binauthz-evaluation-mode=PROJECT_SINGLETON_POLICY_ENFORCE`,
      );
      editCluster(google.state, `projects/${PROJECT}/locations/us-central1/clusters/my-cluster`, {
        binaryAuthorization: { evaluationMode: "PROJECT_SINGLETON_POLICY_ENFORCE" },
      });
      const plan = await terraform.plan();
      expect(plan.output).not.toContain("does not enforce");
      expect(plan.changes).toEqual([]);
    }, 120_000);

    it("refuses to be destroyed", async () => {
      const result = await terraform.tryDestroy();
      expect(result.exitCode).not.toBe(0);
      expect(result.output).toContain("prevent_destroy");
      expect(storedPolicy(google.state, PROJECT)).toMatchObject({
        defaultAdmissionRule: { evaluationMode: "ALWAYS_DENY" },
      });
    }, 120_000);
  });
});
