import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { breakGlassOnPods, breakGlassOnWorkloads } from "../../lib/constructs/private/alert-filters";
import { binauthz, type Ran } from "../cli/support";
import { logMatches } from "../support/logging-query";
import { describeUnless, findProgram } from "../support/terraform";
import { type KubernetesObject, StandInCluster } from "./kubernetes";
import { digestOf, Incident, imageOf, Runbook } from "./runbook";
import { signingMissing } from "./signer";

const guide = Runbook.read("break-glass.md");
const PAGE = "1. The page";
const FIND = "3. Find what carries the label";
const MEND = "4. Sign, or roll back";

const LABEL = { "image-policy.k8s.io/break-glass": "true" };
const ANNOTATION = { "alpha.image-policy.k8s.io/break-glass": "true" };

/** The Deployment of the guide, with an image and with what its pods carry. */
function web(letter: string, labels: object = {}, annotations: object = {}): KubernetesObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "shop" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web", "pod-template-hash": "5d4b9c7f6", ...labels }, annotations },
        spec: { containers: [{ name: "web", image: imageOf(letter) }] },
      },
    },
  };
}

function missing(): string | undefined {
  const absent = ["kubectl", "jq"].find((name) => findProgram(name) === undefined);
  return signingMissing() ?? (absent === undefined ? undefined : `${absent} was not found`);
}

