import { type Context, newId, now, projectNumber, requireProject } from "./context";
import { ApiError, alreadyExists, invalid, notFound } from "./errors";
import { clone, isObject, type Json, type JsonObject, list, obj, str, strings } from "./json";
import type { Call, ServiceRouter } from "./router";
import { canonicalAlgorithm, decodeBytes, defaultKeyId, mismatch, verifySignature } from "./signing";

const ATTESTOR = "projects/{project}/attestors/{attestor}";

/** The policy of a project in which nobody ever set one. */
function defaultPolicy(project: string): JsonObject {
  return {
    name: `projects/${project}/policy`,
    globalPolicyEvaluationMode: "ENABLE",
    defaultAdmissionRule: {
      evaluationMode: "ALWAYS_ALLOW",
      enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
    },
    etag: '"default"',
  };
}

/** The two API versions differ in the name of one field. */
function noteField(version: string): string {
  return version === "v1" ? "userOwnedGrafeasNote" : "userOwnedDrydockNote";
}

/** Binary Authorization: one policy per project, replaced as a whole, and attestors. */
export class BinaryAuthorization {
  private readonly policies = new Map<string, JsonObject>();
  /** In the shape of v1, whichever version they came by. */
  private readonly attestors = new Map<string, JsonObject>();

  constructor(private readonly context: Context) {
    const on = context.router.forService("binaryauthorization");
    on("GET", "projects/{project}/policy", (call) => this.policy(call.params.project ?? ""));
    on("PUT", "projects/{project}/policy", (call) => this.updatePolicy(call));
    this.attestorRoutes(on);
    context.iam.routes(on, ATTESTOR, (name) => void this.require(name));
    context.iam.routes(on, "projects/{project}/policy", () => undefined);
  }

  policy(project: string): JsonObject {
    requireProject(this.context, project);
    return clone(this.policies.get(project) ?? defaultPolicy(project));
  }

  /** Replaces the policy as `gcloud container binauthz policy import` does. */
  setPolicy(project: string, policy: JsonObject): void {
    const name = `projects/${project}/policy`;
    this.policies.set(project, { ...clone(policy), name, updateTime: now(), etag: `"${newId()}"` });
  }

  hasPolicy(project: string): boolean {
    return this.policies.has(project);
  }

  attestor(name: string): JsonObject | undefined {
    return clone(this.attestors.get(name));
  }

  putAttestor(name: string, attestor: JsonObject): void {
    const note = this.checkedNote(name, obj(attestor.userOwnedGrafeasNote));
    this.attestors.set(name, { ...clone(attestor), name, userOwnedGrafeasNote: note, updateTime: now() });
  }

  private attestorRoutes(on: ServiceRouter): void {
    on("POST", "projects/{project}/attestors", (call) => this.create(call));
    on("GET", ATTESTOR, (call) => this.shown(call, this.require(call.name)));
    on("PUT", ATTESTOR, (call) => this.update(call));
    on("GET", "projects/{project}/attestors", (call) => {
      const inside = [...this.attestors].filter(([name]) => name.startsWith(`${call.name}/`));
      return { attestors: inside.map(([, attestor]) => this.shown(call, attestor)) };
    });
    on("DELETE", ATTESTOR, (call) => {
      this.require(call.name);
      this.attestors.delete(call.name);
      this.context.iam.delete(call.name);
      return {};
    });
    on("POST", `${ATTESTOR}:validateAttestationOccurrence`, (call) => {
      const attestor = this.require(call.resource);
      const denial = denialReason(obj(attestor.userOwnedGrafeasNote), call.body);
      return denial === undefined
        ? { result: "VERIFIED" }
        : { result: "ATTESTATION_NOT_VERIFIABLE", denialReason: denial };
    });
  }

  private updatePolicy(call: Call): Json {
    const project = call.params.project ?? "";
    const before = this.policy(project);
    const etag = str(call.body.etag);
    if (etag !== "" && etag !== before.etag) {
      throw new ApiError("ABORTED", "The policy was changed since it was read: etag mismatch.");
    }
    if (!isObject(call.body.defaultAdmissionRule)) {
      throw invalid("default_admission_rule is required");
    }
    if (this.context.options.rejectEmptyAttestorLists) {
      rulesOf(call.body).forEach(checkRule);
    }
    this.setPolicy(project, call.body);
    return this.policy(project);
  }

  private require(name: string): JsonObject {
    const attestor = this.attestors.get(name);
    if (attestor === undefined) {
      throw notFound(`Attestor ${name}`);
    }
    return attestor;
  }

  private shown(call: Call, attestor: JsonObject): JsonObject {
    const { userOwnedGrafeasNote, ...rest } = clone(attestor);
    return { ...rest, [noteField(call.version)]: userOwnedGrafeasNote };
  }

