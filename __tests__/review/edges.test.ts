import { review } from "../../lib/review/engine";
import { readPlan } from "../../lib/trust";
import { recordedPlan } from "../support/real-plans";
import { planJson } from "../trust/support";

// What the plans of other people have, in the provider's own plans with one thing changed.

// biome-ignore lint/suspicious/noExplicitAny: Terraform's JSON
type Json = any;

const POLICY = "google_binary_authorization_policy";

function found(plan: Json): string[] {
  return review({ plans: [{ plan: readPlan("plan.json", plan) }] }).findings.map(
    ({ certainty, id, severity }) => `${id} ${severity} ${certainty.state}`,
  );
}

function willDo(plan: Json): Record<string, string | undefined> {
  const { targets } = review({ plans: [{ plan: readPlan("plan.json", plan) }] });
  return Object.fromEntries(targets.map((target) => [target.target, target.after]));
}

const changeOf = (plan: Json, type: string) => plan.resource_changes.find((entry: Json) => entry.type === type);

describe("a policy object that an earlier apply left over", () => {
  test("opens the project when it is destroyed, and the table of targets says so", () => {
    expect(willDo(recordedPlan("policy-left-over"))).toMatchObject({ "default:my-secure-project": "allow all" });
  });

  test("leaves open what will be where the same apply writes the policy too", () => {
    const plan = recordedPlan("policy-left-over");
    const current = plan.resource_changes.find(
      ({ deposed, type }: Json) => type === POLICY && deposed === undefined,
    ).change;
    current.actions = ["update"];
    current.after.description = "other";
    expect(found(plan)).toContain("P001 critical decided");
    expect(willDo(plan)["default:my-secure-project"]).toMatch(/^not decided/);
  });
});

test("a resource of which everything is unknown is not taken as it is shown", () => {
  const plan = planJson("02");
  changeOf(plan, POLICY).change.after_unknown = true;
  expect(found(plan)).toContain("M001 critical undecided");
  expect(willDo(plan)["default:sec-proj"]).toMatch(/^not decided/);
});

describe("a rule for a cluster that is in no file", () => {
  const withCluster = (name: string) => {
    const plan = recordedPlan("note-moved");
    plan.resource_changes.push({
      address: "google_container_cluster.c",
      mode: "managed",
      type: "google_container_cluster",
      name: "c",
      change: {
        actions: ["create"],
        before: null,
        after: {
          project: "my-secure-project",
          location: "us-central1",
          name,
          binary_authorization: [{ enabled: null, evaluation_mode: "PROJECT_SINGLETON_POLICY_ENFORCE" }],
        },
        after_unknown: {},
      },
    });
    return plan;
  };

  test("is as it was when another cluster is made", () => {
    expect(found(withCluster("other"))).toEqual(["M007 info decided"]);
  });
});

describe("a custom role that no file defines", () => {
  const granted = (role: string, member = "user:eve@example.com") => {
    const plan = recordedPlan("note-moved");
    plan.resource_changes.push({
      address: "google_project_iam_member.m",
      mode: "managed",
      type: "google_project_iam_member",
      name: "m",
      change: {
        actions: ["create"],
        before: null,
        after: { project: "my-secure-project", role, member, condition: [] },
        after_unknown: {},
      },
    });
    return found(plan).filter((entry) => !entry.startsWith("M007"));
  };

  test("is listed, and does not gate, on a project", () => {
    expect(granted("projects/elsewhere/roles/custom")).toEqual(["I012 medium undecided"]);
  });

  test("a predefined role without power is not", () => {
    expect(granted("roles/compute.viewer")).toEqual([]);
  });
});

test("an instance that is there is known, though another one of the same resource is new", () => {
  const plan = planJson("04");
  const [there, fresh] = plan.resource_changes.filter(
    ({ type }: Json) => type === "google_binary_authorization_attestor",
  );
  there.address = 'google_binary_authorization_attestor.x["old"]';
  fresh.address = 'google_binary_authorization_attestor.x["new"]';
  const policy = plan.configuration.root_module.resources.find(({ type }: Json) => type === POLICY);
  const refersTo = (key: string) => {
    const address = `google_binary_authorization_attestor.x["${key}"]`;
    policy.expressions.default_admission_rule[0].require_attestations_by.references = [
      `${address}.id`,
      address,
      "google_binary_authorization_attestor.x",
    ];
    return found(plan).filter((entry) => entry.startsWith("M002"));
  };
  expect(refersTo("old")).toEqual([]);
  expect(refersTo("new")).toEqual(["M002 high decided"]);
});

test("what nobody runs as the signer is no path to it: a trigger with an account of its own", () => {
  const plan = recordedPlan("trigger-opened");
  const text = JSON.stringify(plan).replaceAll(
    "serviceAccounts/signer-ci@my-secure-project",
    "serviceAccounts/web-app@my-secure-project",
  );
  const own = JSON.parse(text.replaceAll("KEY_VERSION=", "OTHER="));
  expect(found(own)).toEqual([]);
});

test("a PGP key whose id the service gives is named in words", () => {
  const plan = recordedPlan("attestor-keys");
  const { change } = plan.resource_changes.find(
    ({ address }: Json) => address === "google_binary_authorization_attestor.build",
  );
  change.after.attestation_authority_note[0].public_keys = [
    ...change.before.attestation_authority_note[0].public_keys,
    {
      ascii_armored_pgp_public_key: "-----BEGIN PGP PUBLIC KEY BLOCK-----",
      comment: "",
      id: null,
      pkix_public_key: [],
    },
  ];
  const messages = review({ plans: [{ plan: readPlan("plan.json", plan) }] }).findings.map(({ message }) => message);
  expect(messages.filter((message) => message.includes("PGP key"))).toEqual([
    "One key of an attestor is enough: from now on, signatures of a PGP key without a known id count as well.",
    "a PGP key without a known id: a PGP key, whose algorithm nothing here can tell, and which no KMS guards.",
    "a PGP key without a known id: it is no version of Cloud KMS, so that nothing says where its private half is.",
  ]);
});
