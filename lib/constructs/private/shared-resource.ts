import type { TerraformResource } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { ProblemCode } from "../../vocabulary/problem";
import { unclaim } from "./addressing";
import { refuse } from "./refusals";
import { forget } from "./terraform-block";

/** What a shared resource is called in messages. */
export interface SharedDescription {
  readonly what: string;
  /** The full name in the cloud. */
  readonly name: string;
  /** The option that uses it without owning it. */
  readonly instead: string;
}

/** A resource that several constructs of a stack use and none of them owns, at a fixed path. */
export abstract class SharedResource extends Construct {
  public abstract readonly resource: TerraformResource;
  protected abstract readonly description: SharedDescription;
  private readonly users = new Set<IConstruct>();
  private released = false;

  /** Notes a construct that uses the resource. One that wants protection is enough: it would be destroyed for all. */
  public join(user: IConstruct, protect: boolean): void {
    const { what, name, instead } = this.description;
    if (this.released) {
      refuse(
        user.node.path,
        ProblemCode.INVALID_STATE,
        `the ${what} ${name} was released with its last user; allowed: its users before release(), or "${instead}: false"`,
      );
    }
    this.users.add(user);
    if (protect) {
      this.resource.lifecycle = { preventDestroy: true };
    }
  }

  /** Forgets the resource once its last user is released. */
  public release(user: IConstruct): void {
    this.users.delete(user);
    if (this.users.size === 0) {
      this.released = true;
      unclaim(this);
      forget(this.resource);
    }
  }

  /** What has to exist before others may refer to it. */
  protected resources(): TerraformResource[] {
    return this.released ? [] : [this.resource];
  }
}
