import {
  BinaryAuthorizationPolicy,
  type BinaryAuthorizationPolicyConfig,
} from "@cdktf/provider-google/lib/binary-authorization-policy";
import { Lazy, type TerraformProvider } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { EXEMPTION_PATTERN_FORM, exemptionPatternDoubt, exemptionPatternError } from "../vocabulary/exemption-pattern";
import { ProblemCode, show } from "../vocabulary/problem";
import { clusterKey, parseAttestorName } from "../vocabulary/resource-name";
import {
  type ClusterRule,
  type ClusterRuleData,
  DefaultRule,
  type EnforcementMode,
  EvaluationMode,
  enforcementModeOf,
  GlobalPolicyEvaluationMode,
} from "./admission-rule";
import { claim, fixAddress, logicalId, unclaim, waitFor, waitForNamed } from "./private/addressing";
import {
  type AdmissionRule,
  checkCluster,
  checkDryRun,
  checkRule,
  type DeclaredRule,
  readRuleData,
} from "./private/admission-rules";
import { enabledApi } from "./private/apis";
import { registerExemptions } from "./private/exemptions";
import { resolveProject } from "./private/project";
import { pathOf, Refusals, refuse, warn } from "./private/refusals";
import { escapeTemplate } from "./private/template";
import { forget, importExisting } from "./private/terraform-block";

/** What happens with the policy that the project has already: it always has one. */
export enum ExistingPolicy {
  /** It is read first, and the plan shows what changes. The right choice for a project in use. */
  ADOPT = "ADOPT",
  /** It is overwritten unread, whatever it holds. For a new project, where nothing can be read before the API is enabled. */
  REPLACE = "REPLACE",
}

/** The project's one admission policy. */
export interface IAdmissionPolicy extends IConstruct {
  /** The project whose clusters and Cloud Run services the policy is for. */
  readonly project: string;
}

/** An exempt image pattern that covers what the same app builds or mirrors, and signs, and why it does. */
export interface AcknowledgedExemption {
  /** The pattern, exactly as in `exemptImages`. */
  readonly pattern: string;
  /** Why images of a pipeline may run unsigned. Written into the policy's description, where reviewers of a plan see it. */
  readonly reason: string;
}

/** What every admission policy has, wherever its rules come from. */
export interface AdmissionPolicyOptions {
  /**
   * Exemptions that cover what the app builds or mirrors, and signs, each with its reason.
   * @default - none: such an exemption is refused
   */
  readonly acknowledgedExemptions?: AcknowledgedExemption[];

  /**
   * Whether Terraform refuses to destroy the policy (`prevent_destroy`). Destroying it does not remove it: it sets
   * the project to admit everything, see docs/teardown.md.
   * @default true
   */
  readonly deletionProtection?: boolean;

  /**
   * The project of the policy, and of its clusters.
   * @default - the literal project of the google provider
   */
  readonly project?: string;

  /**
   * Whether binaryauthorization.googleapis.com is enabled here; `false` where an organisation does it elsewhere.
   * @default true
   */
  readonly enableApis?: boolean;

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

/** What the project's admission policy is made of. */
export interface AdmissionPolicyProps extends AdmissionPolicyOptions {
  /** What happens with the policy that the project has already. Has no default: both answers can do harm. */
  readonly existing: ExistingPolicy;

  /**
   * Images that are admitted without attestation, also where the rule says ALWAYS_DENY.
   *
   * `*` at the end stays within one path segment, `**` crosses `/`; without either the whole name has to be equal, tag
   * and digest included (https://docs.cloud.google.com/binary-authorization/docs/policy-yaml-reference).
   *
   * @default - none
   */
  readonly exemptImages?: string[];

  /**
   * The rule for everything that has no rule of its own.
   * @default DefaultRule.alwaysDeny()
   */
  readonly defaultRule?: DefaultRule;

  /**
   * Rules of clusters as plain data, for those that other teams keep in files.
   * @default - none
   */
  readonly clusterRules?: ClusterRuleData[];

  /**
   * Whether Google's own list of system images is evaluated first. Always written: left out, the service assumes
   * `DISABLE`, and system pods may be refused.
   * @default GlobalPolicyEvaluationMode.ENABLE
   */
  readonly globalPolicyEvaluationMode?: GlobalPolicyEvaluationMode;

