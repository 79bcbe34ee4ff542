import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { review } from "../../lib/review/engine";
import type { Finding, Inventory } from "../../lib/review/types";
import { putPolicy, type Sandbox, startSandbox } from "../../lib/sandbox";
import { readPlan } from "../../lib/trust";
import expected from "../fixtures/real-plans/expected.json";
import { PROVIDER_VERSION, TerraformDir } from "./terraform";

/**
 * Plans that the real terraform and the real provider made: what was there before as `common.tf` and `before.tf`, what is
 * planned as `common.tf` and `after.tf`.
 */
export const REAL_PLANS = join(__dirname, "../fixtures/real-plans");

export const REAL_PLAN_NAMES = readdirSync(REAL_PLANS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

const PROJECT = "my-secure-project";

// biome-ignore lint/suspicious/noExplicitAny: Terraform's JSON
type Json = any;

interface Making {
  /**
   * What `before.tf` is applied to. Without an API its plan is taken for the state, and the next one is made with
   * -refresh=false: for services that the sandbox does not have.
   */
  readonly google: "sandbox" | "none";
  readonly args?: readonly string[];
  /** What somebody does outside of Terraform, before or after `before.tf` is applied. */
  readonly first?: (sandbox: Sandbox) => void;
  readonly between?: (sandbox: Sandbox) => void;
  /** What became of the state meanwhile. */
  readonly state?: (state: Json) => Json;
}

const rule = (evaluationMode: string) => ({ evaluationMode, enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG" });
const setDefaultRule = (mode: string) => (sandbox: Sandbox) => {
  putPolicy(sandbox.state, PROJECT, { globalPolicyEvaluationMode: "ENABLE", defaultAdmissionRule: rule(mode) });
};

/** As after an apply that created a policy and could not destroy the one before. */
const withLeftOver = (state: Json): Json => ({
  ...state,
  serial: state.serial + 1,
  resources: state.resources.map((resource: Json) =>
    resource.type === "google_binary_authorization_policy"
      ? { ...resource, instances: [...resource.instances, { ...resource.instances[0], deposed: "0badc0de" }] }
      : resource,
  ),
});

/** Those that are not made by applying `before.tf` to the sandbox and planning `after.tf`. */
const MAKING: Readonly<Record<string, Partial<Making>>> = {
  "cloud-run-weakened": { google: "none" },
  "guards-removed": { google: "none" },
  "identity-provider-swapped": { google: "none" },
  "only-a-part": { args: ["-target=google_container_analysis_note.n"] },
  "policy-drifted": { between: setDefaultRule("ALWAYS_ALLOW") },
  "policy-imported": { first: setDefaultRule("ALWAYS_DENY") },
  "policy-left-over": { state: withLeftOver },
  "policy-replaced-create-first": { args: ["-replace=google_binary_authorization_policy.p"] },
  "role-of-organization": { google: "none" },
  "trigger-opened": { google: "none" },
};

/** What the inventory says, where a plan is reviewed with one. */
const INVENTORIES: Readonly<Record<string, Inventory>> = {
  "cloud-run-weakened": { images: [], attestations: [] },
};

/** The recorded plan, as `terraform show -json` printed it, without the parts that no reader looks at. */
export function recordedPlan(name: string): Json {
  return JSON.parse(readFileSync(join(REAL_PLANS, name, "plan.json"), "utf8"));
}

/** Address and target are compared where the expectation names them. */
type Expected = Pick<Finding, "id" | "severity" | "effects"> &
  Partial<Pick<Finding, "address" | "target">> & { readonly certainty?: string; readonly why?: string };

/** What each plan does to trust, derived by hand. */
export const EXPECTED = expected as unknown as Readonly<Record<string, readonly Expected[]>>;

/** How the findings of a plan differ from those that were derived by hand. */
export function differences(name: string, plan: Json) {
  const inventory = INVENTORIES[name];
  const { findings } = review({
    plans: [{ plan: readPlan("plan.json", plan) }],
    ...(inventory && { inventory }),
  });
  const left = [...findings];
  const missing = EXPECTED[name].filter((wanted) => {
    const index = left.findIndex((finding) => isExpected(finding, wanted));
    return index < 0 || left.splice(index, 1).length === 0;
  });
  const unexpected = left.map(({ address, certainty, effects, id, message, severity, target }) => {
    return { id, severity, effects, address, target, certainty: certainty.state, message };
  });
  return { missing, unexpected };
}

function isExpected(finding: Finding, wanted: Expected): boolean {
  const { address, certainty = "decided", effects, id, severity, target } = wanted;
  return (
    finding.id === id &&
    finding.severity === severity &&
    finding.certainty.state === certainty &&
    [...finding.effects].sort().join() === [...effects].sort().join() &&
    (address === undefined || finding.address === address) &&
    (target === undefined || finding.target === target)
  );
}

/** Makes the plan with terraform, the provider and the sandbox. */
export async function makePlan(name: string): Promise<Json> {
  const making: Making = { google: "sandbox", ...MAKING[name] };
  return making.google === "none" ? withoutApi(name, making) : withSandbox(name, making);
}

async function withSandbox(name: string, { args = [], between, first, state }: Making): Promise<Json> {
  // The accounts and repositories of the grants are not part of a plan.
  const sandbox = await startSandbox({ behaviour: { strictIam: false, refuseInvalidPolicies: false } });
  const terraform = TerraformDir.temporary(sandbox.environment());
  try {
    first?.(sandbox);
    write(terraform, name, "before");
    await terraform.init();
    await terraform.apply();
    between?.(sandbox);
    if (state) {
      const file = join(terraform.dir, "terraform.tfstate");
      terraform.write(state(JSON.parse(readFileSync(file, "utf8"))), "terraform.tfstate");
    }
    write(terraform, name, "after");
    return (await terraform.plan(...args)).json;
  } finally {
    terraform.remove();
    await sandbox.close();
  }
}

async function withoutApi(name: string, { args = [] }: Making): Promise<Json> {
  const terraform = TerraformDir.temporary({ GOOGLE_OAUTH_ACCESS_TOKEN: "fake" });
  try {
    write(terraform, name, "before");
    await terraform.init();
    const { json } = await terraform.plan("-refresh=false");
    terraform.write(plannedState(json), "terraform.tfstate");
    write(terraform, name, "after");
    return (await terraform.plan("-refresh=false", ...args)).json;
  } finally {
    terraform.remove();
  }
}

function write(terraform: TerraformDir, name: string, step: "before" | "after"): void {
  const text = (file: string) => {
    const path = join(REAL_PLANS, name, file);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  };
  const [common, own] = [text("common.tf"), text(`${step}.tf`)];
  const versions = common.includes("required_providers")
    ? ""
    : `terraform {\n  required_providers {\n    google = {\n      source  = "hashicorp/google"\n      version = "${PROVIDER_VERSION}"\n    }\n  }\n}\n`;
  const provider = `provider "google" {\n  project = "${PROJECT}"\n  region  = "us-central1"\n}\n`;
  terraform.write([versions, provider, common, own].join("\n"), "main.tf");
}

/** A state of version 4 as Terraform would have it, once what it planned were there. */
export function plannedState(plan: Json, project = PROJECT, ids: Readonly<Record<string, string>> = {}): Json {
  const schemas = new Map<string, number>(
    plan.planned_values.root_module.resources.map(({ address, schema_version }: Json) => [address, schema_version]),
  );
  return {
    version: 4,
    terraform_version: "1.11.4",
    serial: 1,
    lineage: "00000000-0000-0000-0000-000000000000",
    outputs: {},
    resources: plan.resource_changes.map(({ address, change, name, type }: Json) => ({
      mode: "managed",
      type,
      name,
      provider: 'provider["registry.terraform.io/hashicorp/google"]',
      instances: [
        {
          schema_version: schemas.get(address) ?? 0,
          attributes: { ...change.after, project: change.after.project ?? project, id: ids[type] ?? address },
        },
      ],
    })),
  };
}

/** Drops what no reader looks at: a third of most plans. */
export function trimmed({ planned_values: _, relevant_attributes: __, ...plan }: Json): Json {
  return plan;
}
