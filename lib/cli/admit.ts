import { existsSync } from "node:fs";
import { Command } from "commander";
import { nodeVerifier } from "../admission/node-verifier";
import { readOccurrences } from "../admission/occurrences-file";
import { showTarget, TargetError, targetNamed, targetsOf, unnamedPlaces } from "../admission/targets";
import type { Occurrence, Target } from "../admission/types";
import { join, ReadError, type ReadOptions, readSource, type TrustModel } from "../trust";
import { readText } from "../trust/private/text";
import { AS_IF_ENFORCED, asIfEnforced } from "../workloads/as-if-enforced";
import { objectsOf } from "../workloads/documents";
import { type ManifestFile, manifestFiles } from "../workloads/files";
import { type Pod, podOf } from "../workloads/pods";
import { podOfImage, Survey, type SurveyReport } from "../workloads/survey";
import { jsonOf } from "./admit/json";
import { withKeys } from "./admit/keys";
import { markdownOf } from "./admit/markdown";
import { textOf } from "./admit/text";
import { readAttestors } from "./attestors";
import { collect } from "./collect";
import { emit, type Medium, parseFormats } from "./formats";
import { helpText } from "./help-text";
import type { ExitCode, Io } from "./io";
import { STDIN, stdinText } from "./stdin";
import { UsageError } from "./usage-error";

const FORMATS = ["text", "json", "markdown"] as const;
const CDKTF_OUT = "cdktf.out";

interface Options extends ReadOptions {
  readonly from?: readonly string[];
  readonly attestors?: readonly string[];
  readonly target?: readonly string[];
  readonly attestations?: readonly string[];
  readonly keys?: readonly string[];
  readonly filename?: readonly string[];
  readonly namespace?: string;
  readonly asIfEnforced?: true;
  readonly format?: readonly string[];
}

/** `binauthz admit`: would these images run there, and why? */
export function admitCommand(io: Io, done: (code: ExitCode) => void): Command {
  return new Command("admit")
    .description(
      "Would these images run there, and why? Decides as Binary Authorization does, from what is written down: no cluster, registry or account is asked.",
    )
    .argument("[image...]", "images, exactly as a pod would name them")
    .option("-f, --filename <path>", "manifests, a folder of them, or - for the standard input (repeatable)", collect)
    .option(
      "--from <source>",
      "the policy: a cdktf.out folder, a cdk.tf.json, a plan or state in JSON, or what gcloud exports (repeatable; default: cdktf.out)",
      collect,
    )
    .option(
      "--attestors <file>",
      "what gcloud container binauthz attestors list --format=json prints (repeatable)",
      collect,
    )
    .option("--project <project>", "the project of what names none")
    .option(
      "--target <target>",
      "gke:PROJECT/LOCATION.NAME, run:PROJECT/LOCATION/NAME, LOCATION.NAME, default or default:PROJECT (repeatable; default: all)",
      collect,
    )
    .option(
      "--attestations <file>",
      "what gcloud container binauthz attestations list --format=json prints; [] for none (repeatable; default: not known)",
      collect,
    )
    .option(
      "--keys <version=file>",
      "the public key of a version of Cloud KMS that the sources do not have (repeatable)",
      collect,
    )
    .option("-n, --namespace <name>", "the namespace of what names none")
    .option("--as-if-enforced", "decide as if no rule were a dry run and every cluster enforced the policy")
    .option(
      "--format <format>",
      "text, json or markdown; FORMAT=PATH writes a file (repeatable; default: text)",
      collect,
    )
    .addHelpText("after", helpText(HELP, io))
    .action((images: string[], options: Options) => {
      done(admitImages(images, options, io));
    });
}

const HELP = `
Examples:
  binauthz admit nginx:latest
  helm template my-chart | binauthz admit -f -
  kubectl get pods -A -o json | binauthz admit --as-if-enforced --attestations attestations.json -f -
  binauthz admit --from policy.yaml --attestors attestors.json --project my-project -f manifests/`;

function admitImages(images: readonly string[], options: Options, io: Io): ExitCode {
  const destinations = parseFormats(options.format ?? ["text"], FORMATS);
  checkWhat(images, options);
  const { model: read, sources } = readModel(options);
  const keyed = withKeys(read, options.keys ?? []);
  const targets = chooseTargets(keyed, options.target ?? [], sources);
  const survey = new Survey({
    model: options.asIfEnforced ? asIfEnforced(keyed) : keyed,
    targets,
    evidence: evidenceOf(options.attestations),
    verifier: nodeVerifier(),
    leftOut: options.target === undefined ? unnamedPlaces(keyed) : 0,
  });
  addManifests(survey, options, targets, io);
  for (const image of images) {
    survey.add(inNamespace(podOfImage(image), options.namespace));
  }
  const report = survey.report();
  const shown = options.asIfEnforced ? { ...report, assumptions: [AS_IF_ENFORCED, ...report.assumptions] } : report;
  emit(io, destinations, (format, medium) => render(shown, format, medium));
  return { pass: 0, fail: 2, undecided: 3 }[report.result] as ExitCode;
}

