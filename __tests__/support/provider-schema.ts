import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import type { Json, JsonRecord } from "./template";

/** One argument of a resource or block, as the provider's bindings declare it. */
interface Argument {
  readonly required: boolean;
  /** The interface of a nested block; undefined for a value. */
  readonly block?: string;
}

type Block = ReadonlyMap<string, Argument>;

/** The blocks of one resource type, and the name of the outermost one. */
interface Schema {
  readonly root: string;
  readonly blocks: ReadonlyMap<string, Block>;
}

const BINDINGS = dirname(require.resolve("@cdktf/provider-google/package.json"));

// What Terraform itself understands in every resource and data source.
const META = new Set(["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"]);
const LIFECYCLE = new Set([
  "create_before_destroy",
  "ignore_changes",
  "postcondition",
  "precondition",
  "prevent_destroy",
  "replace_triggered_by",
]);
const CONDITION = ["condition", "error_message"];

// The argument's own name stands in the link to the registry: `…/docs/resources/cloudbuild_trigger#build`. The name of
// the property may differ from it, as in `buildAttribute`.
const REGISTRY_LINK = /registry\.terraform\.io\/providers\/\S+\/docs\/(?:resources|data-sources)\/\w+#(\w+) /;

const schemas = new Map<string, Schema>();

/** The schema of `google_x_y`, or `data.google_x_y`, from the declarations of the bindings; nothing of them is loaded. */
function schemaOf(address: string): Schema {
  const present = schemas.get(address);
  if (present) {
    return present;
  }
  const folder = join(
    BINDINGS,
    "lib",
    address
      .replace(/^data\.google_/, "data-google-")
      .replace(/^google_/, "")
      .replaceAll("_", "-"),
  );
  if (!existsSync(folder)) {
    throw new Error(`the provider has no ${address}`);
  }
  const blocks = new Map<string, Block>();
  let root: string | undefined;
  for (const file of declarationsIn(folder)) {
    const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022);
    for (const statement of source.statements) {
      if (ts.isInterfaceDeclaration(statement)) {
        blocks.set(statement.name.text, readBlock(statement, source.text));
        if (statement.heritageClauses !== undefined) {
          root = statement.name.text;
        }
      }
    }
  }
  if (root === undefined) {
    throw new Error(`the bindings of ${address} have no configuration`);
  }
  const schema = { root, blocks };
  schemas.set(address, schema);
  return schema;
}

function declarationsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? declarationsIn(path) : entry.name.endsWith(".d.ts") ? [path] : [];
  });
}

function readBlock(declaration: ts.InterfaceDeclaration, text: string): Block {
  return new Map(
    declaration.members.filter(ts.isPropertySignature).map((property): [string, Argument] => {
      const comment = text.slice(property.getFullStart(), property.getEnd());
      const name = REGISTRY_LINK.exec(comment)?.[1] ?? snakeCase((property.name as ts.Identifier).text);
      return [name, { required: property.questionToken === undefined, block: blockName(property.type) }];
    }),
  );
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `Step[] | IResolvable` and `Step` are blocks of Step; everything else is a value. */
function blockName(type: ts.TypeNode | undefined): string | undefined {
  if (type === undefined) {
    return undefined;
  }
  if (ts.isUnionTypeNode(type)) {
    return type.types.map(blockName).find((name) => name !== undefined);
  }
  if (ts.isArrayTypeNode(type)) {
    return blockName(type.elementType);
  }
  return ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName) ? type.typeName.text : undefined;
}

/** What is wrong with the Terraform JSON of a stack: unknown names and required ones that are missing. */
export function schemaErrors(json: JsonRecord): string[] {
  return [
    ...unknownKeys(
      json,
      ["check", "data", "import", "output", "provider", "removed", "resource", "terraform", "variable"],
      "stack",
    ),
    ...eachOf(json.resource, ""),
    ...eachOf(json.data, "data."),
    ...Object.entries<Json>(json.check ?? {}).flatMap(([id, check]) => [
      ...unknownKeys(check, ["assert", "data"], `check.${id}`),
      ...eachOf(check.data, "data."),
      ...conditions(check.assert, `check.${id}.assert`),
    ]),
    ...exactly(json.import, ["id", "to"], "import"),
    ...exactly(json.removed, ["from", "lifecycle"], "removed"),
  ];
}

function eachOf(types: JsonRecord | undefined, prefix: string): string[] {
  return Object.entries<JsonRecord>(types ?? {}).flatMap(([type, instances]) => {
    const schema = schemaOf(prefix + type);
    return Object.entries(instances).flatMap(([id, body]) => {
      const path = `${prefix}${type}.${id}`;
      const { lifecycle, ...rest } = body;
      const own = Object.fromEntries(Object.entries(rest).filter(([name]) => !META.has(name)));
      return [
        ...blockErrors(schema, schema.root, own, path),
        ...unknownKeys(lifecycle ?? {}, [...LIFECYCLE], `${path}.lifecycle`),
        ...conditions(lifecycle?.postcondition, `${path}.lifecycle.postcondition`),
        ...conditions(lifecycle?.precondition, `${path}.lifecycle.precondition`),
      ];
    });
  });
}

function blockErrors(schema: Schema, name: string, body: Json, path: string): string[] {
  const block = schema.blocks.get(name);
  if (block === undefined) {
    return [];
  }
  if (body === null || typeof body !== "object") {
    return [`${path}: a block is expected, got ${JSON.stringify(body)}`];
  }
  const missing = [...block]
    .filter(([argument, { required }]) => required && body[argument] === undefined)
    .map(([argument]) => `${path}.${argument}: required, but missing`);
  const nested = Object.entries<Json>(body).flatMap(([argument, value]) => {
    const inner = block.get(argument)?.block;
    if (inner === undefined) {
      return [];
    }
    const values = Array.isArray(value) ? value : [value];
    return values.flatMap((one, index) => blockErrors(schema, inner, one, `${path}.${argument}[${index}]`));
  });
  return [...unknownKeys(body, [...block.keys()], path), ...missing, ...nested];
}

function conditions(blocks: Json[] | undefined, path: string): string[] {
  return exactly(blocks, CONDITION, path);
}

function exactly(blocks: Json[] | undefined, names: readonly string[], path: string): string[] {
  return (blocks ?? []).flatMap((block, index) => [
    ...unknownKeys(block, names, `${path}[${index}]`),
    ...names
      .filter((name) => block[name] === undefined)
      .map((name) => `${path}[${index}].${name}: required, but missing`),
  ]);
}

function unknownKeys(body: JsonRecord, known: readonly string[], path: string): string[] {
  return Object.keys(body)
    .filter((name) => !known.includes(name))
    .map((name) => `${path}.${name}: unknown`);
}
