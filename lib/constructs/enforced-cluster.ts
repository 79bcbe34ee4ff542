import { ContainerCluster } from "@cdktf/provider-google/lib/container-cluster";
import { ContainerNodePool } from "@cdktf/provider-google/lib/container-node-pool";
import type { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import { type TerraformProvider, Token } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { parseRegionOrZone } from "../vocabulary/location";
import { ProblemCode, show } from "../vocabulary/problem";
import { clusterKey } from "../vocabulary/resource-name";
import type { AdmissionPolicy } from "./admission-policy";
import { EvaluationMode, enforcementModeOf } from "./admission-rule";
import type { IAttestor } from "./attestor";
import { claim, fixAddress, logicalId, unclaim, waitFor } from "./private/addressing";
import { checkCluster, checkDryRun, checkRule } from "./private/admission-rules";
import { enabledApi } from "./private/apis";
import { ENFORCE, holdEnforcement, ignoresEnforcement } from "./private/enforcement";
import { clusterCheckBlock } from "./private/existing-cluster";
import { clusterConfig, isAutopilot, nodeIdentity, nodePoolConfig } from "./private/gke-cluster";
import { releaseBindings } from "./private/iam";
import { resolveProject } from "./private/project";
import { pathOf, Refusals, refuse, warn } from "./private/refusals";
import { forget, TerraformBlock } from "./private/terraform-block";
import type { ReleaseChannel } from "./release-channel";

/** A GKE cluster that admits only what the policy's rule for it allows. */
export interface IEnforcedCluster extends IConstruct {
  /** The project of cluster and policy. */
  readonly project: string;
  /** The region or zone. */
  readonly location: string;
  /** The cluster's name. */
  readonly clusterName: string;
  /** The key of the cluster's rule: `LOCATION.NAME`. */
  readonly clusterKey: string;
}

/** What a cluster asks of the images it runs. */
export interface EnforcementOptions {
  /** The admission policy of the cluster's project. */
  readonly policy: AdmissionPolicy;

  /** The attestors of which every single one has to have attested an image. */
  readonly requiredAttestors: IAttestor[];

  /**
   * Whether the cluster's rule only logs what it would have refused. Going over to enforcement is this one property.
   * @default - true where `dryRunUntil` is given, else false
   */
  readonly dryRun?: boolean;

  /**
   * The last day of the dry run, as `YYYY-MM-DD`: the rule only logs until this property is taken away. The synthesis does
   * not look at the clock. `binauthz check` and `binauthz review` do, and report a dry run that outlived its day.
   * @default - a dry run without an end, where `dryRun` says so
   */
  readonly dryRunUntil?: string;
}

/** A cluster that exists and is managed elsewhere. */
export interface ExistingClusterAttributes extends EnforcementOptions {
  /** The cluster's name. */
  readonly clusterName: string;

  /** The cluster's region or zone. */
  readonly location: string;

  /**
   * Whether a cluster that does not enforce fails the plan, and with it every other change of the stack; otherwise the
   * plan warns. Switch it on once the cluster enforces.
   * @default false
   */
  readonly requireEnforcement?: boolean;

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

/** What a new cluster is made of. */
export interface EnforcedClusterProps extends EnforcementOptions {
  /** The cluster's name. */
  readonly clusterName: string;

  /** A region such as `us-central1`, or a zone such as `us-central1-a`. */
  readonly location: string;

  /**
   * Whether Google manages the nodes.
   * @default - true in a region, false in a zone, where there is no Autopilot
   */
  readonly autopilot?: boolean;

  /**
   * The VPC network, by name or self link.
   * @default - the network "default" of the project
   */
  readonly network?: string;

  /**
   * The subnetwork, by name or self link.
   * @default - the one that GKE finds in the network
   */
  readonly subnetwork?: string;

  /**
   * Whether nodes have internal addresses only. They then pull from Artifact Registry through Private Google Access, and
   * from elsewhere through Cloud NAT.
   * @default true
   */
  readonly privateNodes?: boolean;

  /**
   * The release channel.
   * @default ReleaseChannel.REGULAR
   */
  readonly releaseChannel?: ReleaseChannel;

  /**
   * The machine type of the nodes; for standard clusters.
   * @default "e2-standard-2"
   */
  readonly nodeMachineType?: string;

  /**
   * The number of nodes, in each zone of a regional cluster; for standard clusters.
   * @default 1
   */
  readonly nodeCount?: number;

  /**
   * The number of nodes that the autoscaler may go up to; for standard clusters.
   * @default - no autoscaling
   */
  readonly maxNodeCount?: number;

  /**
   * The e-mail address of the nodes' service account, where one exists already.
   * @default - a service account of the cluster's own with roles/container.defaultNodeServiceAccount
   */
  readonly nodeServiceAccountEmail?: string;

  /**
   * The repositories of Artifact Registry that the nodes may pull from, as `projects/P/locations/L/repositories/R`.
   * @default - none: nothing is granted
   */
  readonly imageRepositories?: string[];

  /**
   * Labels of the cluster.
   * @default - none
   */
  readonly resourceLabels?: { readonly [key: string]: string };

  /**
   * Whether Terraform refuses to destroy the cluster: `prevent_destroy`, and the provider's own `deletion_protection`,
   * which holds also where the construct is gone from the program. gcloud and the console can delete it all the same.
   * @default true
   */
  readonly deletionProtection?: boolean;

  /**
   * The project of the cluster: the policy's.
   * @default - the project of the policy
   */
  readonly project?: string;

  /**
   * Whether container.googleapis.com is enabled here; `false` where an organisation does it elsewhere.
   * @default true
   */
  readonly enableApis?: boolean;

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

abstract class EnforcedClusterBase extends Construct implements IEnforcedCluster {
  public abstract readonly project: string;
  public abstract readonly location: string;
  public abstract readonly clusterName: string;

  public get clusterKey(): string {
    return clusterKey(this.location, this.clusterName);
  }
}

/**
 * A new GKE cluster with Binary Authorization switched on, and the rule for it in the project's policy.
 *
 * The rule comes first and the switch second: the cluster waits for the policy. Its rule's key is derived from location
 * and name, never typed, since a mistyped key would leave the cluster to the default rule.
 */
export class EnforcedCluster extends EnforcedClusterBase {
  /**
   * Switches enforcement on for a cluster of the same program, and adds the rule for it.
   *
   * Throws `UNRESOLVED_VALUE` where the cluster's name or location is not literal, `ENFORCEMENT_NOT_HELD` where its
   * lifecycle ignores changes of `binary_authorization`, `PROJECT_MISMATCH` where the policy is another project's.
   *
   * @param cluster the cluster, written with the provider's own construct
   * @param options what the cluster asks of images
   */
  public static enforce(cluster: ContainerCluster, options: EnforcementOptions): IEnforcedCluster {
    const enforced = cluster.node.tryFindChild("Enforcement");
    if (enforced) {
      refuse(
        cluster.node.path,
        ProblemCode.DUPLICATE_RESOURCE,
        `the cluster is declared twice, first at ${enforced.node.path}; allowed: one call of EnforcedCluster.enforce for it`,
      );
    }
    return new SwitchedOnCluster(cluster, "Enforcement", options);
  }

  /**
   * Speaks for a cluster that is managed elsewhere: adds the rule for it, and checks with every plan that the cluster
   * enforces. The check warns, with the gcloud command that mends it; `requireEnforcement` makes it fail the plan.
   *
   * @param scope the construct's parent
   * @param id the construct's id
   * @param attributes the cluster and what it asks of images
   */
  public static fromClusterName(scope: Construct, id: string, attributes: ExistingClusterAttributes): IEnforcedCluster {
    return new ImportedCluster(scope, id, attributes);
  }

  public readonly project: string;
  public readonly location: string;
  public readonly clusterName: string;
  /** The resource of the cluster, for what the props do not cover. */
  public readonly cluster: ContainerCluster;
  /** The resource of the node pool; undefined on Autopilot. */
  public readonly nodePool?: ContainerNodePool;
  /** The resource of the nodes' service account; undefined where one was given. */
  public readonly nodeServiceAccount?: ServiceAccount;
  /** The e-mail address of the nodes' service account. */
  public readonly nodeServiceAccountEmail: string;

  private released = false;

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props the cluster
   */
  public constructor(scope: Construct, id: string, props: EnforcedClusterProps) {
    super(scope, id);
    this.project = validate(scope, id, props);
    this.location = props.location;
    this.clusterName = props.clusterName;
    declare(this, props);

    const given = { ...props, project: this.project };
    const nodes = nodeIdentity(this, given);
    this.nodeServiceAccount = nodes.resource;
    this.nodeServiceAccountEmail = nodes.email;
    const address = [this.project, this.location, this.clusterName];
    this.cluster = fixAddress(
      new ContainerCluster(this, "Cluster", clusterConfig(given, nodes.email)),
      logicalId(...address),
    );
    waitFor(this.cluster, enabledApi(this, "container", given), ...nodes.before);
    if (!isAutopilot(props)) {
      this.nodePool = fixAddress(
        new ContainerNodePool(this, "NodePool", nodePoolConfig(given, nodes.email)),
        logicalId(...address, "nodes"),
      );
      waitFor(this.nodePool, this.cluster);
    }
    waitFor(this.cluster, props.policy.resource);
    holdEnforcement(this, this.cluster);
  }

  /**
   * Leaves the cluster, its nodes and their identity alone from now on: the next apply forgets them and destroys nothing.
   * Its rule stays in the policy.
   * Terraform 1.7 or newer.
   */
  public release(): void {
    if (!this.released) {
      this.released = true;
      unclaim(this);
      releaseBindings(this);
      forget(this.nodePool, this.cluster, this.nodeServiceAccount);
    }
  }
}

/** A cluster of the same program that somebody else declares. */
class SwitchedOnCluster extends EnforcedClusterBase {
  public readonly project: string;
  public readonly location: string;
  public readonly clusterName: string;

  public constructor(cluster: ContainerCluster, id: string, options: EnforcementOptions) {
    super(cluster, id);
    this.project = validateForeign(cluster, options);
    this.location = cluster.locationInput as string;
    this.clusterName = cluster.nameInput as string;
    declare(this, options);
    cluster.putBinaryAuthorization({ evaluationMode: ENFORCE });
    waitFor(cluster, options.policy.resource);
    holdEnforcement(this, cluster);
  }
}

/** A cluster that is managed elsewhere. */
class ImportedCluster extends EnforcedClusterBase {
  public readonly project: string;
  public readonly location: string;
  public readonly clusterName: string;

  public constructor(scope: Construct, id: string, attributes: ExistingClusterAttributes) {
    super(scope, id);
    const refusals = new Refusals(pathOf(scope, id));
    checkCluster(refusals, attributes.location, attributes.clusterName, false);
    refusals.throwIfAny();
    this.project = attributes.policy.project;
    this.location = attributes.location;
    this.clusterName = attributes.clusterName;
    declare(this, attributes);
    new TerraformBlock(
      this,
      "Check",
      clusterCheckBlock({
        project: this.project,
        location: this.location,
        clusterName: this.clusterName,
        id: logicalId(this.project, this.location, this.clusterName),
        failing: attributes.requireEnforcement === true,
        provider: attributes.provider,
      }),
    );
  }
}

/** Claims the cluster and adds its rule to the policy. */
function declare(cluster: EnforcedClusterBase, options: EnforcementOptions): void {
  const { project, location, clusterName } = cluster;
  claim(cluster, "cluster", `projects/${project}/locations/${location}/clusters/${clusterName}`);
  options.policy.addClusterRule(
    {
      location,
      clusterName,
      requiredAttestors: options.requiredAttestors,
      dryRun: options.dryRun,
      dryRunUntil: options.dryRunUntil,
    },
    cluster,
  );
  if (parseRegionOrZone(location)?.known === false) {
    warn(
      cluster,
      ProblemCode.UNKNOWN_LOCATION,
      `"location" ${show(location)} has the form of a region or zone, but is none that this version knows`,
    );
  }
}

const REPOSITORY = /^projects\/[^/]+\/locations\/[^/]+\/repositories\/[^/]+$/;

function validate(scope: Construct, id: string, props: EnforcedClusterProps): string {
  const refusals = new Refusals(pathOf(scope, id));
  const project = resolveProject(refusals, scope, { ...props, project: props.project ?? props.policy.project });
  checkProject(refusals, project, props.policy);
  checkCluster(refusals, props.location, props.clusterName, false);
  if (props.autopilot && parseRegionOrZone(props.location)?.kind === "zone") {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"autopilot" is set for a cluster in the zone ${show(props.location)}; allowed: Autopilot in a region, or a standard cluster`,
    );
  }
  const nodeOptions = [props.nodeMachineType, props.nodeCount, props.maxNodeCount];
  if (isAutopilot(props) && nodeOptions.some((option) => option !== undefined)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      '"nodeMachineType", "nodeCount" and "maxNodeCount" are for standard clusters, got one of them on Autopilot; allowed: none of them, or "autopilot: false"',
    );
  }
  (props.imageRepositories ?? []).forEach((repository, index) => {
    if (refusals.literal(`imageRepositories[${index}]`, repository) && !REPOSITORY.test(repository)) {
      refusals.add(
        ProblemCode.INVALID_NAME,
        `"imageRepositories[${index}]" is no full name of a repository, got ${show(repository)}; allowed: projects/PROJECT/locations/LOCATION/repositories/NAME`,
      );
    }
  });
  if (props.nodeServiceAccountEmail !== undefined) {
    refusals.email("nodeServiceAccountEmail", props.nodeServiceAccountEmail);
  }
  checkNodeCounts(refusals, props);
  checkRequired(refusals, props);
  refusals.throwIfAny();
  return project;
}

function checkNodeCounts(refusals: Refusals, props: EnforcedClusterProps): void {
  const { nodeCount, maxNodeCount } = props;
  const counts = [nodeCount, maxNodeCount].filter((count) => count !== undefined);
  if (counts.some((count) => !Number.isInteger(count) || count < 1) || (nodeCount ?? 1) > (maxNodeCount ?? Infinity)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"nodeCount" and "maxNodeCount" do not fit, got ${show(nodeCount)} and ${show(maxNodeCount)}; allowed: whole numbers from 1, the second not below the first`,
    );
  }
}

/** Checked once more by the policy; here so that it is said together with the rest. */
function checkRequired(refusals: Refusals, options: EnforcementOptions): void {
  const rule = checkRule(refusals, "requiredAttestors", {
    evaluationMode: EvaluationMode.REQUIRE_ATTESTATION,
    enforcementMode: enforcementModeOf(options),
    requireAttestationsBy: options.requiredAttestors.map((attestor) => attestor.attestorId),
    dryRunUntil: options.dryRunUntil,
  });
  checkDryRun(refusals, "dryRunUntil", rule);
}

function validateForeign(cluster: ContainerCluster, options: EnforcementOptions): string {
  const refusals = new Refusals(cluster.node.path);
  const { nameInput, locationInput, projectInput } = cluster;
  if (locationInput === undefined || Token.isUnresolved(locationInput) || Token.isUnresolved(nameInput)) {
    refusals.add(
      ProblemCode.UNRESOLVED_VALUE,
      "the cluster's rule is found by location and name, got a cluster whose location or name is left out or not literal; allowed: literal values for both",
    );
  } else {
    checkCluster(refusals, locationInput, nameInput as string, false);
  }
  const project = resolveProject(refusals, cluster, { project: projectInput, provider: cluster.provider });
  checkProject(refusals, project, options.policy);
  if (ignoresEnforcement(cluster)) {
    refusals.add(
      ProblemCode.ENFORCEMENT_NOT_HELD,
      `the cluster's lifecycle ignores changes of binary_authorization, so that it could be switched off unseen, got ${show(cluster.lifecycle?.ignoreChanges)}; allowed: ignore_changes without it`,
    );
  }
  refusals.throwIfAny();
  return project;
}

function checkProject(refusals: Refusals, project: string, policy: AdmissionPolicy): void {
  if (project !== "" && project !== policy.project) {
    refusals.add(
      ProblemCode.PROJECT_MISMATCH,
      `a cluster is governed by the policy of its own project, got the project "${project}" and the policy of "${policy.project}" (${policy.node.path}); allowed: an AdmissionPolicy for "${project}"`,
    );
  }
}
