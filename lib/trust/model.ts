/**
 * The trust model: what a configuration, a plan, a state or an export says about who may vouch for images and what may
 * run where. Plain data; every way to fill it and every use of it knows only this.
 */

/** A value as far as it is known. Never a guess: what is not known says so. */
export type Value<T> =
  | { readonly state: "known"; readonly value: T }
  /** Terraform will know it after the apply. */
  | { readonly state: "unknown" }
  /** It is behind a reference that could not be resolved: `${data.x.y}`, a variable, another state. */
  | { readonly state: "hidden"; readonly reference: string };

/** A value that is known. */
export function known<T>(value: T): Value<T> {
  return { state: "known", value };
}

/** A value that Terraform will know after the apply. */
export const UNKNOWN: Value<never> = { state: "unknown" };

/** A value behind a reference. */
export function hidden(reference: string): Value<never> {
  return { state: "hidden", reference };
}

/** The value where it is known; undefined where it is not. */
// biome-ignore lint/suspicious/noShadowRestrictedNames: nobody calls the global one
export function valueOf<T>(value: Value<T>): T | undefined {
  return value.state === "known" ? value.value : undefined;
}

/** Where something was read. */
export interface Origin {
  /** The file or folder as the user named it. */
  readonly source: string;
  /** The Terraform address, for what Terraform wrote. */
  readonly address?: string;
  /** The construct path, for what a CDK program wrote. */
  readonly constructPath?: string;
}

/** The version of the model's shape. A field that is added keeps it; one that changes its meaning does not. */
export const SCHEMA_VERSION = 1;

/**
 * Everything that is known, by full resource names.
 *
 * A part of a name that is not known stands in it as `${ADDRESS.ATTRIBUTE}`, which no real name can contain: such a name
 * equals no other one. `isFullName` tells them apart.
 */
export interface TrustModel {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly keyVersions: readonly KeyVersion[];
  readonly notes: readonly Note[];
  readonly attestors: readonly Attestor[];
  readonly policies: readonly Policy[];
  readonly clusters: readonly Cluster[];
  readonly services: readonly CloudRunService[];
  readonly pipelines: readonly Pipeline[];
  readonly powers: readonly Power[];
  readonly cryptoKeys: readonly CryptoKey[];
  readonly enrolments: readonly Enrolment[];
  readonly apis: readonly Api[];
  readonly orgPolicies: readonly OrgPolicy[];
  readonly identityProviders: readonly IdentityProvider[];
  readonly accountKeys: readonly AccountKey[];
  readonly evidence: readonly Evidence[];
  readonly workloads: readonly Workload[];
  readonly guards: readonly Guard[];
}

/** Nothing at all: what a model is built on that knows a part only. */
export const EMPTY_MODEL: TrustModel = {
  schemaVersion: SCHEMA_VERSION,
  keyVersions: [],
  notes: [],
  attestors: [],
  policies: [],
  clusters: [],
  services: [],
  pipelines: [],
  powers: [],
  cryptoKeys: [],
  enrolments: [],
  apis: [],
  orgPolicies: [],
  identityProviders: [],
  accountKeys: [],
  evidence: [],
  workloads: [],
  guards: [],
};

