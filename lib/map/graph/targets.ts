import { chooseRule } from "../../admission/rules";
import type { Target } from "../../admission/types";
import { effectiveRule, showEffective } from "../../review/effective";
import { type Facts, shown, type TargetFact } from "../../review/facts";
import type { Origin, Policy } from "../../trust";
import type { GraphNode } from "../types";
import { fact, inWords, said, statusOf, summaryOf } from "../words";
import { type Builder, made } from "./builder";
import { contentOf, policyId, ruleId } from "./policies";

export function addTargets(builder: Builder, facts: Facts): void {
  for (const targetFact of facts.targets.values()) {
    const id = builder.add(targetNode(targetFact, facts, builder.severalProjects));
    connectTarget(builder, facts, targetFact, id);
  }
  for (const policy of facts.policies.values()) {
    addOtherPlaces(builder, policy);
  }
}

function targetNode({ address, effective, name, target }: TargetFact, facts: Facts, several: boolean): GraphNode {
  const place =
    target.kind === "default" ? target.project : `${target.location}${several ? ` · ${target.project}` : ""}`;
  const common = {
    id: targetId(name),
    status: statusOf(effective),
    summary: summaryOf(effective),
    names: [name],
  };
  const first = said("Rule", showEffective(effective));
  switch (target.kind) {
    case "default": {
      const policy = facts.policies.get(target.project);
      return made({
        ...common,
        kind: "everything-else",
        title: "Everything else",
        subtitle: place,
        facts: [first, said("What that is", "every cluster and service of the project that has no rule of its own")],
        origins: policy ? [policy.origin] : [],
      });
    }
    case "gke": {
      const found = facts.model.clusters.filter((cluster) => isAt(cluster, target));
      return made({
        ...common,
        kind: "cluster",
        title: target.name,
        subtitle: place,
        facts: [
          first,
          ...(found.length === 0
            ? [said("The cluster itself", "not in these files; it is taken to enforce the policy")]
            : found.map(({ evaluationMode }) => fact("Enforcement", evaluationMode))),
        ],
        names: [name, `${target.location}.${target.name}`],
        origins: found.length > 0 ? found.map(({ origin }) => origin) : originOf(facts, target, address),
      });
    }
    case "cloud-run": {
      const found = facts.model.services.filter((service) => isAt(service, target));
      return made({
        ...common,
        kind: "cloud-run",
        title: target.name,
        subtitle: place,
        facts: [
          first,
          ...found.flatMap(({ breakglassJustification, kind, policy }) => [
            said("What it is", kind.replace("-", " ")),
            fact("Policy", policy),
            ...(breakglassJustification.state !== "known" || breakglassJustification.value
              ? [fact("Break-glass", breakglassJustification, (text) => String(text))]
              : []),
          ]),
        ],
        origins: found.map(({ origin }) => origin),
      });
    }
  }
}

const targetId = (name: string) => `target ${name}`;

function originOf(facts: Facts, { project }: Target, address: string | undefined): Origin[] {
  const policy = facts.policies.get(project);
  return policy && policy.origin.address === address ? [policy.origin] : [];
}

type Located = Exclude<Target, { kind: "default" }>;

function isAt(one: Pick<Located, "project" | "location" | "name">, other: Located): boolean {
  return one.project === other.project && one.location === other.location && one.name === other.name;
}

function connectTarget(builder: Builder, facts: Facts, { effective, target }: TargetFact, id: string): void {
  const policy = facts.policies.get(target.project);
  if (policy === undefined) {
    return;
  }
  const idle = effective.kind === "allow" && effective.because === "not-enforced";
  const { candidates } = chooseRule(policy, target);
  for (const { applied, rule } of candidates) {
    const kind = policy.specificRules.state === "known" ? policy.specificRules.value.kind : "cluster";
    const from = ruleId(target.project, applied.kind === "default" ? "default" : `${kind} ${contentOf(rule)}`);
    if (builder.has(from)) {
      const settled = candidates.length === 1 && !idle;
      const label = idle ? "would apply to" : settled ? "applies to" : "may apply to";
      builder.connect(from, id, settled ? "chain" : "maybe", label);
    }
  }
  const { exemptImages } = policy;
  if (!idle && (exemptImages.state !== "known" || exemptImages.value.length > 0)) {
    builder.connect(policyId(target.project), id, "exempt", "lets exempt images run on");
  }
}

/** Rules that are for no cluster: they hold in every cluster of the project that enforces the policy. */
function addOtherPlaces(builder: Builder, policy: Policy): void {
  const { project, specificRules } = policy;
  if (specificRules.state !== "known") {
    return;
  }
  const { kind, rules } = specificRules.value;
  for (const { key, rule } of rules) {
    if (kind === "cluster" && key.state === "known") {
      continue;
    }
    const effective = effectiveRule(rule);
    const id = builder.add(
      made({
        id: targetId(`${kind}:${project}/${shown(key)}`),
        kind: kind === "cluster" ? "cluster" : "identity",
        title: key.state === "known" ? key.value : `A ${kind.replace("-", " ")} that is not known yet`,
        subtitle: `${kind.replace("-", " ")} · ${project}`,
        status: statusOf(effective),
        summary: summaryOf(effective),
        facts: [said("Rule", showEffective(effective)), fact(inWords(kind.replace("-", " ")), key)],
        names: key.state === "known" ? [key.value] : [],
        origins: [policy.origin],
      }),
    );
    builder.connect(ruleId(project, `${kind} ${contentOf(rule)}`), id, "chain", "applies to");
  }
}
