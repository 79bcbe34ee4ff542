import type { Target } from "../admission/types";
import { isFullName, type ReadOptions, readSources, type TrustModel } from "../trust";
import { ChainTarget, showTarget } from "./chain-target";
import { modelOfApp, modelOfStack, type SynthesizableApp, type SynthesizableStack } from "./synthesis";
import { signerFor, type TestSigner, type TestSignerOptions, withPublicKey } from "./test-signer";

/** The chain of trust that a stack synthesizes. What it takes from other stacks is not known: see {@link trustChainOfApp}. */
export function trustChainOf(stack: SynthesizableStack): TrustChain {
  return new TrustChain(modelOfStack(stack));
}

/** The chain of trust that all stacks of an app synthesize together. */
export function trustChainOfApp(app: SynthesizableApp): TrustChain {
  return new TrustChain(modelOfApp(app));
}

/**
 * The chain of trust of what is there already: a `cdktf.out` folder, a `cdk.tf.json`, a plan or a state in JSON, what
 * gcloud exports of a policy or of attestors. Several are joined; of a plan, what will be once it is applied.
 */
export function trustChainFrom(paths: string | readonly string[], options: ReadOptions = {}): TrustChain {
  return new TrustChain(readSources(typeof paths === "string" ? [paths] : paths, options));
}

/** A chain of trust under test. */
export class TrustChain {
  private current: TrustModel;

  /** @param model what is known; it is never changed */
  public constructor(model: TrustModel) {
    this.current = model;
  }

  /** What is known, with the public keys of the test signers that were made. */
  public get model(): TrustModel {
    return this.current;
  }

  /**
   * A cluster that the chain declares or has a rule for.
   * @param name `LOCATION.NAME`, or `gke:PROJECT/LOCATION.NAME` where several projects have one of that name
   */
  public cluster(name: string): ChainTarget {
    const wanted = name.replace(/^gke:/, "");
    return this.one("cluster", name, this.clusters(), (target) =>
      [`${target.project}/${target.location}.${target.name}`, `${target.location}.${target.name}`].includes(wanted),
    );
  }

  /**
   * A Cloud Run service or job that the chain declares.
   * @param name `PROJECT/LOCATION/NAME`, with or without `run:` before it
   */
  public cloudRun(name: string): ChainTarget {
    const wanted = name.replace(/^run:/, "");
    return this.one(
      "Cloud Run service",
      name,
      this.services(),
      (target) => `${target.project}/${target.location}/${target.name}` === wanted,
    );
  }

  /**
   * No place in particular: what the default rule says.
   * @param project the project of the policy; not needed where the chain has one policy
   */
  public defaultRule(project?: string): ChainTarget {
    const policies = this.model.policies.map((policy): Target => ({ kind: "default", project: policy.project }));
    return this.one("policy", project, policies, (target) => project === undefined || target.project === project);
  }

  /**
   * A target by its text: `gke:PROJECT/LOCATION.NAME`, `run:PROJECT/LOCATION/NAME`, `default`, `default:PROJECT`, or
   * `LOCATION.NAME` of a cluster.
   */
  public target(text: string): ChainTarget {
    const [, project] = /^default(?::(.+))?$/.exec(text) ?? [];
    if (text === "default" || project !== undefined) {
      return this.defaultRule(project);
    }
    return text.startsWith("run:") ? this.cloudRun(text) : this.cluster(text);
  }

  /**
   * A signer for an attestor. A real key pair stands in for the attestor's key in Cloud KMS, whose private half no test
   * has; from now on {@link model} has its public half in that key's place. Its keys are made once in a process.
   *
   * @param attestor the attestor's full name, or its short one where it is unambiguous
   */
  public testSigner(attestor: string, options: TestSignerOptions = {}): TestSigner {
    const { attestors } = this.model;
    const found = attestors.filter(({ name }) => name === attestor || name.endsWith(`/attestors/${attestor}`));
    if (found.length !== 1) {
      const names = (list: typeof attestors) => list.map(({ name }) => name);
      throw new Error(notOne("attestor", attestor, names(found), names(attestors)));
    }
    const signer = signerFor(this.model, found[0], options);
    this.current = withPublicKey(this.model, signer);
    return signer;
  }

  /** For messages of matchers. */
  public toString(): string {
    return "the chain of trust";
  }

  private clusters(): Located[] {
    const declared = this.model.clusters.map(({ project, location, name }) => ({ project, location, name }));
    const ruled = this.model.policies.flatMap(({ project, specificRules }) =>
      specificRules.state === "known" && specificRules.value.kind === "cluster"
        ? specificRules.value.rules.flatMap(({ key }) => {
            // Locations have no dot.
            const [, location, name] = (key.state === "known" && /^([^.]+)\.(.+)$/.exec(key.value)) || [];
            return name === undefined ? [] : [{ project, location, name }];
          })
        : [],
    );
    return [...declared, ...ruled].map((place) => ({ kind: "gke", ...place }));
  }

  private services(): Located[] {
    return this.model.services.map(({ project, location, name }) => ({ kind: "cloud-run", project, location, name }));
  }

  private one<T extends Target>(
    kind: string,
    wanted: string | undefined,
    targets: readonly T[],
    matches: (target: T) => boolean,
  ): ChainTarget {
    const known = new Map(
      targets.map((target): [string, T] => [showTarget(target), target]).filter(([text]) => isFullName(text)),
    );
    const found = [...known].filter(([, target]) => matches(target));
    if (found.length !== 1) {
      const names = found.map(([text]) => text);
      throw new Error(notOne(kind, wanted, names, [...known.keys()]));
    }
    const [[, target]] = found;
    return new ChainTarget(target, () => this.current);
  }
}

type Located = Exclude<Target, { kind: "default" }>;

/** Why a name does not stand for exactly one thing. */
function notOne(kind: string, wanted: string | undefined, found: readonly string[], known: readonly string[]): string {
  const kinds = `${kind.replace(/y$/, "ie")}s`;
  if (found.length > 1) {
    const several =
      wanted === undefined
        ? `the chain of trust has several ${kinds}`
        : `${JSON.stringify(wanted)} names several ${kinds} of the chain of trust`;
    return `${several}; choose one of: ${[...found].sort().join(", ")}`;
  }
  const none = `the chain of trust has no ${kind}${wanted === undefined ? "" : ` ${JSON.stringify(wanted)}`}`;
  return known.length === 0 ? `${none}, and no other` : `${none}; its ${kinds}: ${[...known].sort().join(", ")}`;
}
