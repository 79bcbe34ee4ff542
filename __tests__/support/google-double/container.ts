import { completeBinaryAuthorization, completeCluster, completeNodePool, type Place } from "./container-defaults";
import { type Context, newId, now, projectNumber, requireProject } from "./context";
import { alreadyExists, invalid, notFound } from "./errors";
import { clone, isObject, type Json, type JsonObject, list, merge, num, obj, str } from "./json";
import type { Call, ServiceRouter } from "./router";

const CLUSTERS = "projects/{project}/locations/{location}/clusters";
const CLUSTER = `${CLUSTERS}/{cluster}`;
const POOL = `${CLUSTER}/nodePools/{pool}`;

type Change = (cluster: JsonObject, value: Json) => void;

/** `desiredX` that replaces the field `x` of the cluster. */
const REPLACES = [
  "authenticatorGroupsConfig",
  "anonymousAuthenticationConfig",
  "costManagementConfig",
  "databaseEncryption",
  "fleet",
  "identityServiceConfig",
  "locations",
  "loggingConfig",
  "loggingService",
  "meshCertificates",
  "monitoringConfig",
  "monitoringService",
  "notificationConfig",
  "podAutoscaling",
  "rbacBindingConfig",
  "releaseChannel",
  "resourceUsageExportConfig",
  "secretManagerConfig",
  "securityPostureConfig",
  "shieldedNodes",
  "verticalPodAutoscaling",
  "workloadIdentityConfig",
];

/** `desiredX` that lands elsewhere: where it lands. */
const LANDS: Record<string, string> = {
  desiredClusterAutoscaling: "autoscaling",
  desiredDatapathProvider: "networkConfig.datapathProvider",
  desiredDefaultEnablePrivateNodes: "networkConfig.defaultEnablePrivateNodes",
  desiredDefaultSnatStatus: "networkConfig.defaultSnatStatus",
  desiredDnsConfig: "networkConfig.dnsConfig",
  desiredEnableFqdnNetworkPolicy: "networkConfig.enableFqdnNetworkPolicy",
  desiredEnableMultiNetworking: "networkConfig.enableMultiNetworking",
  desiredEnableCiliumClusterwideNetworkPolicy: "networkConfig.enableCiliumClusterwideNetworkPolicy",
  desiredDisableL4LbFirewallReconciliation: "networkConfig.disableL4LbFirewallReconciliation",
  desiredGatewayApiConfig: "networkConfig.gatewayApiConfig",
  desiredInTransitEncryptionConfig: "networkConfig.inTransitEncryptionConfig",
  desiredMasterVersion: "currentMasterVersion",
  desiredNodePoolAutoConfigKubeletConfig: "nodePoolAutoConfig.nodeKubeletConfig",
  desiredNodePoolAutoConfigNetworkTags: "nodePoolAutoConfig.networkTags",
  desiredPrivateIpv6GoogleAccess: "networkConfig.privateIpv6GoogleAccess",
  desiredServiceExternalIpsConfig: "networkConfig.serviceExternalIpsConfig",
};

const CHANGES: Record<string, Change> = {
  desiredAddonsConfig: (cluster, value) => {
    cluster.addonsConfig = merge(obj(cluster.addonsConfig), obj(value));
  },
  desiredBinaryAuthorization: (cluster, value) => {
    cluster.binaryAuthorization = completeBinaryAuthorization(obj(value));
  },
  desiredControlPlaneEndpointsConfig: (cluster, value) => {
    const before = obj(cluster.controlPlaneEndpointsConfig);
    cluster.controlPlaneEndpointsConfig = merge(before, obj(value));
  },
  desiredIntraNodeVisibilityConfig: (cluster, value) => {
    setPath(cluster, "networkConfig.enableIntraNodeVisibility", obj(value).enabled);
  },
  desiredL4ilbSubsettingConfig: (cluster, value) => {
    setPath(cluster, "networkConfig.enableL4ilbSubsetting", obj(value).enabled);
  },
};

