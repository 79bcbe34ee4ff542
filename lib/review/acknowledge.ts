// What this file asks of CDKTF is asked by shape: the program may bring another copy of it, or CDK Terrain.

/** A construct: one resource, or one that makes several. */
export interface AcknowledgeableConstruct {
  readonly node: {
    readonly path: string;
    findAll(): readonly object[];
  };
}

/** What is known, and why it is accepted. */
export interface AcknowledgeOptions {
  /** The id of the check: `C003`. */
  readonly id: string;
  /** For whoever reads the report. */
  readonly reason: string;
}

interface Resource {
  readonly terraformResourceType: string;
  addOverride(path: string, value: unknown): void;
}

/** What was acknowledged of each resource until now: an override replaces the one before it. */
const known = new WeakMap<object, AcknowledgeOptions[]>();

/**
 * Writes beside a resource, or all resources that a construct has made until now, that a finding is known. It is in every
 * report. `binauthz check`, {@link TrustValidation} and the matcher of the test kit then do not fail because of it;
 * `binauthz review` only where the settings of the base branch list it too.
 *
 * @throws Error where the id is none, the reason is empty, or the construct has no resource
 */
export function acknowledge(construct: AcknowledgeableConstruct, { id, reason }: AcknowledgeOptions): void {
  const { path } = construct.node;
  if (!/^[A-Z][0-9]{3}$/.test(id)) {
    throw new Error(`${path}: the id ${JSON.stringify(id)} is not valid; allowed: the id of a check, such as C003`);
  }
  if (reason.trim() === "") {
    throw new Error(`${path}: the reason to acknowledge ${id} is empty; allowed: a sentence`);
  }
  const resources = construct.node.findAll().filter(isResource);
  if (resources.length === 0) {
    throw new Error(
      `${path}: there is no resource to acknowledge ${id} of; allowed: a construct that has made its resources`,
    );
  }
  for (const resource of resources) {
    const list = [...(known.get(resource) ?? []), { id, reason }];
    known.set(resource, list);
    resource.addOverride("//.binauthz.acknowledged", list);
  }
}

function isResource(construct: object): construct is Resource {
  const { addOverride, moveTo, terraformResourceType } = construct as Partial<Resource> & { readonly moveTo?: unknown };
  // Providers and data sources have overrides too, and nothing that could be found in them. Only resources can be moved.
  return typeof addOverride === "function" && typeof terraformResourceType === "string" && typeof moveTo === "function";
}
