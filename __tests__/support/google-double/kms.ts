import { type Context, now, requireProject } from "./context";
import { alreadyExists, invalid, notFound, precondition } from "./errors";
import { applyMask, clone, type Json, type JsonObject, num, obj, str } from "./json";
import type { Call, ServiceRouter } from "./router";
import {
  type Algorithm,
  crc32c,
  decodeBytes,
  isKmsAlgorithm,
  KeyMaker,
  type KeyPair,
  parseAlgorithm,
  pemOf,
  signDigest,
} from "./signing";

const RING = "projects/{project}/locations/{location}/keyRings/{ring}";
const KEY = `${RING}/cryptoKeys/{key}`;
const VERSION = `${KEY}/cryptoKeyVersions/{version}`;

interface Version {
  readonly resource: JsonObject;
  /** Made on first use: most tests never look at the key itself. */
  keyPair?: Promise<KeyPair>;
}

interface Key {
  readonly resource: JsonObject;
  readonly versions: Version[];
}

function timeAfter(duration: string): string {
  return new Date(Date.now() + Number.parseInt(duration, 10) * 1000).toISOString();
}

/** `…/cryptoKeys/k/cryptoKeyVersions/1` belongs to `…/cryptoKeys/k`. */
function parentOf(name: string): string {
  return name.split("/").slice(0, -2).join("/");
}

/** `…/cryptoKeys/k/cryptoKeyVersions` and `…/cryptoKeyVersions/1/publicKey` without their last part. */
function ownerOf(name: string): string {
  return name.slice(0, name.lastIndexOf("/"));
}

/** Cloud KMS: rings and keys are never deleted, versions are numbered 1, 2, 3 per key and never reused. */
export class Kms {
  private readonly rings = new Map<string, JsonObject>();
  private readonly keys = new Map<string, Key>();
  private readonly keyMaker = new KeyMaker();

  constructor(private readonly context: Context) {
    const on = context.router.forService("cloudkms");
    this.ringRoutes(on);
    this.keyRoutes(on);
    this.versionRoutes(on);
    context.iam.routes(on, RING, (name) => void this.ring(name));
    context.iam.routes(on, KEY, (name) => void this.key(name));
  }

  /** A version made by hand, outside Terraform; returns its full name. */
  createVersion(keyName: string, algorithm?: string, state = "ENABLED"): string {
    const key = this.key(keyName);
    const template = obj(key.resource.versionTemplate);
    const name = `${keyName}/cryptoKeyVersions/${key.versions.length + 1}`;
    const resource: JsonObject = {
      name,
      state,
      protectionLevel: template.protectionLevel,
      algorithm: algorithm ?? template.algorithm,
      createTime: now(),
      generateTime: now(),
    };
    key.versions.push({ resource });
    return name;
  }

  setState(versionName: string, state: string): void {
    this.version(versionName).resource.state = state;
  }

  versions(keyName: string): JsonObject[] {
    return this.key(keyName).versions.map((v) => clone(v.resource));
  }

  ringNames(): string[] {
    return [...this.rings.keys()];
  }

  keyNames(): string[] {
    return [...this.keys.keys()];
  }

  keyResource(name: string): JsonObject | undefined {
    return clone(this.keys.get(name)?.resource);
  }

  async publicKeyPem(versionName: string): Promise<string> {
    return pemOf(await this.keyPair(this.version(versionName)));
  }

  async sign(versionName: string, digest: Buffer): Promise<Buffer> {
    const version = this.version(versionName);
    return signDigest(this.algorithm(version), await this.keyPair(version), digest);
  }

  private ringRoutes(on: ServiceRouter): void {
    on("POST", "projects/{project}/locations/{location}/keyRings", (call) => this.createRing(call));
    on("GET", RING, (call) => clone(this.ring(call.name)));
    on("GET", "projects/{project}/locations/{location}/keyRings", (call) => {
      const inside = [...this.rings].filter(([name]) => name.startsWith(`${call.name}/`));
      return { keyRings: inside.map(([, ring]) => clone(ring)), totalSize: inside.length };
    });
  }

  private keyRoutes(on: ServiceRouter): void {
    on("POST", `${RING}/cryptoKeys`, (call) => this.createKey(call));
    on("GET", KEY, (call) => clone(this.key(call.name).resource));
    on("PATCH", KEY, (call) => this.updateKey(call));
    on("GET", `${RING}/cryptoKeys`, (call) => {
      const inside = [...this.keys].filter(([name]) => name.startsWith(`${call.name}/`));
      return { cryptoKeys: inside.map(([, key]) => clone(key.resource)), totalSize: inside.length };
    });
  }

  private versionRoutes(on: ServiceRouter): void {
    on("POST", `${KEY}/cryptoKeyVersions`, (call) => {
      const state = str(call.body.state) || "ENABLED";
      const name = this.createVersion(ownerOf(call.name), undefined, state);
      return clone(this.version(name).resource);
    });
    on("GET", `${KEY}/cryptoKeyVersions`, (call) => this.listVersions(call));
    on("GET", VERSION, (call) => clone(this.version(call.name).resource));
    on("PATCH", VERSION, (call) => this.updateVersion(call));
    on("POST", `${VERSION}:destroy`, (call) => this.destroyVersion(call));
    on("POST", `${VERSION}:restore`, (call) => this.restoreVersion(call));
    on("GET", `${VERSION}/publicKey`, (call) => this.publicKey(call));
    on("POST", `${VERSION}:asymmetricSign`, (call) => this.asymmetricSign(call));
  }

  private ring(name: string): JsonObject {
    const ring = this.rings.get(name);
    if (ring === undefined) {
      throw notFound(`KeyRing ${name}`);
    }
    return ring;
  }

