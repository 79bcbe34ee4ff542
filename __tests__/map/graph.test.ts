// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Terraform writes them
import fc from "fast-check";
import { type ChainMap, chainMapOf } from "../../lib/map";
import { layoutOf } from "../../lib/map/layout";
import { pack, unpack } from "../../lib/map/packed";
import { fitted, textWidth } from "../../lib/map/text-width";
import type { MapEdge, MapNode } from "../../lib/map/types";
import { EMPTY_MODEL, hidden, known, type TrustModel, UNKNOWN } from "../../lib/trust/model";
import { check } from "../support/property";
import { estateInput, hostileInput, planInput } from "./models";

const origin = { source: "test" };

function nodeOf(map: ChainMap, id: string): MapNode {
  const found = map.nodes.flatMap((node) => [node, ...(node.members ?? [])]).find((node) => node.id === id);
  if (!found) throw new Error(`no node ${id} among ${map.nodes.map((node) => node.id).join(", ")}`);
  return found;
}

/** `FROM label TO`, by the titles of the nodes. */
function lines(map: ChainMap, kind?: MapEdge["kind"]): string[] {
  const title = (id: string) => nodeOf(map, id).title;
  return map.edges
    .filter((edge) => kind === undefined || edge.kind === kind)
    .map(({ from, label, to }) => `${title(from)} ${label} ${title(to)}`);
}

describe("a small estate", () => {
  const map = chainMapOf(estateInput(3));

  test("is a chain from who signs to what runs", () => {
    expect(lines(map, "chain").sort()).toEqual(
      [
        "built-by-ci-signer can sign with built-by-ci",
        "scanned-signer can sign with scanned",
        "built-by-ci is trusted by built-by-ci",
        "scanned is trusted by scanned",
        "released is trusted by released",
        "built-by-ci is required by europe-west1.prod-001",
        "scanned is required by europe-west1.prod-001",
        "built-by-ci is required by europe-west4.staging-002",
        "built-by-ci is required by us-central1.sandbox-003",
        "europe-west1.prod-001 applies to prod-001",
        "europe-west4.staging-002 applies to staging-002",
        "us-central1.sandbox-003 applies to sandbox-003",
        "Default rule applies to shop",
        "Default rule applies to Everything else",
      ].sort(),
    );
  });

  test("has who may change it, and what exempt images run on", () => {
    expect(lines(map, "power")).toEqual(["platform@example.com can change Policy of acme-prod"]);
    expect(lines(map, "exempt")).toHaveLength(5);
  });

  test("says what each target does", () => {
    expect(map.targets.map(({ after, name }) => [name, after?.status.tone, after?.rule])).toEqual([
      ["gke:acme-prod/europe-west1.prod-001", "checked", "attested by acme-prod/built-by-ci and acme-prod/scanned"],
      ["gke:acme-prod/europe-west4.staging-002", "checked", "attested by acme-prod/built-by-ci"],
      ["gke:acme-prod/us-central1.sandbox-003", "open", "allow all (dry run: only logged)"],
      ["run:acme-prod/europe-west1/shop", "closed", "deny"],
      ["default:acme-prod", "closed", "deny"],
    ]);
  });

  test("says who can sign", () => {
    expect(map.signers.map(({ after, attestor, principal }) => [principal, attestor, after])).toEqual([
      [
        "serviceAccount:built-by-ci-signer@acme-prod.iam.gserviceaccount.com",
        "projects/acme-prod/attestors/built-by-ci",
        "full",
      ],
      [
        "serviceAccount:scanned-signer@acme-prod.iam.gserviceaccount.com",
        "projects/acme-prod/attestors/scanned",
        "full",
      ],
    ]);
  });

  test("has each finding on what it is about, and on nothing else at the same address", () => {
    const on = (index: number) =>
      map.nodes.filter(({ findings }) => findings.includes(index)).map(({ kind, title }) => `${kind} ${title}`);
    const where = map.findings.map(({ id }, index) => [id, on(index)]);
    expect(where).toEqual([
      ["P009", ["cluster sandbox-003"]],
      ["A010", ["attestor released"]],
      ["D002", ["cluster sandbox-003"]],
    ]);
  });

  test("says what is not known, and why", () => {
    const { facts } = nodeOf(
      map,
      "key projects/acme-prod/locations/europe-west1/keyRings/binauthz/cryptoKeys/scanned/cryptoKeyVersions/1",
    );
    expect(facts).toContainEqual({ label: "Public key", value: "not known here: behind ${var.pem}", state: "hidden" });
  });

  test("says where each thing is written", () => {
    expect(nodeOf(map, "target gke:acme-prod/europe-west1.prod-001").origins).toEqual([
      { source: "cdktf.out/stacks/prod/cdk.tf.json", address: "google_container_cluster.c0" },
    ]);
  });
});

