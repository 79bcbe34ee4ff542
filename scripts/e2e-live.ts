import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { App, TerraformStack } from "cdktf";
import { parse } from "yaml";
import {
  AdmissionPolicy,
  Attestor,
  EnforcedCluster,
  ExistingPolicy,
  KeyVersion,
  PipelineSource,
  SignerPipeline,
  SigningAlgorithm,
  TrustRoot,
} from "../lib";

// The chain on a real project: applied, its signer's grants taken away one by one, an unsigned image denied and a signed one
// admitted. It costs money and replaces the project's policy for that time: docs/live-test.md. Never run by CI.

/** What the test is told. */
export interface Settings {
  readonly project: string;
  readonly region: string;
  /** The image that is tried, with its digest. */
  readonly image: string;
}

const SETTINGS = [
  ["BINAUTHZ_LIVE_PROJECT", /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, "the id of a project that serves no purpose"],
  ["BINAUTHZ_LIVE_CONFIRM", /^.+$/, "the id of the same project once more"],
  ["BINAUTHZ_LIVE_REGION", /^[a-z]+-[a-z]+\d+$/, "a region, such as us-central1"],
  ["BINAUTHZ_LIVE_IMAGE", /^[^\s@]+@sha256:[0-9a-f]{64}$/, "an image that the cluster can pull, with its digest"],
] as const;

/** Reads the settings; a sentence where one is missing or wrong. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings | string {
  for (const [name, form, allowed] of SETTINGS) {
    const value = env[name] ?? "";
    if (!form.test(value)) {
      return `The live test changes a real project and costs money: ${name} is ${value === "" ? "not set" : JSON.stringify(value)}; allowed: ${allowed} (docs/live-test.md).`;
    }
  }
  if (env.BINAUTHZ_LIVE_CONFIRM !== env.BINAUTHZ_LIVE_PROJECT) {
    return `The live test changes a real project and costs money: BINAUTHZ_LIVE_CONFIRM is ${JSON.stringify(env.BINAUTHZ_LIVE_CONFIRM)} and BINAUTHZ_LIVE_PROJECT is ${JSON.stringify(env.BINAUTHZ_LIVE_PROJECT)}; allowed: the same project (docs/live-test.md).`;
  }
  return {
    project: env.BINAUTHZ_LIVE_PROJECT as string,
    region: env.BINAUTHZ_LIVE_REGION as string,
    image: env.BINAUTHZ_LIVE_IMAGE as string,
  };
}

/** The label without which a project is left alone. */
const LABEL = "binauthz-live-test";

/** Names of one run: key rings and keys can never be deleted, so that no run meets what another one left. */
interface Names {
  readonly key: string;
  readonly attestor: string;
  readonly cluster: string;
  readonly pipeline: string;
}

interface Chain {
  /** The folder of the stack. */
  readonly folder: string;
  readonly signer: string;
  readonly step: { readonly script: string; readonly env: string[] };
}

/** Writes the chain of a run as Terraform JSON; nothing in it is protected, so that the end of the run can remove it. */
export function synthesizeChain({ project, region }: Settings, names: Names, outdir: string): Chain {
  const app = new App({ outdir });
  const stack = new TerraformStack(app, "live");
  new GoogleProvider(stack, "Google", { project, region });
  const trustRoot = new TrustRoot(stack, "TrustRoot", {
    keyRingName: names.key,
    keyName: names.key,
    location: region,
    versions: [KeyVersion.signing("first", { number: 1, algorithm: SigningAlgorithm.EC_SIGN_P256_SHA256 })],
    deletionProtection: false,
  });
  const attestor = new Attestor(stack, "Attestor", {
    attestorName: names.attestor,
    keys: [trustRoot],
    deletionProtection: false,
  });
  const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT, deletionProtection: false });
  new EnforcedCluster(stack, "Cluster", {
    clusterName: names.cluster,
    location: region,
    policy,
    requiredAttestors: [attestor],
    // Nodes that can pull the image from anywhere.
    privateNodes: false,
    deletionProtection: false,
  });
  const pipeline = new SignerPipeline(stack, "Pipeline", {
    pipelineName: names.pipeline,
    attestors: [attestor],
    // Nothing is built: the sign step is run by itself, for the image that was asked for.
    image: `${region}-docker.pkg.dev/${project}/${names.pipeline}/app`,
    source: PipelineSource.ownTrigger(),
    deletionProtection: false,
  });
  const { steps } = parse(pipeline.renderCloudBuildConfig()) as { steps: (Chain["step"] & { id: string })[] };
  app.synth();
  const step = steps.filter(({ id }) => id.startsWith("sign-")).at(-1);
  if (step === undefined) {
    throw new Error("the pipeline has no step that signs");
  }
  return { folder: join(outdir, "stacks", "live"), signer: pipeline.serviceAccountEmail, step };
}

interface Result {
  readonly exitCode: number;
  readonly output: string;
  readonly stdout: string;
}

