import { readFileSync } from "node:fs";
import { join } from "node:path";
import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { App, TerraformStack } from "cdktf";
import {
  AdmissionPolicy,
  Attestor,
  EnforcedCluster,
  ExistingPolicy,
  KeyVersion,
  PipelineSource,
  SignerPipeline,
  TrustRoot,
} from "../../lib";
import { trustChainOf } from "../../lib/testing";
import { binauthz, scratch } from "../cli/support";
import { root } from "../support/build";
import { failureOf } from "../testing/support";

// The messages that guides show, against what the library says today.

const PROJECT = "my-secure-project";
const IMAGE = `us-central1-docker.pkg.dev/${PROJECT}/apps/web`;
const DIGEST = `sha256:${"1f".repeat(32)}`;

const page = (name: string) => readFileSync(join(root, "docs", name), "utf8");

/** The one block of text on a page that has this in it, its lines joined: pages break long ones. */
function shown(name: string, part: string): string {
  const blocks = [...page(name).matchAll(/^```(?:text|console)\n(.*?)^```$/gms)].map(([, content]) => content);
  const found = blocks.filter((content) => content.replace(/\s+/g, " ").includes(part));
  expect(found).toHaveLength(1);
  return found[0].replace(/\s+/g, " ").trim();
}

const joined = (text: string) => text.replace(/\s+/g, " ").trim();

function stackOf(name: string, project: string, app = new App()): TerraformStack {
  const stack = new TerraformStack(app, name);
  new GoogleProvider(stack, "Google", { project, region: "us-central1" });
  return stack;
}

function chainOf(stack: TerraformStack) {
  const trustRoot = new TrustRoot(stack, "TrustRoot", {
    keyRingName: "binauthz",
    keyName: "build-signer",
    location: "global",
  });
  const attestor = new Attestor(stack, "Attestor", { attestorName: "built-by-ci", keys: [trustRoot] });
  return { attestor, trustRoot };
}

function prod(): TerraformStack {
  const stack = stackOf("binauthz", PROJECT);
  const { attestor } = chainOf(stack);
  const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT });
  new EnforcedCluster(stack, "Prod", {
    clusterName: "prod",
    location: "us-central1",
    policy,
    requiredAttestors: [attestor],
  });
  return stack;
}

test("testing.md shows what a failed expectation says", () => {
  const chain = trustChainOf(prod());
  const attestations = [chain.testSigner("built-by-ci").attest(`${IMAGE}@${DIGEST}`)];
  const failure = failureOf(() => expect(chain.cluster("us-central1.prod")).toAdmit(`${IMAGE}:v1`, { attestations }));
  expect(shown("testing.md", "Taken for granted")).toBe(joined(failure.join("\n")));
});

test("getting-started.md shows the denial in Google's words", () => {
  const { message } = trustChainOf(prod()).cluster("us-central1.prod").decide("nginx:latest", { attestations: [] });
  expect(shown("getting-started.md", "kubectl run unsigned")).toBe(
    `$ kubectl run unsigned --image=nginx:latest Error from server (VIOLATES_POLICY): ${message}`,
  );
});

describe("rollout.md says what check makes of a dry run", () => {
  const { write } = scratch();
  const row = (name: string) => {
    const cells = page("rollout.md")
      .split("\n")
      .find((line) => line.startsWith(`| ${name} |`))
      ?.split("|");
    return [...(cells?.[2] ?? "").matchAll(/`([A-Z]\d{3})`(?:, \*(\w+)\*)?/g)].map(([, id, severity]) => ({
      id,
      severity: severity ?? "info",
    }));
  };

  test.each([
    ["until that day", { dryRunUntil: "2999-12-31" }, 0],
    ["from the day after", { dryRunUntil: "2001-01-01" }, 2],
    ["no day (`dryRun: true`)", { dryRun: true }, 2],
  ])("%s", async (name, rule, exitCode) => {
    const stack = stackOf("binauthz", PROJECT);
    const { attestor } = chainOf(stack);
    const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT });
    policy.addClusterRule({ clusterName: "prod", location: "us-central1", requiredAttestors: [attestor], ...rule });
    const file = write("cdk.tf.json", JSON.stringify(stack.toTerraform()));
    const { code, out } = await binauthz(["check", file, "--no-config", "--format", "json"]);
    expect(code).toBe(exitCode);
    const { findings } = JSON.parse(out) as { readonly findings: readonly { id: string; severity: string }[] };
    const said = findings.filter(({ id }) => /^(P009|D00\d)$/.test(id)).map(({ id, severity }) => ({ id, severity }));
    const inOrder = (list: readonly { id: string; severity: string }[]) =>
      [...list].sort((one, other) => one.id.localeCompare(other.id));
    expect(inOrder(said)).toEqual(inOrder(row(name)));
    expect(said.length).toBeGreaterThan(0);
  });
});

test("enforced-cluster.md shows the warning about a cluster that does not enforce", () => {
  const stack = stackOf("binauthz", PROJECT);
  const { attestor } = chainOf(stack);
  const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT });
  const [clusterName, location] = ["legacy", "europe-west1"];
  EnforcedCluster.fromClusterName(stack, "Legacy", { clusterName, location, policy, requiredAttestors: [attestor] });
  const said = JSON.stringify(stack.toTerraform()).replaceAll('\\"', '"');
  expect(said).toContain(shown("enforced-cluster.md", "does not enforce the admission policy"));
});

test("rotation.md shows the message about a number that Cloud KMS gave to another version", () => {
  const stack = stackOf("binauthz", PROJECT);
  new TrustRoot(stack, "TrustRoot", {
    keyRingName: "binauthz",
    keyName: "build-signer",
    location: "global",
    versions: [KeyVersion.signing("first", { number: 1 }), KeyVersion.trusted("second", { number: 2 })],
  });
  const said = JSON.stringify(stack.toTerraform()).replace(/\\+"/g, '"');
  expect(said).toContain(shown("rotation.md", "but Cloud KMS gave it another one"));
});

test("stacks.md shows the refusal of two stacks that would wait for each other", () => {
  const app = new App();
  const security = stackOf("security", "security-project", app);
  const { attestor } = chainOf(security);
  const stack = stackOf("prod", "prod-project", app);
  const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT });
  policy.addClusterRule({ clusterName: "prod", location: "us-central1", requiredAttestors: [attestor] });
  const pipeline = () =>
    new SignerPipeline(stack, "Pipeline", {
      attestors: [attestor],
      image: "us-central1-docker.pkg.dev/prod-project/apps/web",
      source: PipelineSource.push({
        repository: "projects/prod-project/locations/us-central1/connections/github/repositories/web",
      }),
    });
  expect(failureOf(pipeline).join("\n")).toContain(shown("stacks.md", "[STACK_CYCLE]"));
});

test("troubleshooting.md shows the postconditions as they are written", () => {
  const table = page("troubleshooting.md").split("## A postcondition failed")[1].split("\n## ")[0];
  const messages = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, message]) => message);
  expect(messages).toHaveLength(5);
  const sources = ["trust-root.ts", "admission-policy.ts", "private/public-key-data.ts", "private/existing-cluster.ts"]
    .map((name) => readFileSync(join(root, "lib/constructs", name), "utf8"))
    .join("\n");
  for (const message of messages) {
    const fragments = message.split("…").filter((part) => part.trim() !== "");
    for (const part of fragments) {
      // The first words of a version's message are put together elsewhere; its number stands for any.
      const text = part.replace(/^key version $/, "key version").replace("number 2", "number ");
      expect(sources.replace(/number \$\{[^}]+\}/g, "number ")).toContain(text);
    }
  }
});
