import { createHash } from "node:crypto";
import { decodeBase64 } from "../admission";
import { KMS_NAME } from "../vocabulary/resource-name";
import { SigningAlgorithm } from "../vocabulary/signing-algorithm";
import { type Context, holderOf, members, now, page } from "./context";
import { alreadyExists, invalid, notFound, precondition } from "./errors";
import { iamRoutes } from "./iam-policies";
import { applyMask, camel, clone, type Json, type JsonObject, obj, str } from "./json";
import { type AddRoute, type Call, type Route, routesOf } from "./routes";
import { crc32c, hashOf, type KeyMaker, publicPem, signDigest } from "./signing";
import { inside, lookup, type State } from "./state";

const RINGS = "projects/{project}/locations/{location}/keyRings";
const RING = `${RINGS}/{ring}`;
const KEY = `${RING}/cryptoKeys/{key}`;
const VERSION = `${KEY}/cryptoKeyVersions/{version}`;

const PAGE = { normal: 100, most: 1000 };

/** Cloud KMS: rings and keys are never deleted, versions are numbered 1, 2, 3 per key and no number is used again. */
export function kmsRoutes(context: Context, keys: KeyMaker): Route[] {
  const { state } = context;
  return routesOf("cloudkms", (on) => {
    on("POST", RINGS, "cloudkms.keyRings.create", (call) => createRing(state, call));
    on("GET", RINGS, "cloudkms.keyRings.list", (call) => listed(call, "keyRings", members(state.keyRings, call.name)));
    on("GET", RING, "cloudkms.keyRings.get", (call) => clone(ring(state, call.name)));
    on("POST", `${RING}/cryptoKeys`, "cloudkms.cryptoKeys.create", (call) => createKey(context, call));
    on("GET", `${RING}/cryptoKeys`, "cloudkms.cryptoKeys.list", (call) => {
      ring(state, holderOf(call.name));
      return listed(call, "cryptoKeys", members(state.cryptoKeys, call.name));
    });
    on("GET", KEY, "cloudkms.cryptoKeys.get", (call) => clone(key(state, call.name)));
    on("PATCH", KEY, "cloudkms.cryptoKeys.patch", (call) => updateKey(context, call));
    versionRoutes(context, keys, on);
    iamRoutes(context, on, RING, "cloudkms.keyRings", (name) => void ring(state, name));
    iamRoutes(context, on, KEY, "cloudkms.cryptoKeys", (name) => void key(state, name));
  });
}

function versionRoutes(context: Context, keys: KeyMaker, on: AddRoute): void {
  const { state } = context;
  on("POST", `${KEY}/cryptoKeyVersions`, "cloudkms.cryptoKeyVersions.create", (call) => {
    const wanted = str(call.body.state) || "ENABLED";
    if (!CHANGEABLE.includes(wanted)) {
      throw invalid(`A CryptoKeyVersion cannot be created in state ${wanted}.`, "crypto_key_version.state");
    }
    const name = createKeyVersion(state, holderOf(call.name), { state: wanted });
    return clone(version(state, name));
  });
  on("GET", `${KEY}/cryptoKeyVersions`, "cloudkms.cryptoKeyVersions.list", (call) => listVersions(context, call));
  on("GET", VERSION, "cloudkms.cryptoKeyVersions.get", (call) => clone(version(state, call.name)));
  on("PATCH", VERSION, "cloudkms.cryptoKeyVersions.patch", (call) => updateVersion(state, call));
  on("POST", `${VERSION}:destroy`, "cloudkms.cryptoKeyVersions.destroy", (call) => destroyVersion(state, call));
  on("POST", `${VERSION}:restore`, "cloudkms.cryptoKeyVersions.restore", (call) => restoreVersion(state, call));
  on("GET", `${VERSION}/publicKey`, "cloudkms.cryptoKeyVersions.getPublicKey", (call) =>
    publicKey(context, keys, call),
  );
  on("POST", `${VERSION}:asymmetricSign`, "cloudkms.cryptoKeyVersions.asymmetricSign", (call) =>
    asymmetricSign(context, keys, call),
  );
}

