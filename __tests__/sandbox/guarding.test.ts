import type { JsonObject } from "../../lib/sandbox";
import { call } from "../support/sandbox";
import { PROJECT, useSandbox } from "./support";

const P = `projects/${PROJECT}`;
const google = useSandbox();
const ask = (request: string, body?: JsonObject) => call(google.sandbox, request, body);
const refused = async (request: string, body?: JsonObject) => {
  const { json, status } = await ask(request, body);
  expect(status).toBeGreaterThanOrEqual(400);
  return (json.error as { readonly message: string }).message;
};
const onLogs = (more: JsonObject = {}): JsonObject => ({
  displayName: "break-glass",
  conditions: [{ displayName: "used", conditionMatchedLog: { filter: 'resource.type="k8s_cluster"' } }],
  alertStrategy: { notificationRateLimit: { period: "300s" } },
  ...more,
});

describe("Cloud Monitoring", () => {
  const channel = async (labels: JsonObject = { email_address: "a@example.com" }) =>
    (await ask(`POST monitoring/v3/${P}/notificationChannels`, { type: "email", labels })).json;

  test("an alert on logs says how often it tells", async () => {
    expect(await refused(`POST monitoring/v3/${P}/alertPolicies`, onLogs({ alertStrategy: {} }))).toContain(
      "must have a notification rate limit",
    );
    expect((await ask(`POST monitoring/v3/${P}/alertPolicies`, onLogs())).status).toBe(200);
  });

  test("an alert tells channels that there are, and a channel that is told does not go without force", async () => {
    const lost = onLogs({ notificationChannels: [`${P}/notificationChannels/1`] });
    expect(await refused(`POST monitoring/v3/${P}/alertPolicies`, lost)).toContain("does not exist");
    const { name } = await channel();
    await ask(`POST monitoring/v3/${P}/alertPolicies`, onLogs({ notificationChannels: [name ?? null] }));
    expect(await refused(`DELETE monitoring/v3/${name}`)).toContain("is used by");
    expect((await ask(`DELETE monitoring/v3/${name}?force=true`)).status).toBe(200);
    const [policy] = Object.values(google.sandbox.state.alertPolicies);
    expect(policy.notificationChannels).toEqual([]);
  });

  test("a secret is never shown, in no answer and not when the channel changes", async () => {
    const made = await channel({ url: "https://example.com", username: "u", password: "hush" });
    expect(made.labels).toEqual({ url: "https://example.com", username: "u", password: "****" });
    const changed = await ask(`PATCH monitoring/v3/${made.name}?updateMask=labels`, { labels: { password: "hush" } });
    expect(JSON.stringify([changed.json, google.sandbox.state.notificationChannels])).not.toContain("hush");
  });
});

describe("Cloud Logging", () => {
  const BUCKET = `${P}/locations/global/buckets/b`;

  test("a locked bucket keeps its retention, stays locked, and stays", async () => {
    await ask(`POST logging/v2/${P}/locations/global/buckets?bucketId=b`, { retentionDays: 400 });
    expect((await ask(`PATCH logging/v2/${BUCKET}?updateMask=locked`, { locked: true })).status).toBe(200);
    for (const [mask, body] of [
      ["retentionDays", { retentionDays: 30 }],
      ["locked", {}],
    ] as const) {
      expect(await refused(`PATCH logging/v2/${BUCKET}?updateMask=${mask}`, body)).toContain("is locked");
    }
    expect(await refused(`DELETE logging/v2/${BUCKET}`)).toContain("is locked");
    expect(google.sandbox.state.logBuckets[BUCKET]).toMatchObject({ retentionDays: 400, locked: true });
  });

  test("the project's own buckets are there", async () => {
    const own = await ask(`GET logging/v2/${P}/locations/global/buckets/_Default`);
    expect(own.json).toMatchObject({ retentionDays: 30 });
    expect((await ask(`GET logging/v2/${P}/locations/us/buckets/_Default`)).status).toBe(404);
  });

  test("a sink to a bucket of its own project has no writer, one to elsewhere has", async () => {
    const sink = async (name: string, destination: string) =>
      (await ask(`POST logging/v2/${P}/sinks`, { name, destination, filter: "severity>=ERROR" })).json.writerIdentity;
    expect(await sink("own", `logging.googleapis.com/${BUCKET}`)).toBeUndefined();
    expect(await sink("other", "storage.googleapis.com/logs")).toMatch(/^serviceAccount:service-\d+@gcp-sa-logging/);
  });

  test("a filter that is not understood is not taken for right", async () => {
    const { status } = await ask(`POST logging/v2/${P}/sinks`, { name: "s", destination: "d", filter: "((" });
    expect(status).toBe(501);
    expect(google.sandbox.unknownRoutes).toEqual(["logging filter (("]);
  });
});

