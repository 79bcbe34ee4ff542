import { nodeVerifier, type Occurrence, REASON_NO_ATTESTATION } from "../admission";
import { judgeAttestor } from "../admission/attestors";
import { imageParts, withoutScheme } from "../admission/image";
import { EMPTY_MODEL, known, ReadError, readAttestorsExport, readPolicyExport, type TrustModel } from "../trust";
import { exemptionPatternError } from "../vocabulary/exemption-pattern";
import { keyMismatch, parsePublicKey, publicKeyDigestId } from "../vocabulary/public-key";
import { ATTESTOR_NAME } from "../vocabulary/resource-name";
import { SigningAlgorithm } from "../vocabulary/signing-algorithm";
import { SystemImages } from "../vocabulary/system-images";
import { alsoNeeds, type Context, members, now, page } from "./context";
import { alreadyExists, invalid, notFound, stale } from "./errors";
import { iamRoutes } from "./iam-policies";
import { clone, isObject, type Json, type JsonObject, list, obj, str, strings } from "./json";
import { ALSO_NEEDED } from "./permissions";
import { type AddRoute, type Call, type Route, routesOf } from "./routes";
import { lookup, nextEtag, projectNumber, type State } from "./state";

const POLICY = "projects/{project}/policy";
const ATTESTORS = "projects/{project}/attestors";
const ATTESTOR = `${ATTESTORS}/{attestor}`;

const PAGE = { normal: 100, most: 1000 };

/** Binary Authorization: one policy per project, replaced as a whole, and attestors. */
export function binaryAuthorizationRoutes(context: Context): Route[] {
  const { state } = context;
  return routesOf("binaryauthorization", (on) => {
    on("GET", POLICY, "binaryauthorization.projects.getPolicy", (call) => storedPolicy(state, call.params.project));
    on("PUT", POLICY, "binaryauthorization.projects.updatePolicy", (call) => updatePolicy(context, call));
    on("GET", "locations/{location}/policy", "binaryauthorization.systempolicy.getPolicy", (call) => ({
      name: call.name,
      admissionWhitelistPatterns: SystemImages.GKE_DOCUMENTED.map((namePattern) => ({ namePattern })),
    }));
    attestorRoutes(context, on);
    iamRoutes(context, on, POLICY, "binaryauthorization.policy", () => undefined);
    iamRoutes(context, on, ATTESTOR, "binaryauthorization.attestors", (name) => void attestor(state, name));
  });
}

function attestorRoutes(context: Context, on: AddRoute): void {
  const { state } = context;
  on("POST", ATTESTORS, "binaryauthorization.attestors.create", (call) => {
    const id = call.query.get("attestorId") ?? "";
    const name = `${call.name}/${id}`;
    if (!ATTESTOR_NAME.pattern.test(id)) {
      throw invalid(`attestor_id ${JSON.stringify(id)} is not valid`, "attestor_id");
    }
    if (lookup(state.attestors, name) !== undefined) {
      throw alreadyExists(`Attestor ${name}`);
    }
    return store(state, call, name);
  });
  on("GET", ATTESTORS, "binaryauthorization.attestors.list", (call) => {
    const { items, nextPageToken } = page(call, members(state.attestors, call.name), PAGE);
    return { attestors: items.map(([, stored]) => shown(call, stored)), nextPageToken };
  });
  on("GET", ATTESTOR, "binaryauthorization.attestors.get", (call) => shown(call, attestor(state, call.name)));
  on("PUT", ATTESTOR, "binaryauthorization.attestors.update", (call) => updateAttestor(state, call));
  on("DELETE", ATTESTOR, "binaryauthorization.attestors.delete", (call) => {
    attestor(state, call.name);
    delete state.attestors[call.name];
    delete state.iamPolicies[call.name];
    return {};
  });
  on(
    "POST",
    `${ATTESTOR}:validateAttestationOccurrence`,
    "binaryauthorization.attestors.validateAttestationOccurrence",
    (call) => validated(attestor(state, call.resource), call.body),
  );
}