function listed(call: Call, field: string, found: readonly [name: string, resource: JsonObject][]): Json {
  const { items, nextPageToken } = page(call, found, PAGE);
  return { [field]: items.map(([, resource]) => clone(resource)), nextPageToken, totalSize: found.length };
}

function ring(state: State, name: string): JsonObject {
  const found = lookup(state.keyRings, name);
  if (found === undefined) {
    throw notFound(`KeyRing ${name}`);
  }
  return found;
}

function key(state: State, name: string): JsonObject {
  const found = lookup(state.cryptoKeys, name);
  if (found === undefined) {
    throw notFound(`CryptoKey ${name}`);
  }
  return found;
}

/** The version; one whose time is up is destroyed now, as nothing else happens on its own here. */
function version(state: State, name: string): JsonObject {
  const found = lookup(state.cryptoKeyVersions, name);
  if (found === undefined) {
    throw notFound(`CryptoKeyVersion ${name}`);
  }
  if (found.state === "DESTROY_SCHEDULED" && str(found.destroyTime) <= now()) {
    found.state = "DESTROYED";
    found.destroyEventTime = found.destroyTime;
    found.destroyTime = undefined;
    delete state.privateKeys[name];
  }
  return found;
}

/** The full names of the versions of a key, in the order of their numbers. */
export function versionNames(state: State, keyName: string): string[] {
  return inside(state.cryptoKeyVersions, `${keyName}/cryptoKeyVersions/`).map(([name]) => name);
}

/**
 * The next version of a key, as a person makes it with gcloud; returns its full name.
 * @param given its state and algorithm; those of the key's template where left out
 */
export function createKeyVersion(
  state: State,
  keyName: string,
  given: { readonly state?: string; readonly algorithm?: string } = {},
): string {
  const template = obj(key(state, keyName).versionTemplate);
  const name = `${keyName}/cryptoKeyVersions/${versionNames(state, keyName).length + 1}`;
  state.cryptoKeyVersions[name] = {
    name,
    state: given.state ?? "ENABLED",
    protectionLevel: template.protectionLevel,
    algorithm: given.algorithm ?? template.algorithm,
    createTime: now(),
    generateTime: now(),
  };
  return name;
}

/** The public key of a version, whatever its state. */
export async function publicKeyPem(state: State, keys: KeyMaker, versionName: string): Promise<string> {
  return publicPem(await privateKey(state, keys, versionName));
}

async function privateKey(state: State, keys: KeyMaker, name: string): Promise<string> {
  const resource = version(state, name);
  if (resource.state === "DESTROYED") {
    throw precondition(`${name} has no key any more, current state is: DESTROYED.`);
  }
  const algorithm = algorithmOf(resource);
  if (lookup(state.privateKeys, name) === undefined) {
    // Two callers may ask at once, and only one key may come of it.
    const made = pending.get(state)?.get(name) ?? keys.make(algorithm, Object.values(state.privateKeys));
    const waiting = pending.get(state) ?? new Map<string, Promise<string>>();
    pending.set(state, waiting.set(name, made));
    state.privateKeys[name] = await made;
  }
  return state.privateKeys[name];
}

const pending = new WeakMap<State, Map<string, Promise<string>>>();

function algorithmOf(resource: JsonObject): SigningAlgorithm {
  return SigningAlgorithm.of(str(resource.algorithm));
}

function createRing(state: State, call: Call): Json {
  const id = call.query.get("keyRingId") ?? "";
  const name = `${call.name}/${id}`;
  if (!KMS_NAME.pattern.test(id)) {
    throw invalid(`The request contains an invalid ID: ${id}.`, "key_ring_id");
  }
  if (lookup(state.keyRings, name) !== undefined) {
    throw alreadyExists(`KeyRing ${name}`);
  }
  state.keyRings[name] = { name, createTime: now() };
  return clone(state.keyRings[name]);
}

