import { ArtifactRegistryRepository } from "@cdktf/provider-google/lib/artifact-registry-repository";
import { ArtifactRegistryRepositoryIamMember } from "@cdktf/provider-google/lib/artifact-registry-repository-iam-member";
import { BinaryAuthorizationAttestor } from "@cdktf/provider-google/lib/binary-authorization-attestor";
import { BinaryAuthorizationAttestorIamMember } from "@cdktf/provider-google/lib/binary-authorization-attestor-iam-member";
import { BinaryAuthorizationPolicy } from "@cdktf/provider-google/lib/binary-authorization-policy";
import { CloudbuildTrigger } from "@cdktf/provider-google/lib/cloudbuild-trigger";
import { ContainerAnalysisNote } from "@cdktf/provider-google/lib/container-analysis-note";
import { ContainerAnalysisNoteIamMember } from "@cdktf/provider-google/lib/container-analysis-note-iam-member";
import { ContainerCluster } from "@cdktf/provider-google/lib/container-cluster";
import { ContainerNodePool } from "@cdktf/provider-google/lib/container-node-pool";
import { DataGoogleKmsCryptoKeyVersion } from "@cdktf/provider-google/lib/data-google-kms-crypto-key-version";
import { KmsCryptoKey } from "@cdktf/provider-google/lib/kms-crypto-key";
import { KmsCryptoKeyIamMember } from "@cdktf/provider-google/lib/kms-crypto-key-iam-member";
import { KmsCryptoKeyVersion } from "@cdktf/provider-google/lib/kms-crypto-key-version";
import { KmsKeyRing } from "@cdktf/provider-google/lib/kms-key-ring";
import { ProjectIamMember } from "@cdktf/provider-google/lib/project-iam-member";
import { ProjectService } from "@cdktf/provider-google/lib/project-service";
import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import { App, Fn, TerraformStack } from "cdktf";
// The text of the three scripts only: it would stand in files of its own.
import { BUILD_SCRIPT, PUSH_SCRIPT, SIGN_SCRIPT } from "../lib/constructs/private/signer-scripts";
import { noStrayAttestors } from "./stray-attestors";

// What main.ts deploys, written by hand with the provider's own constructs: the yardstick for the time that the
// library's constructs take. The bench refuses to run where the two do not synthesize the same Terraform JSON.

const project = process.env.GOOGLE_PROJECT || "my-secure-project";
const region = "us-central1";
const zone = `${region}-a`;

const app = new App();
const stack = new TerraformStack(app, "binauthz");
new GoogleProvider(stack, "Google", { project, region });

const enable = (api: string) =>
  new ProjectService(stack, `${project}_${api}`, {
    project,
    service: `${api}.googleapis.com`,
    disableOnDestroy: false,
  });
const kmsApi = enable("cloudkms");
const noteApi = enable("containeranalysis");
const attestorApi = enable("binaryauthorization");
const clusterApi = enable("container");
const identityApi = enable("iam");
const projectApi = enable("cloudresourcemanager");
const repositoryApi = enable("artifactregistry");
const buildApi = enable("cloudbuild");

const protect = { preventDestroy: true };