/** Runs a command and shows what it prints. */
function run(program: string, args: readonly string[], options: { cwd?: string; env?: object } = {}): Promise<Result> {
  process.stdout.write(`\n$ ${program} ${args.join(" ")}\n`);
  return new Promise((resolve, reject) => {
    const env = { ...process.env, CLOUDSDK_CORE_DISABLE_PROMPTS: "1", ...options.env };
    const child = spawn(program, args, { cwd: options.cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk;
      output += chunk;
      process.stdout.write(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      output += chunk;
      process.stderr.write(chunk);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ exitCode: code ?? 1, stdout, output }));
  });
}

async function must(program: string, args: readonly string[], options: { cwd?: string; env?: object } = {}) {
  const result = await run(program, args, options);
  if (result.exitCode !== 0) {
    throw new Error(`${program} ${args.slice(0, 4).join(" ")} … ended with ${result.exitCode}`);
  }
  return result;
}

/** IAM takes up to minutes to take effect, in both directions; attestations and policies too. */
async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10 * 60_000;
  while (Date.now() < end) {
    if (await check()) {
      process.stdout.write(`ok: ${what}\n`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 15_000));
  }
  throw new Error(`not within ten minutes: ${what}`);
}

/** What the sign step misses without each of the signer's roles, see docs/signer-pipeline.md. */
const MISSED: Readonly<Record<string, string>> = {
  "roles/cloudkms.signer": "cloudkms.cryptoKeyVersions.useToSign",
  "roles/cloudkms.publicKeyViewer": "cloudkms.cryptoKeyVersions.viewPublicKey",
  "roles/binaryauthorization.attestorsVerifier": "binaryauthorization.attestors.get",
  "roles/containeranalysis.notes.attacher": "containeranalysis.notes.attachOccurrence",
  "roles/containeranalysis.notes.occurrences.viewer": "containeranalysis.notes.listOccurrences",
  "roles/containeranalysis.occurrences.editor": "containeranalysis.occurrences.create",
};

/** A grant of the signer. */
interface Grant {
  /** In Terraform. */
  readonly address: string;
  readonly role: string;
}

/** The grants of a chain that its sign step needs. */
export function signingGrants({ folder, signer }: Chain): Grant[] {
  const { resource } = JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as {
    resource: Record<string, Record<string, { role?: string; member?: string }>>;
  };
  return Object.entries(resource).flatMap(([type, resources]) =>
    Object.entries(resources)
      .filter(([, { member }]) => member === `serviceAccount:${signer}`)
      .map(([name, { role = "" }]) => ({ address: `${type}.${name}`, role }))
      .filter(({ role }) => role in MISSED),
  );
}

/** A digest that nobody has signed yet: the step signs a digest once, and signing never reads the image. */
function unsignedDigest(): string {
  return `sha256:${randomBytes(32).toString("hex")}`;
}

class LiveTest {
  private readonly chain: Chain;
  private readonly env: object;

  constructor(
    private readonly settings: Settings,
    private readonly names: Names,
    private readonly folder: string,
  ) {
    this.chain = synthesizeChain(settings, names, join(folder, "cdktf.out"));
    this.env = { KUBECONFIG: join(folder, "kubeconfig") };
  }

  async run(): Promise<void> {
    await this.checkProject();
    const policy = join(this.folder, "policy-before.yaml");
    // Reading the policy needs the API, and so does the import of it.
    await must("gcloud", ["services", "enable", "binaryauthorization.googleapis.com", this.ofProject()]);
    const exported = await must("gcloud", ["container", "binauthz", "policy", "export", this.ofProject()]);
    // With its etag it could only be imported while nothing has changed.
    writeFileSync(policy, exported.stdout.replace(/^(etag|updateTime):.*\n/gm, ""));
    try {
      await this.apply();
      await this.verifyAdmission();
      await this.verifyGrants();
    } finally {
      await this.cleanUp(policy);
    }
  }

  private ofProject(): string {
    return `--project=${this.settings.project}`;
  }

  private async checkProject(): Promise<void> {
    const { project } = this.settings;
    const shown = await must("gcloud", ["projects", "describe", project, "--format=json"]);
    const { labels } = JSON.parse(shown.stdout) as { labels?: Record<string, string> };
    if (labels?.[LABEL] !== "allowed") {
      throw new Error(`the project ${project} does not carry the label ${LABEL}=allowed (docs/live-test.md)`);
    }
    for (const [program, ...args] of [
      ["terraform", "version"],
      ["kubectl", "version", "--client"],
      ["gke-gcloud-auth-plugin", "--version"],
      ["curl", "--version"],
    ]) {
      await must(program, args);
    }
  }

  /** Item 1: applied, and then nothing is left to do. */
  private async apply(): Promise<void> {
    const cwd = this.chain.folder;
    await must("terraform", ["init", "-input=false"], { cwd });
    await must("terraform", ["apply", "-input=false", "-auto-approve"], { cwd });
    await must("terraform", ["plan", "-input=false", "-detailed-exitcode"], { cwd });
    const account = (await must("gcloud", ["config", "get", "account"])).stdout.trim();
    const kind = account.endsWith(".gserviceaccount.com") ? "serviceAccount" : "user";
    const act = ["--role=roles/iam.serviceAccountTokenCreator", `--member=${kind}:${account}`, this.ofProject()];
    await must("gcloud", ["iam", "service-accounts", "add-iam-policy-binding", this.chain.signer, ...act]);
    const { cluster } = this.names;
    const where = [`--location=${this.settings.region}`, this.ofProject()];
    await must("gcloud", ["container", "clusters", "get-credentials", cluster, ...where], { env: this.env });
  }

