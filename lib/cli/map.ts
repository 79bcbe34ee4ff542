import { existsSync } from "node:fs";
import { extname } from "node:path";
import { Command } from "commander";
import { type MapInput, type RenderedMap, renderMap, TooLargeError } from "../map";
import { chainMapOf } from "../map/chain-map";
import { checkState, review } from "../review/engine";
import { DEFAULT_GATE } from "../review/gate";
import { withoutManaged } from "../review/known-grants";
import { judge } from "../review/outcome";
import type { Settings } from "../review/settings";
import type { Finding, Report } from "../review/types";
import type { Lifecycle, Plan, ReadOptions, TrustModel } from "../trust";
import { collect } from "./collect";
import { type Destination, emit, parseFormats } from "./formats";
import { helpText } from "./help-text";
import type { ExitCode, Io } from "./io";
import { iamOf, lifecyclesOf, readOptionsOf, settingsOf, sourcesOf } from "./review/options";
import { UsageError } from "./usage-error";

const FORMATS = ["html", "svg", "mermaid", "json"] as const;
type Format = (typeof FORMATS)[number];

/** What the name of a file says of its format. */
const ENDINGS: Readonly<Record<string, Format>> = {
  ".html": "html",
  ".htm": "html",
  ".svg": "svg",
  ".mmd": "mermaid",
  ".mermaid": "mermaid",
  ".json": "json",
};

const CDKTF_OUT = "cdktf.out";

interface Options extends ReadOptions {
  readonly attestors?: readonly string[];
  readonly synth?: readonly string[];
  readonly iam?: string;
  readonly config?: string | false;
  readonly format?: readonly string[];
  readonly out?: string;
}

/** `binauthz map`: a picture of the chain of trust. */
export function mapCommand(io: Io, done: (code: ExitCode) => void): Command {
  return new Command("map")
    .description(
      "A picture of the chain of trust: who signs, with which keys, for which attestors, and what asks for them where. Of a plan, before and after.",
    )
    .argument(
      "[source...]",
      "cdktf.out folders, cdk.tf.json, plans or states in JSON, or what gcloud exports (default: cdktf.out)",
    )
    .option("--project <project>", "the project of what names none")
    .option(
      "--attestors <file>",
      "what gcloud container binauthz attestors list --format=json prints (repeatable)",
      collect,
    )
    .option(
      "--synth <path>",
      "the cdktf.out folder or cdk.tf.json that was planned: for construct paths (repeatable)",
      collect,
    )
    .option(
      "--iam <file>",
      "every grant that there is, as gcloud asset search-all-iam-policies --format=json prints it for the organization",
    )
    .option("--config <file>", "settings and suppressions of review (default: .binauthz.yaml, where it is there)")
    .option("--no-config", "do not read .binauthz.yaml")
    .option(
      "--format <format>",
      `${FORMATS.join(", ")}; FORMAT=PATH writes a file (repeatable; default: what the name of --out says, else mermaid)`,
      collect,
    )
    .option("--out <file>", "write to a file: .html, .svg, .mmd or .json")
    .addHelpText("after", helpText(HELP, io))
    .action((sources: string[], options: Options) => {
      done(drawMap(sources, options, io));
    });
}

const HELP = `
Examples:
  binauthz map --out map.html
  binauthz map plan.json security.tfstate --out map.html
  binauthz map policy.yaml --attestors attestors.json --project my-project --format svg

Exit codes: 0 drawn, whatever was found; 1 called wrongly, or a file that cannot be understood.`;

function drawMap(given: readonly string[], options: Options, io: Io): ExitCode {
  const destinations = destinationsOf(options);
  const paths = given.length === 0 && existsSync(CDKTF_OUT) ? [CDKTF_OUT] : given;
  if (paths.length === 0 && options.attestors === undefined) {
    throw new UsageError(
      `nothing to draw: there is no ${CDKTF_OUT} here; allowed: a cdktf.out folder, a cdk.tf.json, a state or plan in JSON, or what gcloud exports`,
    );
  }
  const input = inputOf(paths, options);
  if (chainMapOf(input).nodes.length === 0) {
    throw new UsageError(
      `no key, attestor, policy or cluster is in ${(input.sources ?? []).join(", ")}; allowed: a source that has some of the chain of trust`,
    );
  }
  const map = renderMap(input);
  emit(io, destinations, (format) => render(map, format));
  return 0;
}

