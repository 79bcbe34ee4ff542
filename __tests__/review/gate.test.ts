import { gates, mayGate, verdictOf } from "../../lib/review/gate";
import type { Effect, Finding, Severity } from "../../lib/review/types";
import { finding, outcome, report } from "./report/support";

const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low", "info"];
const EFFECTS: readonly Effect[] = ["opens", "blocks", "blind", "narrows"];
const FAIL_ON_EFFECTS: readonly (readonly Effect[])[] = [["opens"], ["opens", "blocks", "blind"], []];

const decided = (severity: Severity, effects: readonly Effect[]) => finding({ severity, effects });
const undecided = (best: Severity | "none", worst: Severity, effects: readonly Effect[]) =>
  finding({
    severity: worst,
    effects,
    certainty: { state: "undecided", best, worst, because: "a value is not known" },
  });

/** How much a severity weighs: the order that the documentation gives. */
const weight = (severity: Severity | "none") => (severity === "none" ? -1 : 4 - SEVERITIES.indexOf(severity));

test("a decided finding gates by its severity and one of its effects, both", () => {
  for (const failOn of SEVERITIES) {
    for (const failOnEffects of FAIL_ON_EFFECTS) {
      const gate = { failOn, failOnEffects, undecided: "fail" as const };
      for (const severity of SEVERITIES) {
        for (const effect of EFFECTS) {
          const one = decided(severity, [effect]);
          const expected = weight(severity) >= weight(failOn) && failOnEffects.includes(effect);
          expect([gates(one, gate), mayGate(one, gate), verdictOf([one], gate)]).toEqual([
            expected,
            false,
            expected ? "fail" : "pass",
          ]);
        }
      }
    }
  }
});

test("an undecided finding fails where its best gates, and is undecided where only its worst does", () => {
  for (const failOn of SEVERITIES) {
    for (const failOnEffects of FAIL_ON_EFFECTS) {
      for (const [best, worst] of SEVERITIES.flatMap((each) => [["none", each] as const, ["low", each] as const])) {
        for (const effect of EFFECTS) {
          const gate = { failOn, failOnEffects, undecided: "fail" as const };
          const one = undecided(best, worst, [effect]);
          const matches = failOnEffects.includes(effect);
          const sure = matches && weight(best) >= weight(failOn);
          const may = matches && weight(worst) >= weight(failOn);
          expect([gates(one, gate), mayGate(one, gate)]).toEqual([sure, may]);
          expect(verdictOf([one], gate)).toBe(sure ? "fail" : may ? "undecided" : "pass");
          expect(verdictOf([one], { ...gate, undecided: "ignore" })).toBe(sure ? "fail" : "pass");
        }
      }
    }
  }
});

const GATE = { failOn: "high" as const, failOnEffects: ["opens" as const], undecided: "fail" as const };

test.each<[string, Finding, "yes" | "maybe" | "no"]>([
  ["gates", decided("critical", ["opens"]), "yes"],
  ["may gate", undecided("none", "critical", ["opens"]), "maybe"],
  ["weighs too little", decided("medium", ["opens"]), "no"],
  ["weighs too little at its worst", undecided("none", "medium", ["opens"]), "no"],
  ["has another effect", decided("critical", ["narrows"]), "no"],
])("a finding that %s is marked so, and has a hash to accept only where it stops something", (_, one, marked) => {
  const [shown] = outcome(report([one]), { gate: GATE }).findings;
  expect(shown.gates).toBe(marked);
  expect(shown.acceptHash !== undefined).toBe(marked !== "no");
});
