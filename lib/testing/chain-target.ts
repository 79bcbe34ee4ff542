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

  /** Whether a pod with these images would run here, and why. */
  public decide(images: Images, options: PodOptions = {}): Verdict {
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
