import { type Json, type JsonObject, list, obj, str, strings } from "../../sandbox/json";
import type { Call } from "./client";
import { type ConfiguredResource, resourcesOf } from "./configuration";

// Where terraform is not there, the resources are made by the calls that the google provider would make. This is no second
// Terraform: it makes what is not there yet, of the types that a chain consists of, in an order that suits them.

type Make = (fields: JsonObject, call: Call) => Promise<unknown>;

const member =
  (service: string, resource: (fields: JsonObject) => string, verb = "GET"): Make =>
  async (fields, call) => {
    const name = `${service}/v1/${resource(fields)}`;
    const policy = await call(verb, `${name}:getIamPolicy`);
    const binding: JsonObject = { role: fields.role, members: [str(fields.member)] };
    await call("POST", `${name}:setIamPolicy`, {
      policy: { ...policy, bindings: [...list(policy.bindings), binding] },
    });
  };

const within = ({ project, location }: JsonObject) => `projects/${str(project)}/locations/${str(location)}`;
const global = ({ project }: JsonObject) => `projects/${str(project)}`;

/** What each type takes, in the order in which they can be made. */
const MAKE: Readonly<Record<string, Make>> = {
  google_project_service: (fields, call) =>
    call("POST", `serviceusage/v1/${global(fields)}/services:batchEnable`, { serviceIds: [str(fields.service)] }),
  google_service_account: (fields, call) =>
    call("POST", `iam/v1/${global(fields)}/serviceAccounts`, {
      accountId: fields.account_id,
      serviceAccount: { displayName: fields.display_name },
    }),
  google_kms_key_ring: (fields, call) =>
    call("POST", `cloudkms/v1/${within(fields)}/keyRings?keyRingId=${str(fields.name)}`, {}),
  google_kms_crypto_key: (fields, call) => {
    const query = `cryptoKeyId=${str(fields.name)}&skipInitialVersionCreation=${fields.skip_initial_version_creation === true}`;
    const { algorithm, protection_level: protectionLevel } = obj(fields.version_template);
    const body = { purpose: fields.purpose, versionTemplate: { algorithm, protectionLevel } };
    return call("POST", `cloudkms/v1/${str(fields.key_ring)}/cryptoKeys?${query}`, body);
  },
  google_kms_crypto_key_version: (fields, call) =>
    call("POST", `cloudkms/v1/${str(fields.crypto_key)}/cryptoKeyVersions`, {}),
  google_container_analysis_note: (fields, call) =>
    call("POST", `containeranalysis/v1/${global(fields)}/notes?noteId=${str(fields.name)}`, {
      attestation: obj(camel(obj(fields.attestation_authority))),
    }),
  google_binary_authorization_attestor: async (fields, call) => {
    const authority = obj(fields.attestation_authority_note);
    const publicKeys = await Promise.all(list(authority.public_keys).map((key) => publicKey(key, call)));
    await call("POST", `binaryauthorization/v1/${global(fields)}/attestors?attestorId=${str(fields.name)}`, {
      name: `${global(fields)}/attestors/${str(fields.name)}`,
      userOwnedGrafeasNote: { noteReference: authority.note_reference, publicKeys },
    });
  },
  google_binary_authorization_policy: (fields, call) =>
    call("PUT", `binaryauthorization/v1/${global(fields)}/policy`, policyBody(fields)),
  google_artifact_registry_repository: (fields, call) =>
    call(
      "POST",
      `artifactregistry/v1/${within(fields)}/repositories?repository_id=${str(fields.repository_id)}`,
      camel({ format: fields.format }) as JsonObject,
    ),
  google_kms_crypto_key_iam_member: member("cloudkms", ({ crypto_key_id: key }) => str(key)),
  google_container_analysis_note_iam_member: member(
    "containeranalysis",
    (fields) => `${global(fields)}/notes/${str(fields.note)}`,
    "POST",
  ),
  google_binary_authorization_attestor_iam_member: member(
    "binaryauthorization",
    (fields) => `${global(fields)}/attestors/${str(fields.attestor)}`,
  ),
  google_artifact_registry_repository_iam_member: member(
    "artifactregistry",
    (fields) => `${within(fields)}/repositories/${str(fields.repository)}`,
  ),
  google_project_iam_member: member("cloudresourcemanager", global, "POST"),
  google_container_cluster: (fields, call) => {
    const { name, binary_authorization: mode, node_config, initial_node_count, release_channel, ...rest } = fields;
    const cluster = { name, binaryAuthorization: mode, nodeConfig: node_config, releaseChannel: release_channel };
    return call("POST", `container/v1/${within(rest)}/clusters`, {
      cluster: camel({ ...cluster, initialNodeCount: initial_node_count }),
    });
  },
  google_container_node_pool: (fields, call) =>
    call("POST", `container/v1/${within(fields)}/clusters/${str(fields.cluster)}/nodePools`, {
      nodePool: camel({ name: fields.name, initialNodeCount: fields.node_count, config: fields.node_config }),
    }),
  google_cloudbuild_trigger: (fields, call) => {
    const { name, description, service_account: serviceAccount, build, source_to_build: sourceToBuild } = fields;
    const { step, ...others } = obj(build);
    const shown = camel({ name, description, serviceAccount, sourceToBuild, build: { ...others, steps: step } });
    return call("POST", `cloudbuild/v1/${within(fields)}/triggers`, shown as JsonObject);
  },
};

