import type { AuditReport } from "../../audit/report";

/** The version of the shape that schemas/audit.json describes. */
const AUDIT_SCHEMA_VERSION = 1;

/** What `binauthz audit --format json` prints. */
export interface AuditJson extends AuditReport {
  readonly schemaVersion: typeof AUDIT_SCHEMA_VERSION;
}

/** A report as data. */
export function jsonOf(report: AuditReport): AuditJson {
  return { schemaVersion: AUDIT_SCHEMA_VERSION, ...report };
}
