import { ContainerCluster } from "@cdktf/provider-google/lib/container-cluster";
import { type TerraformStack, Testing } from "cdktf";
import { Construct } from "constructs";
import {
  type AdmissionPolicy,
  EnforcedCluster,
  type EnforcedClusterProps,
  type ExistingClusterAttributes,
  ReleaseChannel,
} from "../../lib";
import { ATTESTOR, attestorIn, PROJECT, policyIn, REPOSITORY, testStack } from "../support/synth";
import { type Json, type Template, template, warnings } from "../support/template";

const TYPE = "google_container_cluster";
const POLICY = "google_binary_authorization_policy";
const ENFORCE = "PROJECT_SINGLETON_POLICY_ENFORCE";

interface Chain {
  readonly stack: Construct;
  readonly policy: AdmissionPolicy;
  readonly requiredAttestors: EnforcedClusterProps["requiredAttestors"];
}

function chain(): Chain & { readonly stack: TerraformStack } {
  const stack = testStack();
  return {
    stack,
    policy: policyIn(stack),
    requiredAttestors: [attestorIn(stack)],
  };
}

function clusterIn({ stack, ...given }: Chain, props: Partial<EnforcedClusterProps> = {}, id = "Prod") {
  return new EnforcedCluster(stack, id, {
    clusterName: "prod",
    location: "us-central1-a",
    ...given,
    ...props,
  });
}

function synth(props: Partial<EnforcedClusterProps> = {}): Template {
  const given = chain();
  clusterIn(given, props);
  return template(given.stack);
}

const clusterOf = (props?: Partial<EnforcedClusterProps>): Json => synth(props).resource(TYPE);
const poolOf = (props?: Partial<EnforcedClusterProps>): Json => synth(props).resource("google_container_node_pool");

describe("a cluster with all defaults", () => {
  test("enforces the project's policy, by the one mode that does, and never by the deprecated switch", () => {
    for (const location of ["us-central1", "us-central1-a"]) {
      expect(clusterOf({ location }).binary_authorization).toEqual({
        evaluation_mode: ENFORCE,
      });
      expect(clusterOf({ location })).not.toHaveProperty("enable_binary_authorization");
    }
  });

  test("has the rule for its own key, which is never typed", () => {
    expect(synth().resource(POLICY).cluster_admission_rules).toEqual([
      {
        cluster: "us-central1-a.prod",
        evaluation_mode: "REQUIRE_ATTESTATION",
        enforcement_mode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
        require_attestations_by: [ATTESTOR],
      },
    ]);
  });

  test("waits for the policy: rule first, switch second", () => {
    expect(clusterOf().depends_on).toContain(`${POLICY}.${PROJECT}`);
  });

  test("in a region is on Autopilot, in a zone a standard one with nodes of its own", () => {
    const regional = synth({ location: "us-central1" });
    expect(regional.resource(TYPE).enable_autopilot).toBe(true);
    expect(regional.resources("google_container_node_pool")).toEqual({});
    const zonal = synth();
    expect(zonal.resource(TYPE)).not.toHaveProperty("enable_autopilot");
    expect(zonal.resource(TYPE)).toMatchObject({
      remove_default_node_pool: true,
      initial_node_count: 1,
    });
    expect(zonal.resource("google_container_node_pool")).toMatchObject({
      cluster: "prod",
      location: "us-central1-a",
      project: PROJECT,
      node_count: 1,
    });
  });

  test("gives its nodes an identity of their own, that may do what nodes do", () => {
    const t = synth();
    const account = t.resource("google_service_account");
    const email = `${account.account_id}@${PROJECT}.iam.gserviceaccount.com`;
    expect(account.account_id).toMatch(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/);
    expect(t.bindings()).toEqual([
      `roles/container.defaultNodeServiceAccount on projects/${PROJECT} to serviceAccount:${email}`,
    ]);
    expect(t.resource(TYPE).node_config.service_account).toBe(email);
    expect(t.resource("google_container_node_pool").node_config.service_account).toBe(email);
  });

  test("on Autopilot hands the same identity to the nodes that Google makes", () => {
    const t = synth({ location: "us-central1" });
    const { account_id } = t.resource("google_service_account");
    expect(t.resource(TYPE).cluster_autoscaling.auto_provisioning_defaults.service_account).toBe(
      `${account_id}@${PROJECT}.iam.gserviceaccount.com`,
    );
  });

  test.each(["us-central1", "us-central1-a"])("snapshot in %s", (location) => {
    const t = synth({ location });
    expect(t.allResources.filter(([address]) => /container_|service_account/.test(address))).toMatchSnapshot();
  });
});