/** What came of a configuration. */
export interface Made {
  readonly made: number;
  /** Types that are not spoken here; their resources are left out. */
  readonly leftOut: readonly string[];
}

/** Makes the resources of a configuration. Nothing may be there yet. */
export async function applyByRest(json: JsonObject, call: Call): Promise<Made> {
  const resources = resourcesOf(json);
  const order = Object.keys(MAKE);
  const spoken = resources.filter(({ type }) => order.includes(type));
  spoken.sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type));
  for (const resource of spoken) {
    await make(resource, call);
  }
  const leftOut = new Set(resources.map(({ type }) => type).filter((type) => !order.includes(type)));
  return { made: spoken.length, leftOut: [...leftOut] };
}

async function make({ type, name, fields }: ConfiguredResource, call: Call): Promise<void> {
  try {
    await MAKE[type](fields, call);
  } catch (error) {
    throw new Error(`${type}.${name}: ${(error as Error).message}`);
  }
}

/** A key of an attestor; its PEM, which Terraform reads from Cloud KMS, is read there, by the key's own id. */
async function publicKey(key: JsonObject, call: Call): Promise<JsonObject> {
  const { public_key_pem: written, signature_algorithm: signatureAlgorithm } = obj(key.pkix_public_key);
  const version = /^\/\/cloudkms\.googleapis\.com\/v1\/(.+)$/.exec(str(key.id))?.[1];
  const read = str(written).includes("${") && version !== undefined;
  const publicKeyPem = read ? str((await call("GET", `cloudkms/v1/${version}/publicKey`)).pem) : str(written);
  return { id: str(key.id), pkixPublicKey: { publicKeyPem, signatureAlgorithm } };
}

/** The policy as the API takes it. */
function policyBody(fields: JsonObject): JsonObject {
  const rules = list(fields.cluster_admission_rules).map((rule) => [str(rule.cluster), ruleBody(rule)]);
  return {
    name: `${global(fields)}/policy`,
    globalPolicyEvaluationMode: fields.global_policy_evaluation_mode,
    admissionWhitelistPatterns: list(fields.admission_whitelist_patterns).map(({ name_pattern: namePattern }) => ({
      namePattern,
    })),
    clusterAdmissionRules: Object.fromEntries(rules),
    defaultAdmissionRule: ruleBody(obj(fields.default_admission_rule)),
  };
}

function ruleBody(rule: JsonObject): JsonObject {
  const by = strings(rule.require_attestations_by);
  return {
    evaluationMode: rule.evaluation_mode,
    enforcementMode: rule.enforcement_mode,
    ...(by.length > 0 && { requireAttestationsBy: by }),
  };
}

/** Names as Google's JSON has them, and texts without Terraform's escapes. */
function camel(value: Json | undefined): Json {
  if (Array.isArray(value)) {
    return value.map(camel);
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([name, inner]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      camel(inner),
    ]);
    return Object.fromEntries(entries);
  }
  return typeof value === "string" ? value.replace(/\$\$\{/g, "${") : (value ?? null);
}
