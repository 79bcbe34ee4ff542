import { at } from "../changes";
import type { Facts } from "../facts";
import { shown } from "../facts";
import type { Check, Found, Severity } from "../types";

export const i012: Check = {
  id: "I012",
  title: "Grant on a trust object is not known before the apply",
  severity: "critical",
  effects: ["blind"],
  looksAt: "principals, roles and policies of IAM that are unknown or behind a reference",
  mend: "Write members and roles as literals, or make what they refer to first, in an apply of its own.",
  change: ({ after, before }) => {
    const already = new Set(open(before).map(({ address }) => address));
    return open(after).filter(({ address }) => !already.has(address));
  },
};

function open({ model }: Facts): Found[] {
  return model.powers
    .filter(
      ({ on, principal, role }) => [principal, role].some(({ state }) => state !== "known") || on.state === "unknown",
    )
    .filter(({ kind, role }) => kind !== "none" || role.state !== "known")
    .map((power) => {
      const what = (["principal", "role", "on"] as const).filter((field) => power[field].state !== "known");
      const worst = worstOf(power.kind, shown(power.on));
      return {
        ...at(power.origin),
        target: shown(power.on),
        severity: worst,
        message: `Of the grant of ${shown(power.role)} to ${shown(power.principal)}, ${what.join(" and ")} ${what.length > 1 ? "are" : "is"} not known: at worst it is anybody.`,
        after: `${shown(power.role)} to ${shown(power.principal)}`,
        certainty: {
          state: "undecided" as const,
          best: "none" as const,
          worst,
          because: `${what.join(" and ")} of a grant ${what.length > 1 ? "are" : "is"} known only after the apply, or behind a reference`,
        },
      };
    });
}

/** What the worst principal or role there could do. */
function worstOf(kind: string, on: string): Severity {
  if (kind === "push") {
    return "high";
  }
  return kind === "none" || /\/repositories\//.test(on) ? "medium" : "critical";
}
