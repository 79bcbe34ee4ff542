import type { IConstruct } from "constructs";
import { ProblemCode } from "../../vocabulary/problem";

/** The identities of an app whose builds run what a source says, and the pipelines that have them. */
const builders = new WeakMap<IConstruct, Map<string, string>>();

/** Notes the identity of a pipeline that builds. */
export function registerBuilder(pipeline: IConstruct, email: string): void {
  const known = builders.get(pipeline.node.root) ?? new Map<string, string>();
  builders.set(pipeline.node.root, known.set(email, pipeline.node.path));
}

/** Refuses a signer that builds as well, wherever it does: asked for when the app is synthesized, and complete then. */
export function signerThatBuilds(signer: IConstruct, email: string): string[] {
  const pipeline = builders.get(signer.node.root)?.get(email);
  return pipeline === undefined
    ? []
    : [
        `[${ProblemCode.SIGNER_NOT_SEPARATE}] the signer is the identity of ${pipeline} as well, got ${email}: whatever runs in its builds could sign anything; allowed: an identity of the signer's own`,
      ];
}
