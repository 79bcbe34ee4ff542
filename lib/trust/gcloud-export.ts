import { PROJECT_ID } from "../vocabulary/resource-name";
import { join } from "./join";
import {
  type Attestor,
  type AttestorKey,
  EMPTY_MODEL,
  hidden,
  known,
  type Policy,
  type Rule,
  type SpecificRules,
  type TrustModel,
  type Value,
} from "./model";
import { type AttributeMap, Block, isRecord, type Json, own } from "./private/attribute";
import { checkDepth } from "./private/configuration";
import { keyMaterial } from "./private/key-material";
import { completeName } from "./private/names";
import { attestorAlgorithm } from "./private/readers/attestor";
import { mapValue } from "./private/values";
import { ReadError } from "./read-error";
import type { ReadOptions } from "./terraform-json";

/** The rules of a policy beside the default one, by the API's fields. */
export const SPECIFIC_RULES: ReadonlyMap<string, SpecificRules["kind"]> = new Map([
  ["clusterAdmissionRules", "cluster"],
  ["kubernetesNamespaceAdmissionRules", "namespace"],
  ["kubernetesServiceAccountAdmissionRules", "service-account"],
  ["istioServiceIdentityAdmissionRules", "istio-identity"],
]);

const POLICY_FIELDS: ReadonlySet<string> = new Set([
  "admissionWhitelistPatterns",
  "defaultAdmissionRule",
  "description",
  "etag",
  "globalPolicyEvaluationMode",
  "name",
  "updateTime",
  ...SPECIFIC_RULES.keys(),
]);
const RULE_FIELDS: ReadonlySet<string> = new Set(["evaluationMode", "enforcementMode", "requireAttestationsBy"]);

const EVALUATION_MODES = ["ALWAYS_ALLOW", "ALWAYS_DENY", "REQUIRE_ATTESTATION"];
const ENFORCEMENT_MODES = ["ENFORCED_BLOCK_AND_AUDIT_LOG", "DRYRUN_AUDIT_LOG_ONLY"];

/**
 * Reads what `gcloud container binauthz policy export` prints.
 *
 * @param source how the user named it, for messages and origins
 * @param value the parsed YAML or JSON
 * @param options the project, where the policy does not name itself
 */
export function readPolicyExport(source: string, value: unknown, options: ReadOptions = {}): TrustModel {
  const fields = record(source, "policy", value, POLICY_FIELDS);
  checkDepth(source, fields);
  const block = new Block(source, "policy", fields as AttributeMap);
  const project = policyProject(block, source, options.project);
  const mode = literal(block, "globalPolicyEvaluationMode") ?? "DISABLE";
  const policy: Policy = {
    project,
    globalPolicyEvaluationMode: known(oneOf(block, "globalPolicyEvaluationMode", mode, ["ENABLE", "DISABLE"])),
    exemptImages: mapValue(block.blocks("admissionWhitelistPatterns"), (patterns) =>
      patterns.map((pattern) => known(required(pattern, "namePattern"))),
    ),
    defaultRule: known(readRule(source, "defaultAdmissionRule", own(fields, "defaultAdmissionRule"), project)),
    specificRules: known(specificRules(source, fields, project)),
    origin: { source },
  };
  return { ...EMPTY_MODEL, policies: [policy] };
}

function policyProject(block: Block, source: string, given: string | undefined): string {
  const name = literal(block, "name");
  const project = name === undefined ? given : /^projects\/([^/]+)\/policy$/.exec(name)?.[1];
  if (project === undefined || !PROJECT_ID.pattern.test(project)) {
    throw new ReadError({
      source,
      problem: name === undefined ? "the policy names no project" : '"name" of the policy is not valid',
      found: name,
      allowed: "a name of the form projects/PROJECT/policy, or the project given beside the file",
    });
  }
  if (given !== undefined && given !== project) {
    throw new ReadError({
      source,
      problem: `the policy is that of ${project}, and not of the project given beside it`,
      found: given,
      allowed: "the project of the policy",
    });
  }
  return project;
}

function specificRules(source: string, fields: Json, project: string): SpecificRules {
  const present = [...SPECIFIC_RULES].filter(([field]) => {
    const rules = own(fields, field);
    return rules !== undefined && rules !== null && (!isRecord(rules) || Object.keys(rules).length > 0);
  });
  if (present.length > 1) {
    throw new ReadError({
      source,
      problem: `the policy has rules of several kinds, ${present.map(([field]) => field).join(" and ")}`,
      allowed: "rules of one kind beside the default rule",
    });
  }
  const [field, kind] = present[0] ?? ["clusterAdmissionRules", "cluster"];
  const rules = own(fields, field) ?? {};
  if (!isRecord(rules)) {
    throw new ReadError({ source, problem: `"${field}" is not valid`, found: rules, allowed: "a map of rules by key" });
  }
  return {
    kind,
    rules: Object.entries(rules).map(([key, rule]) => ({
      key: known(key),
      rule: readRule(source, `${field}["${key}"]`, rule, project),
    })),
  };
}

