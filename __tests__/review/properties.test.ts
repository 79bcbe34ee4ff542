import fc from "fast-check";
import { review } from "../../lib/review/engine";
import { breadthOf, covers } from "../../lib/review/pattern-language";
import type { Finding } from "../../lib/review/types";
import { readPlan } from "../../lib/trust";
import { exemptionMatches } from "../../lib/vocabulary/exemption-pattern";
import { check } from "../support/property";
import {
  alarming,
  attestor,
  type Change,
  CI,
  changed,
  cluster,
  type Json,
  KMS_ID,
  keyMember,
  keyOf,
  MALLORY,
  noteMember,
  PROJECT,
  planOf,
  policy,
  projectMember,
  rule,
  service,
} from "./checks/support";

/** An estate: what somebody might have, as what its resources are made of. */
interface Estate {
  readonly byDefault: Json;
  readonly clusters: Readonly<Record<string, Json>>;
  readonly exempt: readonly string[];
  readonly keys: readonly string[];
  readonly members: readonly string[];
  readonly editors: readonly string[];
  readonly enforced: boolean;
  readonly checked: boolean;
  readonly breakGlass: boolean;
}

const NAMES = ["build", "qa", "sec"].map((name) => `projects/${PROJECT}/attestors/${name}`);
const PATTERNS = [
  "gcr.io/a/*",
  "gcr.io/a/**",
  "gcr.io/a/b",
  "gcr.io/a/b@*",
  "gcr.io/ab*",
  "us-docker.pkg.dev/p/r/*",
  "us-docker.pkg.dev/p/**",
];
const attesting = fc.subarray(NAMES, { minLength: 1 }).map((by) => rule("REQUIRE_ATTESTATION", by));
const anyRule = fc.oneof(
  fc.constant(rule("ALWAYS_DENY")),
  fc.constant(rule("ALWAYS_ALLOW")),
  attesting,
  attesting.map((strict) => ({ ...strict, enforcement_mode: "DRYRUN_AUDIT_LOG_ONLY" })),
);
// The provider does not apply a list of a default rule that changes in part: that is P024, and no mirror of anything.
const defaultRule = fc.constantFrom(
  rule("ALWAYS_DENY"),
  rule("ALWAYS_ALLOW"),
  rule("REQUIRE_ATTESTATION", [NAMES[0]]),
  rule("REQUIRE_ATTESTATION", [NAMES[0]], true),
);
const estates: fc.Arbitrary<Estate> = fc.record({
  byDefault: defaultRule,
  clusters: fc.dictionary(fc.constantFrom("us-central1.prod", "us-central1.dev"), anyRule),
  exempt: fc.subarray(PATTERNS),
  keys: fc.subarray(["A", "B", "C"], { minLength: 1 }),
  members: fc.subarray([CI, MALLORY, "user:eve@example.com"]),
  editors: fc.subarray([CI, MALLORY]),
  enforced: fc.boolean(),
  checked: fc.boolean(),
  breakGlass: fc.boolean(),
});

function resources(estate: Estate): Map<string, Json> {
  const id = (key: string) => (key === "A" ? KMS_ID : `ni:///sha-256;${key}`);
  return new Map<string, Json>([
    [
      "google_binary_authorization_policy.p",
      policy({ byDefault: estate.byDefault, clusters: estate.clusters, exempt: estate.exempt }),
    ],
    ...NAMES.map((name, index): [string, Json] => [
      `google_binary_authorization_attestor.a${index}`,
      attestor(index === 0 ? estate.keys.map((key) => keyOf(key, id(key))) : [keyOf(`only ${index}`)], {
        name: name.slice(name.lastIndexOf("/") + 1),
        note: `projects/${PROJECT}/notes/${index}`,
      }),
    ]),
    ...estate.members.flatMap((member): [string, Json][] => [
      [`google_kms_crypto_key_iam_member.m["${member}"]`, keyMember(member)],
      [`google_container_analysis_note_iam_member.m["${member}"]`, noteMember(member, { note: "0" })],
    ]),
    ...estate.editors.map((member): [string, Json] => [
      `google_project_iam_member.e["${member}"]`,
      projectMember("roles/binaryauthorization.policyEditor", member),
    ]),
    [
      "google_container_cluster.prod",
      cluster({ mode: estate.enforced ? "PROJECT_SINGLETON_POLICY_ENFORCE" : "DISABLED" }),
    ],
    [
      "google_cloud_run_v2_service.s",
      service({ use_default: estate.checked, breakglass_justification: estate.breakGlass ? "hotfix" : "" }),
    ],
  ]);
}