  /**
   * A description of the policy, for people.
   * @default - none
   */
  readonly description?: string;
}

// https://docs.cloud.google.com/binary-authorization/quotas: 200 attestor references per policy.
const MAX_ATTESTORS = 200;

abstract class AdmissionPolicyBase extends Construct implements IAdmissionPolicy {
  public abstract readonly project: string;
}

/**
 * The project's one admission policy: which images run, and who has to have attested the others.
 *
 * A project has exactly one. Every apply replaces it whole, so that a second owner would undo this one silently; one in
 * the same app is refused.
 */
export class AdmissionPolicy extends AdmissionPolicyBase {
  /**
   * The policy that `gcloud container binauthz policy export` printed, kept as it is and adopted: the first plan
   * imports it and changes nothing. Rules of clusters can be added to it.
   *
   * Throws `UNSUPPORTED_POLICY_EXPORT` where it holds rules that Terraform cannot express and would erase (by namespace,
   * service account or Istio identity), or a field that is not known.
   *
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param exportedPolicy the YAML (or JSON) text
   * @param options what the export does not say
   */
  public static fromExport(
    scope: Construct,
    id: string,
    exportedPolicy: string,
    options: AdmissionPolicyOptions = {},
  ): AdmissionPolicy {
    const refusals = new Refusals(pathOf(scope, id));
    // Loaded when first used: only this one entrance needs the YAML reader.
    const { readPolicyExport } = require("./private/policy-export") as typeof import("./private/policy-export");
    const exported = readPolicyExport(refusals, exportedPolicy, options.project);
    if (!exported) {
      refusals.throwIfAny();
    }
    const { project, defaultRule, clusterRules, ...contents } = exported as NonNullable<typeof exported>;
    const policy = new AdmissionPolicy(scope, id, {
      ...options,
      ...contents,
      existing: ExistingPolicy.ADOPT,
      project: options.project ?? project,
      defaultRule: DefaultRule._exported(
        defaultRule.evaluationMode as EvaluationMode,
        defaultRule.enforcementMode as EnforcementMode,
        defaultRule.requireAttestationsBy,
      ),
    });
    for (const [cluster, rule] of clusterRules) {
      policy.addRule(cluster, rule, policy.node.path);
    }
    policy.warnOfOpenRules();
    return policy;
  }

  public readonly project: string;
  /** The patterns of exempt images, as written into the policy. */
  public readonly exemptImages: string[];
  /** The resource of the policy. */
  public readonly resource: BinaryAuthorizationPolicy;

  private readonly rules = new Map<string, DeclaredRule>();
  private readonly defaultRule: DefaultRule;
  /** Short name to full name of every attestor the policy requires. */
  private readonly attestors = new Map<string, string>();
  /** The last day of each dry run that has one, by the key of its rule. */
  private readonly dryRuns = new Map<string, string>();
  private references = 0;
  private released = false;

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props the policy
   */
  public constructor(scope: Construct, id: string, props: AdmissionPolicyProps) {
    super(scope, id);
    const { project, clusterRules } = validate(scope, id, props);
    this.project = project;
    this.exemptImages = [...(props.exemptImages ?? [])];
    this.defaultRule = props.defaultRule ?? DefaultRule.alwaysDeny();
    claim(this, "admission policy", `projects/${this.project}/policy`);
    registerExemptions(this, unacknowledged(this.node.path, props, this.exemptImages));
    this.warnOfDoubtfulExemptions();

    this.resource = this.createResource(props);
    waitFor(this.resource, enabledApi(this, "binaryauthorization", { ...props, project: this.project }));
    this.noteAttestors(this.node.path, this.defaultRule.requireAttestationsBy);
    this.noteDryRun("default", this.defaultRule.dryRunUntil);
    for (const [cluster, rule] of clusterRules) {
      this.addRule(cluster, rule, this.node.path);
    }
  }

