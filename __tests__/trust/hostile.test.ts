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
import { MUTATIONS, mutate } from "../support/tampering";
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
