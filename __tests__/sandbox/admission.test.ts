import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get as httpsGet } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  grant,
  type JsonObject,
  projectNumber,
  putAttestor,
  putCluster,
  putOccurrence,
  putPolicy,
  type Sandbox,
  startSandbox,
} from "../../lib/sandbox";
import { call } from "../support/sandbox";
import { describeUnless, findProgram } from "../support/terraform";
import {
  ATTESTOR,
  attest,
  IMAGE,
  keyId,
  makeAttestor,
  makeKey,
  NOTE,
  PROJECT,
  payload,
  REPOSITORY,
  requiring,
  sign,
  useSandbox,
} from "./support";

const CLUSTER = `projects/${PROJECT}/locations/us-central1/clusters/prod`;
const NO_DIGEST = "Expected digest with sha256 scheme, but got tag or malformed digest";
const NO_ATTESTATION = "No attestations found that were valid and signed by a key trusted by the attestor";
const denied = (image: string, reason: string) =>
  `Image ${image} denied by Binary Authorization cluster admission rule for us-central1.prod. Image ${image} denied by attestor ${ATTESTOR}: ${reason}`;

const google = useSandbox({ seed: { clusters: [{ project: PROJECT, location: "us-central1", name: "prod" }] } });

/** The chain, and an attestation of the image. */
async function chain(sandbox = google.sandbox): Promise<string> {
  const version = await makeKey(sandbox);
  await makeAttestor(sandbox, version);
  const put = await call(
    sandbox,
    `PUT binaryauthorization/v1/projects/${PROJECT}/policy`,
    requiring("us-central1.prod"),
  );
  expect(put.status).toBe(200);
  return version;
}

async function post(body: object, path = "admission", sandbox: Sandbox = google.sandbox) {
  const answer = await fetch(`${sandbox.url}/${path}`, { method: "POST", body: JSON.stringify(body) });
  return { status: answer.status, json: (await answer.json()) as JsonObject };
}

const pod = (images: string[], metadata: JsonObject = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", ...metadata },
  spec: { containers: images.map((image, index) => ({ name: `c${index}`, image })) },
});

const admissionReview = (object: object, fields: JsonObject = {}) => ({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: {
    uid: "705ab4f5",
    kind: { group: "", version: "v1", kind: "Pod" },
    operation: "CREATE",
    namespace: "shop",
    userInfo: { username: "system:serviceaccount:kube-system:replicaset-controller" },
    object,
    ...fields,
  },
});

const imageReview = (images: string[], annotations: JsonObject = {}) => ({
  apiVersion: "imagepolicy.k8s.io/v1alpha1",
  kind: "ImageReview",
  spec: { containers: images.map((image) => ({ image })), annotations, namespace: "shop" },
});

const entries = async (filter = "", sandbox = google.sandbox): Promise<JsonObject[]> => {
  const body = { resourceNames: [`projects/${PROJECT}`], filter };
  const answer = await call(sandbox, "POST logging/v2/entries:list", body);
  expect(answer.status).toBe(200);
  return (answer.json.entries as JsonObject[] | undefined) ?? [];
};

