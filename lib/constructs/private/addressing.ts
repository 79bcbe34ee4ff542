import { type TerraformElement, type TerraformResource, TerraformStack } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { ProblemCode } from "../../vocabulary/problem";
import { shortHash } from "../../vocabulary/short-hash";
import { refuse } from "./refusals";

/**
 * The logical id of a resource, from its cloud identity and never from the construct path: renaming or re-parenting a
 * construct must not destroy a signing key.
 *
 * The mapping keeps different identities apart: plain parts are joined with underscores, which none of them contains;
 * all others carry a hash of the exact parts.
 */
export function logicalId(...parts: string[]): string {
  const readable = parts.map((part) => part.replace(/[^A-Za-z0-9-]+/g, "-").replace(/^-+|-+$/g, "")).join("_");
  const plain = parts.join("_") === readable && parts.every((part) => !part.includes("_"));
  const id = plain ? readable : `${readable}_${shortHash(...parts)}`;
  return /^[A-Za-z]/.test(id) ? id : `p-${id}_${shortHash(...parts)}`;
}

/** Gives a resource its address. */
export function fixAddress<T extends TerraformElement>(element: T, id: string): T {
  element.overrideLogicalId(id);
  return element;
}

/** The address of a resource, as Terraform writes it. */
export function addressOf(resource: TerraformResource): string {
  return `${resource.terraformResourceType}.${resource.friendlyUniqueId}`;
}

/**
 * Makes a resource wait for others: `depends_on` inside a stack, an order of stacks across them. Terraform refuses a
 * `depends_on` across states, and CDKTF would write one.
 */
export function waitFor(resource: TerraformResource, ...dependencies: (TerraformResource | undefined)[]): void {
  for (const dependency of dependencies) {
    if (!dependency) {
      continue;
    }
    if (TerraformStack.of(dependency) === TerraformStack.of(resource)) {
      // Plain addresses and not tokens: CDKTF captures a stack trace for each token.
      const address = addressOf(dependency);
      resource.dependsOn = resource.dependsOn ?? [];
      if (!resource.dependsOn.includes(address)) {
        resource.dependsOn.push(address);
      }
    } else {
      waitForStack(resource, dependency);
    }
  }
}

/** Makes the stack of a construct wait for the stack of another one. */
export function waitForStack(construct: IConstruct, dependency: IConstruct): void {
  const stack = TerraformStack.of(construct);
  const other = TerraformStack.of(dependency);
  if (stack === other) {
    return;
  }
  if (other.dependsOn(stack)) {
    refuse(
      construct.node.path,
      ProblemCode.STACK_CYCLE,
      `stack "${stack.node.path}" would have to wait for stack "${other.node.path}" because of ${dependency.node.path}, which itself waits for "${stack.node.path}"; allowed: move one of the two constructs into a stack of its own`,
    );
  }
  stack.addDependency(other);
}

/** What an app knows of one cloud resource. */
interface Claim {
  /** The construct that declares it. */
  owner?: IConstruct;
  /** What has to exist before others may refer to it; known once the owner is complete. */
  resources?: () => readonly TerraformResource[];
  /** The stack that forgets it with its next apply. */
  releasedFrom?: TerraformStack;
  /** Who referred to it before it was declared. */
  readonly waiting: TerraformResource[];
}

const CLAIMS = Symbol.for("cdktf-binauthz/claims");

/**
 * Refuses a second owner of one cloud resource in the app. CDKTF merges two resources of one address silently, and two
 * states that own one resource undo each other.
 */
export function claim(construct: IConstruct, what: string, identity: string): void {
  const entry = claimOf(construct, what, identity);
  if (entry.owner !== undefined) {
    refuse(
      construct.node.path,
      ProblemCode.DUPLICATE_RESOURCE,
      `the ${what} "${identity}" is declared twice, first at ${entry.owner.node.path}; allowed: one construct for it in the app`,
    );
  }
  if (entry.releasedFrom === TerraformStack.of(construct)) {
    refuse(
      construct.node.path,
      ProblemCode.INVALID_STATE,
      `the ${what} "${identity}" was released from this stack, which cannot forget and declare it at once; allowed: another stack, or no release()`,
    );
  }
  entry.owner = construct;
}

/** Gives up what a construct declared: another stack of the app may adopt it. */
export function unclaim(construct: IConstruct): void {
  for (const entry of claimsOf(construct).values()) {
    if (entry.owner === construct) {
      entry.owner = undefined;
      entry.resources = undefined;
      entry.releasedFrom = TerraformStack.of(construct);
    }
  }
}

/** Says what has to exist before others may refer to a claimed cloud resource by its name. */
export function provide(
  owner: IConstruct,
  what: string,
  identity: string,
  resources: () => readonly TerraformResource[],
): void {
  const entry = claimOf(owner, what, identity);
  entry.resources = resources;
  for (const resource of entry.waiting) {
    waitFor(resource, ...resources());
  }
}

/** Makes a resource that names another one wait for it, whichever of the two is declared first. */
export function waitForNamed(resource: TerraformResource, what: string, identity: string): void {
  const entry = claimOf(resource, what, identity);
  if (entry.resources) {
    waitFor(resource, ...entry.resources());
  } else {
    entry.waiting.push(resource);
  }
}

function claimsOf(construct: IConstruct): Map<string, Claim> {
  const root = construct.node.root as IConstruct & { [CLAIMS]?: Map<string, Claim> };
  if (!root[CLAIMS]) {
    Object.defineProperty(root, CLAIMS, { value: new Map<string, Claim>() });
  }
  return root[CLAIMS] as Map<string, Claim>;
}

function claimOf(construct: IConstruct, what: string, identity: string): Claim {
  const claims = claimsOf(construct);
  const key = `${what} ${identity}`;
  const entry = claims.get(key) ?? { waiting: [] };
  claims.set(key, entry);
  return entry;
}

/** A construct of a fixed path in a stack, for what several constructs of the stack share. */
export function stackChild(scope: IConstruct, id: string): Construct {
  const stack = TerraformStack.of(scope);
  const shared = getOrCreate(stack, "cdktf-binauthz", () => new Construct(stack, "cdktf-binauthz"));
  return getOrCreate(shared, id, () => new Construct(shared, id));
}

/** A child of a construct, made when first asked for. */
export function getOrCreate<T extends Construct>(scope: Construct, id: string, create: () => T): T {
  return (scope.node.tryFindChild(id) as T | undefined) ?? create();
}
