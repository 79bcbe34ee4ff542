import { known, type TrustModel } from "./model";
import { concernsTrust } from "./private/assemble";
import { type Attribute, type AttributeMap, isRecord, type Json, NotKnown, own } from "./private/attribute";
import { traversal, unresolved } from "./private/expression";
import { modulePrefix, PlanConfiguration, referencesOf } from "./private/plan-configuration";
import { readDoubts } from "./private/plan-doubts";
import {
  pathText,
  published,
  type ReadChange,
  readDeferred,
  readFailedChecks,
  sensitiveIn,
} from "./private/plan-facts";
import { overlay } from "./private/planned";
import {
  attributesOf,
  identity,
  listIn,
  type Recorded,
  recordedIn,
  resourceOf,
  withoutIndexes,
} from "./private/recorded";
import type { ProviderDefaults, Resource } from "./private/resource";
import { settlePolicies } from "./private/settle-policies";
import { ReadError } from "./read-error";
import { checkFormat } from "./state";
import type { ReadOptions } from "./terraform-json";

/** A plan: what is, what will be, and what is done for it. */
export interface Plan {
  readonly before: TrustModel;
  readonly after: TrustModel;
  /** Every change that concerns trust, in the order of the plan. */
  readonly changes: readonly PlannedChange[];
  /** What is created or changed, and makes objects of Kubernetes that no plan shows: Helm releases, manifests as text. */
  readonly opaque: readonly Pick<PlannedChange, "address" | "type" | "actions">[];
  /** How the user named it. */
  readonly source: string;
  /** What changed outside of Terraform since it looked last, where it concerns trust. */
  readonly drift?: Drift;
  /** Where the plan cannot be taken at its word. */
  readonly doubts: readonly PlanDoubt[];
  /** Projects with more than one policy: each writes over the other. */
  readonly contested: readonly ContestedPolicy[];
  /** The results of Terraform's own checks that did not pass. */
  readonly failedChecks: readonly FailedCheck[];
  /** What was put off to a later plan: addresses, and why. */
  readonly deferred: readonly { readonly address: string; readonly reason: string }[];
  /** The providers of the configuration, by the name they have there. */
  readonly providers: readonly ProviderUse[];
  readonly terraformVersion?: string;
  /** False where Terraform says that the plan is of a part only, for instance with `-target`. */
  readonly complete: boolean;
  /** True where planning stopped with an error. */
  readonly errored: boolean;
  readonly timestamp?: string;
}

/** What the plan does with one resource. */
export interface PlannedChange {
  readonly address: string;
  /** The address it had before, where it moves. */
  readonly previousAddress?: string;
  readonly mode: "managed" | "data";
  readonly type: string;
  /** In order: `["delete", "create"]` has a gap, `["create", "delete"]` has none. */
  readonly actions: readonly string[];
  readonly reason?: string;
  /** The key of an object that an earlier apply left to be deleted. */
  readonly deposed?: string;
  readonly imported: boolean;
  /** The attributes that force a replacement, as paths with dots. */
  readonly replacePaths?: readonly string[];
  /** The attributes that Terraform masks. */
  readonly sensitive?: readonly string[];
  /** `DELETE`, `ABANDON` or `PREVENT`, where the provider knows it: what removing the resource does. */
  readonly deletionPolicy?: string;
  /** As before, of what the resource becomes. */
  readonly nextDeletionPolicy?: string;
  /** Whether the configuration in the plan has the block, by its name: of blocks whose absence a plan hides. */
  readonly written?: Readonly<Record<string, boolean>>;
}

/** What changed outside of Terraform: the models before it looked and after. */
export interface Drift {
  readonly before: TrustModel;
  readonly after: TrustModel;
  readonly changes: readonly PlannedChange[];
}

