import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020";
import schema from "../../schemas/map.json";
import { estate } from "../map/estate";
import { ATTESTORS, binauthz, POLICY, PROJECT, scratch } from "./support";

const { path: root, write } = scratch();
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);
const CONFIG = write("cdk.tf.json", estate(3));
const PLAN = join(__dirname, "../fixtures/plans/02-trust-chain-opened.plan.json");
const policy = write("policy.yaml", POLICY);
const attestors = write("attestors.json", ATTESTORS);

const map = (...argv: readonly string[]) => binauthz(["map", ...argv, "--no-config"]);

async function jsonOf(...argv: readonly string[]) {
  const { code, err, out } = await map(...argv, "--format", "json");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const json = JSON.parse(out);
  validate(json);
  expect(validate.errors).toBeNull();
  return json;
}
const titles = (json: { readonly nodes: readonly { readonly title: string }[] }) =>
  json.nodes.map(({ title }) => title);

describe("formats", () => {
  test("Mermaid is printed where nothing else is asked for", async () => {
    const { code, err, out } = await map(CONFIG);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^flowchart LR\n {2}subgraph Identities\n/);
  });

  test.each([
    ["map.html", /^<!doctype html>/],
    ["map.svg", /^<\?xml/],
    ["map.mmd", /^flowchart LR/],
    ["map.json", /^\{\n {2}"schemaVersion": 1/],
  ])("--out %s takes the format from the name", async (name, begin) => {
    const file = join(root, name);
    expect(await map(CONFIG, "--out", file)).toEqual({ code: 0, out: "", err: "" });
    expect(readFileSync(file, "utf8")).toMatch(begin);
  });

  test("a finding on the page names its place once, also where it is about a resource itself", async () => {
    const { out } = await map(CONFIG, "--format", "html");
    expect(out).toContain("No guard against deletion");
    expect(/<p class="place"><code>([^<]+)<\/code> <code>\1<\/code>/.exec(out)?.[0]).toBeUndefined();
  });

  test("--format counts before the name, and FORMAT=PATH writes several", async () => {
    const file = join(root, "picture.txt");
    expect(await map(CONFIG, "--format", "svg", "--out", file)).toEqual({ code: 0, out: "", err: "" });
    expect(readFileSync(file, "utf8")).toMatch(/^<\?xml/);
    const [one, other] = [join(root, "several.html"), join(root, "several.json")];
    expect(await map(CONFIG, "--format", `html=${one}`, "--format", `json=${other}`)).toEqual({
      code: 0,
      out: "",
      err: "",
    });
    expect([existsSync(one), existsSync(other)]).toEqual([true, true]);
  });
});

