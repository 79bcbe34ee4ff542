import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonObject, Sandbox } from "../../lib/sandbox";
import { call } from "../support/sandbox";
import { PROJECT } from "./support";

/** An object of Kubernetes, as far as the stand-in looks at it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

const RESOURCES: Readonly<Record<string, readonly string[]>> = {
  "api/v1": ["Pod", "PodTemplate", "ReplicationController"],
  "apis/apps/v1": ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ControllerRevision"],
  "apis/batch/v1": ["Job", "CronJob"],
};
const pluralOf = (kind: string): string => `${kind.toLowerCase()}s`;

/**
 * An API server for kubectl to read from. What is deployed to it makes one pod, about which the sandbox is asked as the
 * webhook of Binary Authorization is; the entry about the Deployment, which the sandbox does not write, is added to its log.
 */
export class StandInCluster {
  readonly objects = new Map<string, KubernetesObject>();
  private pods = 0;

  private constructor(
    private readonly google: Sandbox,
    private readonly server: Server,
  ) {}

  static async begin(google: Sandbox): Promise<StandInCluster> {
    const server = createServer();
    const cluster = new StandInCluster(google, server);
    server.on("request", (request, response) => {
      const body = cluster.answer(new URL(request.url ?? "/", "http://cluster").pathname);
      response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(body ?? { kind: "Status", apiVersion: "v1", status: "Failure", code: 404 }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return cluster;
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  /** The configuration with which kubectl finds it. */
  get kubeconfig(): string {
    const { port } = this.server.address() as AddressInfo;
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "prod", cluster: { server: `http://127.0.0.1:${port}` } }],
      contexts: [{ name: "prod", context: { cluster: "prod", user: "somebody" } }],
      users: [{ name: "somebody", user: {} }],
      "current-context": "prod",
    });
  }

  /** Deploys as a person; what the webhook says of its pod, undefined where that runs. */
  async deploy(deployment: KubernetesObject, person: string): Promise<string | undefined> {
    const { name, namespace } = deployment.metadata;
    this.objects.set(`Deployment/${namespace}/${name}`, deployment);
    this.google.state.logEntries.push(this.entry(deployment, person));
    return this.reschedule(namespace, name);
  }

  /** Makes the pod of a Deployment anew, as its controller does. */
  async reschedule(namespace: string, name: string): Promise<string | undefined> {
    const deployment = this.objects.get(`Deployment/${namespace}/${name}`);
    if (deployment === undefined) {
      throw new Error(`there is no Deployment ${namespace}/${name}`);
    }
    const template = (deployment.spec as JsonObject).template as JsonObject;
    this.pods += 1;
    const pod: KubernetesObject = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        ...(template.metadata as object),
        name: `${name}-5d4b9c7f6-x2x4${this.pods}`,
        namespace,
        ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: `${name}-5d4b9c7f6`, controller: true }],
      },
      spec: template.spec,
    };
    const answer = await call(this.google, "POST admission", {
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      request: {
        uid: String(this.pods),
        kind: { group: "", version: "v1", kind: "Pod" },
        operation: "CREATE",
        namespace,
        userInfo: { username: "system:serviceaccount:kube-system:replicaset-controller" },
        object: pod,
      },
    });
    const decision = answer.json.response as {
      readonly allowed: boolean;
      readonly status?: { readonly message: string };
    };
    if (decision.allowed) {
      for (const key of [...this.objects.keys()].filter((each) => each.startsWith(`Pod/${namespace}/${name}-`))) {
        this.objects.delete(key);
      }
      this.objects.set(`Pod/${namespace}/${pod.metadata.name}`, pod);
    }
    return decision.allowed ? undefined : decision.status?.message;
  }

  /** The entry that GKE writes of a Deployment, in the form of the samples. */
  private entry(deployment: KubernetesObject, person: string): JsonObject {
    const { name, namespace } = deployment.metadata;
    return {
      insertId: `deployment-${this.google.state.logEntries.length}`,
      logName: `projects/${PROJECT}/logs/cloudaudit.googleapis.com%2Factivity`,
      timestamp: new Date().toISOString(),
      resource: {
        type: "k8s_cluster",
        labels: { project_id: PROJECT, location: "us-central1", cluster_name: "prod" },
      },
      protoPayload: {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        serviceName: "k8s.io",
        methodName: "io.k8s.apps.v1.deployments.patch",
        resourceName: `apps/v1/namespaces/${namespace}/deployments/${name}`,
        authenticationInfo: { principalEmail: person },
        request: structuredClone(deployment) as unknown as JsonObject,
        response: structuredClone(deployment) as unknown as JsonObject,
        status: {},
      },
    };
  }

  private answer(path: string): object | undefined {
    const name = path.replace(/^\//, "");
    if (name === "api") {
      return { kind: "APIVersions", versions: ["v1"] };
    }
    if (name === "apis") {
      const groups = ["apps", "batch"].map((group) => {
        const version = { groupVersion: `${group}/v1`, version: "v1" };
        return { name: group, versions: [version], preferredVersion: version };
      });
      return { kind: "APIGroupList", apiVersion: "v1", groups };
    }
    const kinds = Object.hasOwn(RESOURCES, name) ? RESOURCES[name] : undefined;
    if (kinds !== undefined) {
      const resources = kinds.map((kind) => ({ name: pluralOf(kind), kind, namespaced: true, verbs: ["get", "list"] }));
      return { kind: "APIResourceList", apiVersion: "v1", groupVersion: name.replace(/^apis?\//, ""), resources };
    }
    const kind = Object.entries(RESOURCES)
      .flatMap(([group, all]) => all.map((each) => ({ each, path: `${group}/${pluralOf(each)}` })))
      .find((entry) => entry.path === name)?.each;
    return kind === undefined
      ? undefined
      : {
          kind: `${kind}List`,
          apiVersion: name.replace(/^apis?\/(.*)\/\w+$/, "$1"),
          metadata: { resourceVersion: "1" },
          items: [...this.objects.values()].filter((object) => object.kind === kind),
        };
  }
}
