// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Terraform writes them

import fc from "fast-check";
import { admit, type Evidence, type Occurrence, type Target, type Verdict } from "../../lib/admission";
import { readPlan, readTerraformJson, type TrustModel } from "../../lib/trust";
import { GoogleDouble } from "../support/google-double";
import { describeIfTerraform, PROVIDER_VERSION, TerraformDir } from "../support/terraform";
import { attest, DIGEST, IMAGE, OTHER_DIGEST, PROJECT, REPOSITORY, testKey, verifier } from "./support";

// One configuration, read twice: as it was written, and as the real provider planned it. Whatever is asked, the answers are
// the same. BINAUTHZ_PLANS says how many configurations are planned; each takes Terraform a few seconds.
const PLANS = Number(process.env.BINAUTHZ_PLANS ?? 4);
const SEED = Number(process.env.BINAUTHZ_SEED ?? 20261120);

const KEYS = [
  testKey("first"),
  testKey("second"),
  testKey("third", "ECDSA_P384_SHA384"),
  testKey("rsa", "RSA_SIGN_PKCS1_2048_SHA256"),
];
const KMS_ID = "//cloudkms.googleapis.com/v1/projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1";
const NOTES = ["built", "scanned"];
const ATTESTORS = ["built-by-ci", "scanned"];
const CLUSTERS = ["prod", "test"];

const publicKey = fc
  .record({ key: fc.nat(KEYS.length - 1), id: fc.constantFrom("own", "kms", "none") })
  .map(({ key, id }) => ({
    ...(id !== "none" && { id: id === "own" ? KEYS[key].id : KMS_ID }),
    pkix_public_key: { public_key_pem: KEYS[key].pem, signature_algorithm: KEYS[key].algorithm },
  }));

/** The ways to name an attestor that Terraform knows when it plans. */
const attestorReference = fc
  .tuple(fc.nat(ATTESTORS.length - 1), fc.constantFrom("full", "short", "reference"))
  .map(([index, form]) => {
    const name = ATTESTORS[index];
    return form === "full"
      ? `projects/${PROJECT}/attestors/${name}`
      : form === "short"
        ? name
        : `\${google_binary_authorization_attestor.a${index}.name}`;
  });

const rule = fc
  .record({
    evaluation_mode: fc.constantFrom("ALWAYS_ALLOW", "ALWAYS_DENY", "REQUIRE_ATTESTATION", "REQUIRE_ATTESTATION"),
    enforcement_mode: fc.constantFrom(
      "ENFORCED_BLOCK_AND_AUDIT_LOG",
      "ENFORCED_BLOCK_AND_AUDIT_LOG",
      "DRYRUN_AUDIT_LOG_ONLY",
    ),
    require_attestations_by: fc.uniqueArray(attestorReference, { minLength: 1, maxLength: 2 }),
  })
  .map(({ require_attestations_by, ...modes }) =>
    modes.evaluation_mode === "REQUIRE_ATTESTATION" ? { ...modes, require_attestations_by } : modes,
  );

const configuration = fc
  .record({
    noteReferences: fc.tuple(...NOTES.map(() => fc.constantFrom("full", "short", "reference"))),
    keys: fc.tuple(...ATTESTORS.map(() => fc.array(publicKey, { maxLength: 3 }))),
    patterns: fc.uniqueArray(
      fc.constantFrom("nginx", "quay.io/monitor/*", "gcr.io/**", `${REPOSITORY}@*`, "gcr.io/p/a:1"),
      { maxLength: 3 },
    ),
    global: fc.constantFrom("ENABLE", "DISABLE", undefined),
    defaultRule: rule,
    clusterRules: fc.uniqueArray(fc.record({ cluster: fc.constantFrom(...CLUSTERS, "elsewhere"), rule }), {
      selector: ({ cluster }) => cluster,
      maxLength: 3,
    }),
    modes: fc.tuple(
      ...CLUSTERS.map(() =>
        fc.constantFrom("PROJECT_SINGLETON_POLICY_ENFORCE", "PROJECT_SINGLETON_POLICY_ENFORCE", "DISABLED", undefined),
      ),
    ),
  })
  .map((given) => ({
    terraform: { required_providers: { google: { source: "hashicorp/google", version: PROVIDER_VERSION } } },
    provider: { google: [{ project: PROJECT, region: "us-central1" }] },
    resource: {
      google_container_analysis_note: Object.fromEntries(
        NOTES.map((name, index) => [
          `n${index}`,
          { name, attestation_authority: { hint: { human_readable_name: name } } },
        ]),
      ),
      google_binary_authorization_attestor: Object.fromEntries(
        ATTESTORS.map((name, index) => [
          `a${index}`,
          {
            name,
            attestation_authority_note: {
              note_reference: {
                full: `projects/${PROJECT}/notes/${NOTES[index]}`,
                short: NOTES[index],
                reference: `\${google_container_analysis_note.n${index}.name}`,
              }[given.noteReferences[index]],
              ...(given.keys[index].length > 0 && { public_keys: given.keys[index] }),
            },
          },
        ]),
      ),
      google_binary_authorization_policy: {
        policy: {
          ...(given.global !== undefined && { global_policy_evaluation_mode: given.global }),
          admission_whitelist_patterns: given.patterns.map((name_pattern) => ({ name_pattern })),
          default_admission_rule: given.defaultRule,
          cluster_admission_rules: given.clusterRules.map(({ cluster, rule: one }) => ({
            cluster: `us-central1-a.${cluster}`,
            ...one,
          })),
        },
      },
      google_container_cluster: Object.fromEntries(
        CLUSTERS.map((name, index) => [
          name,
          {
            name,
            location: "us-central1-a",
            initial_node_count: 1,
            ...(given.modes[index] !== undefined && { binary_authorization: { evaluation_mode: given.modes[index] } }),
          },
        ]),
      ),
    },
  }));