describe("addresses", () => {
  const addressesOf = (build: (given: Chain) => void): string[] => {
    const given = chain();
    build(given);
    return template(given.stack).addresses();
  };
  const props = { imageRepositories: [REPOSITORY] };
  const original = addressesOf((given) => clusterIn(given, props));

  test("snapshot", () => {
    expect(original.filter((address) => /cluster|node|service_account|iam/.test(address))).toMatchInlineSnapshot(`
      [
        "google_artifact_registry_repository_iam_member.repository-my-repo_artifactregistry-reader_gke-prod-4ea3e4ff_176d9518",
        "google_container_cluster.my-secure-project_us-central1-a_prod",
        "google_container_node_pool.my-secure-project_us-central1-a_prod_nodes",
        "google_project_iam_member.project-my-secure-project_container-defaultNodeServiceAccount_gke-prod-4ea3e4ff_dca9b4b3",
        "google_project_service.my-secure-project_iam",
        "google_service_account.my-secure-project_gke-prod-4ea3e4ff",
      ]
    `);
  });

  test("stay when the construct is renamed", () => {
    expect(addressesOf((given) => clusterIn(given, props, "Renamed"))).toEqual(original);
  });

  test("stay when the construct is moved under another one", () => {
    const moved = addressesOf((given) => clusterIn({ ...given, stack: new Construct(given.stack, "Team") }, props));
    expect(moved).toEqual(original);
  });

  test("stay when another cluster comes first", () => {
    const both = (names: readonly string[]) =>
      addressesOf((given) => {
        for (const clusterName of names) {
          clusterIn(given, { clusterName }, clusterName);
        }
      });
    expect(both(["b", "a"])).toEqual(both(["a", "b"]));
  });

  test("keep two clusters of one name in two locations apart, their identities too", () => {
    const given = chain();
    clusterIn(given, { location: "us-central1-a" }, "A");
    clusterIn(given, { location: "us-central1-b" }, "B");
    const accounts = template(given.stack).resources("google_service_account");
    expect(new Set(Object.values(accounts).map(({ account_id }) => account_id)).size).toBe(2);
  });

  test("of the check stay when the construct is renamed or moved", () => {
    const checked = (scope: (stack: Construct) => Construct, id: string) => {
      const { stack, policy, requiredAttestors } = chain();
      EnforcedCluster.fromClusterName(scope(stack), id, {
        clusterName: "theirs",
        location: "us-central1",
        policy,
        requiredAttestors,
      });
      return template(stack).addresses();
    };
    const before = checked((stack) => stack, "A");
    expect(before).toContain(`check.${PROJECT}_us-central1_theirs`);
    expect(checked((stack) => new Construct(stack, "Team"), "B")).toEqual(before);
  });
});

describe("what protects the cluster", () => {
  test.each(["us-central1", "us-central1-a"])("both GKE and Terraform refuse to destroy it, in %s", (location) => {
    const cluster = clusterOf({ location });
    expect(cluster.deletion_protection).toBe(true);
    expect(cluster.lifecycle.prevent_destroy).toBe(true);
  });

  test.each(["us-central1", "us-central1-a"])("deletionProtection: false takes both off, in %s", (location) => {
    const cluster = clusterOf({ location, deletionProtection: false });
    expect(cluster.deletion_protection).toBe(false);
    expect(cluster.lifecycle ?? {}).not.toHaveProperty("prevent_destroy");
  });

  test("a change of the throw-away pool does not replace the cluster, and enforcement is not ignored", () => {
    expect(clusterOf().lifecycle.ignore_changes).toEqual(["node_config"]);
  });
});

