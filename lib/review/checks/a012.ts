import { keyName } from "../attestor-changes";
import { at } from "../changes";
import type { Facts } from "../facts";
import type { Check, Found } from "../types";

export const a012: Check = {
  id: "A012",
  title: "One key in two attestors: one signer counts as two",
  severity: "high",
  effects: ["opens"],
  looksAt: "the fingerprints of the keys of all attestors",
  mend: "Give each attestor a key of its own, with a signer of its own: that a rule requires two of them is worth nothing else.",
  change: ({ after, before }) => {
    const already = new Set(shared(before).map(({ key }) => key));
    return shared(after).flatMap(({ found, key }) => (already.has(key) ? [] : [found]));
  },
  state: ({ after }) => shared(after).map(({ found }) => found),
};

function shared({ attestors }: Facts): { readonly key: string; readonly found: Found }[] {
  const byPrint = new Map<string, string>();
  return [...attestors.values()].flatMap(({ attestor, keys }) =>
    (keys ?? []).flatMap((entry) => {
      const other = entry.print === undefined ? undefined : byPrint.get(entry.print);
      if (entry.print !== undefined && other === undefined) {
        byPrint.set(entry.print, attestor.name);
      }
      return other === undefined || other === attestor.name
        ? []
        : [
            {
              key: JSON.stringify([attestor.name, other, entry.print]),
              found: {
                ...at(attestor.origin),
                target: attestor.name,
                message: `${keyName(entry)} is a key of ${other} as well.`,
                after: keyName(entry),
              },
            },
          ];
    }),
  );
}
