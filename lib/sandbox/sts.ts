import { createPublicKey, type JsonWebKey, type KeyObject, randomBytes, verify } from "node:crypto";
import type { ReadExpression } from "./cel";
import type { Context } from "./context";
import { isObject, type Json, type JsonObject, list, num, obj, str, strings } from "./json";
import { lookup, type State } from "./state";
import { conditionExpression, mappingExpression } from "./workload-identity";

/**
 * An error of the token endpoint, in the form of OAuth. Sentences are Google's where users' logs have them.
 * Source: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export class TokenError extends Error {
  constructor(
    readonly error: "invalid_request" | "invalid_grant" | "invalid_target" | "unauthorized_client",
    description: string,
  ) {
    super(description);
    this.name = "TokenError";
  }

  toJSON(): JsonObject {
    return { error: this.error, error_description: this.message };
  }
}

const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const SUBJECT_TOKENS = ["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"];

const AUDIENCE =
  /^\/\/iam\.googleapis\.com\/(projects\/(\d+)\/locations\/global\/workloadIdentityPools\/[^/]+)\/providers\/[^/]+$/;

/**
 * Exchanges the token of another issuer for one of the sandbox. What the request is called in JSON, it is called in a form
 * with underscores; both are taken.
 *
 * Source: https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
 */
export function exchangeToken({ state }: Context, request: Readonly<Record<string, string>>): JsonObject {
  const field = (name: string) =>
    request[name] ?? request[name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())] ?? "";
  if (field("grant_type") !== GRANT) {
    throw new TokenError("invalid_request", `Invalid value for "grant_type"; expected ${GRANT}.`);
  }
  if (field("requested_token_type") !== ACCESS_TOKEN) {
    throw new TokenError("invalid_request", `Invalid value for "requested_token_type"; expected ${ACCESS_TOKEN}.`);
  }
  if (!SUBJECT_TOKENS.includes(field("subject_token_type"))) {
    throw new TokenError(
      "invalid_request",
      `Invalid value for "subject_token_type"; expected ${SUBJECT_TOKENS.join(" or ")}.`,
    );
  }
  const target = targetOf(state, field("audience"));
  const claims = verifiedClaims(state, target, field("subject_token"));
  const { subject, sets } = identityOf(target, claims);
  const token = `sandbox.${randomBytes(24).toString("base64url")}`;
  state.accessTokens[token] = `principal://iam.googleapis.com/${target.pool}/subject/${subject}`;
  state.federatedSets[token] = sets.map((set) => `principalSet://iam.googleapis.com/${target.pool}/${set}`);
  return { access_token: token, issued_token_type: ACCESS_TOKEN, token_type: "Bearer", expires_in: 3600 };
}

/**
 * Says whom a token stands for: gcloud asks, to name the account.
 * Source: https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/introspect
 */
export function introspectToken({ state }: Context, request: Readonly<Record<string, string>>): JsonObject {
  const username = lookup(state.accessTokens, request.token ?? "");
  return username === undefined ? { active: false } : { active: true, username, token_type: "Bearer" };
}

interface Target {
  /** With the number of the project, as in names of principals. */
  readonly pool: string;
  readonly audience: string;
  readonly provider: JsonObject;
}

function targetOf(state: State, audience: string): Target {
  const [, pool, number] = AUDIENCE.exec(audience) ?? [];
  if (pool === undefined) {
    throw new TokenError(
      "invalid_request",
      'Invalid value for "audience". This value should be the full resource name of the Identity Provider. See https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats.',
    );
  }
  const project = Object.entries(state.projects).find(([, known]) => known === number)?.[0];
  const canonical = (name: string) => name.replace(`projects/${number}/`, `projects/${project}/`);
  const holder = lookup(state.workloadIdentityPools, canonical(pool));
  const provider = lookup(state.workloadIdentityProviders, canonical(audience.replace("//iam.googleapis.com/", "")));
  if (!usable(holder) || !usable(provider)) {
    throw new TokenError(
      "invalid_target",
      'The target service indicated by the "audience" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.',
    );
  }
  return { pool, audience, provider };
}

function usable(resource: JsonObject | undefined): resource is JsonObject {
  return resource?.state === "ACTIVE" && resource.disabled !== true;
}

/** The claims of a token whose signature, issuer, audience and time are those that the provider asks for. */
function verifiedClaims(state: State, { provider, audience }: Target, token: string): JsonObject {
  const [head = "", body = "", signature = "", ...rest] = token.split(".");
  const [header, claims] = [head, body].map(decoded);
  if (header === undefined || claims === undefined || signature === "" || rest.length > 0) {
    throw new TokenError("invalid_request", "Unable to parse the ID Token.");
  }
  const { issuerUri, jwksJson, allowedAudiences } = obj(provider.oidc);
  if (claims.iss !== issuerUri) {
    throw new TokenError(
      "invalid_grant",
      `The issuer in ID Token ${str(claims.iss)} does not match the expected ones: ${str(issuerUri)}.`,
    );
  }
  const keys = jwksJson === undefined ? lookup(state.issuers, str(issuerUri)) : parsed(str(jwksJson));
  if (keys === undefined) {
    throw new TokenError("invalid_grant", "Error connecting to the given credential's issuer.");
  }
  if (!signedBy(list(keys.keys), header, `${head}.${body}`, signature)) {
    throw new TokenError("invalid_grant", "Invalid signature of the ID Token.");
  }
  const expected = strings(allowedAudiences).length > 0 ? strings(allowedAudiences) : [audience, `https:${audience}`];
  const audiences = typeof claims.aud === "string" ? [claims.aud] : strings(claims.aud);
  if (!audiences.some((one) => expected.includes(one))) {
    throw new TokenError(
      "invalid_grant",
      `The audience in ID Token [${audiences.join(", ")}] does not match the expected audience.`,
    );
  }
  checkTime(claims);
  return claims;
}

