import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { DEFAULT_GATE, type Gate } from "../../review/gate";
import { joinInventories, readInventory } from "../../review/inventory";
import { EMPTY_SETTINGS, readSettings, type Settings } from "../../review/settings";
import { EFFECTS, type Effect, type Inventory, SEVERITIES } from "../../review/types";
import {
  type Lifecycle,
  LOCK_FILE,
  openSource,
  type ReadOptions,
  readLockFile,
  readSynthesis,
  type Source,
  synthesizedFiles,
  type TrustModel,
} from "../../trust";
import { readIamExport } from "../../trust/iam-export";
import { readText } from "../../trust/private/text";
import { readAttestors } from "../attestors";
import { collect } from "../collect";
import { UsageError } from "../usage-error";

/** What `review` and `check` have in common. */
export interface CommonOptions extends ReadOptions {
  readonly attestors?: readonly string[];
  readonly synth?: readonly string[];
  readonly lock?: readonly string[];
  readonly failOn?: string;
  readonly failOnEffect?: string;
  readonly undecided?: string;
  readonly iam?: string;
  readonly inventory?: readonly string[];
  /** False for `--no-config`. */
  readonly config?: string | false;
  readonly name?: string;
  readonly exitZero?: true;
  readonly format?: readonly string[];
}

export const FORMATS = ["text", "markdown", "json", "sarif", "junit", "code-quality"] as const;

/** Read where it is there, unless the command is told otherwise. */
const SETTINGS_FILE = ".binauthz.yaml";

const UNDECIDED = ["fail", "warn", "ignore"] as const;
const GATING = EFFECTS.filter((effect) => effect !== "narrows");

export function addCommonOptions(command: Command): Command {
  return command
    .option("--project <project>", "the project of what names none")
    .option(
      "--attestors <file>",
      "what gcloud container binauthz attestors list --format=json prints (repeatable)",
      collect,
    )
    .option(
      "--synth <path>",
      "the cdktf.out folder or cdk.tf.json that was planned: what a plan does not say (repeatable)",
      collect,
    )
    .option(
      "--fail-on <severity>",
      `${SEVERITIES.join(", ")}: a finding as severe gates (default: ${DEFAULT_GATE.failOn})`,
    )
    .option("--fail-on-effect <effects>", `those that gate, of ${GATING.join(", ")}, with commas (default: all)`)
    .option(
      "--undecided <how>",
      `${UNDECIDED.join(", ")}: what a finding comes to that is not decided and could gate (default: ${DEFAULT_GATE.undecided})`,
    )
    .option(
      "--inventory <file>",
      "what runs, as kubectl get pods -A -o json prints it, or attestations as gcloud lists them (repeatable)",
      collect,
    )
    .option(
      "--iam <file>",
      "every grant that there is, as gcloud asset search-all-iam-policies --format=json prints it for the organization",
    )
    .option("--config <file>", `settings and suppressions (default: ${SETTINGS_FILE}, where it is there)`)
    .option("--no-config", `do not read ${SETTINGS_FILE}`)
    .option("--name <name>", "tells several reports apart: in the marker of a comment and in SARIF's category")
    .option("--exit-zero", "end with 0 also where findings gate; errors still end with 1")
    .option(
      "--format <format>",
      `${FORMATS.join(", ")}; FORMAT=PATH writes a file (repeatable; default: text)`,
      collect,
    );
}

export function settingsOf({ config }: CommonOptions): Settings {
  if (typeof config === "string") {
    return readSettings(config, readText(config));
  }
  return config !== false && existsSync(SETTINGS_FILE)
    ? readSettings(SETTINGS_FILE, readText(SETTINGS_FILE))
    : EMPTY_SETTINGS;
}

/** What the command line says counts before what the settings say. */
export function gateOf({ failOn, failOnEffect, undecided }: CommonOptions, { gate }: Settings): Gate {
  return {
    ...DEFAULT_GATE,
    ...gate,
    ...(failOn !== undefined && { failOn: oneOf("--fail-on", failOn, SEVERITIES) }),
    ...(failOnEffect !== undefined && {
      failOnEffects: failOnEffect.split(",").map((effect): Effect => oneOf("--fail-on-effect", effect.trim(), GATING)),
    }),
    ...(undecided !== undefined && { undecided: oneOf("--undecided", undecided, UNDECIDED) }),
  };
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) {
    throw new UsageError(`${option} ${value} is not understood; allowed: ${allowed.join(", ")}`);
  }
  return found;
}

/** A name stands in a comment of HTML and in a category of SARIF. */
export function checkName({ name }: CommonOptions): void {
  if (name !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    throw new UsageError(
      `--name ${name} is not valid; allowed: up to 64 letters, digits, dots, underscores and hyphens`,
    );
  }
}

export function inventoryOf({ inventory = [] }: CommonOptions): Inventory | undefined {
  return joinInventories(inventory.map((path) => readInventory(path, readText(path))));
}

/** What the synthesized configuration says of each resource, by address. */
export function lifecyclesOf(paths: readonly string[]): ReadonlyMap<string, Lifecycle> {
  return new Map(paths.flatMap((path) => [...readSynthesis(path)]));
}

/** The versions of providers, of the lock files that are named and of those beside what was synthesized. */
export function lockedOf({ lock = [], synth = [] }: CommonOptions): ReadonlyMap<string, readonly string[]> {
  const beside = synth.flatMap(synthesizedFiles).map((file) => join(dirname(file), LOCK_FILE));
  const locked = new Map<string, readonly string[]>();
  for (const path of [...lock, ...beside.filter((file) => existsSync(file))]) {
    for (const [name, version] of readLockFile(path)) {
      locked.set(name, [...new Set([...(locked.get(name) ?? []), version])]);
    }
  }
  return locked;
}

/** The grants that are in no file; what is not among them is taken not to exist. */
export function iamOf({ iam }: CommonOptions): TrustModel | undefined {
  return iam === undefined ? undefined : readIamExport(iam, readText(iam));
}

export function readOptionsOf({ project }: CommonOptions): ReadOptions {
  return project === undefined ? {} : { project };
}

/** Sources of any kind, and what gcloud lists of attestors. */
export function sourcesOf(paths: readonly string[], options: CommonOptions): Source[] {
  return [
    ...paths.map((path) => openSource(path, readOptionsOf(options))),
    ...(options.attestors ?? []).flatMap((path) => readAttestors(path)),
  ];
}

export function modelsOf(sources: readonly Source[]): TrustModel[] {
  return sources.map(({ model }) => model);
}
