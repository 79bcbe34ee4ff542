import { IamWorkloadIdentityPool } from "@cdktf/provider-google/lib/iam-workload-identity-pool";
import type { TerraformProvider } from "cdktf";
import type { Construct, IConstruct } from "constructs";
import { claim, fixAddress, getOrCreate, logicalId, provide, stackChild, waitFor } from "./addressing";
import { enabledApi } from "./apis";
import { type SharedDescription, SharedResource } from "./shared-resource";

/** What a workload identity pool is made of. */
export interface SharedPoolOptions {
  readonly project: string;
  readonly poolId: string;
  readonly enableApis?: boolean;
  readonly provider?: TerraformProvider;
}

/** The workload identity pool of one or several federated signers of a stack. */
export class SharedPool extends SharedResource {
  public static of(user: IConstruct, options: SharedPoolOptions): SharedPool {
    const pools = stackChild(user, "WorkloadIdentityPools");
    const id = logicalId(options.project, options.poolId);
    const pool = getOrCreate(pools, id, () => new SharedPool(pools, id, options));
    // Made again within 30 days it is the same pool: nothing is lost that protection would have to keep.
    pool.join(user, false);
    return pool;
  }

  public readonly resource: IamWorkloadIdentityPool;
  protected readonly description: SharedDescription;

  private constructor(scope: Construct, id: string, options: SharedPoolOptions) {
    super(scope, id);
    const { project, poolId, provider } = options;
    const name = `projects/${project}/locations/global/workloadIdentityPools/${poolId}`;
    this.description = { what: "workload identity pool", name, instead: "createPool" };
    claim(this, "workload identity pool", name);
    this.resource = fixAddress(
      new IamWorkloadIdentityPool(this, "Pool", { project, workloadIdentityPoolId: poolId, provider }),
      id,
    );
    waitFor(this.resource, enabledApi(this, "iam", options));
    provide(this, "workload identity pool", name, () => this.resources());
  }
}
