import { type Evidence, known, type Value } from "../../model";
import { type Attribute, isRecord, NotKnown } from "../attribute";
import { inName, projectName } from "../names";
import type { Resource, Surroundings } from "../resource";

interface Kind {
  readonly kind: Evidence["kind"];
  /** What tells one from another in its project. */
  readonly name: readonly string[];
  /** What it looks for or keeps. */
  readonly content: readonly string[];
}

const auditConfig: Kind = {
  kind: "audit-config",
  name: ["folder", "org_id", "service"],
  content: ["service", "audit_log_config"],
};
const sink: Kind = {
  kind: "log-sink",
  name: ["folder", "org_id", "name"],
  content: ["filter", "exclusions", "disabled", "destination"],
};
const bucket: Kind = {
  kind: "log-bucket",
  name: ["folder", "organization", "location", "bucket_id"],
  content: ["retention_days", "locked"],
};
const exclusion: Kind = { kind: "log-exclusion", name: ["folder", "org_id", "name"], content: ["filter", "disabled"] };

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...["project", "folder", "organization"].flatMap((scope): [string, Kind][] => [
    [`google_${scope}_iam_audit_config`, auditConfig],
    [`google_logging_${scope}_sink`, sink],
    [`google_logging_${scope}_exclusion`, exclusion],
    [`google_logging_${scope}_bucket_config`, bucket],
  ]),
  ["google_monitoring_alert_policy", { kind: "alert", name: ["display_name"], content: ["conditions", "enabled"] }],
  ["google_monitoring_notification_channel", { kind: "alert-channel", name: ["name"], content: ["type", "enabled"] }],
  ["google_logging_metric", { kind: "log-metric", name: ["name"], content: ["filter", "disabled"] }],
]);

export const EVIDENCE_TYPES: readonly string[] = [...KINDS.keys()];

export function readEvidence(around: Surroundings): Evidence[] {
  return [...KINDS].flatMap(([type, { content, kind, name }]) =>
    around
      .ofType(type)
      .filter(({ mode }) => mode === "managed")
      .map((resource) => ({
        kind,
        name: nameOf(resource, name),
        content: textOf(
          content.map((attribute) => resource.block.raw(attribute)),
          ["name", "display_name"],
        ),
        ...(kind === "alert" && { channels: resource.block.texts("notification_channels") ?? known([]) }),
        // https://docs.cloud.google.com/logging/docs/buckets: 30 days where nothing is said.
        ...(kind === "log-bucket" && { retentionDays: resource.block.text("retention_days") ?? known("30") }),
        origin: resource.origin,
      })),
  );
}

function nameOf(resource: Resource, attributes: readonly string[]): string {
  const parts = attributes.flatMap((attribute) => {
    const text = resource.block.text(attribute);
    return text === undefined ? [] : [inName(text, resource, attribute)];
  });
  return [projectName(resource), ...parts].join("/");
}

/**
 * Attributes as text in one way only: without what is empty, with sorted keys.
 * @param leftOut fields that say nothing
 */
export function textOf(values: readonly (Attribute | undefined)[], leftOut: readonly string[] = []): Value<string> {
  let open: NotKnown | undefined;
  const plain = (value: Attribute | undefined): unknown => {
    if (value instanceof NotKnown) {
      open ??= value;
      return null;
    }
    if (Array.isArray(value)) {
      return value.map(plain).filter((entry) => !isEmpty(entry));
    }
    if (isRecord(value)) {
      const fields = Object.entries(value)
        .filter(([name]) => !leftOut.includes(name))
        .map(([name, field]): [string, unknown] => [name, plain(field as Attribute)]);
      return Object.fromEntries(
        fields.filter(([, field]) => !isEmpty(field)).sort(([one], [other]) => (one < other ? -1 : 1)),
      );
    }
    return value;
  };
  const text = JSON.stringify(values.map(plain).filter((entry) => !isEmpty(entry)));
  return open === undefined ? known(text) : (open as NotKnown).value;
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === "" ||
    value === false ||
    (Array.isArray(value) && value.length === 0) ||
    (isRecord(value) && Object.keys(value).length === 0)
  );
}