describe("the effect of each prop", () => {
  test("clusterName and location", () => {
    const t = synth({ clusterName: "other", location: "europe-west1-b" });
    expect(t.resource(TYPE)).toMatchObject({
      name: "other",
      location: "europe-west1-b",
    });
    expect(t.resource(POLICY).cluster_admission_rules[0].cluster).toBe("europe-west1-b.other");
  });

  test("dryRun: the rule only; the cluster enforces as before", () => {
    const t = synth({ dryRun: true });
    expect(t.resource(POLICY).cluster_admission_rules[0].enforcement_mode).toBe("DRYRUN_AUDIT_LOG_ONLY");
    expect(t.resource(TYPE)).toEqual(clusterOf());
  });

  test("requiredAttestors", () => {
    const given = chain();
    const second = attestorIn(given.stack, { attestorName: "second" }, "Second");
    clusterIn(given, {
      requiredAttestors: [second, ...given.requiredAttestors],
    });
    expect(template(given.stack).resource(POLICY).cluster_admission_rules[0].require_attestations_by).toEqual([
      ATTESTOR,
      `projects/${PROJECT}/attestors/second`,
    ]);
  });

  test("autopilot", () => {
    const standard = synth({ location: "us-central1", autopilot: false });
    expect(standard.resource(TYPE)).not.toHaveProperty("enable_autopilot");
    expect(standard.resource("google_container_node_pool").location).toBe("us-central1");
    expect(clusterOf({ location: "us-central1", autopilot: true }).enable_autopilot).toBe(true);
  });

  test("network and subnetwork", () => {
    expect(clusterOf({ network: "vpc", subnetwork: "nodes" })).toMatchObject({
      network: "vpc",
      subnetwork: "nodes",
    });
    expect(clusterOf()).not.toHaveProperty("network");
  });

  test("privateNodes", () => {
    expect(clusterOf().private_cluster_config).toEqual({
      enable_private_nodes: true,
    });
    expect(clusterOf({ privateNodes: false })).not.toHaveProperty("private_cluster_config");
  });

  test("releaseChannel", () => {
    expect(clusterOf().release_channel).toEqual({ channel: "REGULAR" });
    expect(clusterOf({ releaseChannel: ReleaseChannel.STABLE }).release_channel).toEqual({ channel: "STABLE" });
  });

  test("nodeMachineType", () => {
    expect(poolOf().node_config.machine_type).toBe("e2-standard-2");
    expect(poolOf({ nodeMachineType: "n2-standard-4" }).node_config.machine_type).toBe("n2-standard-4");
  });

  test("nodeCount", () => {
    expect(poolOf({ nodeCount: 3 }).node_count).toBe(3);
  });

  test("maxNodeCount", () => {
    const pool = poolOf({ nodeCount: 2, maxNodeCount: 5 });
    expect(pool.autoscaling).toEqual({ min_node_count: 2, max_node_count: 5 });
    expect(pool).not.toHaveProperty("node_count");
  });

  test("nodeServiceAccountEmail", () => {
    const email = `nodes@${PROJECT}.iam.gserviceaccount.com`;
    const t = synth({
      nodeServiceAccountEmail: email,
      imageRepositories: [REPOSITORY],
    });
    expect(t.resources("google_service_account")).toEqual({});
    expect(t.resource("google_container_node_pool").node_config.service_account).toBe(email);
    expect(t.bindings()).toEqual([`roles/artifactregistry.reader on ${REPOSITORY} to serviceAccount:${email}`]);
  });

  test("imageRepositories", () => {
    const other = "projects/image-project/locations/europe/repositories/base";
    const t = synth({ imageRepositories: [REPOSITORY, other] });
    const pulls = t.bindings().filter((binding) => binding.includes("artifactregistry"));
    expect(pulls.map((binding) => binding.split(" to ")[0])).toEqual([
      `roles/artifactregistry.reader on ${other}`,
      `roles/artifactregistry.reader on ${REPOSITORY}`,
    ]);
  });

  test("resourceLabels", () => {
    expect(clusterOf({ resourceLabels: { team: "web" } }).resource_labels).toEqual({ team: "web" });
  });

  test("project: the policy's, also when it is said", () => {
    expect(clusterOf().project).toBe(PROJECT);
    expect(clusterOf({ project: PROJECT }).project).toBe(PROJECT);
  });

  test("enableApis", () => {
    const services = (props: Partial<EnforcedClusterProps>) =>
      Object.values(synth(props).resources("google_project_service")).map(({ service }) => service.split(".")[0]);
    expect(services({})).toEqual(expect.arrayContaining(["container", "iam", "cloudresourcemanager"]));
    expect(services({ enableApis: false })).not.toContain("container");
  });
});

