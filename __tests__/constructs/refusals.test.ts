import { ContainerCluster } from "@cdktf/provider-google/lib/container-cluster";
import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { TerraformStack, TerraformVariable, Testing, Token } from "cdktf";
import {
  AdmissionPolicy,
  Attestor,
  AttestorKey,
  CleanupPolicy,
  type ClusterRuleData,
  ConnectionHost,
  EnforcedCluster,
  type EnforcedClusterProps,
  EnforcedService,
  ExistingPolicy,
  ExistingSigner,
  FederatedIdentity,
  FederatedSigner,
  type FederatedSignerProps,
  type IAttestor,
  ImagePlatform,
  KeyVersion,
  PipelineSource,
  ProblemCode,
  RepositoryConnection,
  ResigningTrigger,
  SignedBuild,
  type SignedTriggerOptions,
  SigningAlgorithm,
  SigningGate,
  SigningStart,
  TagState,
  TrustRoot,
  type TrustRootProps,
} from "../../lib";
import { show } from "../../lib/vocabulary/problem";
import {
  ATTESTOR,
  attestorIn,
  buildIn,
  CONNECTED,
  IMAGE,
  KEY,
  MEMBER,
  NOTE,
  P256_PEM,
  PROJECT,
  pipelineIn,
  policyIn,
  problemsOf,
  REPOSITORY,
  refusalOf,
  signerIn,
  testApp,
  testStack,
  trustRootIn,
  VETTED,
  vettedIn,
} from "../support/synth";
import { warnings } from "../support/template";

const { EC_SIGN_P256_SHA256, EC_SIGN_P521_SHA512, RSA_SIGN_PKCS1_4096_SHA512 } = SigningAlgorithm;
const BLOCK = "ENFORCED_BLOCK_AND_AUDIT_LOG";

const PEM_KEY = AttestorKey.fromPem({ publicKeyPem: P256_PEM, algorithm: EC_SIGN_P256_SHA256 });

const pemKey = (id: string): AttestorKey =>
  AttestorKey.fromPem({ publicKeyPem: P256_PEM, algorithm: EC_SIGN_P256_SHA256, id });

const variable = (stack: TerraformStack): string => new TerraformVariable(stack, "var", { type: "string" }).stringValue;

const trustRoot = (props: Partial<TrustRootProps>) => trustRootIn(testStack(), props);

const versions = (...list: KeyVersion[]) => trustRoot({ versions: list });

const attestors = (stack: TerraformStack, count: number): IAttestor[] =>
  Array.from({ length: count }, (_, index) =>
    Attestor.fromAttestorName(stack, `Attestor${index}`, `projects/${PROJECT}/attestors/a${index}`),
  );

function cluster(props: Partial<EnforcedClusterProps> = {}): EnforcedCluster {
  const stack = testStack();
  return new EnforcedCluster(stack, "Prod", {
    clusterName: "prod",
    location: "us-central1-a",
    policy: policyIn(stack),
    requiredAttestors: attestors(stack, 1),
    ...props,
  });
}

function enforce(config: {
  name: string;
  location?: string;
  project?: string;
  lifecycle?: { ignoreChanges: string[] };
}) {
  const stack = testStack();
  const theirs = new ContainerCluster(stack, "theirs", config);
  return EnforcedCluster.enforce(theirs, { policy: policyIn(stack), requiredAttestors: attestors(stack, 1) });
}

const RULE: ClusterRuleData = {
  cluster: "us-central1.theirs",
  evaluationMode: "REQUIRE_ATTESTATION",
  enforcementMode: BLOCK,
  requireAttestationsBy: [ATTESTOR],
};

const rules = (...clusterRules: ClusterRuleData[]) => policyIn(testStack(), { clusterRules });

const exempt = (...exemptImages: string[]) => policyIn(testStack(), { exemptImages });

const fromExport = (text: string, project?: string) =>
  AdmissionPolicy.fromExport(testStack(), "Policy", text, { project });

const EXPORT = `defaultAdmissionRule: { evaluationMode: ALWAYS_DENY, enforcementMode: ${BLOCK} }\n`;

const THEIRS = `theirs@${PROJECT}.iam.gserviceaccount.com`;

const connectionIn = (stack: TerraformStack) =>
  new RepositoryConnection(stack, "Connection", {
    connectionName: "github",
    location: "us-central1",
    host: ConnectionHost.github({ appInstallationId: 1, tokenSecretVersion: "projects/p/secrets/s/versions/1" }),
    projectNumber: "123456789012",
  });

const row = (options: Partial<SignedTriggerOptions> = {}) =>
  SignedBuild.ofTrigger({
    triggerName: `projects/${PROJECT}/locations/us-central1/triggers/theirs`,
    serviceAccountEmail: THEIRS,
    repositoryUrl: "https://github.com/their-org/app",
    image: IMAGE,
    branch: "^main$",
    ...options,
  });

const POOL = "iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/signers";

const federated = (props: Partial<FederatedSignerProps> = {}) => {
  const stack = testStack();
  return new FederatedSigner(stack, "Signer", {
    identity: FederatedIdentity.github({ ownerId: "1342004", repositoryId: "260064828", ref: "refs/heads/main" }),
    poolId: "signers",
    providerId: "github-web",
    projectNumber: "123456789012",
    attestors: [attestorIn(stack)],
    ...props,
  });
};

const inStack =
  (action: (stack: TerraformStack) => unknown): (() => unknown) =>
  () =>
    action(testStack());

// What several messages say alike.
const LITERAL =
  " has to be a literal value, got a Terraform variable, reference or other token; allowed: a string known when the program runs";
const MISSING_PROJECT = `the project is not known, got neither a "project" nor a google provider with a literal project; allowed: give the construct a "project", or give the stack's GoogleProvider one (before the construct is created)`;
const PROJECT_FORM = "6 to 30 lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen";
const ATTESTOR_FORM = "1 to 128 letters, digits, underscores and hyphens, starting with a letter or digit";
const PATTERN_FORM =
  "an image path, optionally ending with '*' (stays within one path segment) or '**' (crosses '/'), with the wildcard after the registry part";
const MEMBER_FORM = "user:EMAIL, serviceAccount:EMAIL, group:EMAIL, domain:DOMAIN, principal://… or principalSet://…";
const RULE_FORM =
  "evaluationMode (ALWAYS_ALLOW, ALWAYS_DENY, REQUIRE_ATTESTATION), enforcementMode (ENFORCED_BLOCK_AND_AUDIT_LOG, DRYRUN_AUDIT_LOG_ONLY) and requireAttestationsBy";

type Row = [name: string, action: () => unknown, problems: string[]];