function setPath(target: JsonObject, path: string, value: Json | undefined): void {
  const [head = "", ...rest] = path.split(".");
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = { ...obj(target[head]) };
  setPath(inner, rest.join("."), value);
  target[head] = inner;
}

/** What a test says about a cluster that Terraform did not make. */
export interface ClusterSpec {
  readonly evaluationMode?: string;
  readonly autopilot?: boolean;
  readonly [field: string]: Json | undefined;
}

/** GKE: clusters, their node pools, and operations that are over at once. */
export class Container {
  /** Without their node pools, which are kept beside them. */
  private readonly clusters = new Map<string, JsonObject>();
  private readonly pools = new Map<string, JsonObject>();
  private readonly operations = new Map<string, JsonObject>();

  constructor(private readonly context: Context) {
    const on = context.router.forService("container");
    this.clusterRoutes(on);
    this.setterRoutes(on);
    this.poolRoutes(on);
    on("GET", "projects/{project}/locations/{location}/operations/{operation}", (call) => {
      const operation = this.operations.get(call.params.operation ?? "");
      if (operation === undefined) {
        throw notFound(call.name);
      }
      return clone(operation);
    });
    this.computeRoutes(context.router.forService("compute"));
  }

  /** By full name, `projects/p/locations/l/clusters/c`; undefined when there is none. */
  cluster(name: string): JsonObject | undefined {
    const cluster = this.clusters.get(name);
    return cluster === undefined ? undefined : this.shown(name, cluster);
  }

  /** A cluster that is simply there; `fields` are fields of the API's cluster. */
  put(project: string, location: string, name: string, spec: ClusterSpec = {}): string {
    const { evaluationMode, autopilot, ...fields } = spec;
    const request: JsonObject = {
      ...fields,
      name,
      binaryAuthorization: evaluationMode === undefined ? undefined : { evaluationMode },
      autopilot: autopilot === true ? { enabled: true } : undefined,
    };
    this.create(request, this.place(project, location, name));
    return `projects/${project}/locations/${location}/clusters/${name}`;
  }

  /** Changes fields of a cluster behind Terraform's back. */
  edit(name: string, fields: JsonObject): void {
    this.clusters.set(name, merge(this.require(name), fields));
  }

  private place(project: string, location: string, cluster: string): Place {
    return { project, location, cluster, number: projectNumber(this.context, project) };
  }

  private placeOf(call: Call): Place {
    const { project = "", location = "", cluster = "" } = call.params;
    return this.place(project, location, cluster);
  }

  private clusterRoutes(on: ServiceRouter): void {
    on("POST", CLUSTERS, (call) => {
      const request = obj(call.body.cluster);
      const { project = "", location = "" } = call.params;
      requireProject(this.context, project);
      const name = `${call.name}/${str(request.name)}`;
      if (this.clusters.has(name)) {
        throw alreadyExists(name);
      }
      this.create(request, this.place(project, location, str(request.name)));
      return this.done(call, "CREATE_CLUSTER");
    });
    on("GET", CLUSTERS, (call) => {
      // A dash lists every location.
      const inside = [...this.clusters].filter(
        ([name, cluster]) =>
          name.startsWith(`projects/${call.params.project}/`) && ["-", cluster.location].includes(call.params.location),
      );
      return { clusters: inside.map(([name, cluster]) => this.shown(name, cluster)) };
    });
    on("GET", CLUSTER, (call) => this.shown(call.name, this.require(call.name)));
    on("PUT", CLUSTER, (call) => this.update(call));
    on("DELETE", CLUSTER, (call) => {
      this.require(call.name);
      this.clusters.delete(call.name);
      this.poolsOf(call.name).forEach(([name]) => {
        this.pools.delete(name);
      });
      return this.done(call, "DELETE_CLUSTER");
    });
  }