describe("an AdmissionReview", () => {
  test("of an unsigned image is denied in Google's words, of the signed one admitted", async () => {
    const version = await chain();
    expect(await post(admissionReview(pod(["nginx:latest"])))).toEqual({
      status: 200,
      json: {
        apiVersion: "admission.k8s.io/v1",
        kind: "AdmissionReview",
        response: {
          uid: "705ab4f5",
          allowed: false,
          auditAnnotations: {},
          status: {
            status: "Failure",
            code: 400,
            reason: "VIOLATES_POLICY",
            message: denied("nginx:latest", NO_DIGEST),
          },
        },
      },
    });
    const unsigned = await post(admissionReview(pod([IMAGE])));
    expect(unsigned.json.response).toMatchObject({
      allowed: false,
      status: { message: denied(IMAGE, NO_ATTESTATION) },
    });

    expect((await attest(google.sandbox, await sign(google.sandbox, version))).status).toBe(200);
    const signed = await post(admissionReview(pod([IMAGE])));
    expect(signed.json.response).toEqual({ uid: "705ab4f5", allowed: true, auditAnnotations: {} });
  });

  test("counts init and ephemeral containers, and names the one that fails", async () => {
    const version = await chain();
    await attest(google.sandbox, await sign(google.sandbox, version));
    for (const field of ["initContainers", "ephemeralContainers"]) {
      const object = pod([IMAGE]);
      Object.assign(object.spec, { [field]: [{ name: "x", image: "busybox" }] });
      const { response } = (await post(admissionReview(object))).json as { response: JsonObject };
      expect(response).toMatchObject({ allowed: false, status: { message: denied("busybox", NO_DIGEST) } });
    }
  });

  test("of what makes no pod is admitted, and not written down", async () => {
    await chain();
    const deployment = { kind: { group: "apps", version: "v1", kind: "Deployment" } };
    expect((await post(admissionReview({}, deployment))).json.response).toMatchObject({ allowed: true });
    const deletion = admissionReview(pod(["nginx"]), { operation: "DELETE", object: null });
    expect((await post(deletion)).json.response).toMatchObject({ allowed: true });
    expect(await entries()).toEqual([]);
  });

  test("stops to be admitted when the attestation is deleted, and when the key is taken from the attestor", async () => {
    const version = await chain();
    const { name } = (await attest(google.sandbox, await sign(google.sandbox, version))).json;
    const allowed = async () =>
      ((await post(admissionReview(pod([IMAGE])))).json.response as { allowed: boolean }).allowed;
    expect(await allowed()).toBe(true);
    const note = google.sandbox.state.attestors[ATTESTOR].userOwnedGrafeasNote as JsonObject;
    putAttestor(google.sandbox.state, ATTESTOR, { userOwnedGrafeasNote: { noteReference: NOTE } });
    expect(await allowed()).toBe(false);
    putAttestor(google.sandbox.state, ATTESTOR, { userOwnedGrafeasNote: note });
    expect(await allowed()).toBe(true);
    await call(google.sandbox, `DELETE containeranalysis/v1/${name}`);
    expect(await allowed()).toBe(false);
  });

  test("of a disabled version's signature stays admitted: verification never asks Cloud KMS", async () => {
    const version = await chain();
    await attest(google.sandbox, await sign(google.sandbox, version));
    await call(google.sandbox, `POST cloudkms/v1/${version}:destroy`, {});
    expect((await post(admissionReview(pod([IMAGE])))).json.response).toMatchObject({ allowed: true });
  });
});

describe("an ImageReview", () => {
  test("is answered with the same words", async () => {
    const version = await chain();
    expect((await post(imageReview([IMAGE]))).json).toEqual({
      apiVersion: "imagepolicy.k8s.io/v1alpha1",
      kind: "ImageReview",
      status: { allowed: false, reason: denied(IMAGE, NO_ATTESTATION), auditAnnotations: {} },
    });
    await attest(google.sandbox, await sign(google.sandbox, version));
    expect((await post(imageReview([IMAGE]))).json.status).toEqual({ allowed: true, auditAnnotations: {} });
  });

  test("passes with the annotation of break-glass", async () => {
    await chain();
    const answer = await post(imageReview(["nginx"], { "alpha.image-policy.k8s.io/break-glass": "true" }));
    expect(answer.json.status).toMatchObject({ allowed: true, auditAnnotations: { "break-glass": "true" } });
  });
});

