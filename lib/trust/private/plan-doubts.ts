import type { HiddenList, PlanDoubt } from "../plan";
import { type Attribute, isRecord, own } from "./attribute";
import type { PlanConfiguration } from "./plan-configuration";
import type { ReadChange } from "./plan-facts";
import { withoutIndexes } from "./recorded";

const POLICY = "google_binary_authorization_policy";

type HiddenBehind = (
  change: ReadChange,
  attribute: "default_admission_rule" | "cluster_admission_rules",
  rule: Attribute,
) => HiddenList | undefined;

/**
 * Where a plan does not show what will be of a policy. Of a rule: the attestors that it will require, and whether the
 * configuration asks for others. Of the rest: literal values that the configuration has and the plan does not.
 */
export function readDoubts(
  changes: readonly ReadChange[],
  configuration: PlanConfiguration,
  hiddenBehind: HiddenBehind,
): PlanDoubt[] {
  return changes
    .filter(({ after, deposed, type }) => type === POLICY && after && deposed === undefined)
    .flatMap((change) => doubtsOf(change, configuration, hiddenBehind));
}

interface RuleAt {
  readonly rule: string;
  readonly attribute: string;
  readonly planned: Attribute;
  readonly before: Attribute | undefined;
  readonly written: unknown;
  readonly hidden: HiddenList | undefined;
}

function doubtsOf(change: ReadChange, configuration: PlanConfiguration, hiddenBehind: HiddenBehind): PlanDoubt[] {
  const address = withoutIndexes(change.address);
  const blocks = (attribute: string, side: ReadChange["before"]) => listOf(own(side ?? {}, attribute));
  const written = (attribute: string) => listOf(configuration.expression(address, attribute));
  const [defaultRule] = blocks("default_admission_rule", change.after);
  const rules: RuleAt[] = [
    ...(defaultRule === undefined
      ? []
      : [
          {
            rule: "default",
            attribute: "default_admission_rule",
            planned: defaultRule as Attribute,
            before: blocks("default_admission_rule", change.before)[0] as Attribute | undefined,
            written: written("default_admission_rule")[0],
            hidden: hiddenBehind(change, "default_admission_rule", defaultRule as Attribute),
          },
        ]),
    ...blocks("cluster_admission_rules", change.after).flatMap((planned): RuleAt[] => {
      const key = textAt(planned, "cluster");
      return key === undefined
        ? []
        : [
            {
              rule: key,
              attribute: "cluster_admission_rules",
              planned: planned as Attribute,
              before: blocks("cluster_admission_rules", change.before).find(
                (block) => textAt(block, "cluster") === key,
              ) as Attribute | undefined,
              written: written("cluster_admission_rules").find((block) => constantAt(block, "cluster") === key),
              hidden: hiddenBehind(change, "cluster_admission_rules", planned as Attribute),
            },
          ];
    }),
  ];
  return [...rules.flatMap((rule) => ruleDoubts(change, rule)), ...whole(change, configuration)];
}

function ruleDoubts(change: ReadChange, { attribute, before, hidden, planned, rule, written }: RuleAt): PlanDoubt[] {
  const found: PlanDoubt[] = [];
  const list = namesIn(planned);
  const old = before === undefined ? undefined : namesIn(before);
  const doubt = (kind: PlanDoubt["kind"], field: string, shown: string, says: string, was?: string, possible = false) =>
    found.push({
      kind,
      address: change.address,
      rule,
      attribute: `${attribute}.${field}`,
      planned: shown,
      written: says,
      ...(was !== undefined && { before: was }),
      ...(possible && { possible }),
    });
  if (hidden !== undefined) {
    const { possible, reference } = hidden;
    doubt("hidden-reference", "require_attestations_by", show(list), reference, old && show(old), possible);
  } else if (rule === "default" && old !== undefined && staysInPart(old, list)) {
    doubt("list-not-applied", "require_attestations_by", show(list), show(list), show(old));
  }
  const says = constantAt(written, "require_attestations_by");
  if (hidden === undefined && Array.isArray(says)) {
    const asked = says.filter((name): name is string => typeof name === "string");
    const shorts = asked.map(shortName);
    const twice = asked.find((name, index) => shorts.indexOf(shortName(name)) !== index);
    if (twice !== undefined && new Set(asked).size > new Set(shorts).size) {
      doubt("same-short-name", "require_attestations_by", show(list), show(asked));
    } else if (!sameAttestors(asked, list)) {
      doubt("written-otherwise", "require_attestations_by", show(list), show(asked), old && show(old));
    }
  }
  for (const field of ["evaluation_mode", "enforcement_mode"]) {
    const [asked, shown] = [constantAt(written, field), textAt(planned, field)];
    if (typeof asked === "string" && shown !== undefined && asked !== shown) {
      doubt("written-otherwise", field, shown, asked);
    }
  }
  return found;
}