  private setterRoutes(on: ServiceRouter): void {
    const setter = (verb: string, change: (cluster: JsonObject, body: JsonObject) => void): void => {
      on("POST", `${CLUSTER}:${verb}`, (call) => {
        change(this.require(call.resource), call.body);
        return this.done(call, "UPDATE_CLUSTER");
      });
    };
    setter("setResourceLabels", (cluster, body) => {
      cluster.resourceLabels = body.resourceLabels;
      cluster.labelFingerprint = newId().slice(0, 8);
    });
    setter("setLegacyAbac", (cluster, body) => {
      cluster.legacyAbac = { enabled: body.enabled };
    });
    setter("setMaintenancePolicy", (cluster, body) => {
      cluster.maintenancePolicy = body.maintenancePolicy;
    });
    setter("setNetworkPolicy", (cluster, body) => {
      cluster.networkPolicy = body.networkPolicy;
    });
  }

  private poolRoutes(on: ServiceRouter): void {
    on("POST", `${CLUSTER}/nodePools`, (call) => {
      const cluster = this.require(call.name.slice(0, -"/nodePools".length));
      const request = obj(call.body.nodePool);
      const name = `${call.name}/${str(request.name)}`;
      if (obj(cluster.autopilot).enabled === true) {
        throw invalid("Autopilot clusters do not support mutating node pools.");
      }
      if (this.pools.has(name)) {
        throw alreadyExists(name);
      }
      this.pools.set(name, completeNodePool(request, cluster, this.placeOf(call)));
      return this.done(call, "CREATE_NODE_POOL");
    });
    on("GET", POOL, (call) => clone(this.pool(call.name)));
    on("GET", `${CLUSTER}/nodePools`, (call) => {
      const cluster = call.name.slice(0, -"/nodePools".length);
      return { nodePools: this.poolsOf(cluster).map(([, pool]) => clone(pool)) };
    });
    on("PUT", POOL, (call) => this.updatePool(call));
    on("POST", `${POOL}:setSize`, (call) => {
      this.pool(call.resource).initialNodeCount = call.body.nodeCount;
      return this.done(call, "SET_NODE_POOL_SIZE");
    });
    on("POST", `${POOL}:setManagement`, (call) => {
      this.pool(call.resource).management = call.body.management;
      return this.done(call, "SET_NODE_POOL_MANAGEMENT");
    });
    on("DELETE", POOL, (call) => {
      this.pool(call.name);
      this.pools.delete(call.name);
      return this.done(call, "DELETE_NODE_POOL");
    });
  }

  /** How many nodes a pool has is not in the pool: a client asks Compute Engine for its instance groups. */
  private computeRoutes(on: ServiceRouter): void {
    const manager = "projects/{project}/zones/{zone}/instanceGroupManagers/{manager}";
    on("GET", manager, (call) => {
      const url = `https://www.googleapis.com/compute/v1/${call.name}`;
      const urls = (pool: JsonObject): Json[] => (Array.isArray(pool.instanceGroupUrls) ? pool.instanceGroupUrls : []);
      const pool = [...this.pools.values()].find((p) => urls(p).includes(url));
      if (pool === undefined) {
        throw notFound(call.name);
      }
      const instanceGroup = url.replace("instanceGroupManagers", "instanceGroups");
      return { name: call.params.manager, targetSize: num(pool.initialNodeCount), instanceGroup };
    });
  }

  private require(name: string): JsonObject {
    const cluster = this.clusters.get(name);
    if (cluster === undefined) {
      throw notFound(name);
    }
    return cluster;
  }

  private pool(name: string): JsonObject {
    const pool = this.pools.get(name);
    if (pool === undefined) {
      throw notFound(name);
    }
    return pool;
  }

  private poolsOf(cluster: string): [string, JsonObject][] {
    return [...this.pools].filter(([name]) => name.startsWith(`${cluster}/nodePools/`));
  }