/** The policy in force; a project in which nobody ever put one has the default policy. */
export function storedPolicy(state: State, project: string): JsonObject {
  const name = `projects/${project}/policy`;
  return clone(
    lookup(state.policies, name) ?? {
      name,
      globalPolicyEvaluationMode: "ENABLE",
      defaultAdmissionRule: { evaluationMode: "ALWAYS_ALLOW", enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
      etag: '"default"',
    },
  );
}

/** Replaces the policy as `gcloud container binauthz policy import` does, without a check. */
export function putPolicy(state: State, project: string, policy: JsonObject): void {
  const name = `projects/${project}/policy`;
  state.policies[name] = { ...clone(policy), name, updateTime: now(), etag: `"${nextEtag(state)}"` };
}

function updatePolicy(context: Context, call: Call): Json {
  const { state } = context;
  const { project } = call.params;
  const etag = str(call.body.etag);
  if (etag !== "" && etag !== storedPolicy(state, project).etag) {
    throw stale("The policy was changed since it was read: the etag does not match.");
  }
  checkPolicy(context, call.body, `projects/${project}/policy`);
  for (const name of new Set(rulesOf(call.body).flatMap(({ rule }) => strings(rule.requireAttestationsBy)))) {
    alsoNeeds(context, call, ALSO_NEEDED.readAttestor.permission, name);
    checkAttestorExists(context, name);
  }
  putPolicy(state, project, call.body);
  return storedPolicy(state, project);
}

/**
 * An attestor has to exist before a policy can require it: `built-by-cloud-build` too, which Cloud Build makes with its first
 * image. The words of Google's refusal are not known.
 * Source: https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/binary_authorization_policy
 */
function checkAttestorExists({ state, behaviour }: Context, name: string): void {
  if (behaviour.refuseMissingAttestors && lookup(state.attestors, name) === undefined) {
    throw invalid(`the attestor ${name} does not exist`, "policy.require_attestations_by");
  }
}

const RULE_MAPS: Readonly<Record<string, string>> = {
  clusterAdmissionRules: "cluster_admission_rules",
  kubernetesNamespaceAdmissionRules: "kubernetes_namespace_admission_rules",
  kubernetesServiceAccountAdmissionRules: "kubernetes_service_account_admission_rules",
  istioServiceIdentityAdmissionRules: "istio_service_identity_admission_rules",
};

interface Rule {
  /** In the form of protobuf, for messages. */
  readonly field: string;
  readonly rule: JsonObject;
}

function rulesOf(policy: JsonObject): Rule[] {
  const specific = Object.entries(RULE_MAPS).flatMap(([map, field]) =>
    Object.entries(obj(policy[map])).map(([key, rule]) => ({ field: `policy.${field}["${key}"]`, rule: obj(rule) })),
  );
  return [{ field: "policy.default_admission_rule", rule: obj(policy.defaultAdmissionRule) }, ...specific];
}

function checkPolicy({ behaviour }: Context, policy: JsonObject, name: string): void {
  if (!isObject(policy.defaultAdmissionRule)) {
    throw invalid("default_admission_rule is required", "policy.default_admission_rule");
  }
  if (policy.name !== undefined && policy.name !== "" && policy.name !== name) {
    throw invalid(`the name of the policy is ${str(policy.name)}, and not ${name}`, "policy.name");
  }
  list(policy.admissionWhitelistPatterns).forEach(({ namePattern }, index) => {
    const problem = exemptionPatternError(str(namePattern));
    if (problem !== undefined) {
      const field = `policy.admission_whitelist_patterns[${index}].name_pattern`;
      throw invalid(`name_pattern ${JSON.stringify(namePattern)} ${problem}`, field);
    }
  });
  for (const { field, rule } of rulesOf(policy)) {
    checkRule(field, rule, behaviour.refuseInvalidPolicies);
  }
  if (behaviour.refuseInvalidPolicies) {
    readable("policy", () => readPolicyExport("policy", { ...policy, name }));
  }
}

function checkRule(field: string, rule: JsonObject, strict: boolean): void {
  const attestors = strings(rule.requireAttestationsBy);
  const wrong = attestors.find((name) => !/^projects\/[^/]+\/attestors\/[^/]+$/.test(name));
  if (wrong !== undefined) {
    throw invalid(`${wrong} is not of the form projects/*/attestors/*`, `${field}.require_attestations_by`);
  }
  if (strict && (rule.evaluationMode === "REQUIRE_ATTESTATION") !== attestors.length > 0) {
    throw invalid(
      "require_attestations_by must be non-empty with REQUIRE_ATTESTATION and empty otherwise",
      `${field}.require_attestations_by`,
    );
  }
}

/** What the trust model cannot read, no service would store. */
function readable(field: string, read: () => unknown): void {
  try {
    read();
  } catch (error) {
    throw error instanceof ReadError ? invalid(error.message, field) : error;
  }
}

function attestor(state: State, name: string): JsonObject {
  const found = lookup(state.attestors, name);
  if (found === undefined) {
    throw notFound(`Attestor ${name}`);
  }
  return found;
}

/** The API versions differ in the name of one field; it is stored under that of v1. */
function noteField(version: string): string {
  return version === "v1" ? "userOwnedGrafeasNote" : "userOwnedDrydockNote";
}

function shown(call: Call, stored: JsonObject): JsonObject {
  const { userOwnedGrafeasNote, ...rest } = clone(stored);
  return { ...rest, [noteField(call.version)]: userOwnedGrafeasNote };
}

function updateAttestor(state: State, call: Call): Json {
  const before = attestor(state, call.name);
  const etag = str(call.body.etag);
  if (etag !== "" && etag !== before.etag) {
    throw stale("The attestor was changed since it was read: the etag does not match.");
  }
  if (obj(before.userOwnedGrafeasNote).noteReference !== obj(call.body[noteField(call.version)]).noteReference) {
    throw invalid("note_reference cannot be changed", "attestor.user_owned_grafeas_note.note_reference");
  }
  return store(state, call, call.name);
}

function store(state: State, call: Call, name: string): Json {
  const field = noteField(call.version);
  const { [field]: note, ...rest } = call.body;
  if (!isObject(note)) {
    throw invalid(`${field} is required`, "attestor.user_owned_grafeas_note");
  }
  putAttestor(state, name, { ...rest, userOwnedGrafeasNote: note });
  return shown(call, attestor(state, name));
}

/** Stores an attestor in the shape of v1, with what the service fills in. Throws what the API answers. */
export function putAttestor(state: State, name: string, given: JsonObject): void {
  const note = completeNote(state, name, obj(given.userOwnedGrafeasNote));
  const etag = `"${nextEtag(state)}"`;
  const stored = { ...clone(given), name, userOwnedGrafeasNote: note, updateTime: now(), etag };
  readable("attestor", () => readAttestorsExport("attestor", stored));
  state.attestors[name] = stored;
}

function completeNote(state: State, name: string, note: JsonObject): JsonObject {
  const at = "attestor.user_owned_grafeas_note";
  if (!/^projects\/[^/]+\/notes\/[^/]+$/.test(str(note.noteReference))) {
    throw invalid(`note_reference ${str(note.noteReference)} is not projects/*/notes/*`, `${at}.note_reference`);
  }
  const publicKeys = list(note.publicKeys).map((key, index) => completeKey(key, `${at}.public_keys[${index}]`));
  const ids = publicKeys.map((key) => str(key.id));
  if (new Set(ids).size < ids.length) {
    throw invalid("public keys of an attestor need different ids", `${at}.public_keys`);
  }
  return { ...note, publicKeys, delegationServiceAccountEmail: agentOf(state, name.split("/")[1]) };
}

/** The address of a project's service agent of Binary Authorization. */
export function agentOf(state: State, project: string): string {
  return `service-${projectNumber(state, project)}@gcp-sa-binaryauthorization.iam.gserviceaccount.com`;
}

function completeKey(key: JsonObject, field: string): JsonObject {
  if (!isObject(key.pkixPublicKey)) {
    return key;
  }
  const publicKeyPem = str(key.pkixPublicKey.publicKeyPem);
  const name = str(key.pkixPublicKey.signatureAlgorithm);
  const algorithm = SigningAlgorithm._named(name);
  if (algorithm === undefined) {
    throw invalid(`Invalid value for signature_algorithm: ${name}`, `${field}.pkix_public_key.signature_algorithm`);
  }
  const parsed = parsePublicKey(publicKeyPem);
  const problem = "error" in parsed ? parsed.error : keyMismatch(parsed.key, algorithm);
  if ("error" in parsed || problem !== undefined) {
    throw invalid(`public_key_pem ${problem}`, `${field}.pkix_public_key.public_key_pem`);
  }
  // Whatever spelling came, the API answers with its own.
  const pkixPublicKey = { publicKeyPem, signatureAlgorithm: algorithm.attestorName };
  return { ...key, id: str(key.id) || publicKeyDigestId(parsed.key), pkixPublicKey };
}

const VERIFIER = nodeVerifier();

/** The simulator's own judgement of one attestation; the service's words for a refusal are not public. */
function validated(stored: JsonObject, request: JsonObject): Json {
  const name = str(stored.name);
  const occurrence = {
    kind: "ATTESTATION",
    noteName: str(request.occurrenceNote),
    resourceUri: str(request.occurrenceResourceUri),
    attestation: request.attestation,
  } as unknown as Occurrence;
  const model: TrustModel = {
    ...EMPTY_MODEL,
    attestors: readAttestorsExport("sandbox", stored).attestors,
  };
  const { verdict } = judgeAttestor(known(name), imageParts(withoutScheme(occurrence.resourceUri)), {
    model,
    evidence: { occurrences: [occurrence] },
    verifier: VERIFIER,
  });
  if (verdict.verdict === "satisfied") {
    return { result: "VERIFIED" };
  }
  const details = verdict.diagnosis.map(({ detail }) => detail).join("; ");
  const reason = verdict.reason ?? REASON_NO_ATTESTATION;
  return {
    result: "ATTESTATION_NOT_VERIFIABLE",
    denialReason: details === "" ? reason : `${reason}: ${details}`,
  };
}
