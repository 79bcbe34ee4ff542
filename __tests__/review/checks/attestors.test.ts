import { generateKeyPairSync } from "node:crypto";
import type { Inventory } from "../../../lib/review/types";
import { publicKeyDigestId } from "../../../lib/vocabulary/public-key";
import {
  ATTEST,
  ATTESTOR,
  ATTESTOR_ADDRESS,
  attestor,
  attestorPlan,
  type Case,
  casesOf,
  changed,
  created,
  DENY,
  DIGEST,
  deleted,
  findingsOf,
  KMS_ID,
  keyOf,
  keyVersion,
  NOTE,
  note,
  POLICY,
  planOf,
  policy,
  replaced,
  rule,
  same,
  VERSION,
} from "./support";

const pem = () => {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { pem: publicKey.export({ type: "spki", format: "pem" }).toString(), id: publicKeyDigestId(publicKey) };
};
const REAL = pem();

const A = keyOf("A", KMS_ID);
const B = keyOf("B");
const PGP = { id: "ABCD", comment: null, ascii_armored_pgp_public_key: "PGP", pkix_public_key: [] };
const requiring = same(POLICY, policy({ byDefault: ATTEST }));
const NOTE_ADDRESS = "google_container_analysis_note.n";
const VERSION_ADDRESS = "google_kms_crypto_key_version.v";
const QA = "google_binary_authorization_attestor.qa";
const algorithm = (name: string) =>
  keyOf("B", "ni:///sha-256;B", { pkix_public_key: [{ public_key_pem: "B", signature_algorithm: name }] });

const cases: readonly Case[] = [
  {
    id: "A001",
    name: "a key more, and the same keys in another order and spelling",
    bad: attestorPlan([A], [A, B]),
    twin: attestorPlan([A, B], [keyOf(" B\n", "ni:///sha-256;B"), A]),
    expected: { severity: "high", effects: ["opens"], address: ATTESTOR_ADDRESS, target: ATTESTOR },
  },
  {
    id: "A001",
    name: "a key that is read, by its fingerprint, and the same one in other lines",
    bad: attestorPlan([A], [A, keyOf(REAL.pem, REAL.id)]),
    twin: attestorPlan([keyOf(REAL.pem, REAL.id)], [keyOf(`\n${REAL.pem}\n\n`, REAL.id)]),
  },
  {
    id: "A002",
    name: "a key less, and one that is written twice",
    bad: attestorPlan([A, B], [A]),
    twin: attestorPlan([A, A], [A]),
    expected: { severity: "high", effects: ["blocks", "narrows"] },
  },
  {
    id: "A003",
    name: "no keys left, and one left",
    bad: attestorPlan([A, B], []),
    twin: attestorPlan([A, B], [B]),
    expected: { severity: "critical", effects: ["blocks", "narrows"], after: "no keys" },
  },
  {
    id: "A003",
    name: "a new attestor without keys that a rule requires, and one that none requires",
    bad: planOf([created(ATTESTOR_ADDRESS, attestor([])), requiring]),
    twin: planOf([created(ATTESTOR_ADDRESS, attestor([])), same(POLICY, policy())]),
  },
  {
    id: "A004",
    name: "a key under another id, and under the same one with another comment",
    bad: attestorPlan([A, B], [keyOf("B", KMS_ID)]),
    twin: attestorPlan([A, B], [{ ...B, comment: "second" }, A]),
    expected: { severity: "critical", effects: ["blocks", "blind"] },
  },
  {
    id: "A005",
    name: "another key under an id, and beside it",
    bad: attestorPlan([A], [keyOf("NEW", KMS_ID)]),
    twin: attestorPlan([A], [A, keyOf("NEW")]),
    expected: { severity: "critical", effects: ["opens", "blocks"] },
  },
  {
    id: "A006",
    name: "a PGP key, and a P-256 one",
    bad: attestorPlan([A], [A, PGP]),
    twin: attestorPlan([A], [A, B]),
    expected: { severity: "medium", effects: ["opens"] },
  },
  {
    id: "A006",
    name: "an algorithm that is not specified, and another spelling of the same one",
    bad: attestorPlan([A], [A, algorithm("SIGNATURE_ALGORITHM_UNSPECIFIED")]),
    twin: attestorPlan([A, algorithm("EC_SIGN_P256_SHA256")], [A, algorithm("ECDSA_P256_SHA256")]),
  },
  {
    id: "A007",
    name: "an attestor with another note, and with another description",
    bad: planOf([
      replaced(
        ATTESTOR_ADDRESS,
        attestor(),
        attestor(undefined, { note: "projects/sec-proj/notes/other" }),
        "attestation_authority_note",
      ),
    ]),
    twin: planOf([changed(ATTESTOR_ADDRESS, attestor(), attestor(undefined, { description: "words" }))]),
    expected: { severity: "critical", effects: ["blocks"], target: ATTESTOR, after: "projects/sec-proj/notes/other" },
  },
  {
    id: "A008",
    name: "an attestor that is destroyed and required, and one that is not required",
    bad: planOf([deleted(ATTESTOR_ADDRESS, attestor()), requiring]),
    twin: planOf([deleted(ATTESTOR_ADDRESS, attestor()), same(POLICY, policy({ byDefault: DENY }))]),
    expected: { severity: "critical", effects: ["blocks"] },
  },
  {
    id: "A008",
    name: "an attestor that is destroyed while no file has a rule",
    bad: planOf([deleted(ATTESTOR_ADDRESS, attestor())]),
    twin: planOf([deleted(ATTESTOR_ADDRESS, attestor(), { actions: ["forget"] })]),
    undecided: true,
  },
  {
    id: "A009",
    name: "a note that is destroyed, and one that changes its text",
    bad: planOf([deleted(NOTE_ADDRESS, note()), same(ATTESTOR_ADDRESS, attestor())]),
    twin: planOf([changed(NOTE_ADDRESS, note(), note({ short_description: "words" }))]),
    expected: { severity: "critical", effects: ["blocks"], target: NOTE },
  },
  {
    id: "A009",
    name: "a note that is replaced, and one that is forgotten",
    bad: planOf([replaced(NOTE_ADDRESS, note(), note(), "name")]),
    twin: planOf([deleted(NOTE_ADDRESS, note(), { actions: ["forget"] })]),
  },
  {
    id: "A010",
    name: "an attestor that a rule stops requiring, and one that it requires",
    bad: planOf([same(ATTESTOR_ADDRESS, attestor()), changed(POLICY, policy({ byDefault: ATTEST }), policy())]),
    twin: planOf([same(ATTESTOR_ADDRESS, attestor()), requiring]),
    expected: { severity: "low", effects: ["narrows"] },
  },
  {
    id: "A011",
    name: "a key that is no version of Cloud KMS, and one of an HSM that the plan has",
    bad: attestorPlan([B], [B, keyOf("X")]),
    twin: attestorPlan([B], [B, A], [same(VERSION_ADDRESS, keyVersion())]),
    expected: { severity: "medium", effects: ["blind"] },
  },
  {
    id: "A011",
    name: "a key that is protected by software only",
    bad: attestorPlan([B], [B, A], [same(VERSION_ADDRESS, keyVersion({ protection_level: "SOFTWARE" }))]),
    twin: attestorPlan([B], [B, A], [same(VERSION_ADDRESS, keyVersion({ protection_level: "HSM" }))]),
  },
  {
    id: "A012",
    name: "one key in two attestors, and two keys",
    bad: planOf([same(ATTESTOR_ADDRESS, attestor([A])), created(QA, attestor([keyOf("A", "other")], { name: "qa" }))]),
    twin: planOf([same(ATTESTOR_ADDRESS, attestor([A])), created(QA, attestor([B], { name: "qa" }))]),
    expected: { severity: "high", effects: ["opens"] },
  },
];