// The key.
const ringName = `projects/${project}/locations/global/keyRings/binauthz-ring`;
const keyName = `${ringName}/cryptoKeys/build-signer-key`;
const versionName = `${keyName}/cryptoKeyVersions/1`;
const keyAddress = `${project}_global_binauthz-ring_build-signer-key`;
const algorithm = "RSA_SIGN_PKCS1_4096_SHA512";
const keyRing = new KmsKeyRing(stack, `${project}_global_binauthz-ring`, {
  project,
  location: "global",
  name: "binauthz-ring",
  lifecycle: protect,
  dependsOn: [kmsApi],
});
const key = new KmsCryptoKey(stack, keyAddress, {
  name: "build-signer-key",
  keyRing: ringName,
  purpose: "ASYMMETRIC_SIGN",
  versionTemplate: { algorithm, protectionLevel: "HSM" },
  skipInitialVersionCreation: true,
  lifecycle: protect,
  dependsOn: [keyRing, kmsApi],
});
const keyVersion = new KmsCryptoKeyVersion(stack, `${keyAddress}_first`, {
  cryptoKey: keyName,
  lifecycle: {
    preventDestroy: true,
    postcondition: [
      {
        condition: `\${endswith(self.name, "/cryptoKeyVersions/1")}`,
        errorMessage: `key version "first" of ${keyName} is declared as number 1, but Cloud KMS gave it another one. Look it up with "gcloud kms keys versions list" and correct the number in the program: the address stays, nothing is replaced.`,
      },
      {
        condition: `\${self.algorithm == "${algorithm}"}`,
        errorMessage: `key version "first" of ${keyName} is declared with algorithm ${algorithm}, but was made with another one. A version keeps the algorithm that the key's template had when it was made: declare the real one, or add a version.`,
      },
    ],
  },
  dependsOn: [key],
});
const publicKey = new DataGoogleKmsCryptoKeyVersion(stack, `${keyAddress}_1`, {
  cryptoKey: Fn.trimsuffix(keyVersion.name, "/cryptoKeyVersions/1"),
  version: 1,
});

// Note and attestor.
const noteName = `projects/${project}/notes/build-provenance-note`;
const attestorName = `projects/${project}/attestors/build-attestor`;
const note = new ContainerAnalysisNote(stack, `${project}_build-provenance-note`, {
  project,
  name: "build-provenance-note",
  attestationAuthority: { hint: { humanReadableName: "CI/CD Build Pipeline" } },
  lifecycle: protect,
  dependsOn: [noteApi],
});
const attestor = new BinaryAuthorizationAttestor(stack, `${project}_build-attestor`, {
  project,
  name: "build-attestor",
  attestationAuthorityNote: {
    noteReference: noteName,
    publicKeys: [
      {
        id: `//cloudkms.googleapis.com/v1/${versionName}`,
        pkixPublicKey: { publicKeyPem: publicKey.publicKey.get(0).pem, signatureAlgorithm: algorithm },
      },
    ],
  },
  lifecycle: protect,
  dependsOn: [note, attestorApi],
});