function decoded(part: string): JsonObject | undefined {
  return /^[A-Za-z0-9_-]+$/.test(part) ? parsed(Buffer.from(part, "base64url").toString("utf8")) : undefined;
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Google takes these two. Source: https://docs.cloud.google.com/iam/docs/workload-identity-federation-with-other-providers */
const ALGORITHMS = { RS256: "rsa", ES256: "ec" } as const;

function signedBy(keys: readonly JsonObject[], header: JsonObject, text: string, signature: string): boolean {
  const algorithm = str(header.alg);
  if (!Object.hasOwn(ALGORITHMS, algorithm)) {
    return false;
  }
  const kind = ALGORITHMS[algorithm as keyof typeof ALGORITHMS];
  return keys
    .filter(({ kid }) => header.kid === undefined || kid === header.kid)
    .flatMap((key) => publicKey(key) ?? [])
    .filter((key) => key.asymmetricKeyType === kind)
    .some((key) =>
      verify("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url")),
    );
}

function publicKey(key: JsonObject): KeyObject | undefined {
  try {
    return createPublicKey({ key: key as JsonWebKey, format: "jwk" });
  } catch {
    return undefined;
  }
}

/** A token has to have begun, and not to have ended; no token is good for more than a day. */
function checkTime({ iat, exp, nbf }: JsonObject): void {
  const now = Date.now() / 1000;
  if (typeof iat !== "number" || typeof exp !== "number" || exp - iat > 86_400) {
    throw new TokenError("invalid_grant", "The ID Token has no valid lifetime: iat and exp, at most 24 hours apart.");
  }
  if (exp <= now) {
    throw new TokenError("invalid_grant", `ID Token issued at ${iat} is stale to sign-in.`);
  }
  // Clocks differ a little.
  if (iat > now + 60 || num(nbf) > now + 60) {
    throw new TokenError("invalid_grant", "The ID Token is not valid yet.");
  }
}

interface Identity {
  readonly subject: string;
  /** As IAM names them after the pool: `attribute.A/VALUE`, `group/G`, `*`. */
  readonly sets: readonly string[];
}

/** Bytes. Source: https://docs.cloud.google.com/iam/docs/workload-identity-federation#mapping */
const LIMIT = { subject: 127, all: 8192 };

function identityOf({ provider }: Target, claims: JsonObject): Identity {
  const google: Record<string, unknown> = {};
  const attribute: Record<string, unknown> = {};
  const sets = ["*"];
  let size = 0;
  for (const [name, text] of Object.entries(obj(provider.attributeMapping))) {
    const value = evaluated(name, mappingExpression(str(text)), { assertion: claims });
    const [kind, key = ""] = name.split(/\.(.*)/s);
    (kind === "google" ? google : attribute)[key] = value;
    const values = name === "google.groups" && Array.isArray(value) ? value : [value];
    if (values.some((one) => typeof one !== "string")) {
      throw new TokenError("invalid_grant", `The mapped attribute ${name} is no text.`);
    }
    size += values.reduce((sum: number, one: string) => sum + Buffer.byteLength(one), 0);
    if (name !== "google.subject") {
      sets.push(...values.map((one: string) => (name === "google.groups" ? `group/${one}` : `${name}/${one}`)));
    }
  }
  const subject = google.subject as string;
  if (subject === "" || Buffer.byteLength(subject) > LIMIT.subject) {
    throw new TokenError(
      "invalid_grant",
      `The size of mapped attribute google.subject exceeds the ${LIMIT.subject} bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than ${LIMIT.subject} bytes.`,
    );
  }
  if (size > LIMIT.all) {
    throw new TokenError("invalid_grant", `The mapped attributes have more than ${LIMIT.all} bytes together.`);
  }
  const condition = str(provider.attributeCondition);
  if (condition !== "" && !holds(conditionExpression(condition), { assertion: claims, google, attribute })) {
    throw new TokenError("unauthorized_client", "The given credential is rejected by the attribute condition.");
  }
  return { subject, sets };
}

function evaluated(name: string, expression: ReadExpression, values: Record<string, unknown>): unknown {
  try {
    if (!("problem" in expression)) {
      return expression.evaluate(values);
    }
  } catch {
    // A claim that the token does not have.
  }
  throw new TokenError("invalid_grant", `The mapped attribute ${name} cannot be got from the ID Token.`);
}

/** A condition that cannot be evaluated does not hold. */
function holds(expression: ReadExpression, values: Record<string, unknown>): boolean {
  try {
    return !("problem" in expression) && expression.evaluate(values) === true;
  } catch {
    return false;
  }
}
