import { grant, type JsonObject, putCluster } from "../../lib/sandbox";
import { readLogFilter } from "../../lib/sandbox/log-filter";
import { call } from "../support/sandbox";
import { PROJECT, useSandbox } from "./support";

const google = useSandbox();
const P = `projects/${PROJECT}`;
const L = `${P}/locations/us-central1`;
const ENFORCE = "PROJECT_SINGLETON_POLICY_ENFORCE";

const must = async (request: string, body?: object): Promise<JsonObject> => {
  const answer = await call(google.sandbox, request, body);
  expect([request, answer.status]).toEqual([request, 200]);
  return answer.json;
};

describe("GKE", () => {
  test("a cluster is made with what Google fills in; its operation is over", async () => {
    const operation = await must(`POST container/v1beta1/${L}/clusters`, {
      cluster: { name: "prod", binaryAuthorization: { evaluationMode: ENFORCE } },
    });
    expect(operation).toMatchObject({ operationType: "CREATE_CLUSTER", status: "DONE", location: "us-central1" });
    expect(await must(`GET container/v1/${L}/operations/${operation.name}`)).toEqual(operation);
    expect(await must(`GET container/v1/${L}/clusters/prod`)).toMatchObject({
      name: "prod",
      location: "us-central1",
      locations: ["us-central1-a", "us-central1-b", "us-central1-c"],
      status: "RUNNING",
      binaryAuthorization: { evaluationMode: ENFORCE },
      releaseChannel: { channel: "REGULAR" },
      nodePools: [{ name: "default-pool" }],
    });
    expect((await call(google.sandbox, `POST container/v1/${L}/clusters`, { cluster: { name: "prod" } })).status).toBe(
      409,
    );
    expect((await call(google.sandbox, `POST container/v1/${L}/clusters`, { cluster: { name: "Prod" } })).status).toBe(
      400,
    );
  });

  test("an Autopilot cluster has no node pools of its own", async () => {
    await must(`POST container/v1/${L}/clusters`, { cluster: { name: "auto", autopilot: { enabled: true } } });
    const cluster = await must(`GET container/v1/${L}/clusters/auto`);
    expect(cluster).toMatchObject({ autopilot: { enabled: true }, verticalPodAutoscaling: { enabled: true } });
    expect(cluster).not.toHaveProperty("nodePools");
    const pool = { nodePool: { name: "x" } };
    expect((await call(google.sandbox, `POST container/v1/${L}/clusters/auto/nodePools`, pool)).status).toBe(400);
  });

  test("enforcement is switched on and off; without the field nothing changes", async () => {
    const name = putCluster(google.sandbox.state, PROJECT, "us-central1", "prod");
    const mode = () => (google.sandbox.state.clusters[name].binaryAuthorization as JsonObject).evaluationMode;
    expect(mode()).toBeUndefined();
    const update = (fields: object) => must(`PUT container/v1/${name}`, { update: fields });
    await update({ desiredBinaryAuthorization: { evaluationMode: ENFORCE } });
    expect(mode()).toBe(ENFORCE);
    await update({ desiredReleaseChannel: { channel: "STABLE" } });
    expect(mode()).toBe(ENFORCE);
    await update({ desiredBinaryAuthorization: { evaluationMode: "DISABLED" } });
    expect(mode()).toBe("DISABLED");
    await update({ desiredBinaryAuthorization: { enabled: true } });
    expect(mode()).toBe(ENFORCE);
  });

  test("an update that is not spoken is refused and listed, never passed over", async () => {
    const name = putCluster(google.sandbox.state, PROJECT, "us-central1", "prod");
    const answer = await call(google.sandbox, `PUT container/v1/${name}`, { update: { desiredNoSuchThing: true } });
    expect(answer.status).toBe(501);
    expect(google.sandbox.unknownRoutes).toEqual(["container clusters.update with desiredNoSuchThing"]);

    const before = JSON.stringify(google.sandbox.state.clusters[name]);
    const both = { desiredBinaryAuthorization: { evaluationMode: "DISABLED" }, desiredNoSuchThing: true };
    expect((await call(google.sandbox, `PUT container/v1/${name}`, { update: both })).status).toBe(501);
    expect(JSON.stringify(google.sandbox.state.clusters[name])).toBe(before);
  });

  test("a deleted cluster takes its node pools along", async () => {
    const name = putCluster(google.sandbox.state, PROJECT, "us-central1-a", "prod");
    expect(await must(`GET container/v1/${P}/locations/-/clusters`)).toMatchObject({ clusters: [{ name: "prod" }] });
    expect(await must(`GET container/v1/${L}/clusters`)).toEqual({});
    await must(`DELETE container/v1/${name}`);
    expect((await call(google.sandbox, `GET container/v1/${name}`)).status).toBe(404);
    expect(google.sandbox.state.nodePools).toEqual({});
  });
});

