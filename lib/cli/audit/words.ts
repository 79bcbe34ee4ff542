import type { Principal } from "../../audit/entries";
import { EVENT_KINDS, type EventKind, type LogKind } from "../../audit/kinds";
import type { AuditReport, Coverage, Finding } from "../../audit/report";
import { CONTROLLERS } from "../../vocabulary/audit-log";
import { plural } from "../admit/summary";

/** What a kind is called, and what to do about it. */
export const WORDS: Readonly<Record<EventKind, { readonly title: string; readonly todo?: string }>> = {
  "break-glass": {
    title: "Break-glass used",
    todo: "confirm it with whoever deployed it, sign the image or roll back, and deploy again without the label or justification",
  },
  "failed-open": {
    title: "Admitted without an answer",
    todo: "check these images with binauthz admit, and delete what would have been refused",
  },
  "enforcement-off": {
    title: "Enforcement of a cluster switched off",
    todo: "switch it on again, and check what was started in between: running pods are not checked again",
  },
  "policy-opened": {
    title: "Policy with a rule that admits every image",
    todo: "compare it with the plan that was reviewed; terraform apply brings the declared policy back",
  },
  "foreign-signature": {
    title: "Signed by somebody else than the signers",
    todo: "take the right to sign away, and follow the runbook for a compromised signer",
  },
  "foreign-change": {
    title: "Changed by somebody else than the operators",
    todo: "compare it with the plan that was reviewed, and find out how they came to the role",
  },
  denied: { title: "Denied", todo: "binauthz explain says what a message means and what mends it" },
  "dry-run": {
    title: "Admitted by a dry run only",
    todo: "sign these images or exempt them with a reason before the rule is enforced",
  },
  attempt: { title: "Tried, and refused or failed" },
  change: { title: "Changes of policy, attestors and keys" },
  "enforcement-on": { title: "Enforcement of a cluster switched on" },
  signature: { title: "Signatures" },
};

/** What is not known where a log is not there. */
const UNKNOWN: Readonly<Record<LogKind, string>> = {
  clusters: "what pods were admitted or denied, and whether break-glass was used, is not known",
  "cloud-run": "what Cloud Run refused or let through is not known",
  enforcement: "whether a cluster was switched is not known",
  policy: "whether the policy or an attestor changed is not known",
  keys: "whether a key changed is not known",
  signatures: "who signed is not known: it takes the Data Access log of Cloud KMS",
};

/** Who did it. What others wrote in it is escaped by whoever shows it. */
export function personOf({ name, impersonatedBy }: Principal): string {
  const who = name ?? "(not named in the log)";
  return impersonatedBy.length === 0 ? who : `${who}, used by ${impersonatedBy.join(" through ")}`;
}

/** What the entries cannot say. */
export function hintsOf({ kind, place, by }: Finding): string[] {
  const unnamed = by.every(({ name }) => name === undefined || name.startsWith(CONTROLLERS));
  if (kind !== "break-glass" || !unnamed) {
    return [];
  }
  return [
    place.startsWith("run:")
      ? "the person is not in this log: look for who deployed the service or job"
      : "the person is not in these entries: look for who deployed the workload",
  ];
}

export function timesOf({ first, last }: { readonly first: string; readonly last: string }): string {
  return first === last ? first : `${first} to ${last}`;
}

/** What there is of a kind of log, and what is not known for want of it. */
export function coverageOf(coverage: Coverage): string {
  const { entries, first, last, known, log, projects } = coverage;
  if (first !== undefined && last !== undefined) {
    return `${entries === 1 ? "1 entry" : `${entries} entries`}, ${timesOf({ first, last })}, of ${projects.join(", ")}`;
  }
  return known ? "no entries, and they were asked for" : `no entries: ${UNKNOWN[log]}`;
}

/** The result in one line. */
export function headline({ result, findings, missing, failOn }: AuditReport): string {
  const gating = findings.filter(({ gates }) => gates);
  switch (result) {
    case "fail":
      return kindsOf(gating);
    case "undecided":
      return `nothing that fails was found, and the logs in which it would be are not all there: ${missing.join(", ")}`;
    case "pass":
      return failOn.length === 0 ? "nothing was asked to fail" : `none found of: ${failOn.join(", ")}`;
  }
}

function kindsOf(findings: readonly Finding[]): string {
  return EVENT_KINDS.flatMap((kind) => {
    const count = findings.filter((finding) => finding.kind === kind).reduce((sum, finding) => sum + finding.count, 0);
    return count === 0 ? [] : [`${kind} ${count}`];
  }).join(", ");
}

/** What was read, in sentences. */
export function remarksOf({ window, entries, duplicates, otherKeys, missing, result }: AuditReport): string[] {
  return [
    window === undefined
      ? "the input has no entries, so that no window of time is known"
      : `${entries === 1 ? "1 entry" : `${entries} entries`}, ${timesOf(window)}; what is older, newer or left out by the query is not judged`,
    ...(duplicates > 0 ? [`${plural(duplicates, "duplicate")} left out`] : []),
    ...(otherKeys > 0 ? [`left out as not about the keys that were named: ${otherKeys}`] : []),
    ...(missing.length > 0 && result === "undecided"
      ? [`if the query asked for them, say so with --covers ${missing.join(",")}`]
      : []),
  ];
}