// The policy.
const requireAttestation = {
  evaluationMode: "REQUIRE_ATTESTATION",
  enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
  requireAttestationsBy: [attestorName],
};
const policy = new BinaryAuthorizationPolicy(stack, project, {
  project,
  globalPolicyEvaluationMode: "ENABLE",
  admissionWhitelistPatterns: [
    { namePattern: "quay.io/example-monitor/*" },
    { namePattern: "gcr.io/google_containers/*" },
    { namePattern: "gcr.io/google-containers/*" },
    { namePattern: "k8s.gcr.io/*" },
    { namePattern: "gke.gcr.io/*" },
    { namePattern: "gcr.io/stackdriver-agents/*" },
  ],
  defaultAdmissionRule: { evaluationMode: "ALWAYS_DENY", enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
  clusterAdmissionRules: [
    { cluster: `${zone}.prod`, ...requireAttestation },
    { cluster: `${region}.my-cluster`, ...requireAttestation },
  ],
  lifecycle: { preventDestroy: true, postcondition: [noStrayAttestors(project, attestorName)] },
  dependsOn: [attestorApi, attestor],
});
stack.addOverride("import", [{ to: `google_binary_authorization_policy.${project}`, id: `projects/${project}` }]);

// The cluster of others: checked.
const enforcing = '["PROJECT_SINGLETON_POLICY_ENFORCE","POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE"]';
const checkName = `${project}_${region}_my-cluster`;
stack.addOverride("check", {
  [checkName]: {
    data: { google_container_cluster: { [checkName]: { project, location: region, name: "my-cluster" } } },
    assert: [
      {
        condition: `\${anytrue([for setting in data.google_container_cluster.${checkName}.binary_authorization : contains(${enforcing}, setting.evaluation_mode) || setting.enabled == true])}`,
        error_message: `Cluster my-cluster in ${region} does not enforce the admission policy of ${project}: whatever its rule says, it runs any image. Switch it on: gcloud container clusters update my-cluster --project=${project} --location=${region} --binauthz-evaluation-mode=PROJECT_SINGLETON_POLICY_ENFORCE`,
      },
    ],
  },
});

// The new cluster.
const repository = new ArtifactRegistryRepository(stack, `${project}_${region}_my-repo`, {
  project,
  location: region,
  repositoryId: "my-repo",
  format: "DOCKER",
  lifecycle: protect,
  dependsOn: [repositoryApi],
});
const nodeAccountId = "gke-prod-4ea3e4ff";
const nodeEmail = `${nodeAccountId}@${project}.iam.gserviceaccount.com`;
const nodeAccount = new ServiceAccount(stack, `${project}_${nodeAccountId}`, {
  project,
  accountId: nodeAccountId,
  displayName: `Nodes of prod in ${zone}`,
  dependsOn: [identityApi],
});
const nodeRole = new ProjectIamMember(
  stack,
  `project-${project}_container-defaultNodeServiceAccount_${nodeAccountId}_dca9b4b3`,
  {
    project,
    role: "roles/container.defaultNodeServiceAccount",
    member: `serviceAccount:${nodeEmail}`,
    dependsOn: [nodeAccount, projectApi],
  },
);
const nodePull = new ArtifactRegistryRepositoryIamMember(
  stack,
  `repository-my-repo_artifactregistry-reader_${nodeAccountId}_176d9518`,
  {
    project,
    location: region,
    repository: "my-repo",
    role: "roles/artifactregistry.reader",
    member: `serviceAccount:${nodeEmail}`,
    dependsOn: [nodeAccount, repository],
  },
);
const oauthScopes = ["https://www.googleapis.com/auth/cloud-platform"];
const cluster = new ContainerCluster(stack, `${project}_${zone}_prod`, {
  project,
  name: "prod",
  location: zone,
  binaryAuthorization: { evaluationMode: "PROJECT_SINGLETON_POLICY_ENFORCE" },
  releaseChannel: { channel: "REGULAR" },
  privateClusterConfig: { enablePrivateNodes: true },
  ipAllocationPolicy: {},
  deletionProtection: true,
  networkingMode: "VPC_NATIVE",
  workloadIdentityConfig: { workloadPool: `${project}.svc.id.goog` },
  enableShieldedNodes: true,
  removeDefaultNodePool: true,
  initialNodeCount: 1,
  nodeConfig: { serviceAccount: nodeEmail, oauthScopes },
  lifecycle: { preventDestroy: true, ignoreChanges: ["node_config"] },
  dependsOn: [clusterApi, nodeAccount, nodeRole, nodePull, policy],
});
new ContainerNodePool(stack, `${project}_${zone}_prod_nodes`, {
  project,
  location: zone,
  cluster: "prod",
  name: "nodes",
  nodeCount: 1,
  nodeConfig: {
    machineType: "e2-standard-2",
    serviceAccount: nodeEmail,
    oauthScopes,
    shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
    workloadMetadataConfig: { mode: "GKE_METADATA" },
  },
  dependsOn: [cluster],
});

// The pipeline.
const image = `${region}-docker.pkg.dev/${project}/my-repo/my-app`;
const signerEmail = `my-app-signed@${project}.iam.gserviceaccount.com`;
const member = `serviceAccount:${signerEmail}`;
const signer = new ServiceAccount(stack, `${project}_my-app-signed`, {
  project,
  accountId: "my-app-signed",
  displayName: "Builds and signs my-app",
  dependsOn: [identityApi],
});
const signKey = new KmsCryptoKeyIamMember(stack, "key-build-signer-key_cloudkms-signer_my-app-signed_47a37aad", {
  cryptoKeyId: keyName,
  role: "roles/cloudkms.signer",
  member,
  dependsOn: [key, signer],
});
const readKey = new KmsCryptoKeyIamMember(
  stack,
  "key-build-signer-key_cloudkms-publicKeyViewer_my-app-signed_07bf6808",
  { cryptoKeyId: keyName, role: "roles/cloudkms.publicKeyViewer", member, dependsOn: [key, signer] },
);
const attachNote = new ContainerAnalysisNoteIamMember(
  stack,
  "note-build-provenance-note_containeranalysis-notes-attacher_my-app-signed_57f6406c",
  {
    project,
    note: "build-provenance-note",
    role: "roles/containeranalysis.notes.attacher",
    member,
    dependsOn: [note, attestor, signer],
  },
);
const listNote = new ContainerAnalysisNoteIamMember(
  stack,
  "note-build-provenance-note_containeranalysis-notes-occurrences-viewer_my-app-signed_6dc8dba1",
  {
    project,
    note: "build-provenance-note",
    role: "roles/containeranalysis.notes.occurrences.viewer",
    member,
    dependsOn: [note, attestor, signer],
  },
);
const verify = new BinaryAuthorizationAttestorIamMember(
  stack,
  "attestor-build-attestor_binaryauthorization-attestorsVerifier_my-app-signed_5536d705",
  {
    project,
    attestor: "build-attestor",
    role: "roles/binaryauthorization.attestorsVerifier",
    member,
    dependsOn: [note, attestor, signer],
  },
);
const createOccurrences = new ProjectIamMember(
  stack,
  `project-${project}_containeranalysis-occurrences-editor_my-app-signed_65e63a47`,
  {
    project,
    role: "roles/containeranalysis.occurrences.editor",
    member,
    dependsOn: [note, attestor, signer, projectApi],
  },
);
const push = new ArtifactRegistryRepositoryIamMember(
  stack,
  "repository-my-repo_artifactregistry-writer_my-app-signed_8b78ff2c",
  {
    project,
    location: region,
    repository: "my-repo",
    role: "roles/artifactregistry.writer",
    member,
    dependsOn: [signer, repository],
  },
);
const log = new ProjectIamMember(stack, `project-${project}_logging-logWriter_my-app-signed_bc0a5e7f`, {
  project,
  role: "roles/logging.logWriter",
  member,
  dependsOn: [signer, projectApi],
});
const literal = (text: string) => text.split("${").join("$${");
const volumes = [{ name: "binauthz", path: "/binauthz" }];
new CloudbuildTrigger(stack, `${project}_${region}_my-app-signed`, {
  project,
  location: region,
  name: "my-app-signed",
  description: `Builds, pushes and signs ${image}`,
  serviceAccount: `projects/${project}/serviceAccounts/${signerEmail}`,
  sourceToBuild: {
    repository: `projects/${project}/locations/${region}/connections/my-connection/repositories/my-app`,
    ref: "refs/heads/main",
    repoType: "GITHUB",
  },
  buildAttribute: {
    step: [
      {
        id: "build",
        name: "gcr.io/cloud-builders/docker",
        script: literal(BUILD_SCRIPT),
        env: [`IMAGE=${image}`, "TAG=$COMMIT_SHA", "DOCKERFILE=Dockerfile", "CONTEXT=."],
      },
      {
        id: "push",
        name: "gcr.io/cloud-builders/docker",
        script: literal(PUSH_SCRIPT),
        env: [`IMAGE=${image}`, "TAG=$COMMIT_SHA", "DIGEST_FILE=/binauthz/digest"],
        volumes,
      },
      {
        id: "sign-build-attestor",
        name: "gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-slim",
        script: literal(SIGN_SCRIPT),
        env: [
          `IMAGE=${image}`,
          `ATTESTATION_PROJECT=${project}`,
          `ATTESTOR=${attestorName}`,
          `NOTE=${noteName}`,
          `KEY_VERSION=${versionName}`,
          "DIGEST_FILE=/binauthz/digest",
        ],
        volumes,
      },
    ],
    images: [`${image}:$COMMIT_SHA`],
    timeout: "1800s",
    options: { logging: "CLOUD_LOGGING_ONLY" },
  },
  dependsOn: [signer, buildApi, signKey, readKey, attachNote, listNote, verify, createOccurrences, push, log],
});

app.synth();
