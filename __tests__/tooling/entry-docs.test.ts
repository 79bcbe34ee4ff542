import { join } from "node:path";
import ts from "typescript";

// What scripts/lint-api.mjs holds of the entry that jsii compiles, held of the entries beside it.

const lib = join(__dirname, "../../lib");
const ENTRIES = ["kubernetes", "testing", "review"];
/** Interfaces that a caller fills in. */
const FILLED_IN = /(?:Props|Options|Input)$/;

const files = ENTRIES.map((entry) => join(lib, entry, "index.ts"));
const program = ts.createProgram(files, {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.CommonJS,
  moduleResolution: ts.ModuleResolutionKind.Node10,
  strict: true,
  skipLibCheck: true,
  types: [],
});
const checker = program.getTypeChecker();

interface Exported {
  readonly name: string;
  readonly symbol: ts.Symbol;
  readonly members: readonly ts.Symbol[];
}

function exportsOf(file: string): Exported[] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile) as ts.Symbol;
  return checker.getExportsOfModule(module).map((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const declarations = (symbol.declarations ?? []).filter(ts.isInterfaceDeclaration);
    const members = declarations.flatMap((declaration) =>
      declaration.members.flatMap((member) => (member.name ? (checker.getSymbolAtLocation(member.name) ?? []) : [])),
    );
    return { name: exported.name, symbol, members };
  });
}

const isDocumented = (symbol: ts.Symbol): boolean => symbol.getDocumentationComment(checker).length > 0;
const isOptional = (symbol: ts.Symbol): boolean => (symbol.flags & ts.SymbolFlags.Optional) !== 0;
const hasDefault = (symbol: ts.Symbol): boolean => symbol.getJsDocTags(checker).some(({ name }) => name === "default");

describe.each(ENTRIES.map((entry, index) => [entry, exportsOf(files[index])] as const))(
  "the entry %s",
  (_, exported) => {
    test("says of each export what it is", () => {
      expect(exported.length).toBeGreaterThan(3);
      expect(exported.filter(({ symbol }) => !isDocumented(symbol)).map(({ name }) => name)).toEqual([]);
    });

    test("says of each property that a caller fills in what it is, and what happens without it", () => {
      const members = exported
        .filter(({ name }) => FILLED_IN.test(name))
        .flatMap(({ name, members }) => members.map((member) => ({ name: `${name}.${member.name}`, member })));
      expect(members.length).toBeGreaterThan(0);
      expect(members.filter(({ member }) => !isDocumented(member)).map(({ name }) => name)).toEqual([]);
      const optional = members.filter(({ member }) => isOptional(member));
      expect(optional.filter(({ member }) => !hasDefault(member)).map(({ name }) => name)).toEqual([]);
    });
  },
);