function destinationsOf({ format, out }: Options): Destination<Format>[] {
  if (out === undefined) {
    return parseFormats(format ?? ["mermaid"], FORMATS);
  }
  if (format === undefined) {
    const named = ENDINGS[extname(out).toLowerCase()];
    if (named === undefined) {
      throw new UsageError(
        `--out ${out} does not say which format it is to be; allowed: a name that ends with ${Object.keys(ENDINGS).join(", ")}, or --format as well`,
      );
    }
    return [{ format: named, path: out }];
  }
  const wanted = parseFormats(format, FORMATS);
  const [only] = wanted;
  if (wanted.length !== 1 || only.path !== undefined) {
    throw new UsageError("--out is for one format; allowed: --format FORMAT=PATH for each of several");
  }
  const named = ENDINGS[extname(out).toLowerCase()];
  if (named !== undefined && named !== only.format) {
    throw new UsageError(
      `--format ${only.format} and --out ${out} contradict each other; allowed: a name that says ${only.format}, or none of ${Object.keys(ENDINGS).join(", ")}`,
    );
  }
  return [{ format: only.format, path: out }];
}

function render(map: RenderedMap, format: Format): string {
  try {
    return map[format];
  } catch (error) {
    if (error instanceof TooLargeError) {
      throw new UsageError(`${error.message}; allowed: --format html or svg`);
    }
    throw error;
  }
}

function inputOf(paths: readonly string[], options: Options): MapInput {
  const settings = settingsOf(options);
  const sources = sourcesOf(paths, {
    ...readOptionsOf(options),
    ...(options.attestors && { attestors: options.attestors }),
  });
  const synthesized = paths.filter((_, index) => ["cdktf-out", "terraform-json"].includes(sources[index].kind));
  const lifecycles = lifecyclesOf([...synthesized, ...(options.synth ?? [])]);
  const iam = iamOf(options);
  const plans = sources.flatMap(({ plan }) => (plan ? [plan] : []));
  const models = sources.flatMap(({ model, plan }) => (plan ? [] : [model]));
  const around = { lifecycles, settings: settings.review };
  const check = (checked: readonly TrustModel[], grants: TrustModel | undefined) =>
    checkState({ models: checked, ...around, ...(grants && { iam: grants }) });
  const read = { sources: [...paths, ...(options.attestors ?? [])], allGrants: iam !== undefined, lifecycles };
  if (plans.length === 0) {
    const report = check(models, iam);
    return { ...read, model: report.after.model, findings: openFindings(report, "check", settings, lifecycles) };
  }
  const grants = iam && withoutManaged(iam, plans);
  const changed = reviewed(plans, models, grants, around);
  const stands = check([changed.after.model], grants);
  const [found, standing] = [
    openFindings(changed, "review", settings, lifecycles),
    openFindings(stands, "check", settings, lifecycles),
  ];
  const about = ({ address, id, target }: Finding) => JSON.stringify([id, target ?? address]);
  const told = new Set(found.map(about));
  return {
    ...read,
    model: changed.after.model,
    ...(changed.before && { before: changed.before.model }),
    // What a change does is said once; what was so already is told beside it.
    findings: [...found, ...standing.filter((finding) => !told.has(about(finding)))],
  };
}

function reviewed(
  plans: readonly Plan[],
  context: readonly TrustModel[],
  grants: TrustModel | undefined,
  around: Pick<Parameters<typeof review>[0], "lifecycles" | "settings">,
): Report {
  return review({
    plans: plans.map((plan) => ({ plan })),
    context,
    ...around,
    ...(grants && { iam: grants }),
  });
}

/** What counts: without what is suppressed or acknowledged. */
function openFindings(
  report: Report,
  subject: "review" | "check",
  settings: Settings,
  lifecycles: ReadonlyMap<string, Lifecycle>,
): readonly Finding[] {
  const today = new Date().toISOString().slice(0, 10);
  return judge(report, { subject, gate: DEFAULT_GATE, settings, lifecycles, today, checks: [] }).findings;
}
