import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { root } from "../support/build";
import {
  attempt,
  installAlone,
  makeBareProject,
  makeTemporaryFolder,
  pack,
  registryMissing,
  run,
  type Tarball,
} from "../support/package";
import { describeUnless } from "../support/terraform";

// From the packed package, in an empty folder, as somebody who has never seen the project.

const MINUTES = 60_000;
const folder = makeTemporaryFolder();
/** Other Node binaries to try, as on a PATH. */
const nodes = (process.env.BINAUTHZ_NODES ?? "").split(":").filter(Boolean);
const offline = { CHECKPOINT_DISABLE: "1", CI: "1" };

let tarball: Tarball;
let command: string;
beforeAll(() => {
  tarball = pack(folder);
  const alone = installAlone(join(folder, "alone"), tarball);
  command = join(alone, "node_modules/cdktf-binauthz/dist/cli/binauthz.js");
}, 5 * MINUTES);

describe("binauthz demo", () => {
  test.each([process.execPath, ...nodes])(
    "in an empty folder, with nothing but Node (%s): denies, admits, reviews",
    (node) => {
      const empty = join(folder, `empty-${readdirSync(folder).length}`);
      mkdirSync(empty);
      const { status, stdout, stderr } = attempt(node, [command, "demo"], empty, { PATH: "" });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      const text = stdout.replace(/\s+/g, " ");
      expect(text).toMatch(/from the reference deployment, synthesized when cdktf-binauthz \d+\.\d+\.\d+ was built\./);
      expect(text).toContain(
        "DENIED nginx:latest Image nginx:latest denied by Binary Authorization cluster admission rule",
      );
      expect(text).toContain("CRITICAL P009");
      expect(readdirSync(empty)).toEqual(["binauthz-map.html"]);
      expect(readFileSync(join(empty, "binauthz-map.html"), "utf8")).toContain(
        "<title>Chain of trust, before and after",
      );
    },
    MINUTES,
  );
});

/** A project as `binauthz init` writes it, with links to this repository's copies of what it asks npm for. */
function linkedProject(node: string): string {
  const project = join(folder, `linked-${readdirSync(folder).length}`);
  run(node, [command, "init", project, "--project", "shop-prod-1"], folder);
  const written = readFileSync(join(project, "package.json"), "utf8");
  const { dependencies, devDependencies } = JSON.parse(written);
  const names = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => name !== "cdktf-binauthz");
  const modules = makeBareProject(join(folder, `modules-${readdirSync(folder).length}`), tarball, names);
  cpSync(join(modules, "node_modules"), join(project, "node_modules"), { recursive: true, verbatimSymlinks: true });
  const bin = join(project, "node_modules/.bin");
  mkdirSync(bin, { recursive: true });
  for (const name of ["jest", "tsc", "tsx", "cdktf"]) {
    symlinkSync(join(root, "node_modules/.bin", name), join(bin, name));
  }
  symlinkSync("../cdktf-binauthz/dist/cli/binauthz.js", join(bin, "binauthz"));
  return project;
}

/** Runs the scripts of the project as its README says, with a given Node. */
function expectSound(project: string, node: string): void {
  const env = { ...offline, PATH: [dirname(node), process.env.PATH].join(delimiter) };
  const script = (name: string) => attempt("npm", ["run", "--silent", name], project, env);
  const tested = script("test");
  expect({ status: tested.status, stderr: tested.stderr }).toEqual({
    status: 0,
    stderr: expect.stringMatching(/Tests: +6 passed, 6 total/),
  });
  expect(script("types")).toMatchObject({ status: 0 });
  const checked = script("check");
  expect({ status: checked.status, output: checked.stdout + checked.stderr }).toEqual({
    status: 0,
    output: expect.stringMatching(/^PASS/m),
  });
  expect(existsSync(join(project, "cdktf.out/stacks/binauthz/cdk.tf.json"))).toBe(true);
}

/** A project as `binauthz init` writes it, with what npm installs for it. */
function installedProject(node: string): string {
  const project = join(folder, `installed-${readdirSync(folder).length}`);
  run(node, [command, "init", project], folder);
  const env = { PATH: [dirname(node), process.env.PATH].join(delimiter) };
  run("npm", ["install", "--no-audit", "--no-fund", tarball.path], project, env);
  return project;
}

const sound = (makeProject: (node: string) => string) => () =>
  test.each([process.execPath, ...nodes])(
    "what it writes passes its tests, its types and its check (%s)",
    (node) => {
      expectSound(makeProject(node), node);
    },
    15 * MINUTES,
  );

describeUnless(registryMissing, "binauthz init, with npm install", sound(installedProject));
if (registryMissing !== undefined) {
  describe("binauthz init, with links to the modules of this repository", sound(linkedProject));
}
