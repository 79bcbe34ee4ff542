import { rmSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createAdaptorServer, type HttpBindings, type ServerType } from "@hono/node-server";
import { Hono, type Context as HonoContext } from "hono";
import { bodyLimit } from "hono/body-limit";
import { review, reviewingCluster } from "./admission";
import { artifactRegistryRoutes } from "./artifact-registry";
import { authorize, callerOf } from "./authorization";
import { binaryAuthorizationRoutes } from "./binary-authorization";
import { buildRoutes, deliver, finishBuild } from "./builds";
import { cloudBuildRoutes, trigger } from "./cloud-build";
import { cloudRunRoutes } from "./cloud-run";
import { containerAnalysisRoutes } from "./container-analysis";
import { type Context, now, requireProject } from "./context";
import { environmentFor } from "./environment";
import { ApiError, invalid, unauthenticated } from "./errors";
import { Faults, readFault } from "./faults";
import { gkeRoutes } from "./gke";
import { accountName, iamApiRoutes } from "./iam";
import { isObject, type Json, type JsonObject, tooDeep, withoutDefaults } from "./json";
import { kmsRoutes, publicKeyPem } from "./kms";
import { loggingRoutes } from "./logging";
import { loggingConfigRoutes } from "./logging-config";
import { monitoringRoutes } from "./monitoring";
import { onDemandScanningRoutes } from "./on-demand-scanning";
import { type Behaviour, DEFAULT_BEHAVIOUR } from "./options";
import { orgPolicyRoutes } from "./org-policy";
import { METHODS } from "./permissions";
import { pubsubRoutes } from "./pubsub";
import { type RecordedRequest, RequestsLog } from "./requests-log";
import { resourceManagerRoutes } from "./resource-manager";
import { parsePath, type Route, routerPath, TextAnswer, withoutVerbs } from "./routes";
import { applySeed, type Seed } from "./seed";
import { requireEnabled, serviceUsageRoutes } from "./service-usage";
import { KeyMaker } from "./signing";
import { emptyState, type State } from "./state";
import type { StateFile } from "./state-file";
import { exchangeToken, introspectToken, TokenError } from "./sts";
import { temporaryFolder } from "./temporary-folder";
import { workloadIdentityRoutes } from "./workload-identity";

/** How a sandbox is started. */
export interface SandboxOptions {
  /**
   * An address of this computer that nobody else can reach.
   *
   * @default "127.0.0.1"
   */
  readonly host?: string;
  /** @default - a free port */
  readonly port?: number;
  /** Certificate and key in PEM: `/admission` and everything else is then served over https as well. */
  readonly tls?: {
    readonly cert: string;
    readonly key: string;
    /** @default - a free port */
    readonly port?: number;
  };
  /** @default - nothing is there */
  readonly seed?: Seed;
  /** Goes on with what an earlier sandbox left. @default - nothing is there */
  readonly state?: State;
  /** Keeps the state in a file, and closes the file with the sandbox; a seed is for a new one. @default - in memory alone */
  readonly stateFile?: StateFile;
  /** @default - see {@link Behaviour} */
  readonly behaviour?: Partial<Behaviour>;
  /** Called with every request once it is answered. */
  readonly onRequest?: (request: RecordedRequest) => void;
}

/** A sandbox that runs. */
export interface Sandbox {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** `https://127.0.0.1:PORT`, where a certificate was given. */
  readonly tlsUrl?: string;
  /** What is stored. It may be changed by hand: that is what others do behind Terraform's back. */
  readonly state: State;
  /** The switches; they may be changed while the sandbox runs. */
  readonly behaviour: Behaviour;
  /** Every request, in the order of arrival. */
  readonly requests: readonly RecordedRequest[];
  /** What was asked for and is not spoken, each once. */
  readonly unknownRoutes: readonly string[];
  /** Requests that are to fail. */
  readonly faults: Faults;
  /**
   * The variables that point terraform and gcloud at the sandbox, as a principal.
   * @param principal in IAM's form: `serviceAccount:EMAIL`; left out, the owner of every project
   */
  environment(principal?: string): Record<string, string>;
  /**
   * Says how a build ended that a trigger started, since the sandbox runs none; those who listen to the topic
   * `cloud-builds` are told.
   * @param name `projects/P/locations/L/builds/B`
   * @param outcome `status`, `results`, and what else the build has then
   */
  finishBuild(name: string, outcome: JsonObject): void;
  /** The public key of a key version, whatever its state. */
  publicKeyPem(versionName: string): Promise<string>;
  /** Stops at once, also where a client still holds a connection open, and removes what was written for gcloud. */
  close(): Promise<void>;
}

