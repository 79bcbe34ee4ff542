import { Construct } from "constructs";
import { ConnectionHost, PipelineSource, RepositoryConnection, SigningStart } from "../../lib";
import { attestorIn, buildIn, PROJECT, pipelineIn, signerIn, testStack, vettedIn } from "../support/synth";
import { template } from "../support/template";

// A connection of the second generation, its repositories, and what waits for them.

const CONNECTION = "google_cloudbuildv2_connection";
const REPOSITORY = "google_cloudbuildv2_repository";
const NAME = `projects/${PROJECT}/locations/us-central1/connections/github`;
const AGENT = "serviceAccount:service-123456789012@gcp-sa-cloudbuild.iam.gserviceaccount.com";
const URI = "https://github.com/my-org/web.git";

const github = ConnectionHost.github({
  appInstallationId: 123123,
  tokenSecretVersion: "projects/secret-project/secrets/github-token/versions/3",
});

const connectionIn = (scope: Construct, host = github) =>
  new RepositoryConnection(scope, "Connection", {
    connectionName: "github",
    location: "us-central1",
    host,
    projectNumber: "123456789012",
  });

test("a connection to GitHub, and a repository of it in the same region", () => {
  const stack = testStack();
  const connection = connectionIn(stack);
  expect(connection.connectionId).toBe(NAME);
  expect(connection.addRepository("web", URI)).toBe(`${NAME}/repositories/web`);
  const t = template(stack);
  expect(t.resource(CONNECTION, `${PROJECT}_us-central1_github`)).toMatchObject({
    project: PROJECT,
    location: "us-central1",
    name: "github",
    github_config: {
      app_installation_id: 123123,
      authorizer_credential: {
        oauth_token_secret_version: "projects/secret-project/secrets/github-token/versions/3",
      },
    },
  });
  expect(t.resource(REPOSITORY, `${PROJECT}_us-central1_github_web`)).toMatchObject({
    project: PROJECT,
    location: "us-central1",
    name: "web",
    parent_connection: NAME,
    remote_uri: URI,
    depends_on: [`${CONNECTION}.${PROJECT}_us-central1_github`],
  });
  expect(t.danglingDependencies()).toEqual([]);
});

test("Cloud Build's agent may read the secrets, and the connection waits for that", () => {
  const stack = testStack();
  const version = (name: string) => `projects/secret-project/secrets/${name}/versions/3`;
  connectionIn(
    stack,
    ConnectionHost.gitlab({
      apiTokenSecretVersion: version("api"),
      readTokenSecretVersion: version("read"),
      webhookSecretVersion: version("webhook"),
    }),
  );
  const t = template(stack);
  expect(t.bindings()).toEqual(
    ["api", "read", "webhook"].map(
      (name) => `roles/secretmanager.secretAccessor on projects/secret-project/secrets/${name} to ${AGENT}`,
    ),
  );
  const { gitlab_config, depends_on } = t.resource(CONNECTION);
  expect(gitlab_config).toEqual({
    authorizer_credential: { user_token_secret_version: version("api") },
    read_authorizer_credential: { user_token_secret_version: version("read") },
    webhook_secret_secret_version: version("webhook"),
  });
  expect(depends_on.filter((address: string) => address.includes("secret_iam_member"))).toHaveLength(3);
  expect(depends_on).toContain(`google_project_service.${PROJECT}_cloudbuild`);
});

test("snapshot of a connection, its repository, and what its agent may read", () => {
  const stack = testStack();
  connectionIn(stack).addRepository("web", URI);
  const t = template(stack);
  expect(t.bindings()).toEqual([
    `roles/secretmanager.secretAccessor on projects/secret-project/secrets/github-token to ${AGENT}`,
  ]);
  const made = t.allResources.filter(([address]) => /cloudbuildv2|secret/.test(address));
  expect(made).toHaveLength(3);
  expect(made).toMatchSnapshot();
});

test("every trigger over a repository waits for it, whichever is declared first", () => {
  const repository = `${NAME}/repositories/web`;
  for (const connectedFirst of [true, false]) {
    const stack = testStack();
    const connect = () => connectionIn(stack).addRepository("web", URI);
    if (connectedFirst) {
      connect();
    }
    const attestors = [attestorIn(stack)];
    const source = PipelineSource.push({ repository });
    buildIn(stack, { source, pipelineName: "build" });
    pipelineIn(stack, { source, pipelineName: "pipeline", attestors });
    vettedIn(stack, { source, triggerName: "vetted", attestors });
    signerIn(stack, { attestors, triggerName: "sign", start: SigningStart.manual({ repository }) });
    if (!connectedFirst) {
      connect();
    }
    const triggers = Object.values(template(stack).resources("google_cloudbuild_trigger"));
    const waiting = triggers.filter(({ depends_on }) =>
      depends_on.includes(`${REPOSITORY}.${PROJECT}_us-central1_github_web`),
    );
    // That of the signer's own build pipeline is over another repository.
    expect(waiting.map(({ name }) => name).sort()).toEqual(["build", "pipeline", "sign", "vetted"]);
  }
});

test("addresses do not move with the construct", () => {
  const addresses = (scope: (stack: Construct) => Construct) => {
    const stack = testStack();
    connectionIn(scope(stack)).addRepository("web", URI);
    return template(stack).addresses();
  };
  expect(addresses((stack) => new Construct(stack, "Team"))).toEqual(addresses((stack) => stack));
});

test("release forgets connection, repositories and grants", () => {
  const stack = testStack();
  const connection = connectionIn(stack);
  connection.addRepository("web", URI);
  connection.release();
  connection.release();
  const removed = template(stack).removed;
  expect(removed.map(({ from }) => from.split(".")[0]).sort()).toEqual([
    CONNECTION,
    REPOSITORY,
    "google_secret_manager_secret_iam_member",
  ]);
  expect(removed.every(({ lifecycle }) => lifecycle.destroy === false)).toBe(true);
});
