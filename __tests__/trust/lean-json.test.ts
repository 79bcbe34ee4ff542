import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { openSource, ReadError, readPlan } from "../../lib/trust";
import { concernsTrust } from "../../lib/trust/private/assemble";
import { isLargePlan, parseLargePlan } from "../../lib/trust/private/lean-json";
import { decode } from "../../lib/trust/private/text";
import { check } from "../support/property";

const folder = join(__dirname, "../fixtures/plans");
const plans = readdirSync(folder)
  .filter((name) => name.endsWith(".plan.json"))
  .map((name) => [name, readFileSync(join(folder, name))] as const);
const root = mkdtempSync(join(tmpdir(), "binauthz-plans-"));
afterAll(() => rmSync(root, { recursive: true }));

const lean = (bytes: Buffer | string) =>
  parseLargePlan("plan.json", Buffer.from(bytes), (type) => concernsTrust(type) || type === "google_iam_policy");

/** Whether both readers take it, and for the same. */
function agree(text: string): void {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch {
    expect(() => lean(text)).toThrow(ReadError);
    return;
  }
  expect(readPlan("p", lean(text))).toEqual(readPlan("p", whole));
}

test.each(plans)("%s is the same plan, read in parts", (name, bytes) => {
  const parts = readPlan(name, lean(bytes));
  expect(parts).toEqual(readPlan(name, JSON.parse(bytes.toString())));
  expect(parts.changes.length + parts.before.policies.length).toBeGreaterThan(0);
});

test("of resources that are not looked at only what happens to them is kept, and nothing of what is planned", () => {
  const values = { a: "x".repeat(1000) };
  const other = { address: "x.y", mode: "managed", type: "x", name: "y" };
  const module = { resources: [{ ...other, values, sensitive_values: values }] };
  const change = { actions: ["update"], before: values, after: values, after_unknown: {}, replace_paths: [["a"]] };
  const json = {
    format_version: "1.2",
    planned_values: { root_module: module },
    resource_changes: [{ ...other, change }],
    prior_state: { values: { root_module: { ...module, child_modules: [{ address: "module.m", ...module }] } } },
    configuration: { root_module: { resources: [{ address: "x.y", expressions: {} }] } },
  };
  const kept = { resources: [{ ...other, values: {} }] };
  expect(lean(JSON.stringify(json, undefined, 2))).toEqual({
    ...json,
    planned_values: {},
    resource_changes: [{ ...other, change: { actions: ["update"], replace_paths: [["a"]] } }],
    prior_state: { values: { root_module: { ...kept, child_modules: [{ address: "module.m", ...kept }] } } },
  });
});

test("cut off anywhere it is no JSON", () => {
  const text = JSON.stringify(JSON.parse(plans[0][1].toString()));
  check(fc.integer({ min: 0, max: text.length - 1 }), (length) => {
    expect(() => lean(text.slice(0, length))).toThrow(/^plan\.json, line 1: is no JSON; allowed: one JSON document$/);
  });
});

test("with a character put in, taken out or exchanged, both readers agree", () => {
  const [, bytes] = plans.find(([name]) => name.startsWith("04")) as (typeof plans)[number];
  const text = bytes.toString();
  const character = fc.constantFrom(...'{}[],:"\\ \n\u00001tnx');
  check(fc.tuple(fc.nat({ max: text.length - 1 }), character, fc.constantFrom(0, 1)), ([at, put, taken]) => {
    const changed = text.slice(0, at) + put + text.slice(at + taken);
    try {
      JSON.parse(changed);
    } catch {
      expect(() => lean(changed)).toThrow(ReadError);
      return;
    }
    expect(() => lean(changed)).not.toThrow();
  });
});

test.each([
  '{"format_version":"1.2","resource_changes":[],}',
  '{"format_version":"1.2","resource_changes":[,]}',
  '{"format_version":"1.2" "resource_changes":[]}',
  '{"format_version":"1.2","resource_changes":[]} x',
  '{"format_version":"1.2","resource_changes":[]]',
  '{"format_version":"1.2","resource_changes":null}',
  '{"format_version":"1.2","resource_changes":{}}',
  '{"format_version":"1.2","resource_changes":[{"a":1}]]}',
  '{"format_version":,"resource_changes":[]}',
  "{1:2}",
  '{["a"]:1}',
  '{"a":{"b":"}"},"resource_changes":[]}',
  '{"a":"\\"","resource_changes":[]}',
  '{"__proto__":{"resource_changes":[]}}',
  '{"format_version":"1.2","format_version":"1.1","resource_changes":[]}',
])("%s is read, or refused, as JSON is", (text) => {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch {
    expect(() => lean(text)).toThrow(ReadError);
    return;
  }
  expect(lean(text)).toEqual(whole);
});

test("modules nested deeper than any stack are no crash", () => {
  const depth = 20_000;
  const text = `{"format_version":"1.2","prior_state":{"values":{"root_module":${'{"child_modules":['.repeat(depth)}${"]}".repeat(depth)}}}}`;
  expect(() => {
    try {
      lean(text);
    } catch (error) {
      if (!(error instanceof ReadError)) {
        throw error;
      }
    }
  }).not.toThrow();
});

test("a plan of 20 MB is read in parts, with the mark of UTF-8 before it too, and in UTF-16 as a whole", () => {
  const plan = JSON.parse(plans.find(([name]) => name.startsWith("02"))?.[1].toString() ?? "");
  const text = JSON.stringify({ ...plan, variables: { filler: { value: "x".repeat(20_000_000) } } });
  const small = readPlan("p", plan);
  for (const [name, bytes] of [
    ["utf8.json", Buffer.from(text)],
    ["bom.json", Buffer.from(`\ufeff${text}`)],
    ["utf16.json", Buffer.from(`\ufeff${text}`, "utf16le")],
    ["utf16be.json", Buffer.from(`\ufeff${text}`, "utf16le").swap16()],
  ] as const) {
    const file = join(root, name);
    writeFileSync(file, bytes);
    const { plan: read } = openSource(file);
    expect(read?.changes).toEqual(small.changes);
    expect(isLargePlan(bytes)).toBe(name === "utf8.json");
  }
});

test("more than a text can hold is one sentence", () => {
  const bytes = { length: 2 ** 30, 0: 0x7b } as unknown as Buffer;
  expect(() => decode("huge.json", bytes)).toThrow(
    /^huge\.json: is too large; allowed: at most \d+ MB in one file; several smaller ones are read as well$/,
  );
});

test("what is small, or begins otherwise, is read as a whole", () => {
  expect(isLargePlan(plans[0][1])).toBe(false);
  expect(isLargePlan(Buffer.alloc(20_000_000, 32))).toBe(false);
  agree(plans[0][1].toString());
});