  private key(name: string): Key {
    const key = this.keys.get(name);
    if (key === undefined) {
      throw notFound(`CryptoKey ${name}`);
    }
    return key;
  }

  private version(name: string): Version {
    const found = this.keys.get(parentOf(name))?.versions.find((v) => v.resource.name === name);
    if (found === undefined) {
      throw notFound(`CryptoKeyVersion ${name}`);
    }
    return found;
  }

  private algorithm(version: Version): Algorithm {
    const algorithm = parseAlgorithm(str(version.resource.algorithm));
    if (algorithm === undefined) {
      throw this.context.unsupported(`cloudkms key of algorithm ${str(version.resource.algorithm)}`);
    }
    return algorithm;
  }

  private keyPair(version: Version): Promise<KeyPair> {
    version.keyPair ??= this.keyMaker.make(this.algorithm(version));
    return version.keyPair;
  }

  private createRing(call: Call): Json {
    requireProject(this.context, call.params.project ?? "");
    const name = `${call.name}/${call.query.get("keyRingId") ?? ""}`;
    if (this.rings.has(name)) {
      throw alreadyExists(`KeyRing ${name}`);
    }
    const ring: JsonObject = { name, createTime: now() };
    this.rings.set(name, ring);
    return clone(ring);
  }

  private createKey(call: Call): Json {
    this.ring(ownerOf(call.name));
    const name = `${call.name}/${call.query.get("cryptoKeyId") ?? ""}`;
    if (this.keys.has(name)) {
      throw alreadyExists(`CryptoKey ${name}`);
    }
    const template = obj(call.body.versionTemplate);
    const algorithm = str(template.algorithm);
    if (call.body.purpose === "ASYMMETRIC_SIGN" && !isKmsAlgorithm(algorithm)) {
      throw invalid(`Algorithm ${algorithm || "(none)"} is not valid for purpose ASYMMETRIC_SIGN.`);
    }
    const resource: JsonObject = {
      ...call.body,
      name,
      createTime: now(),
      destroyScheduledDuration: call.body.destroyScheduledDuration ?? "2592000s",
      versionTemplate: { algorithm, protectionLevel: template.protectionLevel ?? "SOFTWARE" },
    };
    this.keys.set(name, { resource, versions: [] });
    if (call.query.get("skipInitialVersionCreation") !== "true") {
      this.createVersion(name);
    }
    return clone(resource);
  }

  private updateKey(call: Call): Json {
    const { resource } = this.key(call.name);
    applyMask(resource, call.body, call.query.get("updateMask") ?? "");
    return clone(resource);
  }

  private listVersions(call: Call): Json {
    const filter = call.query.get("filter") ?? "";
    const state = /^state\s*[:=]\s*"?(\w+)"?$/.exec(filter)?.[1];
    if (filter !== "" && state === undefined) {
      throw this.context.unsupported(`cloudkms filter ${filter}`);
    }
    const all = this.versions(ownerOf(call.name));
    const kept = all.filter((v) => state === undefined || v.state === state);
    return { cryptoKeyVersions: kept, totalSize: kept.length };
  }

  private updateVersion(call: Call): Json {
    const { resource } = this.version(call.name);
    const state = str(call.body.state);
    const changeable = ["ENABLED", "DISABLED"];
    if (!changeable.includes(state)) {
      throw invalid(`The state of a CryptoKeyVersion can be set to ENABLED or DISABLED only, not ${state}.`);
    }
    if (!changeable.includes(str(resource.state))) {
      throw precondition(`${call.name} cannot be updated, current state is: ${str(resource.state)}.`);
    }
    resource.state = state;
    return clone(resource);
  }

  private destroyVersion(call: Call): Json {
    const { resource } = this.version(call.resource);
    if (!["ENABLED", "DISABLED"].includes(str(resource.state))) {
      throw precondition(`${call.resource} cannot be destroyed, current state is: ${str(resource.state)}.`);
    }
    const key = this.key(parentOf(call.resource)).resource;
    resource.state = "DESTROY_SCHEDULED";
    resource.destroyTime = timeAfter(str(key.destroyScheduledDuration));
    return clone(resource);
  }

  private restoreVersion(call: Call): Json {
    const { resource } = this.version(call.resource);
    if (resource.state !== "DESTROY_SCHEDULED") {
      throw precondition(`${call.resource} cannot be restored, current state is: ${str(resource.state)}.`);
    }
    resource.state = "DISABLED";
    resource.destroyTime = undefined;
    return clone(resource);
  }

  private enabled(name: string): Version {
    const version = this.version(name);
    if (version.resource.state !== "ENABLED") {
      throw precondition(`${name} is not enabled, current state is: ${str(version.resource.state)}.`);
    }
    return version;
  }

  private async publicKey(call: Call): Promise<Json> {
    const { resource } = this.enabled(ownerOf(call.name));
    const pem = await this.publicKeyPem(str(resource.name));
    return {
      pem,
      algorithm: resource.algorithm,
      pemCrc32c: crc32c(Buffer.from(pem)),
      name: resource.name,
      protectionLevel: resource.protectionLevel,
      publicKeyFormat: "PEM",
    };
  }

  private async asymmetricSign(call: Call): Promise<Json> {
    const name = call.resource;
    const version = this.enabled(name);
    const { hash } = this.algorithm(version);
    const digest = str(obj(call.body.digest)[hash]);
    if (digest === "") {
      throw invalid(`${str(version.resource.algorithm)} requires a ${hash} digest.`);
    }
    const signature = await this.sign(name, decodeBytes(digest));
    return {
      signature: signature.toString("base64"),
      signatureCrc32c: crc32c(signature),
      verifiedDigestCrc32c: num(call.body.digestCrc32c) > 0,
      name,
      protectionLevel: version.resource.protectionLevel,
    };
  }
}
