import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  type AdmissionRequest,
  type AdmitOptions,
  type Artifact,
  admit,
  type Evidence,
  nodeVerifier,
  type Occurrence,
  parseArtifact,
  payloadBytes,
  type Target,
  type Verdict,
  writeOccurrence,
} from "../../lib/admission";
import {
  type Attestor,
  type AttestorKey,
  type CloudRunService,
  type Cluster,
  EMPTY_MODEL,
  known,
  type Policy,
  type Rule,
  type SpecificRules,
  type TrustModel,
  type Value,
} from "../../lib/trust/model";
import { publicKeyDigestId } from "../../lib/vocabulary/public-key";

export const PROJECT = "my-secure-project";
export const DIGEST = `sha256:${"1".repeat(64)}`;
export const OTHER_DIGEST = `sha256:${"2".repeat(64)}`;
export const REPOSITORY = "us-central1-docker.pkg.dev/my-secure-project/apps/web";
export const IMAGE = `${REPOSITORY}@${DIGEST}`;
export const NOTE = `projects/${PROJECT}/notes/built`;
export const ATTESTOR = `projects/${PROJECT}/attestors/built-by-ci`;
export const SECOND_NOTE = `projects/${PROJECT}/notes/scanned`;
export const SECOND_ATTESTOR = `projects/${PROJECT}/attestors/scanned`;
const ORIGIN = { source: "test" };
export const CLUSTER: Extract<Target, { kind: "gke" }> = {
  kind: "gke",
  project: PROJECT,
  location: "us-central1-a",
  name: "prod",
};
export const RUN: Target = { kind: "cloud-run", project: PROJECT, location: "us-central1", name: "web" };
export const DEFAULT: Target = { kind: "default", project: PROJECT };
export const verifier = nodeVerifier();

/** A key pair that signs like a version of Cloud KMS. */
export interface TestKey {
  readonly id: string;
  readonly algorithm: string;
  readonly pem: string;
  sign(data: Uint8Array): Uint8Array;
}

const made = new Map<string, TestKey>();

/** The key of a name; made once. */
export function testKey(name: string, algorithm = "ECDSA_P256_SHA256"): TestKey {
  const key = made.get(name) ?? makeKey(algorithm);
  made.set(name, key);
  return key;
}

function makeKey(algorithm: string): TestKey {
  const [, , size] = /_(P?)(\d+)_SHA/.exec(algorithm) as RegExpExecArray;
  const pair = algorithm.startsWith("EC")
    ? generateKeyPairSync("ec", { namedCurve: `P-${size}` })
    : generateKeyPairSync("rsa", { modulusLength: Number(size) });
  const hash = `sha${algorithm.slice(-3)}`;
  const padding = algorithm.includes("PSS")
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {};
  return {
    id: publicKeyDigestId(pair.publicKey),
    algorithm,
    pem: pemOf(pair.publicKey),
    sign: (data) => sign(hash, data, { key: pair.privateKey, dsaEncoding: "der", ...padding }),
  };
}

export function pemOf(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }) as string;
}

export function attestorKey(key: TestKey, change: Partial<AttestorKey> = {}): AttestorKey {
  return {
    id: known(key.id),
    type: "pkix",
    material: known({ format: "pem", pem: key.pem, fingerprint: key.id }),
    algorithm: known(key.algorithm),
    ...change,
  };
}

export function attestor(change: Partial<Attestor> = {}): Attestor {
  return {
    name: ATTESTOR,
    noteName: known(NOTE),
    publicKeys: known([attestorKey(testKey("first"))]),
    origin: ORIGIN,
    ...change,
  };
}

export const SECOND: Attestor = attestor({
  name: SECOND_ATTESTOR,
  noteName: known(SECOND_NOTE),
  publicKeys: known([attestorKey(testKey("second"))]),
});

export function rule(mode: string, attestors: readonly string[] = [], change: Partial<Rule> = {}): Rule {
  return {
    evaluationMode: known(mode),
    enforcementMode: known("ENFORCED_BLOCK_AND_AUDIT_LOG"),
    requireAttestationsBy: known(attestors.map((name) => known(name))),
    ...change,
  };
}

