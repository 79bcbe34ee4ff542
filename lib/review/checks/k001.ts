import { trusts } from "../attestor-changes";
import { at, changesOf, isDeleted, wasAt } from "../changes";
import type { Facts } from "../facts";
import type { Check, Found } from "../types";

export const k001: Check = {
  id: "K001",
  title: "Key version disabled or destroyed while it is trusted: signing stops",
  severity: "high",
  effects: ["blocks"],
  looksAt: "the state of key versions, and versions that are deleted, against the keys of attestors",
  mend: "Let the signers use another version first. Attestations that were made go on counting: only removing the key from the attestor ends that.",
  change: (context) => [
    ...context.after.model.keyVersions.flatMap((version): Found[] => {
      const was = context.before.model.keyVersions.find(({ name }) => name === version.name);
      const stops =
        was?.state.state === "known" &&
        was.state.value === "ENABLED" &&
        version.state.state === "known" &&
        version.state.value !== "ENABLED";
      return stops
        ? stopping(
            context.after,
            version.name,
            at(version.origin),
            version.state.state === "known" ? version.state.value : "?",
          )
        : [];
    }),
    ...changesOf(context, "google_kms_crypto_key_version")
      .filter(isDeleted)
      .flatMap((change) => {
        const was = wasAt(context.before, "keyVersions", change);
        return was === undefined
          ? []
          : stopping(context.after, was.name, { address: change.address }, "DESTROY_SCHEDULED");
      }),
  ],
  state: ({ after }) =>
    after.model.keyVersions.flatMap((version) => {
      const by = trusts(after, version.name);
      return by.length > 0 && version.state.state === "known" && version.state.value !== "ENABLED"
        ? [
            {
              ...at(version.origin),
              target: version.name,
              severity: "low" as const,
              title: "An attestor trusts a key version that cannot sign",
              message: `${by.join(", ")} trust it: what it signed counts, and nothing new can be signed with it.`,
              after: version.state.value,
            },
          ]
        : [];
    }),
};

/** Nothing where every attestor is known and none carries the version: then it may go. */
function stopping(facts: Facts, name: string, place: { readonly address?: string }, state: string): Found[] {
  const by = trusts(facts, name);
  const seen = facts.attestors.size > 0 && [...facts.attestors.values()].every(({ keys }) => keys !== undefined);
  if (by.length === 0 && seen) {
    return [];
  }
  return [
    {
      ...place,
      target: name,
      message: `Nothing can be signed with it any more; what it signed goes on counting. ${
        by.length > 0 ? `${by.join(", ")} trust it.` : "Which attestor trusts it is not in these files."
      }`,
      before: "ENABLED",
      after: state,
    },
  ];
}
