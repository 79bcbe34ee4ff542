import {
  type CloudRunService,
  type Cluster,
  type Enrolment,
  hidden,
  known,
  type Value,
  type Workload,
} from "../../model";
import { type Attribute, type AttributeMap, type Block, isRecord, NotKnown, own } from "../attribute";
import { inName, projectName } from "../names";
import { behind, projectOf, type Resource, type Surroundings } from "../resource";
import { chainValue, mapValue } from "../values";

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
  ["google_cloud_run_v2_worker_pool", "worker-pool"],
] as const;

export function readServices(around: Surroundings): CloudRunService[] {
  const second = SERVICES.flatMap(([type, kind]) =>
    around.ofType(type).map((resource): CloudRunService => {
      const lookedUp = resource.mode === "data" && resource.block.raw("binary_authorization") === undefined;
      const setting: Value<Block | undefined> = lookedUp
        ? behind(resource, "binary_authorization")
        : resource.block.block("binary_authorization");
      return {
        ...placeOf(resource),
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
  return [
    ...second,
    ...around.ofType("google_cloud_run_service").map(readFirstService),
    ...around.ofType("google_cloudfunctions2_function").map(readFunction),
  ];
}

function placeOf(resource: Resource): Pick<CloudRunService, "project" | "location" | "name"> {
  return {
    project: inName(projectOf(resource), resource, "project"),
    location: inName(resource.block.text("location") ?? resource.defaults.region, resource, "location"),
    name: inName(resource.block.text("name"), resource, "name"),
  };
}

function servicePolicy(setting: Block | undefined): Value<string> {
  return chainValue(setting?.flag("use_default") ?? known(false), (useDefault) =>
    useDefault ? known("default") : (setting?.text("policy") ?? known("none")),
  );
}

// https://docs.cloud.google.com/run/docs/securing/binary-authorization (annotations of the v1 API)
const POLICY_ANNOTATION = "run.googleapis.com/binary-authorization";
const BREAKGLASS_ANNOTATION = "run.googleapis.com/binary-authorization-breakglass";

/** The resource of the v1 API says it in annotations. */
function readFirstService(resource: Resource): CloudRunService {
  const metadata = resource.block.block("metadata");
  const annotation = (name: string) =>
    chainValue(metadata, (block): Value<string | undefined> => {
      const map: Attribute | undefined = block?.raw("annotations");
      const value = map instanceof NotKnown ? map : isRecord(map) ? own(map, name) : undefined;
      return value instanceof NotKnown
        ? value.value
        : known(typeof value === "string" && value !== "" ? value : undefined);
    });
  return {
    ...placeOf(resource),
    kind: "service",
    policy: chainValue(annotation(POLICY_ANNOTATION), (policy) => known(policy ?? "none")),
    breakglassJustification: annotation(BREAKGLASS_ANNOTATION),
    origin: resource.origin,
  };
}

function readFunction(resource: Resource): CloudRunService {
  const policy = chainValue(resource.block.block("service_config"), (block) =>
    chainValue(block?.text("binary_authorization_policy") ?? known("none"), (name) =>
      known(/^(?:default|projects\/[^/]+\/policy)$/.test(name) ? "default" : name),
    ),
  );
  return {
    ...placeOf(resource),
    kind: "function",
    policy,
    breakglassJustification: known(undefined),
    origin: resource.origin,
  };
}

/** The images that Cloud Run runs, and whether its checks are overridden there. */
export function readRunWorkloads(around: Surroundings): Workload[] {
  const justified = new Map(
    readServices(around).map(({ breakglassJustification, origin }) => [origin.address, breakglassJustification]),
  );
  return [...SERVICES.map(([type]) => type), "google_cloud_run_service"].flatMap((type) =>
    around
      .ofType(type)
      .filter(({ mode }) => mode === "managed")
      .map((resource): Workload => {
        const { location, name, project } = placeOf(resource);
        return {
          name: `projects/${project}/locations/${location}/services/${name}`,
          images: imagesIn(resource),
          breakGlass: mapValue(
            justified.get(resource.origin.address) ?? known(undefined),
            (justification) => justification !== undefined,
          ),
          origin: resource.origin,
        };
      }),
  );
}

/** The images of a template, which holds another one for jobs. */
function imagesIn({ address, block }: Resource): Value<readonly Value<string>[]> {
  let level: Attribute | undefined = block.raw("template");
  for (let depth = 0; depth < 3; depth += 1) {
    const inner: Attribute | undefined = Array.isArray(level) ? (level[0] as Attribute) : level;
    if (inner instanceof NotKnown) {
      return inner.value;
    }
    if (!isRecord(inner)) {
      return known([]);
    }
    const containers = own(inner, "containers") as Attribute | undefined;
    if (containers instanceof NotKnown) {
      return containers.value;
    }
    if (Array.isArray(containers)) {
      return known((containers as readonly Attribute[]).map((container) => imageOf(container, address)));
    }
    level = (own(inner, "template") ?? own(inner, "spec")) as Attribute | undefined;
  }
  return known([]);
}

function imageOf(container: Attribute, address: string): Value<string> {
  const image = isRecord(container) ? own(container as AttributeMap, "image") : container;
  if (image instanceof NotKnown) {
    return image.value;
  }
  return typeof image === "string" && image !== "" ? known(image) : hidden(`\${${address}.template}`);
}

const ENROLMENTS: ReadonlyMap<string, Enrolment["kind"]> = new Map<string, Enrolment["kind"]>([
  ["google_gke_hub_fleet", "fleet-default"],
  ["google_container_attached_cluster", "attached"],
  ["google_container_aws_cluster", "aws"],
  ["google_container_azure_cluster", "azure"],
  ["google_gkeonprem_bare_metal_cluster", "bare-metal"],
  ["google_gkeonprem_vmware_cluster", "vmware"],
]);

export const ENROLMENT_TYPES: readonly string[] = [...ENROLMENTS.keys()];

/** What else has a switch of Binary Authorization. */
export function readEnrolments(around: Surroundings): Enrolment[] {
  return [...ENROLMENTS].flatMap(([type, kind]) =>
    around
      .ofType(type)
      .filter(({ mode }) => mode === "managed")
      .map((resource): Enrolment => {
        const location = inName(resource.block.text("location"), resource, "location");
        const name = inName(resource.block.text("name"), resource, "name");
        const setting: Value<Block | undefined> =
          kind === "fleet-default"
            ? chainValue(
                resource.block.block("default_cluster_config"),
                (config) => config?.block("binary_authorization_config") ?? known(undefined),
              )
            : resource.block.block("binary_authorization");
        return {
          kind,
          name:
            kind === "fleet-default"
              ? `${projectName(resource)}/fleet`
              : `${projectName(resource)}/locations/${location}/${kind}Clusters/${name}`,
          evaluationMode: chainValue(setting, (block) => block?.text("evaluation_mode") ?? known("DISABLED")),
          origin: resource.origin,
        };
      }),
  );
}
