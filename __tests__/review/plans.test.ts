import { review } from "../../lib/review/engine";
import type { Finding } from "../../lib/review/types";
import { readPlan } from "../../lib/trust";
import expected from "../fixtures/review/expected.json";
import { PLAN_NAMES, planJson } from "../trust/support";

type Expected = Pick<Finding, "id" | "severity" | "effects" | "address" | "target"> & { readonly certainty?: string };

const EXPECTED = expected as unknown as Record<string, readonly (Expected & { readonly why?: string })[]>;

/** What of a finding was derived by hand. */
const short = ({ address, certainty, effects, id, severity, target }: Finding): Expected => ({
  id,
  severity,
  effects: [...effects].sort(),
  address,
  target,
  certainty: certainty.state,
});

const sorted = (findings: readonly Expected[]) =>
  findings.map((finding) => JSON.stringify(finding)).sort((one, other) => (one < other ? -1 : 1));

test.each(PLAN_NAMES)("%s: the findings that were derived by hand, and no others", (name) => {
  const { findings } = review({ plans: [{ plan: readPlan("plan.json", planJson(name)) }] });
  const wanted = EXPECTED[name].map(({ address, certainty = "decided", effects, id, severity, target }) => ({
    id,
    severity,
    effects: [...effects].sort(),
    address,
    target,
    certainty,
  }));
  expect(sorted(findings.map(short))).toEqual(sorted(wanted));
});

test("every plan has expectations", () => {
  expect(Object.keys(EXPECTED).filter((name) => name !== "//")).toEqual(PLAN_NAMES);
});
