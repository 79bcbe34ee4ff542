import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ArtifactRegistry } from "./google-double/artifact-registry";
import { BinaryAuthorization } from "./google-double/binary-authorization";
import { CloudBuild } from "./google-double/cloud-build";
import { type ClusterSpec, Container } from "./google-double/container";
import { ContainerAnalysis } from "./google-double/container-analysis";
import { type Context, type GoogleDoubleOptions, projectNumber } from "./google-double/context";
import { ApiError, type ErrorStatus } from "./google-double/errors";
import { Iam } from "./google-double/iam";
import { IamPolicies } from "./google-double/iam-policies";
import { isObject, type Json, type JsonObject, withoutDefaults } from "./google-double/json";
import { Kms } from "./google-double/kms";
import { ResourceManager } from "./google-double/resource-manager";
import { type Call, parsePath, Router } from "./google-double/router";
import { ServiceUsage } from "./google-double/service-usage";

export type { ClusterSpec, ErrorStatus, GoogleDoubleOptions, Json, JsonObject };
export { ApiError };

/** One request as it came in, and how it was answered. */
export interface RecordedRequest {
  readonly method: string;
  /** As sent, without the query: `/cloudkms/v1/projects/p/locations/l/keyRings`. */
  readonly path: string;
  readonly service: string;
  readonly version: string;
  /** What follows the version: `projects/p/locations/l/keyRings`. */
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: JsonObject | undefined;
  readonly authorization: string | undefined;
  /** The status of the answer; 0 while there is none. */
  status: number;
}

/** A regular expression is matched against `METHOD /path`. */
export type RequestMatcher = RegExp | ((request: RecordedRequest) => boolean);

interface PlannedFailure {
  readonly matches: (request: RecordedRequest) => boolean;
  readonly error: ApiError;
  left: number;
}

/** The environment variable that moves each service, and the version that its address ends in. */
const TERRAFORM_ENDPOINTS: [variable: string, path: string][] = [
  ["GOOGLE_ARTIFACT_REGISTRY_CUSTOM_ENDPOINT", "artifactregistry/v1"],
  ["GOOGLE_BINARY_AUTHORIZATION_CUSTOM_ENDPOINT", "binaryauthorization/v1"],
  ["GOOGLE_CLOUD_BILLING_CUSTOM_ENDPOINT", "cloudbilling/v1"],
  ["GOOGLE_CLOUD_BUILD_CUSTOM_ENDPOINT", "cloudbuild/v1"],
  ["GOOGLE_CLOUDBUILDV2_CUSTOM_ENDPOINT", "cloudbuild/v2"],
  ["GOOGLE_CLOUD_RESOURCE_MANAGER_CUSTOM_ENDPOINT", "cloudresourcemanager/v1"],
  ["GOOGLE_CLOUD_RUN_CUSTOM_ENDPOINT", "run/v1"],
  ["GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT", "run/v2"],
  ["GOOGLE_COMPUTE_CUSTOM_ENDPOINT", "compute/v1"],
  ["GOOGLE_CONTAINER_ANALYSIS_CUSTOM_ENDPOINT", "containeranalysis/v1"],
  ["GOOGLE_CONTAINER_CUSTOM_ENDPOINT", "container/v1"],
  ["GOOGLE_GKE_HUB_CUSTOM_ENDPOINT", "gkehub/v1"],
  ["GOOGLE_GKE_HUB2_CUSTOM_ENDPOINT", "gkehub/v1"],
  ["GOOGLE_IAM_BETA_CUSTOM_ENDPOINT", "iam/v1"],
  ["GOOGLE_IAM_CREDENTIALS_CUSTOM_ENDPOINT", "iamcredentials/v1"],
  ["GOOGLE_IAM_CUSTOM_ENDPOINT", "iam/v1"],
  ["GOOGLE_KMS_CUSTOM_ENDPOINT", "cloudkms/v1"],
  ["GOOGLE_LOGGING_CUSTOM_ENDPOINT", "logging/v2"],
  ["GOOGLE_MONITORING_CUSTOM_ENDPOINT", "monitoring/v3"],
  ["GOOGLE_ORG_POLICY_CUSTOM_ENDPOINT", "orgpolicy/v2"],
  ["GOOGLE_PUBSUB_CUSTOM_ENDPOINT", "pubsub/v1"],
  ["GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT", "cloudresourcemanager/v1"],
  ["GOOGLE_RESOURCE_MANAGER_V3_CUSTOM_ENDPOINT", "cloudresourcemanager/v3"],
  ["GOOGLE_SECRET_MANAGER_CUSTOM_ENDPOINT", "secretmanager/v1"],
  ["GOOGLE_SERVICE_USAGE_CUSTOM_ENDPOINT", "serviceusage/v1"],
  ["GOOGLE_STORAGE_CUSTOM_ENDPOINT", "storage/v1"],
  ["GOOGLE_TAGS_CUSTOM_ENDPOINT", "cloudresourcemanager/v3"],
];

