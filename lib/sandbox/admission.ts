import {
  AUDIT_LABEL_PREFIX,
  admit,
  nodeVerifier,
  type PodRequest,
  type RequestedImage,
  type Target,
  type Verdict,
  WEBHOOK_PREFIX,
} from "../admission";
import { ReadError, type TrustModel, valueOf as valueIfKnown } from "../trust";
import { type Pod, podOf } from "../workloads/pods";
import { type AuditedRequest, auditEntry } from "./audit-log";
import { can } from "./authorization";
import { agentOf } from "./binary-authorization";
import { ApiError, invalid, notFound } from "./errors";
import { isObject, type Json, type JsonObject, obj, str } from "./json";
import { ALSO_NEEDED } from "./permissions";
import { lookup, type State } from "./state";
import { attestations, trustModelOf } from "./trust-model";

type Cluster = Extract<Target, { kind: "gke" }>;

/** What was decided about a pod. */
export interface Decision {
  readonly allowed: boolean;
  /** Why it is not allowed. */
  readonly message?: string;
  /** The labels of the audit log entry. */
  readonly auditLabels: Readonly<Record<string, string>>;
  /** The simulator's answer; undefined where what is stored cannot be evaluated. */
  readonly verdict?: Verdict;
  /** What the service would not say: missing permissions, and why an attestation does not count. Sentences. */
  readonly remarks: readonly string[];
}

const VERIFIER = nodeVerifier();

/**
 * Decides about a pod over what is stored, as the service agents may read it. What cannot be decided is not allowed.
 */
function decide(state: State, target: Cluster, pod: PodRequest): Decision {
  try {
    const { model, occurrences, missing } = asAgentsSeeIt(state, target.project);
    const verdict = admit({ target, pod }, model, { occurrences }, VERIFIER);
    const remarks = [...missing, ...diagnoses(verdict)];
    if (verdict.verdict === "admitted") {
      return { allowed: true, auditLabels: verdict.auditLabels, verdict, remarks };
    }
    const undecided = `The sandbox cannot decide about this pod: ${remarks.join("; ")}`;
    return {
      allowed: false,
      message: verdict.message ?? undecided,
      auditLabels: verdict.auditLabels,
      verdict,
      remarks,
    };
  } catch (error) {
    if (error instanceof ReadError) {
      return { allowed: false, message: error.message, auditLabels: {}, remarks: [error.message] };
    }
    throw error;
  }
}

function diagnoses(verdict: Verdict): string[] {
  const all = verdict.images.flatMap((image) => [
    ...image.diagnosis,
    ...image.attestors.flatMap(({ diagnosis }) => diagnosis),
  ]);
  return [...new Set(all.map(({ detail }) => detail))];
}

/**
 * The model without what Binary Authorization may not read. An attestor that the cluster's project may not verify counts
 * like one without keys; a note that it, or the attestor's project, may not list counts like one without attestations. What
 * the real service answers in these cases is not documented; that it does not admit is.
 *
 * Source: https://docs.cloud.google.com/binary-authorization/docs/multi-project-setup-cli
 */
function asAgentsSeeIt(state: State, project: string) {
  const model = trustModelOf(state, [project]);
  const missing: string[] = [];
  const agentOfProject = (id: string) => `serviceAccount:${agentOf(state, id)}`;
  const lacks = (agent: string, permission: string, resource: string): boolean => {
    const lacking = !can(state, agent, permission, resource);
    if (lacking) {
      missing.push(`${agent} lacks ${permission} on ${resource}`);
    }
    return lacking;
  };
  const required = requiredAttestors(model);
  const hiddenNotes = new Set<string>();
  const attestors = model.attestors.map((attestor) => {
    if (!required.has(attestor.name)) {
      return attestor;
    }
    const note = valueIfKnown(attestor.noteName) ?? "";
    const readers = [...new Set([project, attestor.name.split("/")[1]])].map(agentOfProject);
    const unreadable = readers.filter((agent) => lacks(agent, ALSO_NEEDED.listNoteOccurrences.permission, note));
    if (unreadable.length > 0) {
      hiddenNotes.add(note);
    }
    const unverifiable = lacks(agentOfProject(project), ALSO_NEEDED.verifyImageAttested.permission, attestor.name);
    return unverifiable ? { ...attestor, publicKeys: { state: "known" as const, value: [] } } : attestor;
  });
  const occurrences = attestations(state).filter(({ noteName }) => !hiddenNotes.has(noteName));
  return { model: { ...model, attestors }, occurrences, missing };
}

