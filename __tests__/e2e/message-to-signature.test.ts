import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PubsubSubscription } from "@cdktf/provider-google/lib/pubsub-subscription";
import { PubsubTopic } from "@cdktf/provider-google/lib/pubsub-topic";
import { PubsubTopicIamMember } from "@cdktf/provider-google/lib/pubsub-topic-iam-member";
import { PipelineSource, SignedBuild, SigningGate, SigningTrigger, VulnerabilitySeverity } from "../../lib";
import { Attestor } from "../../lib/constructs/attestor";
import { BuildPipeline } from "../../lib/constructs/build-pipeline";
import { TrustRoot } from "../../lib/constructs/trust-root";
import { type JsonObject, putOccurrence, putScan, type Sandbox, type State, startSandbox } from "../../lib/sandbox";
import { pythonMissing } from "../support/recorded-apis";
import { call } from "../support/sandbox";
import type { Json } from "../support/template";
import { type CommandResult, describeUnless, run } from "../support/terraform";
import { runAs, signingMissing, withSandbox } from "./signer";
import { Deployment, PROJECT, synthesizeStack } from "./support";

// The recommended form as it is deployed: the real terraform makes it, a build's message starts the signer, a person approves
// with the real gcloud, and the steps run as the signer and nobody else.

const NUMBER = "123456789012";
const TEAM = "team-project";
const URL = "https://github.com/khalkie/gcb-prod-prov";
const LOCATION = `projects/${TEAM}/locations/us-central1`;
const IMAGE = `us-central1-docker.pkg.dev/${TEAM}/apps/app`;
const DIGEST = `sha256:${"ab".repeat(32)}`;
const SIGNER = `serviceAccount:sign-app@${PROJECT}.iam.gserviceaccount.com`;
const BUILDER = `serviceAccount:app-build@${TEAM}.iam.gserviceaccount.com`;
const APPROVER = "user:approver@example.com";
const TOPIC = `projects/${TEAM}/topics/cloud-builds`;

const recorded = (name: string): Json =>
  JSON.parse(readFileSync(join(__dirname, "../fixtures/cloud-build", `${name}.json`), "utf8"));

/** A team's build in one project, and a signer in another: topic and subscription are Terraform's own resources. */
function synthesized(opened = true) {
  return synthesizeStack((stack) => {
    const apis = { enableApis: false };
    const keys = [new TrustRoot(stack, "Key", { keyRingName: "ring", keyName: "key", location: "global", ...apis })];
    const topic = new PubsubTopic(stack, "Topic", { project: TEAM, name: "cloud-builds", labels: { team: "app" } });
    new PubsubSubscription(stack, "Watch", { project: TEAM, name: "watch", topic: topic.id, ackDeadlineSeconds: 20 });
    const build = new BuildPipeline(stack, "Build", {
      project: TEAM,
      image: IMAGE,
      source: PipelineSource.push({ repository: `${LOCATION}/connections/c/repositories/r` }),
      ...apis,
    });
    const signer = new SigningTrigger(stack, "Sign", {
      triggerName: "sign-app",
      location: "us-central1",
      attestors: [new Attestor(stack, "Attestor", { attestorName: "build", keys, ...apis })],
      builds: [SignedBuild.ofPipeline(build, { repositoryUrl: URL })],
      // The number of another project: its Cloud Build is let subscribe, and ours is not.
      projectNumber: opened ? NUMBER : "999999999999",
      gates: [SigningGate.vulnerabilities({ severity: VulnerabilitySeverity.HIGH, scanTimeout: "1s" })],
      approvers: [APPROVER],
      provenanceTimeout: "1s",
      ...apis,
    });
    // The topic is this stack's own here, so that it has to come first.
    const after = stack.node.findAll().filter((one) => one instanceof PubsubTopicIamMember);
    for (const resource of [...signer.triggers, ...(after as PubsubTopicIamMember[])]) {
      resource.dependsOn = [...(resource.dependsOn ?? []), `${topic.terraformResourceType}.${topic.friendlyUniqueId}`];
    }
  });
}

