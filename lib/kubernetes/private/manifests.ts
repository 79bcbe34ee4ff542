// The only file that needs the Kubernetes provider: it is no dependency of the package.
import { Manifest } from "@cdktf/provider-kubernetes/lib/manifest";
import type { TerraformProvider, TerraformResource } from "cdktf";
import type { Construct } from "constructs";
import { fixAddress, logicalId, waitFor } from "../../constructs/private/addressing";
import { escapeTemplate } from "../../constructs/private/template";
import type { KubernetesObject } from "./objects";

/** Writes the objects as resources, each after the one before it: who may, before what asks for it. */
export function manifestResources(
  scope: Construct,
  objects: readonly KubernetesObject[],
  provider: TerraformProvider | undefined,
): TerraformResource[] {
  const resources: TerraformResource[] = [];
  for (const object of objects) {
    const { kind, metadata } = object;
    const parts = metadata.namespace === undefined ? [kind, metadata.name] : [kind, metadata.namespace, metadata.name];
    const id = logicalId(...parts);
    const manifest = literal(object) as { [key: string]: unknown };
    const resource = fixAddress(new Manifest(scope, id, { manifest, provider }), id);
    waitFor(resource, resources[resources.length - 1]);
    resources.push(resource);
  }
  return resources;
}

/** A pattern may hold what Terraform would take for a template. */
function literal(value: unknown): unknown {
  if (typeof value === "string") {
    return escapeTemplate(value);
  }
  if (Array.isArray(value)) {
    return value.map(literal);
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, literal(inner)]))
    : value;
}
