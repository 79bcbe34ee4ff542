import { readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, posix } from "node:path";
import ts from "typescript";
import { root } from "../support/build";
import {
  attempt,
  checkTypes,
  compile,
  installAlone,
  installProject,
  kitTest,
  makeBareProject,
  makeProject,
  makeTemporaryFolder,
  pack,
  type Resolution,
  readStacks,
  registryMissing,
  run,
  runJest,
  type Tarball,
} from "../support/package";
import { describeUnless } from "../support/terraform";

const MINUTES = 60_000;
const folder = makeTemporaryFolder();
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const peers = Object.keys(manifest.peerDependencies);

/** The rooms that are published, and the one file that is a bundle of its own, without declarations. */
const ROOMS = ["admission", "constructs", "kubernetes", "review", "testing", "trust", "vocabulary", "workloads"];
const COMMAND = "dist/cli/binauthz.js";

let tarball: Tarball;
let project: string;
beforeAll(() => {
  tarball = pack(folder);
  project = makeProject(join(folder, "project"), tarball);
  // The first program of the README is what a user copies first.
  writeFileSync(join(project, "example.ts"), firstExample());
}, 3 * MINUTES);

function firstExample(): string {
  return firstProgram("README.md");
}

function firstProgram(page: string): string {
  const program = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(root, page), "utf8"))?.[1];
  if (!program) throw new Error(`${page} has no program in TypeScript`);
  return program;
}

/** A file of the packed package. */
function packed(file: string): string {
  return readFileSync(join(project, "node_modules/cdktf-binauthz", file), "utf8");
}

/** What a packed file imports, in code or in types. */
function importsOf(file: string): string[] {
  const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(packed(file), true, true);
  return [...importedFiles, ...typeReferenceDirectives].map(({ fileName }) => fileName);
}

/** Compiles and runs the example in a project, and returns the stacks it wrote. */
function runExample(where: string) {
  compile(where, ["example.ts"], "node10", "compiled");
  run(process.execPath, ["compiled/example.js"], where, { CDKTF_OUTDIR: "out" });
  return Object.values(readStacks(join(where, "out")));
}