/** Where what a plan shows of a rule is not what will be. */
export interface PlanDoubt {
  readonly kind: /** A rule refers to something of the same plan, and the plan shows something else. */
    | "hidden-reference"
    /** The provider will send another list than the one that is shown. */
    | "list-not-applied"
    /** The configuration says one thing and the plan another. */
    | "written-otherwise"
    /** Two attestors of one short name, of which the provider keeps one. */
    | "same-short-name";
  readonly address: string;
  /** `default`, or the key of the rule of a cluster; left out where it is not about a rule. */
  readonly rule?: string;
  readonly attribute: string;
  /** What is there now. */
  readonly before?: string;
  /** What the plan shows. */
  readonly planned: string;
  /** What the configuration says. */
  readonly written: string;
  /** Only perhaps: what the configuration says may as well be what the plan shows. */
  readonly possible?: true;
}

/** Several resources for the one policy of a project. */
export interface ContestedPolicy {
  readonly project: string;
  readonly addresses: readonly string[];
  /** Those that this apply writes. */
  readonly written: readonly string[];
  /** Whether it was so before. */
  readonly already: boolean;
}

/** A check, a condition or a validation of Terraform's that did not pass. */
export interface FailedCheck {
  readonly address: string;
  readonly status: string;
  readonly problems: readonly string[];
}

/** A provider of the configuration. */
export interface ProviderUse {
  /** `registry.terraform.io/hashicorp/google`. */
  readonly name: string;
  readonly versionConstraint?: string;
}

const POLICY = "google_binary_authorization_policy";
const ATTESTOR = "google_binary_authorization_attestor";

/**
 * Reads what `terraform show -json` prints of a plan.
 *
 * Three things of the google provider are not taken at their word. A policy that refers to an attestor of the same plan
 * shows the old attestors, or none, without saying that they are unknown: they are hidden here. A default rule whose
 * list of attestors changes while one of them stays is not applied as it is shown
 * (https://github.com/hashicorp/terraform-provider-google/issues/14929): its list is hidden too. A policy that is
 * destroyed is not gone: the project then admits everything.
 *
 * @param source how the user named it, for messages and origins
 * @param json the parsed file
 */
export function readPlan(source: string, json: unknown, options: ReadOptions = {}): Plan {
  if (!isRecord(json) || !Array.isArray(own(json, "resource_changes") ?? [])) {
    throw new ReadError({
      source,
      problem: "is no plan",
      found: json,
      allowed: "what terraform show -json prints of a plan file",
    });
  }
  checkFormat(source, json);
  return new PlanReader(source, json, options).read();
}

/** Blocks that stay in the resource when they are taken out of the configuration, so that a plan does not show it. */
const BLOCKS_THAT_STAY: ReadonlyMap<string, string> = new Map([["google_container_cluster", "binary_authorization"]]);

/** What makes objects of Kubernetes out of text, elsewhere, or while it is applied. */
const OPAQUE: ReadonlySet<string> = new Set([
  "argocd_application",
  "argocd_application_set",
  "flux_bootstrap_git",
  "helm_release",
  "kubectl_manifest",
  "kustomization_resource",
]);

function isWritten(actions: readonly string[]): boolean {
  return actions.includes("create") || actions.includes("update");
}

/** What makes values for others to refer to. */
const CARRIERS =
  /^(?:terraform_data|terraform_remote_state|null_resource|null_data_source|external|http|random_[a-z0-9]+)$/;

type RuleAttribute = "default_admission_rule" | "cluster_admission_rules";

/** What hides the attestors of a rule, and whether it only may. */
export interface HiddenList {
  readonly reference: string;
  readonly possible: boolean;
}

class PlanReader {
  private readonly configuration: PlanConfiguration;
  private readonly all: readonly ReadChange[];
  private readonly prior: readonly Recorded[];

  public constructor(
    private readonly source: string,
    private readonly json: Json,
    private readonly options: ReadOptions,
  ) {
    this.configuration = new PlanConfiguration(own(json, "configuration"));
    this.all = listIn(source, json, "resource_changes").map((entry) => this.readChange(entry));
    const prior = own(json, "prior_state");
    const values = isRecord(prior) ? own(prior, "values") : undefined;
    const rootModule = isRecord(values) ? own(values, "root_module") : undefined;
    this.prior = rootModule === undefined ? [] : recordedIn(source, rootModule);
  }

