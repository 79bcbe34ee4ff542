import { type ReadExpression, readExpression } from "./cel";
import { type Context, doneOperation, holderOf, members, newId, page } from "./context";
import { ApiError, alreadyExists, invalid, notFound, precondition } from "./errors";
import { applyMask, clone, isObject, type Json, type JsonObject, obj, str, strings } from "./json";
import { type AddRoute, type Call, type Route, routesOf } from "./routes";
import { lookup, projectNumber, type State, type Table } from "./state";

const POOLS = "projects/{project}/locations/{location}/workloadIdentityPools";
const POOL = `${POOLS}/{pool}`;
const PROVIDERS = `${POOL}/providers`;
const PROVIDER = `${PROVIDERS}/{provider}`;

/** Days after which a deleted pool or provider is gone; until then its id is taken. */
const KEPT = 30;

/** Source: https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools/list */
const PAGE = { normal: 50, most: 1000 };

/**
 * Workload identity federation, its resources: pools, and providers of OpenID Connect in them.
 *
 * Source: https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools
 */
export function workloadIdentityRoutes(context: Context): Route[] {
  const { state } = context;
  return routesOf("iam", (on) => {
    resourceRoutes(context, on, {
      collection: POOLS,
      kind: "iam.workloadIdentityPools",
      table: state.workloadIdentityPools,
      idParameter: "workloadIdentityPoolId",
      listed: "workloadIdentityPools",
      check: checkPool,
    });
    resourceRoutes(context, on, {
      collection: PROVIDERS,
      kind: "iam.workloadIdentityPools.providers",
      table: state.workloadIdentityProviders,
      idParameter: "workloadIdentityPoolProviderId",
      listed: "workloadIdentityPoolProviders",
      check: checkProvider,
      holder: (name) => active(state.workloadIdentityPools, holderOf(name)),
    });
    for (const holder of [POOL, PROVIDER]) {
      on("GET", `${holder}/operations/{operation}`, "iam.workloadIdentityPools.operations.get", (call) =>
        doneOperation(call.name),
      );
    }
  });
}

interface Kind {
  readonly collection: string;
  readonly kind: "iam.workloadIdentityPools" | "iam.workloadIdentityPools.providers";
  readonly table: Table<JsonObject>;
  readonly idParameter: string;
  readonly listed: string;
  readonly check: (context: Context, body: JsonObject) => void;
  /** Fails where what holds the collection is not there. */
  readonly holder?: (collection: string) => void;
}

/** Both kinds of resources live alike: what is deleted stays for a while, and can be had back. */
function resourceRoutes(context: Context, on: AddRoute, kind: Kind): void {
  const { table, collection } = kind;
  const one = `${collection}/{id}`;
  on("POST", collection, `${kind.kind}.create`, (call) => {
    kind.holder?.(call.name);
    const id = call.query.get(kind.idParameter) ?? "";
    checkId(id, kind.idParameter);
    const name = `${call.name}/${id}`;
    if (lookup(table, name) !== undefined) {
      throw alreadyExists(`Requested entity ${name}`);
    }
    kind.check(context, call.body);
    table[name] = { ...clone(call.body), name: numbered(context.state, name), state: "ACTIVE" };
    return operation(table[name]);
  });
  on("GET", collection, `${kind.kind}.list`, (call) => {
    const deletedToo = call.query.get("showDeleted") === "true";
    const all = members(table, call.name).filter(([, found]) => deletedToo || found.state === "ACTIVE");
    const { items, nextPageToken } = page(call, all, PAGE);
    return { [kind.listed]: items.map(([, found]) => clone(found)), nextPageToken };
  });
  on("GET", one, `${kind.kind}.get`, (call) => clone(existing(table, call.name)));
  on("PATCH", one, `${kind.kind}.patch`, (call) => update(context, kind, call));
  on("DELETE", one, `${kind.kind}.delete`, (call) => {
    const found = active(table, call.name);
    const expireTime = new Date(Date.now() + KEPT * 86_400_000).toISOString();
    return operation(Object.assign(found, { state: "DELETED", expireTime }));
  });
  on("POST", `${one}:undelete`, `${kind.kind}.undelete`, (call) => {
    const found = existing(table, call.resource);
    if (found.state !== "DELETED") {
      throw precondition(`${call.resource} is not deleted.`);
    }
    return operation(Object.assign(found, { state: "ACTIVE", expireTime: undefined }));
  });
}

function update(context: Context, kind: Kind, call: Call): Json {
  const found = active(kind.table, call.name);
  const { name, state } = found;
  const wanted = clone(found);
  applyMask(wanted, call.body, call.query.get("updateMask") ?? "");
  kind.check(context, wanted);
  return operation(Object.assign(found, wanted, { name, state }));
}

function operation(resource: JsonObject): Json {
  return doneOperation(`${str(resource.name)}/operations/${newId()}`, clone(resource));
}

function existing(table: Table<JsonObject>, name: string): JsonObject {
  const found = lookup(table, name);
  if (found === undefined) {
    throw notFound(`Requested entity ${name}`);
  }
  return found;
}

function active(table: Table<JsonObject>, name: string): JsonObject {
  const found = existing(table, name);
  if (found.state !== "ACTIVE") {
    throw precondition(`${name} is deleted; undelete it first.`);
  }
  return found;
}