describe("three hundred clusters", () => {
  const map = chainMapOf(estateInput(300));

  test("that are alike are one node, and those that differ are not among them", () => {
    const targets = map.nodes.filter(({ column }) => column === 4);
    expect(targets.map(({ members, status, title }) => [title, members?.length, status?.text])).toEqual([
      ["99 clusters", 99, "Needs 2 attestors"],
      ["99 clusters", 99, "Needs built-by-ci"],
      ["99 clusters", 99, "Dry run: admits all"],
      ["prod-100", undefined, "Not enforced: admits all"],
      ["staging-200", undefined, "Not enforced: admits all"],
      ["sandbox-300", undefined, "Not enforced: admits all"],
      ["shop", undefined, "Denies every image"],
      ["Everything else", undefined, "Denies every image"],
    ]);
    expect(map.nodes.length).toBeLessThan(30);
  });

  test("are each there, with what was found about it", () => {
    expect(map.targets).toHaveLength(302);
    const all = map.nodes.flatMap((node) => node.members ?? [node]);
    for (const { node } of map.targets) {
      expect(all.filter(({ id }) => id === node)).toHaveLength(1);
    }
    const dry = map.findings.flatMap(({ id }, index) => (id === "P009" || id === "D002" ? [index] : []));
    expect(dry.length).toBeGreaterThan(90);
    const group = map.nodes.find(({ column, status }) => column === 4 && status?.text.startsWith("Dry run"));
    // One of those that run dry does not even enforce its policy, and so stands alone.
    const alone = nodeOf(map, "target gke:acme-prod/asia-northeast1.sandbox-300").findings.filter((index) =>
      dry.includes(index),
    );
    expect(alone).toHaveLength(2);
    expect([...(group?.findings ?? []), ...alone].sort((one, other) => one - other)).toEqual(dry);
    expect(group?.members?.every(({ findings }) => findings.length === 2)).toBe(true);
  });
});

describe("a plan", () => {
  const map = chainMapOf(planInput());

  test("says of everything whether it comes, goes or changes", () => {
    const changes = Object.fromEntries(map.nodes.map(({ change, title }) => [title, change]));
    expect(changes).toEqual({
      ci: "removed",
      attacker: "added",
      FPR0001: "removed",
      signer: "same",
      build: "changed",
      "Policy of sec-proj": "changed",
      "Default rule": "changed",
      "us-central1.staging": "same",
      "us-central1.prod": "removed",
      prod: "changed",
      staging: "same",
      s: "changed",
      "Everything else": "changed",
    });
    const { before, status } = nodeOf(map, "target gke:sec-proj/us-central1.prod");
    expect([before?.status?.text, status?.text]).toEqual(["Needs build", "Admits every image"]);
  });

  test("keeps what it says of unchanged edges apart from those that come and go", () => {
    const added = map.edges
      .filter(({ change }) => change === "added")
      .map(({ from, to }) => [nodeOf(map, from).title, nodeOf(map, to).title]);
    expect(added).toContainEqual(["Default rule", "prod"]);
    expect(added).toContainEqual(["attacker", "signer"]);
    expect(map.edges.filter(({ change }) => change === "removed").length).toBeGreaterThan(2);
  });

  test("shows nothing as changing where before and after are the same", () => {
    const { findings, model } = planInput();
    const same = chainMapOf({ model, before: model, findings });
    expect(new Set([...same.nodes, ...same.edges].map(({ change }) => change))).toEqual(new Set(["same"]));
    expect(same.compared).toBe(true);
  });
});