  private create(call: Call): Json {
    requireProject(this.context, call.params.project ?? "");
    const name = `${call.name}/${call.query.get("attestorId") ?? ""}`;
    if (this.attestors.has(name)) {
      throw alreadyExists(`Attestor ${name}`);
    }
    return this.store(call, name);
  }

  private update(call: Call): Json {
    const before = obj(this.require(call.name).userOwnedGrafeasNote);
    const after = obj(call.body[noteField(call.version)]);
    if (before.noteReference !== after.noteReference) {
      throw invalid("note_reference cannot be changed");
    }
    return this.store(call, call.name);
  }

  private store(call: Call, name: string): Json {
    const field = noteField(call.version);
    const { [field]: note, ...rest } = call.body;
    if (!isObject(note)) {
      throw invalid(`${field} is required`);
    }
    this.putAttestor(name, { ...rest, userOwnedGrafeasNote: note });
    return this.shown(call, this.require(name));
  }

  private checkedNote(name: string, note: JsonObject): JsonObject {
    if (!/^projects\/[^/]+\/notes\/[^/]+$/.test(str(note.noteReference))) {
      throw invalid(`note_reference ${str(note.noteReference)} is not projects/*/notes/*`);
    }
    const publicKeys = list(note.publicKeys).map(checkedKey);
    const ids = publicKeys.map((key) => str(key.id));
    if (new Set(ids).size < ids.length) {
      throw invalid("public keys of an attestor need different ids");
    }
    const number = projectNumber(this.context, name.split("/")[1] ?? "");
    const agent = `service-${number}@gcp-sa-binaryauthorization.iam.gserviceaccount.com`;
    return { ...note, publicKeys, delegationServiceAccountEmail: agent };
  }
}

function checkedKey(key: JsonObject): JsonObject {
  if (!isObject(key.pkixPublicKey)) {
    return key;
  }
  const pem = str(key.pkixPublicKey.publicKeyPem);
  const algorithm = str(key.pkixPublicKey.signatureAlgorithm);
  const problem = mismatch(algorithm, pem);
  if (problem !== undefined) {
    throw invalid(problem);
  }
  const pkixPublicKey = { publicKeyPem: pem, signatureAlgorithm: canonicalAlgorithm(algorithm) };
  return { ...key, id: str(key.id) || defaultKeyId(pem), pkixPublicKey };
}

function rulesOf(policy: JsonObject): JsonObject[] {
  const maps = [
    "clusterAdmissionRules",
    "kubernetesNamespaceAdmissionRules",
    "kubernetesServiceAccountAdmissionRules",
    "istioServiceIdentityAdmissionRules",
  ];
  const specific = maps.flatMap((map) => Object.values(obj(policy[map])).filter(isObject));
  return [obj(policy.defaultAdmissionRule), ...specific];
}

function checkRule(rule: JsonObject): void {
  const attestors = strings(rule.requireAttestationsBy).length;
  if ((rule.evaluationMode === "REQUIRE_ATTESTATION") !== attestors > 0) {
    throw invalid("require_attestations_by must be non-empty with REQUIRE_ATTESTATION and empty otherwise");
  }
}

/** The real service's words are not public; what is checked is: note, digest, exact key id, signature. */
function denialReason(note: JsonObject, request: JsonObject): string | undefined {
  const attestation = obj(request.attestation);
  const payload = decodeBytes(str(attestation.serializedPayload));
  if (request.occurrenceNote !== note.noteReference) {
    return `The occurrence's note is not the attestor's note ${str(note.noteReference)}`;
  }
  const digest = str(request.occurrenceResourceUri).split("@")[1] ?? "";
  if (digest === "" || payloadDigest(payload) !== digest) {
    return "The payload does not name the digest of the occurrence's resource";
  }
  const valid = list(attestation.signatures).some((signature) => {
    const key = list(note.publicKeys).find((k) => k.id === signature.publicKeyId);
    return key !== undefined && verifiedBy(key, payload, str(signature.signature));
  });
  return valid ? undefined : "No attestations found that were valid and signed by a key trusted by the attestor";
}

function verifiedBy(key: JsonObject, payload: Buffer, signature: string): boolean {
  const pkix = obj(key.pkixPublicKey);
  const algorithm = str(pkix.signatureAlgorithm);
  return verifySignature(algorithm, str(pkix.publicKeyPem), payload, decodeBytes(signature));
}

function payloadDigest(payload: Buffer): string {
  try {
    const parsed = JSON.parse(payload.toString("utf8")) as Json;
    return str(obj(obj(obj(parsed).critical).image)["docker-manifest-digest"]);
  } catch {
    return "";
  }
}