const LOOPBACK = ["127.0.0.1", "::1", "localhost"];

/** Bytes. No message of these APIs is nearly as long. */
const LARGEST_BODY = 10 * 1024 * 1024;

/**
 * Starts Google's side of the chain on loopback, in memory.
 *
 * Throws a `RangeError` for an address that others can reach: the sandbox hands out keys to whoever asks.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const host = options.host ?? "127.0.0.1";
  if (!LOOPBACK.includes(host)) {
    throw new RangeError(`the sandbox listens on loopback only, got ${host}; allowed: ${LOOPBACK.join(", ")}`);
  }
  const { stateFile } = options;
  const state = stateFile?.state ?? options.state ?? emptyState();
  if (stateFile?.isNew !== false) {
    applySeed(state, options.seed ?? {});
  }
  stateFile?.save();
  const behaviour: Behaviour = { ...DEFAULT_BEHAVIOUR, ...options.behaviour };
  const log = new RequestsLog(options.onRequest);
  const faults = new Faults();
  const keys = new KeyMaker();
  const context: Context = { state, behaviour, unsupported: (what) => unsupported(log, what) };
  const app = application(context, keys, log, faults, () => stateFile?.save());

  const plain = createAdaptorServer({ fetch: app.fetch });
  const { tls } = options;
  const secure =
    tls &&
    createAdaptorServer({
      fetch: app.fetch,
      createServer: createHttpsServer,
      serverOptions: { cert: tls.cert, key: tls.key },
    });
  // First of all, since a server that listens keeps the process alive.
  const folder = temporaryFolder("binauthz-sandbox-");
  let url: string;
  let tlsUrl: string | undefined;
  try {
    url = `http://${await listening(plain, host, options.port)}`;
    tlsUrl = secure && `https://${await listening(secure, host, tls?.port)}`;
  } catch (error) {
    await stopped(plain);
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    url,
    tlsUrl,
    state,
    behaviour,
    requests: log.requests,
    unknownRoutes: log.unknownRoutes,
    faults,
    environment: (principal) => environmentFor(url, folder, principal ?? state.owner),
    finishBuild: (name, outcome) => finishBuild(context, name, outcome),
    publicKeyPem: (versionName) => publicKeyPem(state, keys, versionName),
    async close() {
      await Promise.all([stopped(plain), ...(secure ? [stopped(secure)] : [])]);
      rmSync(folder, { recursive: true, force: true });
      stateFile?.close();
    },
  };
}

function listening(server: ServerType, host: string, port = 0): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo;
      resolve(
        address.family === "IPv6" ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`,
      );
    });
  });
}

function stopped(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ("closeAllConnections" in server) {
      server.closeAllConnections();
    }
  });
}

interface Env {
  Bindings: HttpBindings;
  Variables: { record: RecordedRequest; dropped?: true };
}

type Http = HonoContext<Env>;

function unsupported(log: RequestsLog, what: string): ApiError {
  log.unknown(what);
  return new ApiError("UNIMPLEMENTED", `The sandbox does not speak this: ${what}`);
}

function application(context: Context, keys: KeyMaker, log: RequestsLog, faults: Faults, save: () => void): Hono<Env> {
  const { state } = context;
  const app = new Hono<Env>({ getPath: (request) => routedPath(state, request.url) });
  app.use("*", async (c, next) => {
    const record = recordOf(c);
    c.set("record", record);
    log.begin(record);
    await next();
    try {
      save();
    } catch (error) {
      // What is not kept is not acknowledged.
      c.res = failed(c, new ApiError("INTERNAL", (error as Error).message));
    }
    record.status = c.get("dropped") ? 0 : c.res.status;
    log.answered(record);
  });
  app.use("*", async (c, next) => {
    // A page of the web must not reach the sandbox through a name that it resolves to loopback.
    const name = new URL(c.req.url).hostname.replace(/^\[|\]$/g, "");
    if (!LOOPBACK.includes(name)) {
      throw new ApiError("PERMISSION_DENIED", `The sandbox answers to ${LOOPBACK.join(", ")} only, not to ${name}.`);
    }
    await next();
  });
  app.use("*", bodyLimit({ maxSize: LARGEST_BODY, onError: (c) => failed(c as Http, tooLarge()) }));
  app.onError((error, c) => failed(c, error instanceof ApiError ? error : internal(error)));
  app.notFound((c) => failed(c, unknownRoute(c, log)));

  for (const route of allRoutes(context, keys)) {
    app.on(route.verb, routerPath(route.service, route.path), (c) => answered(c, route, context, faults));
  }
  for (const path of ["/admission", "/admission/:cluster{projects/[^/]+/locations/[^/]+/clusters/[^/]+}"]) {
    app.post(path, (c) => admission(c, state, faults));
  }
  app.post("/sts/token", (c) => tokenEndpoint(c, "sts.token", context, faults));
  app.post("/sts/introspect", (c) => tokenEndpoint(c, "sts.introspect", context, faults));
  app.get("/logs", (c) => c.json({ entries: state.logEntries }));
  controlRoutes(app, state, log, faults);
  return app;
}

function allRoutes(context: Context, keys: KeyMaker): Route[] {
  return [
    ...kmsRoutes(context, keys),
    ...containerAnalysisRoutes(context),
    ...binaryAuthorizationRoutes(context),
    ...gkeRoutes(context),
    ...serviceUsageRoutes(context),
    ...resourceManagerRoutes(context),
    ...iamApiRoutes(context),
    ...artifactRegistryRoutes(context),
    ...workloadIdentityRoutes(context),
    ...cloudBuildRoutes(context),
    ...buildRoutes(context, (name) => trigger(context.state, name)),
    ...pubsubRoutes(context, (topic, message) => deliver(context, topic, message)),
    ...onDemandScanningRoutes(context),
    ...loggingRoutes(context),
    ...loggingConfigRoutes(context),
    ...monitoringRoutes(context),
    ...orgPolicyRoutes(context),
    ...cloudRunRoutes(context),
  ];
}

/** The sandbox's own controls. */
function controlRoutes(app: Hono<Env>, state: State, log: RequestsLog, faults: Faults): void {
  app.get("/sandbox/faults", (c) => c.json({ faults: faults.list() }));
  app.post("/sandbox/faults", async (c) => {
    faults.add(readFault(await bodyOf(c)));
    return c.json({ faults: faults.list() });
  });
  app.delete("/sandbox/faults", (c) => {
    faults.clear();
    return c.json({ faults: [] });
  });
  app.get("/sandbox/requests", (c) => c.json({ requests: log.requests }));
  app.get("/sandbox/unknown-routes", (c) => c.json({ unknownRoutes: log.unknownRoutes }));
  app.get("/sandbox/state", (c) => {
    // Keys and tokens are what even a sandbox does not hand out.
    const { privateKeys: _, accessTokens: __, federatedSets: ___, ...shown } = state;
    return c.json(shown as unknown as JsonObject);
  });
}

