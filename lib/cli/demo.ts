import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { version } from "../../package.json";
import type { JsonObject } from "../sandbox/json";
import type { Synthesized } from "./demo/configuration";
import { demonstrate, type Without } from "./demo/demonstration";
import { helpText } from "./help-text";
import type { Io } from "./io";

interface Options {
  readonly without?: readonly Without[];
}

/** Where the build puts what main.ts synthesizes: beside the command. */
const SHIPPED = join(__dirname, "reference-deployment.json");

/**
 * `binauthz demo`: the whole chain, on this computer.
 *
 * @param done called with the exit code: 130 and the like where a signal ended it
 */
export function demoCommand(io: Io, done: (code: number) => void): Command {
  return new Command("demo")
    .description(
      "The whole chain on this computer, without an account: apply, sign, deny, admit, review. It takes less than a minute, and leaves nothing behind but a map.",
    )
    .option("--without <tool>", "leave out terraform or gcloud, also where it is there (repeatable)", addTool)
    .addHelpText("after", helpText(HELP, io))
    .action(async ({ without = [] }: Options) => {
      done(await demonstrate({ io, without, synthesize: shipped, map: MAP, next: NEXT }));
    });
}

const HELP = `
The configuration is the reference deployment of the project, synthesized when this version of the package was built. Google's
side is the sandbox. terraform, its google provider and gcloud are used where they are there; where they are not, it is said,
and the same calls are made without them.

Exit codes: 0 everything was as it should be; 1 a step failed, and its name and what to do are printed.`;

/** In the folder in which it is run. */
const MAP = "binauthz-map.html";

const NEXT = [
  ["A project of your own, with tests and a review", "npx cdktf-binauthz init my-chain"],
  ["The sandbox for your own terraform and gcloud", "npx cdktf-binauthz sandbox"],
] as const;

function addTool(text: string, before: readonly Without[] = []): readonly Without[] {
  if (text !== "terraform" && text !== "gcloud") {
    throw new InvalidArgumentError("It has to be terraform or gcloud.");
  }
  return [...before, text];
}

async function shipped(): Promise<Synthesized> {
  if (!existsSync(SHIPPED)) {
    throw new Error("the configuration that comes with the package is not there; in a checkout, run npm start");
  }
  const json = JSON.parse(readFileSync(SHIPPED, "utf8")) as JsonObject;
  return { from: `the reference deployment, synthesized when cdktf-binauthz ${version} was built`, json };
}
