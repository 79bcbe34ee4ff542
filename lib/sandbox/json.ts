/** A JSON value; objects may carry `undefined` for "not there", which JSON.stringify leaves out. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json | undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as an object; anything else reads as an empty one. */
export function obj(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

/** The value as a list of objects; anything else reads as an empty one. */
export function list(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function strings(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((v): v is string => typeof v === "string") : [];
}

export function str(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Google writes 64-bit integers as strings, clients send either. */
export function num(value: Json | undefined): number {
  return typeof value === "number" || typeof value === "string" ? Number(value) : 0;
}

export function clone<T>(value: T): T {
  return structuredClone(value);
}

/** `over` on top of `base`: objects are merged, everything else (lists too) is replaced. */
export function merge(base: JsonObject, over: JsonObject): JsonObject {
  const merged: JsonObject = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined || value === null) {
      continue;
    }
    const before = merged[key];
    merged[key] = isObject(before) && isObject(value) ? merge(before, value) : value;
  }
  return merged;
}

/** `update_time` and `updateTime` are one field: clients write either into a mask. */
export function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Copies exactly the fields that an update mask names; one that the body lacks is cleared. */
export function applyMask(target: JsonObject, source: JsonObject, mask: string): void {
  for (const field of mask.split(",").filter((f) => f !== "")) {
    copyField(target, source, camel(field).split("."));
  }
}

function copyField(target: JsonObject, source: JsonObject, path: string[]): void {
  const [head = "", ...rest] = path;
  if (rest.length === 0) {
    target[head] = source[head];
    return;
  }
  const inner = { ...obj(target[head]) };
  copyField(inner, obj(source[head]), rest);
  target[head] = inner;
}

/** User data, where an empty string is a value and not a protobuf default. */
const USER_MAPS = new Set(["labels", "resourceLabels", "metadata", "substitutions"]);

/**
 * Leaves out what a protobuf message at its default leaves out of its JSON: `false`, `0`, `""` and empty
 * lists. Google's answers never hold them, and a client that needs them spelled out must be seen to fail.
 */
export function withoutDefaults(value: Json): Json {
  if (Array.isArray(value)) {
    return value.map(withoutDefaults);
  }
  if (!isObject(value)) {
    return value;
  }
  const kept: JsonObject = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner !== undefined && !isDefault(inner)) {
      kept[key] = USER_MAPS.has(key) ? inner : withoutDefaults(inner);
    }
  }
  return kept;
}

function isDefault(value: Json): boolean {
  return (
    value === null || value === false || value === 0 || value === "" || (Array.isArray(value) && value.length === 0)
  );
}

/** How deep a message may be nested, as in protobuf's own JSON reader; what is deeper was made to exhaust the stack. */
const DEEPEST = 100;

/** Whether a value is nested deeper than any message of Google's APIs. */
export function tooDeep(value: unknown, left = DEEPEST): boolean {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  return left === 0 || Object.values(value).some((inner) => tooDeep(inner, left - 1));
}