/** The path on which the router looks for a method: without versions, with the project's id for its number. */
function routedPath(state: State, url: string): string {
  const address = parsePath(new URL(url).pathname);
  return address === undefined ? "/" : `/${address.service}/${canonicalName(state, address.name)}`.replace(/\/$/, "");
}

function canonicalName(state: State, name: string): string {
  // What follows the address stays: a verb, or what is below the account, such as its keys.
  const [account, rest] = /^(projects\/-\/serviceAccounts\/[^/:]+)(.*)$/.exec(name)?.slice(1) ?? [];
  if (account !== undefined) {
    return accountName(state, account) + rest;
  }
  const number = /^projects\/(\d+)(?=[/:]|$)/.exec(name)?.[1];
  const id = number && Object.entries(state.projects).find(([, known]) => known === number)?.[0];
  return id ? name.replace(number, id) : name;
}

function recordOf(c: Http): RecordedRequest {
  const url = new URL(c.req.url);
  return {
    time: now(),
    verb: c.req.method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    status: 0,
  };
}

/** The failure that was asked for, if it is this request's turn: a dropped connection is an answer, every other one is thrown. */
function faulted(c: Http, faults: Faults): Response | undefined {
  const fault = faults.take(c.get("record"));
  if (fault === "drop") {
    return dropped(c);
  }
  if (fault !== undefined) {
    throw fault;
  }
  return undefined;
}

