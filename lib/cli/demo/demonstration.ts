import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { isMapPage, renderMap } from "../../map";
import type { Outcome } from "../../review";
import { type Sandbox, startSandbox, temporaryFolder } from "../../sandbox";
import { printableLines } from "../escape";
import type { Io } from "../io";
import { askAbout, auditedBreakGlass } from "./admission";
import { type Call, clientOf } from "./client";
import { type Chain, chainOf, opened, resourcesOf, type Synthesized } from "./configuration";
import { Stopped } from "./programs";
import { applyByRest } from "./rest-apply";
import { lifecyclesOf, reviewConfigurations, reviewPlan } from "./review";
import { Screen } from "./screen";
import { signImage } from "./sign";
import { Terraform } from "./terraform";

/** A tool that is not to be used. */
export type Without = "terraform" | "gcloud";

export interface Demonstration {
  readonly io: Io;
  readonly without: readonly Without[];
  /** Gives the configuration. Throws an error with one sentence. */
  readonly synthesize: () => Promise<Synthesized>;
  /** Where the map is written. */
  readonly map: string;
  /** What to try afterwards: what it is for, and the command. */
  readonly next: readonly (readonly [what: string, command: string])[];
}

/** A step that failed, and what to do about it. */
class StepFailure extends Error {}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Shows the chain from the key to a denied pod. Nothing is left behind but the map, however it ends.
 * @returns the exit code: 0, 1, or 128 and the number of the signal that stopped it
 */
export async function demonstrate(demonstration: Demonstration): Promise<number> {
  const { io } = demonstration;
  const stop = new AbortController();
  let stoppedBy: (typeof SIGNALS)[number] | undefined;
  const stopped = (signal: NodeJS.Signals) => {
    stoppedBy ??= signal as (typeof SIGNALS)[number];
    stop.abort();
  };
  for (const signal of SIGNALS) {
    process.on(signal, stopped);
  }
  try {
    await new Walk(demonstration, stop.signal).run();
    return 0;
  } catch (error) {
    if (stoppedBy !== undefined) {
      io.err("\nStopped. Nothing is left behind.\n");
      return 128 + constants.signals[stoppedBy];
    }
    if (error instanceof StepFailure) {
      io.err(`error: ${printableLines(error.message)}\n`);
      return 1;
    }
    throw error;
  } finally {
    for (const signal of SIGNALS) {
      process.removeListener(signal, stopped);
    }
  }
}

/** One demonstration, from the first step to the last. */
class Walk {
  private readonly screen: Screen;
  private readonly begun = Date.now();
  private number = 0;

  public constructor(
    private readonly given: Demonstration,
    private readonly signal: AbortSignal,
  ) {
    this.screen = new Screen(given.io);
  }