function createKey(context: Context, call: Call): Json {
  const { state } = context;
  ring(state, holderOf(call.name));
  const id = call.query.get("cryptoKeyId") ?? "";
  const name = `${call.name}/${id}`;
  if (!KMS_NAME.pattern.test(id)) {
    throw invalid(`The request contains an invalid ID: ${id}.`, "crypto_key_id");
  }
  if (lookup(state.cryptoKeys, name) !== undefined) {
    throw alreadyExists(`CryptoKey ${name}`);
  }
  if (call.body.purpose !== "ASYMMETRIC_SIGN") {
    throw context.unsupported(`cloudkms key of purpose ${str(call.body.purpose) || "(none)"}`);
  }
  refuseRotation(Object.keys(call.body));
  const template = obj(call.body.versionTemplate);
  const algorithm = checkedAlgorithm(str(template.algorithm));
  state.cryptoKeys[name] = {
    ...call.body,
    name,
    createTime: now(),
    destroyScheduledDuration: call.body.destroyScheduledDuration ?? "2592000s",
    versionTemplate: { algorithm, protectionLevel: template.protectionLevel ?? "SOFTWARE" },
  };
  if (call.query.get("skipInitialVersionCreation") !== "true") {
    createKeyVersion(state, name);
  }
  return clone(state.cryptoKeys[name]);
}

/** Cloud KMS has more algorithms than these; Binary Authorization verifies none of the others. */
function checkedAlgorithm(name: string): string {
  const algorithm = SigningAlgorithm._named(name);
  if (algorithm?.inKms !== true || algorithm.kmsName !== name) {
    throw invalid(
      `Algorithm ${name || "(none)"} is not valid for purpose ASYMMETRIC_SIGN.`,
      "crypto_key.version_template.algorithm",
    );
  }
  return name;
}

/** Keys that encrypt rotate by themselves, keys that sign do not. */
function refuseRotation(fields: readonly string[]): void {
  const field = fields.find((name) => ["rotationPeriod", "nextRotationTime"].includes(name));
  if (field !== undefined) {
    throw invalid(`A CryptoKey of purpose ASYMMETRIC_SIGN has no ${field}.`, "crypto_key.rotation_schedule");
  }
}

function updateKey({ state }: Context, call: Call): Json {
  const resource = key(state, call.name);
  const mask = call.query.get("updateMask") ?? "";
  if (/versionTemplate/i.test(mask.replace(/_/g, ""))) {
    checkedAlgorithm(str(obj(call.body.versionTemplate).algorithm));
  }
  refuseRotation(
    mask
      .split(",")
      .filter((field) => call.body[camel(field)] !== undefined)
      .map(camel),
  );
  const fixed = mask.split(",").find((field) => /^(name|purpose|importOnly|destroyScheduledDuration)$/.test(field));
  if (fixed !== undefined) {
    throw invalid(`The field ${fixed} cannot be updated.`, "update_mask");
  }
  applyMask(resource, call.body, mask);
  return clone(resource);
}

function listVersions(context: Context, call: Call): Json {
  const { state } = context;
  const owner = holderOf(call.name);
  key(state, owner);
  const filter = call.query.get("filter") ?? "";
  const wanted = /^state\s*[:=]\s*"?(\w+)"?$/.exec(filter)?.[1];
  if (filter !== "" && wanted === undefined) {
    throw context.unsupported(`cloudkms filter ${filter}`);
  }
  const all = versionNames(state, owner).map((name): [string, JsonObject] => [name, version(state, name)]);
  return listed(
    call,
    "cryptoKeyVersions",
    all.filter(([, { state: s }]) => wanted === undefined || s === wanted),
  );
}

/** The states that a caller may choose between. */
const CHANGEABLE = ["ENABLED", "DISABLED"];

function updateVersion(state: State, call: Call): Json {
  const resource = version(state, call.name);
  const wanted = str(call.body.state);
  if (!CHANGEABLE.includes(wanted)) {
    throw invalid(
      `The state of a CryptoKeyVersion can be set to ENABLED or DISABLED only, not ${wanted || "(none)"}.`,
      "crypto_key_version.state",
    );
  }
  if (!CHANGEABLE.includes(str(resource.state))) {
    throw precondition(`${call.name} cannot be updated, current state is: ${str(resource.state)}.`);
  }
  resource.state = wanted;
  return clone(resource);
}