function readRule(source: string, at: string, value: unknown, project: string): Rule {
  const block = new Block(source, at, record(source, at, value, RULE_FIELDS) as AttributeMap);
  const mode = (name: string, allowed: readonly string[]) => known(oneOf(block, name, required(block, name), allowed));
  return {
    evaluationMode: mode("evaluationMode", EVALUATION_MODES),
    enforcementMode: mode("enforcementMode", ENFORCEMENT_MODES),
    requireAttestationsBy: mapValue(block.texts("requireAttestationsBy") ?? known([]), (names) =>
      names.map((name) => (name.state === "known" ? completeName(name.value, "attestors", known(project)) : name)),
    ),
  };
}

/** One field under two names: `gcloud beta` and `gcloud alpha` print that of the older API. */
export const ATTESTOR_NOTE_FIELDS = ["userOwnedGrafeasNote", "userOwnedDrydockNote"];

/**
 * Reads what `gcloud container binauthz attestors list --format=json` prints, of any release track, or `describe` of one.
 *
 * @param source how the user named it, for messages and origins
 * @param value the parsed JSON or YAML
 */
export function readAttestorsExport(source: string, value: unknown): TrustModel {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  const attestors = entries.map((entry, index): Attestor => {
    const at = `attestor ${index + 1}`;
    const fields = record(source, at, entry);
    checkDepth(source, fields, at);
    const block = new Block(source, at, fields as AttributeMap);
    const name = required(block, "name");
    if (!/^projects\/[^/]+\/attestors\/[^/]+$/.test(name)) {
      throw block.wrong("name", name, "projects/PROJECT/attestors/NAME");
    }
    const [noteBlock, ...others] = ATTESTOR_NOTE_FIELDS.flatMap((field) => {
      const note = block.block(field);
      return note.state === "known" && note.value !== undefined ? [note.value] : [];
    });
    if (noteBlock === undefined || others.length > 0) {
      throw block.wrong("userOwnedGrafeasNote", fields, "the attestor's note and its public keys, once");
    }
    const project = known(name.split("/")[1]);
    return {
      name,
      noteName: completeName(required(noteBlock, "noteReference"), "notes", project),
      publicKeys: mapValue(noteBlock.blocks("publicKeys"), (keys) => keys.map(readKey)),
      origin: { source },
    };
  });
  return join([{ ...EMPTY_MODEL, attestors }]);
}

function readKey(block: Block): AttestorKey {
  const id = known(required(block, "id"));
  const pgp = literal(block, "asciiArmoredPgpPublicKey");
  const pkix = block.block("pkixPublicKey");
  const key = pkix.state === "known" ? pkix.value : undefined;
  if (pgp !== undefined) {
    const algorithm: Value<string> = hidden(`\${${block.at}.asciiArmoredPgpPublicKey}`);
    return { id, type: "pgp", material: known({ format: "unverified", text: pgp }), algorithm };
  }
  if (key === undefined) {
    throw block.wrong("pkixPublicKey", undefined, "a key in PKIX or PGP form");
  }
  return {
    id,
    type: "pkix",
    material: known(keyMaterial(required(key, "publicKeyPem"))),
    algorithm: known(attestorAlgorithm(required(key, "signatureAlgorithm"))),
  };
}

function record(source: string, at: string, value: unknown, fields?: ReadonlySet<string>): Json {
  if (!isRecord(value)) {
    throw new ReadError({ source, at, problem: "is not valid", found: value ?? null, allowed: "an object" });
  }
  const other = fields && Object.keys(value).find((name) => !fields.has(name));
  if (other !== undefined) {
    throw new ReadError({
      source,
      at,
      problem: `has the unknown field ${JSON.stringify(other)}`,
      allowed: [...(fields as ReadonlySet<string>)].join(", "),
    });
  }
  return value;
}

function literal(block: Block, name: string): string | undefined {
  const value = block.text(name);
  return value?.state === "known" ? value.value : undefined;
}

function required(block: Block, name: string): string {
  const value = literal(block, name);
  if (value === undefined) {
    throw block.wrong(name, "nothing", "text");
  }
  return value;
}

function oneOf<T extends string>(block: Block, name: string, value: string, allowed: readonly T[]): T {
  if (!allowed.includes(value as T)) {
    throw block.wrong(name, value, allowed.join(", "));
  }
  return value as T;
}
