import type { VulnerabilityException, VulnerabilitySeverity } from "./signing-gate";

/** Where On-Demand Scanning analyses what is in an image. */
export enum ScanLocation {
  /** The United States. */
  US = "us",
  /** Europe. */
  EUROPE = "europe",
  /** Asia. */
  ASIA = "asia",
}

/**
 * A scan of the image in the build itself, after it was built and before it is pushed, which ends the build where it finds
 * something bad: the alternative to `SigningGate.vulnerabilities`, which asks for the scan of what was pushed.
 */
export interface OnDemandScanOptions {
  /**
   * The severity from which on a vulnerability ends the build. One whose severity is not known counts as the highest.
   * @default VulnerabilitySeverity.CRITICAL
   */
  readonly severity?: VulnerabilitySeverity;

  /**
   * Whether only those end it for which there is a fixed version.
   * @default false
   */
  readonly fixableOnly?: boolean;

  /**
   * What is let through all the same, for a while.
   * @default - nothing
   */
  readonly exceptions?: VulnerabilityException[];

  /**
   * Where the packages of the image are analysed.
   * @default ScanLocation.US
   */
  readonly location?: ScanLocation;

  /**
   * The image of the step: needs bash, python3, and gcloud with its component local-extract. Pin it by digest.
   * @default "gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0"
   */
  readonly scannerImage?: string;
}
