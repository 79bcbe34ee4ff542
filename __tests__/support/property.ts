import fc from "fast-check";

const seed = Number(process.env.BINAUTHZ_SEED ?? 20261120);
const numRuns = Number(process.env.BINAUTHZ_RUNS ?? 200);

/** Checks a property with the seed and number of runs of the environment, so that every run can be repeated. */
export function check<T>(arbitrary: fc.Arbitrary<T>, assertions: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, assertions), { seed, numRuns });
}

/** Values to go through one after the other, where a check takes seconds: the same ones for the same seed. */
export function samples<T>(arbitrary: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(arbitrary, { seed, numRuns: count });
}
