import type { Power } from "../trust";
import { type Facts, shown, trustedKmsKeys } from "./facts";
import { reaches } from "./names";
import type { SigningPower } from "./types";

export interface Signer {
  readonly principal: string;
  readonly attestor: string;
  readonly power: SigningPower;
  /** Whether a condition limits one of the grants. */
  readonly conditional: boolean;
  /** The grants it rests on. */
  readonly by: readonly Power[];
}

/**
 * Who can sign for which attestor: a principal that may use a key it trusts, and attach to its note. Where the files
 * hold nobody at all with one of the two, that half is granted elsewhere, and whether it is complete is not known.
 */
export function signersOf(facts: Facts, allGrants: boolean): Map<string, Signer> {
  const result = new Map<string, Signer>();
  const sign = powersOf(facts, "sign");
  const attach = powersOf(facts, "attach");
  for (const fact of facts.attestors.values()) {
    const { name: attestor, noteName } = fact.attestor;
    const keys = [...trustedKmsKeys(facts, fact)];
    const signing = sign.filter((power) => keys.some((key) => reaches(shown(power.on), key)));
    const attaching =
      noteName.state === "known" ? attach.filter((power) => reaches(shown(power.on), noteName.value)) : [];
    for (const principal of new Set([...signing, ...attaching].map((power) => shown(power.principal)))) {
      const [signs, attaches] = [signing, attaching].map((powers) =>
        powers.filter((power) => shown(power.principal) === principal),
      );
      const missing = signs.length === 0 ? signing : attaching;
      const power: SigningPower =
        signs.length > 0 && attaches.length > 0 ? "full" : missing.length === 0 && !allGrants ? "maybe" : "half";
      const by = [...signs, ...attaches];
      const conditional = [signs, attaches].some((half) => half.length > 0 && half.every((entry) => entry.conditional));
      result.set(JSON.stringify([attestor, principal]), { principal, attestor, power, conditional, by });
    }
  }
  return result;
}

function powersOf(facts: Facts, kind: Power["kind"]): Power[] {
  return [...facts.powers.values()].filter((power) => power.kind === kind);
}
