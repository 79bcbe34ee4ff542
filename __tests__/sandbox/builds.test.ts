import { createAccount, grant, type JsonObject, projectNumber } from "../../lib/sandbox";
import { call } from "../support/sandbox";
import { PROJECT, useSandbox } from "./support";

const P = `projects/${PROJECT}`;
const L = `${P}/locations/us-central1`;
const TOPIC = `${P}/topics/cloud-builds`;
const APPROVER = "user:approver@example.com";

const google = useSandbox();

const must = async (request: string, body?: object, principal?: string): Promise<JsonObject> => {
  const { status, json } = await call(google.sandbox, request, body, principal);
  expect({ request, status, json }).toMatchObject({ status: 200 });
  return json;
};

const statusOf = async (request: string, body?: object, principal?: string): Promise<number> =>
  (await call(google.sandbox, request, body, principal)).status;

const builds = async (): Promise<JsonObject[]> =>
  ((await must(`GET cloudbuild/v1/${L}/builds`)).builds ?? []) as JsonObject[];

describe("Pub/Sub", () => {
  test("what is published waits in every subscription of the topic until it is acknowledged", async () => {
    await must(`PUT pubsub/v1/${TOPIC}`, { labels: { team: "a" } });
    for (const name of ["one", "two"]) {
      await must(`PUT pubsub/v1/${P}/subscriptions/${name}`, { topic: TOPIC });
    }
    expect(await must(`GET pubsub/v1/${TOPIC}/subscriptions`)).toEqual({
      subscriptions: [`${P}/subscriptions/one`, `${P}/subscriptions/two`],
    });
    const messages = [{ data: "YQ==" }, { attributes: { buildId: "b" } }];
    const { messageIds } = await must(`POST pubsub/v1/${TOPIC}:publish`, { messages });
    const pull = async (name: string) => {
      const pulled = await must(`POST pubsub/v1/${P}/subscriptions/${name}:pull`, { maxMessages: 10 });
      return (pulled.receivedMessages ?? []) as JsonObject[];
    };
    const received = await pull("one");
    expect(received.map(({ message }) => message)).toMatchObject(messages);
    expect(received.map(({ ackId }) => ackId)).toEqual(messageIds);
    await must(`POST pubsub/v1/${P}/subscriptions/one:acknowledge`, { ackIds: [received[0].ackId] });
    expect(await pull("one")).toHaveLength(1);
    expect(await pull("two")).toHaveLength(2);
  });

  test("names are taken once, and updates change what their mask names", async () => {
    await must(`PUT pubsub/v1/${TOPIC}`, {});
    expect(await statusOf(`PUT pubsub/v1/${TOPIC}`, {})).toBe(409);
    expect(await statusOf(`PUT pubsub/v1/${P}/topics/1x`, {})).toBe(400);
    expect(await statusOf(`PUT pubsub/v1/${P}/topics/goog-x`, {})).toBe(400);
    expect(await statusOf(`PUT pubsub/v1/${P}/subscriptions/one`, { topic: `${P}/topics/none` })).toBe(404);
    const body = { topic: { labels: { a: "b" }, kmsKeyName: "k" }, updateMask: "labels" };
    expect(await must(`PATCH pubsub/v1/${TOPIC}`, body)).toEqual({ name: TOPIC, labels: { a: "b" }, state: "ACTIVE" });
    expect(await statusOf(`POST pubsub/v1/${TOPIC}:publish`, { messages: [{}] })).toBe(400);
    await must(`DELETE pubsub/v1/${TOPIC}`);
    expect(await statusOf(`GET pubsub/v1/${TOPIC}`)).toBe(404);
  });

  test("a subscription outlives its topic, and one that pushes is not spoken", async () => {
    await must(`PUT pubsub/v1/${TOPIC}`, {});
    const pushing = { topic: TOPIC, pushConfig: { pushEndpoint: "https://example.com" } };
    expect(await statusOf(`PUT pubsub/v1/${P}/subscriptions/one`, pushing)).toBe(501);
    await must(`PUT pubsub/v1/${P}/subscriptions/one`, { topic: TOPIC });
    await must(`DELETE pubsub/v1/${TOPIC}`);
    expect(await must(`GET pubsub/v1/${P}/subscriptions/one`)).toMatchObject({ topic: "_deleted-topic_" });
  });

  test("whoever subscribes needs the topic as well", async () => {
    await must(`PUT pubsub/v1/${TOPIC}`, {});
    const role = `${P}/roles/subscribes`;
    google.sandbox.state.customRoles[role] = { name: role, includedPermissions: ["pubsub.subscriptions.create"] };
    grant(google.sandbox.state, P, role, APPROVER);
    const subscribe = () => statusOf(`PUT pubsub/v1/${P}/subscriptions/one`, { topic: TOPIC }, APPROVER);
    expect(await subscribe()).toBe(403);
    grant(google.sandbox.state, TOPIC, "roles/pubsub.subscriber", APPROVER);
    expect(await subscribe()).toBe(200);
  });
});

