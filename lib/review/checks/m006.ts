import type { Plan } from "../../trust";
import type { Check, Found } from "../types";

/** The major version whose behaviour the checks were written for. */
const TESTED = "6";

export const m006: Check = {
  id: "M006",
  title: "Provider outside of the range that was tested",
  severity: "low",
  effects: ["blind"],
  looksAt: "the version of the google providers in the lock file, or else their constraints in the configuration",
  mend: "Read what changed in the provider: what these checks know of its behaviour is of google 6.50.",
  change: ({ locked, plans }) => plans.flatMap((plan) => outside(plan, locked)),
};

function outside({ providers, source }: Plan, locked: ReadonlyMap<string, readonly string[]>): Found[] {
  return providers
    .filter(({ name }) => /(?:^|\/)google(?:-beta)?$/.test(name))
    .flatMap(({ name, versionConstraint }): Found[] => {
      const versions = locked.get(name);
      const other = versions ? versions.filter((version) => !fits(version)) : [versionConstraint].filter(isOutside);
      return other.map((version) => ({
        source,
        target: name,
        message: versions
          ? `The lock file has ${name} ${version}.`
          : `The configuration asks for ${name} ${version}; which version that is, the lock file says (--lock).`,
        after: version,
      }));
    });
}

function isOutside(constraint: string | undefined): constraint is string {
  return !fits(constraint);
}

/** No constraint says nothing. Of one, every number in it has the major version that was tested. */
function fits(constraint: string | undefined): boolean {
  const majors = constraint
    ?.split(",")
    .flatMap((part) => (/^\s*(?:!=|<)/.test(part) ? [] : (/(\d+)/.exec(part)?.[1] ?? [])));
  return majors === undefined || majors.every((major) => major === TESTED);
}
