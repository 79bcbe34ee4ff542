import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseAllDocuments } from "yaml";

const ROOT = resolve(__dirname, "../..");
const { version, scripts, publishConfig } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const text = readFileSync(join(ROOT, ".github/workflows/release.yml"), "utf8");
const workflow = parseAllDocuments(text)[0].toJS();

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

const steps = (job: string): Step[] => workflow.jobs[job].steps;

describe("the workflow that publishes", () => {
  test("starts with a tag of a version, and with nothing else", () => {
    expect(workflow.on).toEqual({ push: { tags: ["v*"] } });
  });

  test("publishes with provenance, and has no token of npm", () => {
    const runs = steps("publish").flatMap(({ run }) => run ?? []);
    expect(runs).toEqual([expect.stringMatching(/^npm publish --provenance --access public --ignore-scripts /)]);
    expect(workflow.jobs.publish.permissions).toEqual({ contents: "read", "id-token": "write" });
    expect(text).not.toMatch(/secrets\.|NODE_AUTH_TOKEN|NPM_TOKEN/);
    expect(publishConfig).toEqual({ access: "public", provenance: true });
  });

  test("builds and tests in a job that cannot publish; the one that can runs none of it", () => {
    expect(workflow.permissions).toEqual({});
    expect(workflow.jobs.check.permissions).toEqual({ contents: "read" });
    expect(workflow.jobs.publish.needs).toBe("check");
    const runs = steps("check").flatMap(({ run }) => run ?? []);
    expect(runs).toEqual(['node scripts/check-release.mjs "$TAG"', ".ci/run", "npm run diff:api", "npm pack"]);
    expect(scripts["diff:api"]).toContain("scripts/diff-api.mjs");
    expect(steps("publish").some(({ uses }) => uses?.startsWith("actions/checkout"))).toBe(false);
  });

  test("takes no value of others into the text of a script", () => {
    for (const { run } of [...steps("check"), ...steps("publish")]) {
      expect(run ?? "").not.toContain("${{");
    }
  });
});

describe("actions of GitHub, of the project and of what it gives to others", () => {
  const files = [".github/workflows", "docs/recipes", "starter/.github/workflows"].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => join(folder, name)),
  );
  const used = files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), "utf8").matchAll(/^\s*(?:- )?uses: (.+)$/gm)].map(([, action]) => ({
      file,
      action,
    })),
  );

  test("there are some in each folder", () => {
    const folders = new Set(used.map(({ file }) => file.slice(0, file.lastIndexOf("/"))));
    expect(folders.size).toBe(3);
  });

  test.each(used)("$file: $action is pinned to a commit, with its release", ({ action }) => {
    expect(action).toMatch(/^[\w-]+(\/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("one action is at one commit everywhere", () => {
    const [actions, pins] = [used.map(({ action }) => action.split("@")[0]), used.map(({ action }) => action)];
    expect(new Set(pins).size).toBe(new Set(actions).size);
  });
});

describe("the check of a tag", () => {
  const check = (...tag: string[]) =>
    spawnSync(process.execPath, [join(ROOT, "scripts/check-release.mjs"), ...tag], { encoding: "utf8" });

  test("passes the version that package.json and the changelog have", () => {
    expect(check(`v${version}`)).toMatchObject({ status: 0, stderr: "" });
  });

  test.each([[[]], [["v0.0.9"]], [[version]], [["v1.0.0; true"]]])("refuses %j in one sentence", (tag) => {
    const { status, stderr } = check(...tag);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: the tag is [^\n]+; allowed: v\d+\.\d+\.\d+\n$/);
  });
});
