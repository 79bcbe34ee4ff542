import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
// Below node_modules: the programs find their packages there, and git and the linter look away.
const OUT = join(ROOT, "node_modules/.cache/cdktf-binauthz-bench");

const SOURCES = {
  ours: "main.ts",
  byHand: "bench/by-hand.ts",
  byIndex: "bench/by-hand.ts",
  clusters: "bench/clusters.ts",
  clustersByHand: "bench/clusters-by-hand.ts",
  require: "bench/require.ts",
  admission: "bench/admission.ts",
};

/** Compiles the measured programs to plain JavaScript against the built package; returns their paths by name. */
export async function compilePrograms() {
  if (!existsSync(join(ROOT, "dist/index.js"))) {
    throw new Error("the package is not built, dist/index.js is missing: run `npm run build` first");
  }
  mkdirSync(OUT, { recursive: true });
  const entries = Object.entries(SOURCES).map(async ([name, source]) => [name, await compile(name, source)]);
  return Object.fromEntries(await Promise.all(entries));
}

async function compile(name, source) {
  const outfile = join(OUT, `${name}.cjs`);
  const text = readFileSync(join(ROOT, source), "utf8");
  await build({
    stdin: {
      contents: name === "byIndex" ? importFromIndex(text) : text,
      loader: "ts",
      resolveDir: dirname(join(ROOT, source)),
    },
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    packages: "external",
    plugins: [{ name: "built-package", setup: useBuiltPackage }],
  });
  return outfile;
}

/** The library as its users get it: the built package, and not its sources. */
function useBuiltPackage(context) {
  context.onResolve({ filter: /^\.\.?\/lib(\/|$)/ }, ({ path }) => ({
    path: join(ROOT, "dist", path.replace(/^\.\.?\/lib\/?/, "") || "index.js"),
    external: true,
  }));
}

/** The same program, importing the provider in the way its documentation shows. */
function importFromIndex(text) {
  const rewritten = text.replace(
    /^import \{ (\w+) \} from "@cdktf\/provider-google\/lib\/([\w-]+)";$/gm,
    (_, name, file) => `const { ${name} } = google.${file.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())};`,
  );
  return `import * as google from "@cdktf/provider-google";\n${rewritten}`;
}
