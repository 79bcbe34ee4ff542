import type { ContainerClusterConfig } from "@cdktf/provider-google/lib/container-cluster";
import type { ContainerNodePoolConfig } from "@cdktf/provider-google/lib/container-node-pool";
import { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import type { TerraformResource } from "cdktf";
import type { Construct } from "constructs";
import { parseRegionOrZone } from "../../vocabulary/location";
import { serviceAccountEmail } from "../../vocabulary/resource-name";
import { ROLES } from "../../vocabulary/roles";
import { shortHash } from "../../vocabulary/short-hash";
import type { EnforcedClusterProps } from "../enforced-cluster";
import { ReleaseChannel } from "../release-channel";
import { claim, fixAddress, logicalId, waitFor, waitForNamed } from "./addressing";
import { enabledApi } from "./apis";
import { ENFORCE } from "./enforcement";
import { grantBinding } from "./iam";

type Props = EnforcedClusterProps & { readonly project: string };

const CLOUD_PLATFORM = ["https://www.googleapis.com/auth/cloud-platform"];

/** Whether the nodes of a new cluster are Google's. */
export function isAutopilot(props: EnforcedClusterProps): boolean {
  return props.autopilot ?? parseRegionOrZone(props.location)?.kind === "region";
}

/** The identity of a new cluster's nodes. */
export interface NodeIdentity {
  readonly email: string;
  readonly resource?: ServiceAccount;
  /** What has to exist before the first node starts. */
  readonly before: readonly TerraformResource[];
}

/** Writes the identity of the nodes and what it is granted. */
export function nodeIdentity(scope: Construct, props: Props): NodeIdentity {
  if (props.nodeServiceAccountEmail !== undefined) {
    return { email: props.nodeServiceAccountEmail, before: grantPull(scope, props, props.nodeServiceAccountEmail) };
  }
  const { project, clusterName, location, provider } = props;
  // 30 characters at most, and two clusters of one name in two locations must not share it.
  const accountId = `gke-${clusterName.slice(0, 17).replace(/-+$/, "")}-${shortHash(location, clusterName)}`;
  const email = serviceAccountEmail(accountId, project);
  claim(scope, "service account", email);
  const resource = fixAddress(
    new ServiceAccount(scope, "NodeServiceAccount", {
      project,
      accountId,
      displayName: `Nodes of ${clusterName} in ${location}`,
      provider,
    }),
    logicalId(project, accountId),
  );
  waitFor(resource, enabledApi(scope, "iam", props));
  const node = grantBinding(scope, {
    opened: { kind: "project", project },
    role: ROLES.GKE_NODE,
    member: `serviceAccount:${email}`,
    provider,
    after: [resource, enabledApi(scope, "cloudresourcemanager", props)],
  });
  return { email, resource, before: [resource, node, ...grantPull(scope, props, email, resource)] };
}

/**
 * Lets the nodes pull. In the cluster's stack also where another one declares the repository: the cluster waits for the
 * grant and the grant for the nodes' identity, so that the other stack would have to wait for this one and this one for it.
 */
function grantPull(scope: Construct, props: Props, email: string, account?: ServiceAccount): TerraformResource[] {
  return (props.imageRepositories ?? []).map((repository) => {
    const [, project, , location, , repositoryId] = repository.split("/");
    const grant = grantBinding(scope, {
      opened: { kind: "repository", project, location, repositoryId },
      role: ROLES.REPOSITORY_READER,
      member: `serviceAccount:${email}`,
      provider: props.provider,
      after: [account],
    });
    waitForNamed(grant, "repository", repository);
    return grant;
  });
}

/** What both kinds of cluster share. */
function common(props: Props) {
  return {
    project: props.project,
    name: props.clusterName,
    location: props.location,
    network: props.network,
    subnetwork: props.subnetwork,
    resourceLabels: props.resourceLabels,
    binaryAuthorization: { evaluationMode: ENFORCE },
    releaseChannel: { channel: props.releaseChannel ?? ReleaseChannel.REGULAR },
    privateClusterConfig: props.privateNodes === false ? undefined : { enablePrivateNodes: true },
    ipAllocationPolicy: {},
    deletionProtection: props.deletionProtection !== false,
    provider: props.provider,
  };
}

/**
 * The cluster as the provider's construct takes it. A configuration and not the construct: CDKTF captures the whole stack
 * for each of its many attribute objects, and each call in between would make every one of those stacks longer.
 */
export function clusterConfig(props: Props, email: string): ContainerClusterConfig {
  const protect = props.deletionProtection === false ? undefined : true;
  if (isAutopilot(props)) {
    return {
      ...common(props),
      enableAutopilot: true,
      clusterAutoscaling: { autoProvisioningDefaults: { serviceAccount: email, oauthScopes: CLOUD_PLATFORM } },
      lifecycle: protect && { preventDestroy: true },
    };
  }
  return {
    ...common(props),
    networkingMode: "VPC_NATIVE",
    workloadIdentityConfig: { workloadPool: `${props.project}.svc.id.goog` },
    enableShieldedNodes: true,
    // The default pool lives for a moment only, but it does need an identity that may start nodes.
    removeDefaultNodePool: true,
    initialNodeCount: 1,
    nodeConfig: { serviceAccount: email, oauthScopes: CLOUD_PLATFORM },
    lifecycle: {
      preventDestroy: protect,
      // Afterwards it mirrors the node pools, and every difference would replace the cluster.
      ignoreChanges: ["node_config"],
    },
  };
}

/** The node pool of a standard cluster as the provider's construct takes it. */
export function nodePoolConfig(props: Props, email: string): ContainerNodePoolConfig {
  const count = props.nodeCount ?? 1;
  return {
    project: props.project,
    location: props.location,
    cluster: props.clusterName,
    name: "nodes",
    nodeCount: props.maxNodeCount === undefined ? count : undefined,
    autoscaling:
      props.maxNodeCount === undefined ? undefined : { minNodeCount: count, maxNodeCount: props.maxNodeCount },
    nodeConfig: {
      machineType: props.nodeMachineType ?? "e2-standard-2",
      serviceAccount: email,
      oauthScopes: CLOUD_PLATFORM,
      shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
      workloadMetadataConfig: { mode: "GKE_METADATA" },
    },
    provider: props.provider,
  };
}
