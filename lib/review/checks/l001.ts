import type { Evidence } from "../../trust";
import { at } from "../changes";
import type { Check, Found } from "../types";

/** What speaks of Binary Authorization, of its keys and notes, of clusters, or of everything. */
const CONCERNS =
  /binary.?authorization|binauthz|break-?glass|imagepolicywebhook|image-policy|cloudkms|containeranalysis|allServices|cloudaudit|k8s_cluster|container\.googleapis/i;

export const l001: Check = {
  id: "L001",
  title: "Evidence of admissions or signatures removed",
  severity: "medium",
  effects: ["blind"],
  looksAt:
    "audit configurations, alerts and whom they tell, metrics, sinks, buckets and exclusions of logs that speak of the chain of trust",
  mend: "Keep them, or say where the same is recorded from now on.",
  change: ({ after, before }) => {
    const [old, next] = [before.model.evidence, after.model.evidence];
    const concerned = concernedBy(old);
    return [
      ...old.flatMap((was): Found[] => {
        if (was.kind === "log-exclusion" || !concerned(was)) {
          return [];
        }
        const now = successor(was, next);
        const message = now === undefined ? `The ${WORDS[was.kind]} is gone.` : lost(was, now);
        return message === undefined
          ? []
          : [
              {
                ...at((now ?? was).origin),
                target: was.name,
                message,
                before: text(was),
                after: now === undefined ? "none" : text(now),
              },
            ];
      }),
      ...next.flatMap((now): Found[] => {
        const was = successor(now, old);
        return now.kind === "log-exclusion" && concerned(now) && !(was && sameContent(was, now))
          ? [
              {
                ...at(now.origin),
                target: now.name,
                title: "Evidence of admissions or signatures left out of the logs",
                message: "What the exclusion matches is not kept.",
                after: text(now),
              },
            ]
          : [];
      }),
    ];
  },
};

/** The same piece of evidence on the other side: by its name, or where it was given another one, by its place. */
function successor(evidence: Evidence, others: readonly Evidence[]): Evidence | undefined {
  const alike = others.filter(({ kind }) => kind === evidence.kind);
  const { address, source } = evidence.origin;
  return (
    alike.find(({ name }) => name === evidence.name) ??
    alike.find(({ origin }) => address !== undefined && origin.address === address && origin.source === source)
  );
}

/** A channel says nothing of what it is for: it concerns whoever reads the alerts. */
function concernedBy(evidence: readonly Evidence[]): (entry: Evidence) => boolean {
  const speaks = (entry: Evidence) => CONCERNS.test(`${entry.name} ${contentOf(entry)}`);
  const told = new Set(evidence.filter(speaks).flatMap(channelsOf));
  return (entry) =>
    entry.kind === "alert-channel" ? [...told].some((channel) => entry.name.endsWith(channel)) : speaks(entry);
}

/** What is lost where evidence stays; undefined where nothing is. */
function lost(was: Evidence, now: Evidence): string | undefined {
  if (was.kind === "log-bucket") {
    const [old, next] = [daysOf(was), daysOf(now)];
    return next !== undefined && old !== undefined && next >= old
      ? undefined
      : "The bucket keeps its entries for a shorter time than before.";
  }
  if (!sameContent(was, now)) {
    return `The ${WORDS[was.kind]} records something else than before.`;
  }
  const left = channelsOf(was).filter((channel) => !channelsOf(now).includes(channel));
  return left.length === 0 ? undefined : `The alert does not tell ${left.join(", ")} any more.`;
}

function channelsOf({ channels }: Evidence): string[] {
  return channels?.state === "known"
    ? channels.value.flatMap((channel) => (channel.state === "known" ? [channel.value] : []))
    : [];
}

function daysOf({ retentionDays }: Evidence): number | undefined {
  return retentionDays?.state === "known" ? Number(retentionDays.value) : undefined;
}

function sameContent(one: Evidence, other: Evidence): boolean {
  return JSON.stringify(one.content) === JSON.stringify(other.content);
}

function contentOf({ content }: Evidence): string {
  return content.state === "known" ? content.value : "not known";
}

/** What a person compares: for how long, what, and who is told. */
function text(evidence: Evidence): string {
  const { retentionDays } = evidence;
  if (retentionDays !== undefined) {
    return retentionDays.state === "known" ? `${retentionDays.value} days` : "not known";
  }
  const channels = channelsOf(evidence);
  return channels.length === 0 ? contentOf(evidence) : `${contentOf(evidence)} to ${channels.join(", ")}`;
}

const WORDS: Readonly<Record<Evidence["kind"], string>> = {
  "audit-config": "audit configuration",
  alert: "alert",
  "alert-channel": "channel of alerts",
  "log-metric": "metric",
  "log-exclusion": "exclusion",
  "log-sink": "sink",
  "log-bucket": "log bucket",
};
