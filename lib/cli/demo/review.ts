import { version } from "../../../package.json";
import { CHECKS, DEFAULT_GATE, EMPTY_SETTINGS, judge, type Outcome, type Plan, review } from "../../review";
import { type JsonObject, list, obj } from "../../sandbox/json";
import { type Lifecycle, lifecyclesIn, openSourceText, ReadError, readTerraformJson } from "../../trust";
import { resourcesOf } from "./configuration";

const POLICY = "google_binary_authorization_policy";

/** What `binauthz review` says of a plan, as `terraform show -json` prints it. */
export function reviewPlan(text: string, json: JsonObject): Outcome {
  const { plan } = openSourceText("plan.json", text);
  if (plan === undefined) {
    throw new ReadError({ source: "plan.json", problem: "is no plan", allowed: "what terraform show -json prints" });
  }
  return outcomeOf(plan, json);
}

/**
 * The same of two configurations, where there is no terraform to plan with.
 * @param attestors what is stored of the attestors, by name: a plan would have their public keys, which no configuration has
 */
export function reviewConfigurations(
  before: JsonObject,
  after: JsonObject,
  attestors: Readonly<Record<string, JsonObject>>,
): Outcome {
  const addresses = Object.keys((after.resource as JsonObject)[POLICY] as JsonObject).map(
    (name) => `${POLICY}.${name}`,
  );
  const plan: Plan = {
    source: "cdk.tf.json",
    before: readTerraformJson("cdk.tf.json", withKeys(before, attestors)),
    after: readTerraformJson("cdk.tf.json", withKeys(after, attestors)),
    changes: addresses.map((address) => ({
      address,
      mode: "managed",
      type: POLICY,
      actions: ["update"],
      imported: false,
    })),
    doubts: [],
    contested: [],
    failedChecks: [],
    deferred: [],
    providers: [],
    complete: true,
    errored: false,
    opaque: [],
  };
  return outcomeOf(plan, after);
}

function withKeys(json: JsonObject, attestors: Readonly<Record<string, JsonObject>>): JsonObject {
  const copy = structuredClone(json);
  const stored = Object.values(attestors).flatMap((attestor) => list(obj(attestor.userOwnedGrafeasNote).publicKeys));
  for (const { type, fields } of resourcesOf(copy)) {
    if (type === "google_binary_authorization_attestor") {
      for (const key of list(obj(fields.attestation_authority_note).public_keys)) {
        const pem = obj(stored.find(({ id }) => id === key.id)?.pkixPublicKey).publicKeyPem;
        key.pkix_public_key = { ...obj(key.pkix_public_key), ...(pem !== undefined && { public_key_pem: pem }) };
      }
    }
  }
  return copy;
}

/** What the configuration says of each resource, by address. */
export function lifecyclesOf(json: JsonObject): ReadonlyMap<string, Lifecycle> {
  return new Map(lifecyclesIn("cdk.tf.json", json).map((entry) => [entry.address, entry]));
}

function outcomeOf(plan: Plan, json: JsonObject): Outcome {
  const lifecycles = lifecyclesOf(json);
  return judge(review({ plans: [{ plan }], lifecycles }), {
    subject: "review",
    version,
    gate: DEFAULT_GATE,
    settings: EMPTY_SETTINGS,
    lifecycles,
    today: new Date().toISOString().slice(0, 10),
    checks: CHECKS.filter(({ change }) => change),
  });
}