describe("the tarball", () => {
  test("contains what a user needs and nothing else", () => {
    const schemas = readdirSync(join(root, "schemas")).map((name) => `schemas/${name}`);
    const starter = readdirSync(join(root, "starter"), { recursive: true, encoding: "utf8" })
      .filter((name) => statSync(join(root, "starter", name)).isFile())
      .map((name) => `starter/${name}`);
    const fixed = [
      ".jsii",
      "API.md",
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "SECURITY.md",
      "THIRD-PARTY-LICENSES.txt",
      "package.json",
      "kubernetes/package.json",
      "review/package.json",
      "testing/package.json",
      COMMAND,
      "dist/cli/reference-deployment.json",
      ...schemas,
      ...starter,
    ];
    const compiled = tarball.files.filter((file) => !fixed.includes(file));
    expect(tarball.files).toEqual(expect.arrayContaining(fixed));
    expect(schemas).toContain("schemas/trust-model.json");
    expect(starter).toEqual(expect.arrayContaining(["starter/main.ts", "starter/gitignore", "starter/.binauthz.yaml"]));
    expect(starter.some((file) => /node_modules|cdktf\.out|package-lock/.test(file))).toBe(false);
    for (const schema of schemas) expect(schema).toMatch(/^schemas\/[a-z-]+\.json$/);
    // Every file of JavaScript has its declarations, and neither stands alone.
    const sources = compiled.filter((file) => file.endsWith(".js")).map((file) => file.replace(/\.js$/, ""));
    expect(sources).toContain("dist/index");
    const rooms = new Set<string>();
    for (const source of sources.filter((name) => name !== "dist/index")) {
      expect(source).toMatch(/^dist\/[a-z]+\/[a-z0-9/-]+$/);
      rooms.add(source.split("/")[1]);
    }
    expect([...rooms].sort()).toEqual(ROOMS);
    expect(compiled).toEqual(sources.flatMap((source) => [`${source}.js`, `${source}.d.ts`]).sort());
  });

  test("has no file without a source", () => {
    const sources = readdirSync(join(root, "lib"), { recursive: true, encoding: "utf8" });
    for (const file of tarball.files.filter((name) => name.endsWith(".js"))) {
      expect(sources).toContain(file.replace(/^dist\//, "").replace(/\.js$/, ".ts"));
    }
  });

  test("has each file that an entry reaches, and of the rooms that jsii does not compile no other", () => {
    const reached = new Set<string>();
    const visit = (source: string) => {
      if (reached.has(source)) return;
      reached.add(source);
      for (const name of [`${source}.js`, `${source}.d.ts`].flatMap(importsOf).filter((text) => text.startsWith("."))) {
        const target = posix.join(posix.dirname(source), name);
        visit(tarball.files.includes(`${target}.js`) ? target : posix.join(target, "index"));
      }
    };
    const entries = Object.values<string | { default: string }>(manifest.exports).flatMap((target) =>
      typeof target === "string" ? [] : posix.normalize(target.default).replace(/\.js$/, ""),
    );
    expect(entries).toEqual(["dist/index", "dist/kubernetes/index", "dist/review/index", "dist/testing/index"]);
    entries.forEach(visit);
    const present = tarball.files.filter((file) => file.endsWith(".d.ts")).map((file) => file.replace(/\.d\.ts$/, ""));
    expect(present).toEqual(expect.arrayContaining([...reached]));
    expect(present.filter((file) => !/^dist\/(constructs|vocabulary)\//.test(file) && !reached.has(file))).toEqual([]);
  });

  test("declares no runtime dependency and no script that runs on install", () => {
    const { scripts, ...declared } = JSON.parse(packed("package.json"));
    expect(declared.dependencies ?? {}).toEqual({});
    expect(declared.optionalDependencies ?? {}).toEqual({});
    expect(declared.bundledDependencies ?? declared.bundleDependencies ?? []).toEqual([]);
    expect(Object.keys(scripts).filter((name) => /install|^prepare$/.test(name))).toEqual([]);
  });

  test("imports nothing but Node and, in the constructs alone, its peers", () => {
    const node = [...builtinModules, ...builtinModules.map((name) => `node:${name}`)];
    const isOneOf = (names: readonly string[], name: string) =>
      names.some((known) => name === known || name.startsWith(`${known}/`));
    const foreign = tarball.files
      .filter((file) => /\.(js|d\.ts)$/.test(file))
      .flatMap((file) => importsOf(file).map((name) => ({ file, name })))
      .filter(({ name }) => !name.startsWith(".") && !isOneOf(node, name))
      .filter(({ file, name }) => !(/^dist\/(constructs|kubernetes)\//.test(file) && isOneOf(peers, name)))
      // No peer: the one file that needs it is loaded when the guard is made as resources.
      .filter(({ file }) => file !== "dist/kubernetes/private/manifests.js");
    // What is added to the types of jest's package, where it is there; nothing is asked of it.
    expect(foreign).toEqual([{ file: "dist/testing/jest-types.d.ts", name: "expect" }]);
    expect(packed("dist/testing/jest-types.d.ts")).toContain('declare module "expect" {');
  });

  test("carries the configuration of the demonstration without a path or a backend of the computer that built it", () => {
    const text = packed("dist/cli/reference-deployment.json");
    expect(text).not.toContain(root);
    expect(JSON.parse(text)).toMatchObject({ terraform: { required_providers: { google: { version: "6.50.0" } } } });
    expect(JSON.parse(text).terraform).not.toHaveProperty("backend");
  });

  test("carries no source map", () => {
    for (const file of tarball.files.filter((name) => name.endsWith(".js"))) {
      expect(packed(file)).not.toContain("sourceMappingURL");
    }
  });

  test("names the licence of each package that is bundled", () => {
    // The bundler says before each module where it comes from.
    const bundled = [COMMAND, "dist/vocabulary/private/yaml.js"].flatMap((file) =>
      [...packed(file).matchAll(/^\s*\/\/ (?:.*\/)?node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm)].map(
        ([, name]) => name,
      ),
    );
    expect(bundled).toEqual(expect.arrayContaining(["commander", "yaml"]));
    expect(bundled.filter((name) => peers.includes(name))).toEqual([]);
    const licences = packed("THIRD-PARTY-LICENSES.txt").split(/^-{80}$/m);
    const named = licences.slice(1).map((text) => {
      const [, name, licence] = /^\n\n(\S+) \d+\.\d+\.\d+ \((.+)\)\n\n/.exec(text) ?? [];
      // Those that ask for no more than that their text is passed on.
      expect({ name, licence }).toEqual({
        name,
        licence: expect.stringMatching(/^(MIT|ISC|BSD-[23]-Clause|Apache-2\.0)$/),
      });
      expect(text).toMatch(/Permission (is hereby granted|to use, copy, modify)|Apache License|Redistribution and use/);
      return name;
    });
    expect([...new Set(named)].sort()).toEqual([...new Set(bundled)].sort());
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

describe("the test kit, as it is installed", () => {
  const USE = `
const prod = trustChainFrom("cdktf.out").cluster("us-central1.prod");
expect(prod).toDeny("nginx:latest", { reason: /digest/ });
expect(prod).not.toAdmit(["nginx:latest"], { overriddenBy: false });
expect(prod).toBeUndecided("nginx:latest");
expect(trustChainFrom("cdktf.out")).toGrantOnly("user:a@example.com", []);
// @ts-expect-error a reason is a text or a regular expression
expect(prod).toDeny("nginx:latest", { reason: 7 });
`;
  // npm puts `expect` beside them, which both depend on.
  const users = {
    "@types/jest": {
      links: ["@types/jest", "expect"],
      program: `import { trustChainFrom } from "cdktf-binauthz/testing";\n${USE}`,
    },
    "@jest/globals": {
      links: ["@jest/globals", "@types/node", "expect"],
      program: `import { expect } from "@jest/globals";\nimport { trustChainFrom } from "cdktf-binauthz/testing";\n${USE}`,
    },
    neither: {
      links: [],
      program: `import { matchers, type TrustMatchers, trustChainFrom } from "cdktf-binauthz/testing";
const prod = trustChainFrom("cdktf.out").cluster("us-central1.prod");
export const pass: boolean = matchers.toDeny.call({}, prod, "nginx:latest").pass;
export const deny = (own: TrustMatchers<void>): void => own.toDeny("nginx:latest", { reason: /digest/ });
// @ts-expect-error there is no such option
prod.decide("nginx:latest", { nonsense: 1 });
`,
    },
  };

  describe.each(Object.entries(users))("with %s, every declaration checked", (name, { links, program }) => {
    let user: string;
    beforeAll(() => {
      user = makeBareProject(join(folder, `types-${name.replace(/\W/g, "-")}`), tarball, links);
      writeFileSync(join(user, "use.ts"), program);
    });

    test.each<Resolution>(["node10", "node16", "bundler"])(
      "type-checks with resolution %s",
      (resolution) => {
        checkTypes(user, ["use.ts"], resolution);
      },
      120_000,
    );
  });

  test("runs the first test of its guide", () => {
    writeFileSync(join(project, "guide.test.ts"), firstProgram("docs/testing.md"));
    compile(project, ["guide.test.ts"], "node10", "compiled", ["node", "jest"]);
    const { tests, failures } = runJest(project, ["compiled/guide.test.js"]);
    expect(failures).toBe("");
    expect(Object.values(tests).length).toBeGreaterThanOrEqual(2);
    expect(new Set(Object.values(tests))).toEqual(new Set(["passed"]));
  }, 180_000);

  test("denies and admits in jest, and a failure says why", () => {
    writeFileSync(join(project, "kit.test.ts"), kitTest.program);
    compile(project, ["kit.test.ts"], "node10", "compiled", ["node", "jest"]);
    const { tests, failures } = runJest(project, ["compiled/kit.test.js"]);
    expect(tests).toEqual(kitTest.results);
    expect(failures).toContain(
      "Expected nginx:latest to be admitted on gke:my-secure-project/us-central1.prod, but it is denied.",
    );
    expect(failures).toContain("Expected digest with sha256 scheme, but got tag or malformed digest");
  }, 180_000);
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

describe("the command, installed alone", () => {
  let alone: string;
  let source: string;
  beforeAll(() => {
    alone = installAlone(join(folder, "alone"), tarball);
    runExample(project);
    source = join(project, "out");
  }, 180_000);

  const binauthz = (...args: string[]) => attempt(join(alone, "node_modules/.bin/binauthz"), args, alone);

  test("brings nothing along", () => {
    const installed = readdirSync(join(alone, "node_modules")).filter((name) => !name.startsWith("."));
    expect(installed).toEqual(["cdktf-binauthz"]);
  });

  test("says its version, through npx too", () => {
    expect(binauthz("--version")).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: "" });
    expect(run("npx", ["--offline", "--no", "--", "binauthz", "--version"], alone)).toBe(`${manifest.version}\n`);
  }, 60_000);

  test("says what it can do", () => {
    const { status, stdout, stderr } = binauthz("--help");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: binauthz /);
    expect(stdout).toMatch(/^ {2}admit /m);
  });

  test("denies with 2", () => {
    const { status, stdout, stderr } = binauthz("admit", "--from", source, "nginx:latest");
    expect({ status, stderr }).toEqual({ status: 2, stderr: "" });
    expect(stdout).toMatch(/\bdenied\b/);
    const json = binauthz("admit", "--from", source, "--format", "json", "nginx:latest");
    expect({ status: json.status, stderr: json.stderr }).toEqual({ status: 2, stderr: "" });
    const { result, decisions } = JSON.parse(json.stdout);
    expect(result).toBe("fail");
    expect(decisions).toEqual([expect.objectContaining({ image: "nginx:latest", verdict: "denied" })]);
  });

  test("ends with 1 and one sentence where a file cannot be read", () => {
    const { status, stdout, stderr } = binauthz("admit", "--from", "nowhere.json", "nginx:latest");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^[^\n]*nowhere\.json[^\n]*\n$/);
    expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
  });

  test.each([[["--version"]], [["--help"]], [["admit", "nginx:latest"]]])("loads one file for %j", (args) => {
    const preload = join(alone, "preload.cjs");
    const loaded = join(alone, "loaded.json");
    writeFileSync(
      preload,
      `process.on("exit", () => require("fs").writeFileSync(${JSON.stringify(loaded)}, JSON.stringify(Object.keys(require.cache))));`,
    );
    const command = join(alone, "node_modules/cdktf-binauthz", COMMAND);
    const given = args[0] === "admit" ? [...args, "--from", source] : args;
    const { status } = attempt(process.execPath, ["--require", preload, command, ...given], alone);
    expect(status).toBe(args[0] === "admit" ? 2 : 0);
    const files: string[] = JSON.parse(readFileSync(loaded, "utf8"));
    expect(files.filter((file) => file !== realpathSync(preload))).toEqual([realpathSync(command)]);
  });
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

  test("by a pipeline are not the scripts of forms that it does not have", () => {
    const files = ofPackage(loadedBy('require("cdktf-binauthz").SignerPipeline'));
    expect(files).toContain("cdktf-binauthz/dist/constructs/private/signer-scripts.js");
    expect(files.filter((file) => /\/(signing|platform|vetted)-scripts\.js$/.test(file))).toEqual([]);
  });

  test("by everything together is never the provider's index", () => {
    const files = loadedBy('Object.values(require("cdktf-binauthz"))');
    expect(ofProvider(files).length).toBeGreaterThan(0);
    expect(ofProvider(files).filter((file) => /\/lib\/(lazy-)?index\.js$/.test(file))).toEqual([]);
    // The YAML library comes with whoever reads or writes YAML, inside its one file.
    expect(files.filter((file) => file.startsWith("yaml/"))).toEqual([]);
  });

  test("by the guard as text is neither the index nor a provider of Kubernetes, which is not installed", () => {
    const files = loadedBy(
      'require("cdktf-binauthz/kubernetes").BreakGlassGuard.toYaml({ domain: "example.com", responderGroups: ["g@example.com"], namespaces: ["shop"] })',
    );
    expect(files).toContain("cdktf-binauthz/dist/kubernetes/index.js");
    expect(files).not.toContain("cdktf-binauthz/dist/index.js");
    expect(files.filter((file) => file.includes("provider-kubernetes"))).toEqual([]);
  });

  test("by the test kit is neither the framework nor a construct", () => {
    const files = loadedBy('require("cdktf-binauthz/testing")');
    expect(files).toContain("cdktf-binauthz/dist/testing/index.js");
    expect(files).toEqual(ofPackage(files));
    expect(files.filter((file) => /\/dist\/(index|constructs|cli)\b/.test(file))).toEqual([]);
  });
});
