import { existsSync, readFileSync, statSync } from "node:fs";
import { join as joinPath } from "node:path";
import { isRecord, own } from "./private/attribute";
import { parseJson, readText } from "./private/text";
import { ReadError } from "./read-error";

/** What a synthesized configuration says of a resource and a plan does not. */
export interface Lifecycle {
  readonly address: string;
  readonly constructPath?: string;
  readonly preventDestroy: boolean;
  readonly createBeforeDestroy: boolean;
  readonly ignoreChanges: readonly string[] | "all";
  /** Findings that somebody said they know of, beside the resource. */
  readonly acknowledged: readonly Acknowledgement[];
  /** Of a policy: the last day of each dry run that has one, as written, by the key of its rule or `default`. */
  readonly dryRunUntil: ReadonlyMap<string, string>;
  /** The file it was read in. */
  readonly source: string;
}

/** A finding that is known, and why it is accepted. */
export interface Acknowledgement {
  readonly id: string;
  readonly reason: string;
}

/**
 * Reads of a `cdktf.out` folder, or of one `cdk.tf.json`, what a plan does not have: the lifecycle of each resource, its
 * construct path, and what its authors acknowledged.
 *
 * @param path the folder or the file
 * @returns by address, without the keys of `count` and `for_each`
 */
export function readSynthesis(path: string): ReadonlyMap<string, Lifecycle> {
  const files = synthesizedFiles(path);
  return new Map(
    files.flatMap((file) => lifecyclesIn(file, parseJson(file, readText(file)))).map((entry) => [entry.address, entry]),
  );
}

/** The configurations of a `cdktf.out` folder, or the one that is named. */
export function synthesizedFiles(path: string): string[] {
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    return [path];
  }
  const own = joinPath(path, "cdk.tf.json");
  if (existsSync(own)) {
    return [own];
  }
  const manifest = joinPath(path, "manifest.json");
  if (!existsSync(manifest)) {
    throw new ReadError({
      source: path,
      problem: "is a folder without manifest.json",
      allowed: "the folder that cdktf synth writes, usually cdktf.out, or one cdk.tf.json",
    });
  }
  const json = parseJson(manifest, readFileSync(manifest, "utf8"));
  const stacks = isRecord(json) && isRecord(json.stacks) ? Object.values(json.stacks) : [];
  return stacks.flatMap((stack) =>
    isRecord(stack) && typeof stack.synthesizedStackPath === "string"
      ? [joinPath(path, stack.synthesizedStackPath)]
      : [],
  );
}

/** The lifecycles of one configuration in Terraform's JSON syntax. */
export function lifecyclesIn(source: string, json: unknown): Lifecycle[] {
  const types = isRecord(json) ? own(json, "resource") : undefined;
  if (!isRecord(json) || (types !== undefined && !isRecord(types) && !Array.isArray(types))) {
    throw new ReadError({
      source,
      problem: "is no configuration",
      found: json,
      allowed: "a cdk.tf.json, as cdktf synth writes it",
    });
  }
  return labelled(types).flatMap(([type, byName]) =>
    labelled(byName).map(([name, body]) => lifecycleOf(source, `${type}.${name}`, body)),
  );
}

function labelled(value: unknown): [string, unknown][] {
  const levels: readonly unknown[] = Array.isArray(value) ? value : [value];
  return levels.flatMap((level) => (isRecord(level) ? Object.entries(level).filter(([name]) => name !== "//") : []));
}

function lifecycleOf(source: string, address: string, value: unknown): Lifecycle {
  const body = first(value);
  const lifecycle = first(isRecord(body) ? own(body, "lifecycle") : undefined);
  const comment = isRecord(body) ? own(body, "//") : undefined;
  const metadata = isRecord(comment) ? own(comment, "metadata") : undefined;
  const path = isRecord(metadata) ? own(metadata, "path") : undefined;
  const flag = (name: string) => isRecord(lifecycle) && String(own(lifecycle, name)) === "true";
  const ignored = isRecord(lifecycle) ? own(lifecycle, "ignore_changes") : undefined;
  return {
    address,
    ...(typeof path === "string" && { constructPath: path }),
    preventDestroy: flag("prevent_destroy"),
    createBeforeDestroy: flag("create_before_destroy"),
    ignoreChanges:
      ignored === "all"
        ? "all"
        : (Array.isArray(ignored) ? ignored : []).flatMap((entry) =>
            typeof entry === "string" ? [entry.replace(/^\$\{(.*)\}$/s, "$1")] : [],
          ),
    acknowledged: acknowledgements(comment),
    dryRunUntil: dryRunDates(comment),
    source,
  };
}

function acknowledgements(comment: unknown): Acknowledgement[] {
  const list = isRecord(comment) ? own(comment, "binauthz") : undefined;
  const entries = isRecord(list) ? own(list, "acknowledged") : undefined;
  return (Array.isArray(entries) ? entries : []).flatMap((entry) => {
    const [id, reason] = isRecord(entry) ? [own(entry, "id"), own(entry, "reason")] : [];
    return typeof id === "string" && typeof reason === "string" ? [{ id, reason }] : [];
  });
}

/** What is no text is kept as it is written: a date that nobody can read must not pass for none. */
function dryRunDates(comment: unknown): Map<string, string> {
  const ours = isRecord(comment) ? own(comment, "binauthz") : undefined;
  const dates = isRecord(ours) ? own(ours, "dryRunUntil") : undefined;
  const entries = Object.entries(isRecord(dates) ? dates : {});
  return new Map(entries.map(([rule, date]) => [rule, typeof date === "string" ? date : JSON.stringify(date)]));
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}
