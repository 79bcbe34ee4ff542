// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Terraform writes them

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readAttestorsExport, readPolicyExport } from "../../lib/trust/gcloud-export";
import { hidden, UNKNOWN } from "../../lib/trust/model";
import { policyYaml } from "../../lib/trust/policy-yaml";
import { openSourceText } from "../../lib/trust/source";
import { plain, readError, schemaViolations } from "./support";

const POLICY = `admissionWhitelistPatterns:
- namePattern: gcr.io/google_containers/*
clusterAdmissionRules:
  us-central1-a.prod:
    enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG
    evaluationMode: REQUIRE_ATTESTATION
    requireAttestationsBy:
    - projects/sec-proj/attestors/build
defaultAdmissionRule:
  enforcementMode: DRYRUN_AUDIT_LOG_ONLY
  evaluationMode: ALWAYS_DENY
etag: '"abc="'
globalPolicyEvaluationMode: ENABLE
name: projects/sec-proj/policy
updateTime: '2026-01-01T00:00:00Z'
`;

const policyOf = (text: string, options = {}) => {
  const { kind, model } = openSourceText("policy.yaml", text, options);
  expect(kind).toBe("policy");
  expect(schemaViolations(model)).toEqual([]);
  return model.policies[0];
};

describe("a policy that gcloud exported", () => {
  test("is read", () => {
    expect(plain(policyOf(POLICY))).toEqual({
      project: "sec-proj",
      globalPolicyEvaluationMode: "ENABLE",
      exemptImages: ["gcr.io/google_containers/*"],
      defaultRule: {
        evaluationMode: "ALWAYS_DENY",
        enforcementMode: "DRYRUN_AUDIT_LOG_ONLY",
        requireAttestationsBy: [],
      },
      specificRules: {
        kind: "cluster",
        rules: [
          {
            key: "us-central1-a.prod",
            rule: {
              evaluationMode: "REQUIRE_ATTESTATION",
              enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
              requireAttestationsBy: ["projects/sec-proj/attestors/build"],
            },
          },
        ],
      },
      origin: { source: "policy.yaml" },
    });
  });

  test("is written back as gcloud imports it, and read again the same", () => {
    const text = policyYaml(policyOf(POLICY));
    const lines = (yaml: string) => yaml.split("\n").map((line) => line.trim().replace(/^- /, ""));
    expect(lines(text)).toEqual(lines(POLICY).filter((line) => !/^(etag|updateTime):/.test(line)));
    expect(policyOf(text)).toEqual(policyOf(POLICY));
  });

  test.each([
    ["kubernetesNamespaceAdmissionRules", "namespace"],
    ["kubernetesServiceAccountAdmissionRules", "service-account"],
    ["istioServiceIdentityAdmissionRules", "istio-identity"],
  ])("%s are rules of their own kind, there and back", (field, kind) => {
    const text = POLICY.replace("clusterAdmissionRules", field);
    expect(plain(policyOf(text).specificRules)).toMatchObject({ kind });
    expect(policyOf(policyYaml(policyOf(text)))).toEqual(policyOf(text));
  });

  test("without mode, Google's own list is off; without name, the project is given beside it", () => {
    const text = POLICY.replace(/(globalPolicyEvaluationMode|name): .*\n/g, "");
    expect(plain(policyOf(text, { project: "sec-proj" }))).toMatchObject({
      project: "sec-proj",
      globalPolicyEvaluationMode: "DISABLE",
    });
  });

  test.each<[string, (text: string) => string, string, object?]>([
    [
      "without project",
      (text) => text.replace(/^name: .*$/m, ""),
      "policy.yaml: the policy names no project; allowed: a name of the form projects/PROJECT/policy, or the project given beside the file",
    ],
    [
      "of another project",
      (text) => text,
      'policy.yaml: the policy is that of sec-proj, and not of the project given beside it, got "other-proj"; allowed: the project of the policy',
      { project: "other-proj" },
    ],
    [
      "with an unknown field",
      (text) => `${text}futureRules: {}\n`,
      'policy.yaml, policy: has the unknown field "futureRules"; allowed: admissionWhitelistPatterns, defaultAdmissionRule, description, etag, globalPolicyEvaluationMode, name, updateTime, clusterAdmissionRules, kubernetesNamespaceAdmissionRules, kubernetesServiceAccountAdmissionRules, istioServiceIdentityAdmissionRules',
    ],
    [
      "with rules of two kinds",
      (text) => `${text}kubernetesNamespaceAdmissionRules:\n  ns: {}\n`,
      "policy.yaml: the policy has rules of several kinds, clusterAdmissionRules and kubernetesNamespaceAdmissionRules; allowed: rules of one kind beside the default rule",
    ],
    [
      "with an unknown mode",
      (text) => text.replace("ALWAYS_DENY", "DENY"),
      'policy.yaml, defaultAdmissionRule: "evaluationMode" is not valid, got "DENY"; allowed: ALWAYS_ALLOW, ALWAYS_DENY, REQUIRE_ATTESTATION',
    ],
    [
      "with a rule that is none",
      (text) => text.replace(/prod:\n(.*\n){4}/, "prod: x\n"),
      'policy.yaml, clusterAdmissionRules["us-central1-a.prod"]: is not valid, got "x"; allowed: an object',
    ],
    [
      "with a key twice",
      (text) => `${text}name: projects/sec-proj/policy\n`,
      "policy.yaml, line 16: is no YAML (Map keys must be unique); allowed: one YAML document",
    ],
    [
      "that breaks off",
      (text) => `${text}  x: [`,
      expect.stringMatching(/^policy\.yaml, line 16: is no YAML \(.*\); allowed: one YAML document$/),
    ],
  ])("%s is refused", (_, change, message, options = {}) => {
    expect(readError(() => openSourceText("policy.yaml", change(POLICY), options))).toEqual(message);
  });

  test.each([
    ["exemptImages", { exemptImages: UNKNOWN }, '"exemptImages" of the policy is not known before the apply'],
    ["defaultRule", { defaultRule: hidden("${x.y}") }, '"defaultRule" of the policy is not known (${x.y})'],
    ["project", { project: "${x.project}" }, '"name" of the policy is not known (${x.project})'],
  ])("is not written where its %s is not known", (_, change, message) => {
    expect(readError(() => policyYaml({ ...policyOf(POLICY), ...change }))).toBe(
      `policy.yaml: ${message}; allowed: a policy of which every value is known`,
    );
  });
});