async function answered(c: Http, route: Route, context: Context, faults: Faults): Promise<Response> {
  const { state } = context;
  const record = c.get("record");
  record.method = route.method;
  const caller = callerOf(state, c.req.header("authorization"));
  record.principal = caller?.principal;
  const body = await bodyOf(c);
  const broken = faulted(c, faults);
  if (broken) {
    return broken;
  }
  if (caller === undefined) {
    throw unauthenticated();
  }
  const url = new URL(c.req.url);
  const { service, version, name } = parsePath(url.pathname) ?? { service: "", version: "", name: "" };
  const canonical = canonicalName(state, name);
  const params = withoutVerbs(c.req.param() as Record<string, string>);
  const call = {
    service,
    version,
    name: canonical,
    resource: canonical.replace(/:\w+$/, ""),
    query: url.searchParams,
    body,
    params,
    caller,
  };
  if (params.project !== undefined) {
    requireProject(context, params.project);
  }
  requireEnabled(context, service, params.project);
  const { permission } = METHODS[route.method];
  if (permission !== undefined) {
    authorize(state, caller, permission, call.resource);
  }
  const answer = await route.handler(call);
  return answer instanceof TextAnswer
    ? c.body(answer.text, 200, { "Content-Type": answer.contentType })
    : c.json(withoutDefaults(answer) as JsonObject);
}

async function admission(c: Http, state: State, faults: Faults): Promise<Response> {
  const record = c.get("record");
  record.method = "sandbox.admission";
  const body = await bodyOf(c);
  const broken = faulted(c, faults);
  if (broken) {
    return broken;
  }
  const cluster = reviewingCluster(state, c.req.param("cluster") ?? c.req.query("cluster") ?? "");
  return c.json(review(state, cluster, body));
}

/** The token endpoint asks nobody who they are: what is exchanged says so. Nothing of it is recorded but the method. */
async function tokenEndpoint(
  c: Http,
  method: "sts.token" | "sts.introspect",
  context: Context,
  faults: Faults,
): Promise<Response> {
  const record = c.get("record");
  record.method = method;
  const text = await c.req.text();
  const broken = faulted(c, faults);
  if (broken) {
    return broken;
  }
  try {
    const request = tokenRequest(text);
    return c.json(method === "sts.token" ? exchangeToken(context, request) : introspectToken(context, request));
  } catch (error) {
    if (!(error instanceof TokenError)) {
      throw error;
    }
    record.error = error.message;
    return c.json(error.toJSON(), 400);
  }
}

/** A form, as clients send it, or JSON. */
function tokenRequest(text: string): Record<string, string> {
  const entries = text.trimStart().startsWith("{") ? Object.entries(parsedBody(text)) : [...new URLSearchParams(text)];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** Closes the connection without an answer. */
function dropped(c: Http): Response {
  c.set("dropped", true);
  (c.env.incoming.socket as Socket).destroy();
  return new Response(null);
}

/** The body as an object; none reads as an empty one. */
async function bodyOf(c: Http): Promise<JsonObject> {
  const text = ["GET", "HEAD"].includes(c.req.method) ? "" : await c.req.text();
  if (text.trim() === "") {
    return {};
  }
  const body = parsedBody(text);
  c.get("record").body = body;
  return body;
}

function parsedBody(text: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw invalid(`Invalid JSON payload received. ${(error as Error).message}`);
  }
  if (!isObject(value)) {
    throw invalid("Invalid JSON payload received. The message is no object.");
  }
  if (tooDeep(value)) {
    throw invalid("Invalid JSON payload received. The message is nested too deep.");
  }
  return value;
}

function failed(c: Http, error: ApiError): Response {
  const record: RecordedRequest | undefined = c.get("record");
  if (record !== undefined) {
    record.error = error.message;
  }
  return c.json(error.toJSON(), error.code as 400);
}

function tooLarge(): ApiError {
  return invalid(`Request payload size exceeds the limit: ${LARGEST_BODY} bytes.`);
}

/** A mistake of the sandbox itself: its text helps whoever reports it, and there is nothing to hide. */
function internal(error: unknown): ApiError {
  return new ApiError("INTERNAL", `The sandbox failed: ${error instanceof Error ? error.message : String(error)}`);
}

function unknownRoute(c: Http, log: RequestsLog): ApiError {
  const address = parsePath(new URL(c.req.url).pathname);
  if (address === undefined) {
    return invalid("The path is not percent-encoded correctly.");
  }
  const path = [address.service, address.version, address.name].filter((part) => part !== "").join("/");
  return unsupported(log, `${c.req.method} ${path}`);
}
