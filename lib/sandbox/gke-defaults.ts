import { createHash } from "node:crypto";
import { type JsonObject, merge, obj, str } from "./json";

/** What the service fills in depends on these. */
export interface Place {
  readonly project: string;
  readonly number: string;
  readonly location: string;
  readonly cluster: string;
}

const VERSION = "1.32.4-gke.1415000";
const SCOPES = ["devstorage.read_only", "logging.write", "monitoring", "service.management.readonly"];
const SYSTEM = ["SYSTEM_COMPONENTS"];
const WORKLOADS = ["SYSTEM_COMPONENTS", "WORKLOADS"];
const AUTOPILOT_METRICS = [
  ...SYSTEM,
  "STORAGE",
  "POD",
  "DEPLOYMENT",
  "STATEFULSET",
  "DAEMONSET",
  "HPA",
  "JOBSET",
  "CADVISOR",
  "KUBELET",
  "DCGM",
];

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function isZone(location: string): boolean {
  return /-[a-z]$/.test(location);
}

function regionOf(location: string): string {
  return isZone(location) ? location.slice(0, -2) : location;
}

function zonesOf(location: string): string[] {
  return isZone(location) ? [location] : ["a", "b", "c"].map((zone) => `${location}-${zone}`);
}

/** A cluster as the service answers it: the request on top of the defaults of its kind. */
export function completeCluster(request: JsonObject, place: Place): JsonObject {
  const autopilot = obj(request.autopilot).enabled === true;
  const defaults = merge(commonDefaults(place), autopilot ? autopilotDefaults(place) : standardDefaults());
  const cluster = merge(defaults, withoutBlanks(request));
  cluster.location = place.location;
  cluster.zone = place.location;
  cluster.networkConfig = completeNetwork(cluster, request, place);
  cluster.ipAllocationPolicy = completeAddresses(cluster, place);
  cluster.controlPlaneEndpointsConfig = completeEndpoints(cluster, place);
  cluster.privateClusterConfig = completePrivate(cluster);
  cluster.binaryAuthorization = completeBinaryAuthorization(obj(request.binaryAuthorization));
  return cluster;
}

/** An empty string in a request asks for the default. */
function withoutBlanks(request: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== ""));
}

function commonDefaults(place: Place): JsonObject {
  const link = `projects/${place.project}/locations/${place.location}/clusters/${place.cluster}`;
  return {
    id: hash(link),
    selfLink: `https://container.googleapis.com/v1/${link}`,
    status: "RUNNING",
    createTime: "2026-01-01T00:00:00+00:00",
    etag: hash(link).slice(0, 8),
    endpoint: "203.0.113.10",
    initialClusterVersion: VERSION,
    currentMasterVersion: VERSION,
    currentNodeVersion: VERSION,
    masterAuth: { clusterCaCertificate: Buffer.from(`ca of ${link}`).toString("base64") },
    loggingService: "logging.googleapis.com/kubernetes",
    monitoringService: "monitoring.googleapis.com/kubernetes",
    network: "default",
    subnetwork: "default",
    locations: zonesOf(place.location),
    legacyAbac: {},
    labelFingerprint: "a9dc16a7",
    databaseEncryption: { state: "DECRYPTED", currentState: "CURRENT_STATE_DECRYPTED" },
    shieldedNodes: { enabled: true },
    releaseChannel: { channel: "REGULAR" },
    defaultMaxPodsConstraint: { maxPodsPerNode: "110" },
    notificationConfig: { pubsub: {} },
    securityPostureConfig: { mode: "BASIC", vulnerabilityMode: "VULNERABILITY_MODE_UNSPECIFIED" },
    enterpriseConfig: { clusterTier: "STANDARD" },
    anonymousAuthenticationConfig: { mode: "ENABLED" },
    rbacBindingConfig: {
      enableInsecureBindingSystemAuthenticated: true,
      enableInsecureBindingSystemUnauthenticated: true,
    },
    autopilot: {},
    secretManagerConfig: {},
    podAutoscaling: { hpaProfile: "HPA_PROFILE_UNSPECIFIED" },
    nodePoolDefaults: {
      nodeConfigDefaults: { loggingConfig: { variantConfig: { variant: "DEFAULT" } }, nodeKubeletConfig: {} },
    },
  };
}

function standardDefaults(): JsonObject {
  return {
    addonsConfig: {
      kubernetesDashboard: { disabled: true },
      networkPolicyConfig: { disabled: true },
      dnsCacheConfig: { enabled: true },
      gcePersistentDiskCsiDriverConfig: { enabled: true },
    },
    autoscaling: { autoscalingProfile: "BALANCED" },
    loggingConfig: { componentConfig: { enableComponents: WORKLOADS } },
    monitoringConfig: {
      componentConfig: { enableComponents: AUTOPILOT_METRICS.filter((c) => c !== "DCGM") },
      managedPrometheusConfig: { enabled: true },
      advancedDatapathObservabilityConfig: {},
    },
    nodePoolAutoConfig: { nodeKubeletConfig: {} },
  };
}