/** Names of pools carry the number of their project. */
function numbered(state: State, name: string): string {
  const [, project = ""] = name.split("/");
  return name.replace(`projects/${project}/`, `projects/${projectNumber(state, project)}/`);
}

function checkId(id: string, field: string): void {
  if (!/^(?!gcp-)[a-z0-9-]{4,32}$/.test(id)) {
    throw invalid(
      `The id ${JSON.stringify(id)} is not valid: 4 to 32 lower-case letters, digits and hyphens, not beginning with gcp-.`,
      field,
    );
  }
}

function checkTexts(body: JsonObject): void {
  for (const [field, most] of [
    ["displayName", 32],
    ["description", 256],
  ] as const) {
    if (str(body[field]).length > most) {
      throw invalid(`${field} has more than ${most} characters.`, field);
    }
  }
}

function checkPool(context: Context, body: JsonObject): void {
  checkTexts(body);
  if (body.mode !== undefined && body.mode !== "FEDERATION_ONLY") {
    throw context.unsupported(`iam workloadIdentityPools with the mode ${str(body.mode)}`);
  }
}

function checkProvider(context: Context, body: JsonObject): void {
  checkTexts(body);
  const other = ["aws", "saml", "x509"].find((kind) => body[kind] !== undefined);
  if (other !== undefined) {
    throw context.unsupported(`iam workloadIdentityPools.providers with ${other}`);
  }
  const { issuerUri, allowedAudiences } = obj(body.oidc);
  if (!/^https:\/\/[^\s/?#]+[^\s?#]*$/.test(str(issuerUri))) {
    throw invalid("The issuer URI has to be a valid HTTPS URI.", "oidc.issuer_uri");
  }
  const audiences = strings(allowedAudiences);
  if (audiences.length > 10 || audiences.some((audience) => audience.length > 256)) {
    throw invalid("At most 10 audiences of at most 256 characters may be allowed.", "oidc.allowed_audiences");
  }
  checkMapping(context, body.attributeMapping);
  checkCondition(context, str(body.attributeCondition), str(issuerUri));
}

/** Most are documented at the field: `WorkloadIdentityPoolProvider.attribute_mapping`. */
const MAPPING = { attributes: 50, name: /^attribute\.[a-z0-9_]{1,100}$/, expression: 2048, condition: 4096 };

function checkMapping(context: Context, value: Json | undefined): void {
  if (value !== undefined && !isObject(value)) {
    throw invalid("attribute_mapping is no map.", "attribute_mapping");
  }
  const entries = Object.entries(obj(value));
  const names = entries.map(([name]) => name);
  if (!names.includes("google.subject")) {
    throw invalid("Missing attribute mapping for google.subject.", "attribute_mapping");
  }
  for (const [name, expression] of entries) {
    if (name !== "google.subject" && name !== "google.groups" && !MAPPING.name.test(name)) {
      throw invalid(`The attribute ${JSON.stringify(name)} is not valid.`, "attribute_mapping");
    }
    checkExpression(context, `attribute_mapping.${name}`, mappingExpression(str(expression)), str(expression));
    if (str(expression).length > MAPPING.expression) {
      throw invalid(`The mapping of ${name} has more than ${MAPPING.expression} characters.`, "attribute_mapping");
    }
  }
  if (names.filter((name) => name.startsWith("attribute.")).length > MAPPING.attributes) {
    throw invalid(`More than ${MAPPING.attributes} attributes are mapped.`, "attribute_mapping");
  }
}

/** The value of an attribute, of the token alone. */
export function mappingExpression(text: string): ReadExpression {
  return readExpression(text, { assertion: "map" });
}

/** Whether a token is taken, of the token and what was mapped of it. */
export function conditionExpression(text: string): ReadExpression {
  return readExpression(text, { assertion: "map", google: "map", attribute: "map" });
}

function checkExpression(context: Context, field: string, expression: ReadExpression, text: string): void {
  if (!("problem" in expression)) {
    return;
  }
  // A function that Google adds to the language; the tools of the chain do not use it.
  if (/\.extract\(/.test(text)) {
    throw context.unsupported(`iam workloadIdentityPools.providers with extract() in ${field}`);
  }
  throw invalid(`The expression ${JSON.stringify(text)} is not valid: ${expression.problem}`, field);
}

/**
 * Issuers whose tokens anybody can have: without a condition, everybody's jobs would be let in.
 * Source: https://docs.cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines#conditions
 */
const SHARED_ISSUERS = [
  /^https:\/\/token\.actions\.githubusercontent\.com(?:\/|$)/,
  /^https:\/\/gitlab\.com\/?$/,
  /^https:\/\/app\.terraform\.io\/?$/,
];

function checkCondition(context: Context, text: string, issuer: string): void {
  const field = "attribute_condition";
  if (text.length > MAPPING.condition) {
    throw invalid(`The condition has more than ${MAPPING.condition} characters.`, field);
  }
  const expression = text === "" ? undefined : conditionExpression(text);
  if (expression !== undefined) {
    checkExpression(context, field, expression, text);
  }
  const refers = expression !== undefined && !("problem" in expression) && expression.variables.size > 0;
  if (!refers && SHARED_ISSUERS.some((one) => one.test(issuer))) {
    throw new ApiError(
      "INVALID_ARGUMENT",
      "The attribute condition must reference one of the provider's claims. For more information, see https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines#conditions",
    );
  }
}