describeUnless(missing(), "the drill of docs/break-glass.md, step by step", () => {
  let chain: Incident;
  let cluster: StandInCluster;
  let since = "2020-01-01T00:00:00Z";

  // b: the image of before, which the pipeline signed. f: the fix, which nobody could sign tonight.
  beforeAll(async () => {
    chain = await Incident.begin();
    cluster = await StandInCluster.begin(chain.google);
    writeFileSync(join(chain.workplace.folder, "kubeconfig"), cluster.kubeconfig);
    await chain.step('const versions = [KeyVersion.signing("first", { number: 1 })];');
    expect(await chain.build("b")).toBe(0);
    expect(await cluster.deploy(web("b"), "alice@example.com")).toBeUndefined();
  }, 400_000);

  afterAll(async () => {
    await cluster?.end();
    await chain?.end();
  });

  afterEach(() => {
    expect(chain.google.unknownRoutes).toEqual([]);
  });

  const follow = (commands: string, env?: Record<string, string>): Promise<string> =>
    chain.must(commands, undefined, { KUBECONFIG: join(chain.workplace.folder, "kubeconfig"), ...env });
  /** Runs a command of the guide, which reads and writes where the others did. */
  const command = async (section: string, containing: string): Promise<Ran> => {
    const [program, ...argv] = guide.block(section, "sh", containing).trim().split(/\s+/);
    expect(program).toBe("binauthz");
    const here = process.cwd();
    process.chdir(chain.workplace.folder);
    try {
      return await binauthz(argv);
    } finally {
      process.chdir(here);
    }
  };
  const readTheNight = () => follow(guide.block(PAGE, "sh", "logging read").replace(/^SINCE=.*$/m, `SINCE=${since}`));
  const carriers = async () => (await follow(guide.block(FIND, "sh"))).trim().split("\n").filter(Boolean).sort();
  const wouldRun = async (letter: string): Promise<Ran> => {
    writeFileSync(join(chain.workplace.folder, "web.yaml"), JSON.stringify(web(letter)));
    await follow(guide.block(MEND, "sh", "policy export"));
    return command(MEND, "binauthz admit");
  };

  test("without the label the fix is refused, and with it it runs", async () => {
    expect(await cluster.deploy(web("f"), "alice@example.com")).toContain("denied by");
    expect(await cluster.deploy(web("f", LABEL), "alice@example.com")).toBeUndefined();
  }, 60_000);

  test("1: it pages twice, once with the person; audit shows both in one place", async () => {
    const fired = (filter: string) =>
      chain.google.state.logEntries.filter((entry) => logMatches(filter, entry, { textInNames: false }));
    expect(fired(breakGlassOnPods())).toHaveLength(1);
    const [workload, ...more] = fired(breakGlassOnWorkloads());
    expect(more).toEqual([]);
    expect(workload.protoPayload).toMatchObject({ authenticationInfo: { principalEmail: "alice@example.com" } });

    await readTheNight();
    const { code, out } = await command(PAGE, "binauthz audit");
    expect(code).toBe(2);
    const [section] = out.split("\n\n");
    expect(section).toContain("Break-glass used\n  shop  Deployment web  gke:my-secure-project/us-central1.prod");
    expect(section).toContain("by alice@example.com (1)");
    expect(section).toContain(imageOf("f"));
    expect(section).toContain("deployed with the break-glass label");
    expect(section).toMatch(/denied by attestor projects\/my-secure-project\/attestors\/built-by-ci/);
  }, 120_000);

  test("3: the pod and what makes new ones are found, with their image; so is the older annotation", async () => {
    expect(await carriers()).toEqual([
      `Deployment shop/web ${imageOf("f")}`,
      expect.stringMatching(new RegExp(`^Pod shop/web-[-\\w]+ ${imageOf("f")}$`)),
    ]);
    expect(await cluster.deploy(web("f", {}, ANNOTATION), "alice@example.com")).toBeUndefined();
    expect(await carriers()).toHaveLength(2);
  }, 120_000);

  test("a labelled template skips the check again whenever its pod is made anew", async () => {
    expect(await cluster.deploy(web("f", LABEL), "alice@example.com")).toBeUndefined();
    expect(await cluster.reschedule("shop", "web")).toBeUndefined();
    expect(chain.google.state.logEntries.at(-1)?.labels).toMatchObject({
      "imagepolicywebhook.image-policy.k8s.io/break-glass": "true",
    });
  }, 60_000);

  test("4: the fix would not run without the label until it is signed; the image of before would", async () => {
    expect((await wouldRun("b")).code).toBe(0);
    expect((await wouldRun("f")).code).toBe(2);
    await follow(guide.block(MEND, "bash", "sign-and-create"), { DIGEST: digestOf("f") });
    expect(chain.versionsOf("f")).toEqual([1]);
    expect((await wouldRun("f")).code).toBe(0);
  }, 200_000);

  test("5: without the label it runs on its signature", async () => {
    since = new Date().toISOString();
    expect(await cluster.deploy(web("f"), "alice@example.com")).toBeUndefined();
    expect(await cluster.reschedule("shop", "web")).toBeUndefined();
    expect(chain.google.state.logEntries.at(-1)?.labels).toEqual({});
  }, 60_000);

  test("5: the templates of before keep the label, until they are deleted", async () => {
    const template = web("f", LABEL).spec as Record<string, unknown>;
    const metadata = { name: "web-5d4b9c7f6", namespace: "shop" };
    const old: KubernetesObject[] = [
      { apiVersion: "apps/v1", kind: "ReplicaSet", metadata, spec: { ...template, replicas: 0 } },
      { apiVersion: "apps/v1", kind: "ControllerRevision", metadata, revision: 1, data: { spec: template } },
    ];
    for (const object of old) {
      cluster.objects.set(`${object.kind}/shop/web-5d4b9c7f6`, object);
    }
    expect(await carriers()).toEqual([
      `ControllerRevision shop/web-5d4b9c7f6 ${imageOf("f")}`,
      `ReplicaSet shop/web-5d4b9c7f6 ${imageOf("f")}`,
    ]);
    for (const object of old) {
      cluster.objects.delete(`${object.kind}/shop/web-5d4b9c7f6`);
    }
  }, 60_000);

  test("6: nothing is left, neither in the cluster nor in what was logged since", async () => {
    expect(await carriers()).toEqual([]);
    await readTheNight();
    const { code, out } = await command(PAGE, "binauthz audit");
    expect(out).not.toContain("Break-glass used");
    expect(code).toBe(0);
  }, 120_000);

  test("rolling back is the other way: the image of before runs without the label, an unsigned one does not", async () => {
    expect(await cluster.deploy(web("b"), "alice@example.com")).toBeUndefined();
    expect(await cluster.deploy(web("e"), "alice@example.com")).toContain("denied by");
    expect(await carriers()).toEqual([]);
  }, 60_000);
});
