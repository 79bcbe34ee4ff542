import type { Finding } from "../types";

type Attribute = string | ((finding: Finding) => string | undefined);

/** The attribute of a resource that a rule is about, by the type of the resource; a rule that is not listed is about all of it. */
const ATTRIBUTES: readonly (readonly [type: RegExp, rules: RegExp, attribute: Attribute])[] = [
  [/^google_binary_authorization_policy$/, /^P0(?:07|08|09|10|11|12|13|14|15|16|21|24)$/, ruleOf],
  [/^google_binary_authorization_policy$/, /^P01[789]$/, "admission_whitelist_patterns"],
  [/^google_binary_authorization_policy$/, /^P020$/, "global_policy_evaluation_mode"],
  [/^google_binary_authorization_attestor$/, /^A0(?:0[123456]|11|12)$/, "attestation_authority_note"],
  [/^google_container_cluster$/, /^C00[12345]$/, "binary_authorization"],
  [/^google_container_cluster$/, /^C012$/, "name"],
  [/^google_cloud_run_v2_/, /^C00[678]$/, "binary_authorization"],
  [/^google_cloud_run_service$/, /^C00[678]$/, "metadata"],
  [/^google_gke_hub_fleet$/, /^C009$/, "default_cluster_config"],
  [/^google_org_policy_/, /^C011$/, "spec"],
  [/^google_kms_crypto_key$/, /^K00[34]$/, "version_template"],
  [/^google_kms_crypto_key$/, /^K005$/, "destroy_scheduled_duration"],
  [/^google_kms_crypto_key_version$/, /^K001$/, "state"],
  [/^google_iam_workload_identity_pool_provider$/, /^I008$/, "attribute_condition"],
  [/_iam_(?:member|binding)$/, /^I009$/, "condition"],
  [/_iam_member$/, /^I0(?:0[1-7]|1[0123])$/, "member"],
  [/_iam_binding$/, /^I0(?:0[1-7]|1[0123])$/, "members"],
  [/_iam_policy$/, /^I0(?:0[1-7]|1[0123])$/, "policy_data"],
];

/** The address with the attribute that a finding is about, where it is about one: `TYPE.NAME.ATTRIBUTE`. */
export function attributeAddress(finding: Finding): string | undefined {
  const { address, id } = finding;
  // The type is the last but one part, whatever modules and keys stand around it.
  const type = address && /(?:^|\.)([a-z0-9_]+)\.[A-Za-z0-9_-]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?$/.exec(address)?.[1];
  const [, , attribute] =
    (type && ATTRIBUTES.find(([types, rules]) => types.test(type) && rules.test(id))) || ([] as undefined[]);
  const name = typeof attribute === "function" ? attribute(finding) : attribute;
  return name === undefined ? undefined : `${address}.${name}`;
}

function ruleOf({ target }: Finding): string | undefined {
  return /^gke:/.test(target ?? "")
    ? "cluster_admission_rules"
    : /^default:/.test(target ?? "")
      ? "default_admission_rule"
      : undefined;
}
