import type { ISigningAttestor } from "./attestor";

/** How bad a vulnerability is, as Artifact Analysis says it. Source: https://docs.cloud.google.com/artifact-analysis/docs/severity-levels */
export enum VulnerabilitySeverity {
  /** Hardly a problem. */
  MINIMAL = "MINIMAL",
  /** A small one. */
  LOW = "LOW",
  /** A real one, hard to use. */
  MEDIUM = "MEDIUM",
  /** A real one, easy to use. */
  HIGH = "HIGH",
  /** One that opens everything. */
  CRITICAL = "CRITICAL",
}

/** A vulnerability that is let through for a while. */
export interface VulnerabilityException {
  /** Its name: `CVE-2026-12345`. */
  readonly vulnerability: string;
  /** The last day on which it is let through, in UTC: `2026-12-31`. The day is compared when a build is signed. */
  readonly until: string;
  /** Why; it is printed with every image that it lets through. */
  readonly reason: string;
}

/** What a gate on vulnerabilities lets through. */
export interface VulnerabilityGateOptions {
  /**
   * The severity from which on a vulnerability stops the signature. One whose severity is not known counts as the highest.
   * @default VulnerabilitySeverity.CRITICAL
   */
  readonly severity?: VulnerabilitySeverity;

  /**
   * Whether only those stop it for which there is a fixed version.
   * @default false
   */
  readonly fixableOnly?: boolean;

  /**
   * What is let through all the same, for a while.
   * @default - nothing
   */
  readonly exceptions?: VulnerabilityException[];

  /**
   * How long the gate waits for the scan of the image, in seconds; the trigger's `timeout` has to be longer.
   * @default "900s"
   */
  readonly scanTimeout?: string;
}

/** What has to hold before an image is signed. */
export type Gate =
  | {
      readonly kind: "vulnerabilities";
      readonly severity: VulnerabilitySeverity;
      readonly fixableOnly: boolean;
      readonly exceptions: readonly VulnerabilityException[];
      readonly scanTimeout: string;
    }
  | { readonly kind: "attested-by"; readonly attestor: ISigningAttestor };

/**
 * What has to hold before an image is signed. A gate that a policy is to require by itself is a {@link SigningTrigger} of
 * its own, with an attestor and a key of its own; the approval of a person is `approvers` of the trigger.
 */
export class SigningGate {
  /**
   * Artifact Analysis has scanned the image, and found nothing bad. A scan that is missing, unfinished or failed stops the
   * signature as well. The image's repository has to be scanned (`vulnerabilityScanning` of {@link BuildPipeline}).
   *
   * Source: https://docs.cloud.google.com/artifact-analysis/docs/container-scanning-overview
   *
   * @param options what is let through
   */
  public static vulnerabilities(options: VulnerabilityGateOptions = {}): SigningGate {
    return new SigningGate({
      kind: "vulnerabilities",
      severity: options.severity ?? VulnerabilitySeverity.CRITICAL,
      fixableOnly: options.fixableOnly ?? false,
      exceptions: [...(options.exceptions ?? [])],
      scanTimeout: options.scanTimeout ?? "900s",
    });
  }

  /**
   * Another attestor has attested the image, and Binary Authorization calls the attestation valid: signers are chained so
   * from one environment to the next.
   *
   * @param attestor who has to have attested
   */
  public static attestedBy(attestor: ISigningAttestor): SigningGate {
    return new SigningGate({ kind: "attested-by", attestor });
  }

  /** @internal */
  public readonly _gate: Gate;

  private constructor(gate: Gate) {
    this._gate = gate;
  }
}
