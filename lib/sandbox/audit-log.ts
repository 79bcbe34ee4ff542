import { randomUUID } from "node:crypto";
import type { Target, Verdict } from "../admission";
import { denialDetail } from "../admission/messages";
import { now } from "./context";
import { clone, type JsonObject, list, obj } from "./json";

/** What was asked of the webhook, as far as the audit log speaks of it. */
export interface AuditedRequest {
  readonly target: Extract<Target, { kind: "gke" }>;
  readonly operation: "create" | "update";
  /** The name of the pod, or what it is generated from. */
  readonly pod: string;
  /** Who asked Kubernetes; undefined where the review does not say. */
  readonly user?: string;
  /** The pod, where the review holds it: GKE logs what was stored. */
  readonly object?: JsonObject;
}

/**
 * The entry of the audit log about a decision, in the shape of Cloud Logging.
 *
 * Source: https://docs.cloud.google.com/binary-authorization/docs/viewing-audit-logs; the fields of a refusal as in clusters
 * since 1.18.15, where the status is 400 and the reason VIOLATES_POLICY.
 *
 * @param message what the pod's creator is told; undefined where the pod runs
 * @param remarks what the sandbox knows beyond what Google logs
 */
export function auditEntry(
  request: AuditedRequest,
  verdict: Verdict | undefined,
  message: string | undefined,
  remarks: readonly string[],
): JsonObject {
  const { target } = request;
  const namespace = target.namespace ?? "default";
  const resourceName = `core/v1/namespaces/${namespace}/pods/${request.pod}`;
  const methodName = `io.k8s.core.v1.pods.${request.operation}`;
  const timestamp = now();
  return {
    insertId: randomUUID(),
    logName: `projects/${target.project}/logs/cloudaudit.googleapis.com%2Factivity`,
    timestamp,
    receiveTimestamp: timestamp,
    resource: {
      type: "k8s_cluster",
      labels: { project_id: target.project, location: target.location, cluster_name: target.name },
    },
    labels: { ...verdict?.auditLabels },
    protoPayload: {
      "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
      serviceName: "k8s.io",
      methodName,
      resourceName,
      authenticationInfo: request.user === undefined ? {} : { principalEmail: request.user },
      authorizationInfo: [{ granted: true, permission: methodName, resource: resourceName }],
      ...(message === undefined ? admitted(request.object) : refused(verdict, message)),
      metadata: remarks.length === 0 ? undefined : { "binauthz.sandbox": [...remarks] },
    },
  };
}

/** Of the pod that was stored what tells whose it is, and what runs: environment variables are nobody's business here. */
function admitted(object: JsonObject | undefined): JsonObject {
  const pod: JsonObject = { "@type": "core.k8s.io/v1.Pod" };
  if (object !== undefined) {
    const { annotations, labels, name, namespace, ownerReferences } = obj(object.metadata);
    const images = list(obj(object.spec).containers).map((container) => ({
      name: container.name,
      image: container.image,
    }));
    pod.metadata = clone({ annotations, labels, name, namespace, ownerReferences });
    pod.spec = { containers: images };
  }
  return { response: pod, status: { code: 0 } };
}

function refused(verdict: Verdict | undefined, message: string): JsonObject {
  const denied = verdict?.images.filter((image) => image.verdict === "denied") ?? [];
  const causes = denied.map((image) => ({ reason: `'${image.image}' : ${denialDetail(image) ?? message}\n` }));
  return {
    response: {
      "@type": "core.k8s.io/v1.Status",
      apiVersion: "v1",
      kind: "Status",
      status: "Failure",
      reason: "VIOLATES_POLICY",
      code: 400,
      message,
      details: { kind: "Pod", causes },
    },
    status: { code: 3, message },
  };
}
