// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Terraform writes them

import fc from "fast-check";
import { checkState, review } from "../../lib/review/engine";
import { ReadError, readPlan, type TrustModel } from "../../lib/trust";
import { check } from "../support/property";
import { PLAN_NAMES, planJson } from "../trust/support";
import {
  ATTEST,
  ATTESTOR_ADDRESS,
  attestor,
  CI,
  created,
  deleted,
  findingsOf,
  type Json,
  keyMember,
  MALLORY,
  noteMember,
  POLICY,
  planOf,
  policy,
  same,
  stateOf,
} from "./checks/support";

const ids = (plan: Json, context: readonly TrustModel[] = []) => findingsOf(plan, { context }).map(({ id }) => id);
const ATTESTOR_STATE = stateOf({ [ATTESTOR_ADDRESS]: attestor() });
const RULE_STATE = stateOf({ [POLICY]: policy({ byDefault: ATTEST }) });

describe("the files of other stacks", () => {
  test("an attestor in one of them is not missing", () => {
    const plan = planOf([
      { address: POLICY, before: policy(), after: policy({ clusters: { "us-central1.prod": ATTEST } }) },
    ]);
    expect(ids(plan)).toContain("P016");
    expect(ids(plan, [ATTESTOR_STATE])).not.toContain("P016");
    expect(ids(planOf([same(POLICY, policy())]), [ATTESTOR_STATE])).toEqual([]);
  });

  test("what a plan deletes is not brought back by a state that was written before", () => {
    const plan = planOf([deleted(ATTESTOR_ADDRESS, attestor())]);
    const found = findingsOf(plan, { context: [ATTESTOR_STATE, RULE_STATE] });
    expect(found).toMatchObject([{ id: "A008", severity: "critical", certainty: { state: "decided" } }]);
  });

  test("a rule in one of them makes a destroyed attestor decided", () => {
    const plan = planOf([deleted(ATTESTOR_ADDRESS, attestor())]);
    expect(findingsOf(plan)[0].certainty.state).toBe("undecided");
    expect(findingsOf(plan, { context: [stateOf({ [POLICY]: policy() })] }).map(({ id }) => id)).toEqual([]);
  });

  test("who holds the other half in one of them decides whether signing is complete", () => {
    const plan = planOf([
      same(ATTESTOR_ADDRESS, attestor()),
      created("google_kms_crypto_key_iam_member.m", keyMember(MALLORY)),
    ]);
    const other = (member: string) => stateOf({ "google_container_analysis_note_iam_member.n": noteMember(member) });
    expect(findingsOf(plan, { context: [other(MALLORY)] })).toMatchObject([
      { id: "I001", certainty: { state: "decided" } },
    ]);
    expect(findingsOf(plan, { context: [other(CI)] })).toMatchObject([{ id: "I002", severity: "medium" }]);
  });

  test("they alone change nothing", () => {
    expect(ids(planOf([]), [ATTESTOR_STATE, RULE_STATE])).toEqual([]);
  });
});

test("a plan that was tampered with is read or refused in one sentence, and never breaks a check", () => {
  const junk = fc.constantFrom<Json>(null, "", [], {}, 0, true, "x", "${a.b}", [null], [{}], { a: 1 });
  check(
    fc.tuple(fc.constantFrom(...PLAN_NAMES), fc.array(fc.tuple(fc.nat(), junk), { minLength: 1, maxLength: 3 })),
    ([name, changes]) => {
      const plan = planJson(name);
      for (const [at, value] of changes) {
        const places: [Json, string][] = [];
        const collect = (parent: Json, depth: number): void => {
          for (const key of Object.keys(parent)) {
            places.push([parent, key]);
            if (typeof parent[key] === "object" && parent[key] !== null && depth < 8) {
              collect(parent[key], depth + 1);
            }
          }
        };
        for (const part of ["resource_changes", "configuration", "complete", "errored"]) {
          if (plan[part] !== undefined && typeof plan[part] === "object") {
            collect(plan[part], 0);
          }
        }
        if (places.length > 0) {
          const [parent, key] = places[at % places.length];
          parent[key] = value;
        }
      }
      try {
        const read = readPlan("plan.json", plan);
        review({ plans: [{ plan: read }] });
        checkState({ models: [read.after] });
      } catch (error) {
        expect(error).toBeInstanceOf(ReadError);
        expect((error as Error).message).not.toContain("\n");
      }
    },
  );
});