const GCLOUD_SERVICES = [
  "artifactregistry",
  "binaryauthorization",
  "cloudbuild",
  "cloudkms",
  "cloudresourcemanager",
  "container",
  "containeranalysis",
  "iam",
  "serviceusage",
];

const TOKEN = "token-of-nobody";

/**
 * Google's APIs, as far as a Binary Authorization chain uses them, in memory on 127.0.0.1. It is made for the
 * real Terraform provider and the real gcloud: what it does not model answers 501 and is listed in
 * `unknownRoutes`, so that a test can insist on having met nothing of the kind.
 */
export class GoogleDouble {
  /** Starts a fresh, empty Google on a free port. */
  static async start(options: GoogleDoubleOptions = {}): Promise<GoogleDouble> {
    const double = new GoogleDouble(options);
    await new Promise<void>((resolve, reject) => {
      double.server.once("error", reject);
      double.server.listen(0, "127.0.0.1", resolve);
    });
    return double;
  }

  /** Every request since the start, in the order of arrival. */
  readonly requests: RecordedRequest[] = [];
  /** What was asked for and is not modelled, each once. */
  readonly unknownRoutes: string[] = [];
  /** The behaviour switches; a test may change them while the double runs. */
  readonly options: Context["options"];

  private readonly server: Server = createServer((request, response) => {
    void this.serve(request, response);
  });
  private readonly router = new Router();
  private readonly failures: PlannedFailure[] = [];
  private readonly context: Context;
  private readonly iam: IamPolicies;
  private readonly kms: Kms;
  private readonly analysis: ContainerAnalysis;
  private readonly binauthz: BinaryAuthorization;
  private readonly container: Container;
  private readonly accounts: Iam;
  private readonly usage: ServiceUsage;
  private readonly builds: CloudBuild;
  private readonly registry: ArtifactRegistry;

