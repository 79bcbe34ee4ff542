/** What a location of Google Cloud names. */
export type LocationKind = "region" | "zone" | "multi-region";

/** A location that was understood, and whether this version of the library has met it. */
export interface Location {
  readonly kind: LocationKind;
  readonly known: boolean;
}

/** The regions of Google Cloud as of November 2026. Source: https://docs.cloud.google.com/compute/docs/regions-zones */
const REGIONS: ReadonlySet<string> = new Set([
  "africa-south1",
  "asia-east1",
  "asia-east2",
  "asia-northeast1",
  "asia-northeast2",
  "asia-northeast3",
  "asia-south1",
  "asia-south2",
  "asia-southeast1",
  "asia-southeast2",
  "asia-southeast3",
  "australia-southeast1",
  "australia-southeast2",
  "europe-central2",
  "europe-north1",
  "europe-north2",
  "europe-southwest1",
  "europe-west1",
  "europe-west2",
  "europe-west3",
  "europe-west4",
  "europe-west6",
  "europe-west8",
  "europe-west9",
  "europe-west10",
  "europe-west12",
  "me-central1",
  "me-central2",
  "me-west1",
  "northamerica-northeast1",
  "northamerica-northeast2",
  "northamerica-south1",
  "southamerica-east1",
  "southamerica-west1",
  "us-central1",
  "us-east1",
  "us-east4",
  "us-east5",
  "us-south1",
  "us-west1",
  "us-west2",
  "us-west3",
  "us-west4",
]);

// New regions get new numbers, hardly ever new words: a wrong word is a typing error, a new number may be a new region.
const REGION_OR_ZONE =
  /^((?:africa|asia|australia|europe|me|northamerica|southamerica|us)-(?:central|north|south|east|west|northeast|northwest|southeast|southwest)[1-9][0-9]?)(-[a-z])?$/;

/** Multi-regions and the like of Cloud KMS. Source: https://docs.cloud.google.com/kms/docs/locations */
const MULTI_REGION = /^(?:global|us|eu|europe|asia|asia1|ca|in|(?:eur|nam|nam-eur-asia)[1-9][0-9]?)$/;

/** Reads a region or a zone; undefined for what is neither. */
export function parseRegionOrZone(location: string): Location | undefined {
  const match = REGION_OR_ZONE.exec(location);
  return match ? { kind: match[2] ? "zone" : "region", known: REGIONS.has(match[1]) } : undefined;
}

/** Reads a location that Cloud KMS may have: a region, a multi-region or `global`, never a zone. */
export function parseKmsLocation(location: string): Location | undefined {
  if (MULTI_REGION.test(location)) {
    return { kind: "multi-region", known: true };
  }
  const parsed = parseRegionOrZone(location);
  return parsed?.kind === "region" ? parsed : undefined;
}
