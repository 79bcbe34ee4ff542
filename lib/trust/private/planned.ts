import { UNKNOWN } from "../model";
import { type Attribute, type AttributeMap, isRecord, NotKnown } from "./attribute";

const UNKNOWN_ATTRIBUTE = new NotKnown(UNKNOWN as NotKnown["value"]);

/**
 * `after` with `after_unknown` laid over it. Unknown is what is `true` there, or below a `true`; everything else in it
 * (`false`, empty lists and objects) says nothing.
 */
export function overlay(value: unknown, unknown: unknown): Attribute {
  if (unknown === true) {
    return UNKNOWN_ATTRIBUTE;
  }
  if (Array.isArray(unknown) && (Array.isArray(value) || (isNothing(value) && hasUnknown(unknown)))) {
    const entries: readonly unknown[] = Array.isArray(value) ? value : [];
    const length = Math.max(entries.length, hasUnknown(unknown) ? unknown.length : 0);
    return Array.from({ length }, (_, index) => overlay(entries[index], unknown[index]));
  }
  if (isRecord(unknown) && (isRecord(value) || (isNothing(value) && hasUnknown(unknown)))) {
    const fields = isRecord(value) ? value : {};
    const names = new Set([...Object.keys(fields), ...Object.keys(unknown)]);
    return Object.fromEntries(
      [...names].map((name) => [
        name,
        overlay(
          Object.hasOwn(fields, name) ? fields[name] : null,
          Object.hasOwn(unknown, name) ? unknown[name] : false,
        ),
      ]),
    ) as AttributeMap;
  }
  return (value ?? null) as Attribute;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

function hasUnknown(mask: unknown): boolean {
  return mask === true || (typeof mask === "object" && mask !== null && Object.values(mask).some(hasUnknown));
}