function requiredAttestors(model: TrustModel): ReadonlySet<string> {
  const rules = model.policies.flatMap((policy) => [
    ...[valueIfKnown(policy.defaultRule)].filter((rule) => rule !== undefined),
    ...(valueIfKnown(policy.specificRules)?.rules.map(({ rule }) => rule) ?? []),
  ]);
  const names = rules.flatMap((rule) => valueIfKnown(rule.requireAttestationsBy) ?? []).map(valueIfKnown);
  return new Set(names.filter((name) => name !== undefined));
}

/** A review of either kind, read. */
interface Review {
  readonly apiVersion: string;
  readonly kind: "ImageReview" | "AdmissionReview";
  readonly uid?: string;
  /** Undefined where there is nothing to decide: a deletion, or an object that is no pod. */
  readonly pod?: PodRequest;
  readonly podName: string;
  readonly operation: "create" | "update";
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly user?: string;
  /** The pod as it was sent; an `ImageReview` has none. */
  readonly object?: JsonObject;
}

/**
 * Answers an `ImageReview` or an `AdmissionReview`, and writes the decision into the audit log.
 * @param cluster the full name of the cluster that asks
 */
export function review(state: State, cluster: string, body: JsonObject): JsonObject {
  const asked = readable(body);
  const [, project, , location, , name] = cluster.split("/");
  const { pod, namespace, serviceAccount } = asked;
  if (pod === undefined) {
    return answer(asked, { allowed: true, auditLabels: {}, remarks: [] });
  }
  const target: Cluster = { kind: "gke", project, location, name, namespace, serviceAccount };
  const decision = decide(state, target, pod);
  const { object, operation, podName, user } = asked;
  const request: AuditedRequest = { target, operation, pod: podName, user, object };
  const message = decision.message;
  state.logEntries.push(auditEntry(request, decision.verdict, message, decision.remarks));
  return answer(asked, decision);
}

function answer(asked: Review, { allowed, message, auditLabels }: Decision): JsonObject {
  // Kubernetes puts the name of the webhook before these, and words of its own before the message.
  const auditAnnotations = Object.fromEntries(
    Object.entries(auditLabels).map(([label, value]) => [label.replace(AUDIT_LABEL_PREFIX, ""), value]),
  );
  const text = message?.replace(WEBHOOK_PREFIX, "");
  const { apiVersion, kind } = asked;
  if (kind === "ImageReview") {
    return { apiVersion, kind, status: { allowed, ...(text === undefined ? {} : { reason: text }), auditAnnotations } };
  }
  const status =
    text === undefined ? {} : { status: { status: "Failure", code: 400, reason: "VIOLATES_POLICY", message: text } };
  return { apiVersion, kind, response: { uid: asked.uid, allowed, auditAnnotations, ...status } };
}

/** What is wrong with a pod is wrong with the request. */
function readable(body: JsonObject): Review {
  try {
    return readReview(body);
  } catch (error) {
    throw error instanceof ReadError ? invalid(error.message) : error;
  }
}