  public read(): Plan {
    const current = this.all.filter(({ deposed, type }) => deposed === undefined && concernsTrust(type));
    const listed = new Set(this.all.flatMap(({ address, previousAddress }) => [address, previousAddress ?? address]));
    // What a partial plan leaves out stays as it is; so do data sources that were read already.
    const untouched = this.prior
      .filter(({ address, type }) => concernsTrust(type) && !listed.has(address))
      .map((recorded) => this.resource(recorded));
    const before = current.flatMap((change) => this.beforehand(change));
    const after = current.flatMap((change) => this.afterwards(change, current));
    const timestamp = own(this.json, "timestamp");
    const version = own(this.json, "terraform_version");
    const [was, willBe] = [
      settlePolicies([...before, ...untouched]),
      settlePolicies([...after, ...untouched], current),
    ];
    const drift = this.readDrift();
    return {
      source: this.source,
      before: was.model,
      after: willBe.model,
      changes: this.all.filter(({ type }) => concernsTrust(type)).map(published),
      opaque: this.all
        .filter(({ actions, mode, type }) => mode === "managed" && OPAQUE.has(type) && isWritten(actions))
        .map(({ actions, address, type }) => ({ address, type, actions })),
      ...(drift && { drift }),
      doubts: readDoubts(this.all, this.configuration, (...rule) => this.hiddenBehind(...rule)),
      contested: willBe.contested.map((found) => ({
        ...found,
        already: was.contested.some(({ project }) => project === found.project),
      })),
      failedChecks: readFailedChecks(this.source, this.json),
      deferred: readDeferred(this.source, this.json),
      providers: this.configuration.providerUses(),
      ...(typeof version === "string" && { terraformVersion: version }),
      complete: own(this.json, "complete") !== false,
      errored: own(this.json, "errored") === true,
      ...(typeof timestamp === "string" && { timestamp }),
    };
  }

  private readDrift(): Drift | undefined {
    const drifted = listIn(this.source, this.json, "resource_drift")
      .map((entry) => this.readChange(entry))
      .filter(({ deposed, type }) => deposed === undefined && concernsTrust(type));
    if (drifted.length === 0) {
      return undefined;
    }
    const side = (values: "before" | "after") =>
      settlePolicies(
        drifted.flatMap((change) => {
          const found = change[values];
          return found ? [this.recorded(change, found)] : [];
        }),
      ).model;
    return { before: side("before"), after: side("after"), changes: drifted.map(published) };
  }

  private readChange(entry: unknown): ReadChange {
    const { address, mode, type } = identity(this.source, entry);
    const fields = entry as Json;
    const change = own(fields, "change");
    const actions = isRecord(change) ? own(change, "actions") : undefined;
    if (!isRecord(change) || !Array.isArray(actions) || !actions.every((action) => typeof action === "string")) {
      throw new ReadError({
        source: this.source,
        at: address,
        problem: '"change" is not valid',
        found: change,
        allowed: 'an object with "actions", "before" and "after"',
      });
    }
    const relevant = concernsTrust(type) || type === "google_iam_policy";
    const text = (name: string) => {
      const value = own(fields, name);
      return typeof value === "string" ? value : undefined;
    };
    const values = (name: string) => {
      const value = own(change, name);
      return !relevant || value === null || value === undefined
        ? undefined
        : attributesOf(this.source, address, type, value);
    };
    const mask = relevant ? own(change, "after_unknown") : undefined;
    if (relevant && isWritten(actions as string[]) && mask !== true && !isRecord(own(change, "after"))) {
      throw new ReadError({
        source: this.source,
        at: address,
        problem: '"after" of what is created or updated is not valid',
        found: own(change, "after"),
        allowed: "an object with what will be there",
      });
    }
    const unknown = isRecord(mask) ? attributesOf(this.source, address, type, mask) : mask === true;
    const [previousAddress, reason, deposed] = ["previous_address", "action_reason", "deposed"].map(text);
    const replaced = own(change, "replace_paths");
    const sensitive = relevant ? sensitiveIn(change) : [];
    const policy = (side: "before" | "after") => {
      const object = own(change, side);
      const value = isRecord(object) ? own(object, "deletion_policy") : undefined;
      return typeof value === "string" && value !== "" ? value : undefined;
    };
    const [deletionPolicy, nextDeletionPolicy] = [policy("before"), policy("after")];
    const block = BLOCKS_THAT_STAY.get(type);
    const configured = this.configuration.has(withoutIndexes(address));
    return {
      address,
      ...(previousAddress !== undefined && { previousAddress }),
      mode,
      type,
      actions: actions as string[],
      ...(reason !== undefined && { reason }),
      ...(deposed !== undefined && { deposed }),
      imported: isRecord(own(change, "importing")),
      ...(Array.isArray(replaced) && replaced.length > 0 && { replacePaths: replaced.map(pathText) }),
      ...(sensitive.length > 0 && { sensitive }),
      ...(deletionPolicy !== undefined && { deletionPolicy }),
      ...(nextDeletionPolicy !== undefined && { nextDeletionPolicy }),
      ...(block !== undefined &&
        configured && {
          written: { [block]: this.configuration.expression(withoutIndexes(address), block) !== undefined },
        }),
      before: values("before"),
      after: values("after"),
      unknown,
    };
  }

