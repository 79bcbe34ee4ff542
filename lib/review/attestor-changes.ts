import { at } from "./changes";
import type { AttestorFact, Facts, KeyFact } from "./facts";
import { shown, trustedKmsVersions } from "./facts";
import type { ChangeContext, Inventory } from "./types";

/** An attestor that is there before and after, with its keys by material. */
export interface AttestorChange {
  readonly name: string;
  readonly address?: string;
  readonly before: readonly KeyFact[];
  readonly after: readonly KeyFact[];
  readonly added: readonly KeyFact[];
  readonly removed: readonly KeyFact[];
}

/** The attestors whose keys are known on both sides, as far as their number and material goes. */
export function attestorChanges({ after, before }: ChangeContext): AttestorChange[] {
  return [...after.attestors.values()].flatMap((fact) => {
    const { name, origin } = fact.attestor;
    const was = before.attestors.get(name)?.keys;
    if (was === undefined || fact.keys === undefined) {
      return [];
    }
    const prints = (keys: readonly KeyFact[]) => new Set(keys.map(({ print }) => print));
    const [old, next] = [prints(was), prints(fact.keys)];
    // A key whose material is not known may be any: it makes none of the others new, nor gone.
    const sure = (keys: readonly KeyFact[], others: Set<string | undefined>) =>
      others.has(undefined) ? [] : keys.filter(({ print }) => print !== undefined && !others.has(print));
    return [
      {
        name,
        ...at(origin),
        before: was,
        after: fact.keys,
        added: sure(fact.keys, old),
        removed: sure(was, next),
      },
    ];
  });
}

/** A key in words: the id that signatures name, and the beginning of its fingerprint. */
export function keyName({ key, print }: KeyFact): string {
  const pgp = key.type === "pgp";
  const id =
    key.id.state === "known"
      ? `${pgp ? "the PGP key " : ""}${shortId(key.id.value)}`
      : `a ${pgp ? "PGP key" : "key"} without a known id`;
  const digest = print?.startsWith("ni:///sha-256;") ? ` (SHA-256 ${print.slice("ni:///sha-256;".length, 26)}…)` : "";
  return `${id}${digest}`;
}

function shortId(id: string): string {
  return id.replace(/^\/\/cloudkms\.googleapis\.com\/v1\//, "");
}

/** Whether an attestor carries a version of Cloud KMS, by its id or by its material. */
export function trusts(facts: Facts, version: string): string[] {
  return [...facts.attestors.values()]
    .filter((fact: AttestorFact) => trustedKmsVersions(facts, fact).has(version))
    .map(({ attestor }) => attestor.name);
}

/** How many images that run lose their last attestation of a note; undefined where no inventory says so. */
export function losing(
  inventory: Inventory | undefined,
  note: string | undefined,
  gone: readonly string[],
  left: readonly string[],
): { readonly losing: number; readonly of: number } | undefined {
  if (inventory?.attestations === undefined || note === undefined) {
    return undefined;
  }
  const digests = new Set(inventory.images.flatMap(({ image }) => /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? []));
  const signed = (digest: string, ids: readonly string[]) =>
    inventory.attestations?.some(
      (entry) => entry.note === note && entry.digest === digest && entry.keyIds.some((id) => ids.includes(id)),
    ) ?? false;
  const lost = [...digests].filter((digest) => signed(digest, gone) && !signed(digest, left));
  return { losing: lost.length, of: digests.size };
}

export function idsOf(keys: readonly KeyFact[]): string[] {
  return keys.map(({ key }) => shown(key.id));
}
