import { attestorChanges, idsOf, keyName } from "../attestor-changes";
import type { KeyFact } from "../facts";
import type { Check } from "../types";

export const a004: Check = {
  id: "A004",
  title: "Key keeps its material and loses its id: its attestations do not count any more",
  severity: "critical",
  effects: ["blocks", "blind"],
  looksAt: "the ids of the keys of each attestor, by the fingerprint of their material",
  mend: "Write the id of every key. The provider gives a key without one the id of the key that had its place in the list.",
  change: (context) =>
    attestorChanges(context).flatMap(({ address, after, before, name }) =>
      before.flatMap((old) => {
        const next = after.filter(({ print }) => print !== undefined && print === old.print);
        const ids = idsOf(next);
        if (next.length === 0 || !known([old]) || ids.includes(idsOf([old])[0])) {
          return [];
        }
        if (!known(next)) {
          return [
            {
              ...(address !== undefined && { address }),
              target: name,
              title: "Key keeps its material, and its id is not known",
              message: `Signatures name the id of their key, and it has to match exactly. Whether the key is still ${idsOf([old])[0]} is not known: if not, its attestations do not count any more.`,
              before: keyName(old),
              after: next.map(keyName).join(", "),
              certainty: {
                state: "undecided" as const,
                best: "none" as const,
                worst: "critical" as const,
                because: "the id of a key is known only after the apply",
              },
            },
          ];
        }
        return [
          {
            ...(address !== undefined && { address }),
            target: name,
            message: `Signatures name the id of their key, and it has to match exactly. Those that name ${idsOf([old])[0]} do not count any more, though the key stays, as ${ids.join(", ")}.`,
            before: keyName(old),
            after: next.map(keyName).join(", "),
          },
        ];
      }),
    ),
};

function known(keys: readonly KeyFact[]): boolean {
  return keys.every(({ key }) => key.id.state === "known");
}
