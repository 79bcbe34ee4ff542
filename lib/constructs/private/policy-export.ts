import { parseYaml } from "../../vocabulary/private/yaml";
import { ProblemCode, show } from "../../vocabulary/problem";
import { EnforcementMode, EvaluationMode, GlobalPolicyEvaluationMode } from "../admission-rule";
import type { AdmissionRule } from "./admission-rules";
import type { Refusals } from "./refusals";

/** A policy as `gcloud container binauthz policy export` prints it. */
export interface ExportedPolicy {
  readonly project?: string;
  readonly description?: string;
  readonly globalPolicyEvaluationMode: GlobalPolicyEvaluationMode;
  readonly exemptImages: string[];
  readonly defaultRule: AdmissionRule;
  readonly clusterRules: ReadonlyMap<string, AdmissionRule>;
}

// What the service adds by itself and takes back unread.
const OUTPUT_ONLY = new Set(["name", "updateTime", "etag"]);
const READ = new Set([
  "admissionWhitelistPatterns",
  "clusterAdmissionRules",
  "defaultAdmissionRule",
  "description",
  "globalPolicyEvaluationMode",
]);
// The API has them, google_binary_authorization_policy has not: the next PUT would erase them
// (https://github.com/hashicorp/terraform-provider-google/issues/13101).
const ERASED = new Set([
  "kubernetesNamespaceAdmissionRules",
  "kubernetesServiceAccountAdmissionRules",
  "istioServiceIdentityAdmissionRules",
]);

/** Reads an exported policy; everything that Terraform could not keep goes to the refusals. */
export function readPolicyExport(
  refusals: Refusals,
  text: string,
  expectedProject: string | undefined,
): ExportedPolicy | undefined {
  const parsed = parseYaml(text);
  if ("error" in parsed) {
    return unsupported(refusals, `the policy export is no YAML: ${parsed.error}`);
  }
  const policy = parsed.value;
  if (!isRecord(policy)) {
    return unsupported(refusals, `the policy export is no policy, got ${show(policy)}`);
  }
  for (const [key, value] of Object.entries(policy)) {
    if (ERASED.has(key) && !isEmpty(value)) {
      unsupported(
        refusals,
        `the policy has ${key}, which Terraform cannot express and would erase, got ${show(value)}; allowed: cluster rules and a default rule`,
      );
    } else if (!ERASED.has(key) && !READ.has(key) && !OUTPUT_ONLY.has(key)) {
      unsupported(
        refusals,
        `the policy has the unknown field ${show(key)}, got ${show(value)}; allowed: ${[...READ].join(", ")}`,
      );
    }
  }
  const defaultRule = readRule(refusals, "defaultAdmissionRule", policy.defaultAdmissionRule);
  const clusterRules = readClusterRules(refusals, policy.clusterAdmissionRules);
  const exemptImages = readPatterns(refusals, policy.admissionWhitelistPatterns);
  const mode = policy.globalPolicyEvaluationMode ?? GlobalPolicyEvaluationMode.DISABLE;
  if (!Object.values<unknown>(GlobalPolicyEvaluationMode).includes(mode)) {
    unsupported(refusals, `"globalPolicyEvaluationMode" is not valid, got ${show(mode)}; allowed: ENABLE, DISABLE`);
  }
  if (defaultRule.requireAttestationsBy.length > 1) {
    unsupported(
      refusals,
      `the default rule requires several attestors, got ${show(defaultRule.requireAttestationsBy)}: when that list changes, the provider loses some of them silently (hashicorp/terraform-provider-google#14929); allowed: one attestor in the default rule, the others in rules of clusters`,
    );
  }
  const project = readProject(policy.name);
  if (project !== undefined && expectedProject !== undefined && project !== expectedProject) {
    refusals.add(
      ProblemCode.PROJECT_MISMATCH,
      `the exported policy is that of ${project}, got "project" ${show(expectedProject)}; allowed: the project of the export`,
    );
  }
  const description = policy.description === undefined ? undefined : String(policy.description);
  return refusals.any
    ? undefined
    : {
        project,
        description,
        globalPolicyEvaluationMode: mode as GlobalPolicyEvaluationMode,
        exemptImages,
        defaultRule,
        clusterRules,
      };
}

function readProject(name: unknown): string | undefined {
  return typeof name === "string" ? /^projects\/([^/]+)\/policy$/.exec(name)?.[1] : undefined;
}

function readPatterns(refusals: Refusals, patterns: unknown): string[] {
  if (patterns === undefined || patterns === null) {
    return [];
  }
  if (
    !Array.isArray(patterns) ||
    !patterns.every((entry) => isRecord(entry) && typeof entry.namePattern === "string")
  ) {
    unsupported(
      refusals,
      `"admissionWhitelistPatterns" is not valid, got ${show(patterns)}; allowed: a list of entries with a namePattern`,
    );
    return [];
  }
  return patterns.map((entry) => entry.namePattern);
}

function readClusterRules(refusals: Refusals, rules: unknown): Map<string, AdmissionRule> {
  if (rules === undefined || rules === null) {
    return new Map();
  }
  if (!isRecord(rules)) {
    unsupported(
      refusals,
      `"clusterAdmissionRules" is not valid, got ${show(rules)}; allowed: a map of cluster to rule`,
    );
    return new Map();
  }
  return new Map(
    Object.entries(rules).map(([cluster, rule]) => [
      cluster,
      readRule(refusals, `clusterAdmissionRules["${cluster}"]`, rule),
    ]),
  );
}

function readRule(refusals: Refusals, property: string, rule: unknown): AdmissionRule {
  const fields = isRecord(rule) ? rule : {};
  const names = fields.requireAttestationsBy ?? [];
  const valid =
    isRecord(rule) &&
    Object.keys(fields).every((key) => ["evaluationMode", "enforcementMode", "requireAttestationsBy"].includes(key)) &&
    Object.values<unknown>(EvaluationMode).includes(fields.evaluationMode) &&
    Object.values<unknown>(EnforcementMode).includes(fields.enforcementMode) &&
    Array.isArray(names) &&
    names.every((name) => typeof name === "string");
  if (!valid) {
    unsupported(
      refusals,
      `"${property}" is no admission rule, got ${show(rule)}; allowed: evaluationMode (${Object.values(EvaluationMode).join(", ")}), enforcementMode (${Object.values(EnforcementMode).join(", ")}) and requireAttestationsBy`,
    );
    return { evaluationMode: "", enforcementMode: "", requireAttestationsBy: [] };
  }
  return {
    evaluationMode: String(fields.evaluationMode),
    enforcementMode: String(fields.enforcementMode),
    requireAttestationsBy: (names as string[]).slice().sort(),
  };
}

function unsupported(refusals: Refusals, message: string): undefined {
  refusals.add(ProblemCode.UNSUPPORTED_POLICY_EXPORT, message);
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);
}
