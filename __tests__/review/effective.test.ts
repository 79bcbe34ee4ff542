import { compareRules, type Effective, effectiveAt, type Settled, worstOf } from "../../lib/review/effective";
import { allRulesKnown, factsOf } from "../../lib/review/facts";
import { known, type Policy, type Rule, UNKNOWN } from "../../lib/trust/model";
import { ALLOW, CLUSTER, cluster, DENY, model, policy, rule } from "../admission/support";

const A = "projects/p/attestors/a";
const B = "projects/p/attestors/b";
const RULES: readonly Rule[] = [
  DENY,
  ALLOW,
  rule("REQUIRE_ATTESTATION", [A]),
  rule("REQUIRE_ATTESTATION", [B]),
  rule("REQUIRE_ATTESTATION", [A, B]),
];
/** Every image there can be, by the attestors that attested it. */
const IMAGES: readonly (readonly string[])[] = [[], [A], [B], [A, B]];

/** The strictest that a target could be. */
const bestOf = (effective: Effective): Settled => (effective.kind === "undecided" ? effective.best : effective);

function admits(effective: Settled, image: readonly string[]): boolean {
  return (
    effective.kind === "allow" ||
    (effective.kind === "attest" && effective.by.every((attestor) => image.includes(attestor)))
  );
}

const admittedBy = (effective: Settled) => IMAGES.filter((image) => admits(effective, image));

/** A policy of which only the default rule is surely for some cluster: the keys of the others are not known. */
function maybe(byDefault: Rule, others: readonly Rule[]): Policy {
  const rules = others.map((other) => ({ key: UNKNOWN, rule: other }));
  return policy({ defaultRule: known(byDefault), specificRules: known({ kind: "cluster", rules }) });
}

const settled = (of: Rule) => effectiveAt(model(), maybe(of, []), CLUSTER) as Settled;
const POLICIES = RULES.flatMap((first) =>
  RULES.flatMap((second) =>
    RULES.map((third) => ({ policy: maybe(first, [second, third]), of: [first, second, third] })),
  ),
);

test("which of several rules applies is not known: what it could come to lies between the strictest and the most open", () => {
  for (const { policy: of, of: candidates } of POLICIES) {
    const effective = effectiveAt(model(), of, CLUSTER);
    for (const image of IMAGES) {
      const verdicts = candidates.map((candidate) => admits(settled(candidate), image));
      if (admits(bestOf(effective), image)) {
        expect(verdicts).not.toContain(false);
      }
      if (!admits(worstOf(effective), image)) {
        expect(verdicts).not.toContain(true);
      }
    }
  }
});

test("a change is said to open or to narrow nothing only where no image can tell the difference", () => {
  const said = new Set<string>();
  for (const before of RULES) {
    for (const { policy: of, of: candidates } of POLICIES) {
      const { narrows, opens } = compareRules(settled(before), effectiveAt(model(), of, CLUSTER));
      const was = admittedBy(settled(before));
      const opened = candidates.map((one) => admittedBy(settled(one)).some((image) => !was.includes(image)));
      const narrowed = candidates.map((one) => was.some((image) => !admits(settled(one), image)));
      said.add(opens).add(narrows);
      expect([opens === "no" && opened.includes(true), narrows === "no" && narrowed.includes(true)]).toEqual([
        false,
        false,
      ]);
      expect([opens === "yes" && opened.includes(false), narrows === "yes" && narrowed.includes(false)]).toEqual([
        false,
        false,
      ]);
    }
  }
  expect([...said].sort()).toEqual(["maybe", "no", "yes"]);
});

test("the facts of a cluster are those of its policy, also where the key of a rule is not known", () => {
  for (const { policy: of } of POLICIES) {
    const all = model({ policies: [of], clusters: [cluster()] });
    const [, fact] = [...factsOf(all).targets].find(([name]) => name.startsWith("gke:")) ?? [];
    expect(fact?.effective).toEqual(effectiveAt(all, of, CLUSTER));
  }
});

test.each<[string, boolean, Partial<Policy>]>([
  ["every attestor", true, {}],
  [
    "every attestor of a rule for a cluster",
    true,
    { specificRules: known({ kind: "cluster", rules: [{ key: UNKNOWN, rule: RULES[2] }] }) },
  ],
  ["not the list of rules", false, { specificRules: UNKNOWN }],
  ["not the default rule", false, { defaultRule: UNKNOWN }],
  ["not the list of attestors", false, { defaultRule: known({ ...RULES[2], requireAttestationsBy: UNKNOWN }) }],
  [
    "not one of several attestors",
    false,
    { defaultRule: known({ ...RULES[2], requireAttestationsBy: known([known(A), UNKNOWN]) }) },
  ],
  [
    "not an attestor of one of several rules",
    false,
    {
      specificRules: known({
        kind: "cluster",
        rules: [
          { key: known("us-central1-a.prod"), rule: RULES[2] },
          { key: known("us-central1-a.test"), rule: { ...RULES[2], requireAttestationsBy: known([UNKNOWN]) } },
        ],
      }),
    },
  ],
])("the files say %s that is required", (_, expected, change) => {
  expect(allRulesKnown(factsOf(model({ policies: [policy(change)] })))).toBe(expected);
});
