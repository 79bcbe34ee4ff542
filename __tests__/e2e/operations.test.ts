import {
  AdmissionPolicy,
  AlertChannel,
  Attestor,
  AuditAlerts,
  DefaultRule,
  EnforcedJob,
  EnforcedService,
  ExistingPolicy,
  OrganizationPolicies,
  SignatureLog,
  TrustRoot,
} from "../../lib";
import { type Sandbox, startSandbox } from "../../lib/sandbox";
import { describeIfTerraform, TerraformDir } from "../support/terraform";
import { Deployment, PROJECT, type StackJson, synthesizeStack } from "./support";

const IMAGE = `us-central1-docker.pkg.dev/${PROJECT}/apps/web@sha256:${"a".repeat(64)}`;

/** Alerts, guard rails and Cloud Run, around the smallest chain that they need. */
function operations(): StackJson {
  return synthesizeStack((stack) => {
    const trustRoot = new TrustRoot(stack, "TrustRoot", {
      keyRingName: "binauthz",
      keyName: "build-signer",
      location: "global",
    });
    const attestor = new Attestor(stack, "Attestor", { attestorName: "built-by-ci", keys: [trustRoot] });
    const policy = new AdmissionPolicy(stack, "Policy", {
      existing: ExistingPolicy.REPLACE,
      defaultRule: DefaultRule.requireAttestation(attestor),
    });
    const run = { location: "us-central1", image: IMAGE, policy };
    new EnforcedService(stack, "Service", { ...run, serviceName: "web" });
    new EnforcedJob(stack, "Job", { ...run, jobName: "batch" });
    new SignatureLog(stack, "SignatureLog", { trustRoots: [trustRoot], locked: true });
    new AuditAlerts(stack, "Alerts", {
      channels: [AlertChannel.email("security@example.com"), AlertChannel.pubsub("projects/ops/topics/alerts")],
      projects: [PROJECT, "other-project"],
      keys: [{ trustRoot, signers: [`serviceAccount:signer@${PROJECT}.iam.gserviceaccount.com`] }],
      runbookUrl: "https://example.com/runbook",
    });
    new OrganizationPolicies(stack, "Policies", {
      parent: "folders/42",
      organization: "organizations/123456789012",
      cloudRunBreakGlass: false,
      hsmKeysOnly: true,
      minimumDestroyDelayDays: 30,
      disableBeforeDestroy: true,
      allowedIdentityProviders: ["https://token.actions.githubusercontent.com"],
    });
    new OrganizationPolicies(stack, "DryRun", { parent: "folders/43", dryRun: true });
  });
}

describeIfTerraform("alerts, guard rails and Cloud Run with the real provider", () => {
  let google: Sandbox;
  beforeAll(async () => {
    google = await startSandbox();
  });
  afterAll(() => google.close());

  test("are valid, and a first plan creates all of them", async () => {
    const deployment = Deployment.against(google);
    try {
      const json = operations();
      await (await deployment.use(json)).validate();
      const planned = await deployment.planned(json);
      const resources = Object.entries(json.resource ?? {}).flatMap(([type, all]) =>
        Object.keys(all).map((id) => `create ${type}.${id}`),
      );
      expect(planned).toEqual(resources.sort());
    } finally {
      deployment.remove();
    }
  }, 180_000);

  test.each<[string, (json: StackJson) => void, RegExp]>([
    [
      "a severity that Cloud Monitoring does not have",
      (json) => {
        Object.values(json.resource?.google_monitoring_alert_policy ?? {})[0].severity = "FATAL";
      },
      /severity/,
    ],
    [
      "an action that the API does not have",
      (json) => {
        Object.values(json.resource?.google_org_policy_custom_constraint ?? {})[0].action_type = "REFUSE";
      },
      /action_type/,
    ],
  ])(
    "the provider refuses %s: its word means something",
    async (_, damage, said) => {
      const terraform = TerraformDir.temporary(google.environment());
      try {
        const json = operations();
        damage(json);
        terraform.write(json, "cdk.tf.json");
        await terraform.init();
        const { exitCode, output } = await terraform.attempt("validate", "-no-color");
        expect(exitCode).not.toBe(0);
        expect(output).toMatch(said);
      } finally {
        terraform.remove();
      }
    },
    180_000,
  );
});
