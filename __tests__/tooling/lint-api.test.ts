import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const script = resolve(__dirname, "../../scripts/lint-api.mjs");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lint-api-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Json = Record<string, unknown>;

/** Runs the linter over an assembly with the given types. */
function lint(types: Json[], exceptions: Json = {}): { readonly lines: string[]; readonly status: number | null } {
  const assembly = { name: "lib", types: Object.fromEntries(types.map((type) => [`lib.${type.name}`, type])) };
  const files = { ".jsii": assembly, "exceptions.json": exceptions };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(content));
  const args = [script, join(folder, ".jsii"), join(folder, "exceptions.json")];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(stderr).toBe("");
  return { lines: stdout.split("\n").filter(Boolean), status };
}

const docs = { summary: "What it is." };
const string = { primitive: "string" };
const construct = { fqn: "constructs.Construct" };
const scopeAndId = [
  { name: "scope", type: construct },
  { name: "id", type: string },
];
const at = (line: number) => ({ locationInModule: { filename: "lib/key.ts", line } });

const makeInterface = (extra: Json = {}): Json => ({
  ...at(1),
  kind: "interface",
  name: "IKey",
  fqn: "lib.IKey",
  docs,
  interfaces: ["constructs.IConstruct"],
  ...extra,
});
const makeClass = (extra: Json = {}): Json => ({
  ...at(10),
  kind: "class",
  name: "Key",
  fqn: "lib.Key",
  docs,
  base: "constructs.Construct",
  interfaces: ["lib.IKey"],
  initializer: { parameters: scopeAndId },
  methods: [makeFrom()],
  ...extra,
});
const makeFrom = (extra: Json = {}): Json => ({
  ...at(12),
  name: "fromKeyName",
  static: true,
  docs,
  parameters: scopeAndId,
  returns: { type: { fqn: "lib.IKey" } },
  ...extra,
});
const makeStruct = (member: Json, name = "KeyProps"): Json => ({
  ...at(20),
  kind: "interface",
  datatype: true,
  name,
  fqn: `lib.${name}`,
  docs,
  properties: [{ ...at(22), name: "size", docs, type: string, ...member }],
});
const makeEnum = (member: Json): Json => ({
  ...at(30),
  kind: "enum",
  name: "Size",
  fqn: "lib.Size",
  docs,
  members: [{ name: "BIG", docs, ...member }],
});
/** A class of values, which is no construct and has no scope. */
const makeValue = (extra: Json = {}): Json => ({
  ...at(40),
  kind: "class",
  name: "Pem",
  fqn: "lib.Pem",
  docs,
  ...extra,
});

test("a sound API gives no findings and exit code 0", () => {
  const types = [
    makeInterface(),
    makeClass(),
    makeStruct({ optional: true, docs: { ...docs, default: "- the size of the ring" } }),
    makeEnum({}),
    makeValue({ methods: [makeFrom({ name: "fromText", parameters: [], returns: { type: { fqn: "lib.Pem" } } })] }),
  ];
  expect(lint(types)).toEqual({ lines: [], status: 0 });
});

const undocumented = { docs: { stability: "experimental" } };
const withParameter = (parameter: Json) => [
  ...scopeAndId,
  { name: "props", optional: true, type: string, ...parameter },
];
const union = { union: { types: [string, { primitive: "number" }] } };
const l1 = { fqn: "@cdktf/provider-google.kmsKeyRing.KmsKeyRing" };

