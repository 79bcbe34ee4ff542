import { shown } from "../facts";
import { powerChanges, principalKind } from "../power-changes";
import type { Check, Found } from "../types";

const KINDS = ["sign", "attach", "edit-attestor", "edit-policy", "grant", "act-as", "push"] as const;

export const i006: Check = {
  id: "I006",
  title: "Public, domain or group member on a trust object",
  severity: "high",
  effects: ["opens"],
  looksAt: "members that are everybody, a domain, a group or a set of principals, with a power over the chain of trust",
  mend: "Name single service accounts: who else is behind such a member is in no file.",
  change: (context) => {
    const { gained } = powerChanges(context, ...KINDS);
    return gained.flatMap(({ on, power, principal }): Found[] => {
      const kind = principalKind(principal);
      if (kind !== "public" && kind !== "many") {
        return [];
      }
      return [
        {
          ...(power.origin.address !== undefined && { address: power.origin.address }),
          target: principal,
          severity: kind === "public" ? "critical" : "high",
          message: `${principal} ${kind === "public" ? "is everybody" : "stands for many"}, and holds ${shown(power.role)} on ${on}.`,
          after: `${shown(power.role)} on ${on}`,
        },
      ];
    });
  },
  state: ({ after }) =>
    after.model.powers
      .filter(
        ({ kind, principal }) => kind !== "none" && kind !== "unknown" && principalKind(shown(principal)) === "public",
      )
      .map((power) => ({
        ...(power.origin.address !== undefined && { address: power.origin.address }),
        target: shown(power.principal),
        severity: "critical",
        message: `${shown(power.principal)} is everybody, and holds ${shown(power.role)} on ${shown(power.on)}.`,
        after: `${shown(power.role)} on ${shown(power.on)}`,
      })),
};
