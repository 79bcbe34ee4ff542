import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestSigner, type TrustChain, trustChainFrom, trustChainOf } from "../../lib/testing";
import { DIGEST, denied, failureOf, NO_ATTESTATION, NO_DIGEST, OTHER_DIGEST, SIGNED } from "./support";

// What a team writes about its own program, here about main.ts itself.

const ATTESTOR = "projects/my-secure-project/attestors/build-attestor";
const PIPELINE = "serviceAccount:my-app-signed@my-secure-project.iam.gserviceaccount.com";
const CLUSTERS = ["us-central1.my-cluster", "us-central1-a.prod"];
const GRANTS = [
  "roles/artifactregistry.writer on repository my-repo",
  "roles/binaryauthorization.attestorsVerifier on attestor build-attestor",
  "roles/cloudkms.publicKeyViewer on key build-signer-key",
  "roles/cloudkms.signer on key build-signer-key",
  "roles/containeranalysis.notes.attacher on note build-provenance-note",
  "roles/containeranalysis.notes.occurrences.viewer on note build-provenance-note",
  "roles/containeranalysis.occurrences.editor on project my-secure-project",
  "roles/logging.logWriter on project my-secure-project",
];

const outdir = mkdtempSync(join(tmpdir(), "binauthz-testing-"));
let chain: TrustChain;
let signer: TestSigner;

beforeAll(() => {
  delete process.env.GOOGLE_PROJECT;
  process.env.CDKTF_OUTDIR = outdir;
  const { stack } = require("../../main") as typeof import("../../main");
  chain = trustChainOf(stack);
  signer = chain.testSigner("build-attestor");
});

afterAll(() => rmSync(outdir, { recursive: true, force: true }));

describe.each(CLUSTERS)("on %s", (name) => {
  test("an unsigned tag is denied, in Google's words", () => {
    const target = chain.cluster(name);
    expect(target).toDeny("nginx:latest", { reason: /digest/ });
    expect(target.decide("nginx:latest").message).toBe(denied("nginx:latest", name, ATTESTOR, NO_DIGEST));
  });

  test("an unsigned digest is denied", () => {
    const target = chain.cluster(name);
    expect(target).toDeny(SIGNED, { attestations: [], reason: NO_ATTESTATION });
    expect(target.decide(SIGNED, { attestations: [] }).message).toBe(denied(SIGNED, name, ATTESTOR, NO_ATTESTATION));
  });

  test("the signed digest is admitted, wherever it is pulled from", () => {
    const attestations = [signer.attest(SIGNED)];
    expect(chain.cluster(name)).toAdmit(SIGNED, { attestations, overriddenBy: false });
    expect(chain.cluster(name)).toAdmit(`mirror.example.com/my-app@${DIGEST}`, { attestations, overriddenBy: false });
  });

  test("its tag and another digest are not", () => {
    const attestations = [signer.attest(SIGNED)];
    expect(chain.cluster(name)).toDeny(SIGNED.replace(/@.*/, ":v1"), { attestations, reason: NO_DIGEST });
    expect(chain.cluster(name)).toDeny(SIGNED.replace(DIGEST, OTHER_DIGEST), {
      attestations,
      reason: "(other-digest)",
    });
  });

  test("a pod runs only if every one of its containers may", () => {
    const attestations = [signer.attest(SIGNED)];
    const exempt = "quay.io/example-monitor/agent:v1";
    expect(chain.cluster(name)).toAdmit([SIGNED, exempt], { attestations });
    expect(chain.cluster(name)).toDeny([SIGNED, exempt, "nginx"], {
      attestations,
      reason: /^admission webhook .*nginx/,
    });
  });

  test("break-glass admits, and is logged", () => {
    const labels = { "image-policy.k8s.io/break-glass": "true" };
    expect(chain.cluster(name)).toAdmit("nginx:latest", { labels, overriddenBy: "break-glass" });
    expect(chain.cluster(name).decide("nginx:latest", { labels }).auditLabels).toEqual({
      "imagepolicywebhook.image-policy.k8s.io/break-glass": "true",
      "imagepolicywebhook.image-policy.k8s.io/overridden-verification-result": `'nginx:latest' : Image nginx:latest denied by attestor ${ATTESTOR}: ${NO_DIGEST}\n`,
    });
  });
});

