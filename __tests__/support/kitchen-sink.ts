import { ContainerCluster } from "@cdktf/provider-google/lib/container-cluster";
import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { type TerraformStack, TerraformVariable } from "cdktf";
import {
  AdmissionPolicy,
  type AdmissionPolicyProps,
  AlertChannel,
  Attestor,
  AttestorKey,
  type AttestorKeyOptions,
  type AttestorProps,
  AuditAlerts,
  type AuditAlertsProps,
  BuildPipeline,
  type BuildPipelineProps,
  CleanupPolicy,
  ConnectionHost,
  DefaultRule,
  type DeleteOlderOptions,
  EnforcedCluster,
  type EnforcedClusterProps,
  EnforcedJob,
  EnforcedService,
  type EnforcedServiceProps,
  type ExistingClusterAttributes,
  ExistingPolicy,
  ExistingSigner,
  FederatedAccess,
  FederatedIdentity,
  FederatedSigner,
  type FederatedSignerProps,
  type GithubConnectionOptions,
  type GithubIdentityOptions,
  type GitlabConnectionOptions,
  GlobalPolicyEvaluationMode,
  ImagePlatform,
  type KeepMatchingOptions,
  type KeepMostRecentOptions,
  KeyVersion,
  type KeyVersionOptions,
  type ManualSourceOptions,
  type OnDemandScanOptions,
  OrganizationPolicies,
  type OrganizationPoliciesProps,
  PipelineSource,
  ProtectionLevel,
  type PubsubSourceOptions,
  ReleaseChannel,
  RepositoryConnection,
  type RepositoryConnectionProps,
  type RepositoryOptions,
  RepositoryType,
  ResigningTrigger,
  type ResigningTriggerProps,
  ScanLocation,
  SignatureLog,
  type SignatureLogProps,
  SignedBuild,
  type SignedTriggerOptions,
  SignerPipeline,
  type SignerPipelineProps,
  SigningAlgorithm,
  SigningGate,
  SigningStart,
  SigningTrigger,
  type SigningTriggerProps,
  TagState,
  TrustRoot,
  type TrustRootProps,
  VettedImages,
  type VettedImagesProps,
  type VulnerabilityGateOptions,
  VulnerabilitySeverity,
  type WebhookSourceOptions,
} from "../../lib";
import { CONNECTED, IMAGE, MEMBER, P256_PEM, PROJECT, REPOSITORY, testStack, VETTED } from "./synth";

// `Required` makes the compiler ask for every prop: one that is added later fails here until it is set as well.