  /** What is there of a resource now. What a data source found while planning is there now as well. */
  private beforehand(change: ReadChange): Resource[] {
    const { address, after, before, mode, previousAddress, unknown } = change;
    if (before) {
      return [this.recorded(change, before, previousAddress)];
    }
    if (mode === "managed") {
      return [];
    }
    const prior = this.prior.find((recorded) => recorded.address === address);
    if (prior) {
      return [this.resource(prior)];
    }
    const found =
      after && unknown !== true && !Object.keys(unknown).some((attribute) => isUnknownAt(unknown, attribute));
    return found ? [this.recorded(change, after)] : [];
  }

  /** What will be there of a resource once the plan is applied. */
  private afterwards(change: ReadChange, current: readonly ReadChange[]): Resource[] {
    const { actions, after, before, type } = change;
    const forgotten = actions.includes("forget") && before ? [this.recorded(change, before)] : [];
    if (type === POLICY && before && actions.includes("delete")) {
      return this.afterDestroyedPolicy(change, before, current);
    }
    if (type === POLICY && this.destroysLeftOver(change)) {
      return [this.recorded(change, this.afterLeftOver(change))];
    }
    if (!after && !isPlanned(actions)) {
      // Terraform forgets it, and it goes on as it is.
      return forgotten;
    }
    const planned = this.planned(change);
    // Two bindings are two, however much alike; a thing with a name, or a project's one policy, is written over.
    const same =
      before !== undefined &&
      (type === POLICY || own(before, "name") !== undefined) &&
      sameThing(planned, before, "project", "location", "name");
    const resource = this.recorded(change, type === POLICY ? this.truePolicy(change, planned, current) : planned);
    return same ? [resource] : [resource, ...forgotten];
  }

  private planned(change: ReadChange): AttributeMap {
    const { after, unknown } = change;
    const shown = after ?? {};
    const mask = unknown === true ? Object.fromEntries(Object.keys(shown).map((name) => [name, true])) : unknown;
    const values = overlay(shown, mask);
    const attributes = this.withDefaultProject(change, (isRecord(values) ? values : {}) as AttributeMap);
    return change.type.endsWith("_iam_policy") ? this.withPolicyData(change, attributes) : attributes;
  }

  /** A project that is not written is that of the provider, also where Terraform says it will know it later. */
  private withDefaultProject(change: ReadChange, attributes: AttributeMap): AttributeMap {
    const address = withoutIndexes(change.address);
    const written = !this.configuration.has(address) || this.configuration.expression(address, "project") !== undefined;
    const project = this.configuration.providerSetting(address, "project");
    return !written && project !== undefined && own(attributes, "project") instanceof NotKnown
      ? { ...attributes, project }
      : attributes;
  }

