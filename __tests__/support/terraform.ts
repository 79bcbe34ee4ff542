import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/**
 * The provider that the constructs' bindings were generated for. `BINAUTHZ_GOOGLE_PROVIDER` asks for another version, to
 * see what users of it will see.
 */
export const PROVIDER_VERSION = process.env.BINAUTHZ_GOOGLE_PROVIDER || "6.50.0";

const required = (version: string) => ({
  terraform: { required_providers: { google: { source: "hashicorp/google", version } } },
});

/** Everything a command printed, and how it ended. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams, in that order. */
  readonly output: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  /** On top of the process's own environment; an empty string leaves a variable set, but empty. */
  readonly env?: Record<string, string>;
  readonly input?: string;
  /** Milliseconds after which the command is killed. Default: five minutes. */
  readonly timeout?: number;
}

/** Looks a program up on the PATH. */
export function findProgram(name: string): { path: string } | undefined {
  const candidates = (process.env.PATH ?? "").split(delimiter).map((dir) => join(dir, name));
  const path = candidates.find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : { path };
}

/** Terraform, or what `BINAUTHZ_TERRAFORM` names instead: another version of it, or OpenTofu. */
export function findTerraform(): { path: string } | undefined {
  const asked = process.env.BINAUTHZ_TERRAFORM;
  if (asked) {
    return existsSync(asked) ? { path: asked } : undefined;
  }
  return findProgram("terraform");
}

/**
 * Runs a command without blocking: the stand-in for Google's APIs lives in this very process and could not
 * answer during a synchronous one.
 */
export function run(program: string, args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), options.timeout ?? 300_000);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(result(code ?? -1, Buffer.concat(stdout).toString(), Buffer.concat(stderr).toString()));
    });
    // A command that never reads its input may be gone before the input is written.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

function result(exitCode: number, stdout: string, stderr: string): CommandResult {
  return { exitCode, stdout, stderr, output: stdout + stderr };
}

/** Names a proxy that refuses every connection, so that nothing is fetched from a registry. */
const OFFLINE = {
  CHECKPOINT_DISABLE: "1",
  TF_IN_AUTOMATION: "1",
  TF_REGISTRY_DISCOVERY_RETRY: "0",
  HTTPS_PROXY: "http://127.0.0.1:9",
  https_proxy: "http://127.0.0.1:9",
  // A command is over before its garbage is worth collecting; the provider's schema alone is most of it.
  GOGC: "400",
};

/** A variable that names a configuration file which is not there costs a warning per command; empty is unset. */
function cliConfig(): Record<string, string> {
  const file = process.env.TF_CLI_CONFIG_FILE;
  return file === undefined || existsSync(file) ? {} : { TF_CLI_CONFIG_FILE: "" };
}

let available: boolean | undefined;

/** Whether `terraform init` finds the provider on this computer, without the network. Asked once per process. */
function providerAvailable(): boolean {
  available ??= providerFound(PROVIDER_VERSION) !== undefined;
  return available;
}

/** The version of the provider that `terraform init` finds for a constraint on this computer, without the network. */
export function providerFound(constraint: string): string | undefined {
  const terraform = findTerraform();
  if (terraform === undefined) {
    return undefined;
  }
  const dir = mkdtempSync(join(tmpdir(), "terraform-probe-"));
  try {
    writeFileSync(join(dir, "main.tf.json"), JSON.stringify(required(constraint)));
    const env = { ...process.env, ...OFFLINE, ...cliConfig() };
    const args = ["init", "-no-color", "-input=false", "-backend=false"];
    if (spawnSync(terraform.path, args, { cwd: dir, env, timeout: 60_000 }).status !== 0) {
      return undefined;
    }
    return /^ *version *= *"([^"]+)"/m.exec(readFileSync(join(dir, ".terraform.lock.hcl"), "utf8"))?.[1];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Why tests that need Terraform cannot run here, or undefined when they can. */
export function terraformMissing(): string | undefined {
  const name = process.env.BINAUTHZ_TERRAFORM || "terraform";
  if (findTerraform() === undefined) {
    return `${name} was not found`;
  }
  return providerAvailable() ? undefined : `${name} with the google provider ${PROVIDER_VERSION} was not found`;
}

/** `describe`, or a skipped one that says why. */
export function describeIfTerraform(name: string, tests: () => void): void {
  describeUnless(terraformMissing(), name, tests);
}

/** `describe` when `missing` is undefined; else the tests are registered as skipped and the reason is printed. */
export function describeUnless(missing: string | undefined, name: string, tests: () => void): void {
  if (missing === undefined) {
    describe(name, tests);
    return;
  }
  process.stderr.write(`skipped: ${name}: ${missing}\n`);
  describe.skip(`${name} (skipped: ${missing})`, tests);
}

/**
 * `describe` for what has to run against our own client because the real tool is not there, or cannot do it: it is
 * counted apart from what the real tool has shown, never as passed. The summaries of scripts/test-results.cjs know it by
 * this prefix.
 */
export function describeSelfCheck(name: string, tests: () => void): void {
  describe(`self-check: ${name}`, tests);
}

/** The parts of `terraform show -json` of a plan that tests look at. */
export interface PlanJson {
  readonly resource_changes?: ResourceChange[];
  readonly output_changes?: Record<string, { readonly actions: string[]; readonly after?: unknown }>;
  readonly checks?: { readonly address: { readonly to_display: string }; readonly status: string }[];
  readonly [field: string]: unknown;
}

