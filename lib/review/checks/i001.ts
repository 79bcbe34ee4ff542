import { principalKind } from "../power-changes";
import { isGain, type SignerTransition, signerTransitions } from "../signer-changes";
import type { ChangeContext, Check, Found, Severity } from "../types";

export const i001: Check = {
  id: "I001",
  title: "New principal can sign",
  severity: "high",
  effects: ["opens"],
  looksAt: "who may use a key of an attestor and attach to its note, by the grants in these files",
  mend: "Let only the pipeline's service account sign, on one key and one note.",
  change: (context) =>
    signerTransitions(context).flatMap((transition) => {
      const complete = (power: string) => power === "full" || power === "maybe";
      if (isGain(transition) && complete(transition.after)) {
        return [gained(context, transition)];
      }
      return !isGain(transition) && complete(transition.before) ? [lost(context, transition)] : [];
    }),
};

function gained({ allGrants, settings }: ChangeContext, transition: SignerTransition): Found {
  const { after, before, newAttestor, signer } = transition;
  const expected = settings.expectedSigners.includes(signer.principal);
  const severity = expected ? "info" : newAttestor ? "low" : severityOf(signer.principal);
  const sure = after === "full";
  return {
    ...placeOf(transition),
    severity,
    message: sure
      ? `${allGrants ? "By all grants" : "By the grants in these files"}, ${signer.principal} can use a key that ${signer.attestor} trusts and attach to its note${signer.conditional ? ", under a condition" : ""}: it can make any image pass.`
      : `${signer.principal} gets one half of what signing for ${signer.attestor} takes. Who holds the other half is not in these files.`,
    before: words(before),
    after: words(after),
    ...(!sure && {
      certainty: {
        state: "undecided",
        best: expected || newAttestor ? "info" : "medium",
        worst: severity,
        because: "who else may use the key or attach to the note is not in these files",
      },
    }),
  };
}

function lost({ allGrants }: ChangeContext, transition: SignerTransition): Found {
  const { after, before, signer } = transition;
  return {
    ...placeOf(transition),
    title: "Principal can no longer sign",
    severity: "info",
    effects: ["narrows"],
    message: `${allGrants ? "By all grants" : "By the grants in these files"}, ${signer.principal} can no longer sign for ${signer.attestor}. What it signed goes on counting.`,
    before: words(before),
    after: words(after),
    ...(before === "maybe" && {
      certainty: {
        state: "undecided",
        best: "info",
        worst: "info",
        because: "whether it could sign before is not in these files",
      },
    }),
  };
}

function placeOf({ address, signer }: SignerTransition): Pick<Found, "address" | "target"> {
  return { ...(address !== undefined && { address }), target: signer.principal };
}

function severityOf(principal: string): Severity {
  return principalKind(principal) === "account" ? "high" : "critical";
}

function words(power: SignerTransition["before"]): string {
  return {
    full: "can sign",
    maybe: "holds one half; the other is in no file",
    half: "holds one half",
    none: "cannot sign",
  }[power];
}
