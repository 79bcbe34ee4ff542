import { admit } from "../admission/admit";
import { nodeVerifier } from "../admission/node-verifier";
import { showTarget } from "../admission/targets";
import type { Occurrence, Target, Verdict } from "../admission/types";
import type { TrustModel } from "../trust/model";

/** What a pod brings along beside its images, and what is known about signatures. */
export interface PodOptions {
  /**
   * Every attestation there is. An empty list says that there are none.
   * @default - nobody looked: a digest that needs an attestation is undecided
   */
  readonly attestations?: readonly Occurrence[];
  /**
   * The labels of the pod itself, for a Deployment those of its template.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * The annotations of the pod itself.
   * @default - none
   */
  readonly annotations?: Readonly<Record<string, string>>;
  /**
   * The namespace of the pod, for policies with rules for namespaces or service accounts.
   * @default - not known
   */
  readonly namespace?: string;
  /**
   * The Kubernetes service account of the pod, for policies with rules for service accounts.
   * @default - not known
   */
  readonly serviceAccount?: string;
  /**
   * The patterns of Google's system policy, which differs by region and release.
   * @default - those that Google documents
   */
  readonly systemImagePatterns?: readonly string[];
}

/** One image, or the images of the containers of one pod. */
export type Images = string | readonly string[];

const verifier = nodeVerifier();

const OPTIONS = ["attestations", "labels", "annotations", "namespace", "serviceAccount", "systemImagePatterns"];

/** Tests are also written without types. */
function refuseNonsense(images: unknown, options: PodOptions): void {
  const list: readonly unknown[] = Array.isArray(images) ? images : [images];
  const wrong = list.findIndex((image) => typeof image !== "string" || image === "");
  if (wrong >= 0) {
    throw new TypeError(`an image is a text that is not empty, got ${inBrief(list[wrong])}`);
  }
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(
      `there is no option ${inBrief(unknown)}; allowed: ${OPTIONS.join(", ")}, and reason of toDeny, overriddenBy of toAdmit`,
    );
  }
  const { attestations } = options as { readonly attestations?: unknown };
  if (attestations !== undefined && !(Array.isArray(attestations) && attestations.every(isObject))) {
    throw new TypeError(`attestations is a list of occurrences, got ${inBrief(attestations)}`);
  }
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as it is shown in a sentence, never longer than a line. */
export function inBrief(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}

/** A place of a chain of trust where images may run. Made by the chain; what matchers are asked about. */
export class ChainTarget {
  /**
   * @param target where it is
   * @param modelOf the model of the chain, as it is when a decision is asked for
   */
  public constructor(
    public readonly target: Target,
    private readonly modelOf: () => TrustModel,
  ) {}

  /**
   * Whether a pod with these images would run here, and why.
   *
   * Throws a `TypeError` for an image that is no text, attestations that are no list, and an option that there is not: a
   * test would hold without having asked.
   */
  public decide(images: Images, options: PodOptions = {}): Verdict {
    refuseNonsense(images, options);
    const { attestations, labels, annotations, namespace, serviceAccount, systemImagePatterns } = options;
    const list = typeof images === "string" ? [images] : images;
    return admit(
      {
        target: {
          ...this.target,
          ...(this.target.kind === "gke" && {
            ...(namespace !== undefined && { namespace }),
            ...(serviceAccount !== undefined && { serviceAccount }),
          }),
        },
        pod: {
          images: list.map((image, index) => ({ image, container: `container-${index + 1}`, kind: "container" })),
          ...(labels && { labels }),
          ...(annotations && { annotations }),
        },
      },
      this.modelOf(),
      attestations && { occurrences: attestations },
      verifier,
      systemImagePatterns && { systemImagePatterns },
    );
  }

  /** As the command line takes it: `gke:PROJECT/LOCATION.NAME`, `run:PROJECT/LOCATION/NAME`, `default:PROJECT`. */
  public toString(): string {
    return showTarget(this.target);
  }
}