describeUnless(signingMissing() ?? pythonMissing(), "from a build's message to a signature", () => {
  const seed = { projects: { [PROJECT]: NUMBER, [TEAM]: "223456789012" } };
  let applied: State;

  beforeAll(async () => {
    const google = await startSandbox({ seed });
    const deployment = Deployment.against(google);
    try {
      await deployment.apply(synthesized());
      expect(google.unknownRoutes).toEqual([]);
      expect(google.state.topics[TOPIC]).toMatchObject({ labels: { team: "app" } });
      expect(google.state.subscriptions[`projects/${TEAM}/subscriptions/watch`]).toMatchObject({ topic: TOPIC });
      applied = structuredClone(google.state);
    } finally {
      deployment.remove();
      await google.close();
    }
  }, 240_000);

  test("a topic that is not opened to Cloud Build of the signing project: the trigger cannot be made", async () => {
    const google = await startSandbox({ seed });
    const deployment = Deployment.against(google);
    try {
      await expect(deployment.apply(synthesized(false))).rejects.toThrow(/pubsub\.topics\.attachSubscription/);
    } finally {
      deployment.remove();
      await google.close();
    }
  }, 240_000);

  /** Lets the team's trigger run, and says how its build ended; the id of the build. */
  async function build(google: Sandbox, outcome: JsonObject = {}): Promise<string> {
    const ran = await call(google, `POST cloudbuild/v1/${LOCATION}/triggers/app-build:run`, {
      source: { branchName: "main", commitSha: recorded("build").substitutions.COMMIT_SHA },
    });
    expect(ran.status).toBe(200);
    const { id, buildTriggerId } = (ran.json.metadata as JsonObject).build as JsonObject;
    const [occurrence] = recorded("provenance").occurrences;
    const statement = occurrence.build.inTotoSlsaProvenanceV1;
    statement.subject = [{ name: `https://${IMAGE}`, digest: { sha256: DIGEST.replace("sha256:", "") } }];
    statement.predicate.buildDefinition.internalParameters.triggerUri = `${LOCATION}/triggers/${buildTriggerId}`;
    statement.predicate.runDetails.metadata.invocationId = `https://cloudbuild.googleapis.com/v1/${LOCATION}/builds/${id}`;
    putOccurrence(google.state, TEAM, { ...occurrence, resourceUri: `https://${IMAGE}@${DIGEST}` });
    const results = { images: [{ name: `${IMAGE}:c0ffee`, digest: DIGEST }] };
    google.finishBuild(`${LOCATION}/builds/${id}`, { status: "SUCCESS", results, ...outcome });
    return id as string;
  }

  const signingBuilds = (google: Sandbox): Json[] =>
    Object.entries(google.state.builds)
      .filter(([name]) => name.startsWith(`projects/${PROJECT}/`))
      .map(([, one]) => one);

  /** Runs the steps of a signing build as Cloud Build recorded them, as its identity, until one fails. */
  async function runSteps(google: Sandbox, { steps, serviceAccount }: Json): Promise<CommandResult> {
    const folder = mkdtempSync(join(tmpdir(), "signing-"));
    mkdirSync(join(folder, "binauthz"));
    const identity = `serviceAccount:${serviceAccount.split("/").pop()}`;
    let last: CommandResult = { exitCode: 0, stdout: "", stderr: "", output: "" };
    let output = "";
    try {
      for (const { script, env } of steps) {
        const file = join(folder, "step.sh");
        writeFileSync(file, script, { mode: 0o755 });
        const declared = Object.fromEntries(
          env.map((entry: string) => {
            const [name, value] = entry.split(/=(.*)/s);
            return [name, value.replace(/^\/binauthz/, join(folder, "binauthz"))];
          }),
        );
        last = await run(file, [], { cwd: folder, env: { ...google.environment(identity), ...declared } });
        output += last.output;
        if (last.exitCode !== 0) {
          break;
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return { ...last, output };
  }

  const approve = (google: Sandbox, id: string, who: string) =>
    runAs(
      google,
      who,
      "gcloud",
      ...["alpha", "builds", "approve", `projects/${PROJECT}/locations/us-central1/builds/${id}`],
      ...[`--project=${PROJECT}`, "--comment=looked at", "--format=json"],
    );

  test("waits for the approver, and signs as the signer, with what the table, provenance and scan allow", async () => {
    await withSandbox(applied, async (google) => {
      const id = await build(google);
      putScan(google.state, { image: `${IMAGE}@${DIGEST}`, findings: [{ id: "CVE-2026-1", severity: "LOW" }] });
      const [waiting, ...others] = signingBuilds(google);
      expect(others).toEqual([]);
      expect(waiting.status).toBe("PENDING");
      expect(waiting.substitutions._BUILD_ID).toBe(id);
      expect(waiting.serviceAccount).toContain("sign-app@");

      // Neither builder nor signer may approve.
      for (const who of [BUILDER, SIGNER]) {
        const refused = await approve(google, waiting.id, who);
        expect(refused.output).toContain("cloudbuild.builds.approve");
        expect(refused.exitCode).not.toBe(0);
      }
      const approved = await approve(google, waiting.id, APPROVER);
      expect(approved.stderr).not.toContain("ERROR");
      expect(approved.exitCode).toBe(0);
      const [ready] = signingBuilds(google);
      expect(ready).toMatchObject({
        status: "QUEUED",
        approval: { result: { approverAccount: "approver@example.com" } },
      });

      const result = await runSteps(google, ready);
      expect(result.output).toContain(`sign: ${IMAGE}@${DIGEST} has a valid attestation`);
      expect(result.stdout).toBe(`${IMAGE}@${DIGEST}\n`);
      const signed = google.requests.filter(({ method }) => method === "cloudkms.cryptoKeyVersions.asymmetricSign");
      expect(signed.map(({ principal, status }) => [principal, status])).toEqual([[SIGNER, 200]]);
      // The signing build's own end starts nothing: its project has no topic, and its trigger's name is in no filter.
      expect(signingBuilds(google)).toHaveLength(1);
      expect(google.unknownRoutes).toEqual([]);
    });
  }, 180_000);

  test("stops at what the scan found, and where nothing was scanned", async () => {
    await withSandbox(applied, async (google) => {
      await build(google);
      const [waiting] = signingBuilds(google);
      expect((await runSteps(google, waiting)).output).toContain("is scanning enabled?");
      putScan(google.state, { image: `${IMAGE}@${DIGEST}`, findings: [{ id: "CVE-2026-1", severity: "CRITICAL" }] });
      const result = await runSteps(google, waiting);
      expect(result.output).toContain("has CVE-2026-1 (CRITICAL)");
      expect(result.exitCode).toBe(1);
      expect(google.requests.filter(({ method }) => method === "cloudkms.cryptoKeyVersions.asymmetricSign")).toEqual(
        [],
      );
    });
  }, 120_000);

  test("a build that failed starts nothing; a forged message starts a build that ends at its first step", async () => {
    await withSandbox(applied, async (google) => {
      const failed = await build(google, { status: "FAILURE" });
      expect(signingBuilds(google)).toEqual([]);
      const data = Buffer.from(JSON.stringify({ substitutions: { TRIGGER_NAME: "app-build" } })).toString("base64");
      const messages = [{ data, attributes: { buildId: failed, status: "SUCCESS" } }];
      expect((await call(google, `POST pubsub/v1/${TOPIC}:publish`, { messages })).status).toBe(200);
      const [forged] = signingBuilds(google);
      const result = await runSteps(google, forged);
      expect(result.output).toBe("check-build: the build did not succeed: its status is FAILURE\n");
      expect(result.exitCode).toBe(1);
    });
  }, 120_000);

  test("everybody who subscribes sees the messages, and nobody needs them to sign", async () => {
    await withSandbox(applied, async (google) => {
      const id = await build(google);
      const pulled = await call(google, `POST pubsub/v1/projects/${TEAM}/subscriptions/watch:pull`, {
        maxMessages: 10,
      });
      const received = pulled.json.receivedMessages as { message: { attributes: object } }[];
      expect(received.map(({ message }) => message.attributes)).toEqual([
        { buildId: id, status: "QUEUED" },
        { buildId: id, status: "SUCCESS" },
      ]);
    });
  }, 60_000);
});
