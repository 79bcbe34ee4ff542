import { Command, CommanderError } from "commander";
import { version } from "../../package.json";
import { TargetError } from "../admission/targets";
import { ReadError } from "../trust/read-error";
import { printableLines } from "./escape";
import type { Io } from "./io";
import { UsageError } from "./usage-error";

/** Makes a subcommand; it says with which code the process is to end: an `ExitCode`, or that of a command it ran. */
type MakeCommand = (io: Io, done: (code: number) => void) => Command;

interface Subcommand {
  readonly name: string;
  readonly summary: string;
  /** Loads the subcommand: only the one that is asked for. */
  readonly load: () => MakeCommand;
}

const SUBCOMMANDS: readonly Subcommand[] = [
  {
    name: "admit",
    summary: "would these images run there, and why?",
    load: () => (require("./admit") as typeof import("./admit")).admitCommand,
  },
  {
    name: "review",
    summary: "what do these plans do to trust?",
    load: () => (require("./review") as typeof import("./review")).reviewCommand,
  },
  {
    name: "check",
    summary: "is this configuration sound as it stands?",
    load: () => (require("./check") as typeof import("./check")).checkCommand,
  },
  {
    name: "map",
    summary: "a picture of the chain of trust, as a page, SVG, Mermaid or JSON",
    load: () => (require("./map") as typeof import("./map")).mapCommand,
  },
  {
    name: "audit",
    summary: "what was admitted, denied or skipped, and by whom?",
    load: () => (require("./audit") as typeof import("./audit")).auditCommand,
  },
  {
    name: "explain",
    summary: "what does this denial mean, and what mends it?",
    load: () => (require("./explain") as typeof import("./explain")).explainCommand,
  },
  {
    name: "sandbox",
    summary: "Google's side of the chain on loopback, for terraform and gcloud",
    load: () => (require("./sandbox") as typeof import("./sandbox")).sandboxCommand,
  },
  {
    name: "init",
    summary: "a project to begin with: the chain, its tests, a review",
    load: () => (require("./init") as typeof import("./init")).initCommand,
  },
  {
    name: "demo",
    summary: "the whole chain on this computer, in a minute",
    load: () => (require("./demo") as typeof import("./demo")).demoCommand,
  },
];

const DESCRIPTION = `Binary Authorization on the desk: what would run, and why.

Exit codes: 0 passed; 1 called wrongly, or input that cannot be understood; 2 an image denied, or findings; 3 not decidable from the input, and nothing worse. A sandbox that runs a command ends with that command's code.`;

/**
 * Runs the command.
 * @param argv what follows the command's name
 * @returns how the process is to end; everything that goes wrong is one sentence on the error output
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let code = 1;
  const done = (given: number) => {
    code = given;
  };
  try {
    const words = helpOfNone(argv) ? argv.slice(1) : argv;
    await makeProgram(words, io, done).parseAsync(words, { from: "user" });
    return code;
  } catch (error) {
    return failed(error, io);
  }
}

/** Whether help of a command is asked for that there is not: the name is then refused as any other. */
function helpOfNone([first, second]: readonly string[]): boolean {
  const isName = second !== undefined && second !== "help" && !second.startsWith("-");
  return first === "help" && isName && !SUBCOMMANDS.some(({ name }) => name === second);
}

function makeProgram(argv: readonly string[], io: Io, done: (code: number) => void): Command {
  const program = new Command("binauthz")
    .description(DESCRIPTION)
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .exitOverride()
    // Narrow terminals get narrow columns, instead of lines that the terminal breaks anywhere.
    .configureHelp({ minWidthToWrap: 20 })
    .showHelpAfterError("(add --help to see what is allowed)")
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      outputError: (text, write) => write(printableLines(text)),
      getOutHelpWidth: () => io.columns ?? 100,
      getErrHelpWidth: () => io.columns ?? 100,
      getOutHasColors: () => io.color,
      getErrHasColors: () => io.color,
    });
  const words = argv.filter((word) => !word.startsWith("-"));
  const wanted = words[0] === "help" ? words[1] : words[0];
  for (const { name, summary, load } of SUBCOMMANDS) {
    if (name === wanted) {
      program.addCommand(load()(io, done).summary(summary).copyInheritedSettings(program));
    } else {
      program.command(name).description(summary);
    }
  }
  return program;
}

function failed(error: unknown, io: Io): number {
  if (error instanceof CommanderError) {
    // Its text is written already.
    return error.exitCode === 0 ? 0 : 1;
  }
  if (error instanceof ReadError || error instanceof UsageError || error instanceof TargetError) {
    io.err(`error: ${printableLines(error.message)}\n`);
    return 1;
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  io.err(
    `internal error: ${printableLines(message.split("\n")[0])}; this is a mistake of binauthz, please report it\n`,
  );
  if (process.env.BINAUTHZ_DEBUG === "1") {
    io.err(`${printableLines(stack ?? "")}\n`);
  }
  return 1;
}