export interface ResourceChange {
  readonly address: string;
  readonly type: string;
  readonly name: string;
  readonly mode: string;
  readonly change: {
    readonly actions: string[];
    readonly before: unknown;
    readonly after: unknown;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface Plan {
  /** 0: nothing to do; 2: there are changes. */
  readonly exitCode: 0 | 2;
  readonly json: PlanJson;
  /** What would be done, without reads: empty means that the infrastructure is as configured. */
  readonly changes: ResourceChange[];
  readonly output: string;
}

const PLAN_FILE = "plan.tfplan";

function changesOf(plan: PlanJson): ResourceChange[] {
  const idle = ["no-op", "read"];
  return (plan.resource_changes ?? []).filter(({ change }) => !change.actions.every((action) => idle.includes(action)));
}

/** One working directory of Terraform. */
export class TerraformDir {
  private readonly program: string;

  /**
   * @param dir is made when it does not exist; one made by `temporary` is removed by `remove`
   * @param env on top of the process's own, usually `sandbox.environment()`
   */
  constructor(
    readonly dir: string,
    private readonly env: Record<string, string>,
  ) {
    const terraform = findTerraform();
    if (terraform === undefined) {
      throw new Error("terraform was not found");
    }
    this.program = terraform.path;
    mkdirSync(dir, { recursive: true });
  }

  static temporary(env: Record<string, string>): TerraformDir {
    return new TerraformDir(mkdtempSync(join(tmpdir(), "terraform-")), env);
  }

  /** Another one that goes on from here: with the configuration, the state and what `init` found. */
  copy(env: Record<string, string>): TerraformDir {
    const copied = TerraformDir.temporary(env);
    // The provider is a link into its mirror, and stays one.
    cpSync(this.dir, copied.dir, { recursive: true, verbatimSymlinks: true });
    return copied;
  }

  /** Writes a configuration; an object is written as JSON. */
  write(content: object | string, file = "main.tf.json"): void {
    writeFileSync(join(this.dir, file), typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Runs any command of Terraform and returns what it did, also when it failed. */
  attempt(...args: string[]): Promise<CommandResult> {
    return run(this.program, args, { cwd: this.dir, env: { ...OFFLINE, ...cliConfig(), ...this.env } });
  }

  async init(): Promise<void> {
    await this.must("init", "-no-color", "-input=false");
  }

  async validate(): Promise<void> {
    await this.must("validate", "-no-color");
  }

  /** Throws with Terraform's whole output when the plan cannot be made. */
  async plan(...args: string[]): Promise<Plan> {
    const planned = await this.tryPlan(...args);
    if (planned.exitCode !== 0 && planned.exitCode !== 2) {
      throw new Error(`terraform plan failed (${planned.exitCode}):\n${planned.output}`);
    }
    const json = await this.shown();
    return { exitCode: planned.exitCode === 0 ? 0 : 2, json, changes: changesOf(json), output: planned.output };
  }

  /** The same where only the changes count: a plan in which Terraform finds nothing at all to do is not read again. */
  async changes(): Promise<Pick<Plan, "changes" | "output">> {
    const planned = await this.tryPlan();
    if (planned.exitCode !== 0 && planned.exitCode !== 2) {
      throw new Error(`terraform plan failed (${planned.exitCode}):\n${planned.output}`);
    }
    return { changes: planned.exitCode === 0 ? [] : changesOf(await this.shown()), output: planned.output };
  }

  private async shown(): Promise<PlanJson> {
    return JSON.parse((await this.must("show", "-json", PLAN_FILE)).stdout) as PlanJson;
  }

  /** Does what the last plan said, and nothing else. */
  async applyPlan(): Promise<CommandResult> {
    return this.must("apply", "-no-color", "-input=false", PLAN_FILE);
  }

  async apply(...args: string[]): Promise<CommandResult> {
    return this.checked("apply", await this.tryApply(...args));
  }

  async destroy(...args: string[]): Promise<CommandResult> {
    return this.checked("destroy", await this.tryDestroy(...args));
  }

  /** Exit code 0: nothing to do; 2: changes; 1: failed. */
  tryPlan(...args: string[]): Promise<CommandResult> {
    const flags = ["-no-color", "-input=false", "-detailed-exitcode", `-out=${PLAN_FILE}`];
    return this.attempt("plan", ...flags, ...args);
  }

  tryApply(...args: string[]): Promise<CommandResult> {
    return this.attempt("apply", "-no-color", "-input=false", "-auto-approve", ...args);
  }

  tryDestroy(...args: string[]): Promise<CommandResult> {
    return this.attempt("destroy", "-no-color", "-input=false", "-auto-approve", ...args);
  }

  /** `terraform show -json`: the state. */
  async state(): Promise<Record<string, unknown>> {
    return JSON.parse((await this.must("show", "-json")).stdout) as Record<string, unknown>;
  }

  /** The values of all outputs. */
  async outputs(): Promise<Record<string, unknown>> {
    const raw = JSON.parse((await this.must("output", "-json")).stdout) as Record<string, { value: unknown }>;
    return Object.fromEntries(Object.entries(raw).map(([name, output]) => [name, output.value]));
  }

  private async must(...args: string[]): Promise<CommandResult> {
    return this.checked(args[0] ?? "", await this.attempt(...args));
  }

  private checked(command: string, done: CommandResult): CommandResult {
    if (done.exitCode !== 0) {
      throw new Error(`terraform ${command} failed (${done.exitCode}):\n${done.output}`);
    }
    return done;
  }
}
