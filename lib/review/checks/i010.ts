import type { Power } from "../../trust";
import { at, changesOf } from "../changes";
import type { Facts } from "../facts";
import { shown } from "../facts";
import type { Check, Found } from "../types";

const VERIFIES = [
  "roles/binaryauthorization.attestorsVerifier",
  "roles/binaryauthorization.serviceAgent",
  "roles/containeranalysis.notes.occurrences.viewer",
  "roles/containeranalysis.occurrences.viewer",
];

export const i010: Check = {
  id: "I010",
  title: "Binary Authorization loses its access to an attestor or a note",
  severity: "high",
  effects: ["blocks"],
  looksAt: "who may verify with attestors and list the attestations of notes; authoritative bindings and policies",
  mend: "Grant with _iam_member, one member each: a binding or policy takes away what it does not name.",
  change: (context) => {
    const { after, before } = context;
    const next = new Set(verifiers(after).map(keyOf));
    const lost = verifiers(before).filter((power) => !next.has(keyOf(power)));
    const authoritative = changesOf(
      context,
      "google_binary_authorization_attestor_iam_binding",
      "google_binary_authorization_attestor_iam_policy",
      "google_container_analysis_note_iam_binding",
      "google_container_analysis_note_iam_policy",
    ).filter(({ actions }) => actions.includes("create"));
    return [
      ...lost.map(
        (power): Found => ({
          ...at(power.origin),
          target: shown(power.principal),
          message: `${shown(power.principal)} loses ${shown(power.role)} on ${shown(power.on)}. Where its clusters rely on that, everything that needs the attestation is refused.`,
          before: `${shown(power.role)} on ${shown(power.on)}`,
        }),
      ),
      ...authoritative.flatMap((change): Found[] => {
        const grants = after.model.powers.filter(({ origin }) => origin.address === change.address);
        const policy = change.type.endsWith("_policy");
        const concerned = policy || grants.some(({ role }) => VERIFIES.includes(shown(role)));
        return grants.length === 0 || !concerned || grants.some((power) => isAgent(power))
          ? []
          : [
              {
                address: change.address,
                target: shown(grants[0].on),
                title: "Authoritative grant without the agent of Binary Authorization",
                message: `It takes away what others hold ${policy ? "on" : "of this role on"} ${shown(grants[0].on)}, and does not name the agent of Binary Authorization (service-NUMBER@gcp-sa-binaryauthorization.iam.gserviceaccount.com).`,
                after: grants.map(({ principal }) => shown(principal)).join(", "),
                certainty: {
                  state: "undecided",
                  best: "none",
                  worst: "high",
                  because: "what was granted there before is not in these files",
                },
              },
            ];
      }),
    ];
  },
};

function verifiers({ model }: Facts): Power[] {
  return model.powers.filter(
    (power) =>
      VERIFIES.includes(shown(power.role)) && (isAgent(power) || shown(power.role).includes("attestorsVerifier")),
  );
}

function isAgent({ principal }: Power): boolean {
  return /@gcp-sa-binaryauthorization\.iam\.gserviceaccount\.com$/.test(shown(principal));
}

function keyOf({ on, principal, role }: Power): string {
  return JSON.stringify([shown(principal), shown(role), shown(on)]);
}
