import { constants } from "node:buffer";
import { existsSync, statSync } from "node:fs";
import { join as joinPath } from "node:path";
import { readCdktfOut } from "./cdktf-out";
import { readAttestorsExport, readPolicyExport } from "./gcloud-export";
import { join } from "./join";
import type { TrustModel } from "./model";
import { type Plan, readPlan } from "./plan";
import { concernsTrust } from "./private/assemble";
import { isRecord } from "./private/attribute";
import { TOP_LEVEL } from "./private/configuration";
import { isLargePlan, parseLargePlan } from "./private/lean-json";
import { decode, parseJson, parseYamlText, readBytes, readText, withoutMark } from "./private/text";
import { ReadError } from "./read-error";
import { readState } from "./state";
import { type ReadOptions, readTerraformJson } from "./terraform-json";

/** What a source turned out to be. */
export type SourceKind = "cdktf-out" | "terraform-json" | "plan" | "state" | "policy" | "attestors";

/** A source that was read. */
export interface Source {
  readonly kind: SourceKind;
  /** Of a plan, what will be once it is applied. */
  readonly model: TrustModel;
  /** The whole plan, where it is one. */
  readonly plan?: Plan;
}

/** Reads a source of any kind into a model; of a plan, what will be once it is applied. See {@link openSource}. */
export function readSource(path: string, options: ReadOptions = {}): TrustModel {
  return openSource(path, options).model;
}

/**
 * Reads a source of any kind, and says which it was: the folder that `cdktf synth` writes, one of its `cdk.tf.json`, a plan or a state as
 * `terraform show -json` prints it, a state file, and what `gcloud container binauthz` prints of a policy or of
 * attestors.
 */
export function openSource(path: string, options: ReadOptions = {}): Source {
  if (existsSync(path) && statSync(path).isDirectory()) {
    return readFolder(path, options);
  }
  return openSourceBytes(path, readBytes(path), options);
}

/**
 * Reads a source that is one file from its bytes, in UTF-8 or UTF-16.
 *
 * @param source how the user named it, for messages and origins
 */
export function openSourceBytes(source: string, input: Uint8Array, options: ReadOptions = {}): Source {
  const bytes = withoutMark(Buffer.from(input.buffer, input.byteOffset, input.byteLength));
  if (bytes.subarray(0, ZIP.length).equals(ZIP)) {
    throw new ReadError({
      source,
      problem: "is a plan in Terraform's own format",
      allowed: `terraform show -json ${source} > plan.json, and then plan.json`,
    });
  }
  return isLargePlan(bytes) && bytes.length <= constants.MAX_STRING_LENGTH
    ? openSourceValue(source, parseLargePlan(source, bytes, isLookedAt), options)
    : openSourceText(source, decode(source, bytes), options);
}

/** A plan file of Terraform is a ZIP archive. */
const ZIP = Buffer.from("PK\u0003\u0004");

/** Whether a plan is looked at for the values of a type, and not only for what happens to it. */
function isLookedAt(type: string): boolean {
  return concernsTrust(type) || type === "google_iam_policy";
}

/** Reads several sources into one model. */
export function readSources(paths: readonly string[], options: ReadOptions = {}): TrustModel {
  return join(paths.map((path) => readSource(path, options)));
}

function readFolder(folder: string, options: ReadOptions): Source {
  if (existsSync(joinPath(folder, "manifest.json"))) {
    return { kind: "cdktf-out", model: readCdktfOut(folder, options) };
  }
  const stack = joinPath(folder, "cdk.tf.json");
  if (existsSync(stack)) {
    return openSourceText(stack, readText(stack), options);
  }
  throw new ReadError({
    source: folder,
    problem: "is a folder without manifest.json",
    allowed: "the folder that cdktf synth writes, usually cdktf.out",
  });
}

/**
 * Reads the text of a source that is one file.
 *
 * @param source how the user named it, for messages and origins
 * @param text JSON or YAML
 */
export function openSourceText(source: string, text: string, options: ReadOptions = {}): Source {
  return openSourceValue(
    source,
    /^\s*[[{]/.test(text) ? parseJson(source, text) : parseYamlText(source, text),
    options,
  );
}

function openSourceValue(source: string, value: unknown, options: ReadOptions): Source {
  const has = (...names: string[]) => isRecord(value) && names.every((name) => Object.hasOwn(value, name));
  if (has("format_version") && (has("resource_changes") || has("planned_values"))) {
    const plan = readPlan(source, value, options);
    return { kind: "plan", model: plan.after, plan };
  }
  if (
    (has("format_version") && has("values")) ||
    (has("version", "terraform_version") && (has("resources") || has("modules")))
  ) {
    return { kind: "state", model: readState(source, value, options) };
  }
  if (has("defaultAdmissionRule")) {
    return { kind: "policy", model: readPolicyExport(source, value, options) };
  }
  const isAttestor = (entry: unknown) => isRecord(entry) && Object.hasOwn(entry, "userOwnedGrafeasNote");
  if (isAttestor(value) || (Array.isArray(value) && value.length > 0 && value.every(isAttestor))) {
    return { kind: "attestors", model: readAttestorsExport(source, value) };
  }
  if (isRecord(value) && Object.keys(value).some((name) => name !== "//" && TOP_LEVEL.has(name))) {
    return { kind: "terraform-json", model: readTerraformJson(source, value, options) };
  }
  throw new ReadError({
    source,
    ...(value === undefined || value === null
      ? { problem: "holds nothing" }
      : { problem: "is nothing that is understood", found: value }),
    allowed:
      "a cdktf.out folder, a cdk.tf.json, terraform show -json of a plan or a state, a state file of version 4, or a policy or attestors as gcloud container binauthz prints them",
  });
}
