import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TrustModel, Value } from "../../lib/trust/model";
import { ReadError } from "../../lib/trust/read-error";
import schema from "../../schemas/trust-model.json";

const PLANS = join(__dirname, "..", "fixtures", "plans");

export const PLAN_NAMES = readdirSync(PLANS)
  .filter((name) => name.endsWith(".plan.json"))
  .map((name) => name.replace(".plan.json", ""));

/** A plan of the real provider, by the beginning of its name. */
// biome-ignore lint/suspicious/noExplicitAny: tests change them at will
export function planJson(beginning: string): any {
  const name = PLAN_NAMES.find((entry) => entry.startsWith(beginning));
  return JSON.parse(readFileSync(join(PLANS, `${name}.plan.json`), "utf8"));
}

/** The value where it is known; `?` before the apply, the reference where it is hidden. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (typeof value === "object" && value !== null) {
    const state = (value as Value<unknown>).state;
    if (state === "known") {
      return plain((value as { value: unknown }).value);
    }
    if (state === "unknown") {
      return "?";
    }
    if (state === "hidden") {
      return (value as { reference: string }).reference;
    }
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
  }
  return value;
}

/** The message of the error that reading throws; fails where it throws none, or another kind. */
export function readError(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ReadError) {
      expect(error.message).not.toMatch(/\n/);
      return error.message;
    }
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Where a model breaks the published schema; empty where it keeps it. */
export function schemaViolations(model: TrustModel): string[] {
  return violations(schema as Schema, JSON.parse(JSON.stringify(model)), "model");
}

// biome-ignore lint/suspicious/noExplicitAny: JSON Schema is data
type Schema = Record<string, any>;

const CHECKED = new Set([
  ...["$schema", "$defs", "title", "description"],
  ...["$ref", "oneOf", "const", "enum", "type", "properties", "required", "additionalProperties", "items"],
  ...["minLength", "pattern"],
]);

/** Every keyword that the schema uses, and an error for one that it does not know. */
function violations(rule: Schema, value: unknown, at: string): string[] {
  const unknown = Object.keys(rule).filter((keyword) => !CHECKED.has(keyword));
  if (unknown.length > 0) {
    throw new Error(`the schema uses ${unknown.join(", ")}, which this checker does not know`);
  }
  if (rule.$ref) {
    return violations((schema as Schema).$defs[rule.$ref.replace("#/$defs/", "")], value, at);
  }
  if (rule.oneOf) {
    const fitting = rule.oneOf.filter((choice: Schema) => violations(choice, value, at).length === 0);
    return fitting.length === 1 ? [] : [`${at}: fits ${fitting.length} of ${rule.oneOf.length} forms`];
  }
  const found: string[] = [];
  const fail = (text: string) => found.push(`${at}: ${text}`);
  const type = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  if ("const" in rule && value !== rule.const) fail(`is not ${rule.const}`);
  if (rule.enum && !rule.enum.includes(value)) fail(`is not one of ${rule.enum}`);
  if (rule.type && type !== rule.type) return [`${at}: is ${type}, not ${rule.type}`];
  if (rule.minLength && String(value).length < rule.minLength) fail("is too short");
  if (rule.pattern && !new RegExp(rule.pattern).test(String(value))) fail(`does not match ${rule.pattern}`);
  if (rule.items) {
    (value as unknown[]).forEach((entry, index) => {
      found.push(...violations(rule.items, entry, `${at}[${index}]`));
    });
  }
  if (rule.properties) {
    const fields = value as Record<string, unknown>;
    for (const name of rule.required ?? []) {
      if (!Object.hasOwn(fields, name)) fail(`has no ${name}`);
    }
    for (const [name, field] of Object.entries(fields)) {
      if (Object.hasOwn(rule.properties, name))
        found.push(...violations(rule.properties[name], field, `${at}.${name}`));
      else if (rule.additionalProperties === false) fail(`has ${name} as well`);
    }
  }
  return found;
}
