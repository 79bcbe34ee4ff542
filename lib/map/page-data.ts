import type { Target } from "../admission/types";
import type { Effect as FindingEffect, Severity } from "../review/types";
import { EMPTY_MODEL, type TrustModel, UNKNOWN } from "../trust/model";
import type { ChainMap, MapEdge, MapNode } from "./types";

/** What the page carries beside what it shows at once. */
export interface PageData {
  readonly compared: boolean;
  /** In the order of the picture. */
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  readonly findings: readonly PageFinding[];
  /** What an image can be tried on. */
  readonly targets: readonly { readonly name: string; readonly target: Target }[];
  readonly models: { readonly before?: TrustModel; readonly after: TrustModel };
  /** Images to begin with. */
  readonly examples: readonly string[];
}

export interface PageFinding {
  readonly id: string;
  readonly severity: Severity;
  readonly effects: readonly FindingEffect[];
  readonly title: string;
  readonly message: string;
  readonly mend: string;
  readonly before?: string;
  readonly after?: string;
  /** Why it is not decided, where it is not. */
  readonly undecided?: string;
}

export function pageDataOf({ compared, edges, findings, models, nodes, targets }: ChainMap): PageData {
  return {
    compared,
    nodes,
    edges,
    findings: findings.map(({ after, before, certainty, effects, id, mend, message, severity, title }) => ({
      id,
      severity,
      effects,
      title,
      message,
      mend,
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
      ...(certainty.state === "undecided" && { undecided: certainty.because }),
    })),
    targets: targets.map(({ name, target }) => ({ name, target })),
    models: { ...(models.before && { before: needed(models.before) }), after: needed(models.after) },
    examples: examplesOf(models.after),
  };
}

/** What a decision without attestations looks at: of keys, that there are some. */
function needed({ attestors, clusters, policies, services }: TrustModel): TrustModel {
  return {
    ...EMPTY_MODEL,
    policies,
    clusters,
    services,
    attestors: attestors.map((attestor) => ({
      ...attestor,
      publicKeys:
        attestor.publicKeys.state === "known"
          ? { state: "known", value: attestor.publicKeys.value.map((key) => ({ ...key, material: UNKNOWN })) }
          : attestor.publicKeys,
    })),
  };
}

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

function examplesOf({ pipelines }: TrustModel): string[] {
  const built = pipelines.flatMap(({ images }) => images).find((image) => !image.includes("${"));
  return ["nginx:latest", `${built ?? "us-docker.pkg.dev/my-project/my-repo/app"}@${DIGEST}`];
}
