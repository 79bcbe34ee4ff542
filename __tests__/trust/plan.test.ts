// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Terraform writes them

import { readPlan } from "../../lib/trust/plan";
import { PLAN_NAMES, plain, planJson, readError, schemaViolations } from "./support";

// biome-ignore lint/suspicious/noExplicitAny: facts are compared as plain data
const facts = (beginning: string, change: (plan: any) => void = () => {}): any => {
  const json = planJson(beginning);
  change(json);
  const { before, after, ...rest } = readPlan("plan.json", json);
  return { before: plain(before), after: plain(after), ...rest };
};

const OLD = "projects/sec-proj/attestors/old";

describe("plans of the real provider", () => {
  test.each(PLAN_NAMES)("%s is read, and keeps the schema", (name) => {
    const { before, after } = readPlan(name, planJson(name));
    expect(schemaViolations(before)).toEqual([]);
    expect(schemaViolations(after)).toEqual([]);
  });

  test("01: what does not concern trust changes nothing", () => {
    const { before, after } = facts("01");
    expect(after).toEqual(before);
    expect(after.policies).toHaveLength(1);
  });

  test("02: keys by their ids, powers, rules and exemptions", () => {
    const { before, after, changes } = facts("02");
    expect(before.powers.map((power: { principal: string }) => power.principal)).toEqual([
      "serviceAccount:ci@sec-proj.iam.gserviceaccount.com",
    ]);
    expect(after.powers).toEqual([
      {
        kind: "sign",
        principal: "serviceAccount:attacker@sec-proj.iam.gserviceaccount.com",
        role: "roles/cloudkms.signer",
        on: "projects/sec-proj/locations/us-central1/keyRings/binauthz/cryptoKeys/signer",
        conditional: false,
        origin: { source: "plan.json", address: "google_kms_crypto_key_iam_member.sign" },
      },
    ]);
    expect(before.attestors[0].noteName).toBe("projects/sec-proj/notes/build-note");
    expect(before.policies[0].specificRules.rules[0].rule.requireAttestationsBy).toEqual([
      "projects/sec-proj/attestors/build",
    ]);
    expect(after.policies[0].defaultRule.evaluationMode).toBe("ALWAYS_ALLOW");
    expect(after.policies[0].exemptImages).toEqual(["gcr.io/google_containers/*", "us-docker.pkg.dev/**"]);
    expect([before.services[0].policy, after.services[0].policy]).toEqual(["default", "none"]);
    expect(after.services[0].breakglassJustification).toBe("hotfix");
    expect(changes.find(({ address }: { address: string }) => address.endsWith(".sign"))).toEqual({
      address: "google_kms_crypto_key_iam_member.sign",
      mode: "managed",
      type: "google_kms_crypto_key_iam_member",
      actions: ["delete", "create"],
      reason: "replace_because_cannot_update",
      imported: false,
      replacePaths: ["member"],
    });
  });

  test("04: a rule that refers to an attestor of the same plan is hidden, whatever the plan shows", () => {
    const { before, after } = facts("04");
    expect(before.policies[0].defaultRule.requireAttestationsBy).toEqual([OLD]);
    expect(after.policies[0].defaultRule.requireAttestationsBy).toBe("${google_binary_authorization_attestor.b.id}");
    expect(after.attestors.map(({ name }: { name: string }) => name)).toEqual([OLD, "projects/sec-proj/attestors/new"]);
  });

  test.each([
    ["a module", "module.trust.attestor"],
    ["a local value", "local.attestors"],
    ["each.value", "each.value"],
  ])("04: nor what comes from %s, while an attestor of the plan may be behind it", (_, reference) => {
    const { after } = facts("04", (plan) => {
      const [rule] = plan.configuration.root_module.resources[2].expressions.default_admission_rule;
      rule.require_attestations_by.references = [reference];
    });
    expect(after.policies[0].defaultRule.requireAttestationsBy).toBe(`\${${reference}}`);
  });

  test("04: what comes from a dynamic block is hidden too", () => {
    const { after } = facts("04", (plan) => {
      delete plan.configuration.root_module.resources[2].expressions.default_admission_rule;
    });
    expect(after.policies[0].defaultRule.requireAttestationsBy).toBe(
      "${google_binary_authorization_policy.p.require_attestations_by}",
    );
  });

  test("04: a reference to what is known already is taken as shown", () => {
    const { after } = facts("04", (plan) => {
      const [rule] = plan.configuration.root_module.resources[2].expressions.default_admission_rule;
      const address = "google_binary_authorization_attestor.a";
      rule.require_attestations_by.references = [`${address}.id`, address];
    });
    expect(after.policies[0].defaultRule.requireAttestationsBy).toEqual([OLD]);
  });

  test("04: so is the name of the new attestor, which is known", () => {
    const { after } = facts("04", (plan) => {
      const [rule] = plan.configuration.root_module.resources[2].expressions.default_admission_rule;
      const address = "google_binary_authorization_attestor.b";
      rule.require_attestations_by.references = [`${address}.name`, address];
    });
    expect(after.policies[0].defaultRule.requireAttestationsBy).toEqual([OLD]);
  });

  test("05: the attestor of the other project is not what the policy will require", () => {
    const { before, after } = facts("05");
    expect(after).toEqual(before);
    expect(after.policies[0].defaultRule.requireAttestationsBy).toEqual([OLD]);
  });

  test("07: the second key takes the id of the first", () => {
    const { before, after } = facts("07");
    const keys = (model: { attestors: { publicKeys: { id: string; material: { text: string } }[] }[] }) =>
      model.attestors[0].publicKeys.map(({ id, material }) => [id.slice(-3), material.text]);
    expect(keys(before)).toEqual([
      ["s/1", "PEM-A"],
      ["6;B", "PEM-B"],
    ]);
    expect(keys(after)).toEqual([["s/1", "PEM-B"]]);
  });

  test("09: an attestor without keys", () => {
    const { before, after } = facts("09");
    expect(before.attestors[0].publicKeys).toHaveLength(1);
    expect(after.attestors[0].publicKeys).toEqual([]);
  });

  test("12: what is forgotten goes on as it is", () => {
    const { before, after, changes } = facts("12");
    expect(after).toEqual(before);
    expect(after.policies).toHaveLength(1);
    expect(changes[0].actions).toEqual(["forget"]);
  });

  test("13: nothing is known of the policy that is written over", () => {
    const { before, after, changes } = facts("13");
    expect(before.policies).toEqual([]);
    expect(after.policies[0].defaultRule.requireAttestationsBy).toEqual([OLD]);
    expect(changes[0].imported).toBe(false);
  });

  test("15: dry run", () => {
    const { before, after } = facts("15");
    const mode = ({ policies: [policy] }: { policies: { defaultRule: { enforcementMode: string } }[] }) =>
      policy.defaultRule.enforcementMode;
    expect([mode(before), mode(after)]).toEqual(["ENFORCED_BLOCK_AND_AUDIT_LOG", "DRYRUN_AUDIT_LOG_ONLY"]);
  });

  test("16: a key version is disabled", () => {
    const { before, after } = facts("16");
    expect([before.keyVersions[0].state, after.keyVersions[0].state]).toEqual(["ENABLED", "DISABLED"]);
    expect(after.keyVersions[0].name).toBe(
      "projects/sec-proj/locations/us-central1/keyRings/b/cryptoKeys/s/cryptoKeyVersions/1",
    );
  });

  test("18: of two policies of one project that which the apply writes holds, and both are named", () => {
    const { after, before, contested } = facts("18");
    expect(before.policies[0].defaultRule.evaluationMode).toBe("REQUIRE_ATTESTATION");
    expect(after.policies).toHaveLength(1);
    expect(after.policies[0].defaultRule.evaluationMode).toBe("ALWAYS_ALLOW");
    const [p, q] = ["google_binary_authorization_policy.p", "google_binary_authorization_policy.q"];
    expect(contested).toEqual([{ project: "sec-proj", addresses: [p, q], written: [q], already: false }]);
  });

  test("18: where both are written, nothing is known of the policy", () => {
    const { after } = facts("18", (plan) => {
      plan.resource_changes[0].change.actions = ["update"];
    });
    expect(after.policies[0].defaultRule).toMatch(/default_admission_rule/);
    expect(after.policies[0].exemptImages).toMatch(/admission_whitelist_patterns/);
  });

  test("19 and 21: a cluster stops enforcing, in place and by being replaced", () => {
    for (const plan of ["19", "21"]) {
      const { before, after } = facts(plan);
      expect(before.clusters[0]).toMatchObject({
        project: "sec-proj",
        location: "us-central1",
        name: "prod",
        evaluationMode: "PROJECT_SINGLETON_POLICY_ENFORCE",
      });
      expect(after.clusters[0]).toMatchObject({ project: "sec-proj", name: "prod", evaluationMode: "DISABLED" });
    }
  });

  test("23: a policy that moves is the same one", () => {
    const { before, after, changes } = facts("23");
    expect(after.policies[0].origin.address).toBe("google_binary_authorization_policy.q");
    expect(before.policies[0].origin.address).toBe("google_binary_authorization_policy.p");
    expect(changes[0].previousAddress).toBe("google_binary_authorization_policy.p");
    expect({ ...after.policies[0], origin: 0 }).toEqual({ ...before.policies[0], origin: 0 });
  });
});

