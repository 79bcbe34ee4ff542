import { OrgPolicyCustomConstraint } from "@cdktf/provider-google/lib/org-policy-custom-constraint";
import { OrgPolicyPolicy } from "@cdktf/provider-google/lib/org-policy-policy";
import type { TerraformProvider, TerraformResource } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { ProblemCode, show } from "../vocabulary/problem";
import { claim, fixAddress, logicalId, waitFor } from "./private/addressing";
import {
  CLOUD_RUN_SET,
  CLUSTER_MODE,
  CLUSTERS,
  type ConstraintRule,
  type CustomConstraint,
  cloudRunPolicies,
  DESTROY_DELAYS,
  DISABLE_BEFORE_DESTROY,
  HSM_ONLY,
  identityProviders,
  minimumDestroyDelay,
  NO_CLOUD_RUN_BREAK_GLASS,
  NO_SERVICE_ACCOUNT_KEYS,
} from "./private/org-constraints";
import { resolveProject } from "./private/project";
import { pathOf, Refusals, warn } from "./private/refusals";
import { releaseAll } from "./private/terraform-block";

/** Organization policies that force Binary Authorization. */
export interface IOrganizationPolicies extends IConstruct {
  /** What they hold for, as `projects/P`, `folders/N` or `organizations/N`. */
  readonly parent: string;
}

/** What is forced, and where. */
export interface OrganizationPoliciesProps {
  /**
   * What the policies hold for: `projects/P`, `folders/N` or `organizations/N`.
   * @default - the literal project of the google provider
   */
  readonly parent?: string;

  /**
   * The organization, as `organizations/N`: constraints of one's own are defined there. Whether clusters enforce, and
   * whether Cloud Run leaves Binary Authorization out, can be held for certain only with them.
   * @default - none: no custom constraints
   */
  readonly organization?: string;

  /**
   * Whether new GKE clusters have to use Binary Authorization.
   * @default true
   */
  readonly clusters?: boolean;

  /**
   * Whether services and jobs of Cloud Run have to use Binary Authorization.
   * @default true
   */
  readonly cloudRun?: boolean;

  /**
   * The policies that Cloud Run may use: `default`, or full names of platform policies.
   * @default ["default"]
   */
  readonly cloudRunPolicies?: string[];

  /**
   * Whether Cloud Run may be deployed with a break-glass justification. A custom constraint: needs `organization`.
   * @default true
   */
  readonly cloudRunBreakGlass?: boolean;

  /**
   * Whether every new Cloud KMS key has to be in an HSM. Holds for all keys under the parent, not for signing keys alone.
   * @default false
   */
  readonly hsmKeysOnly?: boolean;

  /**
   * For how many days at least a destroyed key version of a new key can be restored: 1, 7, 15, 30, 60, 90 or 120.
   * @default - no minimum
   */
  readonly minimumDestroyDelayDays?: number;

  /**
   * Whether a key version has to be disabled before it can be destroyed. Terraform does not: its destroy of a key fails.
   * @default false
   */
  readonly disableBeforeDestroy?: boolean;

  /**
   * Whether service accounts may have no keys, neither made nor uploaded.
   * @default true
   */
  readonly noServiceAccountKeys?: boolean;

  /**
   * The issuers that workload identity federation may trust, as `https://…`.
   * @default - not limited
   */
  readonly allowedIdentityProviders?: string[];

  /**
   * Whether violations are only logged. Managed and custom constraints have a dry run; the others are left out while it
   * lasts, and a warning names them.
   * @default false
   */
  readonly dryRun?: boolean;

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

const PARENT = /^(?:projects\/[a-z][a-z0-9.:-]*[a-z0-9]|(?:folders|organizations)\/[0-9]+)$/;

/**
 * Organization policies that keep others from creating what does not enforce: clusters, services, software keys, keys of
 * service accounts, foreign identity providers.
 *
 * None of them stops somebody who may edit the admission policy itself: see docs/guard-rails.md.
 */
export class OrganizationPolicies extends Construct implements IOrganizationPolicies {
  public readonly parent: string;
  /** The resources of the policies. */
  public readonly policies: OrgPolicyPolicy[] = [];
  /** The resources of the custom constraints. */
  public readonly customConstraints: OrgPolicyCustomConstraint[] = [];

  private released = false;

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props what is forced, and where
   */
  public constructor(scope: Construct, id: string, props: OrganizationPoliciesProps = {}) {
    super(scope, id);
    this.parent = validate(scope, id, props);
    const dryRun = props.dryRun === true;
    const rules = constraintsOf(props);
    for (const rule of rules.filter((candidate) => candidate.dryRun || !dryRun)) {
      this.addPolicy(props, rule, []);
    }
    for (const constraint of customConstraintsOf(props)) {
      const definition = this.addConstraint(props, constraint);
      this.addPolicy(props, { constraint: constraint.name, rule: { enforce: true }, dryRun: true }, [definition]);
    }
    this.warnOfLeftOut(dryRun ? rules.filter((rule) => !rule.dryRun) : []);
  }

  /**
   * Leaves policies and constraints alone from now on: the next apply forgets them, and they stay in force. Terraform 1.7
   * or newer.
   */
  public release(): void {
    if (!this.released) {
      this.released = true;
      releaseAll(this, [...this.customConstraints, ...this.policies]);
    }
  }