describe("sources", () => {
  test("of a plan, before and after, with what review and check find", async () => {
    const { compared, findings, nodes, targets } = await jsonOf(PLAN);
    expect(compared).toBe(true);
    expect(nodes).toContainEqual(expect.objectContaining({ title: "attacker", change: "added" }));
    expect(targets).toContainEqual(
      expect.objectContaining({
        target: "gke:sec-proj/us-central1.prod",
        before: expect.objectContaining({ rule: "attested by sec-proj/build" }),
        after: expect.objectContaining({ rule: "allow all" }),
      }),
    );
    const ids = findings.map(({ id }: { readonly id: string }) => id);
    expect(ids).toEqual(expect.arrayContaining(["P007", "P010", "P018", "I001"]));
    // What a change does is not told a second time as what is so.
    const about = findings.map(({ address, id, target }: Record<string, string>) => `${id} ${target ?? address}`);
    expect(about.filter((entry: string) => entry.startsWith("P007"))).toHaveLength(1);
    // The dry run of staging was there before, and is there still.
    expect(ids).toContain("P009");
  });

  test("of what gcloud exports", async () => {
    const json = await jsonOf(policy, "--attestors", attestors, "--project", PROJECT);
    expect(titles(json)).toEqual(expect.arrayContaining(["build", "prod", "staging", "Everything else"]));
    expect(json.sources).toEqual([policy, attestors]);
  });

  test("of several states and configurations, as one", async () => {
    const json = await jsonOf(CONFIG, policy, "--project", PROJECT);
    expect(titles(json)).toEqual(expect.arrayContaining([`Policy of ${PROJECT}`, "Policy of acme-prod"]));
  });

  test("is the cdktf.out that is here, unless something is named", async () => {
    const folder = join(root, "here");
    mkdirSync(join(folder, "cdktf.out"), { recursive: true });
    write("here/cdktf.out/cdk.tf.json", estate(1));
    const before = process.cwd();
    process.chdir(folder);
    try {
      expect(titles(await jsonOf())).toContain("prod-001");
    } finally {
      process.chdir(before);
    }
  });

  test("what is suppressed is not found", async () => {
    const found = (await jsonOf(CONFIG)).findings.find(({ id }: { readonly id: string }) => id === "A010");
    const config = write(
      ".binauthz.yaml",
      `suppress:\n  - id: ${found.id}\n    address: ${found.address}\n    reason: a trial\n    owner: platform@example.com\n    expires: 2999-01-01\n`,
    );
    const { code, err, out } = await binauthz(["map", CONFIG, "--config", config, "--format", "json"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const ids = JSON.parse(out).findings.map(({ id }: { readonly id: string }) => id);
    expect(ids).not.toContain(found.id);
    expect(ids.length).toBeGreaterThan(0);
  });

  test("a finding about a resource is on what the resource is, and not on all that is written in it", async () => {
    const { findings, nodes } = await jsonOf(CONFIG);
    const policyFinding = findings.findIndex(
      ({ id, target }: { readonly id: string; readonly target?: string }) =>
        id === "P023" && target === "google_binary_authorization_policy.policy",
    );
    expect(policyFinding).toBeGreaterThanOrEqual(0);
    const on = nodes.filter((node: { readonly findings: readonly number[] }) => node.findings.includes(policyFinding));
    expect(on.map(({ title }: { readonly title: string }) => title)).toEqual(["Policy of acme-prod"]);
  });

  test("with every grant, nobody may sign whom nothing lets sign", async () => {
    const iam = write("iam.json", []);
    const { allGrants, signers } = await jsonOf(PLAN, "--iam", iam);
    expect(allGrants).toBe(true);
    const powers = signers.map(({ after }: { readonly after: string }) => after);
    expect(powers).toContain("half");
    expect(powers).not.toContain("maybe");
    expect((await jsonOf(CONFIG, "--iam", iam)).allGrants).toBe(true);
  });

  test("construct paths come from the configuration that was planned", async () => {
    const synth = write("synth/cdk.tf.json", {
      resource: {
        google_container_cluster: {
          prod: { name: "prod", "//": { metadata: { path: "app/Prod/Cluster", uniqueId: "prod" } } },
        },
      },
    });
    const { nodes } = await jsonOf(PLAN, "--synth", synth);
    const prod = nodes.find(({ id }: { readonly id: string }) => id === "target gke:sec-proj/us-central1.prod");
    expect(prod.origins).toContainEqual(expect.objectContaining({ constructPath: "app/Prod/Cluster" }));
  });
});

describe("mistakes are one sentence", () => {
  const many = write(
    "many.json",
    (() => {
      const configuration = estate(40);
      const names = Array.from({ length: 40 }, (_, index) => `projects/acme-prod/attestors/a${index}`);
      const { google_binary_authorization_policy: policies } = configuration.resource as Record<
        string,
        Record<string, Record<string, unknown>>
      >;
      const rules = policies.policy.cluster_admission_rules as Record<string, unknown>[];
      policies.policy.cluster_admission_rules = rules.map((rule, index) => ({
        ...rule,
        require_attestations_by: names.slice(index),
      }));
      return configuration;
    })(),
  );

  test.each<[string, readonly string[], RegExp]>([
    ["a file that is not there", ["nowhere.json"], /^error: nowhere\.json/],
    [
      "a format that there is not",
      [CONFIG, "--format", "png"],
      /--format png is not understood; allowed: html, svg, mermaid, json/,
    ],
    [
      "a name that says no format",
      [CONFIG, "--out", "map.png"],
      /--out map\.png does not say which format .* allowed: a name that ends with \.html, /,
    ],
    [
      "--out for two formats",
      [CONFIG, "--format", "svg", "--format", "html=x.html", "--out", "y.svg"],
      /--out is for one format; allowed: --format FORMAT=PATH/,
    ],
    [
      "a name that says another format",
      [CONFIG, "--format", "svg", "--out", join(root, "other.html")],
      /--format svg and --out \S*other\.html contradict each other; allowed: a name that says svg/,
    ],
    ["a folder that is not there", [CONFIG, "--out", join(root, "none/map.html")], /cannot be written \(ENOENT\)/],
    [
      "nothing of the chain",
      [write("empty.json", { resource: { google_storage_bucket: { b: { name: "b" } } } })],
      /no key, attestor, policy or cluster is in .*empty\.json; allowed: /,
    ],
    ["what is no source", [write("text.yaml", "just: text\n")], /text\.yaml/],
    ["too much for Mermaid", [many], /connections, and Mermaid draws at most 500; allowed: --format html or svg$/],
  ])("%s", async (_, argv, message) => {
    const { code, err, out } = await map(...argv);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/^error: [^\n]*\n$/);
    expect(err.trim()).toMatch(message);
  });

  test("nothing to draw here", async () => {
    const before = process.cwd();
    process.chdir(root);
    try {
      const { code, err } = await map();
      expect(code).toBe(1);
      expect(err).toMatch(/^error: nothing to draw: there is no cdktf\.out here; allowed: [^\n]*\n$/);
    } finally {
      process.chdir(before);
    }
  });
});