test("the attributes of a new cluster", () => {
  const given = chain();
  const zonal = clusterIn(given);
  expect([zonal.project, zonal.location, zonal.clusterName, zonal.clusterKey]).toEqual([
    PROJECT,
    "us-central1-a",
    "prod",
    "us-central1-a.prod",
  ]);
  expect(zonal.nodePool).toBeDefined();
  expect(zonal.nodeServiceAccountEmail).toMatch(/^gke-prod-[0-9a-f]{8}@/);
  const regional = clusterIn(given, { location: "us-central1" }, "Regional");
  expect(regional.nodePool).toBeUndefined();
});

describe("a cluster that is managed elsewhere", () => {
  function checked(attributes: Partial<ExistingClusterAttributes> = {}): Template {
    const { stack, policy, requiredAttestors } = chain();
    EnforcedCluster.fromClusterName(stack, "Theirs", {
      clusterName: "theirs",
      location: "us-central1",
      policy,
      requiredAttestors,
      ...attributes,
    });
    return template(stack);
  }
  const id = `${PROJECT}_us-central1_theirs`;

  test("is never written, only looked at: the plan warns where it does not enforce", () => {
    const t = checked();
    expect(t.resources(TYPE)).toEqual({});
    expect(t.checks[id].data.google_container_cluster[id]).toEqual({
      project: PROJECT,
      location: "us-central1",
      name: "theirs",
    });
    expect(t.checks).toMatchSnapshot();
  });

  test("has its rule all the same", () => {
    expect(checked().resource(POLICY).cluster_admission_rules[0].cluster).toBe("us-central1.theirs");
    expect(checked({ dryRun: true }).resource(POLICY).cluster_admission_rules[0].enforcement_mode).toBe(
      "DRYRUN_AUDIT_LOG_ONLY",
    );
  });

  test("requireEnforcement makes the plan fail", () => {
    const t = checked({ requireEnforcement: true });
    expect(t.checks).toEqual({});
    const data = t.data(TYPE, id);
    expect(data).toMatchObject({
      project: PROJECT,
      location: "us-central1",
      name: "theirs",
    });
    expect(data.lifecycle.postcondition[0].condition).toContain("self.binary_authorization");
  });

  test("the check accepts every mode in which the policy is enforced, and names the command that mends it", () => {
    const [{ condition, error_message }] = checked().checks[id].assert;
    expect(condition).toContain(
      'contains(["PROJECT_SINGLETON_POLICY_ENFORCE","POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE"]',
    );
    expect(error_message).toContain(
      `gcloud container clusters update theirs --project=${PROJECT} --location=us-central1 --binauthz-evaluation-mode=${ENFORCE}`,
    );
  });
});