/** Literals of the policy itself: what `ignore_changes` keeps as it was is seen here. */
function whole(change: ReadChange, configuration: PlanConfiguration): PlanDoubt[] {
  const address = withoutIndexes(change.address);
  const after = change.after ?? {};
  const found: PlanDoubt[] = [];
  const add = (attribute: string, planned: string, written: string, possible = false) =>
    found.push({
      kind: "written-otherwise",
      address: change.address,
      attribute,
      planned,
      written,
      ...(possible && { possible }),
    });
  /** What is planned on top of the blocks that are shown may be of a dynamic one, of which a plan has no configuration. */
  const compare = (attribute: string, planned: readonly string[], asked: readonly string[]) => {
    if (show(planned) !== show(asked)) {
      add(
        attribute,
        show(planned),
        show(asked),
        asked.every((entry) => planned.includes(entry)),
      );
    }
  };
  const mode = constantOf(configuration.expression(address, "global_policy_evaluation_mode"));
  const shown = own(after, "global_policy_evaluation_mode");
  if (typeof mode === "string" && mode !== "" && typeof shown === "string" && mode !== shown) {
    add("global_policy_evaluation_mode", shown, mode);
  }
  const blocks = listOf(configuration.expression(address, "admission_whitelist_patterns"));
  const asked = blocks.map((block) => constantAt(block, "name_pattern"));
  if (blocks.length > 0 && asked.every((pattern): pattern is string => typeof pattern === "string")) {
    const planned = listOf(own(after, "admission_whitelist_patterns")).flatMap(
      (block) => textAt(block, "name_pattern") ?? [],
    );
    compare("admission_whitelist_patterns", planned, asked);
  }
  const keys = listOf(configuration.expression(address, "cluster_admission_rules")).map((block) =>
    constantAt(block, "cluster"),
  );
  if (keys.length > 0 && keys.every((key): key is string => typeof key === "string")) {
    const planned = listOf(own(after, "cluster_admission_rules")).flatMap((block) => textAt(block, "cluster") ?? []);
    compare("cluster_admission_rules", planned, keys);
  }
  return found;
}

/** The provider sends only what is new of such a list. */
function staysInPart(old: readonly string[], list: readonly string[]): boolean {
  const [before, after] = [new Set(old.map(shortName)), new Set(list.map(shortName))];
  const stays = [...after].some((name) => before.has(name));
  return stays && (before.size !== after.size || [...after].some((name) => !before.has(name)));
}

/** Short names are completed by the provider, so that only a project that both name can differ. */
function sameAttestors(asked: readonly string[], list: readonly string[]): boolean {
  const fits = (one: string, other: string) =>
    shortName(one) === shortName(other) && (!one.includes("/") || !other.includes("/") || one === other);
  return (
    asked.every((name) => list.some((other) => fits(name, other))) &&
    list.every((name) => asked.some((other) => fits(name, other)))
  );
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

function namesIn(rule: Attribute): string[] {
  return listOf(isRecord(rule) ? own(rule, "require_attestations_by") : undefined).filter(
    (name): name is string => typeof name === "string" && name !== "",
  );
}

function show(names: readonly string[]): string {
  return names.length === 0 ? "none" : [...new Set(names)].sort().join(", ");
}

function constantOf(expression: unknown): unknown {
  return isRecord(expression) ? own(expression, "constant_value") : undefined;
}

function constantAt(block: unknown, field: string): unknown {
  return isRecord(block) ? constantOf(own(block, field)) : undefined;
}

function textAt(block: unknown, field: string): string | undefined {
  const value = isRecord(block) ? own(block, field) : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