describe("with the rules of the clusters in dry run", () => {
  let dry: TrustChain;
  let folder: string;

  // What `dryRun: true` changes in the policy, and nothing else.
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "binauthz-dry-run-"));
    const json = JSON.parse(readFileSync(join(outdir, "stacks", "binauthz", "cdk.tf.json"), "utf8"));
    const [policy] = Object.values<Record<string, { enforcement_mode: string }[]>>(
      json.resource.google_binary_authorization_policy,
    );
    expect(policy.cluster_admission_rules).toHaveLength(2);
    for (const rule of policy.cluster_admission_rules) {
      expect(rule.enforcement_mode).toBe("ENFORCED_BLOCK_AND_AUDIT_LOG");
      rule.enforcement_mode = "DRYRUN_AUDIT_LOG_ONLY";
    }
    writeFileSync(join(folder, "cdk.tf.json"), JSON.stringify(json));
    dry = trustChainFrom(folder);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(CLUSTERS)("on %s what would be denied is admitted, and logged", (name) => {
    const verdict = dry.cluster(name).decide("nginx:latest");
    expect(verdict).toMatchObject({ verdict: "admitted", overriddenBy: "dry-run", images: [{ verdict: "denied" }] });
    expect(verdict.auditLabels).toEqual({
      "imagepolicywebhook.image-policy.k8s.io/dry-run": "true",
      "imagepolicywebhook.image-policy.k8s.io/overridden-verification-result": `'nginx:latest' : Image nginx:latest denied by attestor ${ATTESTOR}: ${NO_DIGEST}\n`,
    });
    expect(dry.cluster(name)).toAdmit("nginx:latest", { overriddenBy: "dry-run" });
    expect(dry.cluster(name)).toAdmit(SIGNED, { attestations: [], overriddenBy: "dry-run" });
  });

  test.each(CLUSTERS)("on %s what is signed is admitted, and nothing is logged", (name) => {
    const attestations = [dry.testSigner("build-attestor").attest(SIGNED)];
    const verdict = dry.cluster(name).decide(SIGNED, { attestations });
    expect(verdict).toMatchObject({ verdict: "admitted", auditLabels: {}, images: [{ verdict: "admitted" }] });
    expect(verdict).not.toHaveProperty("overriddenBy");
  });

  test("everywhere else the default rule still denies", () => {
    expect(dry.defaultRule()).toDeny("nginx:latest", { reason: /always_deny/ });
  });
});

test("everywhere else in the project nothing runs but what is exempt", () => {
  expect(chain.defaultRule()).toDeny(SIGNED, { attestations: [signer.attest(SIGNED)], reason: /always_deny/ });
  expect(chain.defaultRule()).toAdmit("quay.io/example-monitor/agent:v1");
});

test("the attestation is signed with the declared algorithm, under the id of the key version", () => {
  expect(signer.algorithm.kmsName).toBe("RSA_SIGN_PKCS1_4096_SHA512");
  expect(signer.attest(SIGNED)).toMatchObject({
    kind: "ATTESTATION",
    noteName: "projects/my-secure-project/notes/build-provenance-note",
    resourceUri: SIGNED,
    attestation: {
      signatures: [
        {
          publicKeyId:
            "//cloudkms.googleapis.com/v1/projects/my-secure-project/locations/global/keyRings/binauthz-ring/cryptoKeys/build-signer-key/cryptoKeyVersions/1",
        },
      ],
    },
  });
});

test("the pipeline's identity can do just that: build, push, sign", () => {
  expect(chain).toGrantOnly(PIPELINE, GRANTS);
  expect(chain).toGrantOnly(PIPELINE, [
    ...GRANTS.slice(1),
    "roles/artifactregistry.writer on projects/my-secure-project/locations/us-central1/repositories/my-repo",
  ]);
  expect(chain).not.toGrantOnly(PIPELINE, GRANTS.slice(1));
});

test("what is granted too much or too little is told", () => {
  const expected = [...GRANTS.slice(0, 3), ...GRANTS.slice(4), "roles/cloudkms.signerVerifier on key build-signer-key"];
  expect(failureOf(() => expect(chain).toGrantOnly(PIPELINE, expected))).toEqual([
    "Missing:",
    "  - roles/cloudkms.signerVerifier on key build-signer-key",
    "",
    "Unexpected:",
    "  + roles/cloudkms.signer on key build-signer-key",
    "",
    `Expected ${PIPELINE} to be granted exactly 8 roles, but it is granted 8 roles.`,
  ]);
  expect(failureOf(() => expect(chain).not.toGrantOnly(PIPELINE, GRANTS))).toEqual([
    "Granted:",
    ...GRANTS.map((grant) => `    ${grant}`),
    "",
    `Expected ${PIPELINE} not to be granted exactly 8 roles, but it is.`,
  ]);
});

test("the folder that was synthesized says the same as the stack", () => {
  const folder = trustChainFrom(outdir);
  const attestations = [folder.testSigner("build-attestor").attest(SIGNED)];
  for (const name of CLUSTERS) {
    expect(folder.cluster(name)).toDeny("nginx:latest");
    expect(folder.cluster(name)).toAdmit(SIGNED, { attestations });
    // One key stands in for one key id, whichever chain asks for it.
    expect(chain.cluster(name)).toAdmit(SIGNED, { attestations });
  }
  expect(folder).toGrantOnly(PIPELINE, GRANTS);
});
