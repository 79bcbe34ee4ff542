import { isDay } from "../../vocabulary/day";
import { ProblemCode, show } from "../../vocabulary/problem";
import type { VulnerabilityException } from "../signing-gate";
import type { Refusals } from "./refusals";
import { repeated } from "./repeated";

/** Refuses what would let a vulnerability through without a reason, or without an end. */
export function checkExceptions(
  refusals: Refusals,
  exceptions: readonly VulnerabilityException[],
  property: string,
): void {
  const names = exceptions.map(({ vulnerability }) => vulnerability);
  for (const name of repeated(names)) {
    refusals.add(
      ProblemCode.INVALID_ACKNOWLEDGEMENT,
      `"${property}.exceptions" has ${show(name)} twice, got two dates; allowed: each vulnerability once`,
    );
  }
  for (const exception of exceptions) {
    checkException(refusals, exception, `${property}.exceptions`);
  }
}

function checkException(refusals: Refusals, exception: VulnerabilityException, property: string): void {
  const { vulnerability, until, reason } = exception;
  if (!/^[A-Za-z0-9._-]+$/.test(vulnerability)) {
    refusals.add(
      ProblemCode.INVALID_ACKNOWLEDGEMENT,
      `"${property}" names no vulnerability, got ${show(vulnerability)}; allowed: a name such as "CVE-2026-12345"`,
    );
  }
  if (!isDay(until)) {
    refusals.add(
      ProblemCode.INVALID_ACKNOWLEDGEMENT,
      `"${property}" has no last day for ${show(vulnerability)}, got ${show(until)}; allowed: a day such as "2026-12-31"`,
    );
  }
  if (reason.trim() === "") {
    refusals.add(
      ProblemCode.INVALID_ACKNOWLEDGEMENT,
      `"${property}" gives no reason for ${show(vulnerability)}; allowed: a sentence that says why it is let through`,
    );
  }
}
