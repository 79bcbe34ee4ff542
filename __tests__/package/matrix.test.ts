import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/build";
import {
  compile,
  installAlone,
  installProject,
  kitTest,
  makeProject,
  makeTemporaryFolder,
  pack,
  readStacks,
  registryMissing,
  run,
  runJest,
  type TerraformJson,
} from "../support/package";
import { describeUnless } from "../support/terraform";

// The reference deployment is one program; whatever runs it, it must mean the same to Terraform.

const MINUTES = 60_000;
const folder = makeTemporaryFolder();
/** Other Node binaries to try, as on a PATH. */
const nodes = (process.env.BINAUTHZ_NODES ?? "").split(":").filter(Boolean);

let expected: Record<string, TerraformJson>;
beforeAll(() => {
  expected = synthesize(process.execPath);
}, 2 * MINUTES);

/** The stacks of main.ts, run from its source by the given Node. */
function synthesize(node: string): Record<string, TerraformJson> {
  const outdir = mkdtempSync(join(folder, "out-"));
  run(node, [join(root, "node_modules/tsx/dist/cli.mjs"), "main.ts"], root, { CDKTF_OUTDIR: outdir });
  return readStacks(outdir);
}

test("the reference deployment has a policy, so there is something to compare", () => {
  const types = Object.values(expected).flatMap((stack) => Object.keys(stack.resource ?? {}));
  expect(types).toContain("google_binary_authorization_policy");
});

test("the same program gives the same JSON twice", () => {
  expect(synthesize(process.execPath)).toEqual(expected);
}, 60_000);

describeUnless(nodes.length > 0 ? undefined : "no other Node in BINAUTHZ_NODES", "under other versions of Node", () => {
  test(
    "the reference deployment is the same",
    () => {
      const here = process.versions.node.split(".")[0];
      for (const node of nodes) {
        const version = run(node, ["--version"], folder).trim();
        expect(version).not.toMatch(`^v${here}\\.`);
        expect({ version, stacks: synthesize(node) }).toEqual({ version, stacks: expected });
      }
    },
    5 * MINUTES,
  );

  test(
    "the test kit gives the same answers, and the command runs",
    () => {
      const tarball = pack(folder);
      const project = makeProject(join(folder, "kit"), tarball);
      writeFileSync(join(project, "kit.test.ts"), kitTest.program);
      compile(project, ["kit.test.ts"], "node10", "compiled", ["node", "jest"]);
      const alone = installAlone(join(folder, "alone"), tarball);
      const command = join(alone, "node_modules/cdktf-binauthz/dist/cli/binauthz.js");
      for (const node of nodes) {
        expect(runJest(project, ["compiled/kit.test.js"], node).tests).toEqual(kitTest.results);
        expect(run(node, [command, "--version"], alone)).toMatch(/^\d+\.\d+\.\d+\n$/);
      }
    },
    5 * MINUTES,
  );
});

describeUnless(registryMissing, "under CDK Terrain", () => {
  test(
    "the reference deployment type-checks and is the same, with cdktf as an alias of cdktn",
    () => {
      const project = installProject(join(folder, "cdktn"), pack(folder), {
        dependencies: {
          "@cdktf/provider-google": "16.12.1",
          cdktf: "npm:cdktn@0.24.0",
          constructs: ">=10.6.0 <10.8.0",
        },
        // One physical copy: what asks for cdktf gets the alias too.
        overrides: { cdktf: "$cdktf" },
      });
      const main = readFileSync(join(root, "main.ts"), "utf8").replace(
        /(["'])\.\/lib(\/index)?\1/g,
        '"cdktf-binauthz"',
      );
      expect(main).toContain('"cdktf-binauthz"');
      expect(main).not.toMatch(/from ["']\./);
      writeFileSync(join(project, "main.ts"), main);
      const framework = JSON.parse(readFileSync(join(project, "node_modules/cdktf/package.json"), "utf8"));
      expect(framework.name).toBe("cdktn");
      compile(project, ["main.ts"], "node10", "compiled");
      run(process.execPath, ["compiled/main.js"], project, { CDKTF_OUTDIR: "out" });
      expect(readStacks(join(project, "out"))).toEqual(expected);
    },
    10 * MINUTES,
  );
});
