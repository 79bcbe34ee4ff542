import type { Outcome } from "../admission/types";
import type { ChainTarget, Images, PodOptions } from "./chain-target";
import { type MatcherResult, matchers } from "./matchers";
import type { TrustChain } from "./trust-chain";

/** One row of a table of admission tests. */
export interface AdmissionCase extends PodOptions {
  /**
   * The name of the test.
   * @default - image, target and what is expected
   */
  readonly name?: string;
  /** One image, or the images of the containers of one pod. */
  readonly image: Images;
  /** A target of the chain, or its text: `us-central1.prod`, `gke:…`, `run:…`, `default`. */
  readonly target: ChainTarget | string;
  readonly expected: Outcome;
  /**
   * Why it is denied, as for `toDeny`; only where that is expected.
   * @default - any reason
   */
  readonly reason?: RegExp | string;
}

type Each = (
  table: readonly (readonly [string, AdmissionCase])[],
) => (name: string, test: (name: string, row: AdmissionCase) => void) => void;

/**
 * Declares one test for each case, with the global `test.each`. To be called where a test may be declared: at the top of a
 * file, or in `describe`.
 */
export function admissionCases(chain: TrustChain, cases: readonly AdmissionCase[]): void {
  const { test } = globalThis as { readonly test?: { readonly each?: Each } };
  if (typeof test?.each !== "function") {
    throw new Error("admissionCases needs the global test.each of jest, which is not there");
  }
  test.each(cases.map((row) => [row.name ?? nameOf(row), row] as const))("%s", (_name, row) => {
    const result = judge(chain, row);
    if (!result.pass) {
      throw new Error(result.message());
    }
  });
}

function nameOf({ image, target, expected }: AdmissionCase): string {
  const images = typeof image === "string" ? image : image.join(", ");
  return `${images} on ${target}: ${expected}`;
}

function judge(chain: TrustChain, row: AdmissionCase): MatcherResult {
  const { name: _, image, target: where, expected, reason, ...pod } = row;
  if (reason !== undefined && expected !== "denied") {
    throw new Error(`a reason is for what is denied, and "${expected}" is expected`);
  }
  const target = typeof where === "string" ? chain.target(where) : where;
  switch (expected) {
    case "admitted":
      return matchers.toAdmit.call({}, target, image, pod);
    case "denied":
      return matchers.toDeny.call({}, target, image, { ...pod, ...(reason !== undefined && { reason }) });
    case "undecided":
      return matchers.toBeUndecided.call({}, target, image, pod);
  }
}
