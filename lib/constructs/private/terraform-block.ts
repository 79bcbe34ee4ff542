import { TerraformElement, type TerraformResource, TerraformStack } from "cdktf";
import type { Construct, IConstruct } from "constructs";
import { ProblemCode } from "../../vocabulary/problem";
import { addressOf, unclaim } from "./addressing";
import { refuse } from "./refusals";

/** A block of Terraform JSON for which CDKTF has no class. */
export class TerraformBlock extends TerraformElement {
  public constructor(
    scope: Construct,
    id: string,
    private readonly block: Record<string, unknown>,
  ) {
    super(scope, id);
  }

  public override toTerraform(): unknown {
    return this.block;
  }

  public override toHclTerraform(): { [key: string]: unknown } {
    // CDKTF's HCL writer knows no import, removed and check blocks: leaving one out would overwrite or destroy.
    return refuse(
      this.node.path,
      ProblemCode.INVALID_OPTIONS,
      `the ${Object.keys(this.block)[0]} block cannot be written as HCL, got SYNTH_HCL_OUTPUT; allowed: Terraform JSON, the default`,
    );
  }
}

/**
 * Takes an existing cloud resource into the state instead of creating it. CDKTF's own `importFrom` runs terraform while
 * it synthesizes; a plain block needs no binary. Terraform 1.5 or newer.
 */
export function importExisting(resource: TerraformResource, cloudId: string): void {
  new TerraformBlock(resource, "Import", { import: [{ to: addressOf(resource), id: cloudId }] });
}

/** Gives up what a construct declared, and forgets its resources: what depends on others before what it depends on. */
export function releaseAll(construct: IConstruct, resources: readonly TerraformResource[]): void {
  unclaim(construct);
  for (const resource of [...resources].reverse()) {
    forget(resource);
  }
}

/**
 * Leaves a cloud resource alone from now on: Terraform forgets it and destroys nothing. Terraform 1.7 or newer.
 * Everything in the stack that waited for it no longer does.
 */
export function forget(...resources: (TerraformResource | undefined)[]): void {
  for (const resource of resources) {
    if (resource) {
      forgetOne(resource);
    }
  }
}

function forgetOne(resource: TerraformResource): void {
  const address = addressOf(resource);
  const stack = TerraformStack.of(resource);
  const scope = resource.node.scope as Construct;
  const id = resource.node.id;
  scope.node.tryRemoveChild(id);
  new TerraformBlock(scope, `${id}Released`, { removed: [{ from: address, lifecycle: { destroy: false } }] });
  for (const construct of stack.node.findAll()) {
    const dependent = construct as { dependsOn?: unknown };
    if (Array.isArray(dependent.dependsOn)) {
      dependent.dependsOn = dependent.dependsOn.filter((entry) => entry !== address);
    }
  }
}
