import { trustedKmsKeys } from "../facts";
import { reaches } from "../names";
import { powerChanges } from "../power-changes";
import { isGain, signerTransitions } from "../signer-changes";
import type { ChangeContext, Check, Found } from "../types";

export const i002: Check = {
  id: "I002",
  title: "Half of the signing power granted",
  severity: "medium",
  effects: ["opens"],
  looksAt: "grants of using a key of an attestor, or of attaching to its note, to somebody who lacks the other",
  mend: "Grant only what is needed: with the other half, whoever holds this one can make any image pass.",
  change: (context) => [...halves(context), ...loose(context)],
};

function halves(context: ChangeContext): Found[] {
  return signerTransitions(context).flatMap((transition): Found[] => {
    const { address, after, before, newAttestor, signer } = transition;
    const found = { ...(address !== undefined && { address }), target: signer.principal };
    if (isGain(transition) && after === "half") {
      const expected = context.settings.expectedSigners.includes(signer.principal);
      return [
        {
          ...found,
          severity: expected ? "info" : newAttestor ? "low" : "medium",
          message: `${signer.principal} gets one half of what signing for ${signer.attestor} takes: a key, or its note.`,
          after: `half of signing for ${signer.attestor}`,
        },
      ];
    }
    return before === "half" && after === "none"
      ? [
          {
            ...found,
            severity: "info",
            effects: ["narrows"],
            title: "Half of the signing power taken away",
            message: `${signer.principal} holds nothing any more of what signing for ${signer.attestor} takes.`,
            before: `half of signing for ${signer.attestor}`,
          },
        ]
      : [];
  });
}

/** Grants on keys and notes of attestors that are in no file. */
function loose(context: ChangeContext): Found[] {
  const { gained } = powerChanges(context, "sign", "attach");
  const known = [...context.after.attestors.values()].flatMap((fact) => [
    ...trustedKmsKeys(context.after, fact),
    ...(fact.attestor.noteName.state === "known" ? [fact.attestor.noteName.value] : []),
  ]);
  return gained
    .filter(({ on }) => !known.some((thing) => reaches(on, thing)))
    .map(({ on, power, principal }): Found => {
      const expected = context.settings.expectedSigners.includes(principal);
      return {
        ...(power.origin.address !== undefined && { address: power.origin.address }),
        target: principal,
        ...(expected && { severity: "info" as const }),
        message: `${principal} ${power.kind === "sign" ? "can make signatures with" : "can attach attestations to"} ${on}. Which attestor trusts it is not in these files.`,
        after: `${power.kind} on ${on}`,
      };
    });
}