describe("Service Usage", () => {
  test("services are enabled one by one and together, and disabled", async () => {
    await must(`POST serviceusage/v1/${P}/services:batchEnable`, {
      serviceIds: ["b.googleapis.com", "a.googleapis.com"],
    });
    await must(`POST serviceusage/v1/${P}/services/c.googleapis.com:enable`, {});
    await must(`POST serviceusage/v1/${P}/services/b.googleapis.com:disable`, {});
    const { services } = await must(`GET serviceusage/v1/${P}/services?filter=state:ENABLED`);
    expect((services as JsonObject[]).map(({ name }) => (name as string).split("/").pop())).toEqual([
      "a.googleapis.com",
      "c.googleapis.com",
    ]);
    // gcloud prints what is in `config`.
    const { projectNumber } = await must(`GET cloudresourcemanager/v1/${P}`);
    expect((services as JsonObject[])[0]).toMatchObject({
      parent: `projects/${projectNumber}`,
      config: { name: "a.googleapis.com" },
    });
    expect(await must(`GET serviceusage/v1/${P}/services/b.googleapis.com`)).toMatchObject({
      state: "DISABLED",
      config: { name: "b.googleapis.com" },
    });
    expect((await call(google.sandbox, `GET serviceusage/v1/${P}/services?filter=state:DISABLED`)).status).toBe(501);
  });

  test("the service agent of Binary Authorization has the project's number in its name", async () => {
    const { projectNumber } = await must(`GET cloudresourcemanager/v1/${P}`);
    const path = `serviceusage/v1beta1/${P}/services/binaryauthorization.googleapis.com:generateServiceIdentity`;
    expect(await must(`POST ${path}`, {})).toMatchObject({
      done: true,
      response: { email: `service-${projectNumber}@gcp-sa-binaryauthorization.iam.gserviceaccount.com` },
    });
  });
});

test("a project has one number, which follows from its id", async () => {
  const first = await must(`GET cloudresourcemanager/v1/${P}`);
  expect(first).toMatchObject({ projectId: PROJECT, lifecycleState: "ACTIVE" });
  expect(first.projectNumber).toMatch(/^[1-9]\d{11}$/);
  expect(await must(`GET cloudresourcemanager/v3/${P}`)).toMatchObject({ name: `projects/${first.projectNumber}` });
  expect((await must("GET cloudresourcemanager/v1/projects/other-project")).projectNumber).not.toBe(
    first.projectNumber,
  );
});

