import { type ASTNode, Environment } from "@marcbachmann/cel-js";

/** An expression of the Common Expression Language that can be evaluated. */
export interface Expression {
  /** The variables that it reads. */
  readonly variables: ReadonlySet<string>;
  /** Its value; throws where it has none: a key that is missing, values that do not go together. */
  readonly evaluate: (values: Readonly<Record<string, unknown>>) => unknown;
}

/** An expression, or why it is none: that it does not parse, or reads what is not there. */
export type ReadExpression = Expression | { readonly problem: string };

/**
 * Reads an expression over variables that are maps of JSON values, or text.
 *
 * Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md
 */
export function readExpression(text: string, variables: Readonly<Record<string, "map" | "string">>): ReadExpression {
  const environment = new Environment();
  for (const [name, type] of Object.entries(variables)) {
    environment.registerVariable(renamed(name), type);
  }
  try {
    const written = environment.parse(text);
    const names = identifiers(written.ast);
    const own = withoutPackage(text, names);
    const checked = environment.check(own);
    if (!checked.valid) {
      return { problem: checked.error?.message.split("\n")[0] ?? "it is not valid" };
    }
    return {
      variables: new Set(names.map(({ name }) => name)),
      evaluate: (values) =>
        environment.evaluate(
          own,
          Object.fromEntries(Object.entries(values).map(([name, value]) => [renamed(name), value])),
        ),
    };
  } catch (error) {
    return { problem: (error as Error).message.split("\n")[0] };
  }
}

/** `google` is a package of CEL's own types in the library, and cannot be a variable. */
const PACKAGE = "google";

function renamed(name: string): string {
  return name === PACKAGE ? `${PACKAGE}_` : name;
}

interface Identifier {
  readonly name: string;
  readonly end: number;
}

function identifiers(node: ASTNode): Identifier[] {
  if (node.op === "id") {
    return [{ name: node.args as string, end: node.range.end }];
  }
  return parts(node.args).flatMap(identifiers);
}

function parts(args: unknown): ASTNode[] {
  if (Array.isArray(args)) {
    return args.flatMap(parts);
  }
  return typeof args === "object" && args !== null && "op" in args ? [args as ASTNode] : [];
}

/** The text with the variable in place of the package, at the places that the parser found. */
function withoutPackage(text: string, names: readonly Identifier[]): string {
  const ends = names.filter(({ name }) => name === PACKAGE).map(({ end }) => end);
  return ends.sort((a, b) => b - a).reduce((all, end) => `${all.slice(0, end)}_${all.slice(end)}`, text);
}
