import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tokenFor } from "./authorization";

/** The environment variable that moves each service of the provider, and the version that its address ends in. */
const TERRAFORM_ENDPOINTS: readonly [variable: string, path: string][] = [
  ["ARTIFACT_REGISTRY", "artifactregistry/v1"],
  ["BINARY_AUTHORIZATION", "binaryauthorization/v1"],
  ["CLOUD_BILLING", "cloudbilling/v1"],
  ["CLOUD_BUILD", "cloudbuild/v1"],
  ["CLOUDBUILDV2", "cloudbuild/v2"],
  ["CLOUD_RESOURCE_MANAGER", "cloudresourcemanager/v1"],
  ["CLOUD_RUN", "run/v1"],
  ["CLOUD_RUN_V2", "run/v2"],
  ["COMPUTE", "compute/v1"],
  ["CONTAINER_ANALYSIS", "containeranalysis/v1"],
  ["CONTAINER", "container/v1"],
  ["GKE_HUB", "gkehub/v1"],
  ["GKE_HUB2", "gkehub/v1"],
  ["IAM_BETA", "iam/v1"],
  ["IAM_CREDENTIALS", "iamcredentials/v1"],
  ["IAM", "iam/v1"],
  ["KMS", "cloudkms/v1"],
  ["LOGGING", "logging/v2"],
  ["MONITORING", "monitoring/v3"],
  ["ORG_POLICY", "orgpolicy/v2"],
  ["PUBSUB", "pubsub/v1"],
  ["RESOURCE_MANAGER", "cloudresourcemanager/v1"],
  ["RESOURCE_MANAGER_V3", "cloudresourcemanager/v3"],
  ["SECRET_MANAGER", "secretmanager/v1"],
  ["SERVICE_USAGE", "serviceusage/v1"],
  ["STORAGE", "storage/v1"],
  ["TAGS", "cloudresourcemanager/v3"],
];

/** The services of gcloud, as its property `api_endpoint_overrides` names them. */
const GCLOUD_SERVICES = [
  "artifactregistry",
  "binaryauthorization",
  "cloudbuild",
  "cloudkms",
  "cloudresourcemanager",
  "compute",
  "container",
  "containeranalysis",
  "iam",
  "iamcredentials",
  "logging",
  "ondemandscanning",
  "pubsub",
  "run",
  "secrets",
  "serviceusage",
  "storage",
];

/**
 * Variables through which a real account could come in: they are taken out of the environment of a command, and set to
 * nothing for a shell.
 */
const CREDENTIALS = [
  "GOOGLE_CREDENTIALS",
  "GOOGLE_CLOUD_KEYFILE_JSON",
  "GCLOUD_KEYFILE_JSON",
  "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
  "GOOGLE_BACKEND_CREDENTIALS",
  "GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT",
  "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
  "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT",
  "CLOUDSDK_AUTH_LOGIN_CONFIG_FILE",
  "CLOUDSDK_AUTH_ACCESS_TOKEN",
  "CLOUDSDK_ACTIVE_CONFIG_NAME",
];

/** The environment of a command without what leads to a real account. */
export function withoutCredentials(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = Object.entries(env).filter(
    ([name, value]) => value !== undefined && !CREDENTIALS.includes(name) && !name.startsWith("CLOUDSDK_"),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

/**
 * What terraform and gcloud need in their environment to talk to a sandbox only, as a principal.
 * @param folder the sandbox's own; gcloud's configuration of the principal is made in it
 */
export function environmentFor(url: string, folder: string, principal: string): Record<string, string> {
  const token = tokenFor(principal);
  const config = join(folder, createHash("sha256").update(principal).digest("hex").slice(0, 16));
  const tokenFile = join(config, "access-token");
  mkdirSync(config, { recursive: true, mode: 0o700 });
  writeFileSync(tokenFile, token, { mode: 0o600 });
  return {
    BINAUTHZ_SANDBOX: url,
    ...Object.fromEntries(
      TERRAFORM_ENDPOINTS.map(([service, path]) => [`GOOGLE_${service}_CUSTOM_ENDPOINT`, `${url}/${path}/`]),
    ),
    GOOGLE_OAUTH_ACCESS_TOKEN: token,
    ...Object.fromEntries(
      GCLOUD_SERVICES.map((service) => [
        `CLOUDSDK_API_ENDPOINT_OVERRIDES_${service.toUpperCase()}`,
        `${url}/${service}/`,
      ]),
    ),
    CLOUDSDK_CONFIG: config,
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: tokenFile,
    CLOUDSDK_CORE_DISABLE_PROMPTS: "1",
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: "true",
    CLOUDSDK_CORE_CHECK_GCE_METADATA: "false",
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: "true",
    // Nobody finds application default credentials: neither a file nor the metadata server of a virtual machine.
    GOOGLE_APPLICATION_CREDENTIALS: join(config, "no-application-default-credentials.json"),
    NO_GCE_CHECK: "true",
    METADATA_SERVER_DETECTION: "none",
    GCE_METADATA_HOST: "127.0.0.1:9",
    GCE_METADATA_IP: "127.0.0.1:9",
    CHECKPOINT_DISABLE: "1",
    ...Object.fromEntries(CREDENTIALS.map((name) => [name, ""])),
  };
}
