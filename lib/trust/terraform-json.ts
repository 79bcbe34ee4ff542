import type { TrustModel } from "./model";
import { assemble } from "./private/assemble";
import { Configuration } from "./private/configuration";

/** What a file leaves open. */
export interface ReadOptions {
  /**
   * The project of what names none: of a provider that takes it from its environment, of an exported policy without a
   * name.
   * @default - none: the project of such a resource is not known, and such a policy is refused
   */
  readonly project?: string;
}

/**
 * Reads one configuration in Terraform's JSON syntax: a `cdk.tf.json`, or HCL that was converted.
 *
 * References between its blocks are resolved as far as they follow from what is written. A resource with `count` or
 * `for_each` is read as one; modules are not looked into, and references to them stay hidden.
 *
 * @param source how the user named it, for messages and origins
 * @param json the parsed file
 */
export function readTerraformJson(source: string, json: unknown, options: ReadOptions = {}): TrustModel {
  return assemble(new Configuration(source, json, options).resources());
}