  /** The final verification: unsigned denied, signed admitted. */
  private async verifyAdmission(): Promise<void> {
    await eventually("an unsigned image is denied", async () => {
      const { exitCode, output } = await this.startPod("unsigned");
      if (exitCode === 0) {
        await this.deletePod("unsigned");
      }
      return exitCode !== 0 && /denied by/i.test(output) && output.includes(this.names.attestor);
    });
    await eventually("the sign step signs as the signer", async () => (await this.sign()).exitCode === 0);
    await eventually("the signed image is admitted", async () => (await this.startPod("signed")).exitCode === 0);
    await this.deletePod("signed");
  }

  /** Item 3: without any one of its grants the sign step fails, for want of the permission that the grant carries. */
  private async verifyGrants(): Promise<void> {
    const cwd = this.chain.folder;
    for (const { address, role } of signingGrants(this.chain)) {
      await must("terraform", ["destroy", "-input=false", "-auto-approve", `-target=${address}`], { cwd });
      await eventually(`without ${role} the sign step fails for want of ${MISSED[role]}`, async () => {
        const { exitCode, output } = await this.sign(unsignedDigest());
        return exitCode !== 0 && output.includes(MISSED[role]);
      });
      await must("terraform", ["apply", "-input=false", "-auto-approve"], { cwd });
      await eventually(`with ${role} it signs again`, async () => (await this.sign(unsignedDigest())).exitCode === 0);
    }
  }

  private sign(digest = this.settings.image.split("@")[1]): Promise<Result> {
    const { script, env } = this.chain.step;
    const file = join(this.folder, "sign.sh");
    const digestFile = join(this.folder, "digest");
    writeFileSync(file, script, { mode: 0o755 });
    writeFileSync(digestFile, digest);
    const declared = Object.fromEntries(env.map((entry) => entry.split(/=(.*)/s).slice(0, 2)));
    return run(file, [], {
      cwd: this.folder,
      env: {
        ...declared,
        IMAGE: this.settings.image.split("@")[0],
        DIGEST_FILE: digestFile,
        CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT: this.chain.signer,
      },
    });
  }

  private startPod(name: string): Promise<Result> {
    return run("kubectl", ["run", name, `--image=${this.settings.image}`, "--restart=Never"], { env: this.env });
  }

  private async deletePod(name: string): Promise<void> {
    await must("kubectl", ["delete", "pod", name, "--wait=false"], { env: this.env });
  }

  /**
   * Every part is tried, whatever fails: what stays costs money. The policy comes first and is then forgotten by terraform,
   * which would set the project to admit everything.
   */
  private async cleanUp(policy: string): Promise<void> {
    const failed: string[] = [];
    const cwd = this.chain.folder;
    const attempt = async (what: string, program: string, args: readonly string[]): Promise<boolean> => {
      const done = (await run(program, args, { cwd })).exitCode === 0;
      failed.push(...(done ? [] : [what]));
      return done;
    };
    await attempt("the policy", "gcloud", ["container", "binauthz", "policy", "import", policy, this.ofProject()]);
    const { stdout } = await run("terraform", ["state", "list"], { cwd });
    const inState = stdout.split("\n").filter((address) => address.startsWith("google_binary_authorization_policy."));
    if (inState.length === 0 || (await attempt("the policy's state", "terraform", ["state", "rm", ...inState]))) {
      await attempt("the chain", "terraform", ["destroy", "-input=false", "-auto-approve"]);
    } else {
      failed.push("the chain");
    }
    process.stdout.write(
      `\nLeft behind, for Google deletes neither: the key ring and the key ${this.names.key}, whose version is scheduled for destruction. The policy from before is in ${policy}.\n`,
    );
    if (failed.length > 0) {
      throw new Error(
        `not cleaned up: ${failed.join(", ")}; the state of terraform is in ${cwd}, docs/live-test.md has the commands`,
      );
    }
  }
}

async function main(): Promise<number> {
  const settings = readSettings(process.env);
  if (typeof settings === "string") {
    process.stderr.write(`${settings}\n`);
    return 2;
  }
  const run = new Date().toISOString().replace(/\D/g, "").slice(2, 12);
  const name = `live-${run}`;
  const names: Names = { key: name, attestor: name, cluster: name, pipeline: name };
  const folder = mkdtempSync(join(tmpdir(), "binauthz-live-"));
  process.stdout.write(`Everything of this run is in ${folder}\n`);
  try {
    await new LiveTest(settings, names, folder).run();
    process.stdout.write("\nThe chain holds on the real project.\n");
    return 0;
  } catch (error) {
    process.stderr.write(`\nThe live test failed: ${(error as Error).message}\n`);
    return 1;
  }
}

if (require.main === module) {
  void main().then((code) => {
    process.exitCode = code;
  });
}
