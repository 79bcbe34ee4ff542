import { isFullName, type TrustModel } from "../trust";
import type { Target } from "./types";

/** A target as the command line takes it: `gke:PROJECT/LOCATION.NAME`, `run:PROJECT/LOCATION/NAME`, `default:PROJECT`. */
export function showTarget(target: Target): string {
  switch (target.kind) {
    case "gke":
      return `gke:${target.project}/${target.location}.${target.name}`;
    case "cloud-run":
      return `run:${target.project}/${target.location}/${target.name}`;
    case "default":
      return `default:${target.project}`;
  }
}

/** A text that does not stand for exactly one target. Its message is one sentence that names those there are. */
export class TargetError extends Error {
  public constructor(message: string) {
    super(message);
    this.name = "TargetError";
  }
}

type Located = Exclude<Target, { kind: "default" }>;

/** The clusters that a model declares or has a rule for. One whose name is not known is left out. */
export function clustersOf(model: TrustModel): Target[] {
  const declared = model.clusters.map(({ project, location, name }) => ({ project, location, name }));
  const ruled = model.policies.flatMap(({ project, specificRules }) =>
    specificRules.state === "known" && specificRules.value.kind === "cluster"
      ? specificRules.value.rules.flatMap(({ key }) => {
          // Locations have no dot.
          const [, location, name] = (key.state === "known" && /^([^.]+)\.(.+)$/.exec(key.value)) || [];
          return name === undefined ? [] : [{ project, location, name }];
        })
      : [],
  );
  return distinct([...declared, ...ruled].map((place): Located => ({ kind: "gke", ...place })));
}

/** The Cloud Run services and jobs that a model declares. One whose name is not known is left out. */
function cloudRunOf(model: TrustModel): Target[] {
  return distinct(
    model.services.map(({ project, location, name }): Located => ({ kind: "cloud-run", project, location, name })),
  );
}

/** No place in particular, once for each policy. */
function defaultsOf(model: TrustModel): Target[] {
  return distinct(model.policies.map(({ project }): Target => ({ kind: "default", project })));
}

/** Every place that a model knows: its clusters and Cloud Run services, and the policies of projects without a cluster. */
export function targetsOf(model: TrustModel): Target[] {
  const clusters = clustersOf(model);
  const without = defaultsOf(model).filter(({ project }) => clusters.every((cluster) => cluster.project !== project));
  return [...clusters, ...cloudRunOf(model), ...without];
}

/** How many clusters and Cloud Run services have a name that is not known, so that they are in none of these lists. */
export function unnamedPlaces(model: TrustModel): number {
  return [...model.clusters, ...model.services].filter(
    ({ project, location, name }) => ![project, location, name].every(isFullName),
  ).length;
}

function distinct(targets: readonly Target[]): Target[] {
  const named = targets.map((target): [string, Target] => [showTarget(target), target]);
  return [...new Map(named.filter(([text]) => isFullName(text))).values()];
}

/**
 * A cluster that the model declares or has a rule for.
 * @param name `LOCATION.NAME`, or `gke:PROJECT/LOCATION.NAME` where several projects have one of that name
 * @throws TargetError
 */
export function clusterNamed(model: TrustModel, name: string): Target {
  const wanted = name.replace(/^gke:/, "");
  return one("cluster", name, clustersOf(model), (target) => {
    const short = showTarget(target).replace(/^gke:[^/]*\//, "");
    return wanted === `${target.project}/${short}` || wanted === short;
  });
}

/**
 * A Cloud Run service or job that the model declares.
 * @param name `PROJECT/LOCATION/NAME`, with or without `run:` before it
 * @throws TargetError
 */
export function cloudRunNamed(model: TrustModel, name: string): Target {
  const wanted = `run:${name.replace(/^run:/, "")}`;
  return one("Cloud Run service", name, cloudRunOf(model), (target) => showTarget(target) === wanted);
}

/**
 * No place in particular: what the default rule says.
 * @param project the project of the policy; not needed where the model has one policy
 * @throws TargetError
 */
export function defaultRuleOf(model: TrustModel, project?: string): Target {
  return one("policy", project, defaultsOf(model), (target) => project === undefined || target.project === project);
}

/**
 * A target by its text: `gke:PROJECT/LOCATION.NAME`, `run:PROJECT/LOCATION/NAME`, `default`, `default:PROJECT`, or
 * `LOCATION.NAME` of a cluster.
 * @throws TargetError
 */
export function targetNamed(model: TrustModel, text: string): Target {
  const [, project] = /^default(?::(.+))?$/.exec(text) ?? [];
  if (text === "default" || project !== undefined) {
    return defaultRuleOf(model, project);
  }
  return text.startsWith("run:") ? cloudRunNamed(model, text) : clusterNamed(model, text);
}

function one(
  kind: string,
  wanted: string | undefined,
  targets: readonly Target[],
  matches: (target: Target) => boolean,
): Target {
  const found = targets.filter(matches);
  if (found.length !== 1) {
    throw new TargetError(notOne(kind, wanted, found.map(showTarget), targets.map(showTarget)));
  }
  return found[0];
}

/** Why a name does not stand for exactly one thing of the chain of trust. */
export function notOne(
  kind: string,
  wanted: string | undefined,
  found: readonly string[],
  known: readonly string[],
): string {
  const kinds = `${kind.replace(/y$/, "ie")}s`;
  if (found.length > 1) {
    const several =
      wanted === undefined
        ? `the chain of trust has several ${kinds}`
        : `${JSON.stringify(wanted)} names several ${kinds} of the chain of trust`;
    return `${several}; choose one of: ${[...found].sort().join(", ")}`;
  }
  const none = `the chain of trust has no ${kind}${wanted === undefined ? "" : ` ${JSON.stringify(wanted)}`}`;
  return known.length === 0 ? `${none}, and no other` : `${none}; its ${kinds}: ${[...known].sort().join(", ")}`;
}