function readReview(body: JsonObject): Review {
  const form = `${str(body.apiVersion)} ${str(body.kind)}`;
  switch (form) {
    case "imagepolicy.k8s.io/v1alpha1 ImageReview":
      return readImageReview(body);
    case "admission.k8s.io/v1 AdmissionReview":
      return readAdmissionReview(body);
    default:
      throw invalid(
        `the review is of ${JSON.stringify(form)}; allowed: imagepolicy.k8s.io/v1alpha1 ImageReview, admission.k8s.io/v1 AdmissionReview`,
      );
  }
}

/** Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#imagepolicywebhook */
function readImageReview(body: JsonObject): Review {
  const spec = required(body, "spec");
  const images = readImages(spec.containers, "spec.containers");
  if (images.length === 0) {
    throw invalid("spec.containers names no image");
  }
  return {
    apiVersion: str(body.apiVersion),
    kind: "ImageReview",
    pod: { images, annotations: texts(spec.annotations, "spec.annotations") },
    podName: "unknown",
    operation: "create",
    namespace: str(spec.namespace) || undefined,
  };
}

/** Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request */
function readAdmissionReview(body: JsonObject): Review {
  const request = required(body, "request");
  const uid = str(request.uid);
  if (uid === "") {
    throw invalid("request.uid is missing");
  }
  const operation = str(request.operation);
  const isPod = obj(request.kind).kind === "Pod" && str(obj(request.kind).group) === "";
  const decided = isPod && ["CREATE", "UPDATE"].includes(operation);
  const object = decided ? required(request, "object") : {};
  const pod = decided ? readPod(object) : undefined;
  const metadata = obj(object.metadata);
  return {
    apiVersion: str(body.apiVersion),
    kind: "AdmissionReview",
    uid,
    pod,
    podName: str(metadata.name) || str(request.name) || `${str(metadata.generateName)}unknown`,
    operation: operation === "UPDATE" ? "update" : "create",
    namespace: str(request.namespace) || str(metadata.namespace) || undefined,
    serviceAccount: pod?.serviceAccount,
    user: str(obj(request.userInfo).username) || undefined,
    ...(decided && { object }),
  };
}

/** The pod of a review, read as pods of manifests are. */
function readPod(fields: JsonObject): Pod {
  const read = podOf({ source: "the review", at: "request.object", apiVersion: "v1", kind: "Pod", fields });
  if ("passedOver" in read) {
    throw invalid("request.object is no pod");
  }
  return read.pod;
}

function readImages(value: Json | undefined, field: string): RequestedImage[] {
  if (!Array.isArray(value)) {
    throw invalid(`${field} is no list`);
  }
  return value.map((container, index) => {
    const { image } = obj(container);
    if (typeof image !== "string" || image === "") {
      throw invalid(`${field}[${index}].image is no text`);
    }
    return { image, container: `${index}`, kind: "container" };
  });
}

function texts(value: Json | undefined, field: string): Record<string, string> {
  if (value === undefined || value === null) {
    return {};
  }
  if (!isObject(value) || Object.values(value).some((text) => typeof text !== "string")) {
    throw invalid(`${field} is no map of texts`);
  }
  return value as Record<string, string>;
}

function required(body: JsonObject, field: string): JsonObject {
  const value = body[field];
  if (!isObject(value)) {
    throw invalid(`${field} is missing`);
  }
  return value;
}

/**
 * The cluster that asks: the one that the address names, or the only one there is. A review does not say where it comes from.
 * @param asked `projects/P/locations/L/clusters/C`, or nothing
 */
export function reviewingCluster(state: State, asked: string): string {
  if (asked !== "") {
    if (lookup(state.clusters, asked) === undefined) {
      throw notFound(asked);
    }
    return asked;
  }
  const names = Object.keys(state.clusters);
  if (names.length !== 1) {
    throw new ApiError(
      "INVALID_ARGUMENT",
      `There are ${names.length} clusters: name the one that asks, as in /admission/projects/P/locations/L/clusters/C. ${names.join(", ")}`.trim(),
    );
  }
  return names[0];
}