describe("a policy that is destroyed", () => {
  // biome-ignore lint/suspicious/noExplicitAny: tests change them at will
  const destroyed = (actions: string[], after: (before: any) => unknown = () => null) =>
    facts("15", (plan) => {
      const { change } = plan.resource_changes[0];
      Object.assign(change, { actions, after: after(change.before), after_unknown: {} });
    }).after.policies;

  test("leaves a project that admits everything", () => {
    expect(destroyed(["delete"])).toMatchObject([
      {
        project: "sec-proj",
        globalPolicyEvaluationMode: "?",
        exemptImages: "?",
        defaultRule: { evaluationMode: "ALWAYS_ALLOW", requireAttestationsBy: [] },
      },
    ]);
  });

  test("is written before its successor, or after it, by the order of the actions", () => {
    const same = (before: unknown) => before;
    expect(destroyed(["delete", "create"], same)).toMatchObject([
      { defaultRule: { evaluationMode: "REQUIRE_ATTESTATION" } },
    ]);
    expect(destroyed(["create", "delete"], same)).toMatchObject([{ defaultRule: { evaluationMode: "ALWAYS_ALLOW" } }]);
  });

  test("of one project leaves that one open, and the other as planned", () => {
    const moved = (before: object) => ({ ...before, project: "other-proj" });
    expect(destroyed(["delete", "create"], moved)).toMatchObject([
      { project: "other-proj", defaultRule: { evaluationMode: "REQUIRE_ATTESTATION" } },
      { project: "sec-proj", defaultRule: { evaluationMode: "ALWAYS_ALLOW" } },
    ]);
  });

  test("stays in force where the provider abandons it", () => {
    const { after } = facts("15", (plan) => {
      const { change } = plan.resource_changes[0];
      change.before.deletion_policy = "ABANDON";
      Object.assign(change, { actions: ["delete"], after: null, after_unknown: {} });
    });
    expect(after.policies).toMatchObject([{ defaultRule: { evaluationMode: "REQUIRE_ATTESTATION" } }]);
  });

  test("beside a new one of the same project leaves open which is written last", () => {
    const { after } = facts("18", (plan) => {
      Object.assign(plan.resource_changes[0].change, { actions: ["delete"], after: null, after_unknown: {} });
    });
    expect(after.policies).toMatchObject([
      {
        project: "sec-proj",
        defaultRule: "?",
        exemptImages: "?",
        specificRules: "?",
        globalPolicyEvaluationMode: "?",
        origin: { address: "google_binary_authorization_policy.q" },
      },
    ]);
  });
});

