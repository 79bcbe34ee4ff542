import { review } from "../../lib/review/engine";
import type { Finding } from "../../lib/review/types";
import { readPlan } from "../../lib/trust";
import expected from "../fixtures/real-plans/expected.json";
import { INVENTORIES, REAL_PLAN_NAMES, recordedPlan } from "../support/real-plans";

/** Address and target are compared where the expectation names them. */
type Expected = Pick<Finding, "id" | "severity" | "effects"> &
  Partial<Pick<Finding, "address" | "target">> & { readonly certainty?: string; readonly why?: string };

const EXPECTED = expected as unknown as Record<string, readonly Expected[]>;

function matches(finding: Finding, wanted: Expected): boolean {
  const { address, certainty = "decided", effects, id, severity, target } = wanted;
  return (
    finding.id === id &&
    finding.severity === severity &&
    finding.certainty.state === certainty &&
    [...finding.effects].sort().join() === [...effects].sort().join() &&
    (address === undefined || finding.address === address) &&
    (target === undefined || finding.target === target)
  );
}

test.each(REAL_PLAN_NAMES)("%s: the findings that were derived by hand, and no others", (name) => {
  const inventory = INVENTORIES[name];
  const { findings } = review({
    plans: [{ plan: readPlan("plan.json", recordedPlan(name)) }],
    ...(inventory && { inventory }),
  });
  const left = [...findings];
  const missing = EXPECTED[name].filter((wanted) => {
    const index = left.findIndex((finding) => matches(finding, wanted));
    return index < 0 || left.splice(index, 1).length === 0;
  });
  const short = left.map(({ address, certainty, effects, id, message, severity, target }) => {
    return { id, severity, effects, address, target, certainty: certainty.state, message };
  });
  expect({ missing, unexpected: short }).toEqual({ missing: [], unexpected: [] });
});

test("every plan has expectations, and was planned by the provider", () => {
  expect(Object.keys(EXPECTED).filter((name) => name !== "//")).toEqual(REAL_PLAN_NAMES);
  for (const name of REAL_PLAN_NAMES) {
    const { errored, resource_changes: changes, terraform_version: version } = recordedPlan(name);
    expect({ errored, version }).toEqual({ errored: false, version: "1.11.4" });
    const providers = changes.map(({ provider_name: provider }: { provider_name: string }) => provider);
    expect(new Set(providers)).toEqual(new Set(["registry.terraform.io/hashicorp/google"]));
  }
});
