import { TerraformVariable } from "cdktf";
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
  type OrganizationPoliciesProps,
  SignatureLog,
  TrustRoot,
} from "../../lib";
import { review } from "../../lib/review/engine";
import { type JsonObject, type Sandbox, startSandbox } from "../../lib/sandbox";
import { readPlan } from "../../lib/trust";
import { describeIfTerraform } from "../support/terraform";
import { Deployment, PROJECT, type StackJson, synthesizeStack } from "./support";

const OTHER = "other-project";
const ORGANIZATION = "organizations/123456789012";
const IMAGE = `us-central1-docker.pkg.dev/${PROJECT}/apps/web@sha256:${"ab".repeat(32)}`;

interface Options {
  readonly alerts?: boolean;
  readonly dryRunViolations?: boolean;
  readonly retentionDays?: number;
  readonly organization?: OrganizationPoliciesProps;
}

/** Everything that guards a chain: alerts, the record of signatures, organization policies, and what runs on Cloud Run. */
function guarded({
  alerts = true,
  dryRunViolations = true,
  organization = {},
  retentionDays = 400,
}: Options = {}): StackJson {
  return synthesizeStack((stack) => {
    const enableApis = false;
    const trustRoot = new TrustRoot(stack, "TrustRoot", {
      keyRingName: "binauthz",
      keyName: "build-signer",
      location: "global",
      enableApis,
      deletionProtection: false,
    });
    const attestor = new Attestor(stack, "Attestor", {
      attestorName: "built",
      keys: [trustRoot],
      enableApis,
      deletionProtection: false,
    });
    const policy = new AdmissionPolicy(stack, "Policy", {
      existing: ExistingPolicy.ADOPT,
      defaultRule: DefaultRule.requireAttestation(attestor),
      enableApis,
      deletionProtection: false,
    });
    new SignatureLog(stack, "SignatureLog", {
      trustRoots: [trustRoot],
      retentionDays,
      enableApis,
      deletionProtection: false,
    });
    if (alerts) {
      const password = new TerraformVariable(stack, "webhookPassword", {
        type: "string",
        sensitive: true,
        default: "only-for-this-test",
      });
      new AuditAlerts(stack, "AuditAlerts", {
        channels: [
          AlertChannel.email("security@example.com"),
          AlertChannel.pubsub(`projects/${PROJECT}/topics/alerts`),
          AlertChannel.webhook({
            url: "https://pager.example.com/hook",
            username: "binauthz",
            password: password.stringValue,
          }),
        ],
        projects: [PROJECT, OTHER],
        keys: [{ trustRoot, signers: [`serviceAccount:signer@${PROJECT}.iam.gserviceaccount.com`] }],
        dryRunViolations,
        runbookUrl: "https://wiki.example.com/binauthz",
        enableApis,
      });
    }
    new OrganizationPolicies(stack, "OrganizationPolicies", {
      parent: "folders/345678901234",
      organization: ORGANIZATION,
      cloudRunBreakGlass: false,
      hsmKeysOnly: true,
      minimumDestroyDelayDays: 30,
      disableBeforeDestroy: true,
      allowedIdentityProviders: ["https://token.actions.githubusercontent.com"],
      ...organization,
    });
    const run = { location: "us-central1", image: IMAGE, policy, enableApis, deletionProtection: false };
    new EnforcedService(stack, "Web", { ...run, serviceName: "web", environment: { STAGE: "prod" } });
    new EnforcedJob(stack, "Nightly", { ...run, jobName: "nightly" });
  });
}

