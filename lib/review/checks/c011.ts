import type { OrgPolicy } from "../../trust";
import { at } from "../changes";
import type { Facts } from "../facts";
import type { Check, Found } from "../types";

export const c011: Check = {
  id: "C011",
  title: "Policy of the organization loosened",
  severity: "critical",
  effects: ["opens"],
  looksAt: "run.allowedBinaryAuthorizationPolicies, and custom constraints on Binary Authorization",
  mend: "Keep the constraint: it is what stops a team from switching Binary Authorization off.",
  change: ({ after, before }) => {
    const [old, next] = [concerned(before), concerned(after)];
    return [
      ...[...old].flatMap(([name, was]): Found[] => {
        const now = next.get(name);
        const found = { ...at((now ?? was).origin), target: name, before: show(was) };
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

/** The policies about Binary Authorization, and the custom constraints that speak of it. */
function concerned({ model }: Facts): Map<string, OrgPolicy> {
  const custom = model.orgPolicies.flatMap(({ condition, kind, name }) =>
    kind === "custom-constraint" && condition.state === "known" && /binary_?authorization/i.test(condition.value ?? "")
      ? [name.slice(name.lastIndexOf("/") + 1)]
      : [],
  );
  return new Map(
    model.orgPolicies
      .filter(
        ({ name }) => /binaryauthorization/i.test(name) || custom.some((constraint) => name.endsWith(`/${constraint}`)),
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
  const [old, next] = [valuesOf(was), valuesOf(now)];
  const grown = old !== undefined && (next?.some((value) => !old.includes(value) && !old.includes("*")) ?? false);
  return off || grown;
}

function valuesOf({ allowedValues }: OrgPolicy): string[] | undefined {
  return allowedValues.state === "known" && allowedValues.value.every(({ state }) => state === "known")
    ? allowedValues.value.flatMap((value) => (value.state === "known" ? [value.value] : []))
    : undefined;
}

function show({ allowedValues, condition, enforced }: OrgPolicy): string {
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
