import { readState, type TrustModel } from "../../../lib/trust";
import {
  ATTESTOR,
  ATTESTOR_ADDRESS,
  attestor,
  type Case,
  CHAIN,
  CI,
  casesOf,
  changed,
  created,
  deleted,
  findingsOf,
  type Json,
  KEY,
  keyMember,
  keyOf,
  MALLORY,
  noteMember,
  POLICY,
  PROJECT,
  planOf,
  policy,
  policyPlan,
  projectMember,
  replaced,
  rule,
  same,
} from "./support";

const SIGN = "google_kms_crypto_key_iam_member.m";
const ATTACH = "google_container_analysis_note_iam_member.m";
const PROJECT_MEMBER = "google_project_iam_member.m";
const ACCOUNT_MEMBER = "google_service_account_iam_member.m";
const ACCOUNT_KEY = "google_service_account_key.k";
const CI_ID = `projects/${PROJECT}/serviceAccounts/ci@${PROJECT}.iam.gserviceaccount.com`;
const AGENT = "serviceAccount:service-123@gcp-sa-binaryauthorization.iam.gserviceaccount.com";
const VERIFIER = "google_binary_authorization_attestor_iam_member.v";
const BINDING = "google_binary_authorization_attestor_iam_binding.b";
const POOL = "google_iam_workload_identity_pool_provider.github";
const REPOSITORY = "google_artifact_registry_repository_iam_member.w";
const QA = "projects/sec-proj/attestors/qa";

const both = (member: string) => [created(SIGN, keyMember(member)), created(ATTACH, noteMember(member))];
const verifier = (member: string): Json => ({
  project: PROJECT,
  attestor: "build",
  role: "roles/binaryauthorization.attestorsVerifier",
  member,
  condition: [],
});
const actAs = (member: string, role = "roles/iam.serviceAccountTokenCreator"): Json => ({
  service_account_id: CI_ID,
  role,
  member,
  condition: [],
});
const provider = (condition: string | null): Json => ({
  project: PROJECT,
  workload_identity_pool_id: "github",
  workload_identity_pool_provider_id: "actions",
  attribute_condition: condition,
  attribute_mapping: { "google.subject": "assertion.sub" },
});
const poolMember = same(
  "google_service_account_iam_member.pool",
  actAs(
    "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/github/attribute.repository/o/r",
    "roles/iam.workloadIdentityUser",
  ),
);
const writer = (member: string, repository = "base"): Json => ({
  project: PROJECT,
  location: "us",
  repository,
  role: "roles/artifactregistry.writer",
  member,
  condition: [],
});
const exempting = same(POLICY, policy({ exempt: [`us-docker.pkg.dev/${PROJECT}/base/*`] }));
const CONDITION = [{ title: "t", description: "", expression: "request.time < timestamp('2027-01-01T00:00:00Z')" }];

