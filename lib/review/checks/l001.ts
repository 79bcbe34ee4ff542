import type { Evidence } from "../../trust";
import { at } from "../changes";
import type { Check, Found } from "../types";

/** What speaks of Binary Authorization, of its keys and notes, of clusters, or of everything. */
const CONCERNS =
  /binaryauthorization|binary-authorization|break-?glass|imagepolicywebhook|image-policy|cloudkms|containeranalysis|allServices|cloudaudit|k8s_cluster|container\.googleapis/i;

export const l001: Check = {
  id: "L001",
  title: "Evidence of admissions or signatures removed",
  severity: "medium",
  effects: ["blind"],
  looksAt: "audit configurations, alerts, metrics, sinks and exclusions of logs that speak of the chain of trust",
  mend: "Keep them, or say where the same is recorded from now on.",
  change: ({ after, before }) => {
    const old = byName(before.model.evidence);
    const next = byName(after.model.evidence);
    return [
      ...[...old].flatMap(([name, was]): Found[] => {
        const now = next.get(name);
        if (was.kind === "log-exclusion" || (now !== undefined && same(was, now)) || !concerns(was)) {
          return [];
        }
        return [
          {
            ...at((now ?? was).origin),
            target: was.name,
            message:
              now === undefined
                ? `The ${words(was)} is gone.`
                : `The ${words(was)} records something else than before.`,
            before: text(was),
            after: now === undefined ? "none" : text(now),
          },
        ];
      }),
      ...[...next].flatMap(([name, now]): Found[] =>
        now.kind === "log-exclusion" && concerns(now) && !(old.has(name) && same(old.get(name) as Evidence, now))
          ? [
              {
                ...at(now.origin),
                target: now.name,
                title: "Evidence of admissions or signatures left out of the logs",
                message: "What the exclusion matches is not kept.",
                after: text(now),
              },
            ]
          : [],
      ),
    ];
  },
};

function byName(evidence: readonly Evidence[]): Map<string, Evidence> {
  return new Map(evidence.map((entry) => [`${entry.kind} ${entry.name}`, entry]));
}

function same(one: Evidence, other: Evidence): boolean {
  return JSON.stringify(one.content) === JSON.stringify(other.content);
}

function concerns(evidence: Evidence): boolean {
  return CONCERNS.test(`${evidence.name} ${text(evidence)}`);
}

function text({ content }: Evidence): string {
  return content.state === "known" ? content.value : "not known";
}

function words({ kind }: Evidence): string {
  return {
    "audit-config": "audit configuration",
    alert: "alert",
    "log-metric": "metric",
    "log-exclusion": "exclusion",
    "log-sink": "sink",
  }[kind];
}