describe("powers", () => {
  const base = estateInput(1).model;
  const key = "projects/acme-prod/locations/europe-west1/keyRings/binauthz/cryptoKeys/built-by-ci";
  const power = (given: Partial<TrustModel["powers"][number]>): TrustModel => ({
    ...base,
    powers: [
      ...base.powers,
      {
        kind: "sign",
        principal: known("user:eve@example.com"),
        role: known("roles/x"),
        on: known(key),
        conditional: false,
        origin,
        ...given,
      },
    ],
  });
  const edgesOf = (model: TrustModel) => {
    const map = chainMapOf({ model });
    return map.edges
      .filter(({ from }) => from === "identity user:eve@example.com")
      .map(({ kind, label, to }) => [kind, label, nodeOf(map, to).title]);
  };

  test.each<[string, Partial<TrustModel["powers"][number]>, string[][]]>([
    ["half of signing is not the whole", {}, [["maybe", "can sign with", "built-by-ci"]]],
    [
      "attaching alone is the other half",
      { kind: "attach", on: known("projects/acme-prod/notes/scanned") },
      [["maybe", "can attach attestations to", "scanned"]],
    ],
    ["a condition is said", { conditional: true }, [["maybe", "can sign with (on a condition)", "built-by-ci"]]],
    [
      "who acts as a signer signs",
      {
        kind: "act-as",
        on: known("projects/acme-prod/serviceAccounts/scanned-signer@acme-prod.iam.gserviceaccount.com"),
      },
      [["power", "can act as scanned-signer@acme-prod.iam.gserviceaccount.com, which signs with", "scanned"]],
    ],
    [
      "what is given on a project reaches all of it",
      { kind: "grant", on: known("projects/acme-prod") },
      ["built-by-ci", "scanned", "released", "built-by-ci", "scanned", "released", "Policy of acme-prod"].map(
        (title) => ["power", "can give others powers over", title],
      ),
    ],
    ["what only reads is no power", { kind: "none" }, []],
    ["what is elsewhere reaches nothing", { on: known("projects/other") }, []],
  ])("%s", (_, given, wanted) => {
    expect(edgesOf(power(given)).sort()).toEqual([...wanted].sort());
  });
});

test("who may use a key signs nothing with a version that is disabled", () => {
  const base = estateInput(1).model;
  const version = "projects/acme-prod/locations/europe-west1/keyRings/binauthz/cryptoKeys/scanned/cryptoKeyVersions/1";
  const model = {
    ...base,
    keyVersions: [
      {
        name: version,
        state: known("DISABLED"),
        algorithm: UNKNOWN,
        protectionLevel: UNKNOWN,
        publicKey: UNKNOWN,
        origin,
      },
    ],
  };
  const map = chainMapOf({ model });
  expect(nodeOf(map, `key ${version}`).status).toEqual({ tone: "closed", text: "Disabled" });
  expect(lines(map, "maybe")).toContain("scanned-signer could sign, were it enabled, with scanned");
  expect(lines(map, "chain")).not.toContain("scanned-signer can sign with scanned");
});

test("a federated identity is called by what it is bound to", () => {
  const base = estateInput(1).model;
  const pool = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/github";
  const principal = known(`principalSet:${pool}/attribute.repository/acme/shop`);
  const on = known("projects/acme-prod/policy");
  const power = { kind: "edit-policy" as const, principal, role: known("roles/x"), on, conditional: false, origin };
  const map = chainMapOf({ model: { ...base, powers: [power] } });
  expect(map.nodes.find(({ kind }) => kind === "principal")).toMatchObject({
    title: "acme/shop",
    subtitle: "federated identities · github",
  });
});