const cases: readonly Case[] = [
  {
    id: "I001",
    name: "an account with key and note, and the same grants in other resources",
    bad: planOf([...CHAIN, ...both(MALLORY)]),
    twin: planOf([
      ...CHAIN.slice(0, 2),
      deleted("google_kms_crypto_key_iam_member.ci", keyMember(CI)),
      deleted("google_container_analysis_note_iam_member.ci", noteMember(CI)),
      created("google_kms_crypto_key_iam_binding.ci", {
        crypto_key_id: KEY,
        role: "roles/cloudkms.signer",
        members: [CI],
        condition: [],
      }),
      created(ATTACH, noteMember(CI)),
    ]),
    expected: { severity: "high", effects: ["opens"], target: MALLORY },
  },
  {
    id: "I001",
    name: "a person with key and note, and one that is expected to",
    bad: planOf([...CHAIN, ...both("user:eve@example.com")]),
    twin: planOf(CHAIN),
    expected: { severity: "critical", target: "user:eve@example.com" },
  },
  {
    id: "I001",
    name: "the key while no file says who may attach, and with all grants known",
    bad: planOf([same(ATTESTOR_ADDRESS, attestor()), created(SIGN, keyMember(MALLORY))]),
    twin: planOf([same(ATTESTOR_ADDRESS, attestor()), created(SIGN, keyMember(MALLORY))]),
    twinAround: { iam: stateOf([]) },
    undecided: true,
  },
  {
    id: "I001",
    name: "a role of another name with the same power, and a role that only reads",
    bad: planOf([
      ...CHAIN,
      created(PROJECT_MEMBER, projectMember("roles/cloudkms.cryptoOperator", MALLORY)),
      created(ATTACH, noteMember(MALLORY)),
    ]),
    twin: planOf([
      ...CHAIN,
      created(PROJECT_MEMBER, projectMember("roles/cloudkms.publicKeyViewer", MALLORY)),
      created(ATTACH, noteMember(MALLORY)),
    ]),
  },
  {
    id: "I002",
    name: "the key without the note, and nothing",
    bad: planOf([...CHAIN, created(SIGN, keyMember(MALLORY))]),
    twin: planOf([...CHAIN, created(SIGN, keyMember(MALLORY, { role: "roles/cloudkms.publicKeyViewer" }))]),
    expected: { severity: "medium", effects: ["opens"], target: MALLORY },
  },
  {
    id: "I002",
    name: "a key of which no file says who trusts it",
    bad: planOf([created(SIGN, keyMember(MALLORY))]),
    twin: planOf([same(SIGN, keyMember(MALLORY))]),
  },
  {
    id: "I003",
    name: "an editor of attestors, and a viewer",
    bad: planOf([created(PROJECT_MEMBER, projectMember("roles/binaryauthorization.attestorsEditor", MALLORY))]),
    twin: planOf([created(PROJECT_MEMBER, projectMember("roles/binaryauthorization.attestorsViewer", MALLORY))]),
    expected: { severity: "critical", effects: ["opens"], target: MALLORY },
  },
  {
    id: "I004",
    name: "an editor of the policy, and a viewer",
    bad: planOf([created(PROJECT_MEMBER, projectMember("roles/binaryauthorization.policyEditor", MALLORY))]),
    twin: planOf([created(PROJECT_MEMBER, projectMember("roles/binaryauthorization.policyViewer", MALLORY))]),
    expected: { severity: "critical" },
  },
  {
    id: "I004",
    name: "an editor of the project, and a member that is replaced by itself",
    bad: planOf([created(PROJECT_MEMBER, projectMember("roles/editor", MALLORY))]),
    twin: planOf([
      replaced(
        PROJECT_MEMBER,
        projectMember("roles/editor", MALLORY),
        projectMember("roles/editor", MALLORY),
        "project",
      ),
    ]),
  },
  {
    id: "I005",
    name: "an administrator of keys, and a viewer of them",
    bad: planOf([created(SIGN, keyMember(MALLORY, { role: "roles/cloudkms.admin" }))]),
    twin: planOf([created(SIGN, keyMember(MALLORY, { role: "roles/cloudkms.viewer" }))]),
    expected: { severity: "high", effects: ["opens"] },
  },
  {
    id: "I006",
    name: "everybody on a key, and one account",
    bad: planOf([created(SIGN, keyMember("allUsers"))]),
    twin: planOf([created(SIGN, keyMember(MALLORY))]),
    expected: { severity: "critical", target: "allUsers" },
  },
  {
    id: "I006",
    name: "a group on a note, and a group that only reads",
    bad: planOf([created(ATTACH, noteMember("group:devs@example.com"))]),
    twin: planOf([
      created(ATTACH, noteMember("group:devs@example.com", { role: "roles/containeranalysis.notes.viewer" })),
    ]),
    expected: { severity: "high" },
  },
  {
    id: "I007",
    name: "acting as the signer, and as another account",
    bad: planOf([...CHAIN, created(ACCOUNT_MEMBER, actAs(MALLORY))]),
    twin: planOf([
      ...CHAIN,
      created(ACCOUNT_MEMBER, {
        ...actAs(MALLORY),
        service_account_id: `projects/${PROJECT}/serviceAccounts/web@${PROJECT}.iam.gserviceaccount.com`,
      }),
    ]),
    expected: { severity: "high", effects: ["opens"], target: MALLORY },
  },
  {
    id: "I007",
    name: "a key of the account that signs, and of another one",
    bad: planOf([...CHAIN, created(ACCOUNT_KEY, { service_account_id: CI_ID })]),
    twin: planOf([
      ...CHAIN,
      created(ACCOUNT_KEY, {
        service_account_id: `projects/${PROJECT}/serviceAccounts/web@${PROJECT}.iam.gserviceaccount.com`,
      }),
    ]),
    expected: { target: CI },
  },
  {
    id: "I008",
    name: "a condition that is taken away, and one that is added",
    bad: planOf([...CHAIN, poolMember, changed(POOL, provider("assertion.repository == 'o/r'"), provider(null))]),
    twin: planOf([...CHAIN, poolMember, changed(POOL, provider(null), provider("assertion.repository == 'o/r'"))]),
    expected: { severity: "high", effects: ["opens"] },
  },
  {
    id: "I008",
    name: "a condition that changes",
    bad: planOf([
      ...CHAIN,
      poolMember,
      changed(POOL, provider("assertion.repository == 'o/r'"), provider("assertion.repository_owner == 'o'")),
    ]),
    twin: planOf([...CHAIN, poolMember, changed(POOL, provider(""), provider(null))]),
    undecided: true,
  },
  {
    id: "I009",
    name: "a condition that is taken off a grant, and one that is put on",
    bad: planOf([replaced(SIGN, keyMember(CI, { condition: CONDITION }), keyMember(CI), "condition")]),
    twin: planOf([replaced(SIGN, keyMember(CI), keyMember(CI, { condition: CONDITION }), "condition")]),
    expected: { severity: "high", effects: ["opens"], target: CI },
  },
  {
    id: "I010",
    name: "the agent loses an attestor, and somebody else does",
    bad: planOf([deleted(VERIFIER, verifier(AGENT))]),
    twin: planOf([deleted(VERIFIER, { ...verifier(MALLORY), role: "roles/binaryauthorization.attestorsViewer" })]),
    expected: { severity: "high", effects: ["blocks"], target: AGENT },
  },
  {
    id: "I010",
    name: "a binding that does not name the agent, and one that does",
    bad: planOf([created(BINDING, { ...verifier(""), member: undefined, members: [MALLORY] })]),
    twin: planOf([created(BINDING, { ...verifier(""), member: undefined, members: [MALLORY, AGENT] })]),
    undecided: true,
  },
  {
    id: "I011",
    name: "one signer for two attestors of a rule, and for one of them",
    bad: planOf([
      ...CHAIN,
      same(
        "google_binary_authorization_attestor.qa",
        attestor(
          [
            keyOf(
              "Q",
              "//cloudkms.googleapis.com/v1/projects/sec-proj/locations/us-central1/keyRings/ring/cryptoKeys/qa/cryptoKeyVersions/1",
            ),
          ],
          { name: "qa", note: "projects/sec-proj/notes/qa" },
        ),
      ),
      same(POLICY, policy({ byDefault: rule("REQUIRE_ATTESTATION", [ATTESTOR, QA]) })),
      created(PROJECT_MEMBER, projectMember("roles/cloudkms.signer", CI)),
      created(ATTACH, noteMember(CI, { note: "qa" })),
    ]),
    twin: planOf([
      ...CHAIN,
      same(
        "google_binary_authorization_attestor.qa",
        attestor([keyOf("Q")], { name: "qa", note: "projects/sec-proj/notes/qa" }),
      ),
      same(POLICY, policy({ byDefault: rule("REQUIRE_ATTESTATION", [ATTESTOR, QA]) })),
      created(ATTACH, noteMember(CI, { note: "qa" })),
    ]),
    expected: { severity: "high", effects: ["opens"], target: CI },
  },
  {
    id: "I011",
    name: "a signer who may edit the policy, and somebody else who may",
    bad: planOf([...CHAIN, created(PROJECT_MEMBER, projectMember("roles/binaryauthorization.policyEditor", CI))]),
    twin: planOf([...CHAIN, created(PROJECT_MEMBER, projectMember("roles/binaryauthorization.policyEditor", MALLORY))]),
  },
  {
    id: "I012",
    name: "a member that is not known, and one that was not known before",
    bad: planOf([
      created(SIGN, keyMember(CI), {
        change: { after: { ...keyMember(CI), member: null }, after_unknown: { member: true } },
      }),
    ]),
    twin: planOf([created(SIGN, keyMember(CI), { change: { after_unknown: { etag: true } } })]),
    undecided: true,
    expected: { severity: "critical", effects: ["blind"] },
  },
  {
    id: "I013",
    name: "a writer on an exempt repository, and on another one",
    bad: planOf([exempting, created(REPOSITORY, writer(MALLORY))]),
    twin: planOf([exempting, created(REPOSITORY, writer(MALLORY, "apps"))]),
    expected: { severity: "high", effects: ["opens"], target: MALLORY },
  },
  {
    id: "I013",
    name: "a writer on every repository of the project",
    bad: planOf([exempting, created(PROJECT_MEMBER, projectMember("roles/artifactregistry.writer", MALLORY))]),
    twin: policyPlan({}, {}, [created(PROJECT_MEMBER, projectMember("roles/artifactregistry.writer", MALLORY))]),
  },
];

casesOf(cases);

function stateOf(resources: readonly Json[]): TrustModel {
  return readState("iam.json", { format_version: "1.0", values: { root_module: { resources } } });
}

test("who is expected to sign is no alarm", () => {
  const plan = planOf([...CHAIN, ...both(MALLORY)]);
  const settings = { prodTargets: [], expectedSigners: [MALLORY] };
  expect(findingsOf(plan, { settings }).filter(({ id }) => id === "I001")).toMatchObject([{ severity: "info" }]);
});

test("a member that is replaced is one that loses and one that gains", () => {
  const plan = planOf([
    ...CHAIN.slice(0, 2),
    replaced(SIGN, keyMember(CI), keyMember(MALLORY), "member"),
    same(ATTACH, noteMember(CI)),
  ]);
  expect(findingsOf(plan).map(({ effects, id, target }) => [id, effects[0], target])).toEqual([
    ["I002", "opens", MALLORY],
    ["I001", "narrows", CI],
  ]);
});