/** A version of a key of Cloud KMS. */
export interface KeyVersion {
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N`. */
  readonly name: string;
  /** `ENABLED`, `DISABLED`, `DESTROY_SCHEDULED`, … */
  readonly state: Value<string>;
  /** The name in Cloud KMS: `EC_SIGN_P256_SHA256`. */
  readonly algorithm: Value<string>;
  readonly protectionLevel: Value<string>;
  readonly publicKey: Value<KeyMaterial>;
  readonly origin: Origin;
}

/** The public half of a key. */
export type KeyMaterial =
  /** A key that was read; two keys are the same where their fingerprints are. */
  /** The fingerprint is the id that Binary Authorization gives the key: `ni:///sha-256;…` over its SubjectPublicKeyInfo. */
  | { readonly format: "pem"; readonly pem: string; readonly fingerprint: string }
  /** Text that is no readable key: kept, and never taken for one. */
  | { readonly format: "unverified"; readonly text: string };

/** A note of Container Analysis that attestations are attached to. */
export interface Note {
  /** `projects/P/notes/N`. */
  readonly name: string;
  readonly humanReadableName: Value<string>;
  readonly origin: Origin;
}

/** An attestor. */
export interface Attestor {
  /** `projects/P/attestors/N`. */
  readonly name: string;
  /** The full name of its note. */
  readonly noteName: Value<string>;
  readonly publicKeys: Value<readonly AttestorKey[]>;
  readonly origin: Origin;
}

/** A key as an attestor carries it. */
export interface AttestorKey {
  /** The id that signatures name, compared literally. */
  readonly id: Value<string>;
  readonly type: "pkix" | "pgp";
  readonly material: Value<KeyMaterial>;
  /** The name of the Binary Authorization API: `ECDSA_P256_SHA256`; the aliases of Cloud KMS are translated. */
  readonly algorithm: Value<string>;
}

/** The admission policy of a project. */
export interface Policy {
  readonly project: string;
  /** Left out, the service assumes `DISABLE`. */
  readonly globalPolicyEvaluationMode: Value<"ENABLE" | "DISABLE">;
  readonly exemptImages: Value<readonly Value<string>[]>;
  readonly defaultRule: Value<Rule>;
  readonly specificRules: Value<SpecificRules>;
  readonly origin: Origin;
}

/** The rules beside the default one. A policy has rules of one kind only; Terraform knows those of clusters. */
export interface SpecificRules {
  readonly kind: "cluster" | "namespace" | "service-account" | "istio-identity";
  readonly rules: readonly KeyedRule[];
}

/** A rule and what it is for: `us-central1-a.prod`, a namespace, `namespace:account`, a SPIFFE id. */
export interface KeyedRule {
  readonly key: Value<string>;
  readonly rule: Rule;
}

/** An admission rule. */
export interface Rule {
  readonly evaluationMode: Value<string>;
  readonly enforcementMode: Value<string>;
  /** Full names of attestors. */
  readonly requireAttestationsBy: Value<readonly Value<string>[]>;
}

/** A GKE cluster. */
export interface Cluster {
  readonly project: string;
  readonly location: string;
  readonly name: string;
  /** `PROJECT_SINGLETON_POLICY_ENFORCE`, `DISABLED`, …; `DISABLED` where nothing is set. */
  readonly evaluationMode: Value<string>;
  readonly origin: Origin;
}

/** What runs on Cloud Run: a service, a job, a worker pool, or a function. */
export interface CloudRunService {
  readonly project: string;
  readonly location: string;
  readonly name: string;
  readonly kind: "service" | "job" | "worker-pool" | "function";
  /** `default` for the project's policy, `none` where images are not checked, else the name of a platform policy. */
  readonly policy: Value<string>;
  readonly breakglassJustification: Value<string | undefined>;
  readonly origin: Origin;
}

/** A build that signs. */
export interface Pipeline {
  /** `projects/P/locations/L/triggers/N`. */
  readonly name: string;
  /** In IAM's form: `serviceAccount:EMAIL`. */
  readonly serviceAccount: Value<string>;
  /** The image paths it pushes or signs, without tag. */
  readonly images: readonly string[];
  readonly signs: readonly PipelineSignature[];
  readonly origin: Origin;
}

/** What a pipeline signs for, and with what. */
export interface PipelineSignature {
  readonly attestor: Value<string>;
  readonly keyVersion: Value<string>;
}

/** What a principal can do to the chain of trust. */
export type PowerKind =
  /** Make signatures with a key. */
  | "sign"
  /** Attach attestations to a note. */
  | "attach"
  /** Change an attestor, its keys for instance. */
  | "edit-attestor"
  /** Change the policy. */
  | "edit-policy"
  /** Give others any of these. */
  | "grant"
  /** Act as an identity that signs. */
  | "act-as"
  /** Push to a repository. */
  | "push"
  /** None of these: a role that only reads, for instance, kept so that what a principal was given can be listed in full. */
  | "none"
  /** Not known: a role behind a reference, a custom one that is defined elsewhere, or one that this version does not know. */
  | "unknown";

/** A power that somebody holds. */
export interface Power {
  readonly kind: PowerKind;
  /** In IAM's form: `serviceAccount:EMAIL`. */
  readonly principal: Value<string>;
  readonly role: Value<string>;
  /** The full name of what the binding is on: a key, a ring, a note, an attestor, a repository, an account, `projects/P`. */
  readonly on: Value<string>;
  /** Whether the binding has a condition; it then holds less often than it says. */
  readonly conditional: boolean;
  /** The expression of the condition, where there is one. */
  readonly condition?: Value<string>;
  readonly origin: Origin;
}

/** A key of Cloud KMS: what all of its versions have in common. */
export interface CryptoKey {
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K`. */
  readonly name: string;
  readonly purpose: Value<string>;
  /** Of versions that are made from now on, by the name in Cloud KMS. */
  readonly algorithm: Value<string>;
  readonly protectionLevel: Value<string>;
  /** Whether its versions are imported, so that somebody had the private key. */
  readonly importOnly: Value<boolean>;
  /** In seconds with an `s`: `2592000s`. */
  readonly destroyScheduledDuration: Value<string>;
  readonly origin: Origin;
}

/** A switch of Binary Authorization beside those of GKE clusters and Cloud Run. */
export interface Enrolment {
  readonly kind: "fleet-default" | "attached" | "aws" | "azure" | "bare-metal" | "vmware";
  /** The full name of the fleet or cluster. */
  readonly name: string;
  /** `PROJECT_SINGLETON_POLICY_ENFORCE`, `POLICY_BINDINGS`, `DISABLED`, …; `DISABLED` where nothing is set. */
  readonly evaluationMode: Value<string>;
  readonly origin: Origin;
}

/** An API that is enabled in a project. */
export interface Api {
  /** `projects/P/services/binaryauthorization.googleapis.com`. */
  readonly name: string;
  /** Whether removing the resource disables the API. */
  readonly disableOnDestroy: Value<boolean>;
  readonly origin: Origin;
}

/** A policy of the organization, or a constraint that somebody defined for it. */
export interface OrgPolicy {
  /** `PARENT/policies/CONSTRAINT`, `organizations/O/customConstraints/C`. */
  readonly name: string;
  readonly kind: "policy" | "custom-constraint";
  /** Of a constraint that is on or off; undefined where it is about values. */
  readonly enforced: Value<boolean | undefined>;
  /** What may be used; `*` for everything. Empty where nothing may, or where it is not about values. */
  readonly allowedValues: Value<readonly Value<string>[]>;
  /** The condition of a custom constraint. */
  readonly condition: Value<string | undefined>;
  /** Whether it says something by itself: a dry run does not, nor does one that takes what its parent says. */
  readonly inForce: Value<boolean>;
  readonly origin: Origin;
}

/** A provider of a workload identity pool: whom from outside Google believes. */
export interface IdentityProvider {
  /** `projects/P/locations/global/workloadIdentityPools/POOL/providers/N`. */
  readonly name: string;
  readonly condition: Value<string | undefined>;
  /** The attribute mapping as JSON with sorted keys. */
  readonly mapping: Value<string>;
  /** Who vouches for the identities: the issuer of OpenID Connect, the account of AWS; empty for the other kinds. */
  readonly issuer: Value<string>;
  /** What else its tokens have to fit, as JSON with sorted keys: audiences, keys, the metadata of SAML, certificates. */
  readonly accepts: Value<string>;
  readonly disabled: Value<boolean>;
  readonly origin: Origin;
}

/** A key of a service account that somebody downloads. */
export interface AccountKey {
  /** `projects/P/serviceAccounts/EMAIL`, as far as it is known. */
  readonly account: Value<string>;
  readonly origin: Origin;
}

/** What would show afterwards who did what. */
export interface Evidence {
  readonly kind:
    | "audit-config"
    | "alert"
    | "alert-channel"
    | "log-metric"
    | "log-exclusion"
    | "log-sink"
    | "log-bucket";
  readonly name: string;
  /** Its filter or its log types; text to compare and to search. */
  readonly content: Value<string>;
  /** Of an alert: the full names of the channels that it tells. */
  readonly channels?: Value<readonly Value<string>[]>;
  /** Of a log bucket: for how many days it keeps entries. */
  readonly retentionDays?: Value<string>;
  readonly origin: Origin;
}

/** What decides inside a cluster who may use break-glass: admission policies and who is let through, with their bindings. */
export interface Guard {
  /** `ValidatingAdmissionPolicy/NAME`, `RoleBinding/NAMESPACE/NAME`. */
  readonly name: string;
  readonly kind: "policy" | "policy-binding" | "role" | "role-binding";
  /** Of a policy whether it refuses what it cannot evaluate, of its binding whether it refuses; of others true. */
  readonly refuses: Value<boolean>;
  /** The policy or role that a binding is of, by its name. */
  readonly of?: Value<string>;
  /** Whom a binding of a role lets through: `Group/NAME`, sorted. */
  readonly subjects: Value<readonly string[]>;
  /** What it says, as text to compare and to search. */
  readonly content: Value<string>;
  readonly origin: Origin;
}

/** What runs images: an object of Kubernetes with a pod template, or what runs on Cloud Run. */
export interface Workload {
  /** `Deployment/NAMESPACE/NAME`, or the full name on Cloud Run. */
  readonly name: string;
  /** As written. */
  readonly images: Value<readonly Value<string>[]>;
  /** Whether its pods carry the label or the annotation of break-glass. */
  readonly breakGlass: Value<boolean>;
  readonly origin: Origin;
}