  /** Destroying a policy writes one that admits everything; of its other fields the provider's versions differ. */
  private afterDestroyedPolicy(change: ReadChange, before: AttributeMap, current: readonly ReadChange[]): Resource[] {
    const { actions, after } = change;
    const abandoned = own(before, "deletion_policy") === "ABANDON";
    const rest = abandoned ? before : overlay(OPENED, OPENED_UNKNOWN);
    const left = this.recorded(change, { ...(rest as AttributeMap), project: own(before, "project") as Attribute });
    if (!after) {
      const succeeded = current.some(
        (other) =>
          other !== change && other.type === POLICY && other.after && sameThing(other.after, before, "project"),
      );
      // Which of the two is written last is not settled: the successor is read, as unknown.
      return succeeded ? [] : [left];
    }
    const planned = this.truePolicy(change, this.planned(change), current);
    const sameProject = sameThing(after, before, "project");
    if (sameProject && !abandoned && actions.indexOf("create") < actions.indexOf("delete")) {
      return [left];
    }
    return sameProject ? [this.recorded(change, planned)] : [this.recorded(change, planned), left];
  }

  /** Whether an object of the same policy, which an earlier apply left over, is destroyed: there is but one policy. */
  private destroysLeftOver({ address, after, before }: ReadChange): boolean {
    return this.all.some(
      (other) =>
        other.type === POLICY &&
        other.deposed !== undefined &&
        other.actions.includes("delete") &&
        other.before !== undefined &&
        (other.address === address || sameThing(other.before, after ?? before ?? {}, "project")),
    );
  }

  /** Destroying what was left over writes a policy that admits everything, over the one that is kept. */
  private afterLeftOver(change: ReadChange): AttributeMap {
    const planned = this.planned(change);
    const project = own(planned, "project") as Attribute;
    if (!isWritten(change.actions)) {
      return { ...(overlay(OPENED, OPENED_UNKNOWN) as AttributeMap), project };
    }
    const names = ["admission_whitelist_patterns", "cluster_admission_rules", "default_admission_rule"];
    const mask = Object.fromEntries([...names, "global_policy_evaluation_mode"].map((name) => [name, true]));
    return overlay(planned, mask) as AttributeMap;
  }

  /** The planned policy, without what the provider shows of it and does not do. */
  private truePolicy(change: ReadChange, planned: AttributeMap, current: readonly ReadChange[]): AttributeMap {
    const contested = current.some(
      (other) =>
        other !== change &&
        other.type === POLICY &&
        other.actions.includes("delete") &&
        !other.after &&
        other.before !== undefined &&
        sameThing(planned, other.before, "project"),
    );
    if (contested) {
      const names = ["admission_whitelist_patterns", "cluster_admission_rules", "default_admission_rule"];
      const mask = Object.fromEntries([...names, "global_policy_evaluation_mode"].map((name) => [name, true]));
      return overlay(planned, mask) as AttributeMap;
    }
    const defaults = listOf(own(planned, "default_admission_rule"));
    const clusters = listOf(own(planned, "cluster_admission_rules"));
    return {
      ...planned,
      ...(defaults && {
        default_admission_rule: defaults.map((rule) => this.trueDefaultRule(change, rule)),
      }),
      ...(clusters && {
        cluster_admission_rules: clusters.map((rule) => this.trueRule(change, "cluster_admission_rules", rule)),
      }),
    };
  }

  private trueDefaultRule(change: ReadChange, rule: Attribute): Attribute {
    const names = attestorsOf(rule);
    const old = attestorsOf(listOf(own(change.before ?? {}, "default_admission_rule"))?.[0] ?? null);
    const stays = [...names].some((name) => old.has(name));
    if (stays && (names.size !== old.size || [...names].some((name) => !old.has(name)))) {
      return withAttestors(rule, `\${${change.address}.default_admission_rule[0].require_attestations_by}`);
    }
    return this.trueRule(change, "default_admission_rule", rule);
  }

  /** What the configuration says of a rule; undefined where it comes from a `dynamic` block. */
  private rulesWritten(change: ReadChange, attribute: RuleAttribute, rule: Attribute): readonly unknown[] | undefined {
    const written = this.configuration.expression(withoutIndexes(change.address), attribute);
    const blocks = Array.isArray(written) ? written : [];
    if (attribute === "default_admission_rule") {
      return blocks.length > 0 ? blocks : undefined;
    }
    const cluster = isRecord(rule) ? own(rule, "cluster") : undefined;
    const constant = (block: unknown) => {
      const expression = isRecord(block) ? own(block, "cluster") : undefined;
      return isRecord(expression) ? own(expression, "constant_value") : undefined;
    };
    const exact = blocks.filter((block) => constant(block) === cluster);
    const open = blocks.filter((block) => constant(block) === undefined);
    const found = exact.length > 0 ? exact : open;
    return found.length > 0 ? found : undefined;
  }

