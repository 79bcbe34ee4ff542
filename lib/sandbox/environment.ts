import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
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

/**
 * The provider's other services. The sandbox speaks none of them, and says so when it is asked; without these the provider
 * would ask Google. Those of versions 6.50 and 7.45, as their documentation of custom endpoints names them.
 */
const OTHER_TERRAFORM_ENDPOINTS = `
  ACCESS_APPROVAL ACCESS_CONTEXT_MANAGER ACTIVE_DIRECTORY AGENTIC_APPLICATIONS AGENT_IDENTITY AGENT_REGISTRY ALLOYDB
  APIGEE APIHUB APIKEYS APPHUB APP_ENGINE ASSURED_WORKLOADS BACKUP_DR BEYONDCORP BIGLAKE BIGLAKE_HIVE
  BIGLAKE_ICEBERG BIGQUERY_ANALYTICS_HUB BIGQUERY_CONNECTION BIGQUERY_DATAPOLICY BIGQUERY_DATAPOLICYV2
  BIGQUERY_DATA_TRANSFER BIGQUERY_RESERVATION BIGTABLE BIG_QUERY BILLING BILLING_BUDGETS BLOCKCHAIN_NODE_ENGINE
  CERTIFICATE_MANAGER CES CHRONICLE CLOUDDEPLOY CLOUDDOMAINS CLOUDFUNCTIONS2 CLOUD_ASSET CLOUD_FUNCTIONS
  CLOUD_IDENTITY CLOUD_IDS CLOUD_QUOTAS CLOUD_SCHEDULER CLOUD_SECURITY_COMPLIANCE CLOUD_SUPPORT CLOUD_TASKS COLAB
  COMPOSER CONFIG CONTACT_CENTER_INSIGHTS CONTAINERAWS CONTAINERAZURE CONTAINER_ATTACHED CONTAINER_AWS
  CONTAINER_AZURE CORE_BILLING DATABASE_MIGRATION_SERVICE DATAFLOW DATAFORM DATAPLEX DATAPROC DATAPROC_GDC
  DATAPROC_METASTORE DATASTREAM DATA_CATALOG DATA_FUSION DATA_LINEAGE DATA_LOSS_PREVENTION DATA_PIPELINE
  DEPLOYMENT_MANAGER DEVELOPER_CONNECT DIALOGFLOW DIALOGFLOW_CX DISCOVERY_ENGINE DNS DOCUMENT_AI
  DOCUMENT_AI_WAREHOUSE EDGECONTAINER EDGENETWORK ESSENTIAL_CONTACTS EVENTARC FILESTORE FIREBASERULES
  FIREBASE_APP_CHECK FIREBASE_APP_HOSTING FIREBASE_DATA_CONNECT FIREBASE_REMOTE_CONFIG FIRESTORE GEMINI GKEONPREM
  GKE_BACKUP HEALTHCARE HYPERCOMPUTECLUSTER IAM2 IAM3 IAM_WORKFORCE_POOL IAP IDENTITY_PLATFORM INTEGRATIONS
  INTEGRATION_CONNECTORS LICENSE_MANAGER LOOKER LUSTRE MANAGED_KAFKA MEMCACHE MEMORYSTORE MIGRATION_CENTER ML_ENGINE
  MODEL_ARMOR MODEL_ARMOR_GLOBAL NETAPP NETWORK_CONNECTIVITY NETWORK_CONNECTIVITYV1 NETWORK_MANAGEMENT
  NETWORK_SECURITY NETWORK_SERVICES NOTEBOOKS OBSERVABILITY ORACLE_DATABASE OS_CONFIG OS_CONFIG_V2 OS_LOGIN
  PARALLELSTORE PARAMETER_MANAGER PARAMETER_MANAGER_REGIONAL PRIVATECA PRIVILEGED_ACCESS_MANAGER PUBLIC_CA
  PUBSUB_LITE RECAPTCHA_ENTERPRISE REDIS SECRET_MANAGER_REGIONAL SECURE_SOURCE_MANAGER SECURITYPOSTURE
  SECURITY_CENTER SECURITY_CENTER_MANAGEMENT SECURITY_CENTER_V2 SERVICE_DIRECTORY SERVICE_MANAGEMENT
  SERVICE_NETWORKING SITE_VERIFICATION SOURCE_REPO SPANNER SQL STORAGE_BATCH_OPERATIONS STORAGE_CONTROL
  STORAGE_INSIGHTS STORAGE_TRANSFER TAGS_LOCATION TPU TRANSCODER VECTOR_SEARCH VERTEX_AI VMWAREENGINE VPC_ACCESS
  WORKBENCH WORKFLOWS WORKLOAD_IDENTITY WORKSTATIONS
`
  .trim()
  .split(/\s+/)
  .map((service): [string, string] => [service, `${service.toLowerCase().replaceAll("_", "")}/v1`]);

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
  "monitoring",
  "ondemandscanning",
  "orgpolicy",
  "pubsub",
  "run",
  "secretmanager",
  "serviceusage",
  "storage",
];

