import { join, type Policy, type Power, type TrustModel, UNKNOWN } from "../trust";

/** Projects whose policy several files describe, each another one. */
export type ContestedBetween = readonly { readonly project: string; readonly places: readonly string[] }[];

const NAMED = [
  "keyVersions",
  "cryptoKeys",
  "notes",
  "attestors",
  "policies",
  "clusters",
  "services",
  "pipelines",
  "enrolments",
  "apis",
  "orgPolicies",
  "identityProviders",
  "triggers",
] as const;

/**
 * One model of several plans or configurations, and of the context what they do not speak of: what they say of a thing is
 * newer. Two of them with a policy for one project are no error here: nothing is known of that policy then.
 *
 * @param spoken the models whose things the context adds nothing to
 */
export function unite(
  models: readonly TrustModel[],
  context: TrustModel,
  spoken: readonly TrustModel[],
): { readonly model: TrustModel; readonly contested: ContestedBetween } {
  const settled = settle(models);
  const own = join(settled.models);
  const rest = Object.fromEntries(
    NAMED.map((collection) => {
      const there = new Set(spoken.flatMap((model) => model[collection].map(identityOf)));
      return [collection, context[collection].filter((item) => !there.has(identityOf(item)))];
    }),
  );
  const held = new Set(spoken.flatMap(({ powers }) => powers.map(contentOf)));
  const powers = context.powers.filter((power) => !held.has(contentOf(power)));
  return { model: join([own, { ...context, ...rest, powers }]), contested: settled.contested };
}

function identityOf(item: { readonly project?: string; readonly location?: string; readonly name?: string }): string {
  return JSON.stringify([item.project, item.location, item.name]);
}

function contentOf({ origin: _, ...content }: Power): string {
  return JSON.stringify(content);
}

function settle(models: readonly TrustModel[]): {
  readonly models: readonly TrustModel[];
  readonly contested: ContestedBetween;
} {
  const byProject = new Map<string, Policy[]>();
  for (const policy of models.flatMap(({ policies }) => policies)) {
    byProject.set(policy.project, [...(byProject.get(policy.project) ?? []), policy]);
  }
  const several = [...byProject].filter(([, policies]) => new Set(policies.map(rulesOf)).size > 1);
  if (several.length === 0) {
    return { models, contested: [] };
  }
  const projects = new Set(several.map(([project]) => project));
  const [first, ...others] = models.map((model) => ({
    ...model,
    policies: model.policies.filter(({ project }) => !projects.has(project)),
  }));
  const unknown = several.map(
    ([project, [{ origin }]]): Policy => ({
      project,
      globalPolicyEvaluationMode: UNKNOWN,
      exemptImages: UNKNOWN,
      defaultRule: UNKNOWN,
      specificRules: UNKNOWN,
      origin,
    }),
  );
  return {
    models: [{ ...first, policies: [...first.policies, ...unknown] }, ...others],
    contested: several.map(([project, policies]) => ({
      project,
      places: policies.map(({ origin }) =>
        origin.address === undefined ? origin.source : `${origin.address} (${origin.source})`,
      ),
    })),
  };
}

function rulesOf({ origin: _, ...rules }: Policy): string {
  return JSON.stringify(rules);
}
