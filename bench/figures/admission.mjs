import { median, run } from "../measure.mjs";

const NAMES = { RSA_SIGN_PKCS1_4096_SHA512: "RSA-4096", ECDSA_P256_SHA256: "P-256" };

/** Decisions of the simulator against bare verification, in one process: see ../admission.ts. */
export function admissionFigures(programs, runs) {
  const { stdout } = run(programs.admission, { BENCH_ROUNDS: `${3 * runs}` });
  const { decisions, times } = JSON.parse(stdout);
  return {
    figures: Object.entries(NAMES).flatMap(([algorithm, name]) => [
      rateFigure(`decisions with signatures never seen, ${name}`, 0.85, times[algorithm], "cold"),
      rateFigure(`decisions with evidence seen before, ${name}`, 20, times[algorithm], "warm"),
    ]),
    details: Object.entries(NAMES).map(([algorithm, name]) => {
      const each = (side) => ((median(times[algorithm][side]) / decisions) * 1000).toFixed(1);
      return `${name}: ${each("bare")} µs CPU for bare verification, ${each("cold")} µs for a decision, ${each("warm")} µs for one seen before`;
    }),
  };
}

/** How many times the rate of `crypto.verify` the rate of decisions is: the more the better. */
function rateFigure(figure, goal, times, side) {
  const ratios = times.bare.map((bare, round) => bare / times[side][round]).sort((a, b) => a - b);
  const quarter = Math.floor(ratios.length / 4);
  const [low, high] = [ratios[quarter], ratios[ratios.length - 1 - quarter]];
  const value = median(ratios);
  return {
    figure,
    against: "crypto.verify alone",
    goal: `≥ ${goal}`,
    measured: `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`,
    ok: value >= goal,
  };
}
