import { type BuildTrigger, known, type Pipeline, type PipelineSignature, type Value } from "../../model";
import { type Block, NotKnown } from "../attribute";
import { canonicalJson } from "../canonical";
import { completeName, inName, lastSegment, projectName } from "../names";
import { behind, projectOf, type Resource, type Surroundings } from "../resource";
import { chainValue, mapValue } from "../values";

/** The triggers with a step that signs: one that is told an attestor and a key version in its environment. */
export function readPipelines(around: Surroundings): Pipeline[] {
  return around.ofType("google_cloudbuild_trigger").flatMap((resource) => {
    const build = resource.block.block("build");
    if (build.state !== "known" || build.value === undefined) {
      return [];
    }
    const steps = build.value.blocks("step");
    const signs = steps.state === "known" ? steps.value.flatMap((step) => signatures(step, resource)) : [];
    return signs.length === 0 ? [] : [readPipeline(resource, build.value, signs)];
  });
}

// https://registry.terraform.io/providers/hashicorp/google/6.50.0/docs/resources/cloudbuild_trigger
const SOURCES = [
  "bitbucket_server_trigger_config",
  "developer_connect_event_config",
  "git_file_source",
  "github",
  "gitlab_enterprise_events_config",
  "pubsub_config",
  "repository_event_config",
  "source_to_build",
  "trigger_template",
  "webhook_config",
];

/** What Google fills in of them, and what a push of another branch does not change. */
const COMPUTED = ["state", "subscription", "project_id"];

export function readTriggers(around: Surroundings): BuildTrigger[] {
  return around
    .ofType("google_cloudbuild_trigger")
    .filter(({ mode }) => mode === "managed")
    .map((resource) => {
      const { block } = resource;
      return {
        name: triggerName(resource),
        serviceAccount: accountOf(resource),
        starts: canonicalJson(Object.fromEntries(SOURCES.map((name) => [name, block.raw(name)])), ...COMPUTED),
        approval: chainValue(
          block.block("approval_config"),
          (config) => config?.flag("approval_required") ?? known(false),
        ),
        disabled: block.flag("disabled") ?? known(false),
        origin: resource.origin,
      };
    });
}

function triggerName(resource: Resource): string {
  const { block } = resource;
  const location = block.text("location") ?? known("global");
  return `${projectName(resource)}/locations/${inName(location, resource, "location")}/triggers/${inName(block.text("name"), resource, "name")}`;
}

function accountOf(resource: Resource): Value<string> {
  return mapValue(
    resource.block.text("service_account") ?? behind(resource, "service_account"),
    (account) => `serviceAccount:${lastSegment(account)}`,
  );
}

function readPipeline(resource: Resource, build: Block, signs: readonly PipelineSignature[]): Pipeline {
  return {
    name: triggerName(resource),
    serviceAccount: accountOf(resource),
    images: [...new Set([...pushedImages(build, resource), ...signedImages(build)])],
    signs,
    origin: resource.origin,
  };
}

function pushedImages(build: Block, resource: Resource): string[] {
  const images = build.texts("images") ?? known([]);
  return images.state === "known"
    ? images.value.map((image) => imagePath(inName(image, resource, "build[0].images")))
    : [`\${${resource.address}.build[0].images}`];
}

function signedImages(build: Block): string[] {
  const steps = build.blocks("step");
  return (steps.state === "known" ? steps.value : []).flatMap((step) => {
    const env = environment(step);
    const image = env.get("IMAGE");
    return env.has("KEY_VERSION") && image?.state === "known" ? [imagePath(image.value)] : [];
  });
}

/** The image without tag and digest: neither is part of what a pattern of a repository is held against. */
function imagePath(image: string): string {
  const path = image.split("@")[0];
  const colon = path.indexOf(":", path.lastIndexOf("/") + 1);
  // A substitution of Terraform may hold a colon of its own.
  return colon < 0 || path.includes("${") ? path : path.slice(0, colon);
}

function signatures(step: Block, resource: Resource): PipelineSignature[] {
  const env = environment(step);
  const attestor = env.get("ATTESTOR");
  const keyVersion = env.get("KEY_VERSION");
  if (attestor === undefined || keyVersion === undefined) {
    return [];
  }
  const name = attestor.state === "known" ? completeName(attestor.value, "attestors", projectOf(resource)) : attestor;
  return [{ attestor: name, keyVersion }];
}

function environment(step: Block): Map<string, Value<string>> {
  const entries = step.raw("env");
  const result = new Map<string, Value<string>>();
  for (const entry of Array.isArray(entries) ? entries : []) {
    if (typeof entry === "string") {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(entry) ?? [];
      if (name !== undefined) {
        result.set(name, known(value));
      }
    } else if (entry instanceof NotKnown && entry.value.state === "hidden") {
      // `NAME=${…}`: which variable it is, is known all the same.
      const [, name, reference] = /^([A-Z_][A-Z0-9_]*)=(.*)$/s.exec(entry.value.reference) ?? [];
      if (name !== undefined) {
        result.set(name, { state: "hidden", reference });
      }
    }
  }
  return result;
}
