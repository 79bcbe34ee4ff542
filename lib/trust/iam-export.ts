import { EMPTY_MODEL, known, type Power, type TrustModel } from "./model";
import { isRecord, own } from "./private/attribute";
import { parseJson } from "./private/text";
import { ReadError } from "./read-error";
import { powersOfRole, type RoleScope } from "./role-powers";

/** What a role can be given on, by the full resource name of Cloud Asset Inventory. */
const SCOPES: readonly (readonly [RegExp, RoleScope])[] = [
  [
    /^\/\/cloudkms\.googleapis\.com\/(projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+(?:\/cryptoKeys\/[^/]+)?)$/,
    "key",
  ],
  [/^\/\/containeranalysis\.googleapis\.com\/(projects\/[^/]+\/notes\/[^/]+)$/, "note"],
  [/^\/\/binaryauthorization\.googleapis\.com\/(projects\/[^/]+\/attestors\/[^/]+)$/, "attestor"],
  [/^\/\/artifactregistry\.googleapis\.com\/(projects\/[^/]+\/locations\/[^/]+\/repositories\/[^/]+)$/, "repository"],
  [/^\/\/iam\.googleapis\.com\/(projects\/[^/]+\/serviceAccounts\/[^/]+)$/, "account"],
  [/^\/\/cloudresourcemanager\.googleapis\.com\/((?:projects|folders|organizations)\/[^/]+)$/, "project"],
];

const ALLOWED = "what gcloud asset search-all-iam-policies --format=json prints";

/**
 * Reads the grants of an organization, a folder or a project: what `gcloud asset search-all-iam-policies --format=json`
 * prints. Policies on other things than the chain of trust knows are left out.
 *
 * Source: https://cloud.google.com/asset-inventory/docs/reference/rest/v1/TopLevel/searchAllIamPolicies
 *
 * @param source how the user named the file, for messages
 * @throws ReadError where it is something else, or one page of several
 */
export function readIamExport(source: string, text: string): TrustModel {
  const json = parseJson(source, text);
  const list = isRecord(json) ? own(json, "results") : json;
  if (isRecord(json) && own(json, "nextPageToken")) {
    throw new ReadError({ source, problem: "is one page of several, as nextPageToken says", allowed: ALLOWED });
  }
  if (!Array.isArray(list)) {
    throw new ReadError({ source, problem: "is no list of IAM policies", found: json ?? "nothing", allowed: ALLOWED });
  }
  return { ...EMPTY_MODEL, powers: list.flatMap((entry, index) => powersIn(source, entry, index)) };
}

function powersIn(source: string, entry: unknown, index: number): Power[] {
  const fail = (problem: string) => new ReadError({ source, at: `policy ${index + 1}`, problem, allowed: ALLOWED });
  const resource = isRecord(entry) ? own(entry, "resource") : undefined;
  const policy = isRecord(entry) ? own(entry, "policy") : undefined;
  const bindings = isRecord(policy) ? (own(policy, "bindings") ?? []) : undefined;
  if (typeof resource !== "string" || !Array.isArray(bindings)) {
    throw fail("has no resource, or no bindings");
  }
  const [on, scope] = scopeOf(resource);
  return bindings.flatMap((binding) => {
    const [role, members] = isRecord(binding) ? [own(binding, "role"), own(binding, "members")] : [];
    const isText = (value: unknown) => typeof value === "string";
    if (typeof role !== "string" || !Array.isArray(members) || !members.every(isText)) {
      throw fail("has a binding without role or members");
    }
    const condition = isRecord(binding) ? own(binding, "condition") : undefined;
    const expression = isRecord(condition) ? own(condition, "expression") : undefined;
    return on === undefined
      ? []
      : (members as string[]).flatMap((member) =>
          powersOfRole(role, scope).map(
            (kind): Power => ({
              kind,
              principal: known(member),
              role: known(role),
              on: known(on),
              conditional: isRecord(condition),
              ...(isRecord(condition) && { condition: known(isText(expression) ? (expression as string) : "") }),
              origin: { source },
            }),
          ),
        );
  });
}

function scopeOf(
  resource: string,
): readonly [on: string, scope: RoleScope] | readonly [on: undefined, scope: "project"] {
  for (const [pattern, scope] of SCOPES) {
    const on = pattern.exec(resource)?.[1];
    if (on !== undefined) {
      return [on, scope];
    }
  }
  return [undefined, "project"];
}
