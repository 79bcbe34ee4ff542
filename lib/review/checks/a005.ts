import { attestorChanges, idsOf, keyName } from "../attestor-changes";
import type { Check } from "../types";

export const a005: Check = {
  id: "A005",
  title: "Another key takes an id that signatures already name",
  severity: "critical",
  effects: ["opens", "blocks"],
  looksAt: "the fingerprint of the key under each id of an attestor",
  mend: "Add the new key under an id of its own, and remove the old one when nothing needs it any more.",
  change: (context) =>
    attestorChanges(context).flatMap(({ added, address, before, name }) =>
      added.flatMap((key) => {
        const [id] = idsOf([key]);
        const old = before.find((other) => idsOf([other])[0] === id && other.key.id.state === "known");
        return old === undefined || old.print === undefined
          ? []
          : [
              {
                ...(address !== undefined && { address }),
                target: name,
                message: `Under the id ${id} there is another key now: whoever holds it may sign, and what the old one signed under this id does not count any more.`,
                before: keyName(old),
                after: keyName(key),
              },
            ];
      }),
    ),
};
