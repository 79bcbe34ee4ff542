import { type AccountKey, type Api, type IdentityProvider, known, type OrgPolicy, type Value } from "../../model";
import { type Attribute, type Block, isRecord, NotKnown } from "../attribute";
import { fullNameIn, inName, projectName } from "../names";
import { behind, type Resource, type Surroundings } from "../resource";
import { chainValue, mapValue } from "../values";

/** What surrounds a chain of trust in an organization: APIs, its policies, and who is believed from outside. */
export const SURROUNDING_TYPES = [
  "google_iam_workload_identity_pool_provider",
  "google_org_policy_custom_constraint",
  "google_org_policy_policy",
  "google_project_service",
  "google_service_account_key",
] as const;

export function readApis(around: Surroundings): Api[] {
  return around.ofType("google_project_service").map((resource) => ({
    name: `${projectName(resource)}/services/${inName(resource.block.text("service"), resource, "service")}`,
    disableOnDestroy: resource.block.flag("disable_on_destroy") ?? behind(resource, "disable_on_destroy"),
    origin: resource.origin,
  }));
}

export function readAccountKeys(around: Surroundings): AccountKey[] {
  return managed(around, "google_service_account_key").map((resource) => ({
    account: fullNameIn(resource, "service_account_id", "serviceAccounts") ?? behind(resource, "service_account_id"),
    origin: resource.origin,
  }));
}

export function readIdentityProviders(around: Surroundings): IdentityProvider[] {
  return managed(around, "google_iam_workload_identity_pool_provider").map((resource) => {
    const part = (attribute: string) => inName(resource.block.text(attribute), resource, attribute);
    const pool = `${projectName(resource)}/locations/global/workloadIdentityPools/${part("workload_identity_pool_id")}`;
    return {
      name: `${pool}/providers/${part("workload_identity_pool_provider_id")}`,
      condition: resource.block.text("attribute_condition") ?? known(undefined),
      mapping: sortedJson(resource.block.raw("attribute_mapping")),
      issuer: issuerOf(resource.block),
      accepts: acceptedBy(resource.block),
      disabled: resource.block.flag("disabled") ?? known(false),
      origin: resource.origin,
    };
  });
}

function issuerOf(block: Block): Value<string> {
  const inside = (name: string, attribute: string) =>
    chainValue(block.block(name), (inner): Value<string> => inner?.text(attribute) ?? known(""));
  const [oidc, aws] = [inside("oidc", "issuer_uri"), inside("aws", "account_id")];
  return oidc.state === "known" && oidc.value === "" ? aws : oidc;
}

function acceptedBy(block: Block): Value<string> {
  const parts = ["oidc", "saml", "x509"].map((name): [string, unknown] => [name, meaning(block.raw(name))]);
  const open = notKnownIn(parts.map(([, value]) => value));
  return open === undefined ? known(JSON.stringify(Object.fromEntries(parts))) : open.value;
}

/** An attribute in one way only: fields in order, texts of a list in order, without the issuer and without what says nothing. */
function meaning(value: unknown): unknown {
  if (Array.isArray(value)) {
    const entries = value.map(meaning).filter((entry) => entry !== undefined);
    return entries.length === 0 ? undefined : entries.every(isText) ? [...entries].sort() : entries;
  }
  if (isRecord(value)) {
    const fields = Object.entries(value)
      .filter(([name]) => name !== "issuer_uri")
      .map(([name, field]): [string, unknown] => [name, meaning(field)])
      .filter(([, field]) => field !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1));
    return fields.length === 0 ? undefined : Object.fromEntries(fields);
  }
  return value === null || value === "" ? undefined : value;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function notKnownIn(value: unknown): NotKnown | undefined {
  if (value instanceof NotKnown) {
    return value;
  }
  const inner = typeof value === "object" && value !== null ? Object.values(value) : [];
  for (const entry of inner) {
    const found = notKnownIn(entry);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

/** The text of a map in one way only. */
function sortedJson(map: Attribute | undefined): Value<string> {
  if (map instanceof NotKnown) {
    return map.value;
  }
  const entries = Object.entries(isRecord(map) ? map : {}).sort(([one], [other]) => (one < other ? -1 : 1));
  const open = entries.find(([, value]) => value instanceof NotKnown)?.[1];
  return open instanceof NotKnown ? open.value : known(JSON.stringify(Object.fromEntries(entries)));
}

export function readOrgPolicies(around: Surroundings): OrgPolicy[] {
  return [
    ...managed(around, "google_org_policy_policy").map(readOrgPolicy),
    ...managed(around, "google_org_policy_custom_constraint").map(
      (resource): OrgPolicy => ({
        name: `${inName(resource.block.text("parent"), resource, "parent")}/customConstraints/${inName(resource.block.text("name"), resource, "name")}`,
        kind: "custom-constraint",
        enforced: known(undefined),
        allowedValues: known([]),
        condition: chainValue(resource.block.text("action_type") ?? known(""), (action) =>
          mapValue(resource.block.text("condition") ?? behind(resource, "condition"), (text) => `${action}: ${text}`),
        ),
        inForce: known(true),
        origin: resource.origin,
      }),
    ),
  ];
}

function readOrgPolicy(resource: Resource): OrgPolicy {
  const parent = inName(resource.block.text("parent"), resource, "parent");
  const name = inName(resource.block.text("name"), resource, "name");
  const spec = resource.block.block("spec");
  const rules = chainValue(spec, (block) => block?.blocks("rules") ?? known([]));
  // A reset takes Google's default, whatever the parent says; of these constraints none is on by default.
  const reset = chainValue(spec, (block) => block?.flag("reset") ?? known(false));
  return {
    name: name.includes("/policies/") ? name : `${parent}/policies/${name}`,
    kind: "policy",
    enforced: chainValue(reset, (isReset) => (isReset ? known(false) : chainValue(rules, enforcedBy))),
    allowedValues: chainValue(rules, allowedBy),
    condition: known(undefined),
    inForce: chainValue(reset, (isReset) => mapValue(rules, (found) => isReset || found.length > 0)),
    origin: resource.origin,
  };
}

/** Several rules have conditions: it is enforced for certain where each of them enforces it. */
function enforcedBy(rules: readonly Block[]): Value<boolean | undefined> {
  const flags = rules.flatMap((rule) => rule.flag("enforce") ?? []);
  const open = flags.find(({ state }) => state !== "known");
  if (open !== undefined) {
    return open;
  }
  return known(flags.length === 0 ? undefined : flags.every((flag) => flag.state === "known" && flag.value));
}

function allowedBy(rules: readonly Block[]): Value<readonly Value<string>[]> {
  const found: Value<string>[] = [];
  for (const rule of rules) {
    const all = rule.flag("allow_all");
    if (all !== undefined && all.state !== "known") {
      return all;
    }
    if (all?.value) {
      found.push(known("*"));
    }
    const values = rule.block("values");
    const allowed = chainValue(values, (inner) => inner?.texts("allowed_values") ?? known([]));
    if (allowed.state !== "known") {
      return allowed;
    }
    found.push(...allowed.value);
  }
  return known(found);
}

function managed(around: Surroundings, type: string): Resource[] {
  return around.ofType(type).filter(({ mode }) => mode === "managed");
}
