import { existsSync } from "node:fs";
import { Command } from "commander";
import { readBaseline } from "../review/baseline";
import { checkState } from "../review/engine";
import { readText } from "../trust/private/text";
import { parseFormats } from "./formats";
import { helpText } from "./help-text";
import type { ExitCode, Io } from "./io";
import { dayOf, finish } from "./review/finish";
import {
  addCommonOptions,
  type CommonOptions,
  checkName,
  FORMATS,
  iamOf,
  inventoryOf,
  lifecyclesOf,
  modelsOf,
  settingsOf,
  sourcesOf,
} from "./review/options";
import { UsageError } from "./usage-error";

const CDKTF_OUT = "cdktf.out";

interface Options extends CommonOptions {
  readonly baseline?: string;
}

/** `binauthz check`: is this configuration sound as it stands? */
export function checkCommand(io: Io, done: (code: ExitCode) => void): Command {
  const command = new Command("check")
    .description(
      "Is this configuration sound as it stands? The rules of review, on a configuration, a state, or what gcloud exports.",
    )
    .argument(
      "[source...]",
      "a cdktf.out folder, a cdk.tf.json, a state or plan in JSON, or what gcloud exports (default: cdktf.out)",
    );
  return addCommonOptions(command)
    .option("--baseline <file>", "an earlier report of check in JSON: what was there already does not gate")
    .addHelpText("after", helpText(HELP, io))
    .action((sources: string[], options: Options) => {
      done(checkSources(sources, options, io));
    });
}

const HELP = `
Examples:
  binauthz check
  binauthz check policy.yaml --attestors attestors.json --project my-project
  binauthz check terraform.tfstate --baseline known.json

Exit codes: 0 nothing gates; 1 called wrongly, or a file that cannot be understood; 2 a finding gates; 3 no finding gates,
and one that is not decided could.`;

function checkSources(given: readonly string[], options: Options, io: Io): ExitCode {
  const destinations = parseFormats(options.format ?? ["text"], FORMATS);
  checkName(options);
  const paths = given.length === 0 && existsSync(CDKTF_OUT) ? [CDKTF_OUT] : given;
  if (paths.length === 0 && options.attestors === undefined) {
    throw new UsageError(
      `nothing to check: there is no ${CDKTF_OUT} here; allowed: a cdktf.out folder, a cdk.tf.json, a state or plan in JSON, or what gcloud exports`,
    );
  }
  const settings = settingsOf(options);
  const { baseline: earlier } = options;
  const baseline = earlier === undefined ? undefined : readBaseline(earlier, readText(earlier));
  const inventory = inventoryOf(options);
  const sources = sourcesOf(paths, options);
  // A configuration says by itself what its plan would not.
  const synthesized = paths.filter((_, index) => ["cdktf-out", "terraform-json"].includes(sources[index].kind));
  const lifecycles = lifecyclesOf([...synthesized, ...(options.synth ?? [])]);
  const iam = iamOf(options);
  const today = dayOf(new Date());
  const report = checkState({
    models: modelsOf(sources),
    lifecycles,
    ...(inventory && { inventory }),
    ...(iam && { iam }),
    settings: settings.review,
    today,
  });
  return finish(io, report, {
    subject: "check",
    options,
    settings,
    destinations,
    lifecycles,
    ...(baseline && { baseline }),
    today,
  });
}
