import { checkState } from "../../lib/review/engine";
import { lifecyclesIn, readTerraformJson } from "../../lib/trust";
import {
  ALLOW,
  ATTEST,
  ATTESTOR_ADDRESS,
  alarming,
  attestor,
  CI,
  CLUSTER,
  cluster,
  DENY,
  deployment,
  type Json,
  KMS_ID,
  keyMember,
  keyOf,
  keyVersion,
  noteMember,
  PROJECT,
  policy,
  projectMember,
  rule,
  service,
  stateOf,
} from "./checks/support";

const SOUND = {
  "google_binary_authorization_policy.p": policy({ clusters: { "us-central1.prod": ATTEST } }),
  [ATTESTOR_ADDRESS]: attestor(),
  [CLUSTER]: cluster(),
  "google_kms_crypto_key_version.v": keyVersion(),
  "google_kms_crypto_key_iam_member.ci": keyMember(CI),
  "google_container_analysis_note_iam_member.ci": noteMember(CI),
};
const found = (resources: Readonly<Record<string, Json>>) =>
  alarming(checkState({ models: [stateOf(resources)] }).findings).map(({ id }) => id);
const with_ = (more: Readonly<Record<string, Json>>) => found({ ...SOUND, ...more });
const P = "google_binary_authorization_policy.p";
const clusters = { "us-central1.prod": ATTEST };

test("a sound estate has no findings", () => {
  expect(checkState({ models: [stateOf(SOUND)] }).findings).toEqual([]);
});

test.each<[string, string, Readonly<Record<string, Json>>]>([
  ["P007", "an open default rule", { [P]: policy({ byDefault: ALLOW, clusters }) }],
  [
    "P009",
    "a rule that is a dry run",
    { [P]: policy({ byDefault: { ...DENY, enforcement_mode: "DRYRUN_AUDIT_LOG_ONLY" }, clusters }) },
  ],
  [
    "P013",
    "a rule for a cluster that is not there",
    { [P]: policy({ clusters: { ...clusters, "us-central1.typo": ATTEST } }) },
  ],
  [
    "P016",
    "an attestor that nothing describes",
    { [P]: policy({ clusters: { "us-central1.prod": rule("REQUIRE_ATTESTATION", ["projects/x/attestors/y"]) } }) },
  ],
  ["P017", "an exempt pattern that lets everybody in", { [P]: policy({ clusters, exempt: ["docker.io/**"] }) }],
  ["P021", "a rule without attestors", { [P]: policy({ byDefault: rule("REQUIRE_ATTESTATION"), clusters }) }],
  ["A003", "an attestor without keys", { [ATTESTOR_ADDRESS]: attestor([]) }],
  [
    "A006",
    "a PGP key",
    { [ATTESTOR_ADDRESS]: attestor([keyOf("A", KMS_ID), { id: "F", ascii_armored_pgp_public_key: "PGP" }]) },
  ],
  [
    "A012",
    "one key in two attestors",
    { "google_binary_authorization_attestor.b": attestor([keyOf("A", "x")], { name: "b" }) },
  ],
  [
    "K001",
    "a trusted version that cannot sign",
    { "google_kms_crypto_key_version.v": keyVersion({ state: "DISABLED" }) },
  ],
  ["I006", "everybody on a trust object", { "google_kms_crypto_key_iam_member.x": keyMember("allUsers") }],
  [
    "I011",
    "a signer who may edit the policy",
    { "google_project_iam_member.x": projectMember("roles/binaryauthorization.policyEditor", CI) },
  ],
  ["C002", "a cluster without enforcement", { [CLUSTER]: cluster({ mode: "DISABLED" }) }],
  ["C006", "a service that is not checked", { "google_cloud_run_v2_service.s": service(null) }],
  [
    "C007",
    "break-glass on Cloud Run",
    { "google_cloud_run_v2_service.s": service({ use_default: true, breakglass_justification: "why" }) },
  ],
  [
    "W001",
    "break-glass on a pod template",
    { "kubernetes_deployment_v1.w": deployment("a", { "image-policy.k8s.io/break-glass": "true" }) },
  ],
  ["W002", "an image by tag", { "kubernetes_deployment_v1.w": deployment("gcr.io/a/b:1") }],
])("%s: %s", (id, _, more) => {
  expect(with_(more)).toContain(id);
});

test("an attestor that no rule requires is idle", () => {
  const { findings } = checkState({ models: [stateOf({ ...SOUND, [P]: policy() })] });
  expect(findings.map(({ id }) => id)).toEqual(["A010"]);
});

test("two states with a policy for one project are P006, and nothing is said of its rules", () => {
  const models = [stateOf(SOUND), stateOf({ "google_binary_authorization_policy.q": policy({ byDefault: ALLOW }) })];
  const ids = checkState({ models }).findings.map(({ id }) => id);
  expect(ids).toContain("P006");
  expect(ids).not.toContain("P007");
});

test("what the synthesized configuration says: guards, ignored changes, construct paths", () => {
  const body = {
    "//": { metadata: { path: "app/policy", uniqueId: "p" } },
    project: PROJECT,
    default_admission_rule: { evaluation_mode: "ALWAYS_DENY", enforcement_mode: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
  };
  const json = (lifecycle: Json): Json => ({
    resource: { google_binary_authorization_policy: { p: { ...body, lifecycle } } },
  });
  const run = (lifecycle: Json) =>
    checkState({
      models: [readTerraformJson("cdk.tf.json", json(lifecycle))],
      lifecycles: new Map(lifecyclesIn("cdk.tf.json", json(lifecycle)).map((entry) => [entry.address, entry])),
    }).findings.map(({ constructPath, id }) => [id, constructPath]);
  expect(run({ prevent_destroy: true })).toEqual([]);
  expect(run({})).toEqual([["P023", "app/policy"]]);
  expect(run({ prevent_destroy: true, ignore_changes: ["default_admission_rule"] })).toContainEqual([
    "P022",
    "app/policy",
  ]);
});
