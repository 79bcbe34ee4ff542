import type { Plan } from "../../trust";
import type { Check, Found } from "../types";

/** The major version whose behaviour the checks were written for. */
const TESTED = "6";

export const m006: Check = {
  id: "M006",
  title: "Provider outside of the range that was tested",
  severity: "low",
  effects: ["blind"],
  looksAt: "the version constraints of the google providers in the configuration",
  mend: "Read what changed in the provider: what these checks know of its behaviour is of google 6.50.",
  change: ({ plans }) => plans.flatMap(outside),
};

function outside({ providers, source }: Plan): Found[] {
  return providers
    .filter(({ name, versionConstraint }) => /(?:^|\/)google(?:-beta)?$/.test(name) && !fits(versionConstraint))
    .map(({ name, versionConstraint }) => ({
      source,
      target: name,
      message: `The configuration asks for ${name} ${versionConstraint}.`,
      after: versionConstraint ?? "any version",
    }));
}

/** No constraint says nothing. Of one, every number in it has the major version that was tested. */
function fits(constraint: string | undefined): boolean {
  const majors = constraint
    ?.split(",")
    .flatMap((part) => (/^\s*(?:!=|<)/.test(part) ? [] : (/(\d+)/.exec(part)?.[1] ?? [])));
  return majors === undefined || majors.every((major) => major === TESTED);
}
