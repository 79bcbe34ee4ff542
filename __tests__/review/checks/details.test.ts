import { checkState } from "../../../lib/review/engine";
import { lifecyclesIn, readTerraformJson } from "../../../lib/trust";
import {
  ATTEST,
  ATTESTOR,
  ATTESTOR_ADDRESS,
  attestor,
  CHAIN,
  CI,
  CLUSTER,
  cluster,
  created,
  DEPLOYMENT,
  DIGEST,
  deployment,
  findingsOf,
  type Json,
  KMS_ID,
  keyMember,
  keyOf,
  MALLORY,
  NOTE,
  noteMember,
  POLICY,
  PROJECT,
  planOf,
  policy,
  policyPlan,
  projectMember,
  rule,
  same,
} from "./support";

// What the checks say beside that they found something: where, of whom, and in which words.

const APP = "us-docker.pkg.dev/sec-proj/apps/app";
const SECOND = `projects/${PROJECT}/attestors/qa`;
const THIRD = `projects/${PROJECT}/attestors/scan`;
const signed = (keyIds: readonly string[] = [KMS_ID], note = NOTE) => ({
  inventory: { images: [], attestations: [{ note, digest: DIGEST, keyIds }] },
});
const of = (id: string, plan: Json, around = {}) => findingsOf(plan, around).filter((finding) => finding.id === id);

describe("W003: an attestation of the inventory counts", () => {
  const running = (...attestors: Parameters<typeof planOf>[0]) =>
    planOf([
      same(CLUSTER, cluster()),
      same(POLICY, policy({ clusters: { "us-central1.prod": ATTEST } })),
      ...attestors,
      created(DEPLOYMENT, deployment(`${APP}@${DIGEST}`)),
    ]);

  test("with a key of the attestor, on its note", () => {
    const plan = running(same(ATTESTOR_ADDRESS, attestor()));
    expect(of("W003", plan, signed())).toEqual([]);
    expect(of("W003", plan, signed(["ni:///sha-256;other"]))).toHaveLength(1);
    expect(of("W003", plan, signed([KMS_ID], "projects/p/notes/other"))).toHaveLength(1);
  });

  test("never for an attestor that is in none of these files", () => {
    expect(of("W003", running(), signed())).toMatchObject([
      { address: DEPLOYMENT, message: expect.stringContaining(`no attestation of ${ATTESTOR} for ${APP}@${DIGEST}`) },
    ]);
  });
});

describe("W002: an image by tag", () => {
  const running = (labels: Json, ...others: Parameters<typeof planOf>[0]) =>
    planOf([...others, created(DEPLOYMENT, deployment(`${APP}:v1`, labels))]);
  const enforcing = [
    same(CLUSTER, cluster()),
    same(POLICY, policy({ clusters: { "us-central1.prod": ATTEST } })),
    same(ATTESTOR_ADDRESS, attestor()),
  ];

  test("is not refused where the pod breaks the glass, or no cluster is known to ask", () => {
    expect(of("W002", running({}, ...enforcing))).toMatchObject([{ address: DEPLOYMENT, after: `${APP}:v1` }]);
    expect(of("W002", running({ "image-policy.k8s.io/break-glass": "true" }, ...enforcing))).toEqual([]);
    expect(of("W002", running({}))).toEqual([]);
  });
});

describe("I001: who can sign", () => {
  const message = (plan: Json, around = {}) => of("I001", plan, around).map((finding) => finding.message);

  test("is told apart from who has one half of it", () => {
    const whole = planOf([
      ...CHAIN,
      created("google_kms_crypto_key_iam_member.m", keyMember(MALLORY)),
      created("google_container_analysis_note_iam_member.m", noteMember(MALLORY)),
    ]);
    expect(message(whole)).toEqual([
      `By the grants in these files, ${MALLORY} can use a key that ${ATTESTOR} trusts and attach to its note: it can make any image pass.`,
    ]);
    const half = planOf([
      same(ATTESTOR_ADDRESS, attestor()),
      created("google_kms_crypto_key_iam_member.m", keyMember(MALLORY)),
    ]);
    expect(message(half)).toEqual([
      `${MALLORY} gets one half of what signing for ${ATTESTOR} takes. Who holds the other half is not in these files.`,
    ]);
  });
});

test("I011 stands at a grant of the principal that it is about", () => {
  const plan = planOf([
    ...CHAIN.slice(0, 2),
    same("google_kms_crypto_key_iam_member.other", keyMember(MALLORY)),
    ...CHAIN.slice(2),
    created("google_project_iam_member.p", projectMember("roles/binaryauthorization.policyEditor", CI)),
  ]);
  expect(of("I011", plan)).toMatchObject([{ target: CI, address: "google_kms_crypto_key_iam_member.ci" }]);
});

describe("P014: a required attestor that is taken away", () => {
  const attestors = [
    same(ATTESTOR_ADDRESS, attestor()),
    ...["qa", "scan"].map((name) =>
      same(
        `google_binary_authorization_attestor.${name}`,
        attestor([keyOf(name)], { name, note: `projects/p/notes/${name}` }),
      ),
    ),
  ];
  // The provider keeps one attestor of a default rule only; those of a cluster it keeps all.
  const requires = (...names: readonly string[]) => ({
    clusters: { "us-central1.prod": rule("REQUIRE_ATTESTATION", names) },
  });

  test.each<[string, readonly string[], readonly string[], string, string]>([
    ["removed", [ATTESTOR, SECOND], [ATTESTOR], "Required attestor removed", ATTESTOR],
    ["exchanged", [ATTESTOR], [SECOND], "Required attestor exchanged for another one", SECOND],
    [
      "removed beside one that is new",
      [ATTESTOR, SECOND],
      [ATTESTOR, THIRD],
      "Required attestor removed",
      `${ATTESTOR}, ${THIRD}`,
    ],
  ])("is said to be %s", (_, before, after, title, left) => {
    expect(of("P014", policyPlan(requires(...before), requires(...after), attestors))).toMatchObject([
      { title, after: left },
    ]);
  });
});

test("P022 names the policy whose changes are ignored by its project, and a note by its address", () => {
  const json = {
    resource: {
      google_binary_authorization_policy: {
        p: {
          project: PROJECT,
          default_admission_rule: { evaluation_mode: "ALWAYS_DENY", enforcement_mode: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
          lifecycle: { prevent_destroy: true, ignore_changes: ["default_admission_rule"] },
        },
      },
      google_container_analysis_note: {
        n: { name: "build", project: PROJECT, lifecycle: { prevent_destroy: true, ignore_changes: "all" } },
      },
    },
  };
  const lifecycles = new Map(lifecyclesIn("cdk.tf.json", json).map((entry) => [entry.address, entry]));
  const { findings } = checkState({ models: [readTerraformJson("cdk.tf.json", json)], lifecycles });
  expect(
    findings.filter(({ id }) => id === "P022").map(({ address, after, target }) => [address, target, after]),
  ).toEqual([
    ["google_binary_authorization_policy.p", `projects/${PROJECT}/policy`, "default_admission_rule"],
    ["google_container_analysis_note.n", "google_container_analysis_note.n", "all"],
  ]);
});
