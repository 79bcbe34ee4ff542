import type { TrustModel } from "../trust/model";

/**
 * The shapes of the admission simulator: what is asked, what is known about signatures, and what is answered.
 * The semantics, and every choice where Google documents nothing, are in docs/admission-semantics.md.
 */

/** Where an image is to run. */
export type Target =
  /** A pod on a GKE cluster. Namespace and service account count for policies with rules for those. */
  | {
      readonly kind: "gke";
      readonly project: string;
      /** The zone or region of the cluster. */
      readonly location: string;
      readonly name: string;
      /** The namespace of the pod; left out where it is not known. */
      readonly namespace?: string;
      /** The Kubernetes service account of the pod; left out where it is not known. */
      readonly serviceAccount?: string;
    }
  /** A Cloud Run service or job. */
  | { readonly kind: "cloud-run"; readonly project: string; readonly location: string; readonly name: string }
  /** No place in particular: the project's policy with its default rule, as if it were enforced. */
  | { readonly kind: "default"; readonly project: string };

/** What role a container has in its pod. All three count. */
export type ContainerKind = "container" | "init" | "ephemeral";

/** One container's image. */
export interface RequestedImage {
  /** The image exactly as the pod writes it: nothing is completed or normalized. */
  readonly image: string;
  /** The name of the container. */
  readonly container: string;
  readonly kind: ContainerKind;
}