describe("the audit log", () => {
  test("has a refusal in the shape that clusters of today write", async () => {
    await chain();
    await post(admissionReview(pod(["nginx"])));
    const message = `admission webhook "imagepolicywebhook.image-policy.k8s.io" denied the request: ${denied("nginx", NO_DIGEST)}`;
    expect(await entries()).toMatchObject([
      {
        logName: `projects/${PROJECT}/logs/cloudaudit.googleapis.com%2Factivity`,
        resource: {
          type: "k8s_cluster",
          labels: { project_id: PROJECT, location: "us-central1", cluster_name: "prod" },
        },
        protoPayload: {
          serviceName: "k8s.io",
          methodName: "io.k8s.core.v1.pods.create",
          resourceName: "core/v1/namespaces/shop/pods/web",
          authenticationInfo: { principalEmail: "system:serviceaccount:kube-system:replicaset-controller" },
          response: {
            "@type": "core.k8s.io/v1.Status",
            status: "Failure",
            reason: "VIOLATES_POLICY",
            code: 400,
            message,
            details: {
              kind: "Pod",
              causes: [{ reason: `'nginx' : Image nginx denied by attestor ${ATTESTOR}: ${NO_DIGEST}\n` }],
            },
          },
          status: { code: 3, message },
        },
      },
    ]);
  });

  const HEAD = `resource.type="k8s_cluster"
logName:"cloudaudit.googleapis.com%2Factivity"
(protoPayload.methodName="io.k8s.core.v1.pods.create" OR protoPayload.methodName="io.k8s.core.v1.pods.update")
`;

  test("is found by the filters of Google's page: break-glass, dry run, refusals", async () => {
    await chain();
    const label = { labels: { "image-policy.k8s.io/break-glass": "true" } };
    expect((await post(admissionReview(pod(["nginx"], label)))).json.response).toMatchObject({ allowed: true });
    putPolicy(google.sandbox.state, PROJECT, requiring("us-central1.prod", "DRYRUN_AUDIT_LOG_ONLY"));
    expect((await post(admissionReview(pod(["redis"])))).json.response).toMatchObject({ allowed: true });
    putPolicy(google.sandbox.state, PROJECT, requiring("us-central1.prod"));
    await post(admissionReview(pod(["mysql"]), { operation: "UPDATE" }));

    const overridden = "imagepolicywebhook.image-policy.k8s.io/overridden-verification-result";
    const found = async (filter: string) =>
      (await entries(HEAD + filter)).map(({ labels, protoPayload }) => JSON.stringify([labels, protoPayload]));
    expect(await found("")).toHaveLength(3);
    for (const filter of [
      '"image-policy.k8s.io/break-glass"',
      'labels."imagepolicywebhook.image-policy.k8s.io/break-glass"="true"',
    ]) {
      expect(await found(filter)).toEqual([expect.stringContaining(`"${overridden}":"'nginx' : Image nginx denied`)]);
    }
    expect(await found('labels."imagepolicywebhook.image-policy.k8s.io/dry-run"="true"')).toEqual([
      expect.stringContaining(`"${overridden}":"'redis' : Image redis denied`),
    ]);
    const blocked =
      'protoPayload.response.status="Failure" (protoPayload.response.reason="VIOLATES_POLICY" OR protoPayload.response.reason="Forbidden")';
    expect(await found(blocked)).toEqual([expect.stringContaining("pods.update")]);
    const failedOpen = '("image-policy.k8s.io/failed-open" OR "failed-open.validating.webhook.admission.k8s.io")';
    expect(await found(failedOpen)).toEqual([]);
  });

  test("can be read page by page, newest first, and by nobody without permission", async () => {
    await chain();
    for (const image of ["a", "b", "c"]) {
      await post(admissionReview(pod([image])));
    }
    const body = { resourceNames: [`projects/${PROJECT}`], orderBy: "timestamp desc", pageSize: 2 };
    const first = await call(google.sandbox, "POST logging/v2/entries:list", body);
    expect(JSON.stringify(first.json.entries)).toMatch(/Image c denied.*Image b denied/);
    const second = await call(google.sandbox, "POST logging/v2/entries:list", {
      ...body,
      pageToken: first.json.nextPageToken,
    });
    expect(second.json.entries).toHaveLength(1);
    const refused = await call(google.sandbox, "POST logging/v2/entries:list", body, "user:nobody@example.com");
    expect(refused.status).toBe(403);
    const all = (await (await fetch(`${google.sandbox.url}/logs`)).json()) as JsonObject;
    expect(all.entries).toHaveLength(3);
  });
});

