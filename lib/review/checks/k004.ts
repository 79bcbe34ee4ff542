import { at } from "../changes";
import { shown } from "../facts";
import type { Check } from "../types";
import { pairs } from "./k003";

export const k004: Check = {
  id: "K004",
  title: "Purpose or algorithm of a signing key changed",
  severity: "medium",
  effects: ["blocks"],
  looksAt: "purpose and version template of keys",
  mend: "Make a new key for another algorithm. Changing it here holds for new versions only, and their public key is in no attestor yet.",
  change: ({ after, before }) =>
    pairs(before.model.cryptoKeys, after.model.cryptoKeys).flatMap(([was, next]) =>
      (["purpose", "algorithm"] as const)
        .filter(
          (field) =>
            was[field].state === "known" && next[field].state === "known" && shown(was[field]) !== shown(next[field]),
        )
        .map((field) => ({
          ...at(next.origin),
          target: next.name,
          message:
            field === "purpose"
              ? "A key of another purpose is another key: the old one is destroyed with all its versions."
              : "Versions that are made from now on have the new algorithm; those that are there keep theirs.",
          before: shown(was[field]),
          after: shown(next[field]),
        })),
    ),
};
