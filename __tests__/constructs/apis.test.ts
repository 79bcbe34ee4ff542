import { Construct } from "constructs";
import { EnforcedCluster } from "../../lib";
import { attestorIn, PROJECT, pipelineIn, policyIn, testApp, testStack, trustRootIn } from "../support/synth";
import { template, templates } from "../support/template";

const TYPE = "google_project_service";

test("enabled APIs are never disabled when the stack goes", () => {
  const stack = testStack();
  pipelineIn(stack);
  for (const service of Object.values(template(stack).resources(TYPE))) {
    expect(service.disable_on_destroy).toBe(false);
    expect(service).not.toHaveProperty("disable_dependent_services");
    expect(service.project).toBe(PROJECT);
  }
});

test("several constructs share one, wherever they are and whichever comes first", () => {
  const addresses = (ids: readonly string[]) => {
    const stack = testStack();
    for (const id of ids) {
      trustRootIn(new Construct(stack, id), { keyName: id });
    }
    return template(stack).addresses();
  };
  expect(addresses(["a", "b"])).toEqual(addresses(["b", "a"]));
  expect(addresses(["a", "b"]).filter((address) => address.startsWith(TYPE))).toEqual([`${TYPE}.${PROJECT}_cloudkms`]);
});

test("each project has its own", () => {
  const stack = testStack();
  trustRootIn(stack, { keyName: "one" }, "One");
  trustRootIn(stack, { keyName: "two", project: "other-project" }, "Two");
  expect(Object.keys(template(stack).resources(TYPE))).toEqual([`${PROJECT}_cloudkms`, "other-project_cloudkms"]);
});

test("each stack has its own: one shared by two states would move when their order changes", () => {
  const app = testApp();
  trustRootIn(testStack({ app, id: "One" }), { keyRingName: "one" });
  trustRootIn(testStack({ app, id: "Two" }), { keyRingName: "two" });
  const { One, Two } = templates(app);
  expect(Object.keys(One.resources(TYPE))).toEqual([`${PROJECT}_cloudkms`]);
  expect(Object.keys(Two.resources(TYPE))).toEqual([`${PROJECT}_cloudkms`]);
});

test("every resource waits for the API that serves it", () => {
  const stack = testStack();
  const attestor = attestorIn(stack);
  const policy = policyIn(stack);
  new EnforcedCluster(stack, "Prod", {
    clusterName: "prod",
    location: "us-central1-a",
    policy,
    requiredAttestors: [attestor],
  });
  pipelineIn(stack, { attestors: [attestor] });
  const t = template(stack);
  const api: [string, string][] = [
    ["google_kms_key_ring", "cloudkms"],
    ["google_kms_crypto_key", "cloudkms"],
    ["google_container_analysis_note", "containeranalysis"],
    ["google_binary_authorization_attestor", "binaryauthorization"],
    ["google_binary_authorization_policy", "binaryauthorization"],
    ["google_container_cluster", "container"],
    ["google_cloudbuild_trigger", "cloudbuild"],
    ["google_artifact_registry_repository", "artifactregistry"],
  ];
  for (const [type, service] of api) {
    expect(t.resource(type).depends_on).toContain(`${TYPE}.${PROJECT}_${service}`);
  }
});

test("enableApis: false leaves them to others, and depends on none", () => {
  const stack = testStack();
  const keys = [trustRootIn(stack, { enableApis: false })];
  const attestor = attestorIn(stack, { keys, enableApis: false });
  const policy = policyIn(stack, { enableApis: false });
  new EnforcedCluster(stack, "Prod", {
    clusterName: "prod",
    location: "us-central1",
    policy,
    requiredAttestors: [attestor],
    enableApis: false,
  });
  pipelineIn(stack, { attestors: [attestor], enableApis: false });
  const t = template(stack);
  expect(t.resources(TYPE)).toEqual({});
  expect(t.danglingDependencies()).toEqual([]);
});
