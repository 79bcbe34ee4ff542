import type { ErrorStatus, MethodId, Sandbox, State } from "../../lib/sandbox";
import { describeUnless } from "../support/terraform";
import { applied, inParallel, keyId, type Run, signed, signingChain, signingMissing, withSandbox } from "./signer";

/** The calls of a run that signs, in their order; what each belongs to. */
const CALLS: readonly (readonly [method: MethodId, of: string])[] = [
  ["binaryauthorization.attestors.get", "the first list"],
  ["containeranalysis.notes.occurrences.list", "the first list"],
  ["binaryauthorization.attestors.get", "sign-and-create"],
  ["cloudkms.cryptoKeyVersions.getPublicKey", "sign-and-create"],
  ["cloudkms.cryptoKeyVersions.asymmetricSign", "sign-and-create"],
  ["binaryauthorization.attestors.validateAttestationOccurrence", "sign-and-create"],
  ["containeranalysis.occurrences.create", "sign-and-create"],
  ["binaryauthorization.attestors.get", "the last list"],
  ["containeranalysis.notes.occurrences.list", "the last list"],
  ["binaryauthorization.attestors.validateAttestationOccurrence", "the last validation, by curl"],
];

/** From this call on, the attestation is stored. */
const STORED_FROM = CALLS.findIndex(([method]) => method === "containeranalysis.occurrences.create") + 1;

const FAILURES = ["PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "drop"] as const satisfies (
  | ErrorStatus
  | "drop"
)[];

/** One call fails from then on, in one way. */
interface Cell {
  readonly call: number;
  readonly fail: (typeof FAILURES)[number];
}

const CELLS: readonly Cell[] = CALLS.flatMap((_, call) => FAILURES.map((fail) => ({ call, fail })));

const NEVER_AGAIN = 1000;

const cellName = ({ call, fail }: Cell): string => `${fail} for good, at call ${call + 1}: ${CALLS[call].join(" of ")}`;

const exactly = (method: MethodId): RegExp => new RegExp(`^${method.replace(/\./g, "\\.")}$`);

function arrange(google: Sandbox, { call, fail }: Cell): void {
  const [method] = CALLS[call];
  const skip = CALLS.slice(0, call).filter(([earlier]) => earlier === method).length;
  google.faults.add({ match: exactly(method), fail, times: NEVER_AGAIN, skip });
}

/**
 * The faults after which the step is run again: one that leaves nothing behind, one that leaves an attestation. What every
 * other fault leaves is compared with what one of these two left, so that a second run would meet the same.
 */
const REPEATED: readonly Cell[] = [STORED_FROM - 1, CALLS.length - 1].map(
  (call) => CELLS.filter((cell) => cell.call === call).at(-1) as Cell,
);

interface Outcome {
  readonly first: Run;
  readonly left: string;
  readonly faults: readonly unknown[];
  /** Without the fault; only for {@link REPEATED}. */
  readonly second?: Run;
}

/** What a sandbox holds, but for what no two runs have in common: times, etags, names of occurrences and signatures. */
function whatIsLeft({ state }: Sandbox): string {
  const { logEntries: _, counter: __, accessTokens: ___, ...lasting } = state;
  const occurrences = Object.values(state.occurrences);
  const varying = ["name", "createTime", "updateTime", "signature", "etag"];
  return JSON.stringify({ ...lasting, occurrences }, (key, value) => (varying.includes(key) ? undefined : value));
}

describeUnless(signingMissing(), "the signing step as generated, when a call of it fails", () => {
  let chain: State;
  let outcomes: ReadonlyMap<Cell, Outcome>;

  beforeAll(async () => {
    chain = await applied(signingChain());
    // Those first that gcloud repeats for half a minute before it gives up, and many at once: it only waits.
    const slow = (cell: Cell) => Number(cell.fail === "UNAVAILABLE" || cell.fail === "drop");
    const cells = [...CELLS].sort((a, b) => slow(b) - slow(a));
    const results = await inParallel(
      cells,
      (cell) =>
        withSandbox(chain, async (google): Promise<Outcome> => {
          arrange(google, cell);
          const first = await signed(google);
          const left = whatIsLeft(google);
          const faults = google.faults.list();
          google.faults.clear();
          return { first, left, faults, second: REPEATED.includes(cell) ? await signed(google) : undefined };
        }),
      10,
    );
    outcomes = new Map(cells.map((cell, index) => [cell, results[index]]));
  }, 900_000);

  test("the calls are those of a run in which none fails", async () => {
    await withSandbox(chain, async (google) => {
      expect((await signed(google)).exitCode).toBe(0);
      const methods = google.requests.map(({ method }) => method).filter((method) => method !== "sandbox.admission");
      expect(methods).toEqual(CALLS.map(([method]) => method));
    });
  }, 120_000);

  test.each(CELLS.map((cell) => [cellName(cell), cell] as const))("%s: fails, and works again", (_, cell) => {
    const { first, left, faults } = outcomes.get(cell) as Outcome;
    const stored = cell.call >= STORED_FROM;
    expect(faults).not.toEqual([expect.objectContaining({ times: NEVER_AGAIN })]);
    expect(first.violations).toEqual([]);
    expect(first.exitCode).toBe(1);
    expect(first.output).toMatch(/^sign: /m);
    expect(first.attestations).toEqual(stored ? [[keyId(1)]] : []);
    expect(first.admitted).toBe(stored);

    const repeated = outcomes.get(REPEATED[stored ? 1 : 0]) as Outcome;
    expect(left).toBe(repeated.left);
    expect(repeated.second?.violations).toEqual([]);
    expect(repeated.second?.exitCode).toBe(0);
    expect(repeated.second?.attestations).toEqual([[keyId(1)]]);
    expect(repeated.second?.signatures).toBe(stored ? 0 : 1);
  });

  // All calls in one run: a call that were not repeated would end the run, so that one run says it of every call.
  test("503 once, at every call: every call is repeated", async () => {
    await withSandbox(chain, async (google) => {
      CALLS.forEach(([method], call) => {
        // A fault counts only once the faults of the same method before it are over; the repetition passes.
        const skip = CALLS.slice(0, call).some(([earlier]) => earlier === method) ? 1 : 0;
        google.faults.add({ match: exactly(method), fail: "UNAVAILABLE", times: 1, skip });
      });
      const { violations, exitCode, attestations } = await signed(google);
      expect(google.faults.list()).toEqual([]);
      expect(violations).toEqual([]);
      expect(exitCode).toBe(0);
      expect(attestations).toEqual([[keyId(1)]]);
      const calls = google.requests.filter(({ method }) => method !== "sandbox.admission");
      expect(calls.map(({ method, status }) => [method, status])).toEqual(
        CALLS.flatMap(([method]) => [503, 200].map((status) => [method, status])),
      );
    });
  }, 120_000);
});
