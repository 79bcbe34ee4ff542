import type { IAttestor } from "./attestor";

/** What an admission rule does with a pod that does not satisfy it. */
export enum EnforcementMode {
  /** The pod is refused, and the refusal logged. */
  ENFORCED_BLOCK_AND_AUDIT_LOG = "ENFORCED_BLOCK_AND_AUDIT_LOG",
  /** The pod is admitted, and what would have happened is logged. */
  DRYRUN_AUDIT_LOG_ONLY = "DRYRUN_AUDIT_LOG_ONLY",
}

/** What an admission rule asks of an image. */
export enum EvaluationMode {
  /** Nothing: every image is admitted. */
  ALWAYS_ALLOW = "ALWAYS_ALLOW",
  /** The impossible: no image is admitted, but exempt ones. */
  ALWAYS_DENY = "ALWAYS_DENY",
  /** An attestation by every required attestor. */
  REQUIRE_ATTESTATION = "REQUIRE_ATTESTATION",
}

/** Whether Google's own list of system images is evaluated before the policy. */
export enum GlobalPolicyEvaluationMode {
  /** Images that Google maintains for GKE are exempt, from a list that Google keeps. */
  ENABLE = "ENABLE",
  /** The policy alone decides; without exemptions for system images a cluster does not start. */
  DISABLE = "DISABLE",
}

/** How a rule is enforced. */
export interface RuleOptions {
  /**
   * Whether the rule only logs what it would have refused.
   * @default - true where `dryRunUntil` is given, else false
   */
  readonly dryRun?: boolean;

  /**
   * The last day of the dry run, as `YYYY-MM-DD`: the rule only logs until this property is taken away. The synthesis does
   * not look at the clock. `binauthz check` and `binauthz review` do, and report a dry run that outlived its day.
   * @default - a dry run without an end, where `dryRun` says so
   */
  readonly dryRunUntil?: string;
}

/** The rule of one cluster. */
export interface ClusterRule extends RuleOptions {
  /** The cluster's region or zone; for a fleet membership its location, such as `global`. */
  readonly location: string;
  /** The cluster's name; for a fleet membership its id. */
  readonly clusterName: string;
  /** The attestors of which every single one has to have attested an image. */
  readonly requiredAttestors: IAttestor[];
}

/**
 * The rule of one cluster as plain data, in the words of the API: for rules that other teams keep in files.
 *
 * @exampleMetadata fixture=part
 * @example
 * const rule: ClusterRuleData = {
 *   cluster: "us-central1.other-cluster",
 *   evaluationMode: "REQUIRE_ATTESTATION",
 *   enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
 *   requireAttestationsBy: ["projects/my-secure-project/attestors/build-attestor"],
 * };
 */
export interface ClusterRuleData {
  /** The cluster as `LOCATION.NAME`. */
  readonly cluster: string;
  /** `REQUIRE_ATTESTATION` or `ALWAYS_DENY`. */
  readonly evaluationMode: string;
  /** `ENFORCED_BLOCK_AND_AUDIT_LOG` or `DRYRUN_AUDIT_LOG_ONLY`. */
  readonly enforcementMode: string;
  /**
   * The full names of the attestors, `projects/P/attestors/N`; for `REQUIRE_ATTESTATION` only, and then at least one.
   * @default - none
   */
  readonly requireAttestationsBy?: string[];
  /**
   * The last day of a dry run, as `YYYY-MM-DD`; for `DRYRUN_AUDIT_LOG_ONLY` only.
   * @default - none
   */
  readonly dryRunUntil?: string;
}

/** The rule for every cluster, and every Cloud Run service, that has no rule of its own. */
export class DefaultRule {
  /**
   * Nothing is admitted but exempt images. The safe default: a mistyped cluster name fails closed.
   * @param options how it is enforced
   */
  public static alwaysDeny(options: RuleOptions = {}): DefaultRule {
    return new DefaultRule(EvaluationMode.ALWAYS_DENY, enforcementModeOf(options), [], options.dryRunUntil);
  }

  /**
   * An attestation by one attestor is asked for; needed where Cloud Run services run, which know the default rule only.
   *
   * There is no form for several attestors: when such a list changes, the provider sends only the new part of it, and
   * the policy silently loses the others (https://github.com/hashicorp/terraform-provider-google/issues/14929).
   *
   * @param attestor the attestor
   * @param options how it is enforced
   */
  public static requireAttestation(attestor: IAttestor, options: RuleOptions = {}): DefaultRule {
    return new DefaultRule(
      EvaluationMode.REQUIRE_ATTESTATION,
      enforcementModeOf(options),
      [attestor.attestorId],
      options.dryRunUntil,
    );
  }

  /**
   * The rule that an exported policy has already.
   * @internal
   */
  public static _exported(
    evaluationMode: EvaluationMode,
    enforcementMode: EnforcementMode,
    requireAttestationsBy: readonly string[],
  ): DefaultRule {
    return new DefaultRule(evaluationMode, enforcementMode, requireAttestationsBy);
  }

  /** What the rule asks of an image. */
  public readonly evaluationMode: EvaluationMode;
  /** What the rule does with a pod that does not satisfy it. */
  public readonly enforcementMode: EnforcementMode;
  /** The full names of the attestors that are asked for: one, or none where the rule always denies. */
  public readonly requireAttestationsBy: string[];
  /** The last day of the dry run, as `YYYY-MM-DD`; undefined where it has none. */
  public readonly dryRunUntil?: string;

  private constructor(
    evaluationMode: EvaluationMode,
    enforcementMode: EnforcementMode,
    requireAttestationsBy: readonly string[],
    dryRunUntil?: string,
  ) {
    this.evaluationMode = evaluationMode;
    this.enforcementMode = enforcementMode;
    this.requireAttestationsBy = [...requireAttestationsBy];
    this.dryRunUntil = dryRunUntil;
  }
}

/** The enforcement mode of a rule. One that is told to enforce does, whatever date stands beside it: that is refused later. */
export function enforcementModeOf({ dryRun, dryRunUntil }: RuleOptions): EnforcementMode {
  return (dryRun ?? dryRunUntil !== undefined)
    ? EnforcementMode.DRYRUN_AUDIT_LOG_ONLY
    : EnforcementMode.ENFORCED_BLOCK_AND_AUDIT_LOG;
}
