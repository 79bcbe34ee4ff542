import { type TerraformProvider, TerraformResource, TerraformStack } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { claim } from "../constructs/private/addressing";
import { pathOf, refuse } from "../constructs/private/refusals";
import { releaseAll } from "../constructs/private/terraform-block";
import { stringifyYaml } from "../vocabulary/private/yaml";
import { ProblemCode, renderProblem } from "../vocabulary/problem";
import { guardObjects, type KubernetesObject, permitObjects } from "./private/objects";
import { guardSettings, permitSettings } from "./private/settings";

/** Who may use break-glass, and where. */
export interface BreakGlassGuardProps {
  /**
   * A DNS name of yours, for example `binauthz.example.com`: the API group of the permission, which exists in RBAC only,
   * and the prefix of the annotations.
   */
  readonly domain: string;

  /** The groups whose members may use break-glass, as the cluster knows them; best ones that people join for an hour. */
  readonly responderGroups: readonly string[];

  /** The namespaces in which they may. Everywhere else nobody may, cluster administrators aside. */
  readonly namespaces: readonly string[];

  /**
   * The accounts of GitOps controllers, as `system:serviceaccount:NAMESPACE:NAME`. What they bring in needs a permit for
   * the workload, whatever they are allowed themselves.
   * @default - none: an account is judged by its own permission
   */
  readonly gitOpsAccounts?: readonly string[];

  /**
   * What the ticket has to match: a regular expression of RE2, found anywhere unless anchored.
   * @default - any text
   */
  readonly ticketPattern?: string;

  /**
   * The name of the policy, its binding, and the role.
   * @default "binauthz-break-glass"
   */
  readonly guardName?: string;
}

/** The guard as resources of Terraform. */
export interface BreakGlassGuardResourceProps extends BreakGlassGuardProps {
  /**
   * The kubernetes provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

/** One workload that a GitOps controller may bring in with break-glass. */
export interface BreakGlassPermit {
  /** The namespace of the workload. */
  readonly namespace: string;
  /** The kind of the workload, for example `Deployment`. */
  readonly kind: string;
  /** The name of the workload. */
  readonly workloadName: string;
  /** Why the permit was given. */
  readonly reason: string;
  /** The ticket; matches the guard's `ticketPattern`. */
  readonly ticket: string;
}

/** Who may skip Binary Authorization. */
export interface IBreakGlassGuard extends IConstruct {
  /** The resources, in the order in which they are applied. */
  readonly resources: readonly TerraformResource[];
}

/**
 * Lets only named groups use break-glass: without it, everybody who may deploy may set the label that makes Binary
 * Authorization admit any image.
 *
 * A ValidatingAdmissionPolicy with its binding, and the role that it asks for. Kubernetes 1.30 or newer.
 *
 * The construct writes `kubernetes_manifest` resources, which need the cluster's API server when they are planned: it
 * belongs into a stack of its own, after the one that creates the cluster. `BreakGlassGuard.toYaml` renders the same
 * objects for a GitOps repository, and needs no provider.
 */
export class BreakGlassGuard extends Construct implements IBreakGlassGuard {
  /**
   * The guard as YAML, several documents in one text.
   *
   * Throws `INVALID_NAME`, `INVALID_MEMBER` or `INVALID_OPTIONS` where an option is not valid.
   *
   * @param props who may use break-glass, and where
   */
  public static toYaml(props: BreakGlassGuardProps): string {
    return documents(guardObjects(guardSettings("BreakGlassGuard", props)));
  }

  /**
   * The permit for one workload as YAML: what a responder applies before, and deletes after, a GitOps controller brings
   * the workload in with break-glass.
   *
   * Throws `INVALID_OPTIONS` where the guard has no GitOps accounts, or the permit does not fit the guard.
   *
   * @param props the guard
   * @param permit the workload
   */
  public static permitToYaml(props: BreakGlassGuardProps, permit: BreakGlassPermit): string {
    const guard = guardSettings("BreakGlassGuard", props);
    return documents(permitObjects(guard, permitSettings("BreakGlassGuard", guard, permit)));
  }

  public readonly resources: readonly TerraformResource[];

  private released = false;

  /**
   * Throws `MISSING_PACKAGE` where @cdktf/provider-kubernetes is not installed, and what `toYaml` throws.
   *
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props who may use break-glass, and where
   */
  public constructor(scope: Construct, id: string, props: BreakGlassGuardResourceProps) {
    super(scope, id);
    const path = pathOf(scope, id);
    const guard = guardSettings(path, props);
    const { manifestResources } = loadManifests(path);
    // Two clusters of one app have a stack each: what may not be there twice is there twice in one stack.
    claim(this, "break-glass guard", `${TerraformStack.of(this).node.path}/${guard.name}`);
    this.resources = manifestResources(this, guardObjects(guard), props.provider);
    this.node.addValidation({ validate: () => clustersBeside(this) });
  }

  /**
   * Leaves the objects of the guard alone from now on: the next apply forgets them, and they stay in force in the cluster.
   * Terraform 1.7 or newer.
   */
  public release(): void {
    if (!this.released) {
      this.released = true;
      releaseAll(this, this.resources);
    }
  }
}

function documents(objects: readonly KubernetesObject[]): string {
  return objects.map((object) => stringifyYaml(object)).join("---\n");
}

function loadManifests(path: string): typeof import("./private/manifests") {
  try {
    return require("./private/manifests") as typeof import("./private/manifests");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") {
      throw error;
    }
    return refuse(
      path,
      ProblemCode.MISSING_PACKAGE,
      'the construct writes resources of the Kubernetes provider, got a project in which @cdktf/provider-kubernetes is not installed; allowed: "npm install @cdktf/provider-kubernetes@^12.1.1", or BreakGlassGuard.toYaml, which needs no provider',
    );
  }
}

/** The plan of a stack that is to create the cluster asks an API server that is not there yet. */
function clustersBeside(guard: Construct): string[] {
  return TerraformStack.of(guard)
    .node.findAll()
    .filter(
      (construct): construct is TerraformResource =>
        TerraformResource.isTerraformResource(construct) &&
        construct.terraformResourceType === "google_container_cluster",
    )
    .map((cluster) =>
      renderProblem({
        code: ProblemCode.CLUSTER_IN_SAME_STACK,
        constructPath: guard.node.path,
        message: `the guard is planned against a running cluster, got ${cluster.node.path} in the same stack; allowed: a stack of its own that depends on the cluster's, or BreakGlassGuard.toYaml`,
      }),
    );
}
