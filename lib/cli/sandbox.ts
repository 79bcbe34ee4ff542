import { spawn } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";
import { constants } from "node:os";
import { createSecureContext } from "node:tls";
import { Command, InvalidArgumentError } from "commander";
import {
  emptyState,
  openStateFile,
  projectNumber,
  type RecordedRequest,
  readSeed,
  type Sandbox,
  type SandboxOptions,
  type Seed,
  type SeedCluster,
  type StateFile,
  startSandbox,
  tokenFor,
  withoutCredentials,
} from "../sandbox";
import { ReadError } from "../trust";
import { readText } from "../trust/private/text";
import { CLUSTER_NAME, PROJECT_ID, PROJECT_NUMBER } from "../vocabulary/resource-name";
import { printable } from "./escape";
import { helpText } from "./help-text";
import type { Io } from "./io";
import { UsageError } from "./usage-error";

interface Options {
  readonly port?: number;
  readonly host: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsPort?: number;
  readonly log?: string;
  readonly seed?: string;
  readonly state?: string;
  readonly project?: readonly [id: string, number: string | undefined][];
  readonly cluster?: readonly SeedCluster[];
  readonly as?: string;
}

/**
 * `binauthz sandbox`: Google's side of the chain on loopback.
 *
 * @param done called with the exit code: that of the command where one is run, which may be any number
 */
export function sandboxCommand(io: Io, done: (code: number) => void): Command {
  return new Command("sandbox")
    .description(
      "Google's side of the chain on loopback; runs a command that talks to it, or serves until it is stopped",
    )
    .usage("[options] [-- COMMAND...]")
    .argument("[command...]", "runs with the environment that points terraform and gcloud at the sandbox")
    .option("--port <number>", "listen on this port (default: a free one)", port)
    .option("--host <address>", "listen on this address of loopback", "127.0.0.1")
    .option("--tls-cert <file>", "certificate in PEM: serve over https as well, as a Kubernetes API server demands")
    .option("--tls-key <file>", "the certificate's key in PEM")
    .option("--tls-port <number>", "port for https (default: a free one)", port)
    .option("--log <file>", "write every request to this file, one JSON object a line")
    .option(
      "--state <file>",
      "keep the state in this file, with its private keys, and go on with what is in it (default: in memory alone)",
    )
    .option(
      "--seed <file>",
      "JSON with what is there from the start: projects, parents, groups, clusters, serviceAccounts, grants, and more",
    )
    .option("--project <id[=number]>", "a project that is there from the start (repeatable)", addProject)
    .option("--cluster <project/location/name>", "a cluster that enforces from the start (repeatable)", addCluster)
    .option("--as <principal>", "who the environment speaks for: serviceAccount:EMAIL (default: an owner)", principal)
    .addHelpText("after", helpText(HELP, io))
    .action(async (command: string[], options: Options) => {
      done(await run(io, command, options));
    });
}

const HELP = `
Examples:
  binauthz sandbox -- terraform apply
  binauthz sandbox --state chain.state --project my-project -- terraform apply
  binauthz sandbox --project my-project --cluster my-project/us-central1/prod

Exit codes: that of the command, 128 and the number of the signal where one ended it; 0 served until it was stopped; 1 called
wrongly, or the command was not found.`;

function port(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= 0 && number <= 65_535)) {
    throw new InvalidArgumentError("It has to be a number from 0 to 65535.");
  }
  return number;
}

function addProject(text: string, before: Options["project"] = []): Options["project"] {
  const [id, number] = text.split("=");
  if (!PROJECT_ID.pattern.test(id) || (number !== undefined && !PROJECT_NUMBER.pattern.test(number))) {
    throw new InvalidArgumentError(`It has to be PROJECT or PROJECT=NUMBER; a project has ${PROJECT_ID.allowed}.`);
  }
  return [...before, [id, number]];
}

