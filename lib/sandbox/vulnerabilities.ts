import { putOccurrence } from "./container-analysis";
import type { JsonObject } from "./json";
import type { State } from "./state";

/** A vulnerability as Artifact Analysis reports it of an image. */
export interface Finding {
  /** `CVE-2026-12345`. */
  readonly id: string;
  /** `CRITICAL`, …; left out where nobody has judged it yet. */
  readonly severity?: string;
  /** @default false */
  readonly fixable?: boolean;
}

/** A vulnerability that On-Demand Scanning knows of a package. */
export interface PackageVulnerability extends Finding {
  readonly packageName: string;
  /** @default - every version */
  readonly version?: string;
}

/** What a scan of an image came to. */
export interface ImageScan {
  /** `HOST/P/REPOSITORY/IMAGE@sha256:…`. */
  readonly image: string;
  /** @default "FINISHED_SUCCESS" */
  readonly status?: string;
  readonly findings?: readonly Finding[];
}

/** The occurrence of a finding, attached to Google's own note, to which nobody else can attach. */
export function findingOf(finding: Finding, resourceUri: string): JsonObject {
  const { id, severity, fixable = false } = finding;
  return {
    kind: "VULNERABILITY",
    noteName: `projects/goog-vulnz/notes/${id}`,
    resourceUri,
    vulnerability: { shortDescription: id, severity, effectiveSeverity: severity, fixAvailable: fixable },
  };
}

/**
 * Stores what Artifact Analysis stores when it has scanned an image that was pushed.
 * Source: https://docs.cloud.google.com/artifact-analysis/docs/container-scanning-overview
 */
export function putScan(state: State, { image, status = "FINISHED_SUCCESS", findings = [] }: ImageScan): void {
  const [, project = ""] = image.split("/");
  const resourceUri = `https://${image}`;
  putOccurrence(state, project, {
    kind: "DISCOVERY",
    noteName: "projects/goog-analysis/notes/PACKAGE_VULNERABILITY",
    resourceUri,
    discovery: { continuousAnalysis: "ACTIVE", analysisStatus: status },
  });
  for (const finding of findings) {
    putOccurrence(state, project, findingOf(finding, resourceUri));
  }
}
