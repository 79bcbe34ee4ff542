import type { ContainerKind, RequestedImage } from "../admission/types";
import { isRecord } from "../trust/private/attribute";
import { ReadError } from "../trust/read-error";
import { type ManifestObject, unrendered } from "./documents";
import { isStaticPod, type Workload, workloadOf } from "./owner";
import { runningDigests } from "./running";

/** A container's image; of a running one also the digest that the node runs. */
export interface PodImage extends RequestedImage {
  /** `sha256:…` of the registry, where the node reported one. */
  readonly runningDigest?: string;
}

/** A pod that runs, or that an object of Kubernetes would make. */
export interface Pod {
  /** Whose pod it is; undefined for an image that was named by itself. */
  readonly workload?: Workload;
  /** As it is written; undefined where the object names none. */
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly images: readonly PodImage[];
  /** Whether it is a pod that was found running, and not one that would be made. */
  readonly running: boolean;
  /** Whether it mirrors a static pod of a node. */
  readonly mirror: boolean;
  /** How many of its volumes are images. */
  readonly imageVolumes: number;
  /** The file it was read from. */
  readonly source: string;
}

/** An object that carries no pod that could be judged, and why. */
export interface PassedOver {
  readonly apiVersion: string;
  readonly kind: string;
  /** Why nothing of it was judged, though pods may come of it; undefined for kinds that make no pods. */
  readonly reason?: string;
}

/** What an object comes to. */
export type PodOrNot = { readonly pod: Pod } | { readonly passedOver: PassedOver };

type Fields = Readonly<Record<string, unknown>>;

/**
 * The kinds that carry a pod, by API group and kind, and the path to its template.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/
 */
const TEMPLATE_AT: ReadonlyMap<string, readonly string[]> = new Map([
  ["/Pod", []],
  ["/PodTemplate", ["template"]],
  ["/ReplicationController", ["spec", "template"]],
  ["apps/ReplicaSet", ["spec", "template"]],
  ["apps/Deployment", ["spec", "template"]],
  ["apps/StatefulSet", ["spec", "template"]],
  ["apps/DaemonSet", ["spec", "template"]],
  ["extensions/ReplicaSet", ["spec", "template"]],
  ["extensions/Deployment", ["spec", "template"]],
  ["extensions/DaemonSet", ["spec", "template"]],
  ["batch/Job", ["spec", "template"]],
  ["batch/CronJob", ["spec", "jobTemplate", "spec", "template"]],
  ["argoproj.io/Rollout", ["spec", "template"]],
]);

/**
 * Groups of Kubernetes itself, whose other kinds make no pods; a custom resource may, also one whose group ends in `k8s.io`,
 * such as a SparkApplication of `sparkoperator.k8s.io`.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/, and the groups of older releases, metrics and snapshots.
 */
const BUILT_IN = new Set([
  ...["", "apps", "autoscaling", "batch", "extensions", "policy"],
  ...[
    ...["admissionregistration", "apiextensions", "apiregistration", "auditregistration", "authentication"],
    ...["authorization", "certificates", "coordination", "custom.metrics", "discovery", "events", "external.metrics"],
    ...["flowcontrol.apiserver", "groupsnapshot.storage", "imagepolicy", "internal.apiserver", "metrics", "networking"],
    ...["node", "rbac.authorization", "resource", "scheduling", "settings", "snapshot.storage", "storage"],
    "storagemigration",
  ].map((group) => `${group}.k8s.io`),
]);

/** The pod that an object carries, or why it carries none. */
export function podOf(object: ManifestObject): PodOrNot {
  const { apiVersion, kind, fields } = object;
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  const path = TEMPLATE_AT.get(`${group}/${kind}`);
  if (path === undefined) {
    refuseMisspelt(object, group);
    return { passedOver: { apiVersion, kind, ...(!BUILT_IN.has(group) && { reason: OTHER_KIND }) } };
  }
  const rollout = isRecord(fields.spec) ? fields.spec : {};
  if (group === "argoproj.io" && rollout.template === undefined && isRecord(rollout.workloadRef)) {
    return { passedOver: { apiVersion, kind, reason: "its pods are those of the object that workloadRef names" } };
  }
  const reader = new Reader(object);
  const template = path.reduce((within, name) => reader.record(within, name), fields);
  return { pod: readPod(reader, template) };
}

const WORKLOAD_KINDS = new Set([...TEMPLATE_AT.keys()].map((key) => key.slice(key.indexOf("/") + 1).toLowerCase()));

