import { type Finding, SEVERITIES, type Severity } from "../review/types";

/** The most severe of some findings. */
export function worstOf(numbers: readonly number[], findings: readonly Pick<Finding, "severity">[]): Severity {
  return SEVERITIES.find((severity) => numbers.some((number) => findings[number].severity === severity)) ?? "info";
}

/** `2 critical +1`: how many are as severe as the most severe one, and how many others there are. */
export function countOf(numbers: readonly number[], findings: readonly Pick<Finding, "severity">[]): string {
  const worst = worstOf(numbers, findings);
  const alike = numbers.filter((number) => findings[number].severity === worst).length;
  return `${alike} ${worst}${alike < numbers.length ? ` +${numbers.length - alike}` : ""}`;
}
