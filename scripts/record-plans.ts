import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makePlan, REAL_PLAN_NAMES, REAL_PLANS, trimmed } from "../__tests__/support/real-plans";

// Makes the plans of __tests__/fixtures/real-plans again: all of them, or those that are named.

async function record(names: readonly string[]): Promise<void> {
  for (const name of names) {
    try {
      const plan = trimmed(await makePlan(name));
      writeFileSync(join(REAL_PLANS, name, "plan.json"), `${JSON.stringify(plan)}\n`);
      process.stdout.write(`${name}\n`);
    } catch (error) {
      process.stderr.write(`${name}: ${(error as Error).message}\n`);
      process.exitCode = 1;
    }
  }
}

void record(process.argv.length > 2 ? process.argv.slice(2) : REAL_PLAN_NAMES);