/** What Binary Authorization looks at in a pod. */
export interface PodRequest {
  readonly images: readonly RequestedImage[];
  /** The labels of the pod itself, for a Deployment those of its template. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The annotations of the pod itself. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What is asked. */
export interface AdmissionRequest {
  readonly target: Target;
  readonly pod: PodRequest;
}

/** A signature of an attestation, in the API's shape. */
export interface OccurrenceSignature {
  /** The id of the key, compared literally with those of the attestor. */
  readonly publicKeyId: string;
  /** Base64, of either alphabet, with or without padding. */
  readonly signature: string;
}

/**
 * An occurrence of kind ATTESTATION, in the shape of the API and of `gcloud … attestations list --format=json`.
 * Source: https://docs.cloud.google.com/artifact-analysis/docs/reference/rest/v1/projects.occurrences
 */
export interface Occurrence {
  /** `projects/P/occurrences/ID`. */
  readonly name?: string;
  readonly kind: "ATTESTATION";
  /** `projects/P/notes/N`. */
  readonly noteName: string;
  /** The image with its digest, with or without `https://`. */
  readonly resourceUri: string;
  readonly attestation: {
    /** Base64, of either alphabet, with or without padding. */
    readonly serializedPayload: string;
    readonly signatures: readonly OccurrenceSignature[];
  };
  /** RFC 3339. */
  readonly createTime?: string;
  /** RFC 3339. */
  readonly updateTime?: string;
}

/** The attestations that there are; undefined where nobody looked, so that nothing follows from their absence. */
export type Evidence = { readonly occurrences: readonly Occurrence[] } | undefined;

/** What a verifier is asked. */
export interface VerifyRequest {
  /** PEM of a SubjectPublicKeyInfo. */
  readonly publicKeyPem: string;
  /** The name of the Binary Authorization API: `ECDSA_P256_SHA256`. */
  readonly algorithm: string;
  /** The bytes that were signed. */
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
}

/** Verifies signatures: the one thing that the simulator cannot do by itself. */
export interface SignatureVerifier {
  /** Whether the signature is one over the data by the key; false for everything that cannot be verified. */
  verify(request: VerifyRequest): boolean;
}

/** Options of a decision. */
export interface AdmitOptions {
  /**
   * The exempt image patterns of Google's system policy, which counts where `globalPolicyEvaluationMode` is `ENABLE`.
   * The real list differs by region and release, see `gcloud alpha container binauthz policy export-system-policy`.
   *
   * @default - `SystemImages.GKE_DOCUMENTED`, an approximation: what Google documents as needed by GKE
   */
  readonly systemImagePatterns?: readonly string[];
}

/** What comes out: admitted and denied are certain, undecided is what depends on something that is not known. */
export type Outcome = "admitted" | "denied" | "undecided";

/** The codes of {@link Diagnosis}. */
export type DiagnosisCode = Diagnosis["code"];

/** Why something was not satisfied or not decided, finer than Google says it. `detail` is one sentence without full stop. */
export type Diagnosis =
  /** No attestation of this digest is attached to the attestor's note; or, without evidence, nobody looked for one. */
  | { readonly code: "no-attestation"; readonly detail: string }
  /** An attestation of this digest is attached to another note. */
  | { readonly code: "other-note"; readonly detail: string; readonly occurrence?: string; readonly noteName: string }
  /** A signature names a key id that the attestor does not have. */
  | { readonly code: "unknown-key-id"; readonly detail: string; readonly occurrence?: string; readonly keyId: string }
  /** The key does not verify the signature over the payload. */
  | { readonly code: "bad-signature"; readonly detail: string; readonly occurrence?: string; readonly keyId: string }
  /** What was signed is about another digest. */
  | { readonly code: "other-digest"; readonly detail: string; readonly occurrence?: string; readonly digest: string }
  /** The signature is good, and what was signed is no JSON of the form that Binary Authorization reads. */
  | { readonly code: "payload-not-json"; readonly detail: string; readonly occurrence?: string }
  /** The attestor has no public keys, so that nothing satisfies it. */
  | { readonly code: "attestor-without-keys"; readonly detail: string }
  /** A PGP key, which the simulator cannot verify, or an algorithm that Binary Authorization does not verify. */
  | { readonly code: "unsupported-key-type"; readonly detail: string; readonly keyId: string }
  /** The model does not have the attestor, so that its note and keys are not known. */
  | { readonly code: "attestor-unknown"; readonly detail: string }
  /** A value of the model that matters is not known. `value` names it: `the evaluation mode of the default rule`. */
  | { readonly code: "value-unknown"; readonly detail: string; readonly value: string; readonly reference?: string }
  /** The policy says what the API does not accept, so that no service ever evaluated it. */
  | { readonly code: "invalid-policy"; readonly detail: string }
  /** The occurrence is not of the API's shape. */
  | { readonly code: "malformed-attestation"; readonly detail: string; readonly occurrence?: string };

/** What one required attestor says about one image. */
export interface AttestorVerdict {
  /** `projects/P/attestors/N`; where it is not known, the reference it is behind, or `(unknown)`. */
  readonly attestor: string;
  readonly verdict: "satisfied" | "unsatisfied" | "undecided";
  /** Google's reason, byte for byte, where it is unsatisfied. */
  readonly reason?: string;
  /** Our finer reasons; empty where it is satisfied. */
  readonly diagnosis: readonly Diagnosis[];
}

/** The rule that was applied. */
export interface AppliedRule {
  readonly kind: "default" | "cluster" | "namespace" | "service-account" | "istio-identity";
  /** The key of the rule: `us-central1-a.prod`; undefined for the default rule. */
  readonly key?: string;
  /** `ALWAYS_DENY`, …; undefined where it is not known. */
  readonly evaluationMode?: string;
  /** `ENFORCED_BLOCK_AND_AUDIT_LOG`, …; undefined where it is not known. */
  readonly enforcementMode?: string;
}

/** What decided about an image; `unknown` where something before the rule is not known, or which rule applies. */
export type DecidedBy = "not-enforced" | "system-policy" | "exempt-image" | "rule" | "unknown";

/**
 * The answer for one image, before break-glass and dry run: those admit the pod and leave the verdict of its images.
 */
export interface ImageVerdict extends RequestedImage {
  readonly verdict: Outcome;
  readonly decidedBy: DecidedBy;
  /** The pattern that matched, where a pattern decided. */
  readonly pattern?: string;
  /** The rule that applies, also where a pattern decided before it; absent where it is not known which one does. */
  readonly rule?: AppliedRule;
  /** Google's text about this image, byte for byte; absent where it was not denied, or where the text is not known. */
  readonly message?: string;
  /** One for each attestor that the rule requires, in the order of the rule. */
  readonly attestors: readonly AttestorVerdict[];
  /** What is not known or not valid about policy and target; what is about an attestor is there. */
  readonly diagnosis: readonly Diagnosis[];
  /** What would mend it, or what looks like a mistake; sentences without full stop. */
  readonly hints: readonly string[];
}

/** The answer for a pod. */
export interface Verdict {
  readonly target: Target;
  /** After break-glass and dry run: whether the pod runs. */
  readonly verdict: Outcome;
  /**
   * What the webhook, or Cloud Run, answers, byte for byte; where it is overridden, what it would have answered without.
   * Absent where nothing was denied, or where some part of the text is not known.
   */
  readonly message?: string;
  /** The labels of the audit log entry of GKE; empty where none are set or which ones is not known. */
  readonly auditLabels: Readonly<Record<string, string>>;
  /** Why the pod runs although not every image was found admitted. */
  readonly overriddenBy?: "break-glass" | "dry-run";
  /** In the order of the request. */
  readonly images: readonly ImageVerdict[];
  /** What was taken for granted because the model does not say it; sentences without full stop. */
  readonly assumptions: readonly string[];
}

/** The signature of {@link admit}, for those who pass it on. */
export type Admit = (
  request: AdmissionRequest,
  model: TrustModel,
  evidence: Evidence,
  verifier: SignatureVerifier,
  options?: AdmitOptions,
) => Verdict;
