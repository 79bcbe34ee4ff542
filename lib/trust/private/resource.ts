import { hidden, type Origin, type Value } from "../model";
import type { Block } from "./attribute";

/** A resource, or a data source, of Terraform, wherever it was read. */
export interface Resource {
  readonly type: string;
  readonly mode: "managed" | "data";
  /** Unique in its source. */
  readonly address: string;
  readonly block: Block;
  readonly origin: Origin;
  /** What the google provider fills in. */
  readonly defaults: ProviderDefaults;
}

/** What the configuration of a provider says for resources that say nothing. */
export interface ProviderDefaults {
  readonly project?: Value<string>;
  readonly region?: Value<string>;
  readonly zone?: Value<string>;
}

/** What a reader may ask of the others. */
export interface Surroundings {
  /** The resources of one type, managed and data. */
  readonly ofType: (type: string) => readonly Resource[];
}

/** The project a resource is in. */
export function projectOf(resource: Resource): Value<string> {
  return resource.block.text("project") ?? resource.defaults.project ?? behind(resource, "project");
}

/** An attribute that the source does not show. */
export function behind(resource: Resource, attribute: string): Value<never> {
  return hidden(`\${${resource.address}.${attribute}}`);
}

/** As {@link behind}, inside a block. */
export function behindBlock(block: Block, attribute: string): Value<never> {
  return hidden(`\${${block.at}.${attribute}}`);
}