const IMAGES = [
  "nginx",
  "nginx:latest",
  "quay.io/monitor/agent:1",
  `gcr.io/p/a@${DIGEST}`,
  "gcr.io/p/a:1",
  IMAGE,
  `${REPOSITORY}@${OTHER_DIGEST}`,
  "gke.gcr.io/x:1",
];
const OCCURRENCES: readonly Occurrence[] = NOTES.flatMap((note) =>
  KEYS.flatMap((key) =>
    [key.id, KMS_ID].map((keyId) => attest(IMAGE, { key, keyId, note: `projects/${PROJECT}/notes/${note}` })),
  ),
);
const question = fc.record({
  images: fc.subarray(IMAGES, { minLength: 1, maxLength: 3 }),
  target: fc.constantFrom<Target>(
    { kind: "default", project: PROJECT },
    ...[...CLUSTERS, "elsewhere", "unruled"].map(
      (name): Target => ({ kind: "gke", project: PROJECT, location: "us-central1-a", name }),
    ),
  ),
  occurrences: fc.oneof(
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 5, arbitrary: fc.subarray([...OCCURRENCES]) },
  ),
  labels: fc.constantFrom<Record<string, string>>({}, {}, { "image-policy.k8s.io/break-glass": "true" }),
});
type Question = typeof question extends fc.Arbitrary<infer T> ? T : never;

function answer(trust: TrustModel, { images, target, occurrences, labels }: Question): Verdict {
  const pod = { images: images.map((image) => ({ image, container: "c", kind: "container" as const })), labels };
  const evidence: Evidence = occurrences && { occurrences };
  return admit({ target, pod }, trust, evidence, verifier);
}

/**
 * What a verdict says, without the words in which it says why something is not known. The attestors of a rule are a set to
 * the provider: their order, and with it that of the parts of a message, is not that of the configuration.
 */
function essence({ images, message, auditLabels, ...verdict }: Verdict): unknown {
  return {
    ...verdict,
    message: parts(message),
    auditLabels: Object.entries(auditLabels).map(([label, value]) => [label, parts(value)]),
    images: images.map(({ diagnosis, attestors, message: text, ...image }) => ({
      ...image,
      message: parts(text),
      diagnosis: diagnosis.map(({ code }) => code),
      attestors: attestors
        .map((attestor) => ({ ...attestor, diagnosis: attestor.diagnosis.map(({ code }) => code) }))
        .sort((one, other) => one.attestor.localeCompare(other.attestor)),
    })),
  };
}

function parts(text: string | undefined): string[] | undefined {
  return text?.split(/\. |\n| : /).sort();
}

test("an attestor that is named in two forms is one, as it is to the provider", () => {
  const [json] = fc.sample(configuration, { seed: SEED, numRuns: 1 });
  const rule = {
    evaluation_mode: "REQUIRE_ATTESTATION",
    enforcement_mode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
    require_attestations_by: [
      "scanned",
      "built-by-ci",
      `projects/${PROJECT}/attestors/built-by-ci`,
      "${google_binary_authorization_attestor.a0.name}",
      "${var.one}",
      "${var.one}",
    ],
  };
  const resource = { google_binary_authorization_policy: { policy: { default_admission_rule: rule } } };
  const { policies } = readTerraformJson("cdk.tf.json", { ...json, resource: { ...json.resource, ...resource } });
  expect(policies[0].defaultRule).toMatchObject({
    value: {
      requireAttestationsBy: {
        value: [
          { state: "known", value: `projects/${PROJECT}/attestors/scanned` },
          { state: "known", value: `projects/${PROJECT}/attestors/built-by-ci` },
          { state: "hidden" },
          { state: "hidden" },
        ],
      },
    },
  });
});

describeIfTerraform("a configuration as it is written, and as Terraform plans it", () => {
  let google: GoogleDouble;
  let terraform: TerraformDir;

  beforeAll(async () => {
    google = await GoogleDouble.start();
    terraform = TerraformDir.temporary(google.terraformEnv());
    const [first] = fc.sample(configuration, { seed: SEED, numRuns: 1 });
    terraform.write(first, "cdk.tf.json");
    await terraform.init();
  }, 120_000);

  afterAll(async () => {
    terraform?.remove();
    await google?.stop();
  });

  const outcomes = new Set<string>();

  test.each(
    fc.sample(configuration, { seed: SEED, numRuns: PLANS }).map((json, index) => ({ number: index + 1, json })),
  )(
    "the same verdicts: configuration $number",
    async ({ json }) => {
      terraform.write(json, "cdk.tf.json");
      const plan = await terraform.plan("-refresh=false");
      const written = readTerraformJson("cdk.tf.json", json);
      const planned = readPlan("plan.json", plan.json).after;
      expect(planned.policies).toHaveLength(1);
      for (const asked of fc.sample(question, { seed: SEED, numRuns: 300 })) {
        const verdict = answer(planned, asked);
        outcomes.add(verdict.verdict);
        expect([asked.images, asked.target, essence(answer(written, asked))]).toEqual([
          asked.images,
          asked.target,
          essence(verdict),
        ]);
      }
    },
    60_000,
  );

  test("of every kind some", () => {
    expect([...outcomes].sort()).toEqual(["admitted", "denied", "undecided"]);
  });
});