describe("attestors that gcloud listed", () => {
  const { publicKeyPem } = JSON.parse(readFileSync(join(__dirname, "..", "fixtures", "binauthz-vectors.json"), "utf8"))
    .vectors[0];
  const attestor = (note: object) => [
    {
      name: "projects/sec-proj/attestors/build",
      updateTime: "2026-01-01T00:00:00Z",
      userOwnedGrafeasNote: { noteReference: "projects/sec-proj/notes/n", ...note },
    },
  ];

  test("are read, with the names of algorithms translated", () => {
    const keys = [
      { id: "a", pkixPublicKey: { publicKeyPem, signatureAlgorithm: "EC_SIGN_P256_SHA256" } },
      { id: "B", comment: "c", asciiArmoredPgpPublicKey: "PGP" },
    ];
    const model = readAttestorsExport("attestors.json", attestor({ publicKeys: keys }));
    expect(schemaViolations(model)).toEqual([]);
    expect(plain(model.attestors)).toMatchObject([
      {
        name: "projects/sec-proj/attestors/build",
        noteName: "projects/sec-proj/notes/n",
        publicKeys: [
          { id: "a", type: "pkix", material: { format: "pem" }, algorithm: "ECDSA_P256_SHA256" },
          { id: "B", type: "pgp", material: { format: "unverified", text: "PGP" } },
        ],
        origin: { source: "attestors.json" },
      },
    ]);
  });

  test("without keys have none", () => {
    const model = readAttestorsExport("attestors.json", attestor({}));
    expect(plain(model.attestors)).toMatchObject([{ publicKeys: [] }]);
  });

  test.each<[string, unknown, string]>([
    ["no object", [1], "attestors.json, attestor 1: is not valid, got 1; allowed: an object"],
    [
      "a short name",
      [{ name: "build", userOwnedGrafeasNote: {} }],
      'attestors.json, attestor 1: "name" is not valid, got "build"; allowed: projects/PROJECT/attestors/NAME',
    ],
    [
      "no note",
      attestor({ noteReference: null }),
      'attestors.json, attestor 1.userOwnedGrafeasNote[0]: "noteReference" is not valid, got "nothing"; allowed: text',
    ],
    [
      "a key without id",
      attestor({ publicKeys: [{ pkixPublicKey: {} }] }),
      'attestors.json, attestor 1.userOwnedGrafeasNote[0].publicKeys[0]: "id" is not valid, got "nothing"; allowed: text',
    ],
    [
      "a key of no kind",
      attestor({ publicKeys: [{ id: "x" }] }),
      'attestors.json, attestor 1.userOwnedGrafeasNote[0].publicKeys[0]: "pkixPublicKey" is not valid; allowed: a key in PKIX or PGP form',
    ],
  ])("%s is refused", (_, json, message) => {
    expect(readError(() => readAttestorsExport("attestors.json", json))).toBe(message);
  });
});

test("a policy is no policy where it is nothing of the kind", () => {
  expect(readError(() => readPolicyExport("policy.yaml", null))).toBe(
    "policy.yaml, policy: is not valid, got null; allowed: an object",
  );
});
