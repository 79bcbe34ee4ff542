import { type BuildPipelineProps, CleanupPolicy, TagState } from "../../lib";
import { attestorIn, buildIn, IMAGE, PROJECT, pipelineIn, testStack } from "../support/synth";
import { type Json, template } from "../support/template";

// The repository that pipelines push to: what they can ask of it, alone and together.

const TYPE = "google_artifact_registry_repository";

const repository = (...users: Partial<BuildPipelineProps>[]): Json => {
  const stack = testStack();
  users.forEach((props, index) => {
    buildIn(stack, { image: `${IMAGE}-${index}`, ...props }, `Build${index}`);
  });
  return template(stack).resource(TYPE);
};

describe("cleanup policies", () => {
  const POLICIES = [
    CleanupPolicy.deleteOlder("delete-old", { olderThan: "7776000s" }),
    CleanupPolicy.keepMatching("keep-releases", { tagState: TagState.TAGGED, tagPrefixes: ["v"] }),
    CleanupPolicy.keepMostRecent("keep-recent", { keepCount: 10, packageNamePrefixes: ["web"] }),
  ];

  test("delete nothing before somebody says so", () => {
    expect(repository({ cleanupPolicies: POLICIES }).cleanup_policy_dry_run).toBe(true);
    expect(repository({ cleanupPolicies: POLICIES, cleanupDryRun: false }).cleanup_policy_dry_run).toBe(false);
    expect(repository({})).not.toHaveProperty("cleanup_policies");
    expect(repository({})).not.toHaveProperty("cleanup_policy_dry_run");
  });

  test("are what Artifact Registry takes", () => {
    expect(repository({ cleanupPolicies: POLICIES }).cleanup_policies).toEqual([
      { id: "delete-old", action: "DELETE", condition: { tag_state: "ANY", older_than: "7776000s" } },
      { id: "keep-releases", action: "KEEP", condition: { tag_state: "TAGGED", tag_prefixes: ["v"] } },
      { id: "keep-recent", action: "KEEP", most_recent_versions: { keep_count: 10, package_name_prefixes: ["web"] } },
    ]);
  });

  test("snapshot of the repository", () => {
    const made = repository({ cleanupPolicies: POLICIES, immutableTags: true, vulnerabilityScanning: true });
    expect(made).toMatchObject({ cleanup_policy_dry_run: true, lifecycle: { prevent_destroy: true } });
    expect(made).toMatchSnapshot();
  });

  test("the same of two pipelines is one, and a pipeline without any changes nothing", () => {
    const policies = () => [CleanupPolicy.keepMostRecent("keep", { keepCount: 1 })];
    const shared = repository({ cleanupPolicies: policies() }, { cleanupPolicies: policies() }, {});
    expect(shared.cleanup_policies).toHaveLength(1);
  });
});

describe("scanning", () => {
  test("as the project has it, on, or off", () => {
    expect(repository({})).not.toHaveProperty("vulnerability_scanning_config");
    expect(repository({ vulnerabilityScanning: true }).vulnerability_scanning_config).toEqual({
      enablement_config: "INHERITED",
    });
    expect(repository({ vulnerabilityScanning: false }).vulnerability_scanning_config).toEqual({
      enablement_config: "DISABLED",
    });
  });

  test("one pipeline that needs it is enough, whichever comes first", () => {
    const [on, off] = [{ vulnerabilityScanning: true }, { vulnerabilityScanning: false }];
    for (const users of [
      [on, off],
      [off, on],
    ]) {
      const { vulnerability_scanning_config, depends_on } = repository(...users);
      expect(vulnerability_scanning_config).toEqual({ enablement_config: "INHERITED" });
      expect(depends_on).toContain(`google_project_service.${PROJECT}_containerscanning`);
    }
  });

  test("that is off enables no API", () => {
    expect(repository({ vulnerabilityScanning: false }).depends_on.join()).not.toContain("containerscanning");
  });
});

test("SignerPipeline takes the same", () => {
  const stack = testStack();
  pipelineIn(stack, {
    attestors: [attestorIn(stack)],
    immutableTags: true,
    vulnerabilityScanning: true,
    cleanupPolicies: [CleanupPolicy.keepMostRecent("keep", { keepCount: 1 })],
  });
  expect(template(stack).resource(TYPE)).toMatchObject({
    docker_config: { immutable_tags: true },
    vulnerability_scanning_config: { enablement_config: "INHERITED" },
    cleanup_policies: [{ id: "keep", action: "KEEP" }],
    cleanup_policy_dry_run: true,
    lifecycle: { prevent_destroy: true },
  });
});
