import { CLUSTER_NAME } from "../vocabulary/resource-name";
import { type Context, holderOf, newId, now } from "./context";
import { alreadyExists, invalid, notFound } from "./errors";
import { completeBinaryAuthorization, completeCluster, completeNodePool, type Place } from "./gke-defaults";
import { clone, isObject, type Json, type JsonObject, list, merge, num, obj, str, strings } from "./json";
import { type AddRoute, type Call, type Route, routesOf } from "./routes";
import { inside, lookup, projectNumber, type State } from "./state";

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

/** What is said about a cluster that somebody else made; other fields are those of the API's cluster. */
export interface ClusterSpec {
  readonly evaluationMode?: string;
  readonly autopilot?: boolean;
  readonly [field: string]: Json | undefined;
}

/** GKE: clusters, their node pools, and operations that are over at once. */
export function gkeRoutes(context: Context): Route[] {
  const { state } = context;
  const container = routesOf("container", (on) => {
    clusterRoutes(context, on);
    setterRoutes(state, on);
    poolRoutes(state, on);
    on("GET", "projects/{project}/locations/{location}/operations/{operation}", "container.operations.get", (call) => {
      const operation = lookup(state.clusterOperations, call.name);
      if (operation === undefined) {
        throw notFound(call.name);
      }
      return clone(operation);
    });
  });
  return [...container, ...instanceGroupRoutes(state)];
}

/** By full name, `projects/p/locations/l/clusters/c`, as the API answers it; undefined when there is none. */
export function shownCluster(state: State, name: string): JsonObject | undefined {
  const cluster = lookup(state.clusters, name);
  return cluster === undefined ? undefined : shown(state, name, cluster);
}

/** A cluster that is simply there; returns its full name. */
export function putCluster(
  state: State,
  project: string,
  location: string,
  name: string,
  spec: ClusterSpec = {},
): string {
  const { evaluationMode, autopilot, ...fields } = spec;
  const request: JsonObject = {
    ...fields,
    name,
    binaryAuthorization: evaluationMode === undefined ? undefined : { evaluationMode },
    autopilot: autopilot === true ? { enabled: true } : undefined,
  };
  return create(state, request, placeOf(state, project, location, name));
}

/** Changes fields of a cluster behind Terraform's back. */
export function editCluster(state: State, name: string, fields: JsonObject): void {
  state.clusters[name] = merge(cluster(state, name), fields);
}

function placeOf(state: State, project: string, location: string, cluster: string): Place {
  return { project, location, cluster, number: projectNumber(state, project) };
}

function clusterRoutes(context: Context, on: AddRoute): void {
  const { state } = context;
  on("POST", CLUSTERS, "container.clusters.create", (call) => {
    const request = obj(call.body.cluster);
    const { project, location } = call.params;
    const id = str(request.name);
    if (!CLUSTER_NAME.pattern.test(id)) {
      throw invalid(`Cluster.name ${JSON.stringify(id)} is not valid: ${CLUSTER_NAME.allowed}`, "cluster.name");
    }
    if (lookup(state.clusters, `${call.name}/${id}`) !== undefined) {
      throw alreadyExists(`${call.name}/${id}`);
    }
    create(state, request, placeOf(state, project, location, id));
    return done(state, call, "CREATE_CLUSTER");
  });
  on("GET", CLUSTERS, "container.clusters.list", (call) => {
    // A dash lists every location.
    const all = inside(state.clusters, `projects/${call.params.project}/`);
    const here = all.filter(([, { location }]) => ["-", location].includes(call.params.location));
    return { clusters: here.map(([name, found]) => shown(state, name, found)) };
  });
  on("GET", CLUSTER, "container.clusters.get", (call) => shown(state, call.name, cluster(state, call.name)));
  on("PUT", CLUSTER, "container.clusters.update", (call) => update(context, call));
  on("DELETE", CLUSTER, "container.clusters.delete", (call) => {
    cluster(state, call.name);
    delete state.clusters[call.name];
    for (const [name] of poolsOf(state, call.name)) {
      delete state.nodePools[name];
    }
    return done(state, call, "DELETE_CLUSTER");
  });
}