/** A stack in which every prop of every construct is set. */
export function kitchenSink(): TerraformStack {
  const stack = testStack();
  const provider = new GoogleProvider(stack, "Other", { project: PROJECT, alias: "other" });
  const placement = { project: PROJECT, provider, enableApis: true, deletionProtection: true };

  const version: Required<KeyVersionOptions> = {
    number: 3,
    algorithm: SigningAlgorithm.EC_SIGN_P256_SHA256,
    publicKeyPem: P256_PEM,
    adopt: false,
  };
  const trustRootProps: Required<TrustRootProps> = {
    ...placement,
    keyRingName: "ring",
    keyName: "key",
    location: "europe",
    versions: [
      KeyVersion.retired("gone", { number: 1 }),
      KeyVersion.trusted("old", { number: 2, algorithm: SigningAlgorithm.RSA_SIGN_PSS_4096_SHA512 }),
      KeyVersion.signing("now", version),
    ],
    protectionLevel: ProtectionLevel.SOFTWARE,
    destroyScheduledDuration: "2592000s",
    labels: { team: "security" },
    adopt: true,
    createKeyRing: true,
  };
  const trustRoot = new TrustRoot(stack, "TrustRoot", trustRootProps);

  const pem: Required<AttestorKeyOptions> = {
    publicKeyPem: P256_PEM,
    algorithm: SigningAlgorithm.EC_SIGN_P256_SHA256,
    id: "https://example.com/keys/release",
    comment: "release key",
  };
  // A note is either made here or named: see the second attestor.
  const attestorProps: Required<Omit<AttestorProps, "noteId">> = {
    ...placement,
    attestorName: "attestor",
    keys: [trustRoot, AttestorKey.fromPem(pem)],
    noteName: "note",
    humanReadableName: "CI",
    description: "Built by CI",
    adopt: true,
  };
  const attestor = new Attestor(stack, "Attestor", attestorProps);
  const second = new Attestor(stack, "Second", {
    attestorName: "second",
    noteId: "projects/note-project/notes/theirs",
    keys: [trustRoot],
  });
  attestor.grants.attest(MEMBER, { createOnly: true });
  attestor.grants.verify({ project: "cluster-project", projectNumber: "123456789012" });

  const policyProps: Required<AdmissionPolicyProps> = {
    ...placement,
    existing: ExistingPolicy.ADOPT,
    exemptImages: ["quay.io/vendor/*"],
    acknowledgedExemptions: [{ pattern: "quay.io/vendor/*", reason: "scanned by its vendor" }],
    defaultRule: DefaultRule.requireAttestation(attestor, { dryRun: true }),
    clusterRules: [
      {
        cluster: "global.member",
        evaluationMode: "ALWAYS_DENY",
        enforcementMode: "DRYRUN_AUDIT_LOG_ONLY",
      },
    ],
    globalPolicyEvaluationMode: GlobalPolicyEvaluationMode.DISABLE,
    description: "Only what CI built",
  };
  const policy = new AdmissionPolicy(stack, "Policy", policyProps);

  const requiredAttestors = [attestor, second];
  const standard: Required<Omit<EnforcedClusterProps, "nodeServiceAccountEmail">> = {
    ...placement,
    policy,
    requiredAttestors,
    dryRun: true,
    dryRunUntil: "2026-12-31",
    clusterName: "standard",
    location: "us-central1-a",
    autopilot: false,
    network: "vpc",
    subnetwork: "nodes",
    privateNodes: true,
    releaseChannel: ReleaseChannel.STABLE,
    nodeMachineType: "n2-standard-4",
    nodeCount: 1,
    maxNodeCount: 3,
    imageRepositories: [REPOSITORY],
    resourceLabels: { team: "web" },
  };
  new EnforcedCluster(stack, "Standard", standard);
  new EnforcedCluster(stack, "Autopilot", {
    policy,
    requiredAttestors,
    clusterName: "autopilot",
    location: "us-central1",
    nodeServiceAccountEmail: `nodes@${PROJECT}.iam.gserviceaccount.com`,
  });
  const theirs: Required<Omit<ExistingClusterAttributes, "requireEnforcement">> = {
    policy,
    requiredAttestors,
    dryRun: true,
    dryRunUntil: "2027-02-28",
    clusterName: "theirs",
    location: "us-east1",
    provider,
  };
  EnforcedCluster.fromClusterName(stack, "Theirs", theirs);
  EnforcedCluster.fromClusterName(stack, "Checked", { ...theirs, clusterName: "checked", requireEnforcement: true });
  EnforcedCluster.enforce(
    new ContainerCluster(stack, "own", { name: "own", location: "us-east4", initialNodeCount: 1 }),
    { policy, requiredAttestors },
  );

  const platforms = [ImagePlatform.LINUX_AMD64, ImagePlatform.LINUX_ARM64];
  const deleted: Required<DeleteOlderOptions> = {
    olderThan: "7776000s",
    tagState: TagState.TAGGED,
    tagPrefixes: ["pr-"],
    packageNamePrefixes: ["my-app"],
  };
  const kept: Required<KeepMatchingOptions> = {
    tagState: TagState.TAGGED,
    tagPrefixes: ["release-"],
    packageNamePrefixes: ["my-app"],
    newerThan: "86400s",
  };
  const recent: Required<KeepMostRecentOptions> = { keepCount: 20, packageNamePrefixes: ["my-app"] };
  const repository: Required<Omit<RepositoryOptions, "deletionProtection">> = {
    createRepository: true,
    immutableTags: true,
    vulnerabilityScanning: true,
    cleanupPolicies: [
      CleanupPolicy.deleteOlder("delete-pull-requests", deleted),
      CleanupPolicy.keepMatching("keep-releases", kept),
      CleanupPolicy.keepMostRecent("keep-recent", recent),
    ],
    cleanupDryRun: false,
  };
  const emulatorImage = `docker.io/tonistiigi/binfmt@sha256:${"d".repeat(64)}`;
  const pipelineProps: Required<Omit<SignerPipelineProps, "serviceAccountEmail">> = {
    ...placement,
    attestors: [attestor],
    image: IMAGE,
    source: PipelineSource.manual({ repository: CONNECTED, ref: "refs/heads/main" }),
    pipelineName: "pipeline",
    tag: "$SHORT_SHA",
    dockerfile: "app/Dockerfile",
    buildContext: "app",
    timeout: "600s",
    machineType: "E2_HIGHCPU_8",
    workerPool: `projects/${PROJECT}/locations/us-central1/workerPools/private`,
    builderImage: `example.com/builder@sha256:${"a".repeat(64)}`,
    signerImage: `example.com/signer@sha256:${"b".repeat(64)}`,
    scanBeforePush: { fixableOnly: true },
    ...repository,
    platforms,
    emulatorImage,
    signPlatformImages: true,
    createOnly: true,
  };
  new SignerPipeline(stack, "Pipeline", pipelineProps);
  new SignerPipeline(stack, "Push", {
    attestors: [second],
    image: `${IMAGE}-two`,
    source: PipelineSource.push({ repository: CONNECTED, tag: "^v[0-9.]+$" }),
    serviceAccountEmail: `builder@${PROJECT}.iam.gserviceaccount.com`,
  });

  const serviceProps: Required<EnforcedServiceProps> = {
    ...placement,
    policy,
    serviceName: "web",
    location: "us-central1",
    image: `${IMAGE}@sha256:${"c".repeat(64)}`,
    serviceAccountEmail: `web@${PROJECT}.iam.gserviceaccount.com`,
    environment: { MODE: "prod" },
  };
  new EnforcedService(stack, "Service", serviceProps);
  new EnforcedJob(stack, "Job", { ...serviceProps, jobName: "batch" });

  const { deletionProtection: _, project: __, ...global } = placement;
  const logProps: Required<SignatureLogProps> = {
    ...global,
    deletionProtection: true,
    trustRoots: [trustRoot],
    retentionDays: 3650,
    locked: true,
    location: "eu",
    bucketId: "signatures",
    enableDataAccessLog: true,
  };
  new SignatureLog(stack, "SignatureLog", logProps);
  const password = new TerraformVariable(stack, "password", { type: "string", sensitive: true }).stringValue;
  const alertsProps: Required<AuditAlertsProps> = {
    ...global,
    channels: [
      AlertChannel.email("security@example.com"),
      AlertChannel.pubsub("projects/ops/topics/alerts"),
      AlertChannel.webhook({ url: "https://example.com/hook", username: "binauthz", password }),
      AlertChannel.fromChannelName(`projects/${PROJECT}/notificationChannels/123`),
    ],
    projects: [PROJECT, "other-project"],
    keys: [{ trustRoot, signers: [MEMBER] }],
    breakGlass: true,
    failOpen: true,
    denied: true,
    dryRunViolations: true,
    policyChanges: true,
    enforcementOff: true,
    keyChanges: true,
    foreignSignatures: true,
    notificationRateLimit: "600s",
    autoClose: "3600s",
    runbookUrl: "https://example.com/runbook",
  };
  new AuditAlerts(stack, "Alerts", alertsProps);
  const organizationProps: Required<OrganizationPoliciesProps> = {
    provider,
    parent: "folders/42",
    organization: "organizations/123456789012",
    clusters: true,
    cloudRun: true,
    cloudRunPolicies: ["default"],
    cloudRunBreakGlass: false,
    hsmKeysOnly: true,
    minimumDestroyDelayDays: 30,
    disableBeforeDestroy: true,
    noServiceAccountKeys: true,
    allowedIdentityProviders: ["https://token.actions.githubusercontent.com"],
    dryRun: false,
  };
  new OrganizationPolicies(stack, "OrganizationPolicies", organizationProps);
  new OrganizationPolicies(stack, "DryRun", { parent: "folders/43", dryRun: true });
  const scan: Required<OnDemandScanOptions> = {
    severity: VulnerabilitySeverity.HIGH,
    fixableOnly: true,
    exceptions: [{ vulnerability: "CVE-2026-1", until: "2026-12-31", reason: "not reachable" }],
    location: ScanLocation.EUROPE,
    scannerImage: `example.com/scanner@sha256:${"d".repeat(64)}`,
  };
  const buildProps: Required<Omit<BuildPipelineProps, "serviceAccountEmail">> = {
    ...placement,
    image: `${IMAGE}-three`,
    source: PipelineSource.push({ repository: CONNECTED, branch: "^main$" }),
    pipelineName: "build",
    tag: "$SHORT_SHA",
    dockerfile: "app/Dockerfile",
    buildContext: "app",
    timeout: "600s",
    machineType: "E2_HIGHCPU_8",
    workerPool: `projects/${PROJECT}/locations/us-central1/workerPools/private`,
    builderImage: `example.com/builder@sha256:${"a".repeat(64)}`,
    secrets: [{ id: "NPM_TOKEN", versionName: "projects/secret-project/secrets/npm/versions/7" }],
    scanBeforePush: scan,
    ...repository,
    platforms,
    emulatorImage,
  };
  const build = new BuildPipeline(stack, "Build", buildProps);
  const theirBuild: Required<Omit<SignedTriggerOptions, "tag" | "imageCount">> = {
    triggerName: "projects/team-project/locations/us-central1/triggers/app-build",
    serviceAccountEmail: "builder@team-project.iam.gserviceaccount.com",
    repositoryUrl: "https://github.com/team/app",
    image: "us-central1-docker.pkg.dev/team-project/apps/app",
    branch: "^main$",
    platforms,
    signPlatformImages: true,
  };
  const scanned: Required<VulnerabilityGateOptions> = {
    severity: VulnerabilitySeverity.HIGH,
    fixableOnly: true,
    exceptions: [{ vulnerability: "CVE-2026-12345", until: "2026-12-31", reason: "not reachable" }],
    scanTimeout: "300s",
  };
  const signingProps: Required<Omit<SigningTriggerProps, "serviceAccountEmail">> = {
    ...placement,
    triggerName: "sign",
    location: "us-central1",
    attestors: [attestor],
    builds: [
      SignedBuild.ofPipeline(build, { repositoryUrl: "https://github.com/my-org/app" }),
      SignedBuild.ofTrigger(theirBuild),
    ],
    start: SigningStart.afterBuild(),
    gates: [SigningGate.vulnerabilities(scanned), SigningGate.attestedBy(second)],
    approvers: ["group:release@example.com"],
    projectNumber: "123456789012",
    timeout: "1200s",
    provenanceTimeout: "60s",
    workerPool: `projects/${PROJECT}/locations/us-central1/workerPools/private`,
    signerImage: `example.com/signer@sha256:${"b".repeat(64)}`,
    createOnly: true,
  };
  new BuildPipeline(stack, "GithubApp", {
    image: `${IMAGE}-four`,
    source: PipelineSource.githubApp({ owner: "my-org", name: "app" }),
  });
  const fixed: Required<ManualSourceOptions> = {
    repository: CONNECTED,
    ref: "refs/heads/main",
    repositoryType: RepositoryType.OTHER,
  };
  const webhook: Required<WebhookSourceOptions> = {
    ...fixed,
    secretVersion: "projects/secret-project/secrets/hook/versions/7",
    projectNumber: "123456789012",
  };
  const pubsub: Required<PubsubSourceOptions> = {
    ...fixed,
    topic: "projects/other-project/topics/build",
    projectNumber: "123456789012",
  };
  const github: Required<GithubConnectionOptions> = {
    appInstallationId: 123123,
    tokenSecretVersion: "projects/secret-project/secrets/github/versions/3",
  };
  const gitlab: Required<GitlabConnectionOptions> = {
    apiTokenSecretVersion: "projects/secret-project/secrets/gitlab-api/versions/3",
    readTokenSecretVersion: "projects/secret-project/secrets/gitlab-read/versions/3",
    webhookSecretVersion: "projects/secret-project/secrets/gitlab-webhook/versions/3",
    hostUri: "https://gitlab.example.com",
  };
  const connectionProps: Required<RepositoryConnectionProps> = {
    ...global,
    project: PROJECT,
    connectionName: "github",
    location: "us-central1",
    host: ConnectionHost.github(github),
    projectNumber: "123456789012",
  };
  new RepositoryConnection(stack, "GithubConnection", connectionProps).addRepository(
    "web",
    "https://github.com/o/web.git",
  );
  new RepositoryConnection(stack, "GitlabConnection", {
    ...connectionProps,
    connectionName: "gitlab",
    host: ConnectionHost.gitlab(gitlab),
  });
  new BuildPipeline(stack, "Webhook", { image: `${IMAGE}-five`, source: PipelineSource.webhook(webhook) });
  new BuildPipeline(stack, "Pubsub", { image: `${IMAGE}-six`, source: PipelineSource.pubsub(pubsub) });
  new SigningTrigger(stack, "Sign", signingProps);
  new SigningTrigger(stack, "SignByHand", {
    triggerName: "sign-by-hand",
    location: "us-central1",
    attestors: [attestor],
    builds: [SignedBuild.ofTrigger(theirBuild)],
    start: SigningStart.manual({ repository: CONNECTED }),
  });
  const githubOptions: Required<GithubIdentityOptions> = {
    ownerId: "1342004",
    repositoryId: "260064828",
    ref: "refs/heads/main",
    workflowRef: "my-org/workflows/.github/workflows/sign.yml@refs/heads/main",
    environment: "production",
    issuerUri: "https://token.actions.githubusercontent.com",
  };
  const federatedProps: Required<FederatedSignerProps> = {
    ...placement,
    identity: FederatedIdentity.github(githubOptions),
    poolId: "signers",
    providerId: "github-app",
    projectNumber: "123456789012",
    attestors: [attestor],
    access: FederatedAccess.IMPERSONATION,
    additionalCondition: "assertion.runner_environment == 'github-hosted'",
    createPool: true,
    createOnly: true,
  };
  new FederatedSigner(stack, "GitHub", federatedProps);
  new FederatedSigner(stack, "GitLab", {
    identity: FederatedIdentity.gitlab({ namespaceId: "42", projectId: "4711", branch: "main" }),
    poolId: "signers",
    providerId: "gitlab-app",
    projectNumber: "123456789012",
    attestors: [attestor],
    access: FederatedAccess.DIRECT,
  });
  const resigningProps: Required<Omit<ResigningTriggerProps, "serviceAccountEmail">> = {
    ...placement,
    triggerName: "resign",
    attestors: [attestor],
    source: PipelineSource.manual({ repository: CONNECTED, ref: "refs/heads/main" }),
    listFile: "prod/images.txt",
    timeout: "600s",
    workerPool: `projects/${PROJECT}/locations/us-central1/workerPools/private`,
    signerImage: `example.com/signer@sha256:${"b".repeat(64)}`,
    createOnly: true,
  };
  new ResigningTrigger(stack, "Resign", resigningProps);
  const vettedProps: Required<Omit<VettedImagesProps, "serviceAccountEmail">> = {
    ...placement,
    ...repository,
    triggerName: "vetted",
    attestors: [second],
    source: PipelineSource.push({ repository: CONNECTED }),
    repository: VETTED,
    listFile: "images/vetted.txt",
    gate: SigningGate.vulnerabilities(scanned),
    platforms,
    signPlatformImages: true,
    approvers: ["group:release@example.com"],
    timeout: "1800s",
    workerPool: `projects/${PROJECT}/locations/us-central1/workerPools/private`,
    mirrorImage: `example.com/gcrane@sha256:${"a".repeat(64)}`,
    signerImage: `example.com/signer@sha256:${"b".repeat(64)}`,
    createOnly: true,
  };
  new VettedImages(stack, "Vetted", vettedProps);
  new ExistingSigner(stack, "Jenkins", {
    member: `serviceAccount:jenkins@${PROJECT}.iam.gserviceaccount.com`,
    attestors: [attestor],
    createOnly: true,
  });

  // One of each is let go.
  const old = new TrustRoot(stack, "Old", { keyRingName: "old-ring", keyName: "old-key", location: "global" });
  new Attestor(stack, "OldAttestor", { attestorName: "old", keys: [old] }).release();
  old.release();
  return stack;
}
