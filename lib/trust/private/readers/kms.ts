import { SigningAlgorithm } from "../../../vocabulary/signing-algorithm";
import { type CryptoKey, type KeyMaterial, type KeyVersion, known, type Value } from "../../model";
import { keyMaterial } from "../key-material";
import { inName, kmsName } from "../names";
import { behind, type Resource, type Surroundings } from "../resource";
import { chainValue, mapValue } from "../values";

const KEY = ["locations", "keyRings", "cryptoKeys"];

/** The versions that are managed, and those that a data source looks up. */
export function readKeyVersions(around: Surroundings): KeyVersion[] {
  const keys = around.ofType("google_kms_crypto_key").map((key) => ({ key, name: keyName(key) }));
  return around
    .ofType("google_kms_crypto_key_version")
    .map((resource) => readKeyVersion(resource, (name) => keys.find((entry) => entry.name === name)?.key));
}

/** The keys that are managed: what holds for all their versions. */
export function readCryptoKeys(around: Surroundings): CryptoKey[] {
  return around
    .ofType("google_kms_crypto_key")
    .filter(({ mode }) => mode === "managed")
    .map((resource) => {
      const { block } = resource;
      const ring = inName(block.text("key_ring"), resource, "key_ring");
      const template = block.block("version_template");
      const ofTemplate = (attribute: string): Value<string> =>
        chainValue(template, (inner) => inner?.text(attribute) ?? behind(resource, `version_template[0].${attribute}`));
      return {
        name: keyName(resource) ?? `${ring}/cryptoKeys/${inName(block.text("name"), resource, "name")}`,
        purpose: block.text("purpose") ?? known("ENCRYPT_DECRYPT"),
        algorithm: mapValue(ofTemplate("algorithm"), kmsAlgorithm),
        protectionLevel: ofTemplate("protection_level"),
        importOnly: block.flag("import_only") ?? known(false),
        // https://docs.cloud.google.com/kms/docs/create-key (30 days where nothing is set)
        destroyScheduledDuration: block.text("destroy_scheduled_duration") ?? known("2592000s"),
        origin: resource.origin,
      };
    });
}

function keyName(key: Resource): string | undefined {
  const id = key.block.text("id");
  if (id?.state === "known") {
    return id.value;
  }
  const ring = key.block.text("key_ring");
  const name = key.block.text("name");
  return ring?.state === "known" && name?.state === "known" ? `${ring.value}/cryptoKeys/${name.value}` : undefined;
}

function readKeyVersion(resource: Resource, keyOf: (name: string) => Resource | undefined): KeyVersion {
  const { block, mode } = resource;
  const cryptoKey = block.text("crypto_key");
  const project = resource.defaults.project ?? behind(resource, "project");
  const keyFullName = cryptoKey && chainValue(cryptoKey, (id) => kmsName(id, KEY, project));
  const key = keyFullName?.state === "known" ? keyOf(keyFullName.value) : undefined;
  const template = key?.block.block("version_template");
  const ofTemplate = (attribute: string): Value<string> | undefined =>
    template?.state === "known" ? template.value?.text(attribute) : undefined;
  // Only what Terraform makes follows the template: a version that is looked up may be older than it.
  const made = mode === "managed";
  return {
    name: versionName(resource, keyFullName),
    state: block.text("state") ?? behind(resource, "state"),
    algorithm: mapValue(
      block.text("algorithm") ??
        publicKeyText(resource, "algorithm") ??
        (made ? ofTemplate("algorithm") : undefined) ??
        behind(resource, "algorithm"),
      kmsAlgorithm,
    ),
    protectionLevel:
      block.text("protection_level") ??
      (made ? ofTemplate("protection_level") : undefined) ??
      behind(resource, "protection_level"),
    publicKey: publicKey(resource),
    origin: resource.origin,
  };
}

function versionName(resource: Resource, key: Value<string> | undefined): string {
  const { block } = resource;
  for (const attribute of ["name", "id"]) {
    const text = block.text(attribute);
    if (text?.state === "known") {
      return text.value.replace(/^\/\/cloudkms\.googleapis\.com\/v1\//, "");
    }
  }
  const number = resource.mode === "data" ? (block.text("version") ?? known("1")) : undefined;
  return `${inName(key, resource, "crypto_key")}/cryptoKeyVersions/${inName(number, resource, "name")}`;
}

function publicKeyText(resource: Resource, attribute: string): Value<string> | undefined {
  const blocks = resource.block.blocks("public_key");
  return blocks.state === "known" ? blocks.value[0]?.text(attribute) : blocks;
}

function publicKey(resource: Resource): Value<KeyMaterial> {
  return mapValue(publicKeyText(resource, "pem") ?? behind(resource, "public_key"), keyMaterial);
}

function kmsAlgorithm(name: string): string {
  return SigningAlgorithm._named(name)?.kmsName ?? name;
}
