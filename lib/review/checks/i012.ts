import type { Value } from "../../trust";
import { at } from "../changes";
import type { Facts } from "../facts";
import { shown } from "../facts";
import type { Check, Found, Severity } from "../types";

export const i012: Check = {
  id: "I012",
  title: "Grant on a trust object is not known before the apply",
  severity: "critical",
  effects: ["blind"],
  looksAt:
    "principals, roles and policies of IAM that are unknown or behind a reference; custom roles that no file defines",
  mend: "Write members and roles as literals, or make what they refer to first, in an apply of its own.",
  change: ({ after, before }) => {
    const already = new Set(open(before).map(({ address }) => address));
    const held = new Set(undefinedRoles(before).map(grantOf));
    return [
      ...open(after).filter(({ address }) => !already.has(address)),
      ...undefinedRoles(after).filter((found) => !held.has(grantOf(found))),
    ];
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

/** Custom roles are what their owner says: of one that no file defines, nobody knows what it lets its holder do. */
function undefinedRoles({ model }: Facts): Found[] {
  return model.powers
    .filter(({ kind, on, principal, role }) => kind === "unknown" && isCustom(role) && [on, principal].every(isKnown))
    .map((power) => {
      const [role, on, principal] = [power.role, power.on, power.principal].map(shown);
      // On a whole project, most custom roles have nothing to do with the chain.
      const worst: Severity = /^(?:projects|folders|organizations)\/[^/]+$/.test(on)
        ? "medium"
        : worstOf("unknown", on);
      return {
        ...at(power.origin),
        target: on,
        severity: worst,
        title: "Custom role that no file defines",
        message: `${principal} holds ${role} on ${on}. What the role permits is in none of these files.`,
        mend: "Hand in the configuration or the state that defines the role (--context), or grant a predefined one.",
        after: `${role} to ${principal}`,
        certainty: {
          state: "undecided" as const,
          best: "none" as const,
          worst,
          because: "the permissions of the role are in no file",
        },
      };
    });
}

function grantOf({ after, target }: Found): string {
  return JSON.stringify([target, after]);
}

function isCustom(role: Value<string>): boolean {
  return role.state === "known" && /^(?:projects|organizations)\/[^/]+\/roles\//.test(role.value);
}

function isKnown({ state }: Value<string>): boolean {
  return state === "known";
}

/** What the worst principal or role there could do. */
function worstOf(kind: string, on: string): Severity {
  if (kind === "push") {
    return "high";
  }
  return kind === "none" || /\/repositories\//.test(on) ? "medium" : "critical";
}