function setterRoutes(state: State, on: AddRoute): void {
  const setter = (verb: string, change: (cluster: JsonObject, body: JsonObject) => void): void => {
    on("POST", `${CLUSTER}:${verb}`, "container.clusters.set", (call) => {
      change(cluster(state, call.resource), call.body);
      return done(state, call, "UPDATE_CLUSTER");
    });
  };
  setter("setResourceLabels", (found, body) => {
    found.resourceLabels = body.resourceLabels;
    found.labelFingerprint = newId().slice(0, 8);
  });
  setter("setLegacyAbac", (found, body) => {
    found.legacyAbac = { enabled: body.enabled };
  });
  setter("setMaintenancePolicy", (found, body) => {
    found.maintenancePolicy = body.maintenancePolicy;
  });
  setter("setNetworkPolicy", (found, body) => {
    found.networkPolicy = body.networkPolicy;
  });
}

function poolRoutes(state: State, on: AddRoute): void {
  on("POST", `${CLUSTER}/nodePools`, "container.nodePools.create", (call) => {
    const owner = cluster(state, holderOf(call.name));
    const request = obj(call.body.nodePool);
    const name = `${call.name}/${str(request.name)}`;
    if (obj(owner.autopilot).enabled === true) {
      throw invalid("Autopilot clusters do not support mutating node pools.");
    }
    if (lookup(state.nodePools, name) !== undefined) {
      throw alreadyExists(name);
    }
    const { project, location, cluster: id } = call.params;
    state.nodePools[name] = completeNodePool(request, owner, placeOf(state, project, location, id));
    return done(state, call, "CREATE_NODE_POOL");
  });
  on("GET", `${CLUSTER}/nodePools`, "container.nodePools.list", (call) => {
    cluster(state, holderOf(call.name));
    return { nodePools: poolsOf(state, holderOf(call.name)).map(([, found]) => clone(found)) };
  });
  on("GET", POOL, "container.nodePools.get", (call) => clone(pool(state, call.name)));
  on("PUT", POOL, "container.nodePools.update", (call) => updatePool(state, call));
  on("POST", `${POOL}:setSize`, "container.nodePools.set", (call) => {
    pool(state, call.resource).initialNodeCount = call.body.nodeCount;
    return done(state, call, "SET_NODE_POOL_SIZE");
  });
  on("POST", `${POOL}:setManagement`, "container.nodePools.set", (call) => {
    pool(state, call.resource).management = call.body.management;
    return done(state, call, "SET_NODE_POOL_MANAGEMENT");
  });
  on("DELETE", POOL, "container.nodePools.delete", (call) => {
    pool(state, call.name);
    delete state.nodePools[call.name];
    return done(state, call, "DELETE_NODE_POOL");
  });
}

/** How many nodes a pool has is not in the pool: a client asks Compute Engine for its instance groups. */
function instanceGroupRoutes(state: State): Route[] {
  const managers = (): JsonObject[] =>
    Object.values(state.nodePools).flatMap((found) =>
      strings(found.instanceGroupUrls).map((url) => manager(found, url)),
    );
  return routesOf("compute", (on) => {
    const all = "projects/{project}/zones/{zone}/instanceGroupManagers";
    // Version 6 of the provider asks for each one, version 7 for all of a zone.
    on("GET", all, "compute.instanceGroupManagers.list", (call) => ({
      kind: "compute#instanceGroupManagerList",
      items: managers().filter(({ selfLink }) => str(selfLink).startsWith(`${COMPUTE}${call.name}/`)),
    }));
    on("GET", `${all}/{manager}`, "compute.instanceGroupManagers.get", (call) => {
      const found = managers().find(({ selfLink }) => selfLink === COMPUTE + call.name);
      if (found === undefined) {
        throw notFound(call.name);
      }
      return found;
    });
  });
}

const COMPUTE = "https://www.googleapis.com/compute/v1/";

function manager(pool: JsonObject, selfLink: string): JsonObject {
  return {
    name: selfLink.split("/").pop(),
    selfLink,
    targetSize: num(pool.initialNodeCount),
    instanceGroup: selfLink.replace("instanceGroupManagers", "instanceGroups"),
  };
}

function cluster(state: State, name: string): JsonObject {
  const found = lookup(state.clusters, name);
  if (found === undefined) {
    throw notFound(name);
  }
  return found;
}

function pool(state: State, name: string): JsonObject {
  const found = lookup(state.nodePools, name);
  if (found === undefined) {
    throw notFound(name);
  }
  return found;
}

