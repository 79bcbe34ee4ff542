import { Command } from "commander";
import { type Acceptance, parseAcceptance } from "../review/acceptance";
import { review } from "../review/engine";
import { withoutManaged } from "../review/known-grants";
import { collect } from "./collect";
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
  lockedOf,
  modelsOf,
  readOptionsOf,
  settingsOf,
  sourcesOf,
} from "./review/options";
import { readPlanFile } from "./review/plan-file";
import { UsageError } from "./usage-error";

interface Options extends CommonOptions {
  readonly context?: readonly string[];
  readonly accept?: readonly string[];
  readonly synthBefore?: readonly string[];
}

/** `binauthz review`: what do these plans do to trust? */
export function reviewCommand(io: Io, done: (code: ExitCode) => void): Command {
  const command = new Command("review")
    .description(
      "What do these plans do to trust? Says what can run and who can sign afterwards, what opens, what stops, and what nobody can tell.",
    )
    .argument("<plan...>", "plans as terraform show -json prints them; - reads the standard input")
    .option(
      "--context <source>",
      "what else there is: states, plans, cdktf.out folders of other stacks, gcloud's exports (repeatable)",
      collect,
    );
  return addCommonOptions(command)
    .option(
      "--synth-before <path>",
      "the cdktf.out folder or cdk.tf.json of the base branch: guards that the change takes away (repeatable)",
      collect,
    )
    .option(
      "--lock <file>",
      ".terraform.lock.hcl: the versions of the providers; those beside what --synth names are read (repeatable)",
      collect,
    )
    .option(
      "--accept <hash=reason>",
      "accept one finding of this very plan, by the hash that the report prints (repeatable)",
      collect,
    )
    .addHelpText("after", helpText(HELP, io))
    .action((plans: string[], options: Options) => {
      done(reviewPlans(plans, options, io));
    });
}

const HELP = `
Examples:
  terraform show -json plan.tfplan > plan.json && binauthz review plan.json
  binauthz review plan.json --context security.tfstate --format markdown=comment.md --format sarif=binauthz.sarif
  binauthz review keys.json policy.json --config base/.binauthz.yaml

Exit codes: 0 nothing gates; 1 called wrongly, or a file that cannot be understood; 2 a finding gates; 3 no finding gates,
and one that is not decided could.`;

function reviewPlans(paths: readonly string[], options: Options, io: Io): ExitCode {
  const destinations = parseFormats(options.format ?? ["text"], FORMATS);
  checkName(options);
  if (new Set(paths).size < paths.length) {
    throw new UsageError("a plan is given twice; allowed: each plan once");
  }
  const acceptances = (options.accept ?? []).map(acceptanceOf);
  const settings = settingsOf(options);
  const plans = paths.map((path) => readPlanFile(path, readOptionsOf(options), io));
  const inventory = inventoryOf(options);
  const lifecycles = lifecyclesOf(options.synth ?? []);
  const iam = iamOf(options);
  const synthBefore = options.synthBefore ?? [];
  if (synthBefore.length > 0 && lifecycles.size === 0) {
    throw new UsageError(
      "--synth-before says what was there before, and nothing what there is now; allowed: together with --synth",
    );
  }
  const today = dayOf(new Date());
  const report = review({
    plans,
    context: modelsOf(sourcesOf(options.context ?? [], options)),
    lifecycles,
    lifecyclesBefore: lifecyclesOf(synthBefore),
    locked: lockedOf(options),
    ...(inventory && { inventory }),
    ...(iam && {
      iam: withoutManaged(
        iam,
        plans.map(({ plan }) => plan),
      ),
    }),
    settings: settings.review,
    today,
  });
  return finish(io, report, { subject: "review", options, settings, destinations, lifecycles, acceptances, today });
}

function acceptanceOf(text: string): Acceptance {
  const parsed = parseAcceptance(text);
  if ("error" in parsed) {
    throw new UsageError(`--accept ${text}: ${parsed.error}`);
  }
  return parsed;
}