casesOf(cases);

test("07 the other way round: the key that is prepended takes the id of the one that was there", () => {
  const ids = findingsOf(attestorPlan([keyOf("B", KMS_ID)], [keyOf("A", KMS_ID), B])).map(({ id }) => id);
  expect([...ids].sort()).toEqual(["A001", "A004", "A005", "A011"]);
});

describe("A002 with an inventory", () => {
  const inventory = (keyIds: readonly string[]): Inventory => ({
    images: [{ image: `gcr.io/p/app@${DIGEST}` }],
    attestations: [{ note: NOTE, digest: DIGEST, keyIds }],
  });
  const message = (keyIds: readonly string[]) =>
    findingsOf(attestorPlan([A, B], [A]), { inventory: inventory(keyIds) }).find(({ id }) => id === "A002")?.message;

  test("counts the images that lose their last attestation, and no others", () => {
    expect(message(["ni:///sha-256;B"])).toContain("1 of 1 images that run lose");
    expect(message(["ni:///sha-256;B", KMS_ID])).toContain("0 of 1 images that run lose");
  });

  test("without one, no number is said", () => {
    const [{ message: text }] = findingsOf(attestorPlan([A, B], [A]));
    expect(text).toContain("not known without an inventory");
    expect(text).not.toMatch(/\d+ of \d+/);
  });
});

test("a rule that both attestors are required by stays one rule", () => {
  const both = rule("REQUIRE_ATTESTATION", [ATTESTOR, "projects/sec-proj/attestors/qa"]);
  const plan = planOf([
    same(ATTESTOR_ADDRESS, attestor([A])),
    same(QA, attestor([B], { name: "qa" })),
    same(POLICY, policy({ byDefault: both })),
    same(VERSION_ADDRESS, keyVersion({ name: VERSION })),
  ]);
  expect(findingsOf(plan)).toEqual([]);
});