// Each row: what was done wrong, and everything that is said about it.
const REFUSALS: Row[] = [
  // Where things are.
  [
    "no project at all",
    () => trustRootIn(testStack({ project: null })),
    [`[MISSING_PROJECT] Stack/TrustRoot: ${MISSING_PROJECT}`],
  ],
  [
    "no provider at all",
    () => trustRootIn(new TerraformStack(testApp(), "Stack")),
    [`[MISSING_PROJECT] Stack/TrustRoot: ${MISSING_PROJECT}`],
  ],
  [
    "a variable as the project",
    inStack((stack) => trustRootIn(stack, { project: variable(stack) })),
    [`[UNRESOLVED_VALUE] Stack/TrustRoot: "project"${LITERAL}`],
  ],
  [
    "a variable as the project of an attestor",
    inStack((stack) => attestorIn(stack, { keys: [PEM_KEY], project: variable(stack) })),
    [`[UNRESOLVED_VALUE] Stack/Attestor: "project"${LITERAL}`],
  ],
  [
    "a variable as the project of a policy",
    inStack((stack) => policyIn(stack, { project: variable(stack) })),
    [`[UNRESOLVED_VALUE] Stack/Policy: "project"${LITERAL}`],
  ],
  [
    "a variable as the project of a pipeline",
    inStack((stack) => pipelineIn(stack, { attestors: [attestorIn(stack)], project: variable(stack) })),
    [`[UNRESOLVED_VALUE] Stack/Pipeline: "project"${LITERAL}`],
  ],
  [
    "a variable as the project of a cluster",
    inStack(
      (stack) =>
        new EnforcedCluster(stack, "Prod", {
          clusterName: "prod",
          location: "us-central1",
          policy: policyIn(stack),
          requiredAttestors: attestors(stack, 1),
          project: variable(stack),
        }),
    ),
    [`[UNRESOLVED_VALUE] Stack/Prod: "project"${LITERAL}`],
  ],
  [
    "another token as the project",
    () => trustRoot({ project: Token.asString({ resolve: () => PROJECT }) }),
    [`[UNRESOLVED_VALUE] Stack/TrustRoot: "project"${LITERAL}`],
  ],
  [
    "a reference written by hand as the project",
    () => trustRoot({ project: `\${var.project}` }),
    [`[UNRESOLVED_VALUE] Stack/TrustRoot: "project"${LITERAL}`],
  ],
  [
    "a variable as the project of the provider",
    () => {
      const stack = new TerraformStack(testApp(), "Stack");
      new GoogleProvider(stack, "Google", { project: variable(stack) });
      trustRootIn(stack);
    },
    [`[MISSING_PROJECT] Stack/TrustRoot: ${MISSING_PROJECT}`],
  ],
  [
    "the project of a provider with an alias is not taken",
    () => {
      const stack = new TerraformStack(testApp(), "Stack");
      new GoogleProvider(stack, "Google", { project: PROJECT, alias: "other" });
      trustRootIn(stack);
    },
    [`[MISSING_PROJECT] Stack/TrustRoot: ${MISSING_PROJECT}`],
  ],
  [
    "an empty project",
    () => trustRoot({ project: "" }),
    [`[INVALID_PROJECT] Stack/TrustRoot: "project" is not valid, got ""; allowed: ${PROJECT_FORM}`],
  ],
  [
    "a project's display name",
    () => policyIn(testStack(), { project: "My Secure Project" }),
    [`[INVALID_PROJECT] Stack/Policy: "project" is not valid, got "My Secure Project"; allowed: ${PROJECT_FORM}`],
  ],
  [
    "a project that is too long",
    () => policyIn(testStack(), { project: "p".repeat(31) }),
    [
      `[INVALID_PROJECT] Stack/Policy: "project" is not valid, got "ppppppppppppppppppppppppppppppp"; allowed: ${PROJECT_FORM}`,
    ],
  ],
  [
    "a location with a typo",
    () => cluster({ location: "us-centrall" }),
    [
      '[INVALID_LOCATION] Stack/Prod: "location" is no region or zone, got "us-centrall"; allowed: a region such as "us-central1" or a zone such as "us-central1-a"',
    ],
  ],
  [
    "an empty location",
    () => cluster({ location: "" }),
    [
      '[INVALID_LOCATION] Stack/Prod: "location" is no region or zone, got ""; allowed: a region such as "us-central1" or a zone such as "us-central1-a"',
    ],
  ],
  [
    "a multi-region for a cluster",
    () => cluster({ location: "us" }),
    [
      '[INVALID_LOCATION] Stack/Prod: "location" is no region or zone, got "us"; allowed: a region such as "us-central1" or a zone such as "us-central1-a"',
    ],
  ],
  [
    "a location with a typo, of a key",
    () => trustRoot({ location: "europe-wst1" }),
    [
      '[INVALID_LOCATION] Stack/TrustRoot: "location" is no location of Cloud KMS, got "europe-wst1"; allowed: "global", a multi-region such as "europe", or a region such as "us-central1"',
    ],
  ],
  [
    "a zone for a key",
    () => trustRoot({ location: "us-central1-a" }),
    [
      '[INVALID_LOCATION] Stack/TrustRoot: "location" is no location of Cloud KMS, got "us-central1-a"; allowed: "global", a multi-region such as "europe", or a region such as "us-central1"',
    ],
  ],
  [
    "a variable as the location",
    inStack((stack) => trustRootIn(stack, { location: variable(stack) })),
    [`[UNRESOLVED_VALUE] Stack/TrustRoot: "location"${LITERAL}`],
  ],

  // Names.
  [
    "empty names of ring and key",
    () => trustRoot({ keyRingName: "", keyName: "" }),
    [
      '[INVALID_NAME] Stack/TrustRoot: "keyRingName" is not valid, got ""; allowed: 1 to 63 letters, digits, underscores and hyphens',
      '[INVALID_NAME] Stack/TrustRoot: "keyName" is not valid, got ""; allowed: 1 to 63 letters, digits, underscores and hyphens',
    ],
  ],
  [
    "illegal characters in the name of a key",
    () => trustRoot({ keyName: "build/signer" }),
    [
      '[INVALID_NAME] Stack/TrustRoot: "keyName" is not valid, got "build/signer"; allowed: 1 to 63 letters, digits, underscores and hyphens',
    ],
  ],
  [
    "a key name that is too long",
    () => trustRoot({ keyName: "k".repeat(64) }),
    [
      '[INVALID_NAME] Stack/TrustRoot: "keyName" is not valid, got "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"; allowed: 1 to 63 letters, digits, underscores and hyphens',
    ],
  ],
  [
    "an empty name of an attestor",
    () => attestorIn(testStack(), { keys: [PEM_KEY], attestorName: "" }),
    [`[INVALID_NAME] Stack/Attestor: "attestorName" is not valid, got ""; allowed: ${ATTESTOR_FORM}`],
  ],
  [
    "illegal characters in the name of an attestor",
    () => attestorIn(testStack(), { keys: [PEM_KEY], attestorName: "build attestor" }),
    [`[INVALID_NAME] Stack/Attestor: "attestorName" is not valid, got "build attestor"; allowed: ${ATTESTOR_FORM}`],
  ],
  [
    "a full name where the short one belongs",
    () => attestorIn(testStack(), { keys: [PEM_KEY], attestorName: ATTESTOR }),
    [
      `[INVALID_NAME] Stack/Attestor: "attestorName" is not valid, got "projects/my-secure-project/attestors/build-attestor"; allowed: ${ATTESTOR_FORM}`,
    ],
  ],
  [
    "an empty name of a note",
    () => attestorIn(testStack(), { keys: [PEM_KEY], noteName: "" }),
    [`[INVALID_NAME] Stack/Attestor: "noteName" is not valid, got ""; allowed: ${ATTESTOR_FORM}`],
  ],
  [
    "a variable as the name of an attestor",
    inStack((stack) => attestorIn(stack, { keys: [PEM_KEY], attestorName: variable(stack) })),
    [`[UNRESOLVED_VALUE] Stack/Attestor: "attestorName"${LITERAL}`],
  ],
  [
    "the short name of a foreign note",
    () => attestorIn(testStack(), { keys: [PEM_KEY], noteId: "their-note" }),
    [
      '[INVALID_NAME] Stack/Attestor: "noteId" is no full name of a note, got "their-note"; allowed: projects/PROJECT/notes/NAME',
    ],
  ],
  [
    "a foreign attestor's name with illegal characters",
    () => Attestor.fromAttestorName(testStack(), "Imported", "their attestor"),
    [
      `[INVALID_NAME] Stack/Imported: "attestorName" is no name of an attestor, got "their attestor"; allowed: projects/PROJECT/attestors/NAME, or a short name of ${ATTESTOR_FORM} (project: ${PROJECT_FORM})`,
    ],
  ],
  [
    "an empty name of a foreign attestor",
    () => Attestor.fromAttestorName(testStack(), "Imported", ""),
    [
      `[INVALID_NAME] Stack/Imported: "attestorName" is no name of an attestor, got ""; allowed: projects/PROJECT/attestors/NAME, or a short name of ${ATTESTOR_FORM} (project: ${PROJECT_FORM})`,
    ],
  ],
  [
    "the short name of a foreign attestor's note",
    inStack((stack) =>
      Attestor.fromAttestorAttributes(stack, "Imported", {
        attestorId: ATTESTOR,
        noteId: "their-note",
        signingTrustRoot: trustRootIn(stack),
      }),
    ),
    [
      '[INVALID_NAME] Stack/Imported: "noteId" is no full name of a note, got "their-note"; allowed: projects/PROJECT/notes/NAME',
    ],
  ],
  [
    "an empty name of a cluster",
    () => cluster({ clusterName: "" }),
    [
      '[INVALID_NAME] Stack/Prod: "clusterName" is not valid, got ""; allowed: 1 to 40 lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen',
    ],
  ],
  [
    "illegal characters in the name of a cluster",
    () => cluster({ clusterName: "Prod_1" }),
    [
      '[INVALID_NAME] Stack/Prod: "clusterName" is not valid, got "Prod_1"; allowed: 1 to 40 lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen',
    ],
  ],
  [
    "a variable as the name of a cluster",
    inStack((stack) =>
      EnforcedCluster.fromClusterName(stack, "Theirs", {
        clusterName: variable(stack),
        location: "us-central1",
        policy: policyIn(stack),
        requiredAttestors: attestors(stack, 1),
      }),
    ),
    [`[UNRESOLVED_VALUE] Stack/Theirs: "clusterName"${LITERAL}`],
  ],
  [
    "an empty name of a pipeline",
    inStack((stack) => pipelineIn(stack, { attestors: [attestorIn(stack)], pipelineName: "" })),
    [
      '[INVALID_NAME] Stack/Pipeline: "pipelineName" is not valid, got ""; allowed: 1 to 64 letters, digits and hyphens, starting and ending with a letter or digit',
    ],
  ],
  [
    "a repository by its short name",
    () => cluster({ imageRepositories: ["my-repo"] }),
    [
      '[INVALID_NAME] Stack/Prod: "imageRepositories[0]" is no full name of a repository, got "my-repo"; allowed: projects/PROJECT/locations/LOCATION/repositories/NAME',
    ],
  ],
  [
    "the name of a key version without its number",
    () =>
      TrustRoot.fromKeyVersions(testStack(), "Imported", { signing: { name: KEY, algorithm: EC_SIGN_P256_SHA256 } }),
    [
      `[INVALID_NAME] Stack/Imported: "signing.name" is no name of a key version, got "${KEY}"; allowed: projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY/cryptoKeyVersions/NUMBER`,
    ],
  ],

  // Keys and their versions.
  [
    "two signing versions",
    () => versions(KeyVersion.signing("one", { number: 1 }), KeyVersion.signing("two", { number: 2 })),
    [
      '[INVALID_KEY_VERSIONS] Stack/TrustRoot: "versions" needs exactly one signing version, got ["one","two"]; allowed: one KeyVersion.signing, and KeyVersion.trusted for the others that still verify',
    ],
  ],
  [
    "no signing version",
    () => versions(KeyVersion.trusted("one", { number: 1 })),
    [
      '[INVALID_KEY_VERSIONS] Stack/TrustRoot: "versions" needs exactly one signing version, got none; allowed: one KeyVersion.signing, and KeyVersion.trusted for the others that still verify',
    ],
  ],
  [
    "no version at all",
    () => versions(),
    [
      '[INVALID_KEY_VERSIONS] Stack/TrustRoot: "versions" needs exactly one signing version, got none; allowed: one KeyVersion.signing, and KeyVersion.trusted for the others that still verify',
    ],
  ],
  [
    "two versions of one id",
    () => versions(KeyVersion.signing("v", { number: 1 }), KeyVersion.trusted("v", { number: 2 })),
    ['[INVALID_KEY_VERSIONS] Stack/TrustRoot: two versions have the id "v"; allowed: each id once'],
  ],
  [
    "two versions of one number",
    () => versions(KeyVersion.signing("a", { number: 1 }), KeyVersion.trusted("b", { number: 1 })),
    [
      "[INVALID_KEY_VERSIONS] Stack/TrustRoot: two versions have the number 1; allowed: each number once, as Cloud KMS counts",
    ],
  ],
  [
    "a gap in the numbers",
    () => versions(KeyVersion.signing("a", { number: 3 })),
    [
      "[INVALID_KEY_VERSIONS] Stack/TrustRoot: the numbers 1, 2 are missing below 3; allowed: no gap, a version that is gone as KeyVersion.destroyed and one made elsewhere as KeyVersion.unmanaged",
    ],
  ],
  [
    "a large gap in the numbers",
    () => versions(KeyVersion.signing("a", { number: 15 })),
    [
      "[INVALID_KEY_VERSIONS] Stack/TrustRoot: the numbers 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, … are missing below 15; allowed: no gap, a version that is gone as KeyVersion.destroyed and one made elsewhere as KeyVersion.unmanaged",
    ],
  ],
  [
    "a number that is none",
    () => versions(KeyVersion.signing("a", { number: 1.5 })),
    [
      '[INVALID_KEY_VERSIONS] Stack/TrustRoot: version "a" has the number 1.5; allowed: a whole number from 1, as Cloud KMS counts',
    ],
  ],
  [
    "an illegal id of a version",
    () => versions(KeyVersion.signing("my_version", { number: 1 })),
    [
      '[INVALID_KEY_VERSIONS] Stack/TrustRoot: the id of a version is not valid, got "my_version"; allowed: 1 to 63 letters, digits and hyphens, starting with a letter',
    ],
  ],
  [
    "an empty id of a version",
    () => versions(KeyVersion.signing("", { number: 1 })),
    [
      '[INVALID_KEY_VERSIONS] Stack/TrustRoot: the id of a version is not valid, got ""; allowed: 1 to 63 letters, digits and hyphens, starting with a letter',
    ],
  ],
  [
    "an unknown algorithm",
    () => SigningAlgorithm.of("EC_SIGN_ED25519"),
    [
      '[UNSUPPORTED_ALGORITHM] SigningAlgorithm.of: Binary Authorization verifies no signature of algorithm "EC_SIGN_ED25519"; allowed: EC_SIGN_P256_SHA256, EC_SIGN_P384_SHA384, EC_SIGN_P521_SHA512, RSA_SIGN_PKCS1_2048_SHA256, RSA_SIGN_PKCS1_3072_SHA256, RSA_SIGN_PKCS1_4096_SHA256, RSA_SIGN_PKCS1_4096_SHA512, RSA_SIGN_PSS_2048_SHA256, RSA_SIGN_PSS_3072_SHA256, RSA_SIGN_PSS_4096_SHA256, RSA_SIGN_PSS_4096_SHA512',
    ],
  ],
  [
    "an algorithm that Cloud KMS does not offer",
    () => versions(KeyVersion.signing("a", { number: 1, algorithm: EC_SIGN_P521_SHA512 })),
    [
      '[UNSUPPORTED_ALGORITHM] Stack/TrustRoot: version "a" has an algorithm that Cloud KMS does not offer, got EC_SIGN_P521_SHA512; allowed: EC_SIGN_P256_SHA256, EC_SIGN_P384_SHA384 and the RSA_SIGN algorithms',
    ],
  ],
  [
    "an algorithm that Cloud KMS does not offer, of a foreign version",
    () =>
      TrustRoot.fromKeyVersions(testStack(), "Imported", {
        signing: { name: `${KEY}/cryptoKeyVersions/1`, algorithm: EC_SIGN_P521_SHA512 },
      }),
    [
      '[UNSUPPORTED_ALGORITHM] Stack/Imported: "signing.algorithm" is not offered by Cloud KMS, got EC_SIGN_P521_SHA512; allowed: EC_SIGN_P256_SHA256, EC_SIGN_P384_SHA384 and the RSA_SIGN algorithms',
    ],
  ],
  [
    "a foreign version twice",
    () => {
      const one = { name: `${KEY}/cryptoKeyVersions/1`, algorithm: EC_SIGN_P256_SHA256 };
      TrustRoot.fromKeyVersions(testStack(), "Imported", { signing: one, trusted: [one] });
    },
    [
      `[INVALID_KEY_VERSIONS] Stack/Imported: a key version is given twice, got "${KEY}/cryptoKeyVersions/1"; allowed: each version once`,
    ],
  ],
  [
    "foreign versions of two keys",
    () =>
      TrustRoot.fromKeyVersions(testStack(), "Imported", {
        signing: { name: `${KEY}/cryptoKeyVersions/1`, algorithm: EC_SIGN_P256_SHA256 },
        trusted: [{ name: `${KEY}-two/cryptoKeyVersions/1`, algorithm: EC_SIGN_P256_SHA256 }],
      }),
    [
      `[INVALID_KEY_VERSIONS] Stack/Imported: the versions are of several keys, got ${KEY}, ${KEY}-two; allowed: versions of one key, and one trust root for each key`,
    ],
  ],
  [
    "a destroy duration in days",
    () => trustRoot({ destroyScheduledDuration: "30d" }),
    [
      '[INVALID_OPTIONS] Stack/TrustRoot: "destroyScheduledDuration" is not valid, got "30d"; allowed: seconds from "86400s" (1 day) to "10368000s" (120 days), such as "2592000s" (30 days)',
    ],
  ],
  [
    "a destroy duration that is too short",
    () => trustRoot({ destroyScheduledDuration: "3600s" }),
    [
      '[INVALID_OPTIONS] Stack/TrustRoot: "destroyScheduledDuration" is not valid, got "3600s"; allowed: seconds from "86400s" (1 day) to "10368000s" (120 days), such as "2592000s" (30 days)',
    ],
  ],
  [
    "text that is no public key",
    () => AttestorKey.fromPem({ publicKeyPem: "my key", algorithm: EC_SIGN_P256_SHA256 }),
    [
      '[INVALID_PUBLIC_KEY] AttestorKey.fromPem: "publicKeyPem" is no PEM; allowed: a PEM of a public key (-----BEGIN PUBLIC KEY-----) for EC_SIGN_P256_SHA256',
    ],
  ],
  [
    "a certificate for a public key",
    () =>
      AttestorKey.fromPem({
        publicKeyPem: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        algorithm: EC_SIGN_P256_SHA256,
      }),
    [
      '[INVALID_PUBLIC_KEY] AttestorKey.fromPem: "publicKeyPem" is a PEM of a CERTIFICATE; allowed: a PEM of a public key (-----BEGIN PUBLIC KEY-----) for EC_SIGN_P256_SHA256',
    ],
  ],
  [
    "a key that does not fit its algorithm",
    () => AttestorKey.fromPem({ publicKeyPem: P256_PEM, algorithm: RSA_SIGN_PKCS1_4096_SHA512 }),
    [
      '[INVALID_PUBLIC_KEY] AttestorKey.fromPem: "publicKeyPem" is an EC key on prime256v1, which cannot sign with RSA_SIGN_PKCS1_4096_SHA512; allowed: a PEM of a public key (-----BEGIN PUBLIC KEY-----) for RSA_SIGN_PKCS1_4096_SHA512',
    ],
  ],
  [
    "a pinned key that does not fit its algorithm",
    () =>
      versions(KeyVersion.signing("a", { number: 1, algorithm: RSA_SIGN_PKCS1_4096_SHA512, publicKeyPem: P256_PEM })),
    [
      '[INVALID_PUBLIC_KEY] Stack/TrustRoot: "versions["a"].publicKeyPem" is an EC key on prime256v1, which cannot sign with RSA_SIGN_PKCS1_4096_SHA512; allowed: a PEM of a public key (-----BEGIN PUBLIC KEY-----) for RSA_SIGN_PKCS1_4096_SHA512',
    ],
  ],
  [
    "a key id that is no URI",
    () => pemKey("release key"),
    [
      '[INVALID_PUBLIC_KEY] AttestorKey.fromPem: "id" is no URI, got "release key"; allowed: a URI such as "//cloudkms.googleapis.com/v1/projects/…" or "ni:///sha-256;…"',
    ],
  ],
  [
    "a variable as a public key",
    inStack((stack) => AttestorKey.fromPem({ publicKeyPem: variable(stack), algorithm: EC_SIGN_P256_SHA256 })),
    [`[UNRESOLVED_VALUE] AttestorKey.fromPem: "publicKeyPem"${LITERAL}`],
  ],

  // Attestors.
  [
    "an attestor without keys",
    () => attestorIn(testStack(), { keys: [] }),
    [
      '[INVALID_ATTESTOR_KEYS] Stack/Attestor: "keys" is empty: an attestor without keys admits nothing; allowed: at least one trust root or AttestorKey',
    ],
  ],
  [
    "a key twice",
    () => attestorIn(testStack(), { keys: [PEM_KEY, PEM_KEY] }),
    [
      '[INVALID_ATTESTOR_KEYS] Stack/Attestor: the key "ni:///sha-256;EwVxs8fNUAHq9FI2AMfh8WNIXVBuuTMeGtPH72U-I70" is there twice; allowed: each key of an attestor once',
    ],
  ],
  [
    "1001 keys",
    () =>
      attestorIn(testStack(), {
        keys: Array.from({ length: 1001 }, (_, index) => pemKey(`https://example.com/${index}`)),
      }),
    [
      "[LIMIT_EXCEEDED] Stack/Attestor: an attestor takes 1000 keys, got 1001; allowed: further attestors, or fewer trusted versions",
    ],
  ],
  [
    "a foreign note with a name of its own",
    () => attestorIn(testStack(), { keys: [PEM_KEY], noteId: NOTE, noteName: "mine" }),
    [
      '[INVALID_OPTIONS] Stack/Attestor: "noteId" names a note that is managed elsewhere, got "noteName" or "humanReadableName" as well; allowed: one or the other',
    ],
  ],
  [
    "an attestor twice",
    () => {
      const stack = testStack();
      attestorIn(stack, { keys: [PEM_KEY] }, "One");
      attestorIn(stack, { keys: [PEM_KEY] }, "Two");
    },
    [
      '[DUPLICATE_RESOURCE] Stack/Two: the attestor "projects/my-secure-project/attestors/build-attestor" is declared twice, first at Stack/One; allowed: one construct for it in the app',
    ],
  ],
  [
    "a note twice",
    () => {
      const stack = testStack();
      attestorIn(stack, { keys: [PEM_KEY], attestorName: "one", noteName: "note" }, "One");
      attestorIn(stack, { keys: [PEM_KEY], attestorName: "two", noteName: "note" }, "Two");
    },
    [
      '[DUPLICATE_RESOURCE] Stack/Two: the note "projects/my-secure-project/notes/note" is declared twice, first at Stack/One; allowed: one construct for it in the app',
    ],
  ],
  [
    "a key declared twice",
    () => {
      const stack = testStack();
      trustRootIn(stack, {}, "One");
      trustRootIn(stack, {}, "Two");
    },
    [
      `[DUPLICATE_RESOURCE] Stack/Two: the key "${KEY}" is declared twice, first at Stack/One; allowed: one construct for it in the app`,
    ],
  ],
  [
    "an attestor that nobody can sign for",
    () => attestorIn(testStack(), { keys: [PEM_KEY] }).signingTrustRoot,
    [
      '[NO_SIGNING_KEY] Stack/Attestor: attestor "build-attestor" has no single key to sign with, got only keys given as PEM; allowed: one trust root among its "keys", or the choice of one with signedWith(trustRoot)',
    ],
  ],
  [
    "an attestor with two trust roots",
    inStack(
      (stack) =>
        attestorIn(stack, {
          keys: [trustRootIn(stack, { keyName: "one" }, "One"), trustRootIn(stack, { keyName: "two" }, "Two")],
        }).signingTrustRoot,
    ),
    [
      '[NO_SIGNING_KEY] Stack/Attestor: attestor "build-attestor" has no single key to sign with, got Stack/One, Stack/Two; allowed: one trust root among its "keys", or the choice of one with signedWith(trustRoot)',
    ],
  ],
  [
    "signing with a key that the attestor does not trust",
    inStack((stack) => attestorIn(stack).signedWith(trustRootIn(stack, { keyName: "other" }, "Other"))),
    [
      '[NO_SIGNING_KEY] Stack/Attestor: attestor "build-attestor" does not trust Stack/Other, so that nothing it signs would be admitted; allowed: Stack/AttestorTrustRoot',
    ],
  ],

  // Grants.
  [
    "everybody",
    () => attestorIn(testStack()).grants.attest("allUsers"),
    [`[INVALID_MEMBER] Stack/Attestor: member "allUsers" would let everybody in; allowed: ${MEMBER_FORM}`],
  ],
  [
    "everybody who is signed in",
    () => trustRootIn(testStack()).grants.sign("allAuthenticatedUsers"),
    [
      `[INVALID_MEMBER] Stack/TrustRoot: member "allAuthenticatedUsers" would let everybody in; allowed: ${MEMBER_FORM}`,
    ],
  ],
  [
    "an e-mail address that does not say what it is of",
    () => trustRootIn(testStack()).grants.viewPublicKey("robot@example.com"),
    [`[INVALID_MEMBER] Stack/TrustRoot: member "robot@example.com" is no IAM member; allowed: ${MEMBER_FORM}`],
  ],
  [
    "a variable as the member",
    inStack((stack) => trustRootIn(stack).grants.sign(`serviceAccount:${variable(stack)}`)),
    [`[UNRESOLVED_VALUE] Stack/TrustRoot: "member"${LITERAL}`],
  ],
  [
    "the agent of a project by its id instead of its number",
    () => attestorIn(testStack()).grants.verify({ project: "cluster-project", projectNumber: "cluster-project" }),
    [
      '[INVALID_PROJECT] Stack/Attestor: "projectNumber" is not valid, got "cluster-project"; allowed: digits only, for example 123456789012',
    ],
  ],

  // The policy.
  [
    "a policy that does not say what happens with the present one",
    () => policyIn(testStack(), { existing: undefined }),
    [
      '[INVALID_OPTIONS] Stack/Policy: "existing" has to say what happens with the policy that the project has already, got nothing; allowed: ExistingPolicy.ADOPT, ExistingPolicy.REPLACE',
    ],
  ],
  [
    "two policies of one project",
    () => {
      const stack = testStack();
      policyIn(stack, {}, "One");
      policyIn(stack, {}, "Two");
    },
    [
      '[DUPLICATE_RESOURCE] Stack/Two: the admission policy "projects/my-secure-project/policy" is declared twice, first at Stack/One; allowed: one construct for it in the app',
    ],
  ],
  [
    "a star in the middle of a pattern",
    () => exempt("gcr.io/my-project/n*x"),
    [
      `[INVALID_EXEMPT_IMAGE] Stack/Policy: "exemptImages[0]" has a wildcard that is not at the end, got "gcr.io/my-project/n*x"; allowed: ${PATTERN_FORM}`,
    ],
  ],
  [
    "a star in the registry part of a pattern",
    () => exempt("gcr.i*"),
    [
      `[INVALID_EXEMPT_IMAGE] Stack/Policy: "exemptImages[0]" has a wildcard in the registry part, got "gcr.i*"; allowed: ${PATTERN_FORM}`,
    ],
  ],
  [
    "a star alone, and other patterns, all at once",
    () => exempt("*", "", "gcr.io/my project/*", "quay.io/vendor/*"),
    [
      `[INVALID_EXEMPT_IMAGE] Stack/Policy: "exemptImages[0]" would exempt every image, got "*"; allowed: ${PATTERN_FORM}`,
      `[INVALID_EXEMPT_IMAGE] Stack/Policy: "exemptImages[1]" is empty, got ""; allowed: ${PATTERN_FORM}`,
      `[INVALID_EXEMPT_IMAGE] Stack/Policy: "exemptImages[2]" contains white space, got "gcr.io/my project/*"; allowed: ${PATTERN_FORM}`,
    ],
  ],
  [
    "a variable as a pattern",
    inStack((stack) => policyIn(stack, { exemptImages: [variable(stack)] })),
    [`[UNRESOLVED_VALUE] Stack/Policy: "exemptImages[0]"${LITERAL}`],
  ],
  [
    "an exemption that covers what a pipeline builds",
    () => {
      const stack = testStack();
      pipelineIn(stack);
      policyIn(stack, { exemptImages: ["us-central1-docker.pkg.dev/my-secure-project/**"] });
    },
    [
      '[EXEMPTION_COVERS_PIPELINE] Stack/Policy: the exempt image "us-central1-docker.pkg.dev/my-secure-project/**" covers us-central1-docker.pkg.dev/my-secure-project/my-repo/my-app, which Stack/Pipeline builds and signs: its images would run unsigned; allowed: a narrower pattern, or an entry in "acknowledgedExemptions" that says why',
    ],
  ],
  [
    "a pipeline that builds what is exempt",
    () => {
      const stack = testStack();
      policyIn(stack, { exemptImages: [`${IMAGE}*`] });
      pipelineIn(stack);
    },
    [
      '[EXEMPTION_COVERS_PIPELINE] Stack/Policy: the exempt image "us-central1-docker.pkg.dev/my-secure-project/my-repo/my-app*" covers us-central1-docker.pkg.dev/my-secure-project/my-repo/my-app, which Stack/Pipeline builds and signs: its images would run unsigned; allowed: a narrower pattern, or an entry in "acknowledgedExemptions" that says why',
    ],
  ],
  [
    "an exemption of one of the images that are mirrored",
    () => {
      const stack = testStack();
      vettedIn(stack);
      policyIn(stack, { exemptImages: [`${VETTED}/docker.io/library/nginx@*`] });
    },
    [
      '[EXEMPTION_COVERS_PIPELINE] Stack/Policy: the exempt image "us-central1-docker.pkg.dev/my-secure-project/vetted/docker.io/library/nginx@*" covers images below us-central1-docker.pkg.dev/my-secure-project/vetted, where Stack/Vetted mirrors and signs: they would run unsigned; allowed: a narrower pattern, or an entry in "acknowledgedExemptions" that says why',
    ],
  ],
  [
    "a mirror in what is exempt",
    () => {
      const stack = testStack();
      policyIn(stack, { exemptImages: ["us-central1-docker.pkg.dev/my-secure-project/**"] });
      vettedIn(stack);
    },
    [
      '[EXEMPTION_COVERS_PIPELINE] Stack/Policy: the exempt image "us-central1-docker.pkg.dev/my-secure-project/**" covers images below us-central1-docker.pkg.dev/my-secure-project/vetted, where Stack/Vetted mirrors and signs: they would run unsigned; allowed: a narrower pattern, or an entry in "acknowledgedExemptions" that says why',
    ],
  ],
  [
    "an acknowledgement without a reason",
    () =>
      policyIn(testStack(), {
        exemptImages: ["quay.io/vendor/*"],
        acknowledgedExemptions: [{ pattern: "quay.io/vendor/*", reason: " " }],
      }),
    [
      '[INVALID_ACKNOWLEDGEMENT] Stack/Policy: the acknowledgement of "quay.io/vendor/*" gives no reason; allowed: a sentence that a reviewer can judge',
    ],
  ],
  [
    "an acknowledgement of something else",
    () =>
      policyIn(testStack(), {
        exemptImages: ["quay.io/vendor/*"],
        acknowledgedExemptions: [{ pattern: "quay.io/*", reason: "trusted" }],
      }),
    [
      '[INVALID_ACKNOWLEDGEMENT] Stack/Policy: "acknowledgedExemptions" names "quay.io/*", which is no exempt image of the policy; allowed: "quay.io/vendor/*"',
    ],
  ],
  [
    "an acknowledgement where nothing is exempt",
    () => policyIn(testStack(), { acknowledgedExemptions: [{ pattern: "quay.io/*", reason: "trusted" }] }),
    [
      '[INVALID_ACKNOWLEDGEMENT] Stack/Policy: "acknowledgedExemptions" names "quay.io/*", which is no exempt image of the policy; allowed: none, the policy exempts nothing',
    ],
  ],
  [
    "201 attestors",
    inStack(
      (stack) =>
        new EnforcedCluster(stack, "Prod", {
          clusterName: "prod",
          location: "us-central1",
          policy: policyIn(stack),
          requiredAttestors: attestors(stack, 201),
        }),
    ),
    [
      "[LIMIT_EXCEEDED] Stack/Prod: a policy refers to 200 attestors at most, got 201 or more; allowed: fewer attestors (https://docs.cloud.google.com/binary-authorization/quotas)",
    ],
  ],
  [
    "201 attestors over several clusters",
    () => {
      const stack = testStack();
      const policy = policyIn(stack);
      for (const [index, attestor] of attestors(stack, 201).entries()) {
        policy.addClusterRule({ location: "us-central1", clusterName: `c${index}`, requiredAttestors: [attestor] });
      }
    },
    [
      "[LIMIT_EXCEEDED] Stack/Policy: a policy refers to 200 attestors at most, got 201 or more; allowed: fewer attestors (https://docs.cloud.google.com/binary-authorization/quotas)",
    ],
  ],
  [
    "two attestors of one short name",
    () => rules({ ...RULE, requireAttestationsBy: [ATTESTOR, "projects/other-project/attestors/build-attestor"] }),
    [
      '[AMBIGUOUS_ATTESTOR_NAME] Stack/Policy: two attestors of the policy have the short name "build-attestor", got projects/my-secure-project/attestors/build-attestor and projects/other-project/attestors/build-attestor: the provider compares short names only and would drop one; allowed: attestors of different short names',
    ],
  ],
  [
    "a cluster's rule that admits everything",
    () => rules({ cluster: "us-central1.open", evaluationMode: "ALWAYS_ALLOW", enforcementMode: BLOCK }),
    [
      '[INVALID_ADMISSION_RULE] Stack/Policy: "clusterRules[0].evaluationMode" is not valid, got "ALWAYS_ALLOW"; allowed: REQUIRE_ATTESTATION, ALWAYS_DENY (a cluster that may run anything needs no enforcement)',
    ],
  ],
  [
    "a rule that requires nobody's attestation",
    () => rules({ ...RULE, requireAttestationsBy: [] }),
    [
      '[INVALID_ADMISSION_RULE] Stack/Policy: "clusterRules[0]" requires attestation, but names no attestor; allowed: at least one attestor',
    ],
  ],
  [
    "a rule that denies always, and names attestors",
    () => rules({ ...RULE, evaluationMode: "ALWAYS_DENY" }),
    [
      '[INVALID_ADMISSION_RULE] Stack/Policy: "clusterRules[0]" names attestors, got ["projects/my-secure-project/attestors/build-attestor"], but does not require attestation; allowed: attestors with REQUIRE_ATTESTATION only',
    ],
  ],
  [
    "a rule with a misspelled mode",
    () => rules({ ...RULE, enforcementMode: "ENFORCED" }),
    [
      '[INVALID_ADMISSION_RULE] Stack/Policy: "clusterRules[0].enforcementMode" is not valid, got "ENFORCED"; allowed: ENFORCED_BLOCK_AND_AUDIT_LOG, DRYRUN_AUDIT_LOG_ONLY',
    ],
  ],
  [
    "a rule with the short name of an attestor",
    () => rules({ ...RULE, requireAttestationsBy: ["build-attestor"] }),
    [
      '[INVALID_ADMISSION_RULE] Stack/Policy: "clusterRules[0].requireAttestationsBy" holds no full name of an attestor, got "build-attestor"; allowed: projects/PROJECT/attestors/NAME',
    ],
  ],
  [
    "a rule for a cluster without its location",
    () => rules({ ...RULE, cluster: "prod" }),
    [
      '[INVALID_ADMISSION_RULE] Stack/Policy: "clusterRules[0].cluster" names no cluster, got "prod"; allowed: LOCATION.NAME with a region, a zone or global, such as us-central1-a.prod',
    ],
  ],
  [
    "a rule for a misspelled location",
    () => rules({ ...RULE, cluster: "us-centrall.prod" }),
    [
      '[INVALID_ADMISSION_RULE] Stack/Policy: "clusterRules[0].cluster" names no cluster, got "us-centrall.prod"; allowed: LOCATION.NAME with a region, a zone or global, such as us-central1-a.prod',
    ],
  ],
  [
    "a rule without a cluster, as a file may have it",
    () => rules({ evaluationMode: "ALWAYS_DENY", enforcementMode: BLOCK } as ClusterRuleData),
    [
      '[INVALID_ADMISSION_RULE] Stack/Policy: "clusterRules[0].cluster" names no cluster, got nothing; allowed: LOCATION.NAME with a region, a zone or global, such as us-central1-a.prod',
    ],
  ],
  [
    "a cluster twice in the rules given as data",
    () => rules(RULE, RULE),
    [
      '[DUPLICATE_RESOURCE] Stack/Policy: "clusterRules[1]" is a second rule for the cluster "us-central1.theirs"; allowed: one rule for a cluster',
    ],
  ],
  [
    "several mistakes in the rules, all at once",
    () => rules({ ...RULE, cluster: "prod", evaluationMode: "DENY" }, { ...RULE, requireAttestationsBy: ["a"] }),
    [
      '[INVALID_ADMISSION_RULE] Stack/Policy: "clusterRules[0].cluster" names no cluster, got "prod"; allowed: LOCATION.NAME with a region, a zone or global, such as us-central1-a.prod',
      '[INVALID_ADMISSION_RULE] Stack/Policy: "clusterRules[0].evaluationMode" is not valid, got "DENY"; allowed: REQUIRE_ATTESTATION, ALWAYS_DENY (a cluster that may run anything needs no enforcement)',
      '[INVALID_ADMISSION_RULE] Stack/Policy: "clusterRules[1].requireAttestationsBy" holds no full name of an attestor, got "a"; allowed: projects/PROJECT/attestors/NAME',
    ],
  ],

  // Clusters.
  [
    "a cluster twice",
    () => {
      const stack = testStack();
      const given = {
        clusterName: "prod",
        location: "us-central1",
        policy: policyIn(stack),
        requiredAttestors: attestors(stack, 1),
      };
      new EnforcedCluster(stack, "One", given);
      EnforcedCluster.fromClusterName(stack, "Two", given);
    },
    [
      '[DUPLICATE_RESOURCE] Stack/Two: the cluster "projects/my-secure-project/locations/us-central1/clusters/prod" is declared twice, first at Stack/One; allowed: one construct for it in the app',
    ],
  ],
  [
    "a cluster that has a rule given as data",
    () => {
      const stack = testStack();
      const policy = policyIn(stack, { clusterRules: [RULE] });
      EnforcedCluster.fromClusterName(stack, "Theirs", {
        clusterName: "theirs",
        location: "us-central1",
        policy,
        requiredAttestors: attestors(stack, 1),
      });
    },
    [
      '[DUPLICATE_RESOURCE] Stack/Theirs: the policy of my-secure-project has two rules for the cluster "us-central1.theirs", the first from Stack/Policy; allowed: one rule for a cluster',
    ],
  ],
  [
    "a cluster switched on twice",
    () => {
      const stack = testStack();
      const theirs = new ContainerCluster(stack, "theirs", { name: "theirs", location: "us-central1" });
      const given = { policy: policyIn(stack), requiredAttestors: attestors(stack, 1) };
      EnforcedCluster.enforce(theirs, given);
      EnforcedCluster.enforce(theirs, given);
    },
    [
      "[DUPLICATE_RESOURCE] Stack/theirs: the cluster is declared twice, first at Stack/theirs/Enforcement; allowed: one call of EnforcedCluster.enforce for it",
    ],
  ],
  [
    "a cluster in another project than the policy",
    () => cluster({ project: "other-project" }),
    [
      '[PROJECT_MISMATCH] Stack/Prod: a cluster is governed by the policy of its own project, got the project "other-project" and the policy of "my-secure-project" (Stack/Policy); allowed: an AdmissionPolicy for "other-project"',
    ],
  ],
  [
    "a cluster of the same program in another project than the policy",
    () => enforce({ name: "theirs", location: "us-central1", project: "other-project" }),
    [
      '[PROJECT_MISMATCH] Stack/theirs: a cluster is governed by the policy of its own project, got the project "other-project" and the policy of "my-secure-project" (Stack/Policy); allowed: an AdmissionPolicy for "other-project"',
    ],
  ],
  [
    "a cluster of the same program without a location",
    () => enforce({ name: "theirs" }),
    [
      "[UNRESOLVED_VALUE] Stack/theirs: the cluster's rule is found by location and name, got a cluster whose location or name is left out or not literal; allowed: literal values for both",
    ],
  ],
  [
    "a cluster whose lifecycle ignores enforcement",
    () => enforce({ name: "theirs", location: "us-central1", lifecycle: { ignoreChanges: ["binary_authorization"] } }),
    [
      '[ENFORCEMENT_NOT_HELD] Stack/theirs: the cluster\'s lifecycle ignores changes of binary_authorization, so that it could be switched off unseen, got ["binary_authorization"]; allowed: ignore_changes without it',
    ],
  ],
  [
    "a cluster that requires nobody's attestation",
    () => cluster({ requiredAttestors: [] }),
    [
      '[INVALID_ADMISSION_RULE] Stack/Prod: "requiredAttestors" requires attestation, but names no attestor; allowed: at least one attestor',
    ],
  ],
  [
    "Autopilot in a zone",
    () => cluster({ autopilot: true }),
    [
      '[INVALID_OPTIONS] Stack/Prod: "autopilot" is set for a cluster in the zone "us-central1-a"; allowed: Autopilot in a region, or a standard cluster',
    ],
  ],
  [
    "nodes of one's own on Autopilot",
    () => cluster({ location: "us-central1", nodeCount: 3 }),
    [
      '[INVALID_OPTIONS] Stack/Prod: "nodeMachineType", "nodeCount" and "maxNodeCount" are for standard clusters, got one of them on Autopilot; allowed: none of them, or "autopilot: false"',
    ],
  ],
  [
    "an identity of the nodes that is no e-mail address",
    () => cluster({ nodeServiceAccountEmail: "nodes" }),
    [
      '[INVALID_MEMBER] Stack/Prod: "nodeServiceAccountEmail" is no e-mail address, got "nodes"; allowed: NAME@PROJECT.iam.gserviceaccount.com',
    ],
  ],
  [
    "several mistakes of a cluster, all at once",
    () => cluster({ clusterName: "", location: "us-centrall", imageRepositories: ["my-repo"], requiredAttestors: [] }),
    [
      '[INVALID_LOCATION] Stack/Prod: "location" is no region or zone, got "us-centrall"; allowed: a region such as "us-central1" or a zone such as "us-central1-a"',
      '[INVALID_NAME] Stack/Prod: "clusterName" is not valid, got ""; allowed: 1 to 40 lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen',
      '[INVALID_NAME] Stack/Prod: "imageRepositories[0]" is no full name of a repository, got "my-repo"; allowed: projects/PROJECT/locations/LOCATION/repositories/NAME',
      '[INVALID_ADMISSION_RULE] Stack/Prod: "requiredAttestors" requires attestation, but names no attestor; allowed: at least one attestor',
    ],
  ],

  // Pipelines.
  [
    "a pipeline without attestors",
    () => pipelineIn(testStack(), { attestors: [] }),
    [
      '[INVALID_OPTIONS] Stack/Pipeline: "attestors" is empty: the pipeline would sign nothing; allowed: at least one attestor',
    ],
  ],
  [
    "an attestor twice in a pipeline: two steps would have one id",
    inStack((stack) => {
      const attestor = attestorIn(stack);
      pipelineIn(stack, { attestors: [attestor, attestor] });
    }),
    [
      '[AMBIGUOUS_ATTESTOR_NAME] Stack/Pipeline: "attestors" holds two attestors of the short name "build-attestor"; allowed: each attestor once, and different short names',
    ],
  ],
  [
    "an image outside Artifact Registry",
    inStack((stack) => pipelineIn(stack, { attestors: [attestorIn(stack)], image: "gcr.io/my-project/app" })),
    [
      '[INVALID_IMAGE] Stack/Pipeline: "image" is no image path in Artifact Registry, got "gcr.io/my-project/app"; allowed: LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE, without tag and digest',
    ],
  ],
  [
    "an image with a tag",
    inStack((stack) => pipelineIn(stack, { attestors: [attestorIn(stack)], image: `${IMAGE}:latest` })),
    [
      '[INVALID_IMAGE] Stack/Pipeline: "image" is no image path in Artifact Registry, got "us-central1-docker.pkg.dev/my-secure-project/my-repo/my-app:latest"; allowed: LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE, without tag and digest',
    ],
  ],
  [
    "an empty image",
    inStack((stack) => pipelineIn(stack, { attestors: [attestorIn(stack)], image: "" })),
    [
      '[INVALID_IMAGE] Stack/Pipeline: "image" is no image path in Artifact Registry, got ""; allowed: LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE, without tag and digest',
    ],
  ],
  [
    "a variable as the image",
    inStack((stack) => pipelineIn(stack, { attestors: [attestorIn(stack)], image: variable(stack) })),
    [`[UNRESOLVED_VALUE] Stack/Pipeline: "image"${LITERAL}`],
  ],
  [
    "a timeout in minutes",
    inStack((stack) => pipelineIn(stack, { attestors: [attestorIn(stack)], timeout: "30m" })),
    ['[INVALID_OPTIONS] Stack/Pipeline: "timeout" is not valid, got "30m"; allowed: seconds such as "1800s"'],
  ],
  [
    "an identity that is no e-mail address",
    inStack((stack) => pipelineIn(stack, { attestors: [attestorIn(stack)], serviceAccountEmail: "builder" })),
    [
      '[INVALID_MEMBER] Stack/Pipeline: "serviceAccountEmail" is no e-mail address, got "builder"; allowed: NAME@PROJECT.iam.gserviceaccount.com',
    ],
  ],
  [
    "a repository of a connection that is global",
    inStack((stack) =>
      pipelineIn(stack, {
        attestors: [attestorIn(stack)],
        source: PipelineSource.push({ repository: CONNECTED.replace("us-central1", "global") }),
      }),
    ),
    [
      '[INVALID_OPTIONS] Stack/Pipeline: "source.repository" is no connected repository of a region, got "projects/my-secure-project/locations/global/connections/my-connection/repositories/my-app"; allowed: projects/PROJECT/locations/REGION/connections/CONNECTION/repositories/REPOSITORY',
    ],
  ],
  [
    "a branch and a tag",
    inStack((stack) =>
      pipelineIn(stack, {
        attestors: [attestorIn(stack)],
        source: PipelineSource.push({ repository: CONNECTED, branch: "^main$", tag: "^v1$" }),
      }),
    ),
    [
      '[INVALID_OPTIONS] Stack/Pipeline: "source" names both a branch and a tag; allowed: one of them, and a second pipeline for the other',
    ],
  ],
  [
    "a branch that is not anchored",
    inStack((stack) =>
      pipelineIn(stack, {
        attestors: [attestorIn(stack)],
        source: PipelineSource.push({ repository: CONNECTED, branch: "main" }),
      }),
    ),
    [
      '[INVALID_OPTIONS] Stack/Pipeline: "source" has the expression "main", which is not anchored at both ends: builds of branches or tags that merely look alike would be signed; allowed: an expression such as "^main$" or "^(main|release)$"',
    ],
  ],
  [
    "a branch of which one alternative is not anchored",
    inStack((stack) =>
      pipelineIn(stack, {
        attestors: [attestorIn(stack)],
        source: PipelineSource.push({ repository: CONNECTED, branch: "^main|release$" }),
      }),
    ),
    [
      '[INVALID_OPTIONS] Stack/Pipeline: "source" has the expression "^main|release$", which is not anchored at both ends: builds of branches or tags that merely look alike would be signed; allowed: an expression such as "^main$" or "^(main|release)$"',
    ],
  ],
  [
    "a branch whose end is a dollar sign instead of an anchor",
    inStack((stack) =>
      pipelineIn(stack, {
        attestors: [attestorIn(stack)],
        source: PipelineSource.push({ repository: CONNECTED, branch: "^main\\$" }),
      }),
    ),
    [
      '[INVALID_OPTIONS] Stack/Pipeline: "source" has the expression "^main\\\\$", which is not anchored at both ends: builds of branches or tags that merely look alike would be signed; allowed: an expression such as "^main$" or "^(main|release)$"',
    ],
  ],
  [
    "an empty tag",
    inStack((stack) => pipelineIn(stack, { attestors: [attestorIn(stack)], tag: "" })),
    [
      '[INVALID_IMAGE] Stack/Pipeline: "tag" is no tag, got ""; allowed: letters, digits, underscores, full stops and hyphens, with substitutions of Cloud Build such as "$COMMIT_SHA"',
    ],
  ],
  [
    "two pipelines of one name",
    () => {
      const stack = testStack();
      const given = [attestorIn(stack)];
      pipelineIn(stack, { attestors: given }, "One");
      pipelineIn(stack, { attestors: given }, "Two");
    },
    [
      '[DUPLICATE_RESOURCE] Stack/Two: the service account "my-app-signed@my-secure-project.iam.gserviceaccount.com" is declared twice, first at Stack/One; allowed: one construct for it in the app',
    ],
  ],
  [
    "several mistakes of a pipeline, all at once",
    () => pipelineIn(testStack({ project: null }), { attestors: [], image: "nginx", timeout: "30m" }),
    [
      `[MISSING_PROJECT] Stack/Pipeline: ${MISSING_PROJECT}`,
      '[INVALID_IMAGE] Stack/Pipeline: "image" is no image path in Artifact Registry, got "nginx"; allowed: LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE, without tag and digest',
      '[INVALID_OPTIONS] Stack/Pipeline: "attestors" is empty: the pipeline would sign nothing; allowed: at least one attestor',
      '[INVALID_OPTIONS] Stack/Pipeline: "timeout" is not valid, got "30m"; allowed: seconds such as "1800s"',
    ],
  ],

  // An exported policy.
  [
    "an export with rules that Terraform would erase",
    () => fromExport(`${EXPORT}kubernetesNamespaceAdmissionRules: { web: { evaluationMode: ALWAYS_DENY } }\n`),
    [
      '[UNSUPPORTED_POLICY_EXPORT] Stack/Policy: the policy has kubernetesNamespaceAdmissionRules, which Terraform cannot express and would erase, got {"web":{"evaluationMode":"ALWAYS_DENY"}}; allowed: cluster rules and a default rule',
    ],
  ],
  [
    "an export with an unknown field",
    () => fromExport(`${EXPORT}newField: 1\n`),
    [
      '[UNSUPPORTED_POLICY_EXPORT] Stack/Policy: the policy has the unknown field "newField", got 1; allowed: admissionWhitelistPatterns, clusterAdmissionRules, defaultAdmissionRule, description, globalPolicyEvaluationMode',
    ],
  ],
  [
    "an export that is no YAML",
    () => fromExport("a: [1\nb: 2"),
    [
      "[UNSUPPORTED_POLICY_EXPORT] Stack/Policy: the policy export is no YAML: Flow sequence in block collection must be sufficiently indented and end with a ] at line 2, column 1",
    ],
  ],
  [
    "an export with a key twice",
    () => fromExport(EXPORT + EXPORT),
    [
      "[UNSUPPORTED_POLICY_EXPORT] Stack/Policy: the policy export is no YAML: Map keys must be unique at line 2, column 1",
    ],
  ],
  [
    "an export that is no policy",
    () => fromExport("- a\n- b\n"),
    ['[UNSUPPORTED_POLICY_EXPORT] Stack/Policy: the policy export is no policy, got ["a","b"]'],
  ],
  [
    "an empty export",
    () => fromExport(""),
    ["[UNSUPPORTED_POLICY_EXPORT] Stack/Policy: the policy export is no policy, got null"],
  ],
  [
    "an export without a default rule",
    () => fromExport("globalPolicyEvaluationMode: ENABLE\n"),
    [
      `[UNSUPPORTED_POLICY_EXPORT] Stack/Policy: "defaultAdmissionRule" is no admission rule, got nothing; allowed: ${RULE_FORM}`,
    ],
  ],
  [
    "an export with an unknown mode",
    () => fromExport(`${EXPORT}globalPolicyEvaluationMode: SOMETIMES\n`),
    [
      '[UNSUPPORTED_POLICY_EXPORT] Stack/Policy: "globalPolicyEvaluationMode" is not valid, got "SOMETIMES"; allowed: ENABLE, DISABLE',
    ],
  ],
  [
    "an export with several attestors in the default rule",
    () =>
      fromExport(
        `defaultAdmissionRule: { evaluationMode: REQUIRE_ATTESTATION, enforcementMode: ${BLOCK}, requireAttestationsBy: [${ATTESTOR}, ${ATTESTOR}-two] }\n`,
      ),
    [
      '[UNSUPPORTED_POLICY_EXPORT] Stack/Policy: the default rule requires several attestors, got ["projects/my-secure-project/attestors/build-attestor","projects/my-secure-project/attestors/build-attestor-two"]: when that list changes, the provider loses some of them silently (hashicorp/terraform-provider-google#14929); allowed: one attestor in the default rule, the others in rules of clusters',
    ],
  ],
  [
    "an export with patterns that are no list",
    () => fromExport(`${EXPORT}admissionWhitelistPatterns: gcr.io/x\n`),
    [
      '[UNSUPPORTED_POLICY_EXPORT] Stack/Policy: "admissionWhitelistPatterns" is not valid, got "gcr.io/x"; allowed: a list of entries with a namePattern',
    ],
  ],
  [
    "an export with rules of clusters that are no map",
    () => fromExport(`${EXPORT}clusterAdmissionRules: []\n`),
    [
      '[UNSUPPORTED_POLICY_EXPORT] Stack/Policy: "clusterAdmissionRules" is not valid, got []; allowed: a map of cluster to rule',
    ],
  ],
  [
    "an export with a rule that is none",
    () => fromExport(`${EXPORT}clusterAdmissionRules: { us-central1.a: { evaluationMode: ALLOW } }\n`),
    [
      `[UNSUPPORTED_POLICY_EXPORT] Stack/Policy: "clusterAdmissionRules["us-central1.a"]" is no admission rule, got {"evaluationMode":"ALLOW"}; allowed: ${RULE_FORM}`,
    ],
  ],
  [
    "the export of another project",
    () => fromExport(`name: projects/other-project/policy\n${EXPORT}`, PROJECT),
    [
      '[PROJECT_MISMATCH] Stack/Policy: the exported policy is that of other-project, got "project" "my-secure-project"; allowed: the project of the export',
    ],
  ],
  [
    "the export of another project than the stack's",
    () => fromExport("name: 7\nnewField: 1\n", PROJECT),
    [
      '[UNSUPPORTED_POLICY_EXPORT] Stack/Policy: the policy has the unknown field "newField", got 1; allowed: admissionWhitelistPatterns, clusterAdmissionRules, defaultAdmissionRule, description, globalPolicyEvaluationMode',
      `[UNSUPPORTED_POLICY_EXPORT] Stack/Policy: "defaultAdmissionRule" is no admission rule, got nothing; allowed: ${RULE_FORM}`,
    ],
  ],

  [
    "a repository of the GitHub App in which everything is wrong",
    inStack((stack) =>
      pipelineIn(stack, {
        attestors: [attestorIn(stack)],
        source: PipelineSource.githubApp({ owner: "my org", name: "a/b", branch: "main", location: "us-central1-a" }),
      }),
    ),
    [
      '[INVALID_OPTIONS] Stack/Pipeline: "source" has the expression "main", which is not anchored at both ends: builds of branches or tags that merely look alike would be signed; allowed: an expression such as "^main$" or "^(main|release)$"',
      '[INVALID_OPTIONS] Stack/Pipeline: "source.owner" is not valid, got "my org"; allowed: a name as in github.com/OWNER/NAME',
      '[INVALID_OPTIONS] Stack/Pipeline: "source.name" is not valid, got "a/b"; allowed: a name as in github.com/OWNER/NAME',
      '[INVALID_LOCATION] Stack/Pipeline: "source.location" is no location of a trigger, got "us-central1-a"; allowed: a region, or global',
    ],
  ],
  [
    "a worker pool of a region for a trigger that is global",
    inStack((stack) =>
      pipelineIn(stack, {
        attestors: [attestorIn(stack)],
        source: PipelineSource.githubApp({ owner: "o", name: "r" }),
        workerPool: `projects/${PROJECT}/locations/us-central1/workerPools/private`,
      }),
    ),
    [
      `[INVALID_OPTIONS] Stack/Pipeline: "workerPool" is no worker pool of the trigger's region, got "projects/${PROJECT}/locations/us-central1/workerPools/private"; allowed: projects/PROJECT/locations/global/workerPools/NAME`,
    ],
  ],
  [
    "secrets that are not pinned, badly named, and there twice",
    () =>
      buildIn(testStack(), {
        secrets: [
          { id: "NPM_TOKEN", versionName: "projects/p/secrets/npm/versions/latest" },
          { id: "TAG", versionName: "projects/p/secrets/npm/versions/7" },
          { id: "NPM_TOKEN", versionName: "projects/p/secrets/npm/versions/7" },
        ],
      }),
    [
      '[INVALID_OPTIONS] Stack/Build: "secrets" names no version of a secret, got "projects/p/secrets/npm/versions/latest"; allowed: projects/PROJECT/secrets/SECRET/versions/NUMBER, never latest',
      '[INVALID_OPTIONS] Stack/Build: "secrets" has an id that is not valid, got "TAG"; allowed: upper-case letters, digits and underscores, and none of IMAGE, TAG, DOCKERFILE, CONTEXT, PLATFORMS, SECRETS',
      '[INVALID_OPTIONS] Stack/Build: "secrets" is there twice for the id "NPM_TOKEN"; allowed: each id once',
    ],
  ],
  [
    "a webhook whose secret is not pinned, of a tag that is none, in a project without a number",
    () =>
      buildIn(testStack(), {
        source: PipelineSource.webhook({
          repository: CONNECTED,
          ref: "main",
          secretVersion: "projects/p/secrets/hook/versions/latest",
          projectNumber: PROJECT,
        }),
      }),
    [
      '[INVALID_OPTIONS] Stack/Build: "source.secretVersion" names no version of a secret, got "projects/p/secrets/hook/versions/latest"; allowed: projects/PROJECT/secrets/SECRET/versions/NUMBER, never latest',
      `[INVALID_PROJECT] Stack/Build: "source.projectNumber" is not valid, got "${PROJECT}"; allowed: digits only, for example 123456789012`,
      '[INVALID_OPTIONS] Stack/Build: "source.ref" is not valid, got "main"; allowed: a full name such as "refs/heads/main"',
    ],
  ],
  [
    "messages of a topic of another project without the number of the own one",
    () =>
      buildIn(testStack(), {
        source: PipelineSource.pubsub({
          repository: CONNECTED,
          ref: "refs/heads/main",
          topic: "projects/p/topics/build",
        }),
      }),
    [
      `[INVALID_OPTIONS] Stack/Build: "source.projectNumber" is needed for a topic of p, got nothing; allowed: the number of ${PROJECT}`,
    ],
  ],
  [
    "messages of the topic on which every build is published",
    () =>
      buildIn(testStack(), {
        source: PipelineSource.pubsub({
          repository: CONNECTED,
          ref: "refs/heads/main",
          topic: `projects/${PROJECT}/topics/cloud-builds`,
        }),
      }),
    [
      `[INVALID_OPTIONS] Stack/Build: "source.topic" is the one on which Cloud Build publishes every build, got "projects/${PROJECT}/topics/cloud-builds": each build would start the next one; allowed: another topic`,
    ],
  ],
  [
    "messages of no topic, for a repository that is in no region",
    () =>
      buildIn(testStack(), {
        source: PipelineSource.pubsub({
          repository: CONNECTED.replace("us-central1", "global"),
          ref: "refs/heads/main",
          topic: "build",
        }),
      }),
    [
      '[INVALID_OPTIONS] Stack/Build: "source.repository" is no connected repository of a region, got "projects/my-secure-project/locations/global/connections/my-connection/repositories/my-app"; allowed: projects/PROJECT/locations/REGION/connections/CONNECTION/repositories/REPOSITORY',
      '[INVALID_OPTIONS] Stack/Build: "source.topic" is not valid, got "build"; allowed: projects/PROJECT/topics/TOPIC',
    ],
  ],
  [
    "a worker pool of another region than the webhook's repository",
    () =>
      buildIn(testStack(), {
        source: PipelineSource.webhook({
          repository: CONNECTED,
          ref: "refs/heads/main",
          secretVersion: "projects/p/secrets/hook/versions/7",
          projectNumber: "123456789012",
        }),
        workerPool: `projects/${PROJECT}/locations/europe-west1/workerPools/private`,
      }),
    [
      `[INVALID_OPTIONS] Stack/Build: "workerPool" is no worker pool of the trigger's region, got "projects/${PROJECT}/locations/europe-west1/workerPools/private"; allowed: projects/PROJECT/locations/us-central1/workerPools/NAME`,
    ],
  ],
  // Repositories.
  [
    "cleanup policies in which everything is wrong",
    () =>
      buildIn(testStack(), {
        cleanupPolicies: [
          CleanupPolicy.deleteOlder("Delete", { olderThan: "90d" }),
          CleanupPolicy.deleteOlder("tags", { olderThan: "1s", tagPrefixes: ["pr-"] }),
          CleanupPolicy.keepMatching("tags", { tagState: TagState.TAGGED, tagPrefixes: ["v"], newerThan: "0s" }),
          CleanupPolicy.keepMostRecent("recent", { keepCount: 0 }),
        ],
      }),
    [
      '[INVALID_OPTIONS] Stack/Build: "cleanupPolicies" is there twice for the id "tags"; allowed: each id once',
      '[INVALID_OPTIONS] Stack/Build: "cleanupPolicies.id" is not valid, got "Delete"; allowed: lower-case letters, digits and hyphens, starting with a letter',
      '[INVALID_OPTIONS] Stack/Build: "cleanupPolicies.olderThan" is not valid, got "90d"; allowed: seconds such as "7776000s"',
      '[INVALID_OPTIONS] Stack/Build: "cleanupPolicies" has beginnings of tags for images without tags as well with "tags", got "ANY"; allowed: TagState.TAGGED',
      '[INVALID_OPTIONS] Stack/Build: "cleanupPolicies.newerThan" is not valid, got "0s"; allowed: seconds such as "7776000s"',
      '[INVALID_OPTIONS] Stack/Build: "cleanupPolicies" keeps no number of images with "recent", got 0; allowed: 1 or more',
    ],
  ],
  [
    "more cleanup policies than a repository takes",
    () =>
      buildIn(testStack(), {
        cleanupPolicies: Array.from({ length: 11 }, (_, index) =>
          CleanupPolicy.keepMostRecent(`keep-${index}`, { keepCount: 1 }),
        ),
      }),
    ['[INVALID_OPTIONS] Stack/Build: "cleanupPolicies" are too many, got 11; allowed: 10'],
  ],
  [
    "settings of a repository that is not created here",
    () => buildIn(testStack(), { createRepository: false, immutableTags: true, cleanupPolicies: [] }),
    ["immutableTags", "cleanupPolicies"].map(
      (property) =>
        `[INVALID_OPTIONS] Stack/Build: "${property}" is for a repository that is created here, got "createRepository" false; allowed: either of them, and the settings of a repository where it is made`,
    ),
  ],
  [
    "two pipelines that let different images of one repository be deleted",
    inStack((stack) => {
      const cleanup = (keepCount: number) => [CleanupPolicy.keepMostRecent("recent", { keepCount })];
      buildIn(stack, { cleanupPolicies: cleanup(5) });
      buildIn(stack, { image: `${IMAGE}-two`, cleanupPolicies: cleanup(6) }, "Two");
    }),
    [
      `[INVALID_OPTIONS] Stack/Two: "cleanupPolicies" of the repository ${REPOSITORY} are others at Stack/Build, got [{"id":"recent","action":"KEEP","mostRecentVersions":{"keepCount":6}}]; allowed: the same, or in one place`,
    ],
  ],
  // Several platforms.
  [
    "a build for one platform by a list of them",
    () => buildIn(testStack(), { platforms: [ImagePlatform.LINUX_ARM64] }),
    [
      '[INVALID_OPTIONS] Stack/Build: "platforms" has to name several platforms, got ["linux/arm64"]; allowed: two or more, or none for a build of one platform',
    ],
  ],
  [
    "a build for the same platform twice",
    () => buildIn(testStack(), { platforms: [ImagePlatform.LINUX_ARM64, ImagePlatform.LINUX_ARM64] }),
    ['[INVALID_OPTIONS] Stack/Build: "platforms" is there twice for "linux/arm64"; allowed: each platform once'],
  ],
  [
    "options for several platforms without them",
    inStack((stack) =>
      pipelineIn(stack, {
        attestors: [attestorIn(stack)],
        signPlatformImages: true,
        emulatorImage: "docker.io/tonistiigi/binfmt",
      }),
    ),
    [
      '[INVALID_OPTIONS] Stack/Pipeline: "emulatorImage" is given for a build of one platform, got "docker.io/tonistiigi/binfmt"; allowed: together with "platforms"',
      '[INVALID_OPTIONS] Stack/Pipeline: "signPlatformImages" is given for a build of one platform, got true; allowed: together with "platforms"',
    ],
  ],
  [
    "a row of several platforms with a number of images",
    inStack((stack) =>
      signerIn(stack, {
        builds: [row({ imageCount: 2, platforms: [ImagePlatform.LINUX_AMD64, ImagePlatform.LINUX_ARM64] })],
      }),
    ),
    [
      '[INVALID_OPTIONS] Stack/Signer: "builds[0]" has both a number of images and platforms, got 2 and ["linux/amd64","linux/arm64"]; allowed: one of them, since a build of several platforms has one image for each',
    ],
  ],
  [
    "a row that signs images of platforms without any",
    inStack((stack) => signerIn(stack, { builds: [row({ signPlatformImages: true })] })),
    [
      '[INVALID_OPTIONS] Stack/Signer: "builds[0].signPlatformImages" is given for a build of one platform, got true; allowed: together with "platforms"',
    ],
  ],
  // Connections.
  [
    "a connection in which everything is wrong",
    inStack(
      (stack) =>
        new RepositoryConnection(stack, "GitHub", {
          connectionName: "git hub",
          location: "global",
          host: ConnectionHost.github({
            appInstallationId: 0,
            tokenSecretVersion: "projects/p/secrets/s/versions/latest",
          }),
          projectNumber: PROJECT,
        }),
    ),
    [
      '[INVALID_NAME] Stack/GitHub: "connectionName" is not valid, got "git hub"; allowed: 1 to 63 letters, digits, hyphens and underscores, starting and ending with a letter or digit',
      '[INVALID_LOCATION] Stack/GitHub: "location" is no region, got "global"; allowed: a region such as "us-central1", never global',
      `[INVALID_PROJECT] Stack/GitHub: "projectNumber" is not valid, got "${PROJECT}"; allowed: digits only, for example 123456789012`,
      '[INVALID_OPTIONS] Stack/GitHub: "host.tokenSecretVersion" names no version of a secret, got "projects/p/secrets/s/versions/latest"; allowed: projects/PROJECT/secrets/SECRET/versions/NUMBER, never latest',
      '[INVALID_OPTIONS] Stack/GitHub: "host.appInstallationId" is no number of an installation, got 0; allowed: the number in the address of the app\'s settings',
    ],
  ],
  [
    "secrets of GitLab that are not pinned, and an address that is none",
    inStack(
      (stack) =>
        new RepositoryConnection(stack, "GitLab", {
          connectionName: "gitlab",
          location: "us-central1",
          host: ConnectionHost.gitlab({
            apiTokenSecretVersion: "projects/p/secrets/api/versions/1",
            readTokenSecretVersion: "projects/p/secrets/read",
            webhookSecretVersion: "projects/p/secrets/webhook/versions/latest",
            hostUri: "gitlab.example.com",
          }),
          projectNumber: "123456789012",
        }),
    ),
    [
      '[INVALID_OPTIONS] Stack/GitLab: "host.readTokenSecretVersion" names no version of a secret, got "projects/p/secrets/read"; allowed: projects/PROJECT/secrets/SECRET/versions/NUMBER, never latest',
      '[INVALID_OPTIONS] Stack/GitLab: "host.webhookSecretVersion" names no version of a secret, got "projects/p/secrets/webhook/versions/latest"; allowed: projects/PROJECT/secrets/SECRET/versions/NUMBER, never latest',
      '[INVALID_OPTIONS] Stack/GitLab: "host.hostUri" is not valid, got "gitlab.example.com"; allowed: https://HOST',
    ],
  ],
  [
    "a repository that is no address, and one after release()",
    inStack((stack) => {
      const connection = connectionIn(stack);
      connection.release();
      connection.addRepository("web app", "git@github.com:o/web.git");
    }),
    [
      '[INVALID_NAME] Stack/Connection: "repositoryName" is not valid, got "web app"; allowed: 1 to 63 letters, digits, hyphens and underscores, starting and ending with a letter or digit',
      '[INVALID_OPTIONS] Stack/Connection: "remoteUri" is not valid, got "git@github.com:o/web.git"; allowed: https://HOST/PATH.git',
      '[INVALID_STATE] Stack/Connection: a repository was added after release(), got "web app"; allowed: repositories before it',
    ],
  ],
  [
    "the same repository twice",
    inStack((stack) => {
      const connection = connectionIn(stack);
      connection.addRepository("web", "https://github.com/o/web.git");
      connection.addRepository("web", "https://github.com/o/web2.git");
    }),
    [
      `[DUPLICATE_RESOURCE] Stack/Connection: the connected repository "projects/${PROJECT}/locations/us-central1/connections/github/repositories/web" is declared twice, first at Stack/Connection; allowed: one construct for it in the app`,
    ],
  ],
  // Images of third parties.
  [
    "vetted images in which everything is wrong",
    inStack((stack) =>
      vettedIn(stack, {
        attestors: [],
        triggerName: "",
        repository: `${VETTED}:latest`,
        listFile: "/etc/passwd",
        platforms: [],
        vulnerabilityScanning: false,
        timeout: "1h",
      }),
    ),
    [
      '[INVALID_NAME] Stack/Vetted: "triggerName" is not valid, got ""; allowed: 1 to 64 letters, digits and hyphens, starting and ending with a letter or digit',
      '[INVALID_OPTIONS] Stack/Vetted: "attestors" is empty: the trigger would sign nothing; allowed: at least one attestor',
      `[INVALID_IMAGE] Stack/Vetted: "repository" is no repository in Artifact Registry, got "${VETTED}:latest"; allowed: LOCATION-docker.pkg.dev/PROJECT/REPOSITORY, or a path below it`,
      '[INVALID_OPTIONS] Stack/Vetted: "listFile" is no file of the source, got "/etc/passwd"; allowed: a path relative to its root, such as "vetted-images.txt"',
      '[INVALID_OPTIONS] Stack/Vetted: "vulnerabilityScanning" is off, got false: without a scan nothing would ever be signed; allowed: true, or nothing',
      '[INVALID_OPTIONS] Stack/Vetted: "platforms" is empty, got []: no image of an index would be scanned; allowed: at least one platform',
      '[INVALID_OPTIONS] Stack/Vetted: "timeout" is not valid, got "1h"; allowed: seconds such as "1800s"',
    ],
  ],
  [
    "vetted images that somebody else has to have attested",
    inStack((stack) =>
      vettedIn(stack, { gate: SigningGate.attestedBy(attestorIn(stack, { attestorName: "other" }, "Other")) }),
    ),
    [
      '[INVALID_OPTIONS] Stack/Vetted: "gate" asks for an attestation, got SigningGate.attestedBy: nobody has attested an image of a third party; allowed: SigningGate.vulnerabilities',
    ],
  ],
  [
    "a signer of vetted images that could change their scans",
    inStack((stack) => vettedIn(stack, { createOnly: false })),
    [
      `[EVIDENCE_NOT_INDEPENDENT] Stack/Vetted: "createOnly" is false, and scans of the images are in the project of an attestor, got ${PROJECT} for both: the signer could change what it is to check; allowed: createOnly, or attestors in a project without images`,
    ],
  ],
  [
    "vetted images for a platform twice, from a branch that is open, in a pool of another region",
    inStack((stack) =>
      vettedIn(stack, {
        platforms: [ImagePlatform.LINUX_AMD64, ImagePlatform.LINUX_AMD64],
        source: PipelineSource.push({ repository: CONNECTED, branch: "main" }),
        workerPool: `projects/${PROJECT}/locations/europe-west1/workerPools/private`,
      }),
    ),
    [
      '[INVALID_OPTIONS] Stack/Vetted: "platforms" is there twice for "linux/amd64"; allowed: each platform once',
      '[INVALID_OPTIONS] Stack/Vetted: "source" has the expression "main", which is not anchored at both ends: builds of branches or tags that merely look alike would be signed; allowed: an expression such as "^main$" or "^(main|release)$"',
      `[INVALID_OPTIONS] Stack/Vetted: "workerPool" is no worker pool of the trigger's region, got "projects/${PROJECT}/locations/europe-west1/workerPools/private"; allowed: projects/PROJECT/locations/us-central1/workerPools/NAME`,
    ],
  ],
  [
    "vetted images that their own signer, and everybody, approves",
    inStack((stack) =>
      vettedIn(stack, {
        approvers: [`serviceAccount:vetted-images@${PROJECT}.iam.gserviceaccount.com`, "allUsers"],
      }),
    ),
    [
      `[SIGNER_NOT_SEPARATE] Stack/Vetted: an approver is the signer itself, got "serviceAccount:vetted-images@${PROJECT}.iam.gserviceaccount.com"; allowed: people, or a group of them`,
      `[INVALID_MEMBER] Stack/Vetted: approvers "allUsers" would let everybody in; allowed: ${MEMBER_FORM}`,
    ],
  ],
  [
    "approvers of vetted images without a trigger of the construct's own",
    inStack((stack) => vettedIn(stack, { source: PipelineSource.ownTrigger(), approvers: [] })),
    [
      '[INVALID_OPTIONS] Stack/Vetted: "approvers" is for a trigger of the construct, got PipelineSource.ownTrigger: no build would wait; allowed: approval_config of the trigger of your own, and no approvers here',
    ],
  ],
  [
    "a substitution in the images of the steps that mirror and sign, which nobody declares",
    inStack((stack) => vettedIn(stack, { mirrorImage: "example.com/gcrane:$_TAG", signerImage: "x:$_TAG" })),
    [
      '[INVALID_OPTIONS] Stack/Vetted: "mirrorImage" uses the substitution $_TAG, which the pipeline\'s trigger does not have, got "example.com/gcrane:$_TAG"; allowed: the built-in substitutions of Cloud Build, or a trigger of your own',
      '[INVALID_OPTIONS] Stack/Vetted: "signerImage" uses the substitution $_TAG, which the pipeline\'s trigger does not have, got "x:$_TAG"; allowed: the built-in substitutions of Cloud Build, or a trigger of your own',
    ],
  ],
  // Builders and signers apart.
  [
    "a build pipeline of an image that is none, with a timeout that is none",
    () => buildIn(testStack(), { image: "nginx", timeout: "30m" }),
    [
      '[INVALID_IMAGE] Stack/Build: "image" is no image path in Artifact Registry, got "nginx"; allowed: LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE, without tag and digest',
      '[INVALID_OPTIONS] Stack/Build: "timeout" is not valid, got "30m"; allowed: seconds such as "1800s"',
    ],
  ],
  [
    "a signing trigger with an empty table, without attestors, in a zone",
    () => signerIn(testStack(), { builds: [], attestors: [], location: "us-central1-a" }),
    [
      '[INVALID_LOCATION] Stack/Signer: "location" is no region, got "us-central1-a"; allowed: a region such as "us-central1"',
      '[INVALID_OPTIONS] Stack/Signer: "attestors" is empty: the trigger would sign nothing; allowed: at least one attestor',
      '[INVALID_OPTIONS] Stack/Signer: "builds" is empty: the trigger would sign nothing; allowed: at least one row',
    ],
  ],
  [
    "a signer that is the builder",
    inStack((stack) => signerIn(stack, { builds: [row()], serviceAccountEmail: THEIRS })),
    [
      `[SIGNER_NOT_SEPARATE] Stack/Signer: the signer is the builder of a row, got ${THEIRS} for both: whatever runs in its builds could sign anything; allowed: an identity of the signer's own`,
    ],
  ],
  [
    "an approver that is the builder",
    inStack((stack) => signerIn(stack, { builds: [row()], approvers: [`serviceAccount:${THEIRS}`] })),
    [
      `[SIGNER_NOT_SEPARATE] Stack/Signer: an approver is the signer or a builder itself, got "serviceAccount:${THEIRS}"; allowed: people, or a group of them`,
    ],
  ],
  [
    "approvers of a signing trigger that somebody else makes",
    inStack((stack) =>
      signerIn(stack, { builds: [row()], start: SigningStart.ownTrigger(), approvers: ["group:release@example.com"] }),
    ),
    [
      '[INVALID_OPTIONS] Stack/Signer: "approvers" is for a trigger of the construct, got SigningStart.ownTrigger: no build would wait; allowed: approval_config of the trigger of your own, and no approvers here',
    ],
  ],
  [
    "a trigger whose name is too long together with the project that builds",
    inStack((stack) =>
      signerIn(stack, {
        triggerName: `sign-${"x".repeat(50)}`,
        projectNumber: "123456789012",
        builds: [row({ triggerName: "projects/team-project/locations/us-central1/triggers/x" })],
      }),
    ),
    [
      `[INVALID_NAME] Stack/Signer: "triggerName" makes the name of the trigger for team-project too long, got "sign-${"x".repeat(50)}-team-project"; allowed: 64 characters together`,
    ],
  ],
  [
    "a provenance that is waited for longer than the build may take",
    inStack((stack) => signerIn(stack, { builds: [row()], provenanceTimeout: "1800s" })),
    [
      '[INVALID_OPTIONS] Stack/Signer: "provenanceTimeout" is not shorter than the build\'s own timeout, got 1800s of 1800s; allowed: a longer "timeout"',
    ],
  ],
  // The script reads the expression as Python does: what Python reads otherwise would stop every signature, or match other names.
  ...["^\\Qmain\\E$", "^v[[:digit:]]+$", "^\\pL+$", "^main(?i)$", "^\\Amain\\z$"].map(
    (branch): Row => [
      `a row with the branch ${branch}`,
      inStack((stack) => signerIn(stack, { builds: [row({ branch })] })),
      [
        `[INVALID_OPTIONS] Stack/Signer: "builds[0].branch" has the expression ${show(branch)}, which Cloud Build (RE2) and the signing build (Python) read differently; allowed: classes such as [0-9], groups and repetitions, without \\A, \\C, \\E, \\p, \\Q, \\z, [:…:] and flags`,
      ],
    ],
  ),
  [
    "everybody as an approver",
    inStack((stack) => signerIn(stack, { builds: [row()], approvers: ["allUsers"] })),
    [`[INVALID_MEMBER] Stack/Signer: approvers "allUsers" would let everybody in; allowed: ${MEMBER_FORM}`],
  ],
  [
    "a signer that could change the scans of what it signs",
    inStack((stack) => signerIn(stack, { builds: [row()], createOnly: false })),
    [
      `[EVIDENCE_NOT_INDEPENDENT] Stack/Signer: "createOnly" is false, and provenance and scans of ${IMAGE} are in the project of an attestor, got ${PROJECT} for both: the signer could change what it is to check; allowed: createOnly, or attestors in a project without images`,
    ],
  ],
  [
    "a row without branch and tag",
    inStack((stack) => signerIn(stack, { builds: [row({ branch: undefined })] })),
    [
      '[INVALID_OPTIONS] Stack/Signer: "builds[0]" has to name a branch or a tag, got neither; allowed: one of them, and a second row for the other',
    ],
  ],
  [
    "a row with both",
    inStack((stack) => signerIn(stack, { builds: [row({ tag: "^v1$" })] })),
    [
      '[INVALID_OPTIONS] Stack/Signer: "builds[0]" has to name a branch or a tag, got both; allowed: one of them, and a second row for the other',
    ],
  ],
  [
    "a row with a branch that is not anchored",
    inStack((stack) => signerIn(stack, { builds: [row({ branch: "main" })] })),
    [
      '[INVALID_OPTIONS] Stack/Signer: "builds[0].branch" has the expression "main", which is not anchored at both ends: builds of branches or tags that merely look alike would be signed; allowed: an expression such as "^main$" or "^(main|release)$"',
    ],
  ],
  [
    "a row in which everything is wrong",
    inStack((stack) =>
      signerIn(stack, {
        builds: [
          row({
            triggerName: "theirs",
            serviceAccountEmail: "theirs",
            image: `${IMAGE}:latest`,
            repositoryUrl: "git@github.com:their-org/app",
            imageCount: 0,
          }),
        ],
      }),
    ),
    [
      '[INVALID_NAME] Stack/Signer: "builds[0].triggerName" is no full name of a trigger, got "theirs"; allowed: projects/PROJECT/locations/LOCATION/triggers/NAME',
      `[INVALID_IMAGE] Stack/Signer: "builds[0].image" is no image path in Artifact Registry, got "${IMAGE}:latest"; allowed: LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE, without tag and digest`,
      '[INVALID_MEMBER] Stack/Signer: "builds[0].serviceAccountEmail" is no e-mail address, got "theirs"; allowed: NAME@PROJECT.iam.gserviceaccount.com',
      '[INVALID_OPTIONS] Stack/Signer: "builds[0].repositoryUrl" is no address of a repository, got "git@github.com:their-org/app"; allowed: https://HOST/PATH, as a browser shows it',
      '[INVALID_OPTIONS] Stack/Signer: "builds[0].imageCount" is no number of images, got 0; allowed: 1 or more',
    ],
  ],
  [
    "a row for a pipeline without a trigger",
    inStack((stack) => {
      const build = buildIn(stack, { source: PipelineSource.ownTrigger() });
      const builds = [SignedBuild.ofPipeline(build, { repositoryUrl: "https://github.com/o/r", branch: "^main$" })];
      signerIn(stack, { builds });
    }),
    [
      '[INVALID_OPTIONS] Stack/Signer: "builds[0]" is a pipeline that has no trigger of its own, got Stack/Build; allowed: SignedBuild.ofTrigger with the name of the trigger that runs it',
    ],
  ],
  [
    "the same row twice",
    inStack((stack) => signerIn(stack, { builds: [row(), row({ image: `${IMAGE}-two` })] })),
    [
      `[INVALID_OPTIONS] Stack/Signer: "builds" is there twice for "projects/${PROJECT}/locations/us-central1/triggers/theirs ^main$": nothing of either row would be signed; allowed: one row for a trigger and its branch or tag`,
    ],
  ],
  [
    "a row for the signing trigger itself",
    inStack((stack) =>
      signerIn(stack, {
        builds: [row({ triggerName: `projects/${PROJECT}/locations/us-central1/triggers/sign-my-app` })],
      }),
    ),
    [
      `[INVALID_OPTIONS] Stack/Signer: "builds" names the signing trigger itself, got "projects/${PROJECT}/locations/us-central1/triggers/sign-my-app"; allowed: the triggers that build`,
    ],
  ],
  [
    "builds of another project without the number of the own one",
    inStack((stack) =>
      signerIn(stack, { builds: [row({ triggerName: "projects/team-project/locations/us-central1/triggers/x" })] }),
    ),
    [
      `[INVALID_OPTIONS] Stack/Signer: "projectNumber" is needed for the messages of builds in team-project, got nothing; allowed: the number of ${PROJECT}`,
    ],
  ],
  [
    "a scan that may take longer than the build",
    inStack((stack) =>
      signerIn(stack, { builds: [row()], gates: [SigningGate.vulnerabilities({ scanTimeout: "1800s" })] }),
    ),
    [
      '[INVALID_OPTIONS] Stack/Signer: "gates[0].scanTimeout" is not shorter than the build\'s own timeout, got 1800s of 1800s; allowed: a longer "timeout"',
    ],
  ],
  [
    "a substitution in the image of a step, which nobody declares",
    () =>
      buildIn(testStack(), {
        builderImage: "example.com/builder:$_TAG",
        scanBeforePush: { scannerImage: `x:\${_TAG}` },
      }),
    [
      '[INVALID_OPTIONS] Stack/Build: "builderImage" uses the substitution $_TAG, which the pipeline\'s trigger does not have, got "example.com/builder:$_TAG"; allowed: the built-in substitutions of Cloud Build, or a trigger of your own',
      '[INVALID_OPTIONS] Stack/Build: "scanBeforePush.scannerImage" uses the substitution $_TAG, which the pipeline\'s trigger does not have, got "x:$' +
        '{_TAG}"; allowed: the built-in substitutions of Cloud Build, or a trigger of your own',
    ],
  ],
  ...[buildIn, pipelineIn].map(
    (made): Row => [
      `a substitution in the image that emulates, which nobody declares: ${made.name}`,
      () =>
        made(testStack(), {
          platforms: [ImagePlatform.LINUX_AMD64, ImagePlatform.LINUX_ARM64],
          emulatorImage: "tonistiigi/binfmt:$_TAG",
        }),
      [
        `[INVALID_OPTIONS] Stack/${made === buildIn ? "Build" : "Pipeline"}: "emulatorImage" uses the substitution $_TAG, which the pipeline's trigger does not have, got "tonistiigi/binfmt:$_TAG"; allowed: the built-in substitutions of Cloud Build, or a trigger of your own`,
      ],
    ],
  ),
  [
    "images of steps whose digest is that of a variable that was not set",
    () =>
      buildIn(testStack(), {
        source: PipelineSource.ownTrigger(),
        builderImage: "gcr.io/cloud-builders/docker@undefined",
        scanBeforePush: { scannerImage: "x@" },
      }),
    [
      '[INVALID_OPTIONS] Stack/Build: "builderImage" has no digest behind its @, got "gcr.io/cloud-builders/docker@undefined"; allowed: IMAGE@sha256: with 64 hexadecimal digits',
      '[INVALID_OPTIONS] Stack/Build: "scanBeforePush.scannerImage" has no digest behind its @, got "x@"; allowed: IMAGE@sha256: with 64 hexadecimal digits',
    ],
  ],
  [
    "a substitution in the image of a signer's steps",
    () => signerIn(testStack(), { signerImage: "example.com/signer:$_TAG" }),
    [
      '[INVALID_OPTIONS] Stack/Signer: "signerImage" uses the substitution $_TAG, which the pipeline\'s trigger does not have, got "example.com/signer:$_TAG"; allowed: the built-in substitutions of Cloud Build, or a trigger of your own',
    ],
  ],
  [
    "exceptions of a scan before the push that nobody could keep",
    () =>
      buildIn(testStack(), {
        scanBeforePush: {
          exceptions: [
            { vulnerability: "CVE-2026-1", until: "soon", reason: "x" },
            { vulnerability: "CVE-2026-1", until: "2026-12-31", reason: " " },
          ],
        },
      }),
    [
      '[INVALID_ACKNOWLEDGEMENT] Stack/Build: "scanBeforePush.exceptions" has "CVE-2026-1" twice, got two dates; allowed: each vulnerability once',
      '[INVALID_ACKNOWLEDGEMENT] Stack/Build: "scanBeforePush.exceptions" has no last day for "CVE-2026-1", got "soon"; allowed: a day such as "2026-12-31"',
      '[INVALID_ACKNOWLEDGEMENT] Stack/Build: "scanBeforePush.exceptions" gives no reason for "CVE-2026-1"; allowed: a sentence that says why it is let through',
    ],
  ],
  [
    "exceptions that nobody could keep",
    inStack((stack) =>
      signerIn(stack, {
        builds: [row()],
        gates: [
          SigningGate.vulnerabilities({
            exceptions: [
              { vulnerability: "CVE-2026-1", until: "2026-02-31", reason: "later" },
              { vulnerability: "CVE-2026-1", until: "2026-12-31", reason: " " },
              { vulnerability: "all of them", until: "2026-12-31", reason: "no time" },
            ],
          }),
        ],
      }),
    ),
    [
      '[INVALID_ACKNOWLEDGEMENT] Stack/Signer: "gates[0].exceptions" has "CVE-2026-1" twice, got two dates; allowed: each vulnerability once',
      '[INVALID_ACKNOWLEDGEMENT] Stack/Signer: "gates[0].exceptions" has no last day for "CVE-2026-1", got "2026-02-31"; allowed: a day such as "2026-12-31"',
      '[INVALID_ACKNOWLEDGEMENT] Stack/Signer: "gates[0].exceptions" gives no reason for "CVE-2026-1"; allowed: a sentence that says why it is let through',
      '[INVALID_ACKNOWLEDGEMENT] Stack/Signer: "gates[0].exceptions" names no vulnerability, got "all of them"; allowed: a name such as "CVE-2026-12345"',
    ],
  ],
  [
    "a gate that asks for its own attestation",
    inStack((stack) => {
      const attestor = attestorIn(stack);
      signerIn(stack, { builds: [row()], attestors: [attestor], gates: [SigningGate.attestedBy(attestor)] });
    }),
    [
      `[INVALID_OPTIONS] Stack/Signer: "gates[0]" asks for the attestation that the trigger is to make, got ${ATTESTOR}; allowed: another attestor`,
    ],
  ],
  [
    "a start by hand in another region",
    inStack((stack) =>
      signerIn(stack, {
        builds: [row()],
        start: SigningStart.manual({ repository: CONNECTED.replace("us-central1", "europe-west1") }),
      }),
    ),
    [
      '[INVALID_LOCATION] Stack/Signer: "start.repository" is not in the region of the trigger, got europe-west1; allowed: a repository in us-central1',
    ],
  ],

  [
    "a list outside of the source",
    inStack(
      (stack) =>
        new ResigningTrigger(stack, "Resign", {
          triggerName: "resign",
          attestors: [attestorIn(stack)],
          source: PipelineSource.manual({ repository: CONNECTED, ref: "refs/heads/main" }),
          listFile: "../images.txt",
        }),
    ),
    [
      '[INVALID_OPTIONS] Stack/Resign: "listFile" is no file of the source, got "../images.txt"; allowed: a path relative to its root, such as "images.txt"',
    ],
  ],

  // Signers outside of Cloud Build.
  ...(
    [
      ["a whole pool as a signer", `principalSet://${POOL}/*`, "would let in everybody of the pool"],
      [
        "every value of an attribute",
        `principalSet://${POOL}/attribute.signer/*`,
        "would let in everybody of the pool",
      ],
      [
        "a set with a subject",
        `principalSet://${POOL}/subject/x`,
        "is a principalSet with a subject, which a principal is for",
      ],
      [
        "a principal without a subject",
        `principal://${POOL}/attribute.ref/x`,
        "is a principal without a subject, which a principalSet is for",
      ],
      [
        "a subject that is too long",
        `principal://${POOL}/subject/${"x".repeat(128)}`,
        "has a subject of 128 characters, and 127 are the most that a pool takes",
      ],
    ] as const
  ).map(
    ([name, member, why]): Row => [
      name,
      inStack((stack) => new ExistingSigner(stack, "Signer", { member, attestors: [attestorIn(stack)] })),
      [`[INVALID_MEMBER] Stack/Signer: member ${show(member)} ${why}; allowed: ${MEMBER_FORM}`],
    ],
  ),
  [
    "a signer for no attestor",
    inStack((stack) => new ExistingSigner(stack, "Signer", { member: MEMBER, attestors: [] })),
    [
      '[INVALID_OPTIONS] Stack/Signer: "attestors" is empty: the signer would sign nothing; allowed: at least one attestor',
    ],
  ],
  ...["us-central1-docker.pkg.dev/my-secure-project/apps/", "apps'; true", `${IMAGE}:v1`, ""].map(
    (imagePrefix): Row => [
      `a script for the images below ${show(imagePrefix)}`,
      inStack((stack) =>
        new ExistingSigner(stack, "Signer", { member: MEMBER, attestors: [attestorIn(stack)] }).renderSignScript({
          imagePrefix,
        }),
      ),
      [
        `[INVALID_IMAGE] Stack/Signer: "imagePrefix" is no image path, got ${show(imagePrefix)}; allowed: REGISTRY/PATH, without tag, digest and a slash at the end`,
      ],
    ],
  ),
  [
    "an identity of GitHub in which everything is wrong",
    () =>
      federated({
        identity: FederatedIdentity.github({
          ownerId: "my-org",
          repositoryId: "my-org/web",
          ref: "main",
          workflowRef: "sign.yml",
          environment: "pro'duction",
          issuerUri: "http://github.com",
        }),
      }),
    [
      '[INVALID_OPTIONS] Stack/Signer: "identity.issuerUri" is not valid, got "http://github.com"; allowed: https://HOST, without a slash at the end',
      '[INVALID_OPTIONS] Stack/Signer: "identity.environment" is not valid, got "pro\'duction"; allowed: letters, digits, and ._/-',
      '[INVALID_OPTIONS] Stack/Signer: "identity.ownerId" is not valid, got "my-org"; allowed: digits, as text; names can be given up and taken by somebody else',
      '[INVALID_OPTIONS] Stack/Signer: "identity.repositoryId" is not valid, got "my-org/web"; allowed: digits, as text; names can be given up and taken by somebody else',
      '[INVALID_OPTIONS] Stack/Signer: "identity.ref" is not valid, got "main"; allowed: one branch or tag by its full name, such as refs/heads/main',
      '[INVALID_OPTIONS] Stack/Signer: "identity.workflowRef" is not valid, got "sign.yml"; allowed: OWNER/REPOSITORY/.github/workflows/FILE@REF, with the full name of a branch or tag, or a commit',
    ],
  ],
  [
    "an identity without a ref",
    () => federated({ identity: FederatedIdentity.github({ ownerId: "1", repositoryId: "2", ref: "" }) }),
    [
      '[INVALID_OPTIONS] Stack/Signer: "identity.ref" is not valid, got ""; allowed: one branch or tag by its full name, such as refs/heads/main',
    ],
  ],
  [
    "an identity of every branch",
    () => federated({ identity: FederatedIdentity.github({ ownerId: "1", repositoryId: "2", ref: "refs/heads/*" }) }),
    [
      '[INVALID_OPTIONS] Stack/Signer: "identity.ref" is not valid, got "refs/heads/*"; allowed: one branch or tag by its full name, such as refs/heads/main',
    ],
  ],
  [
    "an identity whose subject is too long",
    () =>
      federated({
        identity: FederatedIdentity.github({ ownerId: "1", repositoryId: "2", ref: `refs/heads/${"x".repeat(115)}` }),
      }),
    [
      `[LIMIT_EXCEEDED] Stack/Signer: the subject of the identity has 128 characters, got ${show(`2@refs/heads/${"x".repeat(115)}`)}; allowed: 127, with a shorter name of the branch or tag`,
    ],
  ],
  [
    "an identity of GitLab without a branch, by names",
    () => federated({ identity: FederatedIdentity.gitlab({ namespaceId: "my-group", projectId: "web" }) }),
    [
      '[INVALID_OPTIONS] Stack/Signer: "identity.namespaceId" is not valid, got "my-group"; allowed: digits, as text; names can be given up and taken by somebody else',
      '[INVALID_OPTIONS] Stack/Signer: "identity.projectId" is not valid, got "web"; allowed: digits, as text; names can be given up and taken by somebody else',
      '[INVALID_OPTIONS] Stack/Signer: "identity" has to name a branch or a tag, got neither; allowed: one of them, and a second signer for the other',
    ],
  ],
  ...[
    "assertion.repository.startsWith('my-org')",
    "assertion.ref.contains('main')",
    "assertion.ref.matches('main')",
    "assertion.ref.matches('^refs/heads/main|evil$')",
  ].map(
    (condition): Row => [
      `the condition ${condition}`,
      () => federated({ additionalCondition: condition }),
      [
        `[INVALID_OPTIONS] Stack/Signer: "additionalCondition" compares with a part of a claim, got ${condition.replace(/^assertion\.\w+/, "")}: what merely looks alike would be let in; allowed: "==", "in", "matches" with an expression that is anchored at both ends, or "startsWith" up to a "/"`,
      ],
    ],
  ),
  ...["true) || (assertion.ref == 'x'", "true", "assertion.ref == 'x"].map(
    (condition): Row => [
      `the condition ${condition}`,
      () => federated({ additionalCondition: condition }),
      [
        `[INVALID_OPTIONS] Stack/Signer: "additionalCondition" is no condition on the token, got ${show(condition)}; allowed: an expression about assertion.CLAIM, with its brackets closed`,
      ],
    ],
  ),
  ...[
    // Both end in a bracket that is closed only as long as the comment, or the text, is not seen as one.
    "assertion.ref == 'x' // (\n ) || (true // )\n",
    "assertion.ref == 'x' || assertion.ref == r'\\' ) || (true || 'x' == '\\'",
    "assertion.ref == 'x' || assertion.ref == \"\"\"'\"\"\" ) || (true || 'x' == '",
  ].map(
    (condition): Row => [
      `the condition ${condition}, which would end the others`,
      () => federated({ additionalCondition: condition }),
      [
        `[INVALID_OPTIONS] Stack/Signer: "additionalCondition" cannot be joined with the others, got ${show(condition)}; allowed: no comments, and no raw or triple-quoted text`,
      ],
    ],
  ),
  [
    "a pool, a provider and a project number that are none",
    () => federated({ poolId: "gcp-pool", providerId: "x", projectNumber: PROJECT }),
    [
      '[INVALID_NAME] Stack/Signer: "poolId" is not valid, got "gcp-pool"; allowed: 4 to 32 lower-case letters, digits and hyphens, starting with a letter, not with gcp-',
      '[INVALID_NAME] Stack/Signer: "providerId" is not valid, got "x"; allowed: 4 to 30 lower-case letters, digits and hyphens, starting with a letter, not with gcp-',
      `[INVALID_NAME] Stack/Signer: "projectNumber" is not valid, got "${PROJECT}"; allowed: digits only, for example 123456789012`,
    ],
  ],

  // What CDKTF could not write.
  [
    "an import block as HCL",
    () => {
      const stack = testStack();
      policyIn(stack, { existing: ExistingPolicy.ADOPT });
      Testing.synthHcl(stack);
    },
    [
      "[INVALID_OPTIONS] Stack/Policy/Resource/Import: the import block cannot be written as HCL, got SYNTH_HCL_OUTPUT; allowed: Terraform JSON, the default",
    ],
  ],
  [
    "two stacks that wait for each other",
    () => {
      const app = testApp();
      const one = testStack({ app, id: "One" });
      const two = testStack({ app, id: "Two" });
      attestorIn(two, { attestorName: "two", keys: [trustRootIn(one, { keyRingName: "one" })] });
      attestorIn(one, { attestorName: "one", keys: [trustRootIn(two, { keyRingName: "two" })] });
    },
    [
      '[STACK_CYCLE] One/Attestor: stack "One" would have to wait for stack "Two" because of Two/TrustRoot, which itself waits for "One"; allowed: move one of the two constructs into a stack of its own',
    ],
  ],

  // What comes too late.
  [
    "a cluster for a policy that was released",
    () => {
      const stack = testStack();
      const policy = policyIn(stack);
      policy.release();
      policy.addClusterRule({ location: "us-central1", clusterName: "late", requiredAttestors: attestors(stack, 1) });
    },
    [
      "[INVALID_STATE] Stack/Policy: the policy of my-secure-project was released (Stack/Policy), and a rule added to it would be lost; allowed: rules before release(), or in the program that adopts the policy",
    ],
  ],
];

