import { join as joinPath } from "node:path";
import type { TrustModel } from "./model";
import { assemble } from "./private/assemble";
import { isRecord, own } from "./private/attribute";
import { Configuration } from "./private/configuration";
import { parseJson, readText } from "./private/text";
import { ReadError } from "./read-error";
import type { ReadOptions } from "./terraform-json";

/** Reads the folder that `cdktf synth` writes: every stack of its manifest, references between them resolved. */
export function readCdktfOut(folder: string, options: ReadOptions = {}): TrustModel {
  const manifestPath = joinPath(folder, "manifest.json");
  const manifest = parseJson(manifestPath, readText(manifestPath));
  const stacks = isRecord(manifest) ? own(manifest, "stacks") : undefined;
  if (!isRecord(stacks)) {
    throw new ReadError({
      source: manifestPath,
      problem: '"stacks" is not valid',
      found: stacks,
      allowed: "the stacks of a CDKTF application by name",
    });
  }
  const configurations = new Map<string, Configuration>();
  for (const [name, stack] of Object.entries(stacks)) {
    const path = isRecord(stack) ? own(stack, "synthesizedStackPath") : undefined;
    if (typeof path !== "string" || !/^stacks\/(?!\.\.?\/)[^/\\]+\/cdk\.tf\.json$/.test(path)) {
      throw new ReadError({
        source: manifestPath,
        at: `stack ${name}`,
        problem: '"synthesizedStackPath" is not valid',
        found: path,
        allowed: "stacks/NAME/cdk.tf.json, as cdktf synth writes JSON",
      });
    }
    const file = joinPath(folder, path);
    configurations.set(
      name,
      new Configuration(file, parseJson(file, readText(file)), { ...options, stacks: configurations }),
    );
  }
  return assemble([...configurations.values()].flatMap((configuration) => configuration.resources()));
}