  /**
   * Adds the rule of a cluster. `EnforcedCluster` calls it; for a cluster that this program should know, and check, use
   * that instead.
   *
   * Throws `DUPLICATE_RESOURCE` where the cluster has a rule already, `INVALID_STATE` where the policy was released.
   *
   * @param rule the cluster and what it requires
   * @param declaredBy the construct the rule is for, named in messages
   */
  public addClusterRule(rule: ClusterRule, declaredBy?: IConstruct): void {
    const path = (declaredBy ?? this).node.path;
    if (this.released) {
      refuse(
        path,
        ProblemCode.INVALID_STATE,
        `the policy of ${this.project} was released (${this.node.path}), and a rule added to it would be lost; allowed: rules before release(), or in the program that adopts the policy`,
      );
    }
    const refusals = new Refusals(path);
    checkCluster(refusals, rule.location, rule.clusterName, true);
    const checked = checkRule(refusals, "requiredAttestors", {
      evaluationMode: EvaluationMode.REQUIRE_ATTESTATION,
      enforcementMode: enforcementModeOf(rule),
      requireAttestationsBy: rule.requiredAttestors.map((attestor) => attestor.attestorId),
      dryRunUntil: rule.dryRunUntil,
    });
    checkDryRun(refusals, "dryRunUntil", checked);
    refusals.throwIfAny();
    this.addRule(clusterKey(rule.location, rule.clusterName), checked, path);
  }

  /** The rules of clusters as the policy holds them, in the order of their keys. */
  public get clusterRules(): ClusterRuleData[] {
    return this.sortedRules().map(([cluster, rule]) => ({
      cluster,
      evaluationMode: rule.evaluationMode,
      enforcementMode: rule.enforcementMode,
      requireAttestationsBy: rule.requireAttestationsBy.length > 0 ? [...rule.requireAttestationsBy] : undefined,
      dryRunUntil: rule.dryRunUntil,
    }));
  }

  /** The rule for everything without a rule of its own, as the policy holds it; its `cluster` is `default`. */
  public get defaultRuleData(): ClusterRuleData {
    const { evaluationMode, enforcementMode, requireAttestationsBy, dryRunUntil } = this.defaultRule;
    return {
      cluster: "default",
      evaluationMode,
      enforcementMode,
      requireAttestationsBy: requireAttestationsBy.length > 0 ? [...requireAttestationsBy] : undefined,
      dryRunUntil,
    };
  }

  /**
   * Leaves the policy alone from now on: the next apply forgets it, and it stays in force as it is. It can then be
   * declared in another stack with `ExistingPolicy.ADOPT`. Terraform 1.7 or newer.
   */
  public release(): void {
    if (!this.released) {
      this.released = true;
      unclaim(this);
      forget(this.resource);
    }
  }

  private createResource(props: AdmissionPolicyProps): BinaryAuthorizationPolicy {
    const { evaluationMode, enforcementMode, requireAttestationsBy } = this.defaultRule;
    const config: BinaryAuthorizationPolicyConfig = {
      project: this.project,
      description: describe(props.description, props.acknowledgedExemptions ?? []),
      globalPolicyEvaluationMode: props.globalPolicyEvaluationMode ?? GlobalPolicyEvaluationMode.ENABLE,
      admissionWhitelistPatterns:
        this.exemptImages.length > 0 ? this.exemptImages.map((namePattern) => ({ namePattern })) : undefined,
      defaultAdmissionRule: {
        evaluationMode,
        enforcementMode,
        requireAttestationsBy: requireAttestationsBy.length > 0 ? [...requireAttestationsBy] : undefined,
      },
      clusterAdmissionRules: Lazy.anyValue({ produce: () => this.renderRules() }),
      lifecycle: {
        preventDestroy: props.deletionProtection === false ? undefined : true,
        // Destroying before creating opens the project for a moment; creating before destroying leaves it open for good.
        postcondition: [
          {
            condition: Lazy.stringValue({ produce: () => `\${length(${this.strayAttestors()}) == 0}` }),
            errorMessage: Lazy.stringValue({
              produce: () =>
                `The policy of ${this.project} would go on trusting \${join(", ", ${this.strayAttestors()})}, which the program does not require: the provider does not see that an attestor moved to another project while its short name stayed (hashicorp/terraform-provider-google#14929). Apply once without the attestor, or give the new one another name, or correct the live policy with "gcloud container binauthz policy import".`,
            }),
          },
        ],
      },
      provider: props.provider,
    };
    const resource = fixAddress(new BinaryAuthorizationPolicy(this, "Resource", config), logicalId(this.project));
    if (props.existing === ExistingPolicy.ADOPT) {
      importExisting(resource, `projects/${this.project}`);
    }
    return resource;
  }