test.each(REFUSALS)("%s", (_, action, problems) => {
  expect(refusalOf(action)).toEqual(problems);
});

// What is only likely to be wrong, or is noticed when the app is synthesized: not thrown by a constructor.
const SAID_OTHERWISE: Partial<Record<ProblemCode, (stack: TerraformStack) => void>> = {
  [ProblemCode.UNKNOWN_LOCATION]: (stack) => trustRootIn(stack, { location: "us-central9" }),
  [ProblemCode.DOUBTFUL_EXEMPT_IMAGE]: (stack) => policyIn(stack, { exemptImages: ["quay.io/vendor/app"] }),
  [ProblemCode.LIMIT_UNCLEAR]: (stack) =>
    policyIn(stack, {
      clusterRules: Array.from({ length: 201 }, (_, index) => ({ ...RULE, cluster: `us-central1.c${index}` })),
    }),
  [ProblemCode.UNPINNED_STEP_IMAGE]: (stack) => pipelineIn(stack),
  [ProblemCode.UNPINNED_IMAGE]: (stack) =>
    new EnforcedService(stack, "Web", {
      serviceName: "web",
      location: "us-central1",
      image: "quay.io/vendor/app:v1",
      policy: policyIn(stack, { exemptImages: ["quay.io/vendor/*"] }),
    }),
};

