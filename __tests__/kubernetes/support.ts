import { parseAllDocuments } from "yaml";
import type { BreakGlassGuardProps } from "../../lib/kubernetes";
import type { Json } from "../support/template";
import type { AdmissionRequest, Permission } from "../support/validating-admission-policy";

export const DOMAIN = "binauthz.example.com";
export const LABEL = "image-policy.k8s.io/break-glass";
export const OLD_ANNOTATION = "alpha.image-policy.k8s.io/break-glass";
export const REASON = `${DOMAIN}/break-glass-reason`;
export const TICKET = `${DOMAIN}/break-glass-ticket`;
export const ARGO = "system:serviceaccount:argocd:argocd-application-controller";

export const GUARD: BreakGlassGuardProps = {
  domain: DOMAIN,
  responderGroups: ["responders@example.com"],
  namespaces: ["prod"],
  ticketPattern: "^INC-[0-9]+$",
};
export const GITOPS_GUARD: BreakGlassGuardProps = { ...GUARD, gitOpsAccounts: [ARGO] };

/** The objects of a text of several documents. */
export function objectsOf(yaml: string): Json[] {
  return parseAllDocuments(yaml).map((document) => document.toJS());
}

const KINDS: Record<string, { readonly apiVersion: string; readonly resource: string }> = {
  Pod: { apiVersion: "v1", resource: "pods" },
  PodTemplate: { apiVersion: "v1", resource: "podtemplates" },
  ReplicationController: { apiVersion: "v1", resource: "replicationcontrollers" },
  Deployment: { apiVersion: "apps/v1", resource: "deployments" },
  StatefulSet: { apiVersion: "apps/v1", resource: "statefulsets" },
  DaemonSet: { apiVersion: "apps/v1", resource: "daemonsets" },
  ReplicaSet: { apiVersion: "apps/v1", resource: "replicasets" },
  Job: { apiVersion: "batch/v1", resource: "jobs" },
  CronJob: { apiVersion: "batch/v1", resource: "cronjobs" },
  ControllerRevision: { apiVersion: "apps/v1", resource: "controllerrevisions" },
};
export const ALL_KINDS = Object.keys(KINDS);

/** What matters of a pod. */
export interface PodOptions {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly image?: string;
  readonly initImage?: string;
  readonly debugImage?: string;
  /** Mounted as a volume. */
  readonly mountedImage?: string;
  /** Of the workload itself, not of its pods. */
  readonly ownLabels?: Record<string, string>;
  readonly replicas?: number;
}

export const EVIDENCE = { [REASON]: "the signer is down", [TICKET]: "INC-1" };
export const BROKEN: PodOptions = { labels: { [LABEL]: "true" }, annotations: EVIDENCE };

const imageVolume = (reference: string): Json => ({ name: "image", image: { reference } });

/** A workload of a kind, as small as its pods allow; `app` selects them where the kind selects. */
export function workload(kind: string, options: PodOptions = {}, name = "web"): Json {
  const { apiVersion } = KINDS[kind];
  const selector = { app: "web" };
  const batch = kind === "Job" || kind === "CronJob";
  const image = options.image ?? "example.com/web:1";
  const selects = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController"].includes(kind);
  const labels = { ...(selects ? selector : {}), ...options.labels };
  const metadata = {
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(options.annotations ? { annotations: options.annotations } : {}),
  };
  const spec = {
    containers: [{ name: "main", image }],
    ...(options.initImage ? { initContainers: [{ name: "init", image: options.initImage }] } : {}),
    ...(options.debugImage ? { ephemeralContainers: [{ name: "debug", image: options.debugImage }] } : {}),
    ...(options.mountedImage ? { volumes: [{ name: "tmp", emptyDir: {} }, imageVolume(options.mountedImage)] } : {}),
    ...(batch ? { restartPolicy: "Never" } : {}),
  };
  const own = { name, namespace: "prod", ...(options.ownLabels ? { labels: options.ownLabels } : {}) };
  const template = { ...(Object.keys(metadata).length > 0 ? { metadata } : {}), spec };
  const replicas = options.replicas === undefined ? {} : { replicas: options.replicas };
  switch (kind) {
    case "Pod":
      return { apiVersion, kind, metadata: { ...own, ...metadata }, spec };
    case "PodTemplate":
      return { apiVersion, kind, metadata: own, template };
    case "CronJob":
      return {
        apiVersion,
        kind,
        metadata: own,
        spec: { schedule: "0 3 * * *", jobTemplate: { spec: { template } } },
      };
    case "ControllerRevision":
      return { apiVersion, kind, metadata: own, revision: 1, data: { spec: { template } } };
    case "Job":
      return { apiVersion, kind, metadata: own, spec: { template } };
    case "ReplicationController":
      return { apiVersion, kind, metadata: own, spec: { ...replicas, selector, template } };
    case "StatefulSet":
      return {
        apiVersion,
        kind,
        metadata: own,
        spec: { ...replicas, serviceName: "web", selector: { matchLabels: selector }, template },
      };
    default:
      return { apiVersion, kind, metadata: own, spec: { ...replicas, selector: { matchLabels: selector }, template } };
  }
}

export const create = (username: string, object: Json): AdmissionRequest => ({
  username,
  operation: "CREATE",
  kind: object.kind,
  resource: KINDS[object.kind].resource,
  namespace: "prod",
  object,
});

export const update = (username: string, oldObject: Json, object: Json, subresource = ""): AdmissionRequest => ({
  ...create(username, object),
  operation: "UPDATE",
  resource: KINDS[object.kind].resource + subresource,
  oldObject,
});

const use = (username: string, rest: Partial<Permission> = {}): Permission => ({
  username,
  group: DOMAIN,
  resource: "breakglasses",
  namespace: "prod",
  verb: "use",
  ...rest,
});

/** The people and accounts of the tables, and what RBAC would answer for them. */
export const PERMISSIONS: readonly Permission[] = [
  use("responder"),
  { username: "admin", group: "*", resource: "*", namespace: "*", verb: "*" },
  // A GitOps controller that was installed as it usually is.
  { username: ARGO, group: "*", resource: "*", namespace: "*", verb: "*" },
];

/** What a permit for a workload adds. */
export const permitFor = (name: string): Permission =>
  use("system:serviceaccount:kube-system:binauthz-break-glass-permit", { name });

export const controller = (name: string): string => `system:serviceaccount:kube-system:${name}-controller`;