  private trueRule(change: ReadChange, attribute: RuleAttribute, rule: Attribute): Attribute {
    const doubtful = this.hiddenBehind(change, attribute, rule);
    return doubtful === undefined ? rule : withAttestors(rule, `\${${doubtful.reference}}`);
  }

  /**
   * What hides the attestors of a rule. Where one of them is not known, google 6.50 and 7.45 show none in the rule of a
   * cluster, and those of before in the default rule. A reference to a resource says whether it is known; behind a local
   * value, a module, `each` or a `dynamic` block there may be anything, unless the plan shows attestors that are new.
   */
  private hiddenBehind(change: ReadChange, attribute: RuleAttribute, rule: Attribute): HiddenList | undefined {
    const address = withoutIndexes(change.address);
    const mode = isRecord(rule) ? own(rule, "evaluation_mode") : undefined;
    if (!this.configuration.has(address) || (typeof mode === "string" && mode !== "REQUIRE_ATTESTATION")) {
      return undefined;
    }
    const prefix = modulePrefix(address);
    const shown = attestorsOf(rule);
    if (attribute === "cluster_admission_rules" && shown.size > 0) {
      return undefined;
    }
    const references = this.rulesWritten(change, attribute, rule)?.flatMap((block) =>
      referencesOf(isRecord(block) ? own(block, "require_attestations_by") : undefined),
    ) ?? [undefined];
    const known = (reference: string | undefined) => this.isKnown(reference, prefix);
    const unknown = references.find((reference) => known(reference) === "no");
    if (unknown !== undefined) {
      return { reference: unknown, possible: false };
    }
    const open = references.findIndex((reference) => known(reference) === "perhaps");
    const kept = attribute === "default_admission_rule" && sameNames(shown, attestorsOf(defaultRuleIn(change.before)));
    if (open < 0 || (shown.size > 0 && !kept)) {
      return undefined;
    }
    const reference = references[open] ?? `${change.address}.require_attestations_by`;
    if (this.createsAttestor()) {
      return { reference, possible: shown.size > 0 };
    }
    return this.makesValues(shown.size > 0) ? { reference, possible: true } : undefined;
  }

  /** Whether a reference leads to a value that Terraform knows already; none stands for a `dynamic` block. */
  private isKnown(reference: string | undefined, prefix: string): "yes" | "no" | "perhaps" {
    const steps = reference === undefined ? undefined : traversal(reference);
    const [first] = steps ?? [];
    if (
      steps === undefined ||
      first === "module" ||
      first === "local" ||
      first === "each" ||
      (first === "var" && prefix !== "")
    ) {
      return "perhaps";
    }
    if (["var", "path", "terraform", "count", "self"].includes(String(first))) {
      return "yes";
    }
    const length = first === "data" ? 3 : 2;
    const address = prefix + steps.slice(0, length).join(".");
    const changes = this.all.filter(
      (change) => withoutIndexes(change.address) === address && change.deposed === undefined,
    );
    const instance = changes.filter((change) => change.address.endsWith(`[${JSON.stringify(steps[length])}]`));
    const path = steps.slice(instance.length > 0 ? length + 1 : length).filter((step) => typeof step === "string");
    if (changes.length === 0) {
      return this.prior.some((recorded) => withoutIndexes(recorded.address) === address) ? "yes" : "perhaps";
    }
    const open = (instance.length > 0 ? instance : changes).some(({ actions, type, unknown }) =>
      concernsTrust(type) ? isUnknownAt(unknown, path[0] ?? "id") : actions.some((action) => action !== "no-op"),
    );
    return open ? "no" : "yes";
  }