function autopilotDefaults(place: Place): JsonObject {
  return {
    autopilot: { enabled: true },
    addonsConfig: {
      httpLoadBalancing: {},
      horizontalPodAutoscaling: {},
      kubernetesDashboard: { disabled: true },
      networkPolicyConfig: { disabled: true },
      dnsCacheConfig: { enabled: true },
      gcePersistentDiskCsiDriverConfig: { enabled: true },
      gcpFilestoreCsiDriverConfig: { enabled: true },
      gcsFuseCsiDriverConfig: { enabled: true },
    },
    autoscaling: autopilotAutoscaling(),
    workloadIdentityConfig: { workloadPool: `${place.project}.svc.id.goog` },
    verticalPodAutoscaling: { enabled: true },
    loggingConfig: { componentConfig: { enableComponents: WORKLOADS } },
    monitoringConfig: {
      componentConfig: { enableComponents: AUTOPILOT_METRICS },
      managedPrometheusConfig: { enabled: true },
      advancedDatapathObservabilityConfig: { enableMetrics: true },
    },
    networkConfig: {
      datapathProvider: "ADVANCED_DATAPATH",
      dnsConfig: {
        clusterDns: "CLOUD_DNS",
        clusterDnsScope: "CLUSTER_SCOPE",
        clusterDnsDomain: "cluster.local",
      },
      gatewayApiConfig: { channel: "CHANNEL_STANDARD" },
    },
    nodePoolAutoConfig: { nodeKubeletConfig: {}, linuxNodeConfig: { cgroupMode: "CGROUP_MODE_V2" } },
    nodePoolDefaults: { nodeConfigDefaults: { gcfsConfig: { enabled: true } } },
  };
}

function autopilotAutoscaling(): JsonObject {
  return {
    autoscalingProfile: "OPTIMIZE_UTILIZATION",
    enableNodeAutoprovisioning: true,
    resourceLimits: ["cpu", "memory", "nvidia-tesla-t4", "nvidia-l4"].map((resourceType) => ({
      resourceType,
      maximum: "1000000000",
    })),
    autoprovisioningNodePoolDefaults: {
      oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"],
      serviceAccount: "default",
      management: { autoRepair: true, autoUpgrade: true },
      upgradeSettings: { maxSurge: 1, strategy: "SURGE" },
      // No shieldedInstanceConfig: the provider's acceptance test of Autopilot with an own service account leaves it out,
      // and plans nothing afterwards against the real service.
      imageType: "COS_CONTAINERD",
    },
  };
}

function completeNetwork(cluster: JsonObject, request: JsonObject, place: Place): JsonObject {
  const network = str(request.network) || `projects/${place.project}/global/networks/default`;
  const region = regionOf(place.location);
  const defaultSubnetwork = `projects/${place.project}/regions/${region}/subnetworks/default`;
  const defaults: JsonObject = {
    network,
    subnetwork: str(request.subnetwork) || defaultSubnetwork,
    defaultSnatStatus: {},
    serviceExternalIpsConfig: {},
    networkPerformanceConfig: undefined,
  };
  // The short names are what the top-level fields answer, whatever the request said.
  cluster.network = network.split("/").pop();
  cluster.subnetwork = str(defaults.subnetwork).split("/").pop();
  return merge(defaults, withoutBlanks(obj(cluster.networkConfig)));
}

function completeAddresses(cluster: JsonObject, place: Place): JsonObject {
  const asked = obj(cluster.ipAllocationPolicy);
  if (asked.useRoutes === true) {
    cluster.clusterIpv4Cidr = str(cluster.clusterIpv4Cidr) || "10.8.0.0/14";
    return asked;
  }
  const suffix = hash(place.cluster).slice(0, 8);
  const pods = str(asked.clusterIpv4CidrBlock) || "10.64.0.0/14";
  const services = str(asked.servicesIpv4CidrBlock) || "34.118.224.0/20";
  cluster.clusterIpv4Cidr = pods;
  cluster.servicesIpv4Cidr = services;
  const defaults: JsonObject = {
    useIpAliases: true,
    clusterIpv4Cidr: pods,
    clusterIpv4CidrBlock: pods,
    servicesIpv4Cidr: services,
    servicesIpv4CidrBlock: services,
    clusterSecondaryRangeName: `gke-${place.cluster}-pods-${suffix}`,
    stackType: "IPV4",
    podCidrOverprovisionConfig: {},
    defaultPodIpv4RangeUtilization: 0.0001,
  };
  return merge(defaults, withoutBlanks(asked));
}

