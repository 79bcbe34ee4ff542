import type { Facts, KeyFact } from "../../review/facts";
import { kmsKeyOfId } from "../../review/names";
import type { Attestor, KeyVersion, Origin } from "../../trust";
import { isFullName } from "../../trust";
import type { Fact, Status } from "../types";
import { fact, inWords, said, shortName } from "../words";
import { type Builder, made } from "./builder";

export const keyId = (name: string) => `key ${name}`;
const attestorId = (name: string) => `attestor ${name}`;

export function addKeysAndAttestors(builder: Builder, facts: Facts): void {
  for (const version of facts.model.keyVersions) {
    builder.add(keyVersionNode(version, facts));
  }
  for (const { attestor, keys } of facts.attestors.values()) {
    const id = builder.add(attestorNode(attestor, keys?.length, facts));
    for (const [index, key] of (keys ?? []).entries()) {
      builder.connect(keyNode(builder, facts, attestor, key, index), id, "chain", "is trusted by");
    }
  }
}

function keyVersionNode({ algorithm, name, origin, protectionLevel, publicKey, state }: KeyVersion, facts: Facts) {
  const { key, location, number, ring } = kmsParts(name);
  const cryptoKey = name.replace(/\/cryptoKeyVersions\/[^/]+$/, "");
  const around = facts.model.cryptoKeys.find((entry) => entry.name === cryptoKey);
  return made({
    id: keyId(name),
    kind: "key",
    title: key,
    subtitle: `version ${number} · ${ring} · ${location}`,
    ...(state.state === "known" && { status: stateOfKey(state.value) }),
    facts: [
      said("Name", name),
      fact("State", state),
      fact("Algorithm", algorithm),
      fact("Protection level", protectionLevel),
      fact("Public key", publicKey, (material) =>
        material.format === "pem" ? material.fingerprint : "text that is no readable key",
      ),
      ...(around
        ? [
            fact("Imported keys only", around.importOnly, (only) =>
              only ? "yes: somebody had the private key" : "no",
            ),
            fact("Destroyed after", around.destroyScheduledDuration),
          ]
        : []),
    ],
    names: [name, cryptoKey],
    origins: [origin],
  });
}

function stateOfKey(state: string): Status {
  return state === "ENABLED" ? { tone: "plain", text: "Enabled" } : { tone: "closed", text: inWords(state) };
}

interface KmsParts {
  readonly key: string;
  readonly number: string;
  readonly ring: string;
  readonly location: string;
}

function kmsParts(name: string): KmsParts {
  const [, location = "", ring = "", key = name, number = "?"] =
    /^projects\/.+\/locations\/(.+)\/keyRings\/(.+)\/cryptoKeys\/(.+)\/cryptoKeyVersions\/(.+)$/.exec(name) ?? [];
  return { key, number, ring, location };
}

/** The node of a key as an attestor carries it: a version of Cloud KMS where its id or its material names one. */
function keyNode(builder: Builder, facts: Facts, { name, origin }: Attestor, keyFact: KeyFact, index: number): string {
  const { key, print } = keyFact;
  const id = key.id.state === "known" ? key.id.value : undefined;
  const version = kmsKeyOfId(id ?? "") ?? facts.model.keyVersions.find((known) => printOf(known) === print)?.name;
  if (version !== undefined) {
    if (builder.has(keyId(version))) {
      return keyId(version);
    }
    const { key: short, location, number, ring } = kmsParts(version);
    return builder.add(
      made({
        id: keyId(version),
        kind: "key",
        title: short,
        subtitle: ring === "" ? "Cloud KMS" : `version ${number} · ${ring} · ${location}`,
        summary: "The attestor names this version; the version itself is not in these files.",
        facts: [said("Name", version), ...attestorKeyFacts(keyFact)],
        names: [version, version.replace(/\/cryptoKeyVersions\/[^/]+$/, "")],
        origins: [origin],
      }),
    );
  }
  const nodeId = keyId(print ?? `${name} ${index}`);
  return builder.add(
    made({
      id: nodeId,
      kind: "key",
      title: id === undefined ? "A key without a known id" : shortName(id),
      subtitle: key.type === "pgp" ? "PGP key" : "Key outside of Cloud KMS",
      facts: attestorKeyFacts(keyFact),
      names: id === undefined ? [] : [id],
      origins: [origin],
    }),
  );
}

function printOf({ publicKey }: KeyVersion): string | undefined {
  // One that is not known equals nothing, not even another that is not known.
  return publicKey.state === "known" && publicKey.value.format === "pem" ? publicKey.value.fingerprint : "";
}

function attestorKeyFacts({ key }: KeyFact): Fact[] {
  return [
    fact("Id in signatures", key.id),
    fact("Algorithm", key.algorithm),
    said("Type", key.type === "pgp" ? "PGP" : "PKIX"),
    fact("Public key", key.material, (material) =>
      material.format === "pem" ? material.fingerprint : "text that is no readable key",
    ),
  ];
}

function attestorNode({ name, noteName, origin, publicKeys }: Attestor, keys: number | undefined, facts: Facts) {
  const note =
    noteName.state === "known" ? facts.model.notes.find((entry) => entry.name === noteName.value) : undefined;
  return made({
    id: attestorId(name),
    kind: "attestor",
    title: shortName(name),
    subtitle: noteName.state === "known" ? `note ${shortName(noteName.value)}` : "note not known",
    status:
      keys === undefined
        ? { tone: "unknown", text: "Keys not known" }
        : keys === 0
          ? { tone: "closed", text: "No key" }
          : { tone: "plain", text: keys === 1 ? "1 key" : `${keys} keys: any of them` },
    summary:
      keys === 0
        ? "Nothing satisfies it: it has no key."
        : "An attestation counts when it is attached to the note and signed with one of the keys.",
    facts: [
      said("Name", name),
      fact("Note", noteName),
      ...(note ? [fact("Name of the note", note.humanReadableName)] : []),
      fact("Keys", publicKeys, (list) => String(list.length)),
    ],
    names: [name, ...(noteName.state === "known" ? [noteName.value] : [])],
    origins: [origin, ...(note ? [note.origin] : [])],
  });
}

/** An attestor that a rule names and nothing describes. */
export function unseenAttestor(builder: Builder, name: string, origin: Origin): string {
  const id = attestorId(name);
  return builder.has(id)
    ? id
    : builder.add(
        made({
          id,
          kind: "attestor",
          title: isFullName(name) ? shortName(name) : "An attestor",
          subtitle: "not in these files",
          status: { tone: "unknown", text: "Keys not known" },
          summary: "A rule requires it. Its note and keys are not in these files.",
          facts: [said("Name", name)],
          names: [name],
          origins: [origin],
        }),
      );
}
