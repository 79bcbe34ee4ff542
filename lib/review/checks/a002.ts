import { attestorChanges, idsOf, keyName, losing } from "../attestor-changes";
import type { Check } from "../types";

export const a002: Check = {
  id: "A002",
  title: "Key removed from an attestor: its attestations do not count any more",
  severity: "high",
  effects: ["blocks", "narrows"],
  looksAt: "the keys of each attestor, by the fingerprint of their material; with an inventory, what runs",
  mend: "Sign what runs with a key that stays, then remove this one. Pods that run go on; those that are created or moved are refused.",
  change: (context) =>
    attestorChanges(context)
      .filter(({ after }) => after.length > 0)
      .flatMap(({ address, after, name, removed }) =>
        removed.map((key) => {
          const note = context.after.attestors.get(name)?.attestor.noteName;
          const count = losing(
            context.inventory,
            note?.state === "known" ? note.value : undefined,
            idsOf([key]),
            idsOf(after),
          );
          const how =
            count === undefined
              ? "How many images that run lose their last attestation is not known without an inventory."
              : `${count.losing} of ${count.of} images that run lose their last attestation.`;
          return {
            ...(address !== undefined && { address }),
            target: name,
            message: `Attestations signed with ${keyName(key)} do not count any more. ${how}`,
            before: keyName(key),
          };
        }),
      ),
};
