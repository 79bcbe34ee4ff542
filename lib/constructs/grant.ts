import type { TerraformResource } from "cdktf";

/** How a grant is written. */
export interface GrantOptions {
  /**
   * Resources that have to exist before the grant, such as the service account it is for. One of another stack makes
   * the stack of the grant wait for that stack.
   * @default - none
   */
  readonly dependsOn?: TerraformResource[];
}

/** What one call of `grants` wrote: always `_member` resources, which leave the bindings of others alone. */
export class Grant {
  /** @internal */
  public static _of(member: string, resources: TerraformResource[]): Grant {
    return new Grant(member, resources);
  }

  /** Who was granted something, in IAM's form: `serviceAccount:EMAIL`. */
  public readonly member: string;
  /** The IAM member resources. Empty where the member has the permissions already. */
  public readonly resources: TerraformResource[];

  private constructor(member: string, resources: TerraformResource[]) {
    this.member = member;
    this.resources = resources;
  }
}
