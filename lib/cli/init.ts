import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { version } from "../../package.json";
import { PROJECT_ID } from "../vocabulary/resource-name";
import { printable } from "./escape";
import { helpText } from "./help-text";
import type { ExitCode, Io } from "./io";
import { UsageError } from "./usage-error";

interface Options {
  readonly project: string;
}

/** The project as it is written down: a folder of the package, and of the repository. */
const STARTER = join(__dirname, "..", "..", "starter");

/** The project id in its files. */
const EXAMPLE_PROJECT = "my-secure-project";

/** npm does not pack a file of this name. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: ".gitignore" };

/** `binauthz init`: a project to begin with. */
export function initCommand(io: Io, done: (code: ExitCode) => void): Command {
  return new Command("init")
    .description(
      "Writes a project to begin with: the chain as a program, its tests, and a review of every pull request.",
    )
    .argument("[folder]", "where to; made where it is not there", ".")
    .option("--project <id>", "the Google Cloud project that the chain is for", projectId, EXAMPLE_PROJECT)
    .addHelpText("after", helpText(HELP, io))
    .action((folder: string, { project }: Options) => {
      done(init(folder, project, io));
    });
}

const HELP = `
Examples:
  binauthz init my-chain --project my-project
  npx cdktf-binauthz init

A file that is there already is never overwritten: then nothing is written at all.`;

function projectId(text: string): string {
  if (!PROJECT_ID.pattern.test(text)) {
    throw new InvalidArgumentError(`It has to be the id of a project: ${PROJECT_ID.allowed}.`);
  }
  return text;
}

interface StarterFile {
  readonly path: string;
  readonly content: string;
  readonly executable: boolean;
}

function init(folder: string, project: string, io: Io): ExitCode {
  const files = starterFiles(project);
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new UsageError(`${printable(folder)} is no folder; allowed: a folder of yours, or a new one`);
  }
  const there = files.map(({ path }) => join(folder, path)).filter(isThere);
  if (there.length > 0) {
    const [is, what] = there.length === 1 ? ["is", "a file"] : ["are", "files"];
    throw new UsageError(
      `${some(there.map(printable))} ${is} there already, and nothing was written; allowed: a folder without ${what} of that name`,
    );
  }
  write(folder, files);
  io.out(nextSteps(folder, project, files.length));
  return 0;
}

/** As many names as one reads. */
function some(names: readonly string[]): string {
  const [shown, left] = [names.slice(0, 3), names.length - 3];
  return left > 1 ? `${shown.join(", ")} and ${left} more` : names.join(", ");
}

/** A link that leads nowhere is there as well. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Below a file, or out of reach: writing will say so.
    return false;
  }
}

/** The files as they are written, in the order of their names. */
export function starterFiles(project: string): StarterFile[] {
  return readdirSync(STARTER, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(STARTER, name)).isFile())
    .map((name) => name.split(sep).join("/"))
    .sort()
    .map((name) => ({
      path: RENAMED[name] ?? name,
      content: contentOf(name, project),
      executable: name.endsWith(".sh"),
    }));
}

function contentOf(name: string, project: string): string {
  const text = readFileSync(join(STARTER, name), "utf8").replaceAll(EXAMPLE_PROJECT, project);
  return name === "package.json" ? text.replace(/("cdktf-binauthz": )"[^"]*"/, `$1"^${version}"`) : text;
}

/** Writes all of them, or none. */
function write(folder: string, files: readonly StarterFile[]): void {
  const written: string[] = [];
  try {
    for (const { path, content, executable } of files) {
      const target = join(folder, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, content, { flag: "wx", mode: executable ? 0o755 : 0o644 });
      written.push(target);
    }
  } catch (error) {
    for (const target of written) {
      rmSync(target, { force: true });
    }
    const { code, path } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `${printable(path ?? folder)} cannot be written (${code}), and nothing was; allowed: a folder of yours, or a new one`,
    );
  }
}

function nextSteps(folder: string, project: string, count: number): string {
  const here = folder === ".";
  const quoted = /^[\w./@+-]+$/.test(folder) ? folder : `'${printable(folder).replace(/'/g, "'\\''")}'`;
  return [
    `Wrote ${count} files to ${here ? "this folder" : printable(folder)}, for the project ${project}. Next:`,
    "",
    ...(here ? [] : [`  cd ${quoted}`]),
    "  npm install",
    "  npm test          # what is denied and what is admitted, with real signatures",
    "  npm run synth     # Terraform JSON, in cdktf.out",
    "  npm run check     # is it sound as it stands?",
    "",
    "settings.ts says for which project; README.md says how to deploy it, and how each pull request is reviewed.",
    "",
  ].join("\n");
}
