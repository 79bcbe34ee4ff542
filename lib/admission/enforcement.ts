import type { Cluster, TrustModel, Value } from "../trust/model";
import { clusterKey } from "../vocabulary/resource-name";
import { BREAK_GLASS_ANNOTATION, BREAK_GLASS_LABEL } from "./messages";
import type { Diagnosis, PodRequest, Target } from "./types";
import { unknownValue } from "./unknown";

/** Whether the project's policy is enforced at a target. */
export type Enforcement =
  | { readonly enforced: "yes"; readonly assumption?: string }
  | { readonly enforced: "no" }
  | {
      readonly enforced: "unknown";
      readonly diagnosis: Diagnosis;
      /** What holds for an image that the project's policy admits: it runs in any case, or that is not known either. */
      readonly otherwise: "admitted" | "undecided";
    };

/** Source: https://docs.cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters#binaryauthorization */
const ENFORCED_AT_CLUSTER: Readonly<Record<string, "yes" | "no">> = {
  PROJECT_SINGLETON_POLICY_ENFORCE: "yes",
  POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE: "yes",
  POLICY_BINDINGS: "no",
  DISABLED: "no",
  EVALUATION_MODE_UNSPECIFIED: "no",
  "": "no",
};

/** Source: https://docs.cloud.google.com/run/docs/securing/binary-authorization; others are names of platform policies. */
const ENFORCED_AT_SERVICE: Readonly<Record<string, "yes" | "no">> = { default: "yes", none: "no" };

/** Whether the cluster or the service asks for the project's policy. One that was not read is taken to do so. */
export function enforcementAt(model: TrustModel, target: Target): Enforcement {
  switch (target.kind) {
    case "default":
      return { enforced: "yes" };
    case "gke": {
      const modes = model.clusters
        .filter((cluster) => isAt(cluster, target) && !isOnlyLookedUp(cluster))
        .map((cluster) => cluster.evaluationMode);
      const name = () => `the cluster ${clusterKey(target.location, target.name)}`;
      return enforcementBy({ name, field: "evaluation mode", otherwise: "admitted" }, modes, ENFORCED_AT_CLUSTER);
    }
    case "cloud-run": {
      const policies = model.services.filter((service) => isAt(service, target)).map((service) => service.policy);
      const name = () => `the Cloud Run service ${target.name}`;
      return enforcementBy({ name, field: "policy", otherwise: "undecided" }, policies, ENFORCED_AT_SERVICE);
    }
  }
}

/**
 * A cluster that is managed elsewhere, and read by Terraform when it plans: until then its mode is not known, and nothing
 * could ever be decided about it. It counts as not read.
 */
function isOnlyLookedUp({ evaluationMode, origin }: Cluster): boolean {
  return evaluationMode.state !== "known" && LOOKED_UP.test(origin.address ?? "");
}

/** The address of a data source, also one of a module; a module may itself be called `data`. */
const LOOKED_UP = /^(?:module\.[^.["]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?\.)*data\.google_container_cluster\./;

interface Place {
  readonly project: string;
  readonly location: string;
  readonly name: string;
}

function isAt(one: Place, other: Place): boolean {
  return one.project === other.project && one.location === other.location && one.name === other.name;
}

interface Asked {
  /** For messages, which most decisions have none of. */
  readonly name: () => string;
  readonly field: string;
  /** What holds for an admitted image while the value is not known. */
  readonly otherwise: "admitted" | "undecided";
}

function enforcementBy(
  { name, field, otherwise }: Asked,
  values: readonly Value<string>[],
  meanings: Readonly<Record<string, "yes" | "no">>,
): Enforcement {
  if (values.length === 0) {
    return { enforced: "yes", assumption: `${name()} was not read; it is taken to enforce the project's policy` };
  }
  const what = () => `the ${field} of ${name()}`;
  const [value] = values;
  if (value.state !== "known") {
    return { enforced: "unknown", diagnosis: unknownValue(what(), value), otherwise };
  }
  if (!values.every((other) => other.state === "known" && other.value === value.value)) {
    const detail = `${name()} was read ${values.length} times, with different values`;
    return { enforced: "unknown", diagnosis: { code: "value-unknown", value: what(), detail }, otherwise };
  }
  if (Object.hasOwn(meanings, value.value)) {
    return { enforced: meanings[value.value] };
  }
  const detail = `${what()} is ${JSON.stringify(value.value)}, which is not evaluated here`;
  return {
    enforced: "unknown",
    diagnosis: { code: "value-unknown", value: what(), detail },
    otherwise: "undecided",
  };
}

/** Whether break-glass is asked for; `unknown` where it is in what was read about the service, and not known. */
export function breakGlassAt(model: TrustModel, target: Target, pod: PodRequest): "yes" | "no" | "unknown" {
  if (target.kind !== "cloud-run") {
    return isTrue(pod.labels, BREAK_GLASS_LABEL) || isTrue(pod.annotations, BREAK_GLASS_ANNOTATION) ? "yes" : "no";
  }
  // The label means nothing to Cloud Run, which has a justification of its own.
  const justifications = model.services
    .filter((service) => isAt(service, target))
    .map((service) => service.breakglassJustification);
  if (justifications.some(({ state }) => state !== "known")) {
    return "unknown";
  }
  const given = justifications.filter((justification) => justification.state === "known" && justification.value);
  return given.length === 0 ? "no" : given.length === justifications.length ? "yes" : "unknown";
}

/** Only the exact text counts: what other values mean is not documented. */
function isTrue(map: Readonly<Record<string, string>> | undefined, key: string): boolean {
  return map !== undefined && map !== null && Object.hasOwn(map, key) && map[key] === "true";
}
