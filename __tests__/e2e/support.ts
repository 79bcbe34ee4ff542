import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { App, TerraformStack } from "cdktf";
import type { Sandbox } from "../../lib/sandbox";
import { PROVIDER_VERSION, TerraformDir } from "../support/terraform";

export const PROJECT = "my-secure-project";

/** Terraform JSON as far as the tests look at it. */
export interface StackJson {
  terraform: { backend?: unknown; required_providers?: { google?: { source?: string; version?: string } } };
  provider?: { google?: { batching?: unknown }[] };
  resource?: Record<string, Record<string, Record<string, unknown>>>;
  [block: string]: unknown;
}

/** Synthesizes an app as `cdktf synth` does; the JSON of every stack by name, its state left to the working directory. */
export function synthesize(build: (app: App) => void): Record<string, StackJson> {
  const outdir = mkdtempSync(join(tmpdir(), "cdktf-out-"));
  try {
    const app = new App({ outdir });
    build(app);
    app.synth();
    return readStacks(outdir);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/**
 * The stacks of a synthesized app, without their backends, and with the version of the provider that is tested.
 *
 * The provider collects requests about members and APIs for up to ten seconds before it sends them together, in every
 * command. Here a second does; the tests of cdktf itself leave it as it is.
 */
export function readStacks(outdir: string): Record<string, StackJson> {
  const stacks = join(outdir, "stacks");
  return Object.fromEntries(
    readdirSync(stacks).map((name) => {
      const json = JSON.parse(readFileSync(join(stacks, name, "cdk.tf.json"), "utf8")) as StackJson;
      delete json.terraform.backend;
      if (json.terraform.required_providers?.google) {
        json.terraform.required_providers.google.version = PROVIDER_VERSION;
      }
      for (const google of json.provider?.google ?? []) {
        google.batching = { send_after: "1s" };
      }
      return [name, json];
    }),
  );
}

/** Synthesizes one stack with a google provider. */
export function synthesizeStack(build: (stack: TerraformStack) => void, project = PROJECT): StackJson {
  return synthesize((app) => {
    build(googleStack(app, "stack", project));
  }).stack;
}

/** A stack with a google provider. */
export function googleStack(app: App, name: string, project = PROJECT): TerraformStack {
  const stack = new TerraformStack(app, name);
  new GoogleProvider(stack, "Google", { project, region: "us-central1" });
  return stack;
}

/** A working directory of Terraform that talks to a stand-in of Google and takes one configuration after the other. */
export class Deployment {
  private constructor(
    private readonly terraform: TerraformDir,
    private initialized = false,
  ) {}

  static against(google: Sandbox): Deployment {
    return new Deployment(TerraformDir.temporary(google.environment()));
  }

  /** Another one that goes on from here, against a sandbox that goes on with the same state. */
  copy(google: Sandbox): Deployment {
    return new Deployment(this.terraform.copy(google.environment()), this.initialized);
  }

  /** Sets the configuration. */
  async use(json: StackJson): Promise<TerraformDir> {
    this.terraform.write(json, "cdk.tf.json");
    if (!this.initialized) {
      await this.terraform.init();
      this.initialized = true;
    }
    return this.terraform;
  }

  /** Applies a configuration, and fails unless the plan after it is empty. */
  async apply(json: StackJson): Promise<void> {
    const terraform = await this.use(json);
    await terraform.apply();
    await settled(terraform);
  }

  /** Says what a plan would do, as {@link planned} does, then does that; fails unless the plan after it is empty. */
  async step(json: StackJson): Promise<string[]> {
    const planned = await this.planned(json);
    await this.terraform.applyPlan();
    await settled(this.terraform);
    return planned;
  }

  /** Applies a configuration of a stack without check blocks; fails unless Terraform then finds nothing at all to do. */
  async settle(json: StackJson): Promise<void> {
    const terraform = await this.use(json);
    await terraform.apply();
    const again = await terraform.tryPlan();
    if (again.exitCode !== 0) {
      throw new Error(`the second plan is not empty (${again.exitCode}):\n${again.output}`);
    }
  }

  /** What a plan would do, as `action address`, sorted; reads and no-ops left out. */
  async planned(json: StackJson): Promise<string[]> {
    const { changes } = await (await this.use(json)).changes();
    return changes.map((change) => `${change.change.actions.join("+")} ${change.address}`).sort();
  }

  /** What a plan that fails says, its line breaks folded. */
  async refused(json: StackJson): Promise<string> {
    const result = await (await this.use(json)).tryPlan();
    if (result.exitCode !== 1) {
      throw new Error(`the plan was expected to fail, but ended with ${result.exitCode}:\n${result.output}`);
    }
    return result.output.replace(/[\s│]+/g, " ");
  }

  remove(): void {
    this.terraform.remove();
  }
}

/** Fails unless a plan is empty. */
async function settled(terraform: TerraformDir): Promise<void> {
  // Not the exit code: a check block that reads its own data ends every plan with 2, also when nothing changes.
  const { changes, output } = await terraform.changes();
  if (changes.length > 0) {
    throw new Error(`the second plan is not empty:\n${output}`);
  }
}
