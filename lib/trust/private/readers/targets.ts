import { type CloudRunService, type Cluster, known, type Value } from "../../model";
import type { Block } from "../attribute";
import { inName } from "../names";
import { behind, projectOf, type Resource, type Surroundings } from "../resource";
import { chainValue } from "../values";

export function readClusters(around: Surroundings): Cluster[] {
  return around.ofType("google_container_cluster").map((resource) => ({
    project: inName(projectOf(resource), resource, "project"),
    location: inName(locationOf(resource), resource, "location"),
    name: inName(resource.block.text("name"), resource, "name"),
    evaluationMode: clusterMode(resource),
    origin: resource.origin,
  }));
}

function locationOf({ block, defaults }: Resource): Value<string> | undefined {
  return block.text("location") ?? block.text("region") ?? block.text("zone") ?? defaults.zone ?? defaults.region;
}

function clusterMode(resource: Resource): Value<string> {
  // A data source says what to look up; what was found is there only once it was read.
  if (resource.mode === "data" && resource.block.raw("binary_authorization") === undefined) {
    return behind(resource, "binary_authorization");
  }
  return chainValue(resource.block.block("binary_authorization"), (setting) => {
    const mode = setting?.text("evaluation_mode");
    if (mode !== undefined) {
      return mode;
    }
    return chainValue(setting?.flag("enabled") ?? known(false), (enabled) =>
      known(enabled ? "PROJECT_SINGLETON_POLICY_ENFORCE" : "DISABLED"),
    );
  });
}

const SERVICES = [
  ["google_cloud_run_v2_service", "service"],
  ["google_cloud_run_v2_job", "job"],
] as const;

export function readServices(around: Surroundings): CloudRunService[] {
  return SERVICES.flatMap(([type, kind]) =>
    around.ofType(type).map((resource) => {
      const lookedUp = resource.mode === "data" && resource.block.raw("binary_authorization") === undefined;
      const setting: Value<Block | undefined> = lookedUp
        ? behind(resource, "binary_authorization")
        : resource.block.block("binary_authorization");
      return {
        project: inName(projectOf(resource), resource, "project"),
        location: inName(resource.block.text("location") ?? resource.defaults.region, resource, "location"),
        name: inName(resource.block.text("name"), resource, "name"),
        kind,
        policy: chainValue(setting, servicePolicy),
        breakglassJustification: chainValue(
          setting,
          (block): Value<string | undefined> => block?.text("breakglass_justification") ?? known(undefined),
        ),
        origin: resource.origin,
      };
    }),
  );
}

function servicePolicy(setting: Block | undefined): Value<string> {
  return chainValue(setting?.flag("use_default") ?? known(false), (useDefault) =>
    useDefault ? known("default") : (setting?.text("policy") ?? known("none")),
  );
}