describe("what is not known", () => {
  const policy: TrustModel["policies"][number] = {
    project: "p",
    globalPolicyEvaluationMode: UNKNOWN,
    exemptImages: UNKNOWN,
    defaultRule: hidden("${var.rule}"),
    specificRules: UNKNOWN,
    origin,
  };

  test("is drawn as not known, and never as closed", () => {
    const map = chainMapOf({ model: { ...EMPTY_MODEL, policies: [policy] } });
    expect(map.nodes.map(({ id, status }) => [id, status?.tone])).toEqual([
      ["policy projects/p/policy", "unknown"],
      ["rule projects/p/policy default", "unknown"],
      ["target default:p", "unknown"],
    ]);
    expect(nodeOf(map, "rule projects/p/policy default").facts).toContainEqual({
      label: "Rule",
      value: "not known here: behind ${var.rule}",
      state: "hidden",
    });
  });

  test("is a cluster whose policy is not there", () => {
    const cluster = {
      project: "p",
      location: "l",
      name: "c",
      evaluationMode: known("PROJECT_SINGLETON_POLICY_ENFORCE"),
      origin,
    };
    const map = chainMapOf({ model: { ...EMPTY_MODEL, clusters: [cluster] } });
    expect(map.nodes.map(({ status }) => status?.tone)).toEqual(["unknown"]);
    expect(map.edges).toEqual([]);
  });

  test("is an attestor that a rule names and nothing describes", () => {
    const rule = {
      evaluationMode: known("REQUIRE_ATTESTATION"),
      enforcementMode: known("ENFORCED_BLOCK_AND_AUDIT_LOG"),
      requireAttestationsBy: known([known("projects/other/attestors/theirs")]),
    };
    const map = chainMapOf({
      model: {
        ...EMPTY_MODEL,
        policies: [
          {
            ...policy,
            exemptImages: known([]),
            defaultRule: known(rule),
            specificRules: known({ kind: "cluster", rules: [] }),
          },
        ],
      },
    });
    expect(nodeOf(map, "attestor projects/other/attestors/theirs")).toMatchObject({
      title: "theirs",
      subtitle: "not in these files",
      status: { tone: "unknown" },
    });
  });

  test("rules for namespaces are drawn, whatever cluster they hold in", () => {
    const deny = {
      evaluationMode: known("ALWAYS_DENY"),
      enforcementMode: known("ENFORCED_BLOCK_AND_AUDIT_LOG"),
      requireAttestationsBy: known([]),
    };
    const map = chainMapOf({
      model: {
        ...EMPTY_MODEL,
        policies: [
          {
            ...policy,
            exemptImages: known([]),
            defaultRule: known({ ...deny, evaluationMode: known("ALWAYS_ALLOW") }),
            specificRules: known({ kind: "namespace", rules: [{ key: known("shop"), rule: deny }] }),
          },
        ],
      },
    });
    expect(lines(map, "chain")).toEqual(["Default rule applies to Everything else", "shop applies to shop"]);
    expect(nodeOf(map, "target namespace:p/shop").status?.tone).toBe("closed");
  });
});

describe("the layout", () => {
  test.each([
    ["3 clusters", estateInput(3)],
    ["300 clusters", estateInput(300)],
    ["a plan", planInput()],
    ["hostile names", hostileInput()],
  ])("of %s lets no two nodes overlap, keeps columns, and lines run from the left to the right", (_, input) => {
    const map = chainMapOf(input);
    const { edges, height, nodes, width } = layoutOf(map);
    expect(nodes).toHaveLength(map.nodes.length);
    for (const [index, one] of nodes.entries()) {
      expect(one.x).toBeGreaterThanOrEqual(0);
      expect(one.x + one.width).toBeLessThanOrEqual(width);
      expect(one.y + one.height).toBeLessThanOrEqual(height);
      for (const other of nodes.slice(index + 1)) {
        const apart =
          one.x + one.width <= other.x ||
          other.x + other.width <= one.x ||
          one.y + one.height <= other.y ||
          other.y + other.height <= one.y;
        expect(apart).toBe(true);
      }
      const column = nodes.filter(({ node }) => node.column === one.node.column);
      expect(new Set(column.map(({ x }) => x)).size).toBe(1);
    }
    for (const { points } of edges) {
      expect(points.every(({ x }, index) => index === 0 || x >= points[index - 1].x)).toBe(true);
    }
  });
});

test("a text that is too long loses its middle, and then fits", () => {
  expect(fitted("short", 14, 200)).toBe("short");
  expect(fitted("a-very-long-name-of-a-cluster-001", 14, 120)).toMatch(/^a-ver.*….*1$/);
  check(
    fc.tuple(fc.string({ unit: "grapheme", maxLength: 200 }), fc.integer({ min: 40, max: 300 })),
    ([text, width]) => {
      expect(textWidth(fitted(text, 14, width), 14)).toBeLessThanOrEqual(width + 0.001);
    },
  );
});

test("what is packed is the same when unpacked", () => {
  check(fc.jsonValue(), (value) => {
    const plain = JSON.parse(JSON.stringify(value));
    expect(JSON.parse(JSON.stringify(unpack(JSON.parse(JSON.stringify(pack(plain))))))).toEqual(plain);
  });
});
