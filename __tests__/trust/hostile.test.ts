// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Terraform writes them

import fc from "fast-check";
import { readAttestorsExport, readPolicyExport } from "../../lib/trust/gcloud-export";
import type { TrustModel } from "../../lib/trust/model";
import { readPlan } from "../../lib/trust/plan";
import { ReadError } from "../../lib/trust/read-error";
import { openSourceText } from "../../lib/trust/source";
import { readState } from "../../lib/trust/state";
import { readTerraformJson } from "../../lib/trust/terraform-json";
import { kitchenSink } from "../support/kitchen-sink";
import { check } from "../support/property";
import { template } from "../support/template";
import { PLAN_NAMES, planJson, schemaViolations } from "./support";

/** A model that keeps the schema, or the one-sentence error; anything else fails. */
function readsOrRefuses(read: () => TrustModel[]): void {
  let models: TrustModel[];
  try {
    models = read();
  } catch (error) {
    if (!(error instanceof ReadError)) {
      throw error;
    }
    expect(error.message).toMatch(/^[^\n]+; allowed: [^\n]+$/);
    return;
  }
  for (const model of models) {
    expect(schemaViolations(model)).toEqual([]);
  }
}

/** Stands for what nests too deep to be shown. */
const DEEP = "nested deeply";
const DEEP_TEXT = `${'{"a":['.repeat(3000)}${"]}".repeat(3000)}`;

const HOSTILE = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    0,
    -1,
    true,
    [],
    {},
    [[]],
    [null],
    [{}],
    "${",
    "${var.x}",
    "${local.a}",
    "%{ for x in y }",
    "${trimsuffix(1, 2)}",
    '${[1, [2, "a"]]}',
    "${google_binary_authorization_policy.p.id}",
    "projects//attestors/",
    "\u001b[31m\u2028\n",
    "constructor",
    JSON.parse('{"__proto__":{"name":"x"},"constructor":1,"dynamic":{"__proto__":{}}}'),
    DEEP,
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string(),
);

/** Replaces, renames or removes something at random places. */
const MUTATIONS = fc.array(
  fc.record({
    path: fc.infiniteStream(fc.nat({ max: 40 })),
    depth: fc.nat({ max: 12 }),
    value: HOSTILE,
    rename: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);

type Mutation = typeof MUTATIONS extends fc.Arbitrary<(infer M)[]> ? M : never;

function mutate(json: unknown, mutations: readonly Mutation[]): unknown {
  const root = { root: JSON.parse(JSON.stringify(json)) };
  for (const { path, depth, value: shared, rename } of mutations) {
    // What one mutation puts in, another one may change.
    const value = shared === DEEP ? JSON.parse(DEEP_TEXT) : structuredClone(shared);
    // biome-ignore lint/suspicious/noExplicitAny: any JSON
    let parent: any = root;
    let key = "root";
    for (let step = 0; step < depth; step += 1) {
      const child = parent[key];
      if (typeof child !== "object" || child === null || Object.keys(child).length === 0) {
        break;
      }
      const keys = Object.keys(child);
      parent = child;
      key = keys[(path.next().value as number) % keys.length];
    }
    if (rename && parent !== root && !Array.isArray(parent)) {
      Object.defineProperty(parent, typeof shared === "string" ? shared : "renamed", {
        value: parent[key],
        enumerable: true,
        configurable: true,
        writable: true,
      });
      delete parent[key];
    } else {
      Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
    }
  }
  return root.root;
}

let configuration: unknown;
beforeAll(() => {
  configuration = template(kitchenSink()).json;
});

test("a configuration that was tampered with", () => {
  check(MUTATIONS, (mutations) => {
    readsOrRefuses(() => [readTerraformJson("cdk.tf.json", mutate(configuration, mutations))]);
  });
});

test("a plan that was tampered with", () => {
  check(fc.tuple(fc.constantFrom(...PLAN_NAMES), MUTATIONS), ([name, mutations]) => {
    readsOrRefuses(() => {
      const { before, after } = readPlan("plan.json", mutate(planJson(name), mutations));
      return [before, after];
    });
  });
});

test("a state that was tampered with", () => {
  const state = planJson("02").prior_state;
  check(MUTATIONS, (mutations) => {
    readsOrRefuses(() => [readState("state.json", mutate(state, mutations))]);
  });
});

test("a policy and attestors that were tampered with", () => {
  const rule = {
    evaluationMode: "REQUIRE_ATTESTATION",
    enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
    requireAttestationsBy: ["projects/sec-proj/attestors/a"],
  };
  const policy = {
    name: "projects/sec-proj/policy",
    admissionWhitelistPatterns: [{ namePattern: "x/*" }],
    defaultAdmissionRule: rule,
    clusterAdmissionRules: { "us-central1.c": rule },
    globalPolicyEvaluationMode: "ENABLE",
  };
  const key = { id: "x", pkixPublicKey: { publicKeyPem: "PEM", signatureAlgorithm: "ECDSA_P256_SHA256" } };
  const attestors = [
    { name: "projects/sec-proj/attestors/a", userOwnedGrafeasNote: { noteReference: "n", publicKeys: [key] } },
  ];
  check(fc.tuple(fc.constantFrom<unknown>(policy, attestors), MUTATIONS), ([json, mutations]) => {
    const value = mutate(json, mutations);
    readsOrRefuses(() => [readPolicyExport("x", value)]);
    readsOrRefuses(() => [readAttestorsExport("x", value)]);
  });
});

test("any text", () => {
  check(fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.json()), (text) => {
    readsOrRefuses(() => [openSourceText("x", text).model]);
  });
});

test("what a plan does not know never becomes known", () => {
  const IDENTITY = ["name", "location", "project", "crypto_key"];
  for (const name of PLAN_NAMES) {
    const plan = planJson(name);
    for (const { change } of plan.resource_changes) {
      const attributes = Object.keys(change.after ?? {}).filter((attribute) => !IDENTITY.includes(attribute));
      change.after_unknown = Object.fromEntries(attributes.map((attribute) => [attribute, true]));
    }
    plan.resource_changes = plan.resource_changes.filter(
      ({ change, type }: { change: { after: unknown }; type: string }) =>
        change.after !== null && !type.includes("policy"),
    );
    plan.prior_state = undefined;
    const { after } = readPlan(name, plan);
    expect(JSON.stringify(after).match(/"state":"known","value":[^}]*/g) ?? []).toEqual([]);
  }
});
