import { createHash } from "node:crypto";
import type { LogEntry, Principal, ReadEntries } from "./entries";
import { type AuditEvent, eventsOf, logKindOf } from "./events";
import { ABOUT, EVENT_KINDS, type EventKind, GATING, LOG_KINDS, type LogKind, type Severity } from "./kinds";

/** What the reader knows, and the logs do not say. */
export interface AuditOptions {
  /** Who signs, as IAM members; undefined: nobody's signature is judged. */
  readonly signers?: readonly string[];
  /** Who changes policy, attestors and keys, as IAM members; undefined: nobody's change is judged. */
  readonly operators?: readonly string[];
  /** The keys that sign; undefined: all that the logs speak of. */
  readonly keys?: readonly string[];
  /** What fails; undefined: whatever let something run unchecked, or somebody else's signature or change. */
  readonly failOn?: readonly EventKind[];
  /** The kinds of log that were asked for: of these, no entry means that nothing happened. */
  readonly covered: readonly LogKind[];
}

export interface Doer extends Principal {
  readonly count: number;
}

/** The same thing at the same place: all pods of a workload, all signatures of a person with a version of a key. */
export interface Finding {
  /** A hash over what it is about, not over how often: it stays the same while more of it happens. */
  readonly id: string;
  readonly kind: EventKind;
  readonly severity: Severity;
  readonly gates: boolean;
  readonly place: string;
  readonly namespace?: string;
  readonly subject: string;
  readonly by: readonly Doer[];
  readonly images: readonly string[];
  readonly details: readonly string[];
  readonly count: number;
  readonly first: string;
  readonly last: string;
}

/** What one person or account did. */
export interface Person extends Principal {
  readonly counts: readonly { readonly kind: EventKind; readonly count: number }[];
  readonly first: string;
  readonly last: string;
}

/** What the input has of a kind of log. */
export interface Coverage {
  readonly log: LogKind;
  readonly entries: number;
  /** Whether it is known what happened: there are entries, or they were asked for. */
  readonly known: boolean;
  readonly first?: string;
  readonly last?: string;
  readonly projects: readonly string[];
}

export interface AuditReport {
  readonly result: "pass" | "fail" | "undecided";
  readonly failOn: readonly EventKind[];
  readonly findings: readonly Finding[];
  readonly events: readonly JudgedEvent[];
  readonly people: readonly Person[];
  readonly coverage: readonly Coverage[];
  /** The kinds of log without which the result is not known. */
  readonly missing: readonly LogKind[];
  /** The times of the first and the last entry; undefined where there is none. */
  readonly window?: { readonly first: string; readonly last: string };
  readonly entries: number;
  readonly duplicates: number;
  /** Entries that say nothing about Binary Authorization. */
  readonly passedOver: number;
  /** Entries about keys that are not those that were named. */
  readonly otherKeys: number;
}

export interface JudgedEvent extends Omit<AuditEvent, "kind"> {
  readonly kind: EventKind;
}

/** What the entries say. Their order does not matter. */
export function auditReport({ entries, duplicates }: ReadEntries, options: AuditOptions): AuditReport {
  const failOn = options.failOn ?? [
    ...GATING,
    ...(options.signers === undefined ? [] : (["foreign-signature"] as const)),
    ...(options.operators === undefined ? [] : (["foreign-change"] as const)),
  ];
  const found = entries.map(eventsOf);
  const all = found.flat();
  const ours = all.filter((event) => concerns(event, options.keys));
  const events = ours.map((event) => judged(event, options)).sort(byTime);
  const findings = findingsOf(events, failOn);
  const coverage = LOG_KINDS.map((log) => coverageOf(log, entries, options.covered));
  const needed = new Set(failOn.flatMap((kind) => ABOUT[kind].needs));
  const missing = coverage.filter(({ log, known }) => needed.has(log) && !known).map(({ log }) => log);
  const window = windowOf(entries.map(({ time }) => time));
  return {
    result: findings.some(({ gates }) => gates) ? "fail" : missing.length > 0 ? "undecided" : "pass",
    failOn: EVENT_KINDS.filter((kind) => failOn.includes(kind)),
    findings,
    events: events.map((event) => ({ ...event, time: shortTime(event.time) })),
    people: peopleOf(events),
    coverage,
    missing,
    ...(window && { window }),
    entries: entries.length,
    duplicates,
    passedOver: found.filter((list) => list.length === 0).length,
    otherKeys: all.length - ours.length,
  };
}

/** Of a key, what happens to it, to its versions and to its ring matters. */
function concerns({ subject }: AuditEvent, keys: readonly string[] | undefined): boolean {
  if (keys === undefined || !subject.includes("/keyRings/")) {
    return true;
  }
  return keys.some((key) => subject === key || subject.startsWith(`${key}/`) || key.startsWith(`${subject}/`));
}

