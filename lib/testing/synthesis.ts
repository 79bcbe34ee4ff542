import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCdktfOut } from "../trust/cdktf-out";
import type { Origin, TrustModel } from "../trust/model";

// What this file asks of CDKTF is asked by shape: the program under test may bring another copy, or CDK Terrain.

/** A construct, as far as it is looked at. */
interface Node {
  readonly id: string;
  readonly path: string;
  readonly root: object;
  findAll(): readonly object[];
}

/** A `TerraformStack`. */
export interface SynthesizableStack {
  readonly node: Node;
  readonly synthesizer: {
    // biome-ignore lint/suspicious/noExplicitAny: the session's type is CDKTF's own
    synthesize(session: any): void;
  };
  prepareStack(): void;
  // biome-ignore lint/suspicious/noExplicitAny: as CDKTF declares it
  toTerraform(): any;
}

/** An `App`. */
export interface SynthesizableApp {
  readonly node: Node;
}

/** The model of one stack, as it is synthesized. What it takes from other stacks stays behind references. */
export function modelOfStack(stack: SynthesizableStack): TrustModel {
  if (!isStack(stack)) {
    throw new Error("this is no TerraformStack, which has prepareStack, synthesizer and toTerraform");
  }
  return synthesize([stack]);
}

/** The model of all stacks of an app, as they are synthesized. */
export function modelOfApp(app: SynthesizableApp): TrustModel {
  const stacks = app.node.findAll().filter(isStack);
  if (stacks.length === 0) {
    throw new Error("the app has no stack");
  }
  return synthesize(stacks);
}

function isStack(construct: object): construct is SynthesizableStack {
  const { prepareStack, synthesizer, toTerraform } = construct as Partial<SynthesizableStack>;
  return (
    typeof prepareStack === "function" &&
    typeof toTerraform === "function" &&
    typeof synthesizer === "object" &&
    typeof synthesizer.synthesize === "function"
  );
}

/**
 * Does what `app.synth()` does, in a folder of its own that is removed again: aspects, validations and error annotations
 * count, and the app's own folder stays as it is.
 */
function synthesize(stacks: readonly SynthesizableStack[]): TrustModel {
  const folder = mkdtempSync(join(tmpdir(), "cdktf-binauthz-"));
  try {
    mkdirSync(join(folder, "stacks"));
    const manifest = { stacks: {} as Record<string, { readonly synthesizedStackPath: string }> };
    const session = {
      outdir: folder,
      skipValidation: false,
      manifest: {
        forStack: (stack: SynthesizableStack) => {
          manifest.stacks[stack.node.id] ??= manifestOf(stack);
          return manifest.stacks[stack.node.id];
        },
      },
    };
    for (const stack of stacks) {
      stack.prepareStack();
    }
    for (const stack of stacks) {
      stack.synthesizer.synthesize(session);
      if ((stack.node.root as { readonly hclOutput?: unknown }).hclOutput === true) {
        writeFileSync(join(folder, manifestOf(stack).synthesizedStackPath), JSON.stringify(stack.toTerraform()));
      }
    }
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
    return withSources(readCdktfOut(folder), folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function manifestOf({ node }: SynthesizableStack) {
  return {
    name: node.id,
    constructPath: node.path,
    workingDirectory: `stacks/${node.id}`,
    synthesizedStackPath: `stacks/${node.id}/cdk.tf.json`,
    stackMetadataPath: `stacks/${node.id}/metadata.json`,
    annotations: [],
    dependencies: [],
  };
}

/** The folder is gone when somebody reads where a thing came from: what stays is the path inside it. */
function withSources(model: TrustModel, folder: string): TrustModel {
  const shorten = <T extends { readonly origin: Origin }>(things: readonly T[]): readonly T[] =>
    things.map((thing) => {
      const { source } = thing.origin;
      return source.startsWith(folder)
        ? { ...thing, origin: { ...thing.origin, source: source.slice(folder.length + 1) } }
        : thing;
    });
  return {
    ...model,
    keyVersions: shorten(model.keyVersions),
    notes: shorten(model.notes),
    attestors: shorten(model.attestors),
    policies: shorten(model.policies),
    clusters: shorten(model.clusters),
    services: shorten(model.services),
    pipelines: shorten(model.pipelines),
    powers: shorten(model.powers),
  };
}
