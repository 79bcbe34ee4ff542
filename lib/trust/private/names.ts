import { known, type Value } from "../model";
import { projectOf, type Resource } from "./resource";
import { chainValue, mapValue } from "./values";

/**
 * The text of a value inside a name. What is not known is written as the reference that would say it, which no real
 * name can contain, so that such a name equals no other one.
 */
export function inName(value: Value<string> | undefined, resource: Resource, attribute: string): string {
  return value?.state === "known" ? value.value : `\${${resource.address}.${attribute}}`;
}

/** Whether a name of the model is the real, full name: without a part that is not known. */
export function isFullName(name: string): boolean {
  return !name.includes("${");
}

/** `projects/P`, as far as it is known. */
export function projectName(resource: Resource): string {
  return `projects/${inName(projectOf(resource), resource, "project")}`;
}

/** The name of what an IAM resource is on, or of a thing in a collection of its project: short names are completed. */
export function fullNameIn(resource: Resource, attribute: string, collection: string): Value<string> | undefined {
  const text = resource.block.text(attribute);
  return text && chainValue(text, (name) => completeName(name, collection, projectOf(resource)));
}

/** `projects/P/<collection>/N` of a short name, a full one, or a URL that ends with one. */
export function completeName(name: string, collection: string, project: Value<string>): Value<string> {
  const full = new RegExp(`(?:^|/)(projects/[^/]+/${collection}/[^/]+)$`).exec(name);
  if (full) {
    return known(full[1]);
  }
  return name.includes("/") ? known(name) : mapValue(project, (id) => `projects/${id}/${collection}/${name}`);
}

const KMS_URL = /^(?:https:)?\/\/cloudkms\.googleapis\.com\/v1\//;

/** The full name of something in Cloud KMS, out of its URL, its name or the short forms that Terraform takes. */
export function kmsName(id: string, collections: readonly string[], project: Value<string>): Value<string> {
  const name = id.replace(KMS_URL, "");
  const parts = name.split("/");
  const [owner, ...rest] = parts.length === collections.length + 1 ? parts : [undefined, ...parts];
  if (name.startsWith("projects/") || rest.length !== collections.length) {
    return known(name);
  }
  const path = collections.map((collection, index) => `${collection}/${rest[index]}`).join("/");
  return mapValue(owner === undefined ? project : known(owner), (id) => `projects/${id}/${path}`);
}

/** The name of the role, the account or the trigger: `A` of `projects/P/<collection>/A`. */
export function lastSegment(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