function judged(event: AuditEvent, { signers, operators }: AuditOptions): JudgedEvent {
  switch (event.kind) {
    case "signature":
      return isForeign(event.principal, signers) ? { ...event, kind: "foreign-signature" } : event;
    case "change":
      return isForeign(event.principal, operators) ? { ...event, kind: "foreign-change" } : event;
    default:
      return event;
  }
}

/** Whoever is not named in the log could be anybody. */
function isForeign({ name }: Principal, members: readonly string[] | undefined): boolean {
  const known = members?.map((member) => member.replace(/^(?:serviceAccount|user):/, "").toLowerCase());
  return known !== undefined && !known.includes(name?.replace(/^(?:serviceAccount|user):/, "").toLowerCase() ?? "");
}

/** Of these every one is told by itself: when it was, and what to, is the point. */
export const TOLD_SINGLY: readonly EventKind[] = [
  "enforcement-off",
  "enforcement-on",
  "policy-opened",
  "foreign-change",
  "change",
  "attempt",
];
const TOLD_BY_PERSON: readonly EventKind[] = ["signature", "foreign-signature"];

function findingsOf(events: readonly JudgedEvent[], failOn: readonly EventKind[]): Finding[] {
  const groups = new Map<string, JudgedEvent[]>();
  for (const event of events) {
    const { kind, place, namespace = "", subject, principal, time, detail = "" } = event;
    const more = TOLD_SINGLY.includes(kind)
      ? [time, personKey(principal), detail]
      : TOLD_BY_PERSON.includes(kind)
        ? [personKey(principal)]
        : [];
    const key = JSON.stringify([kind, place, namespace, subject, ...more]);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [event]);
    } else {
      group.push(event);
    }
  }
  return [...groups]
    .map(([key, group]) => findingOf(key, group, failOn))
    .sort((a, b) => EVENT_KINDS.indexOf(a.kind) - EVENT_KINDS.indexOf(b.kind));
}

function findingOf(key: string, group: readonly JudgedEvent[], failOn: readonly EventKind[]): Finding {
  const { kind, place, namespace, subject } = group[0];
  const times = windowOf(group.map(({ time }) => time)) as { first: string; last: string };
  return {
    id: createHash("sha256").update(key).digest("hex").slice(0, 16),
    kind,
    severity: ABOUT[kind].severity,
    gates: failOn.includes(kind),
    place,
    ...(namespace !== undefined && { namespace }),
    subject,
    by: doersOf(group),
    images: distinct(group.flatMap(({ images }) => images)),
    details: distinct(group.flatMap(({ detail }) => detail ?? [])),
    count: group.length,
    ...times,
  };
}

function doersOf(events: readonly JudgedEvent[]): Doer[] {
  return [...byPerson(events).values()].map((list) => ({ ...list[0].principal, count: list.length }));
}

function peopleOf(events: readonly JudgedEvent[]): Person[] {
  return [...byPerson(events).values()].map((list) => ({
    ...list[0].principal,
    counts: EVENT_KINDS.flatMap((kind) => {
      const count = list.filter((event) => event.kind === kind).length;
      return count === 0 ? [] : [{ kind, count }];
    }),
    ...(windowOf(list.map(({ time }) => time)) as { first: string; last: string }),
  }));
}

function byPerson(events: readonly JudgedEvent[]): Map<string, JudgedEvent[]> {
  const groups = new Map<string, JudgedEvent[]>();
  for (const event of events) {
    const key = personKey(event.principal);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [event]);
    } else {
      group.push(event);
    }
  }
  return new Map([...groups].sort(([a], [b]) => order(a, b)));
}

function personKey({ name = "", impersonatedBy }: Principal): string {
  return JSON.stringify([name, ...impersonatedBy]);
}

function coverageOf(log: LogKind, entries: readonly LogEntry[], covered: readonly LogKind[]): Coverage {
  const ours = entries.filter((entry) => logKindOf(entry) === log);
  return {
    log,
    entries: ours.length,
    known: ours.length > 0 || covered.includes(log),
    ...windowOf(ours.map(({ time }) => time)),
    projects: distinct(ours.map(({ owner }) => owner)),
  };
}

function windowOf(times: readonly string[]): { readonly first: string; readonly last: string } | undefined {
  const sorted = distinct(times);
  const [first] = sorted;
  return first === undefined
    ? undefined
    : { first: shortTime(first), last: shortTime(sorted[sorted.length - 1] as string) };
}

/** A time without the zeros that only make times comparable as texts. */
function shortTime(time: string): string {
  return time.replace(/\.?0+Z$/, "Z");
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort(order);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By time; entries of one time by everything else, so that the order of the input does not show. */
function byTime(a: JudgedEvent, b: JudgedEvent): number {
  return order(a.time, b.time) || order(JSON.stringify(sortable(a)), JSON.stringify(sortable(b)));
}

function sortable({ kind, place, namespace, subject, principal, images, detail }: JudgedEvent): unknown {
  return [kind, place, namespace, subject, principal.name, principal.impersonatedBy, images, detail];
}