  /** Whether this plan makes a value that may be anything, as a name of an attestor; of a rule that shows none, any may. */
  private makesValues(carriersOnly: boolean): boolean {
    return this.all.some(
      ({ actions, type }) =>
        type !== POLICY &&
        (!carriersOnly || CARRIERS.test(type)) &&
        actions.some((action) => ["create", "update", "read"].includes(action)),
    );
  }

  private createsAttestor(): boolean {
    return this.all.some(({ type, unknown }) => type === ATTESTOR && isUnknownAt(unknown, "id"));
  }

  /** The bindings of an IAM policy that is made of a data source, where that one shows them. */
  private withPolicyData(change: ReadChange, attributes: AttributeMap): AttributeMap {
    const address = withoutIndexes(change.address);
    if (!(own(attributes, "policy_data") instanceof NotKnown)) {
      return attributes;
    }
    const [reference] = referencesOf(this.configuration.expression(address, "policy_data"));
    const data = modulePrefix(address) + String(reference).replace(/\.policy_data$/, "");
    const found = this.all.filter((other) => withoutIndexes(other.address) === data);
    if (found.length !== 1 || found[0].type !== "google_iam_policy") {
      return attributes;
    }
    const bindings = own(this.planned(found[0]), "binding") as Attribute | undefined;
    return { ...attributes, policy_data: { bindings: bindings ?? [] } };
  }

  private recorded(change: ReadChange, values: AttributeMap, address = change.address): Resource {
    return this.resource({ address, mode: change.mode, type: change.type, values });
  }

  private resource(recorded: Recorded): Resource {
    const setting = (name: string) => this.configuration.providerSetting(withoutIndexes(recorded.address), name);
    const [project, region, zone] = [setting("project") ?? this.options.project, setting("region"), setting("zone")];
    const defaults: ProviderDefaults = {
      ...(project !== undefined && { project: known(project) }),
      ...(region !== undefined && { region: known(region) }),
      ...(zone !== undefined && { zone: known(zone) }),
    };
    return resourceOf(this.source, recorded, defaults);
  }
}

// https://github.com/hashicorp/terraform-provider-google/blob/v6.50.0/google/services/binaryauthorization/resource_binary_authorization_policy.go
const OPENED = {
  default_admission_rule: [
    { evaluation_mode: "ALWAYS_ALLOW", enforcement_mode: "ENFORCED_BLOCK_AND_AUDIT_LOG", require_attestations_by: [] },
  ],
  cluster_admission_rules: [],
};
const OPENED_UNKNOWN = { admission_whitelist_patterns: true, global_policy_evaluation_mode: true };

function isPlanned(actions: readonly string[]): boolean {
  return actions.some((action) => ["create", "update", "no-op", "read"].includes(action));
}

function sameThing(one: AttributeMap, other: AttributeMap, ...names: string[]): boolean {
  return names.every((name) => own(one, name) === own(other, name));
}

function listOf(value: unknown): readonly Attribute[] | undefined {
  return Array.isArray(value) ? (value as Attribute[]) : undefined;
}

function defaultRuleIn(values: AttributeMap | undefined): Attribute {
  return listOf(own(values ?? {}, "default_admission_rule"))?.[0] ?? null;
}

function sameNames(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((name) => other.has(name));
}

/** The short names of a rule's attestors, which is all that the provider compares. */
function attestorsOf(rule: Attribute): Set<string> {
  const list = isRecord(rule) ? listOf(own(rule, "require_attestations_by")) : undefined;
  return new Set(
    (list ?? []).flatMap((name) => (typeof name === "string" ? [name.slice(name.lastIndexOf("/") + 1)] : [])),
  );
}

function withAttestors(rule: Attribute, reference: string): Attribute {
  return isRecord(rule) ? ({ ...rule, require_attestations_by: unresolved(reference) } as AttributeMap) : rule;
}

function isUnknownAt(unknown: unknown, attribute: string): boolean {
  const below = isRecord(unknown) ? own(unknown, attribute) : unknown;
  const any = (mask: unknown): boolean =>
    mask === true || (typeof mask === "object" && mask !== null && Object.values(mask).some(any));
  return any(below);
}
