import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TerraformStack } from "cdktf";
import { AdmissionPolicy, type Attestor, ExistingPolicy, PipelineSource, SignerPipeline } from "../../lib";
import { type JsonObject, type Sandbox, startSandbox } from "../../lib/sandbox";
import { review } from "../../lib/sandbox/admission";
import { root } from "../support/build";
import { type CommandResult, run } from "../support/terraform";
import { admitted, IMAGE, type SignOptions, sign, signStep, verifiedBy } from "./signer";
import { Deployment, PROJECT, readStacks, type StackJson } from "./support";

/** A fenced block of a guide. */
interface Block {
  readonly language: string;
  readonly text: string;
}

/** A page of docs/ whose own blocks are run: what is tested is what people read. */
export class Runbook {
  private constructor(
    private readonly page: string,
    private readonly sections: ReadonlyMap<string, readonly Block[]>,
  ) {}

  static read(page: string): Runbook {
    const sections = new Map<string, Block[]>();
    let blocks: Block[] = [];
    let open: { language: string; lines: string[] } | undefined;
    for (const line of readFileSync(join(root, "docs", page), "utf8").split("\n")) {
      if (open !== undefined && line === "```") {
        blocks.push({ language: open.language, text: open.lines.join("\n") });
        open = undefined;
      } else if (open !== undefined) {
        open.lines.push(line);
      } else if (line.startsWith("```")) {
        open = { language: line.slice(3).split(" ")[0], lines: [] };
      } else if (/^#+ /.test(line)) {
        blocks = [];
        sections.set(line.replace(/^#+ /, ""), blocks);
      }
    }
    return new Runbook(page, sections);
  }

  /** The block of a section that is written in a language and contains a text; fails unless it is exactly one. */
  block(section: string, language: string, containing = ""): string {
    const found = (this.sections.get(section) ?? []).filter(
      (block) => block.language === language && block.text.includes(containing),
    );
    if (found.length !== 1) {
      throw new Error(`docs/${this.page}, "${section}": ${found.length} blocks in ${language} with "${containing}"`);
    }
    return found[0].text;
  }
}

/** What follows the attestor of the runbooks: a policy that requires it, and a pipeline that signs for it. */
export function completeChain(stack: TerraformStack, pipelineName: string): void {
  const attestor = stack.node.findChild("Attestor") as Attestor;
  const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT, enableApis: false });
  policy.addClusterRule({ location: "us-central1", clusterName: "prod", requiredAttestors: [attestor] });
  new SignerPipeline(stack, "Pipeline", {
    pipelineName,
    attestors: [attestor],
    image: IMAGE,
    source: PipelineSource.manual({
      repository: `projects/${PROJECT}/locations/us-central1/connections/github/repositories/web`,
      ref: "refs/heads/main",
    }),
    enableApis: false,
  });
}

/** A folder in which a runbook is followed: what its commands write, its programs read. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), "runbook-"));
  private programs = 0;

  constructor(private readonly google: Sandbox) {}

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * Runs commands of a runbook with bash. What they call by Google's own addresses is sent to the sandbox.
   * @param principal in IAM's form; left out, the owner
   */
  bash(commands: string, principal?: string, env: Record<string, string> = {}): Promise<CommandResult> {
    const script = commands.replace(/https:\/\/(\w+)\.googleapis\.com/g, `${this.google.url}/$1`);
    const file = join(this.folder, "commands.sh");
    writeFileSync(file, script);
    return run("bash", [file], { cwd: this.folder, env: { ...this.google.environment(principal), ...env } });
  }

  /**
   * Synthesizes `const versions = …` of a runbook with the program that its fixture completes it to, and
   * {@link completeChain}.
   */
  synthesize(versions: string, pipelineName = "web-signed"): StackJson {
    const fixture = readFileSync(join(root, "docs", "fixtures", "versions.ts-fixture"), "utf8");
    // The provider collects enabled APIs for nine seconds; the reference deployment has them.
    const chain = fixture
      .replace(/^( {2}versions),$/m, "$1, enableApis: false,")
      .replace(/(keys: \[\w+\]) /, "$1, enableApis: false ");
    const program = [
      chain.replace("/// here", versions),
      `import { completeChain } from ${JSON.stringify(__filename)};`,
      `completeChain(stack, ${JSON.stringify(pipelineName)});`,
      "app.synth();",
    ].join("\n");
    const modules: [name: string, path: string][] = [
      ["cdktf-binauthz", join(root, "lib")],
      ["cdktf", require.resolve("cdktf")],
      ["@cdktf/provider-google/lib/provider", require.resolve("@cdktf/provider-google/lib/provider")],
    ];
    const located = modules.reduce(
      (text, [name, path]) => text.replaceAll(`from "${name}"`, `from ${JSON.stringify(path)}`),
      program.replaceAll('readFileSync("', `readFileSync("${this.folder}/`),
    );
    this.programs += 1;
    const file = join(this.folder, `program-${this.programs}.ts`);
    const outdir = join(this.folder, `cdktf.out-${this.programs}`);
    mkdirSync(outdir);
    writeFileSync(file, located);
    const before = process.env.CDKTF_OUTDIR;
    process.env.CDKTF_OUTDIR = outdir;
    try {
      require(file);
      return readStacks(outdir).binauthz;
    } finally {
      if (before === undefined) {
        delete process.env.CDKTF_OUTDIR;
      } else {
        process.env.CDKTF_OUTDIR = before;
      }
    }
  }
}