function addCluster(text: string, before: Options["cluster"] = []): Options["cluster"] {
  const [project = "", location = "", name = "", ...rest] = text.split("/");
  if (!PROJECT_ID.pattern.test(project) || location === "" || !CLUSTER_NAME.pattern.test(name) || rest.length > 0) {
    throw new InvalidArgumentError("It has to be PROJECT/LOCATION/NAME.");
  }
  return [...before, { project, location, name }];
}

function principal(text: string): string {
  try {
    tokenFor(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

async function run(io: Io, command: readonly string[], options: Options): Promise<number> {
  const log = options.log === undefined ? undefined : await openLog(options.log);
  const given = read(options);
  const stateFile = options.state === undefined ? undefined : openState(io, options.state, options);
  const onRequest = (request: RecordedRequest) => report(io, log, request, command);
  const sandbox = await start({ ...given, stateFile, onRequest });
  try {
    if (command.length > 0) {
      return await runCommand(io, command, sandbox.environment(options.as));
    }
    io.out(instructions(sandbox, options));
    await stopSignal();
    return 0;
  } finally {
    await sandbox.close();
    listUnknown(io, sandbox);
    await closed(log);
  }
}

function closed(log: WriteStream | undefined): Promise<void> {
  return new Promise((resolve) => (log === undefined ? resolve() : log.end(resolve)));
}

/** Starts the sandbox; where that is refused, the reason is the user's to mend. */
async function start(options: SandboxOptions): Promise<Sandbox> {
  try {
    return await startSandbox(options);
  } catch (error) {
    options.stateFile?.close();
    const { code, message, port } = error as NodeJS.ErrnoException & { readonly port?: number };
    if (code === "EADDRINUSE" || code === "EACCES") {
      const problem = code === "EADDRINUSE" ? "is in use" : "needs rights that you do not have";
      throw new UsageError(
        `the port${port === undefined ? "" : ` ${port}`} ${problem}; allowed: a free one above 1023, or none, then one is found`,
      );
    }
    throw error instanceof RangeError ? new UsageError(message) : error;
  }
}

/** Opens the state, and says what a person would not expect of it. */
function openState(io: Io, file: string, { seed, project = [], cluster = [] }: Options): StateFile {
  const opened = openStateFile(file);
  const name = printable(file);
  if (opened.cutOff > 0) {
    io.err(
      `warning: ${name} ended in a write that was cut off and that nobody was told of; its ${opened.cutOff} bytes were taken away\n`,
    );
  }
  if (!opened.isNew && (seed !== undefined || project.length > 0 || cluster.length > 0)) {
    io.err(
      `warning: ${name} has a state already; --seed, --project and --cluster are for a new one, and change nothing\n`,
    );
  }
  return opened;
}

/** The options of the sandbox, with every file read. */
function read(options: Options): SandboxOptions {
  const { tlsCert, tlsKey, tlsPort } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new UsageError("--tls-cert and --tls-key belong together, and one of them is missing");
  }
  if (tlsPort !== undefined && tlsCert === undefined) {
    throw new UsageError(
      "--tls-port is for https, and there is no certificate; allowed: with --tls-cert and --tls-key",
    );
  }
  const tls =
    tlsCert === undefined || tlsKey === undefined ? undefined : { ...readCertificate(tlsCert, tlsKey), port: tlsPort };
  return { host: options.host, port: options.port, tls, seed: seedOf(options) };
}

function seedOf(options: Options): Seed {
  const file: Seed = options.seed === undefined ? {} : readSeed(options.seed, readText(options.seed));
  const none = emptyState();
  const given = (options.project ?? []).map(([id, number]) => [id, number ?? projectNumber(none, id)]);
  return {
    ...file,
    projects: { ...file.projects, ...Object.fromEntries(given) },
    clusters: [...(file.clusters ?? []), ...(options.cluster ?? [])],
  };
}

function readCertificate(certFile: string, keyFile: string): { readonly cert: string; readonly key: string } {
  const [cert, key] = [readText(certFile), readText(keyFile)];
  try {
    createSecureContext({ cert, key });
  } catch {
    const problem = `is no certificate in PEM, or ${keyFile} is not its key`;
    throw new ReadError({ source: certFile, problem, allowed: "a certificate and its key without a passphrase" });
  }
  return { cert, key };
}

function openLog(file: string): Promise<WriteStream> {
  return new Promise((resolve, reject) => {
    const stream = createWriteStream(file, { flags: "a", mode: 0o600 });
    stream.once("open", () => resolve(stream));
    stream.once("error", ({ code }: NodeJS.ErrnoException) => {
      reject(new ReadError({ source: file, problem: `cannot be written (${code})`, allowed: "a file for --log" }));
    });
  });
}

/** A line per request on a terminal, and all of it in the log. While a command runs, the terminal is the command's. */
function report(io: Io, log: WriteStream | undefined, request: RecordedRequest, command: readonly string[]): void {
  log?.write(`${JSON.stringify(request)}\n`);
  if (io.columns === undefined || command.length > 0) {
    return;
  }
  const { time, verb, path, method, principal: who, status, error } = request;
  const outcome = error === undefined ? "" : `  ${error}`;
  // What clients send is not to move the cursor.
  io.err(
    `${printable(`${time.slice(11, 19)} ${status || "dropped"} ${method ?? verb} ${path} ${who ?? ""}${outcome}`)}\n`,
  );
}

function listUnknown(io: Io, sandbox: Sandbox): void {
  if (sandbox.unknownRoutes.length > 0) {
    io.err(`The sandbox was asked for what it does not speak:\n`);
    for (const route of sandbox.unknownRoutes) {
      io.err(`  ${printable(route)}\n`);
    }
  }
}

/** What a shell has to be told. */
function instructions(sandbox: Sandbox, { as, state }: Options): string {
  const memory =
    state === undefined
      ? "and forgets everything"
      : `and keeps its state in ${printable(state)}, private keys included: throw-away ones, but nobody else's`;
  const variables = Object.entries(sandbox.environment(as));
  const exports = variables.map(([name, value]) => `export ${name}='${value.replace(/'/g, "'\\''")}'`);
  const secure = sandbox.tlsUrl === undefined ? [] : [`# Over https, for a Kubernetes API server: ${sandbox.tlsUrl}`];
  return [
    `# Google's side of the chain listens on ${sandbox.url}. It ends with Ctrl-C, ${memory}.`,
    `# Admission: POST ${sandbox.url}/admission   Audit log: ${sandbox.url}/logs`,
    ...secure,
    "# Point terraform and gcloud of another shell at it:",
    ...exports,
    "",
  ].join("\n");
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    const stop = () => {
      for (const signal of signals) {
        process.removeListener(signal, stop);
      }
      resolve();
    };
    for (const signal of signals) {
      process.on(signal, stop);
    }
  });
}

/** Runs a command to its end; its exit code, 128 and the number of the signal that ended it. */
function runCommand(io: Io, command: readonly string[], environment: Record<string, string>): Promise<number> {
  const [program, ...args] = command;
  const env = { ...withoutCredentials(process.env), ...environment };
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, stdio: "inherit" });
    // A terminal sends Ctrl-C to the command as well; the sandbox ends after it.
    const forward = (signal: NodeJS.Signals) => void child.kill(signal);
    const ignore = () => undefined;
    process.on("SIGINT", ignore);
    process.on("SIGTERM", forward);
    // The terminal was closed: what was written for gcloud goes with it, and so does the lock of the state.
    process.on("SIGHUP", forward);
    const finish = (code: number) => {
      process.removeListener("SIGINT", ignore);
      process.removeListener("SIGTERM", forward);
      process.removeListener("SIGHUP", forward);
      resolve(code);
    };
    child.once("error", ({ code }: NodeJS.ErrnoException) => {
      const problem = code === "ENOENT" ? "was not found" : `cannot be run (${code})`;
      io.err(`error: the command ${printable(program)} ${problem}\n`);
      finish(1);
    });
    child.once("exit", (code, signal) => finish(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