/** A Deployment of "v1" is none, and no object that makes no pods either. */
function refuseMisspelt({ source, at, apiVersion, kind }: ManifestObject, group: string): void {
  if (BUILT_IN.has(group) && WORKLOAD_KINDS.has(kind.toLowerCase())) {
    throw new ReadError({
      source,
      at,
      problem: `Kubernetes has no kind ${JSON.stringify(kind)} of apiVersion ${JSON.stringify(apiVersion)}`,
      allowed:
        "Pod, PodTemplate, ReplicationController of v1; Deployment and the like of apps/v1; Job, CronJob of batch/v1",
    });
  }
}

const OTHER_KIND = "a custom resource; if it makes pods, they are not in it as pods are written";

function readPod(reader: Reader, template: Fields): Pod {
  const { object } = reader;
  const spec = reader.record(template, "spec");
  const running = object.kind === "Pod" && isRecord(object.fields.status);
  const metadata = isRecord(template.metadata) ? template.metadata : {};
  const ofObject = isRecord(object.fields.metadata) ? object.fields.metadata : {};
  const digests = running ? runningDigests(object.fields.status as Fields) : new Map<string, string>();
  const annotations = reader.texts(metadata, "annotations");
  const namespace = ofObject.namespace;
  const account = spec.serviceAccountName ?? spec.serviceAccount;
  const images = CONTAINERS.flatMap(([field, kind]) => reader.containers(spec, field, kind));
  return {
    workload: workloadOf(object.kind, ofObject, spec),
    ...(typeof namespace === "string" && namespace !== "" && { namespace }),
    // Source: https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/
    serviceAccount: typeof account === "string" && account !== "" ? account : "default",
    labels: reader.texts(metadata, "labels"),
    annotations,
    images: images.map((image) => {
      const runningDigest = digests.get(`${image.kind}/${image.container}`);
      return runningDigest === undefined ? image : { ...image, runningDigest };
    }),
    running,
    mirror: isStaticPod(annotations),
    imageVolumes: Array.isArray(spec.volumes)
      ? spec.volumes.filter((volume) => isRecord(volume) && isRecord(volume.image)).length
      : 0,
    source: object.source,
  };
}

const CONTAINERS: readonly (readonly [string, ContainerKind])[] = [
  ["containers", "container"],
  ["initContainers", "init"],
  ["ephemeralContainers", "ephemeral"],
];

/** Reads the fields of one object; what is not as Kubernetes wants it is an error that says where. */
class Reader {
  public constructor(public readonly object: ManifestObject) {}

  public record(within: Fields, name: string): Fields {
    const value = within[name];
    if (!isRecord(value)) {
      throw this.wrong(`has no "${name}"`, value, "the object in full, not a patch of it");
    }
    return value;
  }

  /** Labels or annotations. */
  public texts(metadata: Fields, name: string): Readonly<Record<string, string>> {
    const map = metadata[name] ?? {};
    if (!isRecord(map)) {
      throw this.wrong(`has "${name}" that are no map`, map, "texts by name");
    }
    for (const [key, value] of Object.entries(map)) {
      if (typeof value !== "string") {
        throw this.wrong(
          `has the value of ${JSON.stringify(key)} in "${name}" as no text`,
          value,
          "text, in YAML in quotes",
        );
      }
    }
    return map as Readonly<Record<string, string>>;
  }

  public containers(spec: Fields, field: string, kind: ContainerKind): RequestedImage[] {
    const list = spec[field] ?? [];
    if (!Array.isArray(list) || (field === "containers" && list.length === 0)) {
      throw this.wrong(`has no ${field}`, spec[field], "a list of containers, at least one");
    }
    return list.map((entry: unknown, index): RequestedImage => {
      const { name, image } = isRecord(entry) ? entry : {};
      const container = typeof name === "string" && name !== "" ? name : `${field}[${index}]`;
      if (typeof image !== "string" || image === "") {
        throw this.wrong(`has the container ${container} without an image`, image, "an image, as text");
      }
      if (/\{\{|\$\{/.test(image)) {
        throw unrendered(this.object.source, this.place(), image);
      }
      return { image, container, kind };
    });
  }

  private wrong(problem: string, found: unknown, allowed: string): ReadError {
    return new ReadError({ source: this.object.source, at: this.place(), problem, found, allowed });
  }

  private place(): string {
    const { at, kind, fields } = this.object;
    const name = isRecord(fields.metadata) ? fields.metadata.name : undefined;
    return typeof name === "string" ? `${at}, ${kind} ${name.slice(0, 253)}` : `${at}, ${kind}`;
  }
}
