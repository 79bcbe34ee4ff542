import type { TerraformProvider } from "cdktf";
import { ENFORCE, ENFORCING_MODES } from "./enforcement";

/** A cluster managed elsewhere, and how hard it is looked at. */
export interface CheckedCluster {
  readonly project: string;
  readonly location: string;
  readonly clusterName: string;
  readonly id: string;
  /** Whether the plan fails, or warns. */
  readonly failing: boolean;
  readonly provider?: TerraformProvider;
}

/** The Terraform block that checks, with every plan, whether a cluster enforces the project's policy. */
export function clusterCheckBlock(cluster: CheckedCluster): Record<string, unknown> {
  const { id, failing } = cluster;
  const data = {
    project: cluster.project,
    location: cluster.location,
    name: cluster.clusterName,
    provider: cluster.provider?.fqn,
  };
  const condition = (subject: string) => ({
    condition: `\${anytrue([for setting in ${subject}.binary_authorization : contains(${JSON.stringify(ENFORCING_MODES)}, setting.evaluation_mode) || setting.enabled == true])}`,
    error_message: `Cluster ${cluster.clusterName} in ${cluster.location} does not enforce the admission policy of ${cluster.project}: whatever its rule says, it runs any image. Switch it on: gcloud container clusters update ${cluster.clusterName} --project=${cluster.project} --location=${cluster.location} --binauthz-evaluation-mode=${ENFORCE}`,
  });
  return failing
    ? { data: { google_container_cluster: { [id]: { ...data, lifecycle: { postcondition: [condition("self")] } } } } }
    : {
        check: {
          [id]: {
            data: { google_container_cluster: { [id]: data } },
            assert: [condition(`data.google_container_cluster.${id}`)],
          },
        },
      };
}