describe("service accounts and roles", () => {
  test("an account is found by its address, in its project or with a dash", async () => {
    const made = await must(`POST iam/v1/${P}/serviceAccounts`, {
      accountId: "ci-signer",
      serviceAccount: { displayName: "Signs" },
    });
    const email = `ci-signer@${PROJECT}.iam.gserviceaccount.com`;
    expect(made).toMatchObject({ name: `${P}/serviceAccounts/${email}`, email, displayName: "Signs" });
    expect(made.uniqueId).toMatch(/^1\d{20}$/);
    expect(await must(`GET iam/v1/projects/-/serviceAccounts/${email}`)).toEqual(made);
    expect((await call(google.sandbox, `POST iam/v1/${P}/serviceAccounts`, { accountId: "ci-signer" })).status).toBe(
      409,
    );
    expect((await call(google.sandbox, `POST iam/v1/${P}/serviceAccounts`, { accountId: "ci" })).status).toBe(400);
  });

  test("what is below an account is not the account: its keys are neither read nor deleted as if they were it", async () => {
    const { email } = await must(`POST iam/v1/${P}/serviceAccounts`, { accountId: "ci-signer" });
    for (const project of ["-", PROJECT]) {
      const keys = `iam/v1/projects/${project}/serviceAccounts/${email}/keys`;
      for (const request of [`GET ${keys}`, `POST ${keys}`, `GET ${keys}/1`, `DELETE ${keys}/1`]) {
        expect([request, (await call(google.sandbox, request)).status]).toEqual([request, 501]);
      }
    }
    await must(`GET iam/v1/projects/-/serviceAccounts/${email}`);
    expect(google.sandbox.unknownRoutes).toContain(`DELETE iam/v1/projects/-/serviceAccounts/${email}/keys/1`);
  });

  // Source: https://docs.cloud.google.com/iam/docs/principals-overview (deleted principals)
  test("a deleted account takes its tokens along; one that is made anew has none of its grants", async () => {
    const { state } = google.sandbox;
    const { email, uniqueId } = await must(`POST iam/v1/${P}/serviceAccounts`, { accountId: "ci-signer" });
    const member = `serviceAccount:${email}`;
    grant(state, P, "roles/viewer", member);
    grant(state, P, "roles/viewer", "user:a@example.com");
    state.accessTokens["sandbox.token"] = member;
    await must(`DELETE iam/v1/${P}/serviceAccounts/${email}`);
    expect(state.accessTokens).toEqual({});
    expect(await must(`POST cloudresourcemanager/v1/${P}:getIamPolicy`, {})).toMatchObject({
      bindings: [
        { role: "roles/viewer", members: [`deleted:${member}?uid=${uniqueId}`] },
        { role: "roles/viewer", members: ["user:a@example.com"] },
      ],
    });
    await must(`POST iam/v1/${P}/serviceAccounts`, { accountId: "ci-signer" });
    expect((await call(google.sandbox, `GET cloudresourcemanager/v1/${P}`, undefined, member)).status).toBe(403);
  });

  test("a deleted role keeps its id, and is undeleted and not made anew", async () => {
    const body = { roleId: "signs", role: { includedPermissions: ["cloudkms.cryptoKeyVersions.useToSign"] } };
    await must(`POST iam/v1/${P}/roles`, body);
    await must(`DELETE iam/v1/${P}/roles/signs`);
    expect((await call(google.sandbox, `POST iam/v1/${P}/roles`, body)).status).toBe(409);
    expect((await call(google.sandbox, `PATCH iam/v1/${P}/roles/signs`, { title: "x" })).status).toBe(400);
    await must(`POST iam/v1/${P}/roles/signs:undelete`, {});
    expect(await must(`GET iam/v1/${P}/roles/signs`)).toMatchObject(body.role);
  });
});

test.each([undefined, "MODE_UNSPECIFIED"])("a repository made with the mode %s is a standard one", async (mode) => {
  await must(`POST artifactregistry/v1/${L}/repositories?repository_id=images`, { format: "DOCKER", mode });
  expect(await must(`GET artifactregistry/v1/${L}/repositories/images`)).toMatchObject({ mode: "STANDARD_REPOSITORY" });
});

test("a repository is made, labelled and deleted; its policy goes with it", async () => {
  const made = await must(`POST artifactregistry/v1/${L}/repositories?repository_id=images`, { format: "DOCKER" });
  expect(made).toMatchObject({
    done: true,
    response: { name: `${L}/repositories/images`, registryUri: `us-central1-docker.pkg.dev/${PROJECT}/images` },
  });
  const path = `artifactregistry/v1/${L}/repositories/images`;
  expect(await must(`PATCH ${path}?updateMask=labels`, { labels: { a: "" }, format: "APT" })).toMatchObject({
    labels: { a: "" },
    format: "DOCKER",
  });
  await must(`POST ${path}:setIamPolicy`, { policy: { bindings: [{ role: "roles/viewer", members: ["allUsers"] }] } });
  await must(`DELETE ${path}`);
  expect((await call(google.sandbox, `GET ${path}`)).status).toBe(404);
  expect(google.sandbox.state.iamPolicies).toEqual({});
});