function render(report: SurveyReport, format: (typeof FORMATS)[number], medium: Medium): string | Iterable<string> {
  switch (format) {
    case "text":
      return textOf(report, medium);
    case "json":
      return jsonOf(report);
    case "markdown":
      return markdownOf(report);
  }
}

function checkWhat(images: readonly string[], { filename = [] }: Options): void {
  if (images.length === 0 && filename.length === 0) {
    throw new UsageError("nothing to decide about; allowed: images, or manifests with -f");
  }
  if (images.includes("")) {
    throw new UsageError("an image is empty; allowed: images as a pod would name them, such as nginx:1.29");
  }
  if (filename.filter((path) => path === "-").length > 1) {
    throw new UsageError("-f - is given twice, and the standard input can be read once; allowed: -f - once");
  }
}

interface ReadModel {
  readonly model: TrustModel;
  /** What was read, for messages. */
  readonly sources: readonly string[];
}

function readModel({ from = [], attestors = [], project }: Options): ReadModel {
  const given = from.length > 0 || !existsSync(CDKTF_OUT) ? from : [CDKTF_OUT];
  if (given.length === 0) {
    throw new UsageError(
      `nothing says what the policy is: there is no ${CDKTF_OUT} here; allowed: --from SOURCE, a cdktf.out folder, a cdk.tf.json, a plan or state in JSON, or what gcloud exports`,
    );
  }
  const options = project === undefined ? {} : { project };
  const models = given.map((path) => readSource(path, options));
  return { model: join([...models, ...attestors.flatMap(readAttestorModels)]), sources: given };
}

function readAttestorModels(path: string): TrustModel[] {
  return readAttestors(path, ", other sources with --from").map(({ model }) => model);
}

function chooseTargets(model: TrustModel, wanted: readonly string[], sources: readonly string[]): readonly Target[] {
  const known = targetsOf(model);
  if (wanted.length === 0) {
    if (known.length === 0) {
      throw new UsageError(
        `no policy, cluster or Cloud Run service is known from ${sources.join(", ")}; allowed: a source that has the policy, with --from`,
      );
    }
    return known;
  }
  const chosen = wanted.map((text) => {
    try {
      return targetNamed(model, text);
    } catch (error) {
      if (!(error instanceof TargetError)) {
        throw error;
      }
      throw new UsageError(`--target ${text}: ${error.message}${others(known, error.message)}`);
    }
  });
  return [...new Map(chosen.map((target) => [showTarget(target), target])).values()];
}

/** What could have been meant, as far as the message does not say it. */
function others(known: readonly Target[], message: string): string {
  const names = known.map(showTarget).filter((name) => !message.includes(name));
  return names.length === 0 ? "" : `; other targets: ${names.join(", ")}`;
}

function evidenceOf(files: readonly string[] | undefined): { readonly occurrences: readonly Occurrence[] } | undefined {
  return files === undefined
    ? undefined
    : { occurrences: files.flatMap((path) => readOccurrences(path, readText(path))) };
}

function addManifests(survey: Survey, options: Options, targets: readonly Target[], io: Io): void {
  const { filename = [], namespace } = options;
  if (filename.length === 0) {
    return;
  }
  const clusters = targets.filter(({ kind }) => kind !== "cloud-run");
  if (clusters.length === 0) {
    throw new UsageError(
      `manifests run on clusters, and ${targets.map(showTarget).join(", ")} is none; allowed: a cluster or default as --target`,
    );
  }
  const passedOver = new Map<string, number>();
  for (const file of filesOf(filename, io)) {
    for (const object of objectsOf(file)) {
      const found = podOf(object);
      if ("pod" in found) {
        survey.add(inNamespace(found.pod, namespace), clusters);
      } else {
        survey.passOver(found.passedOver);
        passedOver.set(object.kind, (passedOver.get(object.kind) ?? 0) + 1);
      }
    }
  }
  if (survey.size === 0) {
    const found = [...passedOver].map(([kind, count]) => `${count} ${kind}`).join(", ") || "nothing";
    throw new UsageError(
      `${filename.map((path) => (path === "-" ? STDIN : path)).join(", ")}: no object that carries a pod was found, got ${found}; allowed: Pods, Deployments and the like`,
    );
  }
}

function* filesOf(paths: readonly string[], io: Io): Generator<ManifestFile> {
  for (const path of paths) {
    if (path === "-") {
      yield { source: STDIN, text: readStdin(io) };
    } else {
      yield* manifestFiles(path);
    }
  }
}

function readStdin(io: Io): string {
  try {
    return stdinText(io);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ReadError({ source: STDIN, problem: `cannot be read (${code})`, allowed: "manifests" });
  }
}

function inNamespace(pod: Pod, namespace: string | undefined): Pod {
  return namespace === undefined || pod.namespace !== undefined ? pod : { ...pod, namespace };
}