describe("organization policies", () => {
  const policy = (constraint: string, more: JsonObject) =>
    ask(`POST orgpolicy/v2/${P}/policies`, { name: `${P}/policies/${constraint}`, ...more });
  const spec = { rules: [{ enforce: true }] };

  test.each([
    ["container.managed.enableBinaryAuthorization", 200],
    ["run.allowedBinaryAuthorizationPolicies", 400],
    ["cloudkms.allowedProtectionLevels", 400],
  ])("a dry run of %s is %d", async (constraint, status) => {
    expect((await policy(constraint, { dryRunSpec: spec })).status).toBe(status);
    expect((await policy(constraint.replace(/$/, ""), { spec })).status).toBe(status === 200 ? 409 : 200);
  });

  test("a custom constraint has to be defined first, in words that say something", async () => {
    expect((await policy("custom.mine", { spec })).status).toBe(400);
    const define = (body: JsonObject) => ask("POST orgpolicy/v2/organizations/1/customConstraints", body);
    expect((await define({ name: "custom.mine", condition: "true" })).status).toBe(400);
    expect((await define({ name: "custom.mine", condition: "true", actionType: "DENY" })).status).toBe(200);
    expect((await policy("custom.mine", { spec })).status).toBe(200);
  });

  test("a policy that goes over to a dry run has no spec any more", async () => {
    const constraint = "container.managed.enableBinaryAuthorization";
    await policy(constraint, { spec });
    await ask(`PATCH orgpolicy/v2/${P}/policies/${constraint}`, { dryRunSpec: spec });
    const stored = google.sandbox.state.orgPolicies[`${P}/policies/${constraint}`];
    expect(Object.keys(stored).sort()).toEqual(["dryRunSpec", "etag", "name"]);
  });
});

describe("Cloud Run", () => {
  const L = `${P}/locations/us-central1`;

  test("a service keeps what it was told, and gets what Google fills in", async () => {
    const body = { template: { containers: [{ image: "web" }] }, binaryAuthorization: { useDefault: true } };
    const { json } = await ask(`POST run/v2/${L}/services?serviceId=web`, body);
    expect(json).toMatchObject({
      done: true,
      response: { generation: "1", binaryAuthorization: { useDefault: true } },
    });
    expect(google.sandbox.state.runServices[`${L}/services/web`]).toMatchObject({
      ingress: "INGRESS_TRAFFIC_ALL",
      template: { timeout: "300s", containers: [{ image: "web", resources: { limits: { cpu: "1000m" } } }] },
    });
    expect((await ask(`POST run/v2/${L}/services?serviceId=web`, body)).status).toBe(409);
  });

  test("a change counts generations, and takes away what it does not name", async () => {
    await ask(`POST run/v2/${L}/jobs?jobId=n`, { binaryAuthorization: { useDefault: true } });
    await ask(`PATCH run/v2/${L}/jobs/n`, { labels: { a: "b" } });
    const job = google.sandbox.state.runJobs[`${L}/jobs/n`];
    expect([job.generation, job.binaryAuthorization, job.labels]).toEqual(["2", undefined, { a: "b" }]);
  });

  test("two policies at once are refused", async () => {
    const both = { binaryAuthorization: { useDefault: true, policy: "projects/p/platforms/cloudRun/policies/x" } };
    expect(await refused(`POST run/v2/${L}/services?serviceId=web`, both)).toContain("Only one of");
  });
});
