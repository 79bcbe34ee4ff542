/** What a log entry can say about Binary Authorization. */
export const EVENT_KINDS = [
  "break-glass",
  "failed-open",
  "enforcement-off",
  "policy-opened",
  "foreign-signature",
  "foreign-change",
  "denied",
  "dry-run",
  "attempt",
  "change",
  "enforcement-on",
  "signature",
] as const;

export type EventKind = (typeof EVENT_KINDS)[number];

/** The kinds of log that these are read from. */
export const LOG_KINDS = ["clusters", "cloud-run", "enforcement", "policy", "keys", "signatures"] as const;

export type LogKind = (typeof LOG_KINDS)[number];

export type Severity = "critical" | "high" | "medium" | "info";

interface About {
  readonly severity: Severity;
  /** The logs that have to be there to know that there was none. */
  readonly needs: readonly LogKind[];
}

export const ABOUT: Readonly<Record<EventKind, About>> = {
  "break-glass": { severity: "critical", needs: ["clusters", "cloud-run"] },
  "failed-open": { severity: "critical", needs: ["clusters"] },
  "enforcement-off": { severity: "critical", needs: ["enforcement"] },
  "policy-opened": { severity: "critical", needs: ["policy"] },
  "foreign-signature": { severity: "critical", needs: ["signatures"] },
  "foreign-change": { severity: "high", needs: ["policy", "keys"] },
  denied: { severity: "medium", needs: ["clusters", "cloud-run"] },
  "dry-run": { severity: "medium", needs: ["clusters"] },
  attempt: { severity: "medium", needs: LOG_KINDS },
  change: { severity: "info", needs: ["policy", "keys"] },
  "enforcement-on": { severity: "info", needs: ["enforcement"] },
  signature: { severity: "info", needs: ["signatures"] },
};

/** What stops a pipeline unless something else is asked for: whatever ran unchecked, or could from then on. */
export const GATING: readonly EventKind[] = ["break-glass", "failed-open", "enforcement-off", "policy-opened"];
