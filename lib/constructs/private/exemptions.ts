import type { IConstruct } from "constructs";
import { exemptionCoversRepository } from "../../vocabulary/exemption-pattern";
import { ProblemCode, show } from "../../vocabulary/problem";
import { refuse } from "./refusals";

interface ExemptingPolicy {
  readonly path: string;
  /** The patterns nobody answered for. */
  readonly patterns: readonly string[];
}

interface BuiltImage {
  readonly path: string;
  readonly repository: string;
}

interface Register {
  readonly policies: ExemptingPolicy[];
  readonly images: BuiltImage[];
}

const REGISTER = Symbol.for("cdktf-binauthz/exemptions");

/** Notes the exempt images of a policy; refuses one that covers what a pipeline of the app builds. */
export function registerExemptions(policy: IConstruct, patterns: readonly string[]): void {
  const register = registerOf(policy);
  const entry = { path: policy.node.path, patterns };
  for (const image of register.images) {
    check(entry, image);
  }
  register.policies.push(entry);
}

/** Notes what a pipeline builds; refuses it where a policy of the app exempts it from verification. */
export function registerBuiltImage(pipeline: IConstruct, repository: string): void {
  const register = registerOf(pipeline);
  const entry = { path: pipeline.node.path, repository };
  for (const policy of register.policies) {
    check(policy, entry);
  }
  register.images.push(entry);
}

function check(policy: ExemptingPolicy, image: BuiltImage): void {
  const pattern = policy.patterns.find((candidate) => exemptionCoversRepository(candidate, image.repository));
  if (pattern !== undefined) {
    refuse(
      policy.path,
      ProblemCode.EXEMPTION_COVERS_PIPELINE,
      `the exempt image ${show(pattern)} covers ${image.repository}, which ${image.path} builds and signs: its images would run unsigned; allowed: a narrower pattern, or an entry in "acknowledgedExemptions" that says why`,
    );
  }
}

function registerOf(construct: IConstruct): Register {
  const root = construct.node.root as IConstruct & { [REGISTER]?: Register };
  if (!root[REGISTER]) {
    Object.defineProperty(root, REGISTER, { value: { policies: [], images: [] } });
  }
  return root[REGISTER] as Register;
}
