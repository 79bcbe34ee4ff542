import { hidden } from "../model";
import { type Attribute, DEEPEST, isRecord, NotKnown, own } from "./attribute";

/** What a reference like `google_kms_key_ring.ring.id` leads to; undefined where nobody knows. */
export type Lookup = (path: readonly (string | number)[], depth: number) => Attribute | undefined;

/** A value of a configuration that cannot be resolved. */
export function unresolved(reference: string): NotKnown {
  return new NotKnown(hidden(reference) as NotKnown["value"]);
}

/** The value of a string of Terraform JSON: text, or one template with references. */
export function evaluateText(text: string, lookup: Lookup, depth: number): Attribute {
  if (!text.includes("${") && !text.includes("%{")) {
    return text;
  }
  const parts: Attribute[] = [];
  let literal = "";
  let index = 0;
  while (index < text.length) {
    const two = text.slice(index, index + 2);
    if ((two === "$$" || two === "%%") && text[index + 2] === "{") {
      literal += `${two[0]}{`;
      index += 3;
    } else if (two === "${") {
      const end = closing(text, index + 2);
      if (end === undefined) {
        return unresolved(text);
      }
      if (literal !== "") {
        parts.push(literal);
        literal = "";
      }
      parts.push(evaluateExpression(text.slice(index + 2, end), lookup, depth + 1));
      index = end + 1;
    } else if (two === "%{") {
      return unresolved(text);
    } else {
      literal += text[index];
      index += 1;
    }
  }
  if (literal !== "") {
    parts.push(literal);
  }
  if (parts.length === 1) {
    return parts[0];
  }
  const scalar = (part: Attribute) => ["string", "number", "boolean"].includes(typeof part);
  return parts.every(scalar) ? parts.join("") : unresolved(text);
}

/**
 * Shows every character outside of strings, with the number of brackets that are open before it, until the visitor stops
 * by returning false. Whether it came to the end: false also where a string never closes.
 */
function scan(
  text: string,
  start: number,
  visit: (character: string, index: number, depth: number) => boolean | undefined,
): boolean {
  let depth = 0;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') {
      const end = stringEnd(text, index);
      if (end === undefined) {
        return false;
      }
      index = end;
      continue;
    }
    if (visit(character, index, depth) === false) {
      return false;
    }
    if ("{[(".includes(character)) {
      depth += 1;
    } else if ("}])".includes(character)) {
      depth -= 1;
    }
  }
  return true;
}

/** Where the bracket that encloses a position closes; undefined where it never does. */
function closing(text: string, start: number): number | undefined {
  let found: number | undefined;
  scan(text, start, (character, index, depth) => {
    if (depth > 0 || !"}])".includes(character)) {
      return undefined;
    }
    found = index;
    return false;
  });
  return found;
}

/** Where the string that begins at a position ends, templates inside it included. */
function stringEnd(text: string, start: number): number | undefined {
  let templates = 0;
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === "\\") {
      index += 1;
    } else if (text.startsWith("${", index)) {
      templates += 1;
      index += 1;
    } else if (templates > 0 && text[index] === "}") {
      templates -= 1;
    } else if (templates === 0 && text[index] === '"') {
      return index;
    }
  }
  return undefined;
}

type TerraformFunction = (...values: Attribute[]) => Attribute | undefined;

const FUNCTIONS: ReadonlyMap<string, TerraformFunction> = new Map<string, TerraformFunction>([
  ["trimsuffix", (text, suffix) => (bothText(text, suffix) ? trimSuffix(String(text), String(suffix)) : undefined)],
  ["trimprefix", (text, prefix) => (bothText(text, prefix) ? trimPrefix(String(text), String(prefix)) : undefined)],
  ["tostring", (value) => (typeof value === "object" ? undefined : String(value))],
  ["tolist", (value) => value],
  ["toset", (value) => value],
]);

function bothText(first: Attribute, second: Attribute): boolean {
  return typeof first === "string" && typeof second === "string";
}

function trimSuffix(text: string, suffix: string): string {
  return suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}

function trimPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function evaluateExpression(text: string, lookup: Lookup, depth: number): Attribute {
  const expression = text.trim();
  const opaque = unresolved(`\${${expression}}`);
  if (depth > DEEPEST) {
    return opaque;
  }
  if (expression.startsWith('"') && stringEnd(expression, 0) === expression.length - 1) {
    const content = unquote(expression);
    return content === undefined ? opaque : evaluateText(content, lookup, depth + 1);
  }
  if (/^-?[0-9]+(?:\.[0-9]+)?$/.test(expression)) {
    return Number(expression);
  }
  if (expression === "true" || expression === "false") {
    return expression === "true";
  }
  if (expression === "null") {
    return null;
  }
  const call = /^([a-z_0-9]+)\(/.exec(expression);
  if (call && closing(expression, call[0].length) === expression.length - 1) {
    const known = FUNCTIONS.get(call[1]);
    const values = listed(expression.slice(call[0].length, -1))?.map((part) =>
      evaluateExpression(part, lookup, depth + 1),
    );
    if (!known || !values || values.some((value) => value instanceof NotKnown)) {
      return opaque;
    }
    return known(...values) ?? opaque;
  }
  if (expression.startsWith("[") && closing(expression, 1) === expression.length - 1) {
    return listed(expression.slice(1, -1))?.map((part) => evaluateExpression(part, lookup, depth + 1)) ?? opaque;
  }
  const path = traversal(expression);
  const found = path && lookup(path, depth + 1);
  return found === undefined || found instanceof NotKnown ? (found ?? opaque) : found;
}

/** The parts between commas that no bracket encloses. */
function listed(text: string): string[] | undefined {
  const parts: string[] = [];
  let start = 0;
  const whole = scan(text, 0, (character, index, depth) => {
    if (character === "," && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
    return undefined;
  });
  if (!whole) {
    return undefined;
  }
  const last = text.slice(start);
  return last.trim() === "" ? parts : [...parts, last];
}

function unquote(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}

/** `a.b[0].c` in steps; undefined for what is no plain reference. */
export function traversal(expression: string): (string | number)[] | undefined {
  const steps: (string | number)[] = [];
  const step = /\.?([A-Za-z_][A-Za-z0-9_-]*)|\[([0-9]+)\]|\["([^"\\$%]*)"\]|\.([0-9]+)/gy;
  while (step.lastIndex < expression.length) {
    const match = step.exec(expression);
    if (match === null || steps.length > 0 !== /^[.[]/.test(match[0])) {
      return undefined;
    }
    const [, name, index, key, legacyIndex] = match;
    steps.push(name ?? key ?? Number(index ?? legacyIndex));
  }
  return steps.length > 0 ? steps : undefined;
}

/** Follows the rest of a reference into a value. */
export function follow(value: Attribute, path: readonly (string | number)[]): Attribute | undefined {
  let current: Attribute | undefined = value;
  for (const step of path) {
    if (current === undefined || current === null || current instanceof NotKnown) {
      return current ?? undefined;
    }
    if (typeof step === "number") {
      // A block that stands alone is written without its list.
      current = Array.isArray(current) ? current[step] : step === 0 && isRecord(current) ? current : undefined;
    } else {
      current = isRecord(current) ? (own(current, step) as Attribute | undefined) : undefined;
    }
  }
  return current;
}