  /** The attestors that the policy would require after the apply, and that the program does not know. */
  private strayAttestors(): string {
    const required = (rules: string) =>
      `flatten([for rule in ${rules} : rule.require_attestations_by == null ? [] : tolist(rule.require_attestations_by)])`;
    const planned = `concat(${required("self.cluster_admission_rules")}, ${required("self.default_admission_rule")})`;
    const known = [...this.attestors.values()].sort();
    return `setsubtract(toset(${planned}), toset(${JSON.stringify(known)}))`;
  }

  private renderRules(): unknown[] | undefined {
    const rules = this.sortedRules().map(([cluster, rule]) => ({
      cluster,
      enforcement_mode: rule.enforcementMode,
      evaluation_mode: rule.evaluationMode,
      require_attestations_by: rule.requireAttestationsBy.length > 0 ? rule.requireAttestationsBy : undefined,
    }));
    return rules.length > 0 ? rules : undefined;
  }

  private sortedRules(): [string, DeclaredRule][] {
    return [...this.rules].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  private addRule(cluster: string, rule: AdmissionRule, declaredAt: string): void {
    const present = this.rules.get(cluster);
    if (present) {
      refuse(
        declaredAt,
        ProblemCode.DUPLICATE_RESOURCE,
        `the policy of ${this.project} has two rules for the cluster "${cluster}", the first from ${present.declaredAt}; allowed: one rule for a cluster`,
      );
    }
    this.noteAttestors(declaredAt, rule.requireAttestationsBy);
    this.rules.set(cluster, { ...rule, declaredAt });
    this.noteDryRun(cluster, rule.dryRunUntil);
  }

  /** Writes beside the resource until when a rule is meant to be a dry run, for `binauthz check` and `review`. */
  private noteDryRun(rule: string, until: string | undefined): void {
    if (until !== undefined) {
      this.dryRuns.set(rule, until);
      const dates = [...this.dryRuns].sort(([a], [b]) => (a < b ? -1 : 1));
      this.resource.addOverride("//.binauthz.dryRunUntil", Object.fromEntries(dates));
    }
  }

  private noteAttestors(path: string, names: readonly string[]): void {
    const refusals = new Refusals(path);
    for (const name of names) {
      this.noteAttestor(refusals, name);
    }
    refusals.throwIfAny();
    for (const name of names) {
      // Each attestor must exist before a policy refers to it; also where a rule names it as data.
      waitForNamed(this.resource, "attestor", name);
    }
    const before = this.references;
    this.references += names.length;
    if (before <= MAX_ATTESTORS && this.references > MAX_ATTESTORS) {
      warn(
        this,
        ProblemCode.LIMIT_UNCLEAR,
        `the rules of the policy name attestors ${MAX_ATTESTORS + 1} times or more; Google documents a limit of ${MAX_ATTESTORS} "attestor references per policy" and does not say whether an attestor of several rules counts once`,
      );
    }
  }

  private noteAttestor(refusals: Refusals, fullName: string): void {
    const short = parseAttestorName(fullName)?.name ?? fullName;
    const present = this.attestors.get(short);
    if (present !== undefined && present !== fullName) {
      refusals.add(
        ProblemCode.AMBIGUOUS_ATTESTOR_NAME,
        `two attestors of the policy have the short name "${short}", got ${present} and ${fullName}: the provider compares short names only and would drop one; allowed: attestors of different short names`,
      );
      return;
    }
    this.attestors.set(short, fullName);
    if (present === undefined && this.attestors.size === MAX_ATTESTORS + 1) {
      refusals.add(
        ProblemCode.LIMIT_EXCEEDED,
        `a policy refers to ${MAX_ATTESTORS} attestors at most, got ${this.attestors.size} or more; allowed: fewer attestors (https://docs.cloud.google.com/binary-authorization/quotas)`,
      );
    }
  }

  private warnOfOpenRules(): void {
    const open = this.clusterRules
      .filter((rule) => rule.evaluationMode === EvaluationMode.ALWAYS_ALLOW)
      .map((rule) => `the rule of ${rule.cluster}`);
    if (this.defaultRule.evaluationMode === EvaluationMode.ALWAYS_ALLOW) {
      open.unshift("the default rule, which counts for every misspelled cluster too,");
    }
    if (open.length > 0) {
      warn(
        this,
        ProblemCode.INVALID_ADMISSION_RULE,
        `the exported policy admits everything: ${open.join(", ")} says ALWAYS_ALLOW`,
      );
    }
  }

  private warnOfDoubtfulExemptions(): void {
    for (const pattern of this.exemptImages) {
      const doubt = exemptionPatternDoubt(pattern);
      if (doubt) {
        warn(this, ProblemCode.DOUBTFUL_EXEMPT_IMAGE, `the exempt image ${show(pattern)} ${doubt}`);
      }
    }
  }
}

/** What validation found out. */
interface ValidatedProps {
  readonly project: string;
  readonly clusterRules: ReadonlyMap<string, AdmissionRule>;
}

function validate(scope: Construct, id: string, props: AdmissionPolicyProps): ValidatedProps {
  const refusals = new Refusals(pathOf(scope, id));
  const project = resolveProject(refusals, scope, props);
  if (!Object.values<unknown>(ExistingPolicy).includes(props.existing)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"existing" has to say what happens with the policy that the project has already, got ${show(props.existing)}; allowed: ExistingPolicy.ADOPT, ExistingPolicy.REPLACE`,
    );
  }
  (props.exemptImages ?? []).forEach((pattern, index) => {
    checkExemptImage(refusals, `exemptImages[${index}]`, pattern);
  });
  if (props.defaultRule) {
    checkDryRun(refusals, "defaultRule.dryRunUntil", props.defaultRule);
  }
  const clusterRules = new Map<string, AdmissionRule>();
  (props.clusterRules ?? []).forEach((data, index) => {
    const rule = readRuleData(refusals, `clusterRules[${index}]`, data);
    if (clusterRules.has(data.cluster)) {
      refusals.add(
        ProblemCode.DUPLICATE_RESOURCE,
        `"clusterRules[${index}]" is a second rule for the cluster ${show(data.cluster)}; allowed: one rule for a cluster`,
      );
    }
    clusterRules.set(data.cluster, rule);
  });
  refusals.throwIfAny();
  return { project, clusterRules };
}

function checkExemptImage(refusals: Refusals, property: string, pattern: string): void {
  if (!refusals.literal(property, pattern)) {
    return;
  }
  const error = typeof pattern === "string" ? exemptionPatternError(pattern) : "is no text";
  if (error) {
    refusals.add(
      ProblemCode.INVALID_EXEMPT_IMAGE,
      `"${property}" ${error}, got ${show(pattern)}; allowed: ${EXEMPTION_PATTERN_FORM}`,
    );
  }
}

/** The exempt images that nobody answered for. */
function unacknowledged(path: string, props: AdmissionPolicyOptions, exemptImages: readonly string[]): string[] {
  const refusals = new Refusals(path);
  const acknowledged = new Set<string>();
  for (const { pattern, reason } of props.acknowledgedExemptions ?? []) {
    if (!exemptImages.includes(pattern)) {
      refusals.add(
        ProblemCode.INVALID_ACKNOWLEDGEMENT,
        `"acknowledgedExemptions" names ${show(pattern)}, which is no exempt image of the policy; allowed: ${exemptImages.map(show).join(", ") || "none, the policy exempts nothing"}`,
      );
    }
    if (typeof reason !== "string" || reason.trim() === "") {
      refusals.add(
        ProblemCode.INVALID_ACKNOWLEDGEMENT,
        `the acknowledgement of ${show(pattern)} gives no reason; allowed: a sentence that a reviewer can judge`,
      );
    }
    acknowledged.add(pattern);
  }
  refusals.throwIfAny();
  return exemptImages.filter((pattern) => !acknowledged.has(pattern));
}

function describe(description: string | undefined, acknowledged: readonly AcknowledgedExemption[]): string | undefined {
  const reasons = acknowledged.map(
    ({ pattern, reason }) => `Exempt although its images are signed: ${pattern} (${escapeTemplate(reason)})`,
  );
  const parts = [description, ...reasons].filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join(". ") : undefined;
}
