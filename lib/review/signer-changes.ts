import { principalKind } from "./power-changes";
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
    if (signer === undefined || before === after || principalKind(signer.principal) === undefined) {
      return [];
    }
    const gained = RANK.indexOf(after) > RANK.indexOf(before);
    const [more, less] = gained ? [now, was] : [was, now];
    const held = new Set((less?.by ?? []).map(({ kind, on }) => JSON.stringify([kind, on])));
    const grant = more?.by.find(({ kind, on }) => !held.has(JSON.stringify([kind, on]))) ?? more?.by[0];
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

export function isGain({ after, before }: SignerTransition): boolean {
  return RANK.indexOf(after) > RANK.indexOf(before);
}