  public async run(): Promise<void> {
    const { screen } = this;
    screen.line("The whole chain of trust on this computer. No account is asked, and nothing is deployed.", 0);
    screen.print();
    const folder = temporaryFolder("binauthz-demo-");
    let sandbox: Sandbox | undefined;
    try {
      const { json, chain } = await this.synthesize();
      sandbox = await this.startSandbox(chain);
      await this.walk(json, chain, sandbox, folder);
    } finally {
      await sandbox?.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private async walk(json: Synthesized["json"], chain: Chain, sandbox: Sandbox, folder: string): Promise<void> {
    const terraform = await this.apply(json, sandbox, join(folder, "terraform"));
    const call = clientOf(sandbox.url, sandbox.state.owner, this.signal);
    const [signed, unsigned] = ["signed", "unsigned"].map((what) => `${chain.image}@${digestOf(what)}`);
    const gcloud = await this.sign(signed, chain, sandbox);
    await this.admission({ signed, unsigned }, chain, call);
    const outcome = await this.review(json, chain, sandbox, terraform);
    await this.map(outcome, json);
    this.summary(sandbox, terraform !== undefined, gcloud);
  }

  private synthesize() {
    const remedy = "see what main.ts needs in docs/getting-started.md";
    return this.step("Synthesize", remedy, async (report) => {
      const { from, json } = await this.given.synthesize();
      const chain = chainOf(json);
      report(`${resourcesOf(json).length} Terraform resources for the project ${chain.project}, from ${from}.`);
      return { json, chain };
    });
  }

  private startSandbox(chain: Chain): Promise<Sandbox> {
    const remedy = "a port on 127.0.0.1 has to be free, and a folder for temporary files writable";
    return this.step("Sandbox", remedy, async (report) => {
      const sandbox = await startSandbox({ seed: { clusters: chain.othersClusters } });
      const there = chain.othersClusters.map(({ name }) => name).join(", ");
      const besides = there === "" ? "" : `, with the cluster ${there} of somebody else`;
      report(`Google's side of the chain answers on ${sandbox.url}${besides}.`);
      return sandbox;
    });
  }

  /** Returns terraform where it did it. */
  private apply(json: Synthesized["json"], sandbox: Sandbox, folder: string): Promise<Terraform | undefined> {
    const remedy = "leave terraform out with --without terraform";
    return this.step("Apply", remedy, async (report) => {
      const all = resourcesOf(json).length;
      const found = this.given.without.includes("terraform")
        ? { missing: "terraform was left out" }
        : await this.screen.during(
            () => "terraform init",
            () => Terraform.ready(json, folder, sandbox.environment(), this.signal),
          );
      if ("terraform" in found) {
        let ready = 0;
        const count = await this.screen.during(
          () => `terraform apply: ${ready} of ${all} resources`,
          () =>
            found.terraform.apply(() => {
              ready += 1;
            }),
        );
        report(`${found.terraform.versions}: ${count}.`);
        return found.terraform;
      }
      const call = clientOf(sandbox.url, sandbox.state.owner, this.signal);
      const { made, leftOut } = await applyByRest(json, call);
      report(`${found.missing}, so the same REST calls were made without it: ${made} of ${all} resources.`);
      if (leftOut.length > 0) {
        this.screen.line(`Left out, since only terraform can make them: ${leftOut.join(", ")}.`);
      }
      return undefined;
    });
  }

  /** Returns whether gcloud did it. */
  private sign(image: string, chain: Chain, sandbox: Sandbox): Promise<boolean> {
    const remedy = "leave gcloud out with --without gcloud";
    return this.step("Sign", remedy, async (report) => {
      const gcloud = !this.given.without.includes("gcloud");
      const options = { gcloud, signal: this.signal };
      const { instead } = await this.screen.during(
        () => "signing",
        () => signImage(image, chain, sandbox, options),
      );
      const who = instead === undefined ? "gcloud" : `${instead}, so the same REST calls were made without it. They`;
      report(`${who} attested ${short(image)} for ${lastPart(chain.attestor)}, as ${chain.signer.split(":")[1]}.`);
      return instead === undefined;
    });
  }

  private admission(images: { signed: string; unsigned: string }, chain: Chain, call: Call): Promise<void> {
    const remedy = "where main.ts was changed, its policy may say so; otherwise please report it";
    return this.step("Admission", remedy, async (report) => {
      report(`Pods on the cluster ${chain.cluster.name}, whose rule asks for ${lastPart(chain.attestor)}.`);
      await this.expect(false, "nginx:latest", "", { name: "web" }, chain, call);
      await this.expect(false, images.unsigned, ", which nobody signed", { name: "unsigned" }, chain, call);
      await this.expect(true, images.signed, ", the signed digest", { name: "signed" }, chain, call);
      const hotfix = { name: "hotfix", breakGlass: true } as const;
      await this.expect(true, "nginx:latest", " in a pod with the break-glass label", hotfix, chain, call);
      const entry = await auditedBreakGlass(hotfix.name, call);
      if (entry === undefined) {
        throw new Error("the audit log has no entry of the break-glass");
      }
      this.screen.detail(`Audit log: ${entry}`);
    });
  }

  private async expect(
    allowed: boolean,
    image: string,
    about: string,
    pod: Parameters<typeof askAbout>[1],
    chain: Chain,
    call: Call,
  ): Promise<void> {
    const answer = await askAbout(image, pod, chain.cluster, call);
    this.screen.verdict(
      answer.allowed ? "good" : "bad",
      answer.allowed ? "ADMITTED" : "DENIED",
      `${short(image)}${about}`,
    );
    if (!answer.allowed) {
      this.screen.detail(answer.message);
    }
    if (answer.allowed !== allowed) {
      const [is, expected] = answer.allowed ? ["admitted", "denied"] : ["denied", "admitted"];
      throw new Error(`${image} was ${is}, and had to be ${expected}`);
    }
  }

  private review(json: Synthesized["json"], chain: Chain, sandbox: Sandbox, terraform?: Terraform): Promise<Outcome> {
    const remedy = "leave terraform out with --without terraform";
    return this.step("Review", remedy, async (report) => {
      const changed = opened(json, chain);
      const outcome = await this.screen.during(
        () => (terraform ? "terraform plan" : "reading"),
        async () => {
          terraform?.write(changed);
          return terraform
            ? reviewPlan(await terraform.plan(), changed)
            : reviewConfigurations(json, changed, sandbox.state.attestors);
        },
      );
      const how = terraform ? "its plan" : "both configurations, since there is no terraform to plan with";
      report(
        `A change turns the rule of ${chain.cluster.name} into a dry run: it logs, and refuses nothing. binauthz review reads ${how}:`,
      );
      this.findings(outcome);
      if (outcome.verdict !== "fail") {
        throw new Error(`the change opens ${chain.cluster.name}, and the review lets it pass`);
      }
      return outcome;
    });
  }

  private map({ findings, report: { after, before } }: Outcome, json: Synthesized["json"]): Promise<void> {
    const { map } = this.given;
    const remedy = "run it in a folder that you may write to";
    return this.step("Map", remedy, async (report) => {
      // Whatever is in the way of that name, it is not ours to overwrite.
      if (existsSync(map) && !isMapPage(readFileSync(map, "utf8"))) {
        report(`Not written: ${map} is there already, and is no map.`);
        return;
      }
      const lifecycles = lifecyclesOf(json);
      const page = renderMap({
        model: after.model,
        before: before?.model,
        findings,
        sources: ["the demo"],
        lifecycles,
      });
      try {
        writeFileSync(map, page.html);
      } catch (error) {
        throw new Error(`${map} cannot be written (${(error as NodeJS.ErrnoException).code})`);
      }
      report(`The chain before and after that change is drawn in ${map}: open it in a browser.`);
    });
  }

  private findings({ findings }: Outcome): void {
    for (const { id, severity, title, before, after, mend } of findings) {
      this.screen.verdict(
        severity === "critical" || severity === "high" ? "bad" : "neutral",
        severity.toUpperCase(),
        `${id} ${title}: ${before ?? "nothing"} → ${after ?? "nothing"}`,
      );
      this.screen.detail(mend);
    }
  }

  private summary(sandbox: Sandbox, terraform: boolean, gcloud: boolean): void {
    const seconds = Math.round((Date.now() - this.begun) / 1000);
    const requests = sandbox.requests.length;
    this.screen.print();
    const tools =
      terraform === gcloud
        ? terraform
          ? "terraform applied, gcloud signed"
          : "REST calls applied and signed"
        : terraform
          ? "terraform applied, REST calls signed"
          : "REST calls applied, gcloud signed";
    this.screen.line(`Done in ${seconds} s: ${tools}, and ${requests} requests stayed on this computer.`, 0);
    this.screen.commands(this.given.next);
  }

  /** A step: its failure names it, and what to do. */
  private async step<T>(name: string, remedy: string, work: (report: (text: string) => void) => Promise<T>) {
    this.number += 1;
    this.screen.title(this.number, name);
    try {
      return await work((text) => this.screen.line(text));
    } catch (error) {
      if (error instanceof Stopped || this.signal.aborted) {
        throw new Stopped();
      }
      const problem = error instanceof Error ? error.message : String(error);
      throw new StepFailure(`step ${this.number}, ${name.toLowerCase()}: ${problem}; what to do: ${remedy}`);
    }
  }
}

/** No image is built: the digest stands for one that the pipeline has pushed. */
function digestOf(what: string): string {
  return `sha256:${createHash("sha256").update(`binauthz demo: ${what}`).digest("hex")}`;
}

/** An image as people call it: the last part of its path, and the beginning of its digest. */
function short(image: string): string {
  return lastPart(image).replace(/(@sha256:.{12}).*/, "$1…");
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
