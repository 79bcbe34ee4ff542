import { attestorChanges, keyName } from "../attestor-changes";
import type { Check } from "../types";

export const a001: Check = {
  id: "A001",
  title: "Key added to an attestor: whoever holds it may sign",
  severity: "high",
  effects: ["opens"],
  looksAt: "the keys of each attestor, by the fingerprint of their material",
  mend: "Make sure who holds the private half, and that it is the new version of a key you know.",
  change: (context) =>
    attestorChanges(context).flatMap(({ added, address, name }) =>
      added.map((key) => ({
        ...(address !== undefined && { address }),
        target: name,
        message: `One key of an attestor is enough: from now on, signatures of ${keyName(key)} count as well.`,
        after: keyName(key),
      })),
    ),
};
