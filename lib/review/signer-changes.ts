import type { Power } from "../trust";
import { type Signer, signersOf } from "./signers";
import type { ChangeContext, SigningPower } from "./types";

export interface SignerTransition {
  readonly signer: Signer;
  readonly before: SigningPower;
  readonly after: SigningPower;
  /** The grant that is new, or that is gone. */
  readonly address?: string;
  /** Whether the attestor is new as well. */
  readonly newAttestor: boolean;
}

const RANK: readonly SigningPower[] = ["none", "half", "maybe", "full"];

/** Who can sign for which attestor, where that changes. */
export function signerTransitions(context: ChangeContext): SignerTransition[] {
  const [old, next] = [signersOf(context.before, context.allGrants), signersOf(context.after, context.allGrants)];
  return [...new Set([...old.keys(), ...next.keys()])].flatMap((key) => {
    const [was, now] = [old.get(key), next.get(key)];
    const [before, after] = [was?.power ?? "none", now?.power ?? "none"];
    const signer = now ?? was;
    const gained = RANK.indexOf(after) > RANK.indexOf(before);
    const [more, less] = gained ? [now, was] : [was, now];
    const held = new Set(less?.by.map(what));
    // What others get or lose makes no difference to what a principal can do.
    // Of grants to nobody knows whom I012 speaks: two of them need not be of one principal.
    const nameless = signer?.by.every(({ principal }) => principal.state === "unknown");
    if (signer === undefined || nameless || before === after || more?.by.every((power) => held.has(what(power)))) {
      return [];
    }
    const grant = more?.by.find((power) => !held.has(what(power))) ?? more?.by[0];
    const address = grant?.origin.address;
    return [
      {
        signer,
        before,
        after,
        ...(address !== undefined && { address }),
        newAttestor: !context.before.attestors.has(signer.attestor),
      },
    ];
  });
}

function what({ kind, on }: Power): string {
  return JSON.stringify([kind, on]);
}

export function isGain({ after, before }: SignerTransition): boolean {
  return RANK.indexOf(after) > RANK.indexOf(before);
}
