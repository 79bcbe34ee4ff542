import type { ContainerCluster } from "@cdktf/provider-google/lib/container-cluster";
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { ProblemCode } from "../../vocabulary/problem";

/**
 * The one useful evaluation mode of a cluster in provider 6.50: `POLICY_BINDINGS` evaluates other policies and does not
 * enforce (https://github.com/hashicorp/terraform-provider-google/issues/23988).
 */
export const ENFORCE = "PROJECT_SINGLETON_POLICY_ENFORCE";

/** All modes of the API in which the project's policy is enforced. */
export const ENFORCING_MODES = [ENFORCE, "POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE"];

interface Overridden {
  readonly rawOverrides?: {
    readonly binary_authorization?: { readonly evaluation_mode?: unknown };
    readonly lifecycle?: { readonly ignore_changes?: unknown };
  };
}

interface StackOverrides {
  readonly rawOverrides?: { readonly resource?: { readonly google_container_cluster?: Record<string, unknown> } };
}

/** What addOverride wrote: protected in CDKTF, but rendered last, over everything else. */
function overridesOf(cluster: ContainerCluster): NonNullable<Overridden["rawOverrides"]> {
  return (cluster as unknown as Overridden).rawOverrides ?? {};
}

/** Whether Terraform would not notice that enforcement was switched off. */
export function ignoresEnforcement(cluster: ContainerCluster): boolean {
  const ignored = overridesOf(cluster).lifecycle?.ignore_changes ?? cluster.lifecycle?.ignoreChanges ?? [];
  return (
    ignored === "all" ||
    (Array.isArray(ignored) && ignored.some((entry) => /^(all|binary_authorization)/.test(`${entry}`)))
  );
}

/**
 * Checks once more when the app is synthesized: the resource is reachable, and a later line of the program may have
 * switched enforcement off again.
 */
export function holdEnforcement(construct: Construct, cluster: ContainerCluster): void {
  construct.node.addValidation({
    validate: () => {
      const found = notEnforcing(cluster);
      return found === undefined
        ? []
        : [
            // CDKTF puts the path before it.
            `[${ProblemCode.ENFORCEMENT_NOT_HELD}] enforcement was switched off after the construct had switched it on, got ${found}; allowed: binary_authorization with evaluation_mode ${ENFORCE}`,
          ];
    },
  });
}

function notEnforcing(cluster: ContainerCluster): string | undefined {
  const overridden = overridesOf(cluster).binary_authorization;
  if (overridden !== undefined && overridden.evaluation_mode !== ENFORCE) {
    return `an override of binary_authorization to ${JSON.stringify(overridden)}`;
  }
  const { resource } = (TerraformStack.of(cluster) as unknown as StackOverrides).rawOverrides ?? {};
  if (resource?.google_container_cluster?.[cluster.friendlyUniqueId] !== undefined) {
    return "an override of the resource by the stack";
  }
  const input = cluster.binaryAuthorizationInput;
  if (input?.evaluationMode !== ENFORCE || input.enabled !== undefined) {
    return `binary_authorization ${JSON.stringify(input) ?? "left out"}`;
  }
  return ignoresEnforcement(cluster) ? "a lifecycle that ignores its changes" : undefined;
}