describeIfTerraform("what guards a chain, applied", () => {
  let google: Sandbox;
  let deployment: Deployment;

  // Each apply fails unless the plan after it is empty.
  beforeAll(async () => {
    google = await startSandbox();
    deployment = Deployment.against(google);
    await deployment.apply(guarded());
  }, 600_000);

  afterAll(async () => {
    deployment?.remove();
    await google?.close();
  });

  afterEach(() => {
    expect(google.unknownRoutes).toEqual([]);
  });

  const values = (table: Record<string, JsonObject>) => Object.values(table);

  test("alerts of both projects are stored with their filters, and tell channels of their own project", () => {
    const policies = Object.entries(google.state.alertPolicies);
    const inProject = (project: string) => policies.filter(([name]) => name.startsWith(`projects/${project}/`));
    expect(inProject(PROJECT).length - inProject(OTHER).length).toBe(2);
    expect(inProject(OTHER)).toHaveLength(11);
    for (const [name, policy] of policies) {
      const channels = policy.notificationChannels as string[];
      expect(channels).toHaveLength(3);
      expect(channels.every((channel) => channel.startsWith(name.replace(/alertPolicies.*/, "")))).toBe(true);
      expect(policy).toMatchObject({
        enabled: true,
        alertStrategy: { notificationRateLimit: { period: "300s" }, autoClose: "86400s" },
        conditions: [{ conditionMatchedLog: { filter: expect.stringContaining("cloudaudit.googleapis.com") } }],
        documentation: { content: expect.stringContaining("What to do:"), mimeType: "text/markdown" },
      });
    }
  });

  test("a webhook's password is not shown by the API", () => {
    const hooks = values(google.state.notificationChannels).filter(({ type }) => type === "webhook_basicauth");
    expect(hooks).toHaveLength(2);
    expect(JSON.stringify(google.state.notificationChannels)).not.toContain("only-for-this-test");
  });

  test("signatures are logged, routed and kept", () => {
    const auditConfigs = google.state.iamPolicies[`projects/${PROJECT}`].auditConfigs;
    expect(auditConfigs).toEqual([{ service: "cloudkms.googleapis.com", auditLogConfigs: [{ logType: "DATA_READ" }] }]);
    const bucket = `projects/${PROJECT}/locations/global/buckets/binauthz-signatures`;
    expect(google.state.logBuckets[bucket]).toMatchObject({ retentionDays: 400, lifecycleState: "ACTIVE" });
    expect(google.state.logSinks[`projects/${PROJECT}/sinks/binauthz-signatures`]).toMatchObject({
      destination: `logging.googleapis.com/${bucket}`,
      filter: expect.stringContaining("cryptoKeys/build-signer"),
    });
  });

  test("organization policies and custom constraints are stored as the API takes them", () => {
    const policy = (constraint: string) => google.state.orgPolicies[`folders/345678901234/policies/${constraint}`];
    expect(policy("container.managed.enableBinaryAuthorization")).toMatchObject({
      spec: { rules: [{ enforce: true }] },
    });
    expect(policy("run.allowedBinaryAuthorizationPolicies")).toMatchObject({
      spec: { rules: [{ values: { allowedValues: ["default"] } }] },
    });
    expect(Object.keys(google.state.customConstraints).sort()).toEqual(
      [
        "custom.binauthzClusterEnforces",
        "custom.binauthzRunJob",
        "custom.binauthzRunJobNoBreakglass",
        "custom.binauthzRunService",
        "custom.binauthzRunServiceNoBreakglass",
      ].map((name) => `${ORGANIZATION}/customConstraints/${name}`),
    );
    for (const name of Object.keys(google.state.customConstraints)) {
      expect(policy(name.split("/").pop() ?? "")).toMatchObject({ spec: { rules: [{ enforce: true }] } });
    }
  });

  test("the service and the job ask for the project's policy", () => {
    const location = `projects/${PROJECT}/locations/us-central1`;
    for (const stored of [
      google.state.runServices[`${location}/services/web`],
      google.state.runJobs[`${location}/jobs/nightly`],
    ]) {
      expect(stored.binaryAuthorization).toEqual({ useDefault: true });
      expect(JSON.stringify(stored.template)).toContain(IMAGE);
    }
  });

  test("a review of the real plan finds what guards less than before, and nothing where nothing changes", async () => {
    const found = async (json: StackJson) => {
      const { json: plan } = await (await deployment.use(json)).plan();
      const { findings } = review({ plans: [{ plan: readPlan("plan.json", plan) }] });
      return findings.filter(({ id }) => ["L001", "C011"].includes(id));
    };
    expect(await found(guarded())).toEqual([]);

    const weaker = await found(guarded({ alerts: false, retentionDays: 30, organization: { dryRun: true } }));
    const told = weaker.filter(({ id }) => id === "L001");
    const gone = (type: string) =>
      told.filter(({ address, after }) => address?.startsWith(`${type}.`) && after === "none").length;
    expect(gone("google_monitoring_alert_policy")).toBe(values(google.state.alertPolicies).length);
    expect(gone("google_monitoring_notification_channel")).toBe(values(google.state.notificationChannels).length);
    expect(told).toContainEqual(expect.objectContaining({ before: "400 days", after: "30 days" }));
    const loosened = weaker.filter(({ id }) => id === "C011");
    expect(loosened.map(({ target }) => target).sort()).toEqual(Object.keys(google.state.orgPolicies).sort());
    expect(new Set(loosened.map(({ certainty, effects }) => `${certainty.state} ${effects}`))).toEqual(
      new Set(["decided opens"]),
    );

    const longer = await found(guarded({ retentionDays: 3650, dryRunViolations: true }));
    expect(longer).toEqual([]);
  }, 200_000);

  test("a change in place, and a dry run of the guard rails; each with an empty plan after it", async () => {
    await deployment.apply(
      guarded({
        dryRunViolations: false,
        retentionDays: 3650,
        organization: { dryRun: true, allowedIdentityProviders: undefined },
      }),
    );
    expect(values(google.state.logBuckets).map(({ retentionDays }) => retentionDays)).toContain(3650);
    const policies = values(google.state.orgPolicies);
    expect(policies.length).toBeGreaterThan(5);
    for (const stored of policies) {
      expect(Object.keys(stored).sort()).toEqual(["dryRunSpec", "etag", "name"]);
    }
  }, 400_000);

  test("everything goes again", async () => {
    const { terraform, provider } = guarded();
    await deployment.apply({ terraform, provider });
    const { alertPolicies, customConstraints, logSinks, notificationChannels, orgPolicies, runJobs, runServices } =
      google.state;
    for (const table of [
      alertPolicies,
      customConstraints,
      logSinks,
      notificationChannels,
      orgPolicies,
      runJobs,
      runServices,
    ]) {
      expect(Object.keys(table)).toEqual([]);
    }
    expect(google.state.iamPolicies[`projects/${PROJECT}`].auditConfigs ?? []).toEqual([]);
  }, 400_000);
});
