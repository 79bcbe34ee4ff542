import { known, type Value } from "../model";
import { isRecord, NotKnown } from "./attribute";

/** Attributes as text in one way only, without what says nothing and the fields that are left out. */
export function canonicalJson(value: unknown, ...without: string[]): Value<string> {
  const content = meaning(value, without);
  const open = notKnownIn(content);
  return open === undefined ? known(JSON.stringify(content ?? {})) : open.value;
}

/** Fields in order, texts of a list in order. */
function meaning(value: unknown, without: readonly string[]): unknown {
  if (Array.isArray(value)) {
    const entries = value.map((entry) => meaning(entry, without)).filter((entry) => entry !== undefined);
    return entries.length === 0 ? undefined : entries.every(isText) ? [...entries].sort() : entries;
  }
  if (isRecord(value)) {
    const fields = Object.entries(value)
      .filter(([name]) => !without.includes(name))
      .map(([name, field]): [string, unknown] => [name, meaning(field, without)])
      .filter(([, field]) => field !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1));
    return fields.length === 0 ? undefined : Object.fromEntries(fields);
  }
  return value === null || value === "" || value === false ? undefined : value;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function notKnownIn(value: unknown): NotKnown | undefined {
  if (value instanceof NotKnown) {
    return value;
  }
  const inner = typeof value === "object" && value !== null ? Object.values(value) : [];
  for (const entry of inner) {
    const found = notKnownIn(entry);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}