describe("the rest of the format", () => {
  test("unknown is what is true, there or above; false and empty say nothing", () => {
    const { after } = facts("15", (plan) => {
      plan.resource_changes[0].change.after_unknown = {
        admission_whitelist_patterns: true,
        cluster_admission_rules: [],
        default_admission_rule: [{ enforcement_mode: true, require_attestations_by: [false] }],
        global_policy_evaluation_mode: false,
      };
    });
    expect(after.policies[0]).toMatchObject({
      exemptImages: "?",
      specificRules: { rules: [] },
      defaultRule: { enforcementMode: "?", requireAttestationsBy: [OLD] },
      globalPolicyEvaluationMode: "ENABLE",
    });
  });

  test("a default rule whose list changes while an attestor stays is not applied as it is shown", () => {
    const { after } = facts("15", (plan) => {
      plan.resource_changes[0].change.after.default_admission_rule[0].require_attestations_by.push(
        "projects/sec-proj/attestors/second",
      );
    });
    expect(after.policies[0].defaultRule.requireAttestationsBy).toBe(
      "${google_binary_authorization_policy.p.default_admission_rule[0].require_attestations_by}",
    );
  });

  test("what a partial plan leaves out stays as it is", () => {
    const { before, after, complete } = facts("01", (plan) => {
      plan.complete = false;
      plan.resource_changes = plan.resource_changes.filter(
        ({ type }: { type: string }) => type === "google_kms_crypto_key",
      );
    });
    expect(complete).toBe(false);
    expect(before.policies).toHaveLength(1);
    expect(after).toEqual(before);
  });

  test("deposed objects are listed, and count for nothing", () => {
    const { before, changes } = facts("12", (plan) => {
      plan.resource_changes[0].deposed = "abcd1234";
      plan.prior_state = undefined;
    });
    expect(before.policies).toEqual([]);
    expect(changes[0].deposed).toBe("abcd1234");
  });

  test("resources of modules and with keys are read by their addresses", () => {
    const { after } = facts("04", (plan) => {
      const rename = (address: string) => `module.trust["a.b"].${address}`;
      for (const change of plan.resource_changes) {
        change.address = rename(change.address);
      }
      plan.prior_state = undefined;
      const { root_module: module } = plan.configuration;
      plan.configuration.root_module = { module_calls: { trust: { module } } };
    });
    expect(after.policies[0].origin.address).toBe('module.trust["a.b"].google_binary_authorization_policy.p');
    expect(after.policies[0].defaultRule.requireAttestationsBy).toBe("${google_binary_authorization_attestor.b.id}");
  });

  test("an IAM policy is read out of its data source, though Terraform calls it unknown", () => {
    const { after } = facts("16", (plan) => {
      const type = "google_kms_crypto_key_iam_policy";
      plan.resource_changes = [
        {
          address: "data.google_iam_policy.signers",
          mode: "data",
          type: "google_iam_policy",
          change: {
            actions: ["read"],
            before: null,
            after: { binding: [{ role: "roles/cloudkms.signer", members: ["user:a@example.com", null] }] },
            after_unknown: { policy_data: true, binding: [{ members: [false, true] }] },
          },
        },
        {
          address: `${type}.signers`,
          mode: "managed",
          type,
          change: {
            actions: ["create"],
            before: null,
            after: { crypto_key_id: "sec-proj/global/ring/key" },
            after_unknown: { policy_data: true },
          },
        },
      ];
      const references = ["data.google_iam_policy.signers.policy_data", "data.google_iam_policy.signers"];
      plan.configuration.root_module.resources = [
        { address: `${type}.signers`, expressions: { policy_data: { references } } },
      ];
      plan.prior_state = undefined;
    });
    expect(after.powers).toMatchObject(
      ["user:a@example.com", "?"].map((principal) => ({
        kind: "sign",
        principal,
        on: "projects/sec-proj/locations/global/keyRings/ring/cryptoKeys/key",
      })),
    );
  });
});