const KEY = `projects/${PROJECT}/locations/global/keyRings/binauthz/cryptoKeys/build-signer`;
const ATTESTOR = `projects/${PROJECT}/attestors/built-by-ci`;
const CLUSTER = `projects/${PROJECT}/locations/us-central1/clusters/prod`;

export const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
export const imageOf = (letter: string): string => `${IMAGE}@${digestOf(letter)}`;
export const versionName = (number: number): string => `${KEY}/cryptoKeyVersions/${number}`;

/** A chain under a runbook, and images that must be admitted whatever is changed. */
export class Incident {
  /** Digests, by their letters, that must be admitted after every request which changes something. */
  readonly watched = new Set<string>();
  /** A watched image that was refused, and after which request. */
  readonly refusals: string[] = [];
  /** How often it was looked. */
  looks = 0;
  readonly workplace: Workplace;
  readonly deployment: Deployment;

  private constructor(readonly google: Sandbox) {
    this.workplace = new Workplace(google);
    this.deployment = Deployment.against(google);
  }

  static async begin(): Promise<Incident> {
    let incident: Incident | undefined;
    const google = await startSandbox({
      seed: { clusters: [{ project: PROJECT, location: "us-central1", name: "prod" }] },
      // Also between two requests of one apply: that is when a replaced attestor would be gone.
      onRequest: ({ verb, path }) => verb !== "GET" && path !== "/admission" && incident?.look(`${verb} ${path}`),
    });
    incident = new Incident(google);
    return incident;
  }

  private look(request: string): void {
    for (const letter of this.watched) {
      this.looks += 1;
      const spec = { containers: [{ image: imageOf(letter) }], namespace: "default" };
      const asked = { apiVersion: "imagepolicy.k8s.io/v1alpha1", kind: "ImageReview", spec };
      const answer = review(this.google.state, CLUSTER, asked as JsonObject);
      if ((answer.status as { allowed?: boolean }).allowed !== true) {
        this.refusals.push(`${letter} after ${request}`);
      }
    }
  }

  async end(): Promise<void> {
    this.deployment.remove();
    this.workplace.remove();
    await this.google.close();
  }

  /** Says what the plan of a program shows, applies it, and fails unless the plan after it is empty. */
  step(versions: string, pipelineName?: string): Promise<string[]> {
    return this.deployment.step(this.workplace.synthesize(versions, pipelineName));
  }

  /** What the plan of a program shows. */
  planned(versions: string, pipelineName?: string): Promise<string[]> {
    return this.deployment.planned(this.workplace.synthesize(versions, pipelineName));
  }

  /** The images that are admitted, of these. */
  async admittedOf(letters: string): Promise<string> {
    const answers = await Promise.all([...letters].map((letter) => admitted(this.google, imageOf(letter))));
    return [...letters].filter((_, index) => answers[index]).join("");
  }

  /** Builds an image: the step of the pipeline as it is stored now signs it. */
  async build(letter: string, options: SignOptions = {}): Promise<number> {
    return (await sign(this.google, { digest: digestOf(letter), ...options })).exitCode;
  }

  /** Runs commands of a runbook; fails unless they end with 0. */
  async must(commands: string, principal?: string, env?: Record<string, string>): Promise<string> {
    const { exitCode, output, stdout } = await this.workplace.bash(commands, principal, env);
    if (exitCode !== 0) {
      throw new Error(`ended with ${exitCode}:\n${commands}\n${output}`);
    }
    return stdout;
  }

  /** The numbers of the versions that verify an image's attestations. */
  versionsOf(letter: string): number[] {
    return Object.values(this.google.state.occurrences)
      .filter(({ resourceUri }) => resourceUri === imageOf(letter))
      .flatMap((found) => verifiedBy(this.google, found, digestOf(letter), ATTESTOR))
      .map((id) => Number(id.split("/").pop()))
      .sort();
  }

  stateOf(version: number): unknown {
    return this.google.state.cryptoKeyVersions[versionName(version)]?.state;
  }

  /** The version that the pipeline signs with now. */
  signsWith(pipeline = "web-signed"): string {
    return signStep(this.google, pipeline).env.KEY_VERSION;
  }
}
