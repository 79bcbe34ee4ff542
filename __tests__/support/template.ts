import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type App, TerraformResource, TerraformStack, Testing } from "cdktf";

/** A value of Terraform JSON. Tests look inside freely; what they find is compared, never trusted. */
// biome-ignore lint/suspicious/noExplicitAny: Terraform JSON has no static type, and a cast at each step would hide what a test says.
export type Json = any;
export type JsonRecord = Record<string, Json>;

interface ImportBlock {
  readonly to: string;
  readonly id: string;
}

interface RemovedBlock {
  readonly from: string;
  readonly lifecycle: { readonly destroy: boolean };
}

/** The Terraform JSON of one stack, without CDKTF's `//` metadata. */
export class Template {
  public constructor(public readonly json: JsonRecord) {}

  /** All resources of a type, by logical id. */
  public resources(type: string): JsonRecord {
    return this.json.resource?.[type] ?? {};
  }

  /** The one resource of a type, or the one of several with that logical id. */
  public resource(type: string, id?: string): Json {
    return one(type, this.resources(type), id);
  }

  /** All data sources of a type, by logical id. */
  public dataSources(type: string): JsonRecord {
    return this.json.data?.[type] ?? {};
  }

  public data(type: string, id?: string): Json {
    return one(`data.${type}`, this.dataSources(type), id);
  }

  public get imports(): ImportBlock[] {
    return this.json.import ?? [];
  }

  public get removed(): RemovedBlock[] {
    return this.json.removed ?? [];
  }

  public get checks(): JsonRecord {
    return this.json.check ?? {};
  }

  /** Every resource with its address, in order. */
  public get allResources(): [string, Json][] {
    return flatten(this.json.resource).sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** The addresses of everything that Terraform keeps apart: resources, data sources and checks. */
  public addresses(): string[] {
    return [
      ...flatten(this.json.resource).map(([address]) => address),
      ...flatten(this.json.data).map(([address]) => `data.${address}`),
      ...Object.keys(this.checks).map((id) => `check.${id}`),
    ].sort();
  }

  /** Addresses in `depends_on` that the template does not hold: Terraform refuses them. */
  public danglingDependencies(): string[] {
    const known = new Set(this.addresses());
    return this.allResources.flatMap(([address, resource]) =>
      ((resource.depends_on ?? []) as string[])
        .filter((dependency) => !known.has(dependency))
        .map((dependency) => `${address} -> ${dependency}`),
    );
  }

  /** Every IAM binding as `ROLE on RESOURCE to MEMBER`, in order. */
  public bindings(): string[] {
    return this.allResources
      .filter(([address]) => /_iam_(?:member|binding|policy)\./.test(address))
      .map(([address, resource]) => `${resource.role} on ${openedBy(address, resource)} to ${resource.member}`)
      .sort();
  }
}

function one(type: string, resources: JsonRecord, id: string | undefined): Json {
  const ids = Object.keys(resources);
  const wanted = id ?? (ids.length === 1 ? ids[0] : undefined);
  if (wanted === undefined || !(wanted in resources)) {
    throw new Error(`expected ${id ? `"${id}"` : "one resource"} of ${type}, got ${ids.join(", ") || "none"}`);
  }
  return resources[wanted];
}

function flatten(block: JsonRecord | undefined): [string, Json][] {
  return Object.entries(block ?? {}).flatMap(([type, resources]) =>
    Object.entries(resources as JsonRecord).map(([id, resource]): [string, Json] => [`${type}.${id}`, resource]),
  );
}

function openedBy(address: string, resource: Json): string {
  const type = address.split(".")[0];
  switch (type) {
    case "google_kms_crypto_key_iam_member":
      return resource.crypto_key_id;
    case "google_container_analysis_note_iam_member":
      return `projects/${resource.project}/notes/${resource.note}`;
    case "google_binary_authorization_attestor_iam_member":
      return `projects/${resource.project}/attestors/${resource.attestor}`;
    case "google_artifact_registry_repository_iam_member":
      return `projects/${resource.project}/locations/${resource.location}/repositories/${resource.repository}`;
    case "google_pubsub_topic_iam_member":
      return `projects/${resource.project}/topics/${resource.topic}`;
    case "google_secret_manager_secret_iam_member":
      return `projects/${resource.project}/secrets/${resource.secret_id}`;
    case "google_service_account_iam_member":
      return resource.service_account_id;
    case "google_project_iam_member":
      return `projects/${resource.project}`;
    default:
      throw new Error(`an IAM resource of a type that nothing here should write: ${address}`);
  }
}

/** Synthesizes a stack of its own app, validations included. */
export function template(stack: TerraformStack): Template {
  refuseMergedResources(stack);
  return new Template(JSON.parse(Testing.synth(stack, true)));
}

/** Synthesizes a whole app the way `cdktf synth` does: the templates of its stacks, by stack id. */
export function templates(app: App): Record<string, Template> {
  const stacks = app.node.children.filter((child): child is TerraformStack => TerraformStack.isStack(child));
  stacks.forEach(refuseMergedResources);
  app.synth();
  return Object.fromEntries(
    stacks.map((stack) => {
      const text = readFileSync(join(app.outdir, "stacks", stack.node.id, "cdk.tf.json"), "utf8");
      return [stack.node.id, new Template(withoutMetadata(JSON.parse(text)))];
    }),
  );
}

/** CDKTF merges two resources of one address without a word: half of each would be lost. */
function refuseMergedResources(stack: TerraformStack): void {
  const paths = new Map<string, string>();
  for (const construct of stack.node.findAll()) {
    if (!TerraformResource.isTerraformResource(construct)) {
      continue;
    }
    const address = `${construct.terraformResourceType}.${construct.friendlyUniqueId}`;
    const other = paths.get(address);
    if (other !== undefined) {
      throw new Error(`two constructs write ${address}: ${other} and ${construct.node.path}`);
    }
    paths.set(address, construct.node.path);
  }
}

/** Terraform JSON without what CDKTF writes for itself. */
export function withoutMetadata(value: Json): Json {
  if (Array.isArray(value)) {
    return value.map(withoutMetadata);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "//")
      .map(([key, inner]) => [key, withoutMetadata(inner)]),
  );
}

/** The warnings that `cdktf synth` would print for a stack, each after the path of its construct. */
export function warnings(stack: TerraformStack): string[] {
  return stack.node
    .findAll()
    .flatMap((construct) =>
      construct.node.metadata
        .filter((entry) => entry.type === "@cdktf/warn")
        .map((entry) => `${construct.node.path}: ${entry.data}`),
    );
}
