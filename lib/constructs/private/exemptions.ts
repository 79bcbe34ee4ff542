import type { IConstruct } from "constructs";
import { exemptionCoversRepository, exemptionReachesBelow } from "../../vocabulary/exemption-pattern";
import { ProblemCode, show } from "../../vocabulary/problem";
import { refuse } from "./refusals";

interface ExemptingPolicy {
  readonly path: string;
  /** The patterns nobody answered for. */
  readonly patterns: readonly string[];
}

/** What a construct of the app signs. */
interface SignedImages {
  readonly path: string;
  readonly repository: string;
  readonly kind: "built" | "mirrored";
}

interface Register {
  readonly policies: ExemptingPolicy[];
  readonly images: SignedImages[];
}

const REGISTER = Symbol.for("cdktf-binauthz/exemptions");

/** Notes the exempt images of a policy; refuses one that covers what the app signs. */
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
  registerSigned({ path: pipeline.node.path, repository, kind: "built" }, registerOf(pipeline));
}

/** Notes the path below which third-party images are mirrored; refuses it where a policy of the app exempts one of them. */
export function registerMirror(vetted: IConstruct, repository: string): void {
  registerSigned({ path: vetted.node.path, repository, kind: "mirrored" }, registerOf(vetted));
}

function registerSigned(entry: SignedImages, register: Register): void {
  for (const policy of register.policies) {
    check(policy, entry);
  }
  register.images.push(entry);
}

function check(policy: ExemptingPolicy, { path, repository, kind }: SignedImages): void {
  const covers = kind === "built" ? exemptionCoversRepository : exemptionReachesBelow;
  const pattern = policy.patterns.find((candidate) => covers(candidate, repository));
  if (pattern !== undefined) {
    const what =
      kind === "built"
        ? `${repository}, which ${path} builds and signs: its images would run unsigned`
        : `images below ${repository}, where ${path} mirrors and signs: they would run unsigned`;
    refuse(
      policy.path,
      ProblemCode.EXEMPTION_COVERS_PIPELINE,
      `the exempt image ${show(pattern)} covers ${what}; allowed: a narrower pattern, or an entry in "acknowledgedExemptions" that says why`,
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
