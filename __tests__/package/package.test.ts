import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import ts from "typescript";
import { root } from "../support/build";
import {
  compile,
  installProject,
  makeProject,
  makeTemporaryFolder,
  pack,
  type Resolution,
  readStacks,
  registryMissing,
  run,
  type Tarball,
} from "../support/package";
import { describeUnless } from "../support/terraform";

const MINUTES = 60_000;
const folder = makeTemporaryFolder();
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const peers = Object.keys(manifest.peerDependencies);

let tarball: Tarball;
let project: string;
beforeAll(() => {
  tarball = pack(folder);
  project = makeProject(join(folder, "project"), tarball);
  // The first program of the README is what a user copies first.
  writeFileSync(join(project, "example.ts"), firstExample());
}, 3 * MINUTES);

function firstExample(): string {
  const example = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1];
  if (!example) throw new Error("README.md has no example in TypeScript");
  return example;
}

/** Compiles and runs the example in a project, and returns the stacks it wrote. */
function runExample(where: string) {
  compile(where, ["example.ts"], "node10", "compiled");
  run(process.execPath, ["compiled/example.js"], where, { CDKTF_OUTDIR: "out" });
  return Object.values(readStacks(join(where, "out")));
}

describe("the tarball", () => {
  test("contains what a user needs and nothing else", () => {
    const fixed = [
      ".jsii",
      "API.md",
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "THIRD-PARTY-LICENSES.txt",
      "package.json",
    ];
    const compiled = tarball.files.filter((file) => !fixed.includes(file));
    expect(tarball.files).toEqual(expect.arrayContaining(fixed));
    // Every file of JavaScript has its declarations, and neither stands alone.
    const sources = compiled.filter((file) => file.endsWith(".js")).map((file) => file.replace(/\.js$/, ""));
    expect(sources).toContain("dist/index");
    for (const source of sources) expect(source).toMatch(/^dist\/(index|(constructs|vocabulary)\/[a-z0-9/-]+)$/);
    expect(compiled).toEqual(sources.flatMap((source) => [`${source}.js`, `${source}.d.ts`]).sort());
  });

  test("has no file without a source", () => {
    const sources = readdirSync(join(root, "lib"), { recursive: true, encoding: "utf8" });
    for (const file of tarball.files.filter((name) => name.endsWith(".js"))) {
      expect(sources).toContain(file.replace(/^dist\//, "").replace(/\.js$/, ".ts"));
    }
  });

  test("declares no runtime dependency", () => {
    const packed = JSON.parse(readFileSync(join(project, "node_modules/cdktf-binauthz/package.json"), "utf8"));
    expect(packed.dependencies ?? {}).toEqual({});
    expect(packed.optionalDependencies ?? {}).toEqual({});
    expect(packed.bundledDependencies ?? packed.bundleDependencies ?? []).toEqual([]);
  });

  test("imports nothing but its peers and Node, in code and in types", () => {
    const allowed = [...peers, ...builtinModules, ...builtinModules.map((name) => `node:${name}`)];
    const foreign = tarball.files
      .filter((file) => /\.(js|d\.ts)$/.test(file))
      .flatMap((file) => {
        const text = readFileSync(join(project, "node_modules/cdktf-binauthz", file), "utf8");
        const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(text, true, true);
        return [...importedFiles, ...typeReferenceDirectives].map(({ fileName }) => ({ file, name: fileName }));
      })
      .filter(({ name }) => !name.startsWith("."))
      .filter(({ name }) => !allowed.some((known) => name === known || name.startsWith(`${known}/`)));
    expect(foreign).toEqual([]);
  });

  test("carries no source map", () => {
    for (const file of tarball.files.filter((name) => name.endsWith(".js"))) {
      const text = readFileSync(join(project, "node_modules/cdktf-binauthz", file), "utf8");
      expect(text).not.toContain("sourceMappingURL");
    }
  });

  test("names the licence of what is bundled", () => {
    const licences = readFileSync(join(root, "THIRD-PARTY-LICENSES.txt"), "utf8");
    expect(licences).toMatch(/^yaml \d+\.\d+\.\d+ \(ISC\)$/m);
    expect(licences).toContain("Permission to use, copy, modify");
  });

  test("is approved by publint", () => {
    const publint = join(root, "node_modules/publint/src/cli.js");
    expect(run(process.execPath, [publint, "run", tarball.path, "--strict"], folder)).toContain("All good!");
  }, 60_000);

  test("resolves to its types in every mode, says attw", () => {
    const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
    // The assembly is data for jsii: no program imports it.
    run(process.execPath, [attw, tarball.path, "--exclude-entrypoints", "./.jsii"], folder);
  }, 60_000);
});

describe("a project that installs the package", () => {
  test.each<Resolution>(["node10", "node16", "bundler"])(
    "type-checks with resolution %s",
    (resolution) => {
      compile(project, ["example.ts"], resolution);
    },
    120_000,
  );

  test("type-checks and runs as an ES module", () => {
    const text =
      'import { AdmissionPolicy, TrustRoot } from "cdktf-binauthz";\nconsole.log(AdmissionPolicy.name, TrustRoot.name);\n';
    writeFileSync(join(project, "module.mts"), text);
    compile(project, ["module.mts"], "node16", "compiled");
    expect(run(process.execPath, ["compiled/module.mjs"], project)).toBe("AdmissionPolicy TrustRoot\n");
  }, 120_000);

  test("synthesizes the README's first example, without the Kubernetes provider", () => {
    expect(readdirSync(join(project, "node_modules/@cdktf"))).toEqual(["provider-google"]);
    const stacks = runExample(project);
    const policies = stacks.flatMap((stack) => Object.keys(stack.resource?.google_binary_authorization_policy ?? {}));
    expect(policies).toHaveLength(1);
  }, 120_000);
});

describeUnless(registryMissing, "a project for which npm installs everything", () => {
  test(
    "synthesizes the same",
    () => {
      const pinned = Object.fromEntries(peers.map((name) => [name, manifest.devDependencies[name]]));
      const installed = installProject(join(folder, "installed"), tarball, { dependencies: pinned });
      writeFileSync(join(installed, "example.ts"), firstExample());
      expect(runExample(installed)).toEqual(runExample(project));
    },
    10 * MINUTES,
  );
});

describe("what is loaded", () => {
  /** The files in the memory of a new process after it ran some code, as `package/path`. */
  function loadedBy(code: string): string[] {
    const print =
      'console.log(JSON.stringify(Object.keys(require.cache).map((file) => require("fs").realpathSync(file))))';
    const files: string[] = JSON.parse(run(process.execPath, ["-e", `${code};${print}`], project));
    return files.map((file) => file.replace(/^.*\/node_modules\//, ""));
  }
  const ofPackage = (files: string[]) => files.filter((file) => file.startsWith("cdktf-binauthz/"));
  const ofProvider = (files: string[]) => files.filter((file) => file.startsWith("@cdktf/provider-google/"));

  test("by requiring the package is its index", () => {
    const files = loadedBy('require("cdktf-binauthz")');
    expect(files).toEqual(["cdktf-binauthz/dist/index.js"]);
  });

  test("by one construct are that construct's resources", () => {
    const files = loadedBy('require("cdktf-binauthz").TrustRoot');
    expect(ofPackage(files)).toContain("cdktf-binauthz/dist/constructs/trust-root.js");
    expect(ofProvider(files).filter((file) => file.includes("/kms-"))).not.toEqual([]);
    expect(ofProvider(files).filter((file) => file.includes("/container-cluster/"))).toEqual([]);
  });

  test("by everything together is never the provider's index", () => {
    const files = loadedBy('Object.values(require("cdktf-binauthz"))');
    expect(ofProvider(files).length).toBeGreaterThan(0);
    expect(ofProvider(files).filter((file) => /\/lib\/(lazy-)?index\.js$/.test(file))).toEqual([]);
    // The YAML library comes with whoever reads or writes YAML, inside its one file.
    expect(files.filter((file) => file.startsWith("yaml/"))).toEqual([]);
  });
});