function planBetween(from: ReadonlyMap<string, Json>, to: ReadonlyMap<string, Json>): Json {
  const addresses = [...new Set([...from.keys(), ...to.keys()])];
  return planOf(
    addresses.map((address): Change => changed(address, from.get(address) ?? null, to.get(address) ?? null)),
  );
}

const findings = (json: Json): readonly Finding[] => review({ plans: [{ plan: readPlan("p.json", json) }] }).findings;

test("A to A finds nothing", () => {
  check(estates, (estate) => {
    const same = resources(estate);
    expect(findings(planBetween(same, same))).toEqual([]);
  });
});

test("what opens one way narrows the other way, at the same target", () => {
  check(fc.tuple(estates, estates), ([one, other]) => {
    const [from, to] = [resources(one), resources(other)];
    const targets = (found: readonly Finding[], effect: "opens" | "narrows") =>
      new Set(found.filter(({ effects }) => effects.includes(effect)).map(({ target }) => target));
    const [there, back] = [findings(planBetween(from, to)), findings(planBetween(to, from))];
    const narrowed = targets(back, "narrows");
    expect([...targets(there, "opens")].filter((target) => !narrowed.has(target))).toEqual([]);
  });
});

/** Other spellings of the same. */
const noise = (value: Json, random: () => number): Json => {
  if (Array.isArray(value)) {
    return value.map((entry) => noise(entry, random));
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, noise(field, random)]));
  }
  const empty = [null, ""];
  return empty.includes(value) ? empty[Math.floor(random() * empty.length)] : value;
};
const shuffled = <T>(list: readonly T[], random: () => number): T[] =>
  list
    .map((entry) => ({ entry, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ entry }) => entry);

test("noise of the provider finds nothing: order, empty forms, labels, comments", () => {
  check(fc.tuple(estates, fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true }))), ([estate, numbers]) => {
    const random = () => numbers.next().value as number;
    const from = resources(estate);
    const to = new Map(
      [...from].map(([address, attributes]): [string, Json] => {
        const changed = noise(attributes, random);
        for (const list of ["admission_whitelist_patterns", "cluster_admission_rules"]) {
          if (Array.isArray(changed[list])) {
            changed[list] = shuffled(changed[list], random);
          }
        }
        for (const rules of [changed.default_admission_rule, changed.cluster_admission_rules]) {
          for (const each of rules ?? []) {
            each.require_attestations_by = shuffled(each.require_attestations_by, random);
          }
        }
        return [address, { ...changed, labels: { a: "b" }, description: "words", etag: "other" }];
      }),
    );
    expect(findings(planBetween(from, to))).toEqual([]);
  });
});

type Weakening = (estate: Estate) => Estate | undefined;