describe("which cluster asks", () => {
  test("is said by the address where there are several", async () => {
    await chain();
    putCluster(google.sandbox.state, PROJECT, "us-central1-a", "dev");
    const which = await post(admissionReview(pod(["nginx"])));
    expect(which.status).toBe(400);
    expect(JSON.stringify(which.json)).toContain(
      `${CLUSTER}, projects/${PROJECT}/locations/us-central1-a/clusters/dev`,
    );
    const prod = await post(admissionReview(pod(["nginx"])), `admission/${CLUSTER}`);
    expect(JSON.stringify(prod.json)).toContain("cluster admission rule for us-central1.prod");
    const query = `admission?cluster=projects/${PROJECT}/locations/us-central1-a/clusters/dev`;
    // Not enforcing: admitted, as GKE does.
    expect((await post(admissionReview(pod(["nginx"])), query)).json.response).toMatchObject({ allowed: true });
    expect((await post(admissionReview(pod(["nginx"])), `admission/${CLUSTER}x`)).status).toBe(404);
  });
});

describe("reviews that cannot be read", () => {
  test.each<[string, object]>([
    ["no review", {}],
    ["another version", { ...admissionReview(pod(["nginx"])), apiVersion: "admission.k8s.io/v1beta1" }],
    ["no uid", admissionReview(pod(["nginx"]), { uid: "" })],
    ["no pod", admissionReview(pod(["nginx"]), { object: null })],
    ["no containers", admissionReview(pod([]))],
    ["an image that is no text", admissionReview({ ...pod([]), spec: { containers: [{ image: 1 }] } })],
    ["containers that are no list", admissionReview({ ...pod([]), spec: { containers: { image: "nginx" } } })],
    ["labels that are no texts", admissionReview(pod(["nginx"], { labels: { a: 1 } }))],
    ["no images", imageReview([])],
  ])("%s: 400, never allowed", async (_, body) => {
    putPolicy(google.sandbox.state, PROJECT, {
      defaultAdmissionRule: { evaluationMode: "ALWAYS_ALLOW", enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
    });
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.json)).not.toContain('"allowed":true');
  });
});

test("a policy that no service would evaluate admits nothing", async () => {
  putPolicy(google.sandbox.state, PROJECT, { defaultAdmissionRule: { evaluationMode: "OPEN" } });
  expect((await post(admissionReview(pod(["nginx"])))).json.response).toMatchObject({
    allowed: false,
    status: { message: expect.stringContaining("OPEN") },
  });
});

test("an attestor that was deleted denies", async () => {
  const version = await chain();
  await attest(google.sandbox, await sign(google.sandbox, version));
  await call(google.sandbox, `DELETE binaryauthorization/v1/${ATTESTOR}`);
  expect((await post(admissionReview(pod([IMAGE])))).json.response).toMatchObject({
    allowed: false,
    status: { message: expect.stringContaining(ATTESTOR) },
  });
});

test("among 10,000 attestations the right one is found", async () => {
  const version = await chain();
  const attestation = await sign(google.sandbox, version);
  for (let number = 0; number < 10_000; number += 1) {
    const digest = `sha256:${number.toString(16).padStart(64, "0")}`;
    putOccurrence(google.sandbox.state, PROJECT, {
      noteName: NOTE,
      resourceUri: `${REPOSITORY}@${digest}`,
      attestation: { ...attestation, serializedPayload: payload(digest).toString("base64") },
    });
  }
  expect((await post(admissionReview(pod([IMAGE])))).json.response).toMatchObject({ allowed: false });
  await attest(google.sandbox, attestation);
  expect((await post(admissionReview(pod([IMAGE])))).json.response).toMatchObject({ allowed: true });
});