function completeEndpoints(cluster: JsonObject, place: Place): JsonObject {
  const asked = obj(cluster.controlPlaneEndpointsConfig);
  const ip = obj(asked.ipEndpointsConfig);
  const open = ip.enablePublicEndpoint !== false;
  cluster.endpoint = open ? "203.0.113.10" : "10.128.0.2";
  return {
    dnsEndpointConfig: {
      endpoint: `gke-${hash(place.cluster).slice(0, 32)}-${place.number}.${place.location}.gke.goog`,
      ...obj(asked.dnsEndpointConfig),
    },
    ipEndpointsConfig: {
      enabled: true,
      privateEndpoint: "10.128.0.2",
      publicEndpoint: "203.0.113.10",
      ...withoutBlanks(ip),
      enablePublicEndpoint: open,
      authorizedNetworksConfig: obj(ip.authorizedNetworksConfig),
    },
  };
}

function completePrivate(cluster: JsonObject): JsonObject {
  const ip = obj(obj(cluster.controlPlaneEndpointsConfig).ipEndpointsConfig);
  return {
    ...obj(cluster.privateClusterConfig),
    enablePrivateNodes: obj(cluster.networkConfig).defaultEnablePrivateNodes,
    enablePrivateEndpoint: ip.enablePublicEndpoint === false,
    privateEndpoint: ip.privateEndpoint,
    publicEndpoint: ip.publicEndpoint,
  };
}

/** The older switch and the mode are two names of one setting. */
export function completeBinaryAuthorization(asked: JsonObject): JsonObject {
  const mode = str(asked.evaluationMode);
  if (mode !== "") {
    return { ...asked, evaluationMode: mode };
  }
  return asked.enabled === true ? { enabled: true, evaluationMode: "PROJECT_SINGLETON_POLICY_ENFORCE" } : {};
}

/** A node pool as the service answers it. */
export function completeNodePool(request: JsonObject, cluster: JsonObject, place: Place): JsonObject {
  const name = str(request.name);
  const defaults: JsonObject = {
    selfLink: `${str(cluster.selfLink)}/nodePools/${name}`,
    status: "RUNNING",
    version: cluster.currentNodeVersion,
    locations: cluster.locations,
    management: { autoRepair: true, autoUpgrade: true },
    maxPodsConstraint: obj(cluster.defaultMaxPodsConstraint),
    podIpv4CidrSize: 24,
    upgradeSettings: { maxSurge: 1, strategy: "SURGE" },
    networkConfig: {
      podRange: obj(cluster.ipAllocationPolicy).clusterSecondaryRangeName,
      podIpv4CidrBlock: cluster.clusterIpv4Cidr,
      enablePrivateNodes: obj(cluster.networkConfig).defaultEnablePrivateNodes,
    },
    etag: hash(`${place.cluster}/${name}`).slice(0, 8),
  };
  const pool = merge(defaults, withoutBlanks(request));
  pool.config = completeNodeConfig(obj(request.config), cluster);
  const zones = Array.isArray(pool.locations) ? pool.locations : [];
  pool.instanceGroupUrls = zones.map((zone) => managerUrl(place, String(zone), name));
  return pool;
}

function managerUrl(place: Place, zone: string, pool: string): string {
  const manager = `gke-${place.cluster}-${pool}-${hash(zone + pool).slice(0, 8)}-grp`;
  return `https://www.googleapis.com/compute/v1/projects/${place.project}/zones/${zone}/instanceGroupManagers/${manager}`;
}

function completeNodeConfig(asked: JsonObject, cluster: JsonObject): JsonObject {
  const identity = obj(cluster.workloadIdentityConfig).workloadPool !== undefined;
  const defaults: JsonObject = {
    machineType: "e2-medium",
    diskSizeGb: 100,
    diskType: "pd-balanced",
    imageType: "COS_CONTAINERD",
    serviceAccount: "default",
    oauthScopes: SCOPES.map((scope) => `https://www.googleapis.com/auth/${scope}`),
    metadata: { "disable-legacy-endpoints": "true" },
    resourceLabels: { "goog-gke-node-pool-provisioning-model": "on-demand" },
    shieldedInstanceConfig: { enableIntegrityMonitoring: true },
    kubeletConfig: {},
    windowsNodeConfig: {},
    loggingConfig: { variantConfig: { variant: "DEFAULT" } },
    workloadMetadataConfig: identity ? { mode: "GKE_METADATA" } : undefined,
  };
  const config = merge(defaults, withoutBlanks(asked));
  config.diskSizeGb = config.diskSizeGb || 100;
  config.bootDisk = { diskType: config.diskType, sizeGb: String(config.diskSizeGb) };
  return config;
}
