import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AdmissionPolicy, Attestor, KeyVersion, SigningAlgorithm, TrustRoot } from "../../lib";
import { type Sandbox, startSandbox, storedPolicy } from "../../lib/sandbox";
import { call } from "../support/sandbox";
import { describeUnless, findProgram, run, terraformMissing } from "../support/terraform";
import { Deployment, PROJECT, synthesizeStack } from "./support";

const KEY = `projects/${PROJECT}/locations/global/keyRings/ring/cryptoKeys/key`;

/** As `gcloud container binauthz policy import` takes it. */
const POLICY = `name: projects/${PROJECT}/policy
globalPolicyEvaluationMode: ENABLE
admissionWhitelistPatterns:
- namePattern: quay.io/example-monitor/*
defaultAdmissionRule:
  enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG
  evaluationMode: ALWAYS_DENY
clusterAdmissionRules:
  us-central1.prod:
    enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG
    evaluationMode: REQUIRE_ATTESTATION
    requireAttestationsBy:
    - projects/${PROJECT}/attestors/build
`;

const missing = findProgram("gcloud") === undefined ? "gcloud was not found" : terraformMissing();

describeUnless(missing, "adoption of a chain that was made by hand, with the real gcloud", () => {
  let google: Sandbox;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "by-hand-"));
    google = await startSandbox();
  });

  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    await google.close();
  });

  async function gcloud(command: string, ...more: string[]): Promise<string> {
    const args = [...command.split(" "), ...more, `--project=${PROJECT}`];
    const { exitCode, stdout, output } = await run("gcloud", args, { env: google.environment() });
    expect({ command, exitCode, output: exitCode === 0 ? "" : output }).toEqual({ command, exitCode: 0, output: "" });
    return stdout;
  }

  /** The steps of https://docs.cloud.google.com/binary-authorization/docs/creating-attestors-cli. */
  async function makeByHand(): Promise<void> {
    await gcloud("kms keyrings create ring --location=global");
    await gcloud(
      "kms keys create key --keyring=ring --location=global --purpose=asymmetric-signing --default-algorithm=ec-sign-p256-sha256 --protection-level=hsm",
    );
    // The page makes the note with curl: gcloud cannot.
    const note = { attestation: { hint: { humanReadableName: "build" } } };
    await call(google, `POST containeranalysis/v1/projects/${PROJECT}/notes?noteId=build`, note);
    await gcloud(
      `container binauthz attestors create build --attestation-authority-note=build --attestation-authority-note-project=${PROJECT}`,
    );
    await gcloud(
      "container binauthz attestors public-keys add --attestor=build --keyversion=1 --keyversion-key=key --keyversion-keyring=ring --keyversion-location=global",
      `--keyversion-project=${PROJECT}`,
      // From the endpoint of a stand-in gcloud would derive another id.
      `--public-key-id-override=//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/1`,
    );
    const file = join(folder, "policy.yaml");
    writeFileSync(file, POLICY);
    await gcloud("container binauthz policy import", file);
  }

  it("plans imports and no change, and neither does the apply", async () => {
    await makeByHand();
    expect(google.unknownRoutes).toEqual([]);
    const policyBefore = storedPolicy(google.state, PROJECT);
    const exported = await gcloud("container binauthz policy export");
    const json = synthesizeStack((stack) => {
      const trustRoot = new TrustRoot(stack, "TrustRoot", {
        keyRingName: "ring",
        keyName: "key",
        location: "global",
        versions: [KeyVersion.signing("first", { number: 1, algorithm: SigningAlgorithm.EC_SIGN_P256_SHA256 })],
        adopt: true,
        enableApis: false,
      });
      new Attestor(stack, "Attestor", { attestorName: "build", keys: [trustRoot], adopt: true, enableApis: false });
      AdmissionPolicy.fromExport(stack, "Policy", exported, { project: PROJECT, enableApis: false });
    });
    const deployment = Deployment.against(google);
    try {
      const plan = await (await deployment.use(json)).plan();
      expect(plan.changes.map((change) => `${change.change.actions} ${change.address}`)).toEqual([]);
      expect(plan.output).toMatch(/Plan: 6 to import, 0 to add, 0 to change, 0 to destroy/);

      const before = google.requests.length;
      await deployment.apply(json);
      expect(google.requests.slice(before).filter(({ verb }) => verb !== "GET")).toEqual([]);
      expect(storedPolicy(google.state, PROJECT)).toEqual(policyBefore);
    } finally {
      deployment.remove();
    }
  }, 240_000);
});
