import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withoutCredentials } from "../../sandbox";
import type { JsonObject } from "../../sandbox/json";
import { withoutBackend } from "./configuration";
import { type Ended, findProgram, run } from "./programs";

/** Milliseconds: without a provider on this computer, `terraform init` loads it, which must not take the whole minute. */
const INIT_LIMIT = 20_000;
const COMMAND_LIMIT = 90_000;

/**
 * A proxy that refuses every connection. The provider asks Google who the token belongs to, only to log it: nothing of the
 * demonstration leaves this computer, and without a network the provider would ask for minutes.
 */
export const NO_OTHER_HOSTS = { HTTPS_PROXY: "http://127.0.0.1:9", https_proxy: "http://127.0.0.1:9" };

/** A terraform that is ready to apply, or why there is none. */
export type FoundTerraform = { readonly terraform: Terraform } | { readonly missing: string };

/** Terraform in a folder of its own, pointed at the sandbox. */
export class Terraform {
  private constructor(
    private readonly program: string,
    private readonly folder: string,
    private readonly env: Record<string, string>,
    private readonly signal: AbortSignal,
    /** `terraform 1.11.4 with the google provider 6.50.0`. */
    public readonly versions: string,
  ) {}

  /** Finds terraform, and has it find the provider. */
  public static async ready(
    json: JsonObject,
    folder: string,
    env: Record<string, string>,
    signal: AbortSignal,
  ): Promise<FoundTerraform> {
    const program = findProgram("terraform");
    if (program === undefined) {
      return { missing: "terraform is not on the PATH" };
    }
    mkdirSync(folder, { recursive: true });
    const environment = { ...environmentOf(process.env), ...env };
    const bare = new Terraform(program, folder, environment, signal, "terraform");
    bare.write(json);
    const init = await bare.run(["init", "-no-color", "-input=false"], INIT_LIMIT);
    if (init.tooLong) {
      return { missing: `terraform init did not get the google provider in ${INIT_LIMIT / 1000} seconds` };
    }
    if (init.code !== 0) {
      return { missing: `terraform init did not get the google provider (${firstError(init)})` };
    }
    const version = await bare.run(["version", "-json"]);
    const local = { ...environment, ...NO_OTHER_HOSTS };
    return { terraform: new Terraform(program, folder, local, signal, versionsOf(version.stdout)) };
  }

  public write(json: JsonObject): void {
    writeFileSync(join(this.folder, "cdk.tf.json"), JSON.stringify(withoutBackend(json)));
  }

  /**
   * Applies the configuration.
   * @param onDone called with each resource that is done
   * @returns Terraform's own count: `29 added, 1 changed, 0 destroyed`
   */
  public async apply(onDone: () => void): Promise<string> {
    const onOutput = (text: string) => {
      for (const _ of text.matchAll(/: (?:Creation|Modifications) complete/g)) {
        onDone();
      }
    };
    // The provider spends its time waiting for IAM: the more at once, the sooner it is over.
    const args = ["apply", "-no-color", "-input=false", "-auto-approve", "-parallelism=50"];
    const ended = await this.must(args, onOutput);
    return /Apply complete! Resources: (.*)\./.exec(ended.stdout)?.[1] ?? "done";
  }

  /** The plan of what is written now, as `terraform show -json` prints it. */
  public async plan(): Promise<string> {
    const file = "plan.tfplan";
    await this.must(["plan", "-no-color", "-input=false", `-out=${file}`, "-parallelism=50"]);
    return (await this.must(["show", "-json", file])).stdout;
  }

  private async must(args: readonly string[], onOutput?: (text: string) => void): Promise<Ended> {
    const ended = await this.run(args, COMMAND_LIMIT, onOutput);
    if (ended.tooLong) {
      throw new Error(`terraform ${args[0]} was not done after ${COMMAND_LIMIT / 1000} seconds`);
    }
    if (ended.code !== 0) {
      throw new Error(`terraform ${args[0]} failed: ${firstError(ended)}`);
    }
    return ended;
  }

  private run(args: readonly string[], limit = COMMAND_LIMIT, onOutput?: (text: string) => void): Promise<Ended> {
    const { program, folder: cwd, env, signal } = this;
    return run(program, args, { cwd, env, signal, limit, onOutput });
  }
}

/** The user's environment, without what leads to an account, and without what changes how terraform is called. */
export function environmentOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept = Object.entries(withoutCredentials(env)).filter(
    ([name]) => !/^TF_(CLI_ARGS|WORKSPACE|DATA_DIR|VAR_|LOG|CLOUD_|INPUT|PLUGIN_TIMEOUT)/.test(name),
  );
  const local = "127.0.0.1,localhost";
  const around = [env.NO_PROXY ?? env.no_proxy, local].filter(Boolean).join(",");
  return {
    ...Object.fromEntries(kept),
    // The sandbox is on this computer, whatever proxy leads to others.
    NO_PROXY: around,
    no_proxy: around,
    TF_IN_AUTOMATION: "1",
    TF_REGISTRY_DISCOVERY_RETRY: "0",
    TF_REGISTRY_CLIENT_TIMEOUT: "10",
  };
}

/** The first error of Terraform's output, in a line. */
export function firstError({ stdout, stderr }: Pick<Ended, "stdout" | "stderr">): string {
  const plain = `${stderr}\n${stdout}`.replace(/^[ \t]*[│╷╵][ \t]?/gm, "");
  const text = /^Error: ([\s\S]*?)(?=^(?:Error|Warning): |(?![\s\S]))/m.exec(plain)?.[1] ?? plain;
  const line =
    text
      .replace(/^ERROR: /, "")
      .replace(/\s+/g, " ")
      .trim() || "it said nothing";
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

function versionsOf(json: string): string {
  try {
    const { terraform_version: version, provider_selections: providers = {} } = JSON.parse(json);
    const google = Object.entries(providers).find(([name]) => name.endsWith("/google"))?.[1];
    return `terraform ${version} with the google provider ${google}`;
  } catch {
    return "terraform";
  }
}