describe("builds", () => {
  const account = `${P}/serviceAccounts/signer@${PROJECT}.iam.gserviceaccount.com`;
  const TRIGGER = {
    name: "sign",
    serviceAccount: account,
    substitutions: { _BUILD_ID: "" },
    build: {
      steps: [{ id: "one", script: "echo $_BUILD_ID", env: ["ID=$_BUILD_ID", `IN=\${PROJECT_ID}`, "NO=$_NONE$$X"] }],
      options: { logging: "CLOUD_LOGGING_ONLY" },
    },
  };
  const trigger = (over: object = {}) => must(`POST cloudbuild/v1/${L}/triggers`, { ...TRIGGER, ...over });
  const run = (body: object = {}) => must(`POST cloudbuild/v1/${L}/triggers/sign:run`, body);

  test("a trigger that is run records a build, its substitutions put in everywhere but in scripts", async () => {
    const { id } = await trigger();
    const operation = await run({ source: { branchName: "main", substitutions: { _BUILD_ID: "b-1" } } });
    const [build] = await builds();
    expect((operation.metadata as JsonObject).build).toEqual(build);
    expect(build).toMatchObject({
      name: `projects/${projectNumber(google.sandbox.state, PROJECT)}/locations/us-central1/builds/${build.id}`,
      projectId: PROJECT,
      status: "QUEUED",
      buildTriggerId: id,
      serviceAccount: account,
      substitutions: { _BUILD_ID: "b-1", TRIGGER_NAME: "sign", BRANCH_NAME: "main" },
      steps: [{ script: "echo $_BUILD_ID", env: ["ID=b-1", `IN=${PROJECT}`, "NO=$X"] }],
    });
    expect(await must(`GET cloudbuild/v1/${L}/builds/${build.id}`)).toEqual(build);
    expect(await builds()).toHaveLength(1);
  });

  test("a substitution that the trigger does not have is refused, and so is a trigger that is disabled", async () => {
    await trigger();
    const body = { source: { substitutions: { _OTHER: "x" } } };
    expect(await statusOf(`POST cloudbuild/v1/${L}/triggers/sign:run`, body)).toBe(400);
    await must(`PATCH cloudbuild/v1/${L}/triggers/sign`, { ...TRIGGER, disabled: true });
    expect(await statusOf(`POST cloudbuild/v1/${L}/triggers/sign:run`, {})).toBe(400);
    expect(await builds()).toEqual([]);
  });

  test("whoever runs a trigger has to be allowed to act as its account", async () => {
    await trigger();
    grant(google.sandbox.state, P, "roles/cloudbuild.builds.editor", APPROVER);
    expect(await statusOf(`POST cloudbuild/v1/${L}/triggers/sign:run`, {}, APPROVER)).toBe(403);
    grant(google.sandbox.state, account, "roles/iam.serviceAccountUser", APPROVER);
    expect(await statusOf(`POST cloudbuild/v1/${L}/triggers/sign:run`, {}, APPROVER)).toBe(200);
  });

  const APPROVED = { approvalResult: { decision: "APPROVED", comment: "looked at" } };

  test("one that needs an approval waits for it; who may start builds may not approve them", async () => {
    await trigger({ approvalConfig: { approvalRequired: true } });
    await run();
    const [{ id, status, approval }] = await builds();
    expect([status, approval]).toEqual(["PENDING", { state: "PENDING", config: { approvalRequired: true } }]);
    const approve = `POST cloudbuild/v1/${L}/builds/${id}:approve`;
    grant(google.sandbox.state, P, "roles/cloudbuild.builds.builder", APPROVER);
    expect(await statusOf(approve, APPROVED, APPROVER)).toBe(403);
    expect(() => google.sandbox.finishBuild(`${L}/builds/${id}`, { status: "SUCCESS" })).toThrow(/does not run/);
    grant(google.sandbox.state, P, "roles/cloudbuild.builds.approver", APPROVER);
    expect(await statusOf(approve, {}, APPROVER)).toBe(400);
    await must(approve, APPROVED, APPROVER);
    expect((await builds())[0]).toMatchObject({
      status: "QUEUED",
      approval: { state: "APPROVED", result: { approverAccount: "approver@example.com", comment: "looked at" } },
    });
    expect(await statusOf(approve, APPROVED, APPROVER)).toBe(400);
  });

  test("one that is refused does not run", async () => {
    await trigger({ approvalConfig: { approvalRequired: true } });
    await run();
    const [{ id }] = await builds();
    await must(`POST cloudbuild/v1/${L}/builds/${id}:approve`, { approvalResult: { decision: "REJECTED" } });
    expect(() => google.sandbox.finishBuild(`${L}/builds/${id}`, { status: "SUCCESS" })).toThrow(/does not run/);
  });

  test("one by hand is recorded in the location that its address leaves out; they are listed by status and trigger", async () => {
    await must(`POST cloudbuild/v1/${P}/builds`, { steps: [{ name: "bash" }] });
    expect((await must(`GET cloudbuild/v1/${P}/locations/global/builds`)).builds).toHaveLength(1);
    expect(await statusOf(`POST cloudbuild/v1/${P}/builds`, {})).toBe(400);
    const { id } = await trigger();
    await run();
    const filtered = async (filter: string) =>
      (await must(`GET cloudbuild/v1/${L}/builds?filter=${encodeURIComponent(filter)}`)).builds ?? [];
    expect(await filtered(`trigger_id="${id}" AND status="QUEUED"`)).toHaveLength(1);
    expect(await filtered('status="SUCCESS"')).toEqual([]);
    expect(await statusOf(`GET cloudbuild/v1/${L}/builds?filter=tags%3Dx`)).toBe(501);
  });

  describe("messages", () => {
    const SIGNING = {
      pubsubConfig: { topic: TOPIC },
      substitutions: {
        _BUILD_ID: "$(body.message.attributes.buildId)",
        _STATUS: "$(body.message.attributes.status)",
        _TRIGGER_NAME: "$(body.message.data.substitutions.TRIGGER_NAME)",
      },
      filter: '_STATUS == "SUCCESS" && _TRIGGER_NAME.matches("^(app)$")',
    };
    const building = () => trigger({ name: "app", substitutions: {} });
    const started = async () =>
      (await builds()).filter(({ substitutions }) => "_BUILD_ID" in (substitutions as object));

    test("the end of a build is told on the topic, and starts the trigger whose filter takes it", async () => {
      await must(`PUT pubsub/v1/${TOPIC}`, {});
      await building();
      await trigger(SIGNING);
      await must(`POST cloudbuild/v1/${L}/triggers/app:run`, {});
      expect(await started()).toEqual([]);
      const [{ id }] = await builds();
      google.sandbox.finishBuild(`${L}/builds/${id}`, { status: "SUCCESS", results: { images: [] } });
      const [signing, ...others] = await started();
      expect(others).toEqual([]);
      expect(signing.substitutions).toMatchObject({ _BUILD_ID: id, _STATUS: "SUCCESS", _TRIGGER_NAME: "app" });
      // Its own end starts nothing.
      google.sandbox.finishBuild(`${L}/builds/${signing.id}`, { status: "SUCCESS" });
      expect(await started()).toHaveLength(1);
    });

    test("a build that failed, or of another trigger, starts nothing", async () => {
      await must(`PUT pubsub/v1/${TOPIC}`, {});
      await building();
      await trigger({ name: "other", substitutions: {} });
      await trigger(SIGNING);
      for (const [name, status] of [
        ["app", "FAILURE"],
        ["other", "SUCCESS"],
      ]) {
        await must(`POST cloudbuild/v1/${L}/triggers/${name}:run`, {});
        google.sandbox.finishBuild(`${L}/builds/${(await builds())[0].id}`, { status });
      }
      expect(await started()).toEqual([]);
    });

    test("anybody who may publish starts one, with what they wrote", async () => {
      await must(`PUT pubsub/v1/${TOPIC}`, {});
      await trigger(SIGNING);
      const data = Buffer.from(JSON.stringify({ substitutions: { TRIGGER_NAME: "app" } })).toString("base64");
      const attributes = { buildId: "forged; $(id)", status: "SUCCESS" };
      await must(`POST pubsub/v1/${TOPIC}:publish`, { messages: [{ data, attributes }, { data: "bm8=" }] });
      const [build, ...others] = await started();
      expect(others).toEqual([]);
      expect(build.substitutions).toMatchObject({ _BUILD_ID: "forged; $(id)" });
    });

    test("a trigger that listens to its own builds without a filter is told so, and the sandbox goes on", async () => {
      await must(`PUT pubsub/v1/${TOPIC}`, {});
      await trigger({ ...SIGNING, filter: undefined });
      const looping = await call(google.sandbox, `POST cloudbuild/v1/${L}/triggers/sign:run`, {});
      expect(looping.status).toBe(400);
      expect(JSON.stringify(looping.json)).toContain("start each other without an end");
      expect((await builds()).length).toBeGreaterThan(1);
    });

    test("the topic of another project has to be opened to Cloud Build of this one", async () => {
      const topic = "projects/team-project/topics/cloud-builds";
      await must(`PUT pubsub/v1/${topic}`, {});
      const other = { ...SIGNING, pubsubConfig: { topic } };
      const refused = await call(google.sandbox, `POST cloudbuild/v1/${L}/triggers`, { ...TRIGGER, ...other });
      expect(refused.status).toBe(403);
      expect(JSON.stringify(refused.json)).toContain("pubsub.topics.attachSubscription");
      const number = projectNumber(google.sandbox.state, PROJECT);
      const agent = `serviceAccount:service-${number}@gcp-sa-cloudbuild.iam.gserviceaccount.com`;
      grant(google.sandbox.state, topic, "roles/pubsub.subscriber", agent);
      await trigger(other);
    });
  });

  beforeEach(() => void createAccount(google.sandbox.state, PROJECT, "signer"));
});