  /** The cluster with what follows from its pools: their list, the node count, the first one's settings. */
  private shown(name: string, cluster: JsonObject): JsonObject {
    const pools = this.poolsOf(name).map(([, pool]) => clone(pool));
    const autopilot = obj(cluster.autopilot).enabled === true;
    const zones = (pool: JsonObject): number => (Array.isArray(pool.locations) ? pool.locations.length : 1);
    const nodes = pools.reduce((sum, pool) => sum + num(pool.initialNodeCount) * zones(pool), 0);
    return {
      ...clone(cluster),
      nodePools: pools,
      currentNodeCount: nodes,
      nodeConfig: autopilot ? undefined : (pools[0]?.config ?? clone(cluster.nodeConfig)),
    };
  }

  private create(request: JsonObject, place: Place): void {
    const { nodePools, nodeConfig, ...rest } = request;
    const name = `projects/${place.project}/locations/${place.location}/clusters/${place.cluster}`;
    const cluster = completeCluster(rest, place);
    const named = list(nodePools);
    const initial = {
      name: "default-pool",
      initialNodeCount: request.initialNodeCount ?? 1,
      config: nodeConfig,
    };
    const pools = named.length > 0 ? named : [initial];
    const complete = pools.map((pool) => completeNodePool(pool, cluster, place));
    this.clusters.set(name, { ...cluster, nodeConfig: complete[0]?.config });
    // An Autopilot cluster has pools too, but they are Google's own and not counted here.
    if (obj(cluster.autopilot).enabled !== true) {
      complete.forEach((pool) => {
        this.pools.set(`${name}/nodePools/${str(pool.name)}`, pool);
      });
    }
  }

  private update(call: Call): Json {
    const cluster = this.require(call.name);
    const { desiredNodePoolId, desiredNodePoolAutoscaling, ...changes } = obj(call.body.update);
    if (desiredNodePoolAutoscaling !== undefined) {
      const pool = this.pool(`${call.name}/nodePools/${str(desiredNodePoolId)}`);
      pool.autoscaling = desiredNodePoolAutoscaling;
    }
    for (const [field, value] of Object.entries(changes)) {
      this.change(cluster, field, value ?? null);
    }
    return this.done(call, "UPDATE_CLUSTER");
  }

  private change(cluster: JsonObject, field: string, value: Json): void {
    const plain = field.charAt(7).toLowerCase() + field.slice(8);
    const special = CHANGES[field];
    const elsewhere = LANDS[field];
    if (special !== undefined) {
      special(cluster, value);
    } else if (elsewhere !== undefined) {
      setPath(cluster, elsewhere, value);
    } else if (field.startsWith("desired") && REPLACES.includes(plain)) {
      cluster[plain] = value;
    } else {
      throw this.context.unsupported(`container clusters.update with ${field}`);
    }
  }

  private updatePool(call: Call): Json {
    const pool = this.pool(call.name);
    const { name: _name, nodePoolId: _id, clusterId: _cluster, ...changes } = call.body;
    const config = { ...obj(pool.config) };
    for (const [field, value] of Object.entries(changes)) {
      if (["upgradeSettings", "locations"].includes(field)) {
        pool[field] = value;
      } else if (field === "nodeVersion") {
        pool.version = value;
      } else {
        // Tags and labels come wrapped: {"labels": {"labels": {…}}}.
        const wrapped = isObject(value) ? value[field === "resourceLabels" ? "labels" : field] : undefined;
        config[field] = wrapped ?? value;
      }
    }
    pool.config = config;
    return this.done(call, "UPDATE_NODE_POOL");
  }

  private done(call: Call, operationType: string): JsonObject {
    const { project = "", location = "" } = call.params;
    const name = `operation-${newId()}`;
    const link = `https://container.googleapis.com/v1/projects/${project}/locations/${location}`;
    const operation: JsonObject = {
      name,
      operationType,
      status: "DONE",
      zone: location,
      location,
      selfLink: `${link}/operations/${name}`,
      targetLink: `https://container.googleapis.com/v1/${call.resource}`,
      startTime: now(),
      endTime: now(),
    };
    this.operations.set(name, operation);
    return clone(operation);
  }
}
