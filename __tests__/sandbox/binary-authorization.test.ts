import { generateKeyPairSync } from "node:crypto";
import { grant, type JsonObject, putPolicy } from "../../lib/sandbox";
import { call } from "../support/sandbox";
import {
  ATTESTOR,
  BLOCK,
  IMAGE,
  keyId,
  makeAttestor,
  makeKey,
  NOTE,
  POLICY,
  PROJECT,
  payload,
  requiring,
  sign,
  useSandbox,
} from "./support";

const google = useSandbox();
const DENY = { evaluationMode: "ALWAYS_DENY", enforcementMode: BLOCK };

describe("the policy", () => {
  test("is open in a new project, as Google's is", async () => {
    expect((await call(google.sandbox, `GET binaryauthorization/v1/${POLICY}`)).json).toMatchObject({
      name: POLICY,
      globalPolicyEvaluationMode: "ENABLE",
      defaultAdmissionRule: { evaluationMode: "ALWAYS_ALLOW" },
    });
  });

  test("is replaced as a whole: what a body leaves out is gone", async () => {
    const full = { description: "mine", globalPolicyEvaluationMode: "ENABLE", defaultAdmissionRule: DENY };
    await call(google.sandbox, `PUT binaryauthorization/v1/${POLICY}`, full);
    const second = await call(google.sandbox, `PUT binaryauthorization/v1/${POLICY}`, { defaultAdmissionRule: DENY });
    expect(second.status).toBe(200);
    const stored = (await call(google.sandbox, `GET binaryauthorization/v1/${POLICY}`)).json;
    expect(stored).toMatchObject({ name: POLICY, defaultAdmissionRule: DENY });
    expect(stored).not.toHaveProperty("description");
    expect(stored).not.toHaveProperty("globalPolicyEvaluationMode");
  });

  test("is opened by the body that the provider sends on destroy; there is no other way to reset it", async () => {
    await call(google.sandbox, `PUT binaryauthorization/v1/${POLICY}`, { defaultAdmissionRule: DENY });
    const reset = {
      name: POLICY,
      admissionWhitelistPatterns: [{ namePattern: "gcr.io/google_containers/*" }],
      defaultAdmissionRule: { evaluationMode: "ALWAYS_ALLOW", enforcementMode: BLOCK },
    };
    expect((await call(google.sandbox, `PUT binaryauthorization/v1/${POLICY}`, reset)).status).toBe(200);
    expect(google.sandbox.state.policies[POLICY]).toMatchObject(reset);
    expect((await call(google.sandbox, `DELETE binaryauthorization/v1/${POLICY}`)).status).toBe(501);
  });

  test("of two writers that read the same one, the second is refused", async () => {
    const { etag } = (await call(google.sandbox, `GET binaryauthorization/v1/${POLICY}`)).json;
    const body = { defaultAdmissionRule: DENY, etag };
    const answers = await Promise.all([
      call(google.sandbox, `PUT binaryauthorization/v1/${POLICY}`, { ...body, description: "first" }),
      call(google.sandbox, `PUT binaryauthorization/v1/${POLICY}`, { ...body, description: "second" }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const winner = answers.find(({ status }) => status === 200)?.json.description;
    expect(google.sandbox.state.policies[POLICY].description).toBe(winner);
    expect(answers.find(({ status }) => status === 409)?.json.error).toMatchObject({ status: "ABORTED" });
  });

  const rule = (fields: JsonObject) => ({ defaultAdmissionRule: { ...DENY, ...fields } });
  test.each<[string, JsonObject, string]>([
    ["no default rule", {}, "default_admission_rule"],
    ["no attestors", rule({ evaluationMode: "REQUIRE_ATTESTATION" }), "default_admission_rule.require_attestations_by"],
    ["attestors that do not count", rule({ requireAttestationsBy: [ATTESTOR] }), "require_attestations_by"],
    ["a short name", rule({ evaluationMode: "REQUIRE_ATTESTATION", requireAttestationsBy: ["built"] }), "require_att"],
    ["an unknown mode", rule({ evaluationMode: "ALWAYS" }), "policy"],
    ["an unknown field", { ...rule({}), deny: true }, "policy"],
    ["the name of another one", { ...rule({}), name: "projects/other-project/policy" }, "policy.name"],
    [
      "a wildcard in the middle",
      { ...rule({}), admissionWhitelistPatterns: [{ namePattern: "gcr.io/*/x" }] },
      "policy.admission_whitelist_patterns[0].name_pattern",
    ],
    [
      "rules of two kinds",
      {
        ...rule({}),
        clusterAdmissionRules: { "us-central1.a": DENY },
        kubernetesNamespaceAdmissionRules: { prod: DENY },
      },
      "policy",
    ],
  ])("with %s is refused, and the stored one stays", async (_, body, field) => {
    const answer = await call(google.sandbox, `PUT binaryauthorization/v1/${POLICY}`, body);
    expect(answer).toMatchObject({ status: 400, json: { error: { status: "INVALID_ARGUMENT" } } });
    expect(JSON.stringify((answer.json.error as JsonObject).details)).toContain(field);
    expect(google.sandbox.state.policies).toEqual({});
  });

  test("that nobody can evaluate is stored where that is wanted", async () => {
    google.sandbox.behaviour.refuseInvalidPolicies = false;
    const body = rule({ evaluationMode: "REQUIRE_ATTESTATION" });
    expect((await call(google.sandbox, `PUT binaryauthorization/v1/${POLICY}`, body)).status).toBe(200);
  });

  test("of the system names Google's own images", async () => {
    const { json } = await call(google.sandbox, "GET binaryauthorization/v1/locations/us-central1/policy");
    expect(json.admissionWhitelistPatterns).toContainEqual({ namePattern: "gke.gcr.io/**" });
  });

  test("is put only by somebody who may read the attestors that it requires", async () => {
    const editor = "user:editor@example.com";
    grant(google.sandbox.state, `projects/${PROJECT}`, "roles/binaryauthorization.policyEditor", editor);
    const body = requiring("us-central1.prod");
    const refused = await call(google.sandbox, `PUT binaryauthorization/v1/${POLICY}`, body, editor);
    expect(refused.status).toBe(403);
    expect(JSON.stringify(refused.json)).toContain("binaryauthorization.attestors.get");
    grant(google.sandbox.state, ATTESTOR, "roles/binaryauthorization.attestorsViewer", editor);
    expect((await call(google.sandbox, `PUT binaryauthorization/v1/${POLICY}`, body, editor)).status).toBe(200);
  });

  test("requires what does not exist only where that is let through", async () => {
    const put = async () =>
      (await call(google.sandbox, `PUT binaryauthorization/v1/${POLICY}`, requiring("us-central1.a"))).status;
    expect(await put()).toBe(200);
    google.sandbox.behaviour.refuseMissingAttestors = true;
    expect(await put()).toBe(400);
    await makeAttestor(google.sandbox, await makeKey(google.sandbox));
    expect(await put()).toBe(200);
  });

  test("put by hand is changed only by hand", async () => {
    putPolicy(google.sandbox.state, PROJECT, { defaultAdmissionRule: DENY });
    expect((await call(google.sandbox, `GET binaryauthorization/v1beta1/${POLICY}`)).json).toMatchObject({
      defaultAdmissionRule: DENY,
    });
  });
});

describe("attestors", () => {
  test("have the note under another name in each version of the API, and the service agent that reads it", async () => {
    const version = await makeKey(google.sandbox);
    await makeAttestor(google.sandbox, version);
    const v1 = (await call(google.sandbox, `GET binaryauthorization/v1/${ATTESTOR}`)).json;
    const beta = (await call(google.sandbox, `GET binaryauthorization/v1beta1/${ATTESTOR}`)).json;
    expect(v1.userOwnedGrafeasNote).toEqual(beta.userOwnedDrydockNote);
    expect(beta).not.toHaveProperty("userOwnedGrafeasNote");
    expect(v1.userOwnedGrafeasNote).toMatchObject({
      noteReference: NOTE,
      delegationServiceAccountEmail: expect.stringMatching(
        /^service-\d{12}@gcp-sa-binaryauthorization\.iam\.gserviceaccount\.com$/,
      ),
    });
    const { json } = await call(google.sandbox, `GET binaryauthorization/v1/projects/${PROJECT}/attestors`);
    expect(json.attestors).toEqual([v1]);
  });

  test("without an id, a key gets the one that Google's page computes for its example", async () => {
    const publicKeyPem =
      "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXnpuYEfvLl1kj4fjxViFRwY1a+zC\n5qzlf9LJIK+rnjq42tiKGyyXMbnZKJiYPPdMDGyltnkrABnztg2jJ48aYQ==\n-----END PUBLIC KEY-----\n";
    const made = await call(google.sandbox, `POST binaryauthorization/v1/projects/${PROJECT}/attestors?attestorId=a`, {
      userOwnedGrafeasNote: {
        noteReference: NOTE,
        publicKeys: [{ pkixPublicKey: { publicKeyPem, signatureAlgorithm: "EC_SIGN_P256_SHA256" } }],
      },
    });
    expect(made.json.userOwnedGrafeasNote).toMatchObject({
      publicKeys: [
        {
          id: "ni:///sha-256;EwVxs8fNUAHq9FI2AMfh8WNIXVBuuTMeGtPH72U-I70",
          pkixPublicKey: { publicKeyPem, signatureAlgorithm: "ECDSA_P256_SHA256" },
        },
      ],
    });
  });

  const pem = (make: () => { publicKey: { export(options: object): string | Buffer } }) =>
    make().publicKey.export({ type: "spki", format: "pem" }).toString();
  const p256 = pem(() => generateKeyPairSync("ec", { namedCurve: "prime256v1" }));
  const note = (...keys: [string, string][]) => ({
    userOwnedGrafeasNote: {
      noteReference: NOTE,
      publicKeys: keys.map(([publicKeyPem, signatureAlgorithm], index) => ({
        id: `k${index}`,
        pkixPublicKey: { publicKeyPem, signatureAlgorithm },
      })),
    },
  });
  test.each<[string, JsonObject, string]>([
    ["no note", {}, "attestor.user_owned_grafeas_note"],
    ["a short note", { userOwnedGrafeasNote: { noteReference: "built" } }, "note_reference"],
    ["a key of another size", note([p256, "ECDSA_P384_SHA384"]), "public_keys[0].pkix_public_key.public_key_pem"],
    ["a key that is none", note([p256, "ECDSA_P256_SHA256"], ["-----", "ECDSA_P256_SHA256"]), "public_keys[1]"],
    ["an unknown algorithm", note([p256, "ED25519"]), "signature_algorithm"],
  ])("with %s is refused", async (_, body, field) => {
    const path = `binaryauthorization/v1/projects/${PROJECT}/attestors?attestorId=a`;
    const answer = await call(google.sandbox, `POST ${path}`, body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify((answer.json.error as JsonObject).details)).toContain(field);
    expect(google.sandbox.state.attestors).toEqual({});
  });

  test("two keys of one id are refused", async () => {
    const body = note([p256, "ECDSA_P256_SHA256"], [p256, "ECDSA_P256_SHA256"]);
    body.userOwnedGrafeasNote.publicKeys[1].id = "k0";
    const path = `binaryauthorization/v1/projects/${PROJECT}/attestors?attestorId=a`;
    expect((await call(google.sandbox, `POST ${path}`, body)).status).toBe(400);
  });

  test("an update keeps the note, and a stale one is refused", async () => {
    await makeAttestor(google.sandbox, await makeKey(google.sandbox));
    const before = (await call(google.sandbox, `GET binaryauthorization/v1/${ATTESTOR}`)).json;
    const elsewhere = { userOwnedGrafeasNote: { noteReference: "projects/other-project/notes/x" } };
    expect((await call(google.sandbox, `PUT binaryauthorization/v1/${ATTESTOR}`, elsewhere)).status).toBe(400);
    const changed = { ...before, description: "changed" };
    expect((await call(google.sandbox, `PUT binaryauthorization/v1/${ATTESTOR}`, changed)).status).toBe(200);
    expect((await call(google.sandbox, `PUT binaryauthorization/v1/${ATTESTOR}`, changed)).status).toBe(409);
    expect((await call(google.sandbox, `DELETE binaryauthorization/v1/${ATTESTOR}`)).json).toEqual({});
    expect((await call(google.sandbox, `GET binaryauthorization/v1/${ATTESTOR}`)).status).toBe(404);
  });
});

describe("validateAttestationOccurrence", () => {
  const validate = async (attestation: JsonObject, fields: JsonObject = {}) =>
    (
      await call(google.sandbox, `POST binaryauthorization/v1/${ATTESTOR}:validateAttestationOccurrence`, {
        attestation,
        occurrenceNote: NOTE,
        occurrenceResourceUri: IMAGE,
        ...fields,
      })
    ).json;

  test("verifies what the key signed about the image, and nothing else", async () => {
    const version = await makeKey(google.sandbox);
    await makeAttestor(google.sandbox, version);
    const attestation = await sign(google.sandbox, version);
    const [signature] = attestation.signatures as JsonObject[];
    expect(await validate(attestation)).toEqual({ result: "VERIFIED" });
    expect(await validate(attestation, { occurrenceResourceUri: `https://${IMAGE}` })).toEqual({ result: "VERIFIED" });
    const bad: [JsonObject, JsonObject][] = [
      [{ ...attestation, serializedPayload: payload(`sha256:${"b".repeat(64)}`).toString("base64") }, {}],
      [{ ...attestation, signatures: [{ ...signature, publicKeyId: keyId(`${version}0`) }] }, {}],
      [{ ...attestation, signatures: [] }, {}],
      [attestation, { occurrenceNote: "projects/demo-project/notes/other" }],
      [attestation, { occurrenceResourceUri: IMAGE.replace(/a{64}/, "b".repeat(64)) }],
      [attestation, { occurrenceResourceUri: IMAGE.split("@")[0] }],
      [{}, {}],
    ];
    for (const [changed, fields] of bad) {
      expect(await validate(changed, fields)).toMatchObject({
        result: "ATTESTATION_NOT_VERIFIABLE",
        denialReason: expect.stringMatching(/\S/),
      });
    }
  });
});