function poolsOf(state: State, clusterName: string): [string, JsonObject][] {
  return inside(state.nodePools, `${clusterName}/nodePools/`);
}

/** The cluster with what follows from its pools: their list, the node count, the first one's settings. */
function shown(state: State, name: string, found: JsonObject): JsonObject {
  const pools = poolsOf(state, name).map(([, resource]) => clone(resource));
  const autopilot = obj(found.autopilot).enabled === true;
  const zones = ({ locations }: JsonObject): number => (Array.isArray(locations) ? locations.length : 1);
  return {
    ...clone(found),
    nodePools: pools,
    currentNodeCount: pools.reduce((sum, resource) => sum + num(resource.initialNodeCount) * zones(resource), 0),
    nodeConfig: autopilot ? undefined : (pools[0]?.config ?? clone(found.nodeConfig)),
  };
}

function create(state: State, request: JsonObject, place: Place): string {
  const { nodePools, nodeConfig, ...rest } = request;
  const name = `projects/${place.project}/locations/${place.location}/clusters/${place.cluster}`;
  const made = completeCluster(rest, place);
  const named = list(nodePools);
  const initial = { name: "default-pool", initialNodeCount: request.initialNodeCount ?? 1, config: nodeConfig };
  const pools = (named.length > 0 ? named : [initial]).map((asked) => completeNodePool(asked, made, place));
  state.clusters[name] = { ...made, nodeConfig: pools[0]?.config };
  // An Autopilot cluster has pools too, but they are Google's own and not counted here.
  if (obj(made.autopilot).enabled !== true) {
    for (const resource of pools) {
      state.nodePools[`${name}/nodePools/${str(resource.name)}`] = resource;
    }
  }
  return name;
}

function update(context: Context, call: Call): Json {
  const { state } = context;
  // All of it or nothing: what is refused changes nothing.
  const changed = clone(cluster(state, call.name));
  const { desiredNodePoolId, desiredNodePoolAutoscaling, ...changes } = obj(call.body.update);
  for (const [field, value] of Object.entries(changes)) {
    change(context, changed, field, value ?? null);
  }
  if (desiredNodePoolAutoscaling !== undefined) {
    pool(state, `${call.name}/nodePools/${str(desiredNodePoolId)}`).autoscaling = desiredNodePoolAutoscaling;
  }
  state.clusters[call.name] = changed;
  return done(state, call, "UPDATE_CLUSTER");
}

function change(context: Context, found: JsonObject, field: string, value: Json): void {
  const plain = field.charAt(7).toLowerCase() + field.slice(8);
  const special = Object.hasOwn(CHANGES, field) ? CHANGES[field] : undefined;
  const elsewhere = Object.hasOwn(LANDS, field) ? LANDS[field] : undefined;
  if (special !== undefined) {
    special(found, value);
  } else if (elsewhere !== undefined) {
    setPath(found, elsewhere, value);
  } else if (field.startsWith("desired") && REPLACES.includes(plain)) {
    found[plain] = value;
  } else {
    throw context.unsupported(`container clusters.update with ${field}`);
  }
}

function updatePool(state: State, call: Call): Json {
  const found = pool(state, call.name);
  const { name: _name, nodePoolId: _id, clusterId: _cluster, ...changes } = call.body;
  const config = { ...obj(found.config) };
  for (const [field, value] of Object.entries(changes)) {
    if (["upgradeSettings", "locations"].includes(field)) {
      found[field] = value;
    } else if (field === "nodeVersion") {
      found.version = value;
    } else {
      // Tags and labels come wrapped: {"labels": {"labels": {…}}}.
      const wrapped = isObject(value) ? value[field === "resourceLabels" ? "labels" : field] : undefined;
      config[field] = wrapped ?? value;
    }
  }
  found.config = config;
  return done(state, call, "UPDATE_NODE_POOL");
}

function done(state: State, call: Call, operationType: string): JsonObject {
  const { project, location } = call.params;
  const name = `operation-${newId()}`;
  const fullName = `projects/${project}/locations/${location}/operations/${name}`;
  state.clusterOperations[fullName] = {
    name,
    operationType,
    status: "DONE",
    zone: location,
    location,
    selfLink: `https://container.googleapis.com/v1/${fullName}`,
    targetLink: `https://container.googleapis.com/v1/${call.resource}`,
    startTime: now(),
    endTime: now(),
  };
  return clone(state.clusterOperations[fullName]);
}
