import { cloudRunNamed, clusterNamed, defaultRuleOf, notOne, targetNamed } from "../admission/targets";
import type { Target } from "../admission/types";
import { type ReadOptions, readSources, type TrustModel } from "../trust";
import { policyYaml } from "../trust/policy-yaml";
import { withPublicKey } from "../trust/public-keys";
import { ChainTarget } from "./chain-target";
import { modelOfApp, modelOfStack, type SynthesizableApp, type SynthesizableStack } from "./synthesis";
import { signerFor, type TestSigner, type TestSignerOptions } from "./test-signer";

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
    return this.at(clusterNamed(this.current, name));
  }

  /**
   * A Cloud Run service or job that the chain declares.
   * @param name `PROJECT/LOCATION/NAME`, with or without `run:` before it
   */
  public cloudRun(name: string): ChainTarget {
    return this.at(cloudRunNamed(this.current, name));
  }

  /**
   * No place in particular: what the default rule says.
   * @param project the project of the policy; not needed where the chain has one policy
   */
  public defaultRule(project?: string): ChainTarget {
    return this.at(defaultRuleOf(this.current, project));
  }

  /**
   * A target by its text: `gke:PROJECT/LOCATION.NAME`, `run:PROJECT/LOCATION/NAME`, `default`, `default:PROJECT`, or
   * `LOCATION.NAME` of a cluster.
   */
  public target(text: string): ChainTarget {
    return this.at(targetNamed(this.current, text));
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
    this.current = withPublicKey(this.model, {
      keyId: signer.keyId,
      publicKey: signer.publicKey,
      algorithm: signer.algorithm.attestorName,
    });
    return signer;
  }

  /**
   * The policy of a project as `gcloud container binauthz policy import` takes it: the way back to gcloud, and a text to
   * compare with what `gcloud container binauthz policy export` prints.
   *
   * Throws an error where a value of the policy is not known before the apply, since a policy is replaced whole.
   *
   * @param project the project of the policy; not needed where the chain has one policy
   */
  public policyYaml(project?: string): string {
    const target = defaultRuleOf(this.current, project);
    const [policy] = this.current.policies.filter((one) => one.project === target.project);
    return policyYaml(policy);
  }

  /** For messages of matchers. */
  public toString(): string {
    return "the chain of trust";
  }

  private at(target: Target): ChainTarget {
    return new ChainTarget(target, () => this.current);
  }
}
