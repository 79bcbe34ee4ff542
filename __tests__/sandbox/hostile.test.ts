import { connect } from "node:net";
import { type Sandbox, startSandbox, tokenFor } from "../../lib/sandbox";
import { call } from "../support/sandbox";
import { BLOCK, IMAGE, KEY, makeKey, NOTE, POLICY, PROJECT, useSandbox } from "./support";

const google = useSandbox();
const PUT = `binaryauthorization/v1/${POLICY}`;
const RULE = { evaluationMode: "ALWAYS_DENY", enforcementMode: BLOCK };

function send(sandbox: Sandbox, body: string | undefined, path = PUT, method = "PUT"): Promise<Response> {
  const headers = { Authorization: `Bearer ${tokenFor(sandbox.state.owner)}`, "Content-Type": "application/json" };
  return fetch(`${sandbox.url}/${path}`, { method, headers, body });
}

describe("bodies", () => {
  test.each([
    ["cut off", '{"defaultAdmissionRule": {'],
    ["no JSON", "policy: open"],
    ["a list", "[]"],
    ["text", '"x"'],
    ["null", "null"],
    ["nested too deep", `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`],
    ["a rule that is no object", '{"defaultAdmissionRule": "ALWAYS_ALLOW"}'],
    ["rules that are a list", JSON.stringify({ defaultAdmissionRule: RULE, clusterAdmissionRules: [RULE] })],
    ["attestors that are no list", JSON.stringify({ defaultAdmissionRule: { ...RULE, requireAttestationsBy: "x" } })],
    ["__proto__", `{"__proto__": {"evaluationMode": "ALWAYS_ALLOW"}, "defaultAdmissionRule": ${JSON.stringify(RULE)}}`],
  ])("%s: 400, and nothing is stored", async (_, body) => {
    const answer = await send(google.sandbox, body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: 400, status: "INVALID_ARGUMENT" } });
    expect(google.sandbox.state.policies).toEqual({});
  });

  test("longer than 10 MiB: 400, and the next request is answered", async () => {
    const answer = await send(google.sandbox, `{"description": "${"x".repeat(10 * 1024 * 1024)}"}`);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(await answer.json())).toContain("exceeds the limit");
    expect((await call(google.sandbox, `GET ${PUT}`)).status).toBe(200);
  });

  test("of odd types meet no method unprepared", async () => {
    await makeKey(google.sandbox);
    await call(google.sandbox, `POST containeranalysis/v1/projects/${PROJECT}/notes?noteId=built`, { attestation: {} });
    const odd = [1, "x", true, [], [[]], {}, { a: 1 }];
    const requests: [string, string][] = [
      [`cloudkms/v1/${KEY}/cryptoKeyVersions/1:asymmetricSign`, "digest"],
      [`cloudkms/v1/${KEY}/cryptoKeyVersions`, "state"],
      [`containeranalysis/v1/projects/${PROJECT}/occurrences`, "noteName"],
      [`containeranalysis/v1/projects/${PROJECT}/occurrences`, "attestation"],
      [`binaryauthorization/v1/projects/${PROJECT}/attestors?attestorId=a`, "userOwnedGrafeasNote"],
      [`cloudresourcemanager/v1/projects/${PROJECT}:setIamPolicy`, "policy"],
      [`container/v1/projects/${PROJECT}/locations/us-central1/clusters`, "cluster"],
      [`iam/v1/projects/${PROJECT}/serviceAccounts`, "accountId"],
      [`logging/v2/entries:list`, "resourceNames"],
      ["admission", "spec"],
    ];
    for (const [path, field] of requests) {
      for (const value of odd) {
        const body = { noteName: NOTE, resourceUri: IMAGE, attestation: {}, [field]: value };
        const answer = await send(google.sandbox, JSON.stringify(body), path, "POST");
        expect([path, value, answer.status < 500]).toEqual([path, value, true]);
      }
    }
  });
});