/** Each makes something possible that was not; undefined where it was already. */
const WEAKENINGS: Readonly<Record<string, Weakening>> = {
  "the default rule admits everything": (estate) =>
    isOpen(estate.byDefault) ? undefined : { ...estate, byDefault: rule("ALWAYS_ALLOW") },
  "the default rule is a dry run": (estate) =>
    isOpen(estate.byDefault)
      ? undefined
      : { ...estate, byDefault: { ...estate.byDefault, enforcement_mode: "DRYRUN_AUDIT_LOG_ONLY" } },
  "a cluster's rule admits everything": (estate) => {
    const key = Object.keys(estate.clusters).find((name) => !isOpen(estate.clusters[name]));
    return (key && { ...estate, clusters: { ...estate.clusters, [key]: rule("ALWAYS_ALLOW") } }) || undefined;
  },
  "an attestor is not required any more": (estate) => {
    const key = Object.keys(estate.clusters).find(
      (name) => !isOpen(estate.clusters[name]) && estate.clusters[name].require_attestations_by.length > 1,
    );
    const strict = key && estate.clusters[key];
    return strict
      ? {
          ...estate,
          clusters: {
            ...estate.clusters,
            [key]: { ...strict, require_attestations_by: strict.require_attestations_by.slice(1) },
          },
        }
      : undefined;
  },
  "a pattern more": (estate) => {
    const pattern = PATTERNS.find((each) => !estate.exempt.some((old) => covers(old, each)));
    return pattern === undefined ? undefined : { ...estate, exempt: [...estate.exempt, pattern] };
  },
  "a key more": (estate) => {
    const key = ["A", "B", "C"].find((each) => !estate.keys.includes(each));
    return key === undefined ? undefined : { ...estate, keys: [...estate.keys, key] };
  },
  "a signer more": (estate) => {
    // Only the key A is one of Cloud KMS: with the others, who signs is in no grant.
    const member = estate.keys.includes("A") && [CI, MALLORY].find((each) => !estate.members.includes(each));
    return member ? { ...estate, members: [...estate.members, member] } : undefined;
  },
  "an editor more": (estate) => {
    const member = [CI, MALLORY].find((each) => !estate.editors.includes(each));
    return member ? { ...estate, editors: [...estate.editors, member] } : undefined;
  },
  "the cluster stops enforcing": (estate) => (estate.enforced ? { ...estate, enforced: false } : undefined),
  "the service is not checked": (estate) => (estate.checked ? { ...estate, checked: false } : undefined),
  "the service breaks the glass": (estate) => (estate.breakGlass ? undefined : { ...estate, breakGlass: true }),
};

function isOpen({ enforcement_mode, evaluation_mode }: Json): boolean {
  return evaluation_mode === "ALWAYS_ALLOW" || enforcement_mode === "DRYRUN_AUDIT_LOG_ONLY";
}

test.each(Object.keys(WEAKENINGS))("a weakening is always found: %s", (name) => {
  let tried = 0;
  check(estates, (estate) => {
    const weaker = WEAKENINGS[name](estate);
    if (weaker !== undefined) {
      tried += 1;
      const found = findings(planBetween(resources(estate), resources(weaker)));
      expect(found.flatMap(({ effects }) => effects)).toContain("opens");
      expect(alarming(found).every(({ certainty }) => certainty.state === "decided")).toBe(true);
    }
  });
  expect(tried).toBeGreaterThan(5);
});

test("a pattern covers another one only where it admits all of its images", () => {
  const pattern = fc
    .tuple(
      fc.constantFrom("gcr.io/a", "gcr.io/a/b", "gcr.io/ab", "gcr.io/a/b:v", "gcr.io/a/"),
      fc.constantFrom("", "*", "**"),
    )
    .map(([stem, wildcard]) => stem + wildcard);
  const tails = ["", "b", "/b", "/b/c", "b/c", ":v1", "@sha256:0", ":v"];
  check(fc.tuple(pattern, pattern), ([wide, narrow]) => {
    const stem = narrow.replace(/\*+$/, "");
    const tagged = /[:@][^/]*$/.test(stem.slice(stem.indexOf("/")));
    // Behind a tag there is no slash in any image.
    const images = tails.filter((tail) => !tagged || !tail.includes("/")).map((tail) => stem + tail);
    const admitted = images.filter((image) => exemptionMatches(narrow, image));
    expect(covers(wide, narrow)).toBe(admitted.every((image) => exemptionMatches(wide, image)));
  });
});

test.each([
  ["us-docker.pkg.dev/**", "shared-registry"],
  ["us-docker.pkg.dev/*", "shared-registry"],
  ["us-docker.pkg.dev/my-project**", "shared-registry"],
  ["us-docker.pkg.dev/my-project/**", "owned"],
  ["gcr.io/my-project**", "shared-registry"],
  ["docker.io/**", "shared-registry"],
  ["quay.io/vendor/*", "owned"],
  ["registry.example.com/**", "whole-registry"],
  ["registry.example.com/team/*", "owned"],
  ["k8s.gcr.io/**", "system-images"],
  ["gcr.io/google_containers/*", "system-images"],
  ["gcr.io/google_containers_mine/*", "owned"],
  ["nginx:1.*", "owned"],
])("how far %s reaches: %s", (pattern, breadth) => {
  expect(breadthOf(pattern)).toBe(breadth);
});