/** gcloud's other services, as version 528 lists them: asked of the sandbox, which does not speak them, and never of Google. */
const OTHER_GCLOUD_SERVICES = `
  accessapproval accesscontextmanager ai aiplatform alloydb anthosevents anthospolicycontrollerstatus_pa apigateway
  apigee apihub apikeys appconfigmanager appengine apphub assuredworkloads auditmanager authztoolkit backupdr
  baremetalsolution batch beyondcorp bigquery bigquerymigration bigtableadmin categorymanager certificatemanager
  cloudaicompanion cloudasset cloudbilling cloudcommerceconsumerprocurement clouddebugger clouddeploy
  clouderrorreporting cloudfunctions cloudidentity cloudlocationfinder cloudnumberregistry cloudquotas
  cloudresourcesearch cloudscheduler cloudshell cloudtasks cloudtrace composer config configdelivery connectgateway
  datacatalog dataflow datafusion datamigration datapipelines dataplex datapol dataproc dataprocgdc datastore
  datastream deploymentmanager designcenter developerconnect discovery dns domains edgecontainer edgenetwork
  eventarc eventarcpublishing faultinjectiontesting file firebasedataconnect firestore geminicloudassist genomics
  gkebackup gkehub gkemulticloud gkeonprem gkerecommender healthcare iap ids krmapihosting kubernetespolicy language
  lifesciences looker lustre managedflink managedidentities managedkafka manager marketplacesolutions mediaasset
  memcache memorystore messagestreams metastore ml modelarmor netapp networkconnectivity networkmanagement
  networksecurity networkservices notebooks observability oracledatabase orglifecycle osconfig oslogin parallelstore
  parametermanager policyanalyzer policysimulator policytroubleshooter privateca privilegedaccessmanager publicca
  pubsublite recaptchaenterprise recommender redis remotebuildexecution replicapoolupdater runapps runtimeconfig
  saasservicemgmt sasportal sddc seclm securesourcemanager securitycenter securitycentermanagement securityposture
  servicedirectory servicemanagement serviceregistry source sourcerepo spanner speech sql storagebatchoperations
  storageinsights stream telcoautomation testing toolresults tpu transcoder transfer transferappliance vision
  vmmigration vmwareengine vpcaccess workflowexecutions workflows workloadcertificate workstations
`
  .trim()
  .split(/\s+/);

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
  writeOtherServices(url, config);
  return {
    BINAUTHZ_SANDBOX: url,
    ...Object.fromEntries(
      [...TERRAFORM_ENDPOINTS, ...OTHER_TERRAFORM_ENDPOINTS].map(([service, path]) => [
        `GOOGLE_${service}_CUSTOM_ENDPOINT`,
        `${url}/${path}/`,
      ]),
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
    // gcloud writes clusters into the first file, and makes the last one current; the user's own has to stay as it is.
    KUBECONFIG: [join(config, "kubeconfig"), process.env.KUBECONFIG || join(homedir(), ".kube", "config")].join(
      delimiter,
    ),
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

/** In gcloud's configuration file: as variables they would be more than a hundred. What a command sets there is kept. */
function writeOtherServices(url: string, config: string): void {
  const file = join(config, "configurations", "config_default");
  if (existsSync(file)) {
    return;
  }
  const overrides = OTHER_GCLOUD_SERVICES.map((service) => `${service} = ${url}/${service}/`);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, ["[api_endpoint_overrides]", ...overrides, ""].join("\n"), { mode: 0o600 });
  // Where no configuration is named the active one, gcloud begins with an empty one.
  writeFileSync(join(config, "active_config"), "default", { mode: 0o600 });
}