describe("what is no plan that can be understood", () => {
  // biome-ignore lint/suspicious/noExplicitAny: tests change them at will
  const error = (change: (plan: any) => void) => {
    const json = planJson("15");
    change(json);
    return readError(() => readPlan("plan.json", json));
  };

  test.each([
    ["2.0", 'plan.json: "format_version" is not valid, got "2.0"; allowed: 1.x, which Terraform writes since 1.1'],
    [1, 'plan.json: "format_version" is not valid, got 1; allowed: 1.x, which Terraform writes since 1.1'],
  ])("format version %s", (version, message) => {
    expect(error((plan) => Object.assign(plan, { format_version: version }))).toBe(message);
  });

  test("no object", () => {
    expect(readError(() => readPlan("plan.json", []))).toBe(
      "plan.json: is no plan, got a list of 0; allowed: what terraform show -json prints of a plan file",
    );
  });

  test("a change without actions", () => {
    expect(error((plan) => Object.assign(plan.resource_changes[0].change, { actions: "update" }))).toBe(
      'plan.json, google_binary_authorization_policy.p: "change" is not valid, got an object with actions, before, after, after_unknown, before_sensitive; allowed: an object with "actions", "before" and "after"',
    );
  });

  test.each([
    ["null", (change: Record<string, unknown>) => Object.assign(change, { after: null }), ", got null"],
    ["nothing", (change: Record<string, unknown>) => delete change.after, ""],
  ])("an update to %s, which would pass for a resource that goes on as it is", (_, cut, found) => {
    expect(error((plan) => cut(plan.resource_changes[0].change))).toBe(
      `plan.json, google_binary_authorization_policy.p: "after" of what is created or updated is not valid${found}; allowed: an object with what will be there`,
    );
  });

  test("a resource without address", () => {
    expect(error((plan) => delete plan.resource_changes[0].address)).toBe(
      'plan.json: a resource is not valid, got an object with mode, type, name, provider_name, change; allowed: an object with "address", "type" and "mode" (managed or data)',
    );
  });

  test("an attribute of the wrong type", () => {
    expect(error((plan) => Object.assign(plan.resource_changes[0].change.after, { project: {} }))).toBe(
      'plan.json, google_binary_authorization_policy.p: "project" is not valid, got an object with no fields; allowed: text',
    );
  });

  test("nesting that would exhaust the stack", () => {
    const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
    expect(error((plan) => Object.assign(plan.resource_changes[0].change.after, { project: deep }))).toBe(
      "plan.json, google_binary_authorization_policy.p: is nested deeper than 100 levels; allowed: a file that Terraform or gcloud wrote",
    );
  });
});