describe("across three projects", () => {
  const ATTESTORS = "attestor-project";
  const attestor = `projects/${ATTESTORS}/attestors/built`;
  const note = `projects/${ATTESTORS}/notes/built`;
  const agent = () =>
    `serviceAccount:service-${projectNumber(google.sandbox.state, PROJECT)}@gcp-sa-binaryauthorization.iam.gserviceaccount.com`;

  /** Keys in one project, attestor and note in another, the cluster in the third; a signed image. */
  async function arrange(): Promise<void> {
    const { state } = google.sandbox;
    const version = await makeKey(google.sandbox);
    state.notes[note] = { name: note, kind: "ATTESTATION", attestation: {} };
    state.projects[ATTESTORS] = projectNumber(state, ATTESTORS);
    const publicKeyPem = await google.sandbox.publicKeyPem(version);
    const pkixPublicKey = { publicKeyPem, signatureAlgorithm: "EC_SIGN_P256_SHA256" };
    putAttestor(state, attestor, {
      userOwnedGrafeasNote: { noteReference: note, publicKeys: [{ id: keyId(version), pkixPublicKey }] },
    });
    const policy = requiring("us-central1.prod");
    const rules = policy.clusterAdmissionRules as Record<string, JsonObject>;
    rules["us-central1.prod"].requireAttestationsBy = [attestor];
    putPolicy(state, PROJECT, policy);
    const attestation = await sign(google.sandbox, version);
    putOccurrence(state, ATTESTORS, { noteName: note, resourceUri: IMAGE, attestation });
  }

  const GRANTS = (): [string, string][] => [
    [attestor, "roles/binaryauthorization.attestorsVerifier"],
    [note, "roles/containeranalysis.notes.occurrences.viewer"],
  ];

  test.each([
    ["with both grants", [0, 1], true],
    ["without the one on the attestor", [1], false],
    ["without the one on the note", [0], false],
  ])("%s", async (_, given, allowed) => {
    await arrange();
    for (const index of given) {
      const [resource, role] = GRANTS()[index];
      grant(google.sandbox.state, resource, role, agent());
    }
    expect((await post(admissionReview(pod([IMAGE])))).json.response).toMatchObject({ allowed });
    const [entry] = await entries();
    const remarks = JSON.stringify(entry.protoPayload);
    expect(remarks.includes("lacks")).toBe(!allowed);
  });
});

describe("attestations of others", () => {
  test.each<[string, (attestation: JsonObject, version: string) => JsonObject]>([
    ["of another digest", (a) => ({ ...a, serializedPayload: payload(`sha256:${"b".repeat(64)}`).toString("base64") })],
    [
      "by a key that the attestor does not have",
      (a, v) => ({ ...a, signatures: [{ ...(a.signatures as JsonObject[])[0], publicKeyId: keyId(`${v}1`) }] }),
    ],
    ["without signatures", (a) => ({ ...a, signatures: [] })],
    ["that are none", () => ({})],
  ])("%s do not count", async (_, change) => {
    const version = await chain();
    const attestation = change(await sign(google.sandbox, version), version);
    putOccurrence(google.sandbox.state, PROJECT, { noteName: NOTE, resourceUri: IMAGE, attestation });
    expect((await post(admissionReview(pod([IMAGE])))).json.response).toMatchObject({ allowed: false });
  });
});

describeUnless(findProgram("openssl") ? undefined : "openssl was not found", "over https", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tls-"));
    const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
    const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
    const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    expect(spawnSync("openssl", [...args, ...files, ...name]).status).toBe(0);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("with the certificate that was given", async () => {
    const [cert, key] = ["cert.pem", "key.pem"].map((name) => readFileSync(join(folder, name), "utf8"));
    const sandbox = await startSandbox({ tls: { cert, key } });
    try {
      const status = await new Promise((resolve, reject) => {
        httpsGet(`${sandbox.tlsUrl}/logs`, { ca: cert }, ({ statusCode }) => resolve(statusCode)).on("error", reject);
      });
      expect(status).toBe(200);
      expect(new URL(sandbox.tlsUrl ?? "").hostname).toBe("127.0.0.1");
    } finally {
      await sandbox.close();
    }
  });
});
