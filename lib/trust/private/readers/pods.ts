import { known, UNKNOWN, type Value, type Workload } from "../../model";
import { type Attribute, type AttributeMap, isRecord, NotKnown, own } from "../attribute";
import type { Resource } from "../resource";

/** The types of the Kubernetes provider that have a pod template, and its type for any object. */
export const WORKLOAD_TYPE =
  /^kubernetes_(?:pod|deployment|stateful_set|stateful_set|daemonset|daemon_set|job|cron_job|replication_controller)(?:_v1|_v1beta1)?$|^kubernetes_manifest$|^kubernetes_(?:labels|annotations)$/;

// https://docs.cloud.google.com/binary-authorization/docs/using-breakglass
const LABEL = "image-policy.k8s.io/break-glass";
const ANNOTATION = "alpha.image-policy.k8s.io/break-glass";

/** What runs pods: whatever holds `metadata` and a `spec` with containers, at any depth. */
export function readPodWorkloads(resources: readonly Resource[]): Workload[] {
  return resources
    .filter(({ mode, type }) => mode === "managed" && WORKLOAD_TYPE.test(type))
    .flatMap((resource): Workload[] => {
      if (/^kubernetes_(?:labels|annotations)$/.test(resource.type)) {
        return [pinnedOn(resource)];
      }
      const raw = (name: string) => resource.block.raw(name);
      const manifest = raw("manifest");
      const root: Attribute =
        manifest ?? ({ metadata: raw("metadata") ?? null, spec: raw("spec") ?? null } as AttributeMap);
      const templates = podTemplates(root, 0);
      if (root instanceof NotKnown) {
        return [{ name: nameOf(resource, root), images: root.value, breakGlass: root.value, origin: resource.origin }];
      }
      if (templates.length === 0) {
        return [];
      }
      return [
        {
          name: nameOf(resource, root),
          images: imagesOf(templates),
          breakGlass: breakGlassOf(templates),
          origin: resource.origin,
        },
      ];
    });
}

/** Labels or annotations that Terraform puts on an object which others manage. Its images are theirs. */
function pinnedOn(resource: Resource): Workload {
  const raw = (name: string) => resource.block.raw(name) ?? null;
  const root: AttributeMap = { kind: raw("kind"), metadata: raw("metadata") };
  const ofPods: AttributeMap[] =
    raw("kind") === "Pod" ? [{ labels: raw("labels"), annotations: raw("annotations") }] : [];
  const carriers: AttributeMap[] = [...ofPods, { annotations: raw("template_annotations") }];
  return {
    name: `${nameOf(resource, root)} (${resource.type.replace("kubernetes_", "")})`,
    images: known([]),
    breakGlass: breakGlassOf(carriers.map((metadata) => ({ metadata, spec: null }))),
    origin: resource.origin,
  };
}

interface PodTemplate {
  readonly metadata: Attribute | undefined;
  readonly spec: Attribute;
}

const CONTAINERS = ["container", "init_container", "containers", "initContainers", "ephemeralContainers"] as const;

function podTemplates(value: Attribute | undefined, depth: number): PodTemplate[] {
  const block = single(value);
  if (!isRecord(block) || depth > 8) {
    return [];
  }
  const spec = single(own(block, "spec") as Attribute | undefined);
  const metadata = single(own(block, "metadata") as Attribute | undefined);
  if (isRecord(spec) && CONTAINERS.some((name) => own(spec, name) !== undefined)) {
    return [{ metadata, spec: spec as AttributeMap }];
  }
  return ["spec", "template", "job_template", "jobTemplate"].flatMap((name) =>
    podTemplates(own(block, name) as Attribute | undefined, depth + 1),
  );
}

/** The one block of a list, or the object itself. */
function single(value: Attribute | undefined): Attribute | undefined {
  return Array.isArray(value) ? (value[0] as Attribute | undefined) : value;
}

function imagesOf(templates: readonly PodTemplate[]): Value<readonly Value<string>[]> {
  const images: Value<string>[] = [];
  for (const { spec } of templates) {
    for (const name of CONTAINERS) {
      const list = own(spec as AttributeMap, name) as Attribute | undefined;
      if (list instanceof NotKnown) {
        return list.value;
      }
      for (const container of Array.isArray(list) ? (list as readonly Attribute[]) : []) {
        const image = isRecord(container) ? own(container, "image") : container;
        images.push(
          image instanceof NotKnown ? image.value : typeof image === "string" && image !== "" ? known(image) : UNKNOWN,
        );
      }
    }
  }
  return known(images);
}

function breakGlassOf(templates: readonly PodTemplate[]): Value<boolean> {
  let open: Value<never> | undefined;
  for (const { metadata } of templates) {
    for (const [map, key] of [
      ["labels", LABEL],
      ["annotations", ANNOTATION],
    ]) {
      const entries = isRecord(metadata) ? (own(metadata, map) as Attribute | undefined) : metadata;
      const value = isRecord(entries) ? own(entries, key) : entries;
      if (value instanceof NotKnown) {
        open ??= value.value as Value<never>;
      } else if (value === "true" || value === true) {
        return known(true);
      }
    }
  }
  return open ?? known(false);
}

function nameOf(resource: Resource, root: Attribute): string {
  const kind = isRecord(root) ? own(root, "kind") : undefined;
  const metadata = isRecord(root) ? single(own(root, "metadata") as Attribute | undefined) : undefined;
  const text = (field: string) => {
    const value = isRecord(metadata) ? own(metadata, field) : undefined;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const type =
    typeof kind === "string" ? kind : resource.type.replace(/^kubernetes_/, "").replace(/_v1(?:beta1)?$/, "");
  return `${type}/${text("namespace") ?? "default"}/${text("name") ?? `\${${resource.address}.name}`}`;
}
