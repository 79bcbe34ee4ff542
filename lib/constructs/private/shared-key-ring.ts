import { KmsKeyRing } from "@cdktf/provider-google/lib/kms-key-ring";
import type { TerraformProvider } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { ProblemCode } from "../../vocabulary/problem";
import { keyRingName } from "../../vocabulary/resource-name";
import { claim, fixAddress, getOrCreate, logicalId, stackChild, unclaim } from "./addressing";
import { refuse } from "./refusals";
import { forget, importExisting } from "./terraform-block";

/** What a key ring is made of. */
export interface SharedKeyRingOptions {
  readonly project: string;
  readonly location: string;
  readonly keyRingName: string;
  readonly protect: boolean;
  readonly adopt: boolean;
  readonly provider?: TerraformProvider;
}

/** The key ring of one or several trust roots of a stack, at a fixed path: none of them owns it. */
export class SharedKeyRing extends Construct {
  public static of(user: IConstruct, options: SharedKeyRingOptions): SharedKeyRing {
    const rings = stackChild(user, "KeyRings");
    const id = logicalId(options.project, options.location, options.keyRingName);
    const ring = getOrCreate(rings, id, () => new SharedKeyRing(rings, id, options));
    if (ring.released) {
      refuse(
        user.node.path,
        ProblemCode.INVALID_STATE,
        `the key ring ${ring.name} was released with its last trust root; allowed: trust roots of the ring before release(), or "createKeyRing: false"`,
      );
    }
    ring.users.add(user);
    if (options.adopt) {
      ring.adopt();
    }
    if (options.protect) {
      // One trust root that wants protection is enough: it would be destroyed with the others'.
      ring.resource.lifecycle = { preventDestroy: true };
    }
    return ring;
  }

  public readonly resource: KmsKeyRing;
  private readonly name: string;
  private readonly users = new Set<IConstruct>();
  private released = false;

  private constructor(scope: Construct, id: string, options: SharedKeyRingOptions) {
    super(scope, id);
    this.name = keyRingName(options.project, options.location, options.keyRingName);
    claim(this, "key ring", this.name);
    this.resource = fixAddress(
      new KmsKeyRing(this, "KeyRing", {
        project: options.project,
        location: options.location,
        name: options.keyRingName,
        provider: options.provider,
      }),
      id,
    );
  }

  /** Imports the ring, once, whichever of its trust roots asks for it. */
  private adopt(): void {
    if (!this.resource.node.tryFindChild("Import")) {
      importExisting(this.resource, this.name);
    }
  }

  /** Forgets the ring once its last trust root is released. */
  public release(user: IConstruct): void {
    this.users.delete(user);
    if (this.users.size === 0) {
      this.released = true;
      unclaim(this);
      forget(this.resource);
    }
  }
}