describe("Cloud Build", () => {
  const account = `${P}/serviceAccounts/ci-signer@${PROJECT}.iam.gserviceaccount.com`;

  test("a trigger is found by id and by name, in the location that its address leaves out", async () => {
    const made = await must(`POST cloudbuild/v1/${P}/triggers`, { name: "sign", filename: "cloudbuild.yaml" });
    expect(made.resourceName).toBe(`${P}/locations/global/triggers/${made.id}`);
    for (const address of [`${P}/triggers/${made.id}`, `${P}/locations/global/triggers/sign`]) {
      expect(await must(`GET cloudbuild/v1/${address}`)).toEqual(made);
    }
    expect((await call(google.sandbox, `POST cloudbuild/v1/${P}/triggers`, { name: "sign" })).status).toBe(409);
    const changed = await must(`PATCH cloudbuild/v1/${P}/triggers/sign`, { name: "sign", description: "x" });
    expect(changed).toMatchObject({ id: made.id, description: "x" });
    expect(changed).not.toHaveProperty("filename");
  });

  test("a build with an account of its own has to say where it logs", async () => {
    const trigger = (options: object) => ({ name: "sign", serviceAccount: account, build: { steps: [], options } });
    const refused = await call(google.sandbox, `POST cloudbuild/v1/${L}/triggers`, trigger({}));
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.json)).toContain("if 'build.service_account' is specified");
    await must(`POST cloudbuild/v1/${L}/triggers`, trigger({ logging: "CLOUD_LOGGING_ONLY" }));
  });

  test("nobody lets a build run as an account that they may not act as", async () => {
    const editor = "user:editor@example.com";
    const { state } = google.sandbox;
    const policy = (role: string) => ({ bindings: [{ role, members: [editor] }] });
    state.iamPolicies[P] = policy("roles/cloudbuild.builds.editor");
    const body = { name: "sign", serviceAccount: account, filename: "cloudbuild.yaml" };
    const refused = await call(google.sandbox, `POST cloudbuild/v1/${L}/triggers`, body, editor);
    expect(refused.status).toBe(403);
    expect(JSON.stringify(refused.json)).toContain("iam.serviceAccounts.actAs");
    state.iamPolicies[account] = policy("roles/iam.serviceAccountUser");
    expect((await call(google.sandbox, `POST cloudbuild/v1/${L}/triggers`, body, editor)).status).toBe(200);
  });
});

describe("filters of the log", () => {
  const ENTRY: JsonObject = {
    severity: "NOTICE",
    timestamp: "2026-11-20T10:00:00Z",
    labels: { "a.b/c": "true" },
    protoPayload: { methodName: "io.k8s.core.v1.pods.create", status: { code: 3 }, list: [{ role: "roles/owner" }] },
  };
  test.each([
    ["", true],
    ['severity="NOTICE"', true],
    ["severity=notice", true],
    ['severity!="NOTICE"', false],
    ['labels."a.b/c"="true"', true],
    ['labels."a.b/d"="true"', false],
    ['labels."a.b/d":*', false],
    ['"a.b/c"', true],
    ['"nowhere"', false],
    ['protoPayload.methodName:"PODS"', true],
    ['protoPayload.methodName=~"pods\\\\.(create|update)$"', true],
    ['protoPayload.methodName!~"delete"', true],
    ['protoPayload.list.role="roles/owner"', true],
    ["protoPayload.status.code=3", true],
    ['timestamp>="2026-11-20T09:00:00Z" timestamp<"2026-11-20T11:00:00Z"', true],
    ['timestamp>="2026-11-21T00:00:00Z"', false],
    // OR binds closer than AND, as on Google's page.
    ["severity=NOTICE OR severity=INFO AND severity=INFO", false],
    ["(severity=NOTICE) OR (severity=INFO AND severity=INFO)", true],
    ["NOT severity=INFO", true],
    ["severity=INFO\nseverity=NOTICE", false],
    ["-- a comment\nseverity=NOTICE", true],
    ['__proto__="x"', false],
  ])("%j: %s", (text, wanted) => {
    expect(readLogFilter(text)?.(ENTRY)).toBe(wanted);
  });

  test.each(["(", ")", "severity=", "=x", "a OR", "NOT", '"open', "a=~(", 'a=~"("', "(".repeat(100_000)])(
    "%.20j is none",
    (text) => {
      expect(readLogFilter(text)).toBeUndefined();
    },
  );
});
