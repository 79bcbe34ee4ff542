import { KmsKeyRing } from "@cdktf/provider-google/lib/kms-key-ring";
import type { TerraformProvider } from "cdktf";
import type { Construct, IConstruct } from "constructs";
import { keyRingName } from "../../vocabulary/resource-name";
import { claim, fixAddress, getOrCreate, logicalId, stackChild } from "./addressing";
import { type SharedDescription, SharedResource } from "./shared-resource";
import { importExisting } from "./terraform-block";

/** What a key ring is made of. */
export interface SharedKeyRingOptions {
  readonly project: string;
  readonly location: string;
  readonly keyRingName: string;
  readonly protect: boolean;
  readonly adopt: boolean;
  readonly provider?: TerraformProvider;
}

/** The key ring of one or several trust roots of a stack. */
export class SharedKeyRing extends SharedResource {
  public static of(user: IConstruct, options: SharedKeyRingOptions): SharedKeyRing {
    const rings = stackChild(user, "KeyRings");
    const id = logicalId(options.project, options.location, options.keyRingName);
    const ring = getOrCreate(rings, id, () => new SharedKeyRing(rings, id, options));
    ring.join(user, options.protect);
    if (options.adopt) {
      ring.adopt();
    }
    return ring;
  }

  public readonly resource: KmsKeyRing;
  protected readonly description: SharedDescription;

  private constructor(scope: Construct, id: string, options: SharedKeyRingOptions) {
    super(scope, id);
    const { project, location, provider } = options;
    const name = keyRingName(project, location, options.keyRingName);
    this.description = { what: "key ring", name, instead: "createKeyRing" };
    claim(this, "key ring", name);
    this.resource = fixAddress(
      new KmsKeyRing(this, "KeyRing", { project, location, name: options.keyRingName, provider }),
      id,
    );
  }

  /** Imports the ring, once, whichever of its trust roots asks for it. */
  private adopt(): void {
    if (!this.resource.node.tryFindChild("Import")) {
      importExisting(this.resource, this.description.name);
    }
  }
}