test.each<[rule: string, name: string, place: string, types: Json[]]>([
  ["doc-summary", "Key", "lib/key.ts:10", [makeInterface(), makeClass(undocumented)]],
  ["doc-summary", "IKey", "lib/key.ts:1", [makeInterface(undocumented)]],
  ["doc-summary", "Size", "lib/key.ts:30", [{ ...makeEnum({}), ...undocumented }]],
  ["doc-summary", "Size.BIG", "lib/key.ts:30", [makeEnum(undocumented)]],
  ["doc-summary", "KeyProps.size", "lib/key.ts:22", [makeStruct(undocumented)]],
  [
    "doc-summary",
    "Key.fromKeyName",
    "lib/key.ts:12",
    [makeInterface(), makeClass({ methods: [makeFrom(undocumented)] })],
  ],
  [
    "param-doc",
    "Key.constructor",
    "lib/key.ts:11",
    [makeInterface(), makeClass({ initializer: { ...at(11), parameters: withParameter({}) } })],
  ],
  [
    "param-doc",
    "Key.fromKeyName",
    "lib/key.ts:12",
    [makeInterface(), makeClass({ methods: [makeFrom({ parameters: withParameter({}) })] })],
  ],
  ["default-doc", "KeyProps.size", "lib/key.ts:22", [makeStruct({ optional: true })]],
  ["default-doc", "Facts.size", "lib/key.ts:22", [makeStruct({ optional: true }, "Facts")]],
  [
    "default-undefined",
    "KeyProps.size",
    "lib/key.ts:22",
    [makeStruct({ optional: true, docs: { ...docs, default: "undefined" } })],
  ],
  [
    "default-undefined",
    "KeyProps.size",
    "lib/key.ts:22",
    [makeStruct({ optional: true, docs: { ...docs, default: "- undefined, no size" } })],
  ],
  [
    "from-signature",
    "Key.fromKeyName",
    "lib/key.ts:12",
    [makeInterface(), makeClass({ methods: [makeFrom({ parameters: [] })] })],
  ],
  [
    "from-signature",
    "Key.fromKeyName",
    "lib/key.ts:12",
    [makeInterface(), makeClass({ methods: [makeFrom({ parameters: [...scopeAndId].reverse() })] })],
  ],
  // A factory of constructs elsewhere than on the construct.
  [
    "from-signature",
    "Pem.fromKeyName",
    "lib/key.ts:12",
    [makeInterface(), makeValue({ methods: [makeFrom({ parameters: [] })] })],
  ],
  [
    "from-return",
    "Key.fromKeyName",
    "lib/key.ts:12",
    [makeInterface(), makeClass({ methods: [makeFrom({ returns: { type: { fqn: "lib.Key" } } })] })],
  ],
  ["l1-in-props", "KeyProps.size", "lib/key.ts:22", [makeStruct({ type: l1 })]],
  [
    "l1-in-props",
    "KeyOptions.size",
    "lib/key.ts:22",
    [makeStruct({ type: { collection: { kind: "array", elementtype: l1 } } }, "KeyOptions")],
  ],
  ["construct-interface", "Key", "lib/key.ts:10", [makeInterface(), makeClass({ interfaces: [] })]],
  ["no-union", "KeyProps.size", "lib/key.ts:22", [makeStruct({ type: union })]],
  [
    "no-union",
    "Key.constructor",
    "lib/key.ts:11",
    [makeInterface(), makeClass({ initializer: { ...at(11), parameters: withParameter({ docs, type: union }) } })],
  ],
  [
    "no-union",
    "Pem.read",
    "lib/key.ts:41",
    [
      makeValue({
        methods: [{ ...at(41), name: "read", docs, returns: { type: { collection: { elementtype: union } } } }],
      }),
    ],
  ],
])("%s reports %s, on one line, and the exit code is 1", (rule, name, place, types) => {
  const { lines, status } = lint(types);
  expect(lines).toEqual([expect.stringMatching(`^${place}  ${rule}  ${name}: \\S`)]);
  expect(status).toBe(1);
});

test("protected members are not public", () => {
  const members = { properties: [{ name: "inner", protected: true, type: union }] };
  expect(lint([makeInterface(), makeClass(members)]).lines).toEqual([]);
});

test("a construct inherits the interface of its base", () => {
  const base = makeClass({
    name: "KeyBase",
    fqn: "lib.KeyBase",
    interfaces: ["lib.IKey", "lib.IKeyBase"],
    methods: [],
  });
  const key = makeClass({ base: "lib.KeyBase", interfaces: [] });
  expect(lint([makeInterface(), base, key]).lines).toEqual([]);
});

describe("exceptions", () => {
  const types = [makeStruct({ type: l1 })];

  test("silence one rule at one place", () => {
    expect(lint(types, { "l1-in-props": { "KeyProps.size": "It wraps one." } })).toEqual({ lines: [], status: 0 });
    expect(lint(types, { "no-union": { "KeyProps.size": "It wraps one." } }).status).toBe(1);
  });

  test("need a reason", () => {
    expect(lint(types, { "l1-in-props": { "KeyProps.size": " " } }).lines).toEqual([
      "exceptions  exception  KeyProps.size: l1-in-props gives no reason",
    ]);
  });

  test("that nothing needs are reported", () => {
    expect(lint([], { "l1-in-props": { "KeyProps.size": "It wraps one." } })).toEqual({
      lines: ["exceptions  exception  KeyProps.size: l1-in-props is not needed"],
      status: 1,
    });
  });
});