function destroyVersion(state: State, call: Call): Json {
  const resource = version(state, call.resource);
  if (!CHANGEABLE.includes(str(resource.state))) {
    throw precondition(`${call.resource} cannot be destroyed, current state is: ${str(resource.state)}.`);
  }
  const seconds = Number.parseInt(str(key(state, holderOf(holderOf(call.resource))).destroyScheduledDuration), 10);
  resource.state = "DESTROY_SCHEDULED";
  resource.destroyTime = new Date(Date.now() + seconds * 1000).toISOString();
  return clone(resource);
}

function restoreVersion(state: State, call: Call): Json {
  const resource = version(state, call.resource);
  if (resource.state !== "DESTROY_SCHEDULED") {
    throw precondition(`${call.resource} cannot be restored, current state is: ${str(resource.state)}.`);
  }
  resource.state = "DISABLED";
  resource.destroyTime = undefined;
  return clone(resource);
}

function enabled(state: State, name: string): JsonObject {
  const resource = version(state, name);
  if (resource.state !== "ENABLED") {
    throw precondition(`${name} is not enabled, current state is: ${str(resource.state)}.`);
  }
  return resource;
}

async function publicKey({ state }: Context, keys: KeyMaker, call: Call): Promise<Json> {
  const resource = enabled(state, holderOf(call.name));
  const pem = await publicKeyPem(state, keys, str(resource.name));
  return {
    pem,
    algorithm: resource.algorithm,
    pemCrc32c: crc32c(Buffer.from(pem)),
    name: resource.name,
    protectionLevel: resource.protectionLevel,
    publicKeyFormat: "PEM",
  };
}

async function asymmetricSign({ state }: Context, keys: KeyMaker, call: Call): Promise<Json> {
  const name = call.resource;
  const resource = enabled(state, name);
  const algorithm = algorithmOf(resource);
  const { digest, verified } = digestToSign(algorithm, call.body);
  const signature = signDigest(algorithm, await privateKey(state, keys, name), digest);
  return {
    signature: signature.toString("base64"),
    signatureCrc32c: crc32c(signature),
    ...verified,
    name,
    protectionLevel: resource.protectionLevel,
  };
}

/** The digest of the request, or that of the data which is sent instead; a checksum beside either must be right. */
function digestToSign(algorithm: SigningAlgorithm, body: JsonObject): { digest: Buffer; verified: JsonObject } {
  const hash = hashOf(algorithm);
  if ((body.data === undefined) === (body.digest === undefined)) {
    throw invalid("Exactly one of data and digest is required.", "digest");
  }
  if (body.data !== undefined) {
    const data = bytes(str(body.data), "data");
    const verified = checkedCrc(data, body.dataCrc32c, "data_crc32c");
    return { digest: createHash(hash).update(data).digest(), verified: { verifiedDataCrc32c: verified } };
  }
  const given = Object.keys(obj(body.digest));
  if (given.length !== 1 || given[0] !== hash) {
    throw invalid(`${algorithm.kmsName} requires a ${hash} digest.`, "digest");
  }
  const digest = bytes(str(obj(body.digest)[hash]), `digest.${hash}`);
  const verified = checkedCrc(digest, body.digestCrc32c, "digest_crc32c");
  return { digest, verified: { verifiedDigestCrc32c: verified } };
}

/** Source: https://docs.cloud.google.com/kms/quotas (the largest input of a signature). */
const MAX_DATA_BYTES = 64 * 1024;

/** Both base64 alphabets: gcloud writes the URL-safe one into bytes fields. */
function bytes(text: string, field: string): Buffer {
  const decoded = decodeBase64(text, MAX_DATA_BYTES);
  if (decoded === undefined) {
    throw invalid("Base64 decoding failed.", field);
  }
  return Buffer.from(decoded);
}

function checkedCrc(data: Buffer, given: Json | undefined, field: string): boolean {
  if (given === undefined || given === null) {
    return false;
  }
  if (String(given) !== crc32c(data)) {
    throw invalid("The checksum in field did not match the data in field.", field);
  }
  return true;
}
