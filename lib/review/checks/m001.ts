import type { Policy, Value } from "../../trust";
import { at } from "../changes";
import { effectiveRule, showEffective, worstOf } from "../effective";
import type { Facts } from "../facts";
import { shown } from "../facts";
import { rulesWithoutKey, ruleTransitions } from "../rule-changes";
import type { ChangeContext, Check, Found, Severity } from "../types";

export const m001: Check = {
  id: "M001",
  title: "Value that decides on trust is not known before the apply",
  severity: "high",
  effects: ["blind"],
  looksAt:
    "rules, exempt images, keys of attestors, switches of clusters and services that are unknown or behind a reference; Helm releases and other resources that hide what they put on a cluster",
  mend: "Write it as a literal, or make what it refers to first, in an apply of its own.",
  change: (context) => [
    ...rules(context),
    ...lists(context),
    ...keys(context),
    ...switches(context),
    ...opaque(context),
  ],
};

/** That it is hidden is certain, so that it is decided; what is in it may be as harmless as it mostly is. */
function opaque({ plans }: ChangeContext): Found[] {
  return plans.flatMap((plan) =>
    plan.opaque.map(({ address, type }) => ({
      address,
      target: address,
      title: "Objects of Kubernetes that no plan shows",
      severity: "medium" as const,
      message: `What a ${type} puts on a cluster is in no plan: neither its images nor a break-glass label are looked at here.`,
      mend: "Render it as it will be applied (helm template, kustomize build), and ask binauthz admit about the manifests.",
    })),
  );
}

function undecided(
  place: Pick<Found, "address" | "target">,
  what: string,
  worst: Severity,
  because: string,
  before?: string,
): Found {
  return {
    ...place,
    severity: worst,
    message: `${what} is not known: ${because}.`,
    ...(before !== undefined && { before }),
    after: "not known",
    certainty: { state: "undecided", best: "none", worst, because },
  };
}

/** Rules that are not settled; where another finding says why, it is enough. */
function rules(context: ChangeContext): Found[] {
  const explained = new Set(
    context.plans.flatMap(({ after, contested, doubts }) => [
      ...doubts.map(({ address, rule }) => `${address} ${rule}`),
      ...contested.flatMap(({ project }) =>
        after.policies.filter((policy) => policy.project === project).map(({ origin }) => `${origin.address} *`),
      ),
    ]),
  );
  const known = new Set(context.contestedBetween.map(({ project }) => project));
  return ruleTransitions(context).flatMap((change): Found[] => {
    const { address, after, before, key, own, project, target } = change;
    const policy = context.after.policies.get(project);
    if (
      policy === undefined ||
      known.has(project) ||
      after.kind !== "undecided" ||
      /names no attestor$/.test(after.because) ||
      explained.has(`${address} ${key}`) ||
      explained.has(`${address} *`) ||
      (key !== "default" && !own.after) ||
      (before.kind === "undecided" && before.because === after.because)
    ) {
      return [];
    }
    const worst: Severity = worstOf(after).kind === "allow" ? "critical" : "high";
    return [undecided({ ...(address !== undefined && { address }), target }, "The rule", worst, after.because)];
  });
}

function lists({ after, before, contestedBetween, plans, resetProjects }: ChangeContext): Found[] {
  const contested = new Set([
    ...contestedBetween.map(({ project }) => project),
    ...plans.flatMap((plan) => plan.contested.map(({ project }) => project)),
    ...resetProjects,
  ]);
  return [...after.policies.values()]
    .filter(({ project }) => !contested.has(project))
    .flatMap((policy): Found[] => {
      const was = before.policies.get(policy.project);
      const place = { ...at(policy.origin), target: `projects/${policy.project}/policy` };
      const found: Found[] = [];
      const open = openIn(policy.exemptImages);
      if (open !== undefined && !(was && openIn(was.exemptImages) !== undefined)) {
        found.push(undecided(place, "An exempt image", "critical", why("an exempt image", open)));
      }
      const { specificRules } = policy;
      if (specificRules.state !== "known" && was?.specificRules.state === "known") {
        found.push(
          undecided(place, "The list of rules for clusters", "critical", why("the list of rules", specificRules)),
        );
      }
      found.push(...clusterOfRules(policy, was, place));
      return found;
    });
}

/** Rules for clusters that are not known: they may open or close any cluster. */
function clusterOfRules(policy: Policy, was: Policy | undefined, place: Pick<Found, "address" | "target">): Found[] {
  const open = rulesWithoutKey(policy);
  if (open.length === 0 || (was !== undefined && rulesWithoutKey(was).length > 0)) {
    return [];
  }
  const effects = open.map(({ rule }) => effectiveRule(rule));
  const worst = effects.some((effect) => worstOf(effect).kind === "allow")
    ? "critical"
    : effects.some((effect) => worstOf(effect).kind === "attest")
      ? "high"
      : "medium";
  const shownRules = effects.map(showEffective).join("; ");
  return [undecided(place, `The cluster of a rule (${shownRules})`, worst, why("the key of a rule", open[0].key))];
}

function keys({ after, before }: ChangeContext): Found[] {
  return [...after.attestors.values()].flatMap(({ attestor, keys: list }): Found[] => {
    const was = before.attestors.get(attestor.name);
    const open =
      attestor.publicKeys.state !== "known"
        ? attestor.publicKeys
        : list?.map(({ key }) => key.material).find(({ state }) => state !== "known");
    const wasOpen = was !== undefined && (was.keys === undefined || was.keys.some(({ print }) => print === undefined));
    if (open === undefined || wasOpen) {
      return [];
    }
    const place = { ...at(attestor.origin), target: attestor.name };
    return [undecided(place, "A key of the attestor", was === undefined ? "medium" : "high", why("a key", open))];
  });
}

function switches({ after, before }: ChangeContext): Found[] {
  return [...after.targets.values()].flatMap(({ address, name, target }): Found[] => {
    if (target.kind === "default") {
      return [];
    }
    const value = switchOf(after, name);
    const was = switchOf(before, name);
    return value !== undefined && value.state !== "known" && (was === undefined || was.state === "known")
      ? [
          undecided(
            { ...(address !== undefined && { address }), target: name },
            "Whether the policy is enforced there",
            target.kind === "gke" ? "critical" : "high",
            why("the switch of Binary Authorization", value),
            was === undefined ? undefined : shown(was),
          ),
        ]
      : [];
  });
}

const SWITCHES = new WeakMap<Facts, Map<string, Value<string>>>();

function switchOf(facts: Facts, name: string): Value<string> | undefined {
  const found =
    SWITCHES.get(facts) ??
    new Map<string, Value<string>>([
      ...facts.model.clusters.map((cluster): [string, Value<string>] => [
        `gke:${cluster.project}/${cluster.location}.${cluster.name}`,
        cluster.evaluationMode,
      ]),
      ...facts.model.services.map((service): [string, Value<string>] => [
        `run:${service.project}/${service.location}/${service.name}`,
        service.policy,
      ]),
    ]);
  SWITCHES.set(facts, found);
  return found.get(name);
}

function openIn(list: Value<readonly Value<string>[]>): Value<unknown> | undefined {
  return list.state === "known" ? list.value.find(({ state }) => state !== "known") : list;
}

function why(what: string, value: Value<unknown>): string {
  return value.state === "hidden" ? `${what} is behind ${value.reference}` : `${what} is known only after the apply`;
}