// What lives inside a cluster has a table of its own: __tests__/kubernetes/break-glass-guard.test.ts.
const IN_CLUSTERS: readonly ProblemCode[] = [ProblemCode.MISSING_PACKAGE, ProblemCode.CLUSTER_IN_SAME_STACK];

describe("the table", () => {
  const messages = REFUSALS.flatMap(([, , problems]) => problems);

  const codes = Object.values(ProblemCode).filter((code) => !IN_CLUSTERS.includes(code));

  test.each(codes)("shows when %s is said", (code) => {
    const warn = SAID_OTHERWISE[code];
    if (warn) {
      const stack = testStack();
      warn(stack);
      expect(warnings(stack).join("\n")).toContain(`[${code}]`);
    } else {
      expect(messages.filter((message) => message.startsWith(`[${code}]`))).not.toEqual([]);
    }
  });

  test("names each row once", () => {
    const names = REFUSALS.map(([name]) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("every message", () => {
  const texts = [
    ...new Set(
      REFUSALS.flatMap(([, , problems]) => problems.map((problem) => problem.slice(problem.indexOf(": ") + 2))),
    ),
  ];

  // Where the thing itself is what is wrong, the sentence names it instead of saying "got".
  const NAMED_INSTEAD =
    /is empty:|is declared twice|is there twice|is a second rule|two rules for|two versions have|has the number|are missing below|gives no reason|no exempt image of|names no attestor|does not trust|covers|is set for|both a branch and a tag|holds two attestors|has the expression|is no PEM|is a PEM|which cannot sign|would let everybody in|is no IAM member|would let in everybody|with a subject|without a subject|has a subject|signature of algorithm|is no YAML|have to wait for|was released/;

  test("says what was found", () => {
    expect(texts.filter((text) => !/\bgot /.test(text) && !NAMED_INSTEAD.test(text))).toEqual([]);
  });

  // Nothing can be said about what to write instead where a whole document is not what it should be.
  const NOTHING_ELSE_ALLOWED = /^the policy export is no (?:YAML|policy)/;

  test("says what is allowed", () => {
    expect(texts.filter((text) => !/; allowed: ./.test(text) && !NOTHING_ELSE_ALLOWED.test(text))).toEqual([]);
  });

  test("is one sentence without a full stop", () => {
    expect(texts.filter((text) => !/[^.:;,\s]$/.test(text) || /\n|\. [A-Z]/.test(text))).toEqual([]);
  });

  test("gives no token away, which nobody could read", () => {
    expect(texts.filter((text) => /TfToken|\[object /.test(text))).toEqual([]);
  });
});

test("an error of several problems lists them all, one a line", () => {
  const action = () => trustRoot({ keyRingName: "", keyName: "" });
  expect(action).toThrow(/^2 problems:\n {2}\[INVALID_NAME\] .*keyRingName.*\n {2}\[INVALID_NAME\] .*keyName.*$/);
  expect(problemsOf(action).map(({ code, constructPath }) => [code, constructPath])).toEqual([
    [ProblemCode.INVALID_NAME, "Stack/TrustRoot"],
    [ProblemCode.INVALID_NAME, "Stack/TrustRoot"],
  ]);
});

test("a refused construct is refused at the path that it would have had", () => {
  const stack = testStack();
  expect(problemsOf(() => trustRootIn(stack, { keyName: "" }, "Wrong"))[0].constructPath).toBe("Stack/Wrong");
});