  private constructor(options: GoogleDoubleOptions) {
    this.options = {
      duplicateAttestation: "same-image",
      requireToken: false,
      enforceServices: false,
      strictIam: false,
      rejectEmptyAttestorLists: false,
      ...options,
    };
    this.iam = new IamPolicies((_resource, policy) => {
      if (this.options.strictIam) {
        this.accounts.checkPolicy(policy);
      }
    });
    this.context = {
      options: this.options,
      router: this.router,
      iam: this.iam,
      unsupported: (what) => this.unknown(what),
    };
    this.kms = new Kms(this.context);
    this.analysis = new ContainerAnalysis(this.context);
    this.binauthz = new BinaryAuthorization(this.context);
    this.container = new Container(this.context);
    this.accounts = new Iam(this.context);
    this.usage = new ServiceUsage(this.context);
    this.builds = new CloudBuild(this.context);
    this.registry = new ArtifactRegistry(this.context);
    new ResourceManager(this.context);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Stops at once, also when a client still holds a connection open. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  /** What `terraform` needs in its environment, on top of the usual, to talk to this Google only. */
  terraformEnv(): Record<string, string> {
    const endpoints = TERRAFORM_ENDPOINTS.map(([variable, path]) => [variable, `${this.url}/${path}/`]);
    return {
      ...Object.fromEntries(endpoints),
      GOOGLE_OAUTH_ACCESS_TOKEN: TOKEN,
      CHECKPOINT_DISABLE: "1",
      TF_IN_AUTOMATION: "1",
    };
  }

  /** What `gcloud` needs to talk to this Google only; `configDir` is made and should be the test's own. */
  gcloudEnv(configDir: string): Record<string, string> {
    mkdirSync(configDir, { recursive: true });
    const tokenFile = join(configDir, "access-token");
    writeFileSync(tokenFile, TOKEN);
    const overrides = GCLOUD_SERVICES.map((service) => [
      `CLOUDSDK_API_ENDPOINT_OVERRIDES_${service.toUpperCase()}`,
      `${this.url}/${service}/`,
    ]);
    return {
      ...Object.fromEntries(overrides),
      CLOUDSDK_CONFIG: configDir,
      CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: tokenFile,
      CLOUDSDK_CORE_DISABLE_PROMPTS: "1",
      CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: "true",
      CLOUDSDK_CORE_CHECK_GCE_METADATA: "false",
      CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: "true",
    };
  }

  /**
   * Lets the next `times` matching requests fail. Mind that clients retry 429 and 5xx by themselves; a 403 or
   * a 404 reaches the user at once.
   */
  failNext(matcher: RequestMatcher, status: ErrorStatus | number, times = 1, message = "arranged failure"): void {
    const matches =
      matcher instanceof RegExp ? (r: RecordedRequest): boolean => matcher.test(`${r.method} ${r.path}`) : matcher;
    this.failures.push({ matches, error: new ApiError(status, message), left: times });
  }

  /** The recorded requests that match. */
  requested(matcher: RegExp): RecordedRequest[] {
    return this.requests.filter((r) => matcher.test(`${r.method} ${r.path}`));
  }

  projectNumber(project: string): string {
    return projectNumber(this.context, project);
  }

  // Cloud KMS

  /** A version made by hand: outside Terraform, with the key's algorithm unless another is named. */
  createKeyVersion(keyName: string, algorithm?: string): string {
    return this.kms.createVersion(keyName, algorithm);
  }

  setVersionState(versionName: string, state: "ENABLED" | "DISABLED" | "DESTROY_SCHEDULED" | "DESTROYED"): void {
    this.kms.setState(versionName, state);
  }

  keyRings(): string[] {
    return this.kms.ringNames();
  }

  cryptoKeys(): string[] {
    return this.kms.keyNames();
  }

  cryptoKey(name: string): JsonObject | undefined {
    return this.kms.keyResource(name);
  }

  keyVersions(keyName: string): JsonObject[] {
    return this.kms.versions(keyName);
  }

  publicKeyPem(versionName: string): Promise<string> {
    return this.kms.publicKeyPem(versionName);
  }

  /** Signs a digest with a version's private key, whatever the state of the version. */
  signDigest(versionName: string, digest: Buffer): Promise<Buffer> {
    return this.kms.sign(versionName, digest);
  }

  // Artifact Analysis

  note(name: string): JsonObject | undefined {
    return this.analysis.note(name);
  }

  occurrences(project: string): JsonObject[] {
    return this.analysis.occurrences(project);
  }

  /** Stores an occurrence without any check; returns its name. */
  putOccurrence(project: string, occurrence: JsonObject): string {
    return this.analysis.putOccurrence(project, occurrence);
  }

  // Binary Authorization

  /** The policy in force; a project in which nobody set one has the default policy. */
  policy(project: string): JsonObject {
    return this.binauthz.policy(project);
  }

  setPolicy(project: string, policy: JsonObject): void {
    this.binauthz.setPolicy(project, policy);
  }

  /** Whether anybody ever set the policy of this project. */
  hasPolicy(project: string): boolean {
    return this.binauthz.hasPolicy(project);
  }

  /** In the shape of v1, by full name. */
  attestor(name: string): JsonObject | undefined {
    return this.binauthz.attestor(name);
  }

  putAttestor(name: string, attestor: JsonObject): void {
    this.binauthz.putAttestor(name, attestor);
  }

  // GKE

  /** By full name: `projects/p/locations/l/clusters/c`. */
  cluster(name: string): JsonObject | undefined {
    return this.container.cluster(name);
  }

  /** A cluster that somebody else made; returns its full name. */
  putCluster(project: string, location: string, name: string, spec: ClusterSpec = {}): string {
    return this.container.put(project, location, name, spec);
  }

  /** Changes fields of a cluster behind Terraform's back. */
  editCluster(name: string, fields: JsonObject): void {
    this.container.edit(name, fields);
  }

  // IAM, services, repositories, triggers

  iamPolicy(resourceName: string): JsonObject {
    return this.iam.get(resourceName);
  }

  setIamPolicy(resourceName: string, policy: JsonObject): void {
    this.iam.put(resourceName, policy);
  }

  serviceAccount(email: string): JsonObject | undefined {
    return this.accounts.serviceAccount(email);
  }

  customRole(name: string): JsonObject | undefined {
    return this.accounts.role(name);
  }

  enabledServices(project: string): string[] {
    return [...this.usage.services(project)].sort();
  }

  enableService(project: string, service: string): void {
    this.usage.enable(project, service);
  }

  repository(name: string): JsonObject | undefined {
    return this.registry.repository(name);
  }

  triggers(project: string): JsonObject[] {
    return this.builds.list(project);
  }

  /** A build that has run, by full name: `projects/p/locations/l/builds/b`. */
  putBuild(name: string, build: JsonObject): void {
    this.builds.putBuild(name, build);
  }

  private unknown(what: string): ApiError {
    if (!this.unknownRoutes.includes(what)) {
      this.unknownRoutes.push(what);
    }
    return new ApiError("UNIMPLEMENTED", `The test double does not model this: ${what}`);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const { recorded, call } = take(request, body);
    this.requests.push(recorded);
    let answer: Json | ApiError;
    try {
      answer = withoutDefaults(await this.answer(recorded, call));
    } catch (error) {
      answer = error instanceof ApiError ? error : new ApiError("INTERNAL", String(error));
    }
    recorded.status = answer instanceof ApiError ? answer.code : 200;
    response.writeHead(recorded.status, { "content-type": "application/json; charset=UTF-8" });
    response.end(JSON.stringify(answer, undefined, 2));
  }

  private async answer(recorded: RecordedRequest, call: Call): Promise<Json> {
    const failure = this.failures.find((f) => f.left > 0 && f.matches(recorded));
    if (failure !== undefined) {
      failure.left -= 1;
      throw failure.error;
    }
    if (this.options.requireToken && !recorded.authorization?.startsWith("Bearer ")) {
      throw new ApiError("UNAUTHENTICATED", "Request is missing required authentication credential.");
    }
    const found = this.router.find(call);
    if (found === undefined) {
      throw this.unknown(`${call.method} ${call.service}/${call.version}/${call.name}`);
    }
    this.usage.requireEnabled(call);
    return found.handler(found.call);
  }
}

function take(request: IncomingMessage, text: string): { recorded: RecordedRequest; call: Call } {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const method = request.method ?? "GET";
  const body = parseBody(text);
  const address = parsePath(url.pathname);
  const recorded: RecordedRequest = {
    ...address,
    method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    body,
    authorization: request.headers.authorization,
    status: 0,
  };
  const resource = address.name.replace(/:\w+$/, "");
  const call = { ...address, method, resource, query: url.searchParams, body: body ?? {}, params: {} };
  return { recorded, call };
}

function parseBody(text: string): JsonObject | undefined {
  if (text === "") {
    return undefined;
  }
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}
