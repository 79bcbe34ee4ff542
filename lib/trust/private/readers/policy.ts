import { type KeyedRule, known, type Policy, type Rule, type SpecificRules, type Value } from "../../model";
import type { Block } from "../attribute";
import { completeName, inName } from "../names";
import { behind, behindBlock, projectOf, type Resource, type Surroundings } from "../resource";
import { chainValue, mapValue } from "../values";

export function readPolicies(around: Surroundings): Policy[] {
  return around.ofType("google_binary_authorization_policy").map(readPolicy);
}

function readPolicy(resource: Resource): Policy {
  const { block } = resource;
  const project = projectOf(resource);
  return {
    project: inName(project, resource, "project"),
    globalPolicyEvaluationMode: globalMode(resource),
    exemptImages: mapValue(block.blocks("admission_whitelist_patterns"), (patterns) =>
      patterns.map((pattern) => pattern.text("name_pattern") ?? behindBlock(pattern, "name_pattern")),
    ),
    defaultRule: chainValue(block.block("default_admission_rule"), (rule) =>
      rule ? known(readRule(rule, project)) : behind(resource, "default_admission_rule"),
    ),
    specificRules: mapValue(
      block.blocks("cluster_admission_rules"),
      (rules): SpecificRules => ({ kind: "cluster", rules: rules.map((rule) => readKeyedRule(rule, project)) }),
    ),
    origin: resource.origin,
  };
}

/** The provider keeps what the service answered: left out of a configuration, the mode is not known from it. */
function globalMode(resource: Resource): Value<"ENABLE" | "DISABLE"> {
  const { block } = resource;
  const raw = block.raw("global_policy_evaluation_mode");
  if (raw === "" || raw === "GLOBAL_POLICY_EVALUATION_MODE_UNSPECIFIED") {
    return known("DISABLE");
  }
  return mapValue(
    block.text("global_policy_evaluation_mode") ?? behind(resource, "global_policy_evaluation_mode"),
    (mode) => {
      if (mode !== "ENABLE" && mode !== "DISABLE") {
        throw block.wrong("global_policy_evaluation_mode", mode, "ENABLE, DISABLE");
      }
      return mode;
    },
  );
}

function readKeyedRule(block: Block, project: Value<string>): KeyedRule {
  return { key: block.text("cluster") ?? behindBlock(block, "cluster"), rule: readRule(block, project) };
}

function readRule(block: Block, project: Value<string>): Rule {
  return {
    evaluationMode: block.text("evaluation_mode") ?? behindBlock(block, "evaluation_mode"),
    enforcementMode: block.text("enforcement_mode") ?? behindBlock(block, "enforcement_mode"),
    requireAttestationsBy: mapValue(block.texts("require_attestations_by") ?? known([]), (names) =>
      withoutRepetition(names.map((name) => chainValue(name, (text) => completeName(text, "attestors", project)))),
    ),
  };
}

/** To the provider the attestors are a set of full names: one that is named in two forms is one. */
function withoutRepetition(names: readonly Value<string>[]): Value<string>[] {
  return names.filter(
    (name, index) =>
      name.state !== "known" ||
      names.findIndex((other) => other.state === "known" && other.value === name.value) === index,
  );
}
