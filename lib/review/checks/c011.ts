import type { OrgPolicy } from "../../trust";
import { at } from "../changes";
import type { Facts } from "../facts";
import type { Check, Found } from "../types";

export const c011: Check = {
  id: "C011",
  title: "Policy of the organization loosened",
  severity: "critical",
  effects: ["opens"],
  looksAt:
    "constraints on Binary Authorization of clusters and Cloud Run, custom ones too, and on signing keys, account keys and identity providers",
  mend: "Keep the constraint: it is what stops a team from switching Binary Authorization off.",
  change: ({ after, before }) => {
    const [old, next] = [concerned(before), concerned(after)];
    return [
      ...[...old].flatMap(([name, was]): Found[] => {
        const now = next.get(name);
        const found = { ...at((now ?? was).origin), target: name, before: show(was), ...weight(name) };
        if (now === undefined) {
          return [
            {
              ...found,
              message: "The constraint is gone: what its parent says holds, or Google's default.",
              after: "none",
            },
          ];
        }
        if (loosened(was, now)) {
          return [{ ...found, message: "The constraint admits more than before.", after: show(now) }];
        }
        if (loosened(now, was)) {
          return [
            {
              ...found,
              severity: "info",
              effects: ["narrows"],
              title: "Policy of the organization tightened",
              message: "The constraint admits less than before.",
              after: show(now),
            },
          ];
        }
        return show(was) === show(now)
          ? []
          : [
              {
                ...found,
                title: "Policy of the organization changed",
                message: "The constraint says something else than before; whether it admits more is not decided here.",
                after: show(now),
                certainty: {
                  state: "undecided",
                  best: "none",
                  worst: "critical",
                  because: "conditions are not compared by what they mean",
                },
              },
            ];
      }),
      ...[...next].flatMap(([name, now]): Found[] =>
        old.has(name)
          ? []
          : overrides(now)
            ? [
                {
                  ...at(now.origin),
                  target: name,
                  ...weight(name),
                  message: "The constraint lets everything through here, whatever the policy above it says.",
                  after: show(now),
                },
              ]
            : [
                {
                  ...at(now.origin),
                  target: name,
                  severity: "info",
                  effects: ["narrows"],
                  title: "Policy of the organization added",
                  message: "The constraint limits what may be set from now on.",
                  after: show(now),
                },
              ],
      ),
    ];
  },
};

/** The API writes it in one word, annotations of Cloud Run with a hyphen; names of custom constraints are short. */
const OURS = /binary[-_]?authorization|binauthz/i;

/** What guards the keys, and who may pose as a signer. */
const AROUND =
  /\/(?:cloudkms\.(?:allowedProtectionLevels|minimumDestroyScheduledDuration|disableBeforeDestroy)|iam\.(?:managed\.)?disableServiceAccountKey(?:Creation|Upload)|iam\.workloadIdentityPoolProviders)$/;

/** Without a constraint around the chain, somebody still has to do something with it. */
function weight(name: string): Pick<Found, "severity"> {
  return OURS.test(name) || !AROUND.test(name) ? {} : { severity: "high" };
}

/** The policies about Binary Authorization, and the custom constraints that speak of it. */
function concerned({ model }: Facts): Map<string, OrgPolicy> {
  const custom = model.orgPolicies.flatMap(({ condition, kind, name }) =>
    kind === "custom-constraint" && condition.state === "known" && OURS.test(condition.value ?? "")
      ? [name.slice(name.lastIndexOf("/") + 1)]
      : [],
  );
  return new Map(
    model.orgPolicies
      .filter(
        ({ name }) =>
          OURS.test(name) || AROUND.test(name) || custom.some((constraint) => name.endsWith(`/${constraint}`)),
      )
      .map((policy) => [policy.name, policy]),
  );
}

function loosened(was: OrgPolicy, now: OrgPolicy): boolean {
  const off =
    was.enforced.state === "known" &&
    was.enforced.value === true &&
    now.enforced.state === "known" &&
    now.enforced.value !== true;
  return off || silent(was, now) || grown(was, now);
}

/** It said something by itself, and leaves it to its parent, or to a dry run, from now on. */
function silent(was: OrgPolicy, now: OrgPolicy): boolean {
  return was.inForce.state === "known" && was.inForce.value && now.inForce.state === "known" && !now.inForce.value;
}

function grown(was: OrgPolicy, now: OrgPolicy): boolean {
  const [old, next] = [valuesOf(was), valuesOf(now)];
  if (old === undefined || next === undefined || silent(now, was)) {
    return false;
  }
  // The least delay is one value, and the shorter one admits more.
  const [days, nextDays] = [leastDelay(old), leastDelay(next)];
  if (days !== undefined && nextDays !== undefined) {
    return nextDays < days;
  }
  return next.some((value) => !old.includes(value) && !old.includes("*"));
}

/** The days of `in:30d`, the one value of a least delay. */
function leastDelay(values: readonly string[]): number | undefined {
  const days = values.map((value) => /^in:([0-9]+)d$/.exec(value)?.[1]);
  return days.length === 0 || days.includes(undefined) ? undefined : Math.min(...days.map(Number));
}

/** A policy that is new, and takes away what the organization or folder above it says. */
function overrides({ allowedValues, enforced, kind }: OrgPolicy): boolean {
  const everything =
    allowedValues.state === "known" &&
    allowedValues.value.some((value) => value.state === "known" && value.value === "*");
  return kind === "policy" && (everything || (enforced.state === "known" && enforced.value === false));
}

function valuesOf({ allowedValues }: OrgPolicy): string[] | undefined {
  return allowedValues.state === "known" && allowedValues.value.every(({ state }) => state === "known")
    ? allowedValues.value.flatMap((value) => (value.state === "known" ? [value.value] : []))
    : undefined;
}

function show({ allowedValues, condition, enforced, inForce }: OrgPolicy): string {
  if (inForce.state === "known" && !inForce.value) {
    return "nothing by itself";
  }
  const values =
    allowedValues.state === "known"
      ? allowedValues.value.map((value) => (value.state === "known" ? value.value : "?"))
      : ["?"];
  const parts = [
    enforced.state !== "known"
      ? "enforced: ?"
      : enforced.value === undefined
        ? ""
        : enforced.value
          ? "enforced"
          : "not enforced",
    values.length > 0 ? `allows ${values.sort().join(", ")}` : "",
    condition.state === "known" ? (condition.value ?? "") : "condition: ?",
  ];
  return parts.filter((part) => part !== "").join("; ") || "allows nothing";
}