describe("a cluster of the same program", () => {
  function theirs(stack: Construct, config: Partial<ConstructorParameters<typeof ContainerCluster>[2]> = {}) {
    return new ContainerCluster(stack, "theirs", {
      name: "theirs",
      location: "us-central1-a",
      ...config,
    });
  }

  test("is switched on, gets its rule and waits for the policy", () => {
    const { stack, policy, requiredAttestors } = chain();
    const enforced = EnforcedCluster.enforce(theirs(stack), {
      policy,
      requiredAttestors,
    });
    const t = template(stack);
    expect(t.resource(TYPE).binary_authorization).toEqual({
      evaluation_mode: ENFORCE,
    });
    expect(t.resource(TYPE).depends_on).toEqual([`${POLICY}.${PROJECT}`]);
    expect(t.resource(POLICY).cluster_admission_rules[0].cluster).toBe("us-central1-a.theirs");
    expect([enforced.project, enforced.location, enforced.clusterName, enforced.clusterKey]).toEqual([
      PROJECT,
      "us-central1-a",
      "theirs",
      "us-central1-a.theirs",
    ]);
  });

  test("keeps what it waited for before", () => {
    const { stack, policy, requiredAttestors } = chain();
    const cluster = theirs(stack, {
      dependsOn: [attestorIn(stack, { attestorName: "b" }, "B").resource],
    });
    EnforcedCluster.enforce(cluster, { policy, requiredAttestors });
    expect(template(stack).resource(TYPE).depends_on).toHaveLength(2);
  });

  test("may ignore other changes", () => {
    const { stack, policy, requiredAttestors } = chain();
    const cluster = theirs(stack, {
      lifecycle: { ignoreChanges: ["node_config"] },
    });
    EnforcedCluster.enforce(cluster, { policy, requiredAttestors });
    expect(template(stack).resource(TYPE).lifecycle.ignore_changes).toEqual(["node_config"]);
  });

  describe("is checked once more when the app is synthesized", () => {
    const switchedOff: [string, (cluster: ContainerCluster) => void, string][] = [
      [
        "putBinaryAuthorization",
        (cluster) => cluster.putBinaryAuthorization({ evaluationMode: "DISABLED" }),
        'binary_authorization {"evaluationMode":"DISABLED"}',
      ],
      [
        "the deprecated switch",
        (cluster) => cluster.putBinaryAuthorization({ enabled: false }),
        'binary_authorization {"enabled":false}',
      ],
      ["resetBinaryAuthorization", (cluster) => cluster.resetBinaryAuthorization(), "binary_authorization left out"],
      [
        "an override of the block",
        (cluster) =>
          cluster.addOverride("binary_authorization", {
            evaluation_mode: "DISABLED",
          }),
        'an override of binary_authorization to {"evaluation_mode":"DISABLED"}',
      ],
      [
        "an override of the mode",
        (cluster) => cluster.addOverride("binary_authorization.evaluation_mode", "DISABLED"),
        'an override of binary_authorization to {"evaluation_mode":"DISABLED"}',
      ],
      [
        "an override of the whole list",
        (cluster) => cluster.addOverride("binary_authorization", [{ evaluation_mode: "DISABLED" }]),
        'an override of binary_authorization to [{"evaluation_mode":"DISABLED"}]',
      ],
      [
        "ignore_changes",
        (cluster) => {
          cluster.lifecycle = { ignoreChanges: ["binary_authorization"] };
        },
        "a lifecycle that ignores its changes",
      ],
      [
        "ignore_changes of everything",
        (cluster) => {
          cluster.lifecycle = { ignoreChanges: "all" };
        },
        "a lifecycle that ignores its changes",
      ],
      [
        "an override of ignore_changes",
        (cluster) => cluster.addOverride("lifecycle.ignore_changes", ["binary_authorization[0].evaluation_mode"]),
        "a lifecycle that ignores its changes",
      ],
    ];

    test.each(switchedOff)("%s", (_, switchOff, found) => {
      const { stack, policy, requiredAttestors } = chain();
      const cluster = theirs(stack);
      EnforcedCluster.enforce(cluster, { policy, requiredAttestors });
      switchOff(cluster);
      expect(() => Testing.synth(stack, true)).toThrow(
        `[Stack/theirs/Enforcement] [ENFORCEMENT_NOT_HELD] enforcement was switched off after the construct had switched it on, got ${found}; allowed: binary_authorization with evaluation_mode ${ENFORCE}`,
      );
    });

    test.each(switchedOff)("%s, on a new cluster too", (_, switchOff, found) => {
      const given = chain();
      switchOff(clusterIn(given).cluster);
      expect(() => Testing.synth(given.stack, true)).toThrow(`got ${found}; allowed`);
    });
  });
});

test("a location of a form that is right, but of a name that is not known, is a warning", () => {
  const given = chain();
  clusterIn(given, { location: "us-central9-a" });
  expect(warnings(given.stack)).toEqual([
    'Stack/Prod: [UNKNOWN_LOCATION] "location" "us-central9-a" has the form of a region or zone, but is none that this version knows',
  ]);
});