describe("addresses", () => {
  test("that are not spoken: 501, listed once", async () => {
    for (let time = 0; time < 2; time += 1) {
      const answer = await call(
        google.sandbox,
        `GET binaryauthorization/v1/projects/${PROJECT}/platforms/gke/policies`,
      );
      expect(answer).toMatchObject({ status: 501, json: { error: { status: "UNIMPLEMENTED" } } });
    }
    await call(google.sandbox, "GET compute/v1/projects/p/global/networks");
    expect(google.sandbox.unknownRoutes).toEqual([
      `GET binaryauthorization/v1/projects/${PROJECT}/platforms/gke/policies`,
      "GET compute/v1/projects/p/global/networks",
    ]);
  });

  test("with a broken percent sign: 400", async () => {
    expect((await call(google.sandbox, "GET binaryauthorization/v1/projects/%E0%A4%A/policy")).status).toBe(400);
  });

  test.each(["__proto__", "constructor", "toString"])("the project %s has a policy like any other", async (project) => {
    const path = `binaryauthorization/v1/projects/${project}`;
    expect((await call(google.sandbox, `GET ${path}/policy`)).json).toMatchObject({
      name: `projects/${project}/policy`,
    });
    expect((await call(google.sandbox, `GET ${path}/attestors/${project}`)).status).toBe(404);
    expect(({} as Record<string, unknown>).name).toBeUndefined();
  });

  test("any number of versions is taken, since Google's clients add their own", async () => {
    expect((await call(google.sandbox, `GET binaryauthorization/v1/v1/${POLICY}`)).status).toBe(200);
  });

  test("a project's number stands for its id", async () => {
    const sandbox = await startSandbox({ seed: { projects: { "demo-project": "123456789012" } } });
    try {
      const { json } = await call(sandbox, "GET cloudresourcemanager/v1/projects/123456789012");
      expect(json).toMatchObject({ projectId: "demo-project", projectNumber: "123456789012" });
    } finally {
      await sandbox.close();
    }
  });

  test("a project that was not seeded does not exist where only seeded ones do", async () => {
    google.sandbox.behaviour.anyProject = false;
    expect((await call(google.sandbox, `GET ${PUT}`)).status).toBe(403);
  });

  test("an API that is not enabled is refused where that is wanted", async () => {
    google.sandbox.behaviour.enforceServices = true;
    const refused = await call(google.sandbox, `GET ${PUT}`);
    expect(refused).toMatchObject({ status: 403, json: { error: { details: [{ reason: "SERVICE_DISABLED" }] } } });
    await call(
      google.sandbox,
      `POST serviceusage/v1/projects/${PROJECT}/services/binaryauthorization.googleapis.com:enable`,
      {},
    );
    expect((await call(google.sandbox, `GET ${PUT}`)).status).toBe(200);
  });
});

describe("who is let in", () => {
  test.each(["0.0.0.0", "::", "192.168.0.1", "example.com", ""])("nobody listens on %s", async (host) => {
    await expect(startSandbox({ host })).rejects.toThrow("the sandbox listens on loopback only");
  });

  test("a name that was made to resolve to loopback is refused", async () => {
    const { port } = new URL(google.sandbox.url);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), "127.0.0.1", () => {
        socket.write(`GET /sandbox/state HTTP/1.1\r\nHost: evil.example.com:${port}\r\nConnection: close\r\n\r\n`);
      });
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk;
      });
      socket.on("close", () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 403/);
    expect(answer).not.toContain("policies");
  });

  test("two on one port: the second one says so", async () => {
    const port = Number(new URL(google.sandbox.url).port);
    await expect(startSandbox({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  test("the state that is shown holds no private key and no token", async () => {
    await google.sandbox.publicKeyPem(await makeKey(google.sandbox));
    const text = await (await fetch(`${google.sandbox.url}/sandbox/state`)).text();
    expect(text).toContain("cryptoKeyVersions");
    expect(text).not.toContain("PRIVATE KEY");
  });
});

test("the state is plain data: a sandbox goes on with what another one left", async () => {
  const version = await makeKey(google.sandbox);
  const pem = await google.sandbox.publicKeyPem(version);
  const sandbox = await startSandbox({ state: JSON.parse(JSON.stringify(google.sandbox.state)) });
  try {
    expect(sandbox.state).toEqual(google.sandbox.state);
    expect(await sandbox.publicKeyPem(version)).toBe(pem);
  } finally {
    await sandbox.close();
  }
});