  private addPolicy(
    props: OrganizationPoliciesProps,
    { constraint, rule }: ConstraintRule,
    after: readonly TerraformResource[],
  ): void {
    claim(this, "organization policy", `${this.parent}/policies/${constraint}`);
    const id = logicalId(...this.parent.split("/"), constraint);
    const spec =
      "enforce" in rule
        ? { rules: [{ enforce: "TRUE" }] }
        : { rules: [{ values: { allowedValues: [...rule.allowedValues] } }] };
    const policy = fixAddress(
      new OrgPolicyPolicy(this, id, {
        name: `${this.parent}/policies/${constraint}`,
        parent: this.parent,
        ...(props.dryRun === true ? { dryRunSpec: spec } : { spec }),
        provider: props.provider,
      }),
      id,
    );
    waitFor(policy, ...after);
    this.policies.push(policy);
  }

  private addConstraint(props: OrganizationPoliciesProps, constraint: CustomConstraint): OrgPolicyCustomConstraint {
    const organization = props.organization as string;
    claim(this, "custom constraint", `${organization}/${constraint.name}`);
    const id = logicalId(...organization.split("/"), constraint.name);
    const definition = fixAddress(
      new OrgPolicyCustomConstraint(this, `${id}-definition`, {
        name: constraint.name,
        parent: organization,
        displayName: constraint.displayName,
        description: constraint.description,
        actionType: constraint.actionType,
        condition: constraint.condition,
        methodTypes: ["CREATE", "UPDATE"],
        resourceTypes: [constraint.resourceType],
        provider: props.provider,
      }),
      id,
    );
    this.customConstraints.push(definition);
    return definition;
  }

  private warnOfLeftOut(rules: readonly ConstraintRule[]): void {
    if (rules.length > 0) {
      warn(
        this,
        ProblemCode.INVALID_OPTIONS,
        `the dry run leaves out ${rules.map(({ constraint }) => constraint).join(", ")}: the API has no dry run for legacy constraints, and nothing logs what they would refuse`,
      );
    }
  }
}

function constraintsOf(props: OrganizationPoliciesProps): ConstraintRule[] {
  return [
    ...(props.clusters === false ? [] : [CLUSTERS]),
    ...(props.cloudRun === false ? [] : [cloudRunPolicies(props.cloudRunPolicies ?? ["default"])]),
    ...(props.hsmKeysOnly === true ? [HSM_ONLY] : []),
    ...(props.minimumDestroyDelayDays === undefined ? [] : [minimumDestroyDelay(props.minimumDestroyDelayDays)]),
    ...(props.disableBeforeDestroy === true ? [DISABLE_BEFORE_DESTROY] : []),
    ...(props.noServiceAccountKeys === false ? [] : NO_SERVICE_ACCOUNT_KEYS),
    ...(props.allowedIdentityProviders === undefined ? [] : [identityProviders(props.allowedIdentityProviders)]),
  ];
}

function customConstraintsOf(props: OrganizationPoliciesProps): CustomConstraint[] {
  if (props.organization === undefined) {
    return [];
  }
  return [
    ...(props.clusters === false ? [] : [CLUSTER_MODE]),
    ...(props.cloudRun === false ? [] : CLOUD_RUN_SET),
    ...(props.cloudRunBreakGlass === false ? NO_CLOUD_RUN_BREAK_GLASS : []),
  ];
}

/** What the policies hold for. */
function validate(scope: Construct, id: string, props: OrganizationPoliciesProps): string {
  const refusals = new Refusals(pathOf(scope, id));
  const parent = props.parent ?? `projects/${resolveProject(refusals, scope, { provider: props.provider })}`;
  if (props.parent !== undefined) {
    refusals.form("parent", parent, PARENT, "projects/PROJECT, folders/NUMBER or organizations/NUMBER");
  }
  if (props.organization !== undefined) {
    refusals.form("organization", props.organization, /^organizations\/[0-9]+$/, "organizations/NUMBER");
  } else if (props.cloudRunBreakGlass === false) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      '"cloudRunBreakGlass" is a custom constraint, got no "organization" to define it in; allowed: "organization" as organizations/NUMBER',
    );
  }
  const days = props.minimumDestroyDelayDays;
  if (days !== undefined && !DESTROY_DELAYS.includes(days)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"minimumDestroyDelayDays" is none that the constraint knows, got ${show(days)}; allowed: ${DESTROY_DELAYS.join(", ")}`,
    );
  }
  checkValues(
    refusals,
    "cloudRunPolicies",
    props.cloudRunPolicies,
    RUN_POLICY,
    "default, or projects/PROJECT/platforms/cloudRun/policies/NAME",
  );
  checkValues(
    refusals,
    "allowedIdentityProviders",
    props.allowedIdentityProviders,
    /^https:\/\/[^\s]+$/,
    "an issuer that begins with https://",
  );
  refusals.throwIfAny();
  return parent;
}

const RUN_POLICY = /^(?:default|projects\/[^/]+\/platforms\/cloudRun\/policies\/[^/]+)$/;

/** An empty list of allowed values would be no rule at all. */
function checkValues(
  refusals: Refusals,
  property: string,
  values: readonly string[] | undefined,
  form: RegExp,
  allowed: string,
): void {
  if (values?.length === 0) {
    refusals.add(ProblemCode.INVALID_OPTIONS, `"${property}" is empty, got []; allowed: at least one`);
  }
  (values ?? []).forEach((value, index) => {
    refusals.form(`${property}[${index}]`, value, form, allowed);
  });
}