export const DENY = rule("ALWAYS_DENY");
export const ALLOW = rule("ALWAYS_ALLOW");
export const REQUIRE = rule("REQUIRE_ATTESTATION", [ATTESTOR]);
export const REQUIRE_BOTH = rule("REQUIRE_ATTESTATION", [ATTESTOR, SECOND_ATTESTOR]);
export const DRY_RUN = { enforcementMode: known("DRYRUN_AUDIT_LOG_ONLY") };

export function specific(rules: Record<string, Rule>, kind: SpecificRules["kind"] = "cluster"): Value<SpecificRules> {
  return known({ kind, rules: Object.entries(rules).map(([key, value]) => ({ key: known(key), rule: value })) });
}

export function policy(change: Partial<Policy> = {}): Policy {
  return {
    project: PROJECT,
    globalPolicyEvaluationMode: known("DISABLE"),
    exemptImages: known([]),
    defaultRule: known(REQUIRE),
    specificRules: specific({}),
    origin: ORIGIN,
    ...change,
  };
}

export function exempt(...patterns: string[]): Pick<Policy, "exemptImages"> {
  return { exemptImages: known(patterns.map((pattern) => known(pattern))) };
}

export function cluster(change: Partial<Cluster> = {}): Cluster {
  return {
    project: PROJECT,
    location: "us-central1-a",
    name: "prod",
    evaluationMode: known("PROJECT_SINGLETON_POLICY_ENFORCE"),
    origin: ORIGIN,
    ...change,
  };
}

export function service(change: Partial<CloudRunService> = {}): CloudRunService {
  return {
    project: PROJECT,
    location: "us-central1",
    name: "web",
    kind: "service",
    policy: known("default"),
    breakglassJustification: known(undefined),
    origin: ORIGIN,
    ...change,
  };
}

export function model(change: Partial<TrustModel> = {}): TrustModel {
  return {
    ...EMPTY_MODEL,
    attestors: [attestor(), SECOND],
    policies: [policy()],
    clusters: [cluster()],
    services: [service()],
    ...change,
  };
}

export function artifact(image: string): Artifact {
  const parsed = parseArtifact(image);
  if ("error" in parsed) throw new Error(`${image} ${parsed.error}`);
  return parsed.artifact;
}

interface Attesting {
  readonly key?: TestKey;
  readonly note?: string;
  readonly keyId?: string;
  /** What is signed and stored. */
  readonly payload?: Uint8Array | string;
}

/** A real attestation of an image. */
export function attest(image: string, attesting: Attesting = {}): Occurrence {
  const { key = testKey("first"), note = NOTE, keyId = key.id } = attesting;
  const parts = artifact(image);
  const payload =
    typeof attesting.payload === "string" ? Buffer.from(attesting.payload) : (attesting.payload ?? payloadBytes(parts));
  return writeOccurrence({
    artifact: parts,
    noteName: note,
    payload,
    signatures: [{ publicKeyId: keyId, signature: key.sign(payload) }],
    name: `projects/${PROJECT}/occurrences/${keyId.slice(-4)}`,
  });
}

interface Asking {
  readonly images?: readonly string[];
  readonly target?: Target;
  readonly model?: TrustModel;
  readonly policy?: Partial<Policy>;
  /** @default [] */
  readonly evidence?: readonly Occurrence[] | "nobody looked";
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly options?: AdmitOptions;
}

/** Asks about images, of which the first is the container's. */
export function ask(asking: Asking): Verdict {
  const request: AdmissionRequest = {
    target: asking.target ?? CLUSTER,
    pod: {
      images: (asking.images ?? [IMAGE]).map((image, index) => ({ image, container: `c${index}`, kind: "container" })),
      labels: asking.labels,
      annotations: asking.annotations,
    },
  };
  const evidence: Evidence = asking.evidence === "nobody looked" ? undefined : { occurrences: asking.evidence ?? [] };
  const trust = asking.model ?? model(asking.policy && { policies: [policy(asking.policy)] });
  return admit(request, trust, evidence, verifier, asking.options);
}

/** The codes of everything that was diagnosed about the first image, without repetition. */
export function codes(verdict: Verdict): string[] {
  const [image] = verdict.images;
  const all = [...image.diagnosis, ...image.attestors.flatMap(({ diagnosis }) => diagnosis)];
  return [...new Set(all.map(({ code }) => code))];
}
